//! `impasto bench`: how fast this machine computes what networks are made of, and whole training steps.
//!
//! One file a group of workloads; `measure.rs` times them, `memory.rs` what a workload holds at most, `machine.rs`
//! what the machine could do, `nets.rs` the networks, and `same.rs` the proof that they do another library's work.

mod convolutions;
mod elementwise;
mod machine;
mod measure;
mod memory;
mod nets;
mod norms;
mod products;
mod same;

use std::path::PathBuf;

use impasto_tensor::{Random, Shape, Tensor};
use serde_json::json;

use self::machine::Machine;
use self::measure::{Measurement, Workload};
use self::nets::Network;
use crate::failure::Failure;
use crate::ui::Ui;

/// Measures speed and memory of operations and training steps, and compares them with what the machine can do.
///
/// Each workload runs once to warm up and then several times. GFLOP/s count what the direct method adds and multiplies in matrix
/// products and convolutions, whatever the method used, so that a fast convolution can exceed the peak.
#[derive(clap::Args)]
#[command(after_help = "Example: impasto bench gemms convs --reps 3 --threads 1")]
pub(crate) struct Args {
    /// What to measure: `gemms`, `elementwise`, `norms`, `convs`, `cnn`, `dcgan`, `gatys256`, `gatys`, `stylize`,
    /// `stylize1024`, `fast_train`, `vgg16`, `critic`, `critic_r1r2` [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Measured runs of each workload
    #[arg(long, value_name = "N", default_value_t = 5)]
    reps: usize,
    /// Measure nothing: train each network from what a peer wrote to FOLDER, and print the losses of its steps
    #[arg(long, value_name = "FOLDER", hide = true)]
    same_as: Option<PathBuf>,
}

/// What a name stands for.
enum Group {
    /// Operations.
    Operations(fn() -> Vec<Workload>),
    /// A network at work.
    Network(fn() -> Network),
}

/// Every name, in the order of measurement.
const GROUPS: [(&str, Group); 14] = [
    ("gemms", Group::Operations(products::all)),
    ("elementwise", Group::Operations(elementwise::all)),
    ("norms", Group::Operations(norms::all)),
    ("convs", Group::Operations(convolutions::all)),
    ("cnn", Group::Network(nets::cnn)),
    ("dcgan", Group::Network(nets::dcgan)),
    ("gatys256", Group::Network(|| nets::gatys(256))),
    ("gatys", Group::Network(|| nets::gatys(512))),
    ("stylize", Group::Network(|| nets::stylize(512))),
    ("stylize1024", Group::Network(|| nets::stylize(1024))),
    ("fast_train", Group::Network(nets::fast_train)),
    ("vgg16", Group::Network(|| nets::vgg16(512))),
    ("critic", Group::Network(|| nets::critic(false))),
    ("critic_r1r2", Group::Network(|| nets::critic(true))),
];

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    if args.reps == 0 {
        return Err(Failure::usage("--reps: expected at least 1, got 0"));
    }
    if let Some(name) = args.names.iter().find(|name| GROUPS.iter().all(|(known, _)| known != name)) {
        let known = GROUPS.map(|(known, _)| known).join(", ");
        return Err(Failure::usage(format!("bench: there is no workload `{name}`; there are {known}")));
    }
    let chosen = GROUPS.iter().filter(|(name, _)| args.names.is_empty() || args.names.iter().any(|n| n == name));
    if let Some(folder) = &args.same_as {
        return same::run(chosen, folder, ui);
    }
    let machine = Machine::measure(ui.threads());
    ui.result(machine.line(), &machine.json());
    ui.say(header());
    for (_, group) in chosen {
        let workloads = match group {
            Group::Operations(all) => all(),
            Group::Network(network) => vec![network().workload()],
        };
        for workload in workloads {
            let done = workload.measure(args.reps);
            ui.result(row(&done, &machine), &value(&done, &machine));
        }
    }
    Ok(())
}

/// Standard normal numbers.
fn noise(stream: u64, shape: impl Into<Shape>) -> Tensor {
    Random::new(0, stream).normal(shape, 0.0, 1.0)
}

/// Numbers as pictures have them, in [0, 1].
fn pictures(stream: u64, shape: impl Into<Shape>) -> Tensor {
    Random::new(0, stream).uniform(shape, 0.0, 1.0)
}

fn header() -> String {
    let columns = ["median ms", "best ms", "GFLOP/s", "of peak", "peak MB"];
    columns.iter().fold(format!("\n{:<40}", "workload"), |line, column| format!("{line} {column:>10}"))
}

fn row(done: &Measurement, machine: &Machine) -> String {
    let number = |x: Option<f64>, digits: usize| x.map_or_else(|| "-".into(), |x| format!("{x:.digits$}"));
    let [rate, share] = [done.gflops(), done.gflops().map(|rate| rate / machine.fma_peak)];
    let cells = [
        number(Some(done.median * 1e3), 2),
        number(Some(done.best * 1e3), 2),
        number(rate, 1),
        number(share, 2),
        number(Some(done.peak_mb), 1),
    ];
    cells.iter().fold(format!("{:<40}", done.name), |line, cell| format!("{line} {cell:>10}"))
}

fn value(done: &Measurement, machine: &Machine) -> serde_json::Value {
    json!({
        "name": done.name,
        "median_ms": done.median * 1e3,
        "best_ms": done.best * 1e3,
        "gflops": done.gflops(),
        "of_peak": done.gflops().map(|rate| rate / machine.fma_peak),
        "peak_mb": done.peak_mb,
        "threads": machine.threads,
        "simd": machine.simd,
    })
}
