//! A workload, and the one loop that times it.

use std::hint::black_box;
use std::time::Instant;

use super::memory::Meter;

/// Something to measure. Its inputs are made when its turn comes, and go when it is over.
pub(super) struct Workload {
    name: String,
    flops: Option<f64>,
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
    flops: Option<f64>,
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
        Self { name: name.into(), flops: None, begin: Box::new(begin) }
    }

    /// With the number of multiplications and additions that the direct method takes.
    pub(super) fn flops(mut self, flops: f64) -> Self {
        self.flops = Some(flops);
        self
    }

    /// One run to warm up, then `reps` measured ones.
    pub(super) fn measure(self, reps: usize) -> Measurement {
        let meter = Meter::start();
        let mut run = (self.begin)();
        run();
        let mut times: Vec<f64> = (0..reps)
            .map(|_| {
                let start = Instant::now();
                run();
                start.elapsed().as_secs_f64()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let (median, best) = (times[reps / 2], times[0]);
        Measurement { name: self.name, median, best, peak_mb: meter.peak() as f64 / 1e6, flops: self.flops }
    }
}

impl Measurement {
    /// The rate of the shortest run, in 10^9 operations a second.
    pub(super) fn gflops(&self) -> Option<f64> {
        self.flops.map(|flops| flops / self.best / 1e9)
    }
}
