//! A workload, and the one loop that times it.

use std::hint::black_box;
use std::time::Instant;

use impasto_tensor::work;

use super::memory::Meter;

/// Something to measure. Its inputs are made when its turn comes, and go when it is over.
pub(super) struct Workload {
    name: String,
    begin: Box<dyn FnOnce() -> Box<dyn FnMut()>>,
}

/// How it went.
pub(super) struct Measurement {
    pub(super) name: String,
    /// Seconds of a run, the middle one of all.
    pub(super) median: f64,
    /// Seconds of the shortest run.
    pub(super) best: f64,
    /// The most memory that inputs and runs held at one time, in 10^6 bytes.
    pub(super) peak_mb: f64,
    /// Multiplications and additions of a run, as the direct method needs them, in products and convolutions.
    flops: u64,
}

impl Workload {
    /// `begin` makes the inputs and returns what is to be timed.
    pub(super) fn new<T, R: FnMut() -> T + 'static>(
        name: impl Into<String>,
        begin: impl FnOnce() -> R + 'static,
    ) -> Self {
        let begin = || -> Box<dyn FnMut()> {
            let mut run = begin();
            Box::new(move || drop(black_box(run())))
        };
        Self { name: name.into(), begin: Box::new(begin) }
    }

    /// One run to warm up and to count, then `reps` measured ones.
    pub(super) fn measure(self, reps: usize) -> Measurement {
        let meter = Meter::start();
        let mut run = (self.begin)();
        let before = work::flops();
        run();
        let flops = work::flops() - before;
        let mut times: Vec<f64> = (0..reps)
            .map(|_| {
                let start = Instant::now();
                run();
                start.elapsed().as_secs_f64()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let (median, best) = (times[reps / 2], times[0]);
        Measurement { name: self.name, median, best, peak_mb: meter.peak() as f64 / 1e6, flops }
    }
}

impl Measurement {
    /// The rate of the shortest run, in 10^9 operations a second, where there are any.
    pub(super) fn gflops(&self) -> Option<f64> {
        (self.flops > 0).then(|| self.flops as f64 / self.best / 1e9)
    }
}
