//! The command line of impasto: reads arguments, runs one command, and says how it went.
//!
//! Exit codes: 0 done, 1 a check failed, 2 a mistake in the arguments or files, 130 ended by Ctrl-C or `kill`.

mod assets;
mod budget;
mod checkpoints;
mod cmd;
mod config;
#[cfg(feature = "tui")]
mod dashboard;
mod failure;
mod feed;
mod interrupt;
mod logs;
mod plan;
mod process;
mod report;
mod run_dir;
mod shell;
mod stages;
mod team;
mod ui;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use impasto_tensor::simd;

use crate::failure::Failure;
use crate::ui::Ui;

/// Makes AI images on an ordinary CPU: from data to training to pictures that say what they are.
#[derive(Parser)]
#[command(version, after_help = "Begin with: impasto create")]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(clap::Args)]
struct Common {
    /// Threads to compute with; results do not depend on it [default: all cores]
    #[arg(long, global = true, value_name = "N")]
    threads: Option<usize>,
    /// Vector instructions to compute with: base, avx2 or avx512 [default: the best that the machine has]
    #[arg(long, global = true, value_name = "LEVEL", env = "IMPASTO_SIMD", hide_env_values = true)]
    simd: Option<String>,
    /// Where all random numbers come from [default: 0]
    #[arg(long, global = true, value_name = "N")]
    seed: Option<u64>,
    /// Print nothing but errors and results
    #[arg(long, global = true)]
    quiet: bool,
    /// Print one JSON object a line, for programs
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    Create(cmd::create::Args),
    #[command(subcommand)]
    Data(cmd::data::Command),
    #[command(subcommand)]
    Train(cmd::train::Command),
    Plan(cmd::plan::Args),
    #[command(subcommand)]
    Evaluate(cmd::evaluate::Command),
    Classify(cmd::classify::Args),
    Generate(cmd::generate::Args),
    Stylize(cmd::stylize::Args),
    Verify(cmd::verify::Args),
    Check(cmd::check::Args),
    Bench(cmd::bench::Args),
}

fn main() -> ExitCode {
    let Cli { common, command } = Cli::parse();
    let threads = choose_simd(common.simd.as_deref().filter(|level| !level.is_empty()))
        .and_then(|()| start_threads(common.threads));
    let ui = Ui::new(common.quiet, common.json, threads.as_ref().copied().unwrap_or(1));
    let outcome = threads.and_then(|_| match command {
        Command::Create(args) => cmd::create::run(&args, common.seed.unwrap_or(0), &ui),
        Command::Data(args) => cmd::data::run(&args, &ui),
        Command::Train(args) => cmd::train::run(&args, common.seed, &ui),
        Command::Plan(args) => cmd::plan::run(&args, common.seed, &ui),
        Command::Evaluate(args) => cmd::evaluate::run(&args, common.seed.unwrap_or(0), &ui),
        Command::Classify(args) => cmd::classify::run(&args, &ui),
        Command::Generate(args) => cmd::generate::run(&args, common.seed.unwrap_or(0), &ui),
        Command::Stylize(args) => cmd::stylize::run(&args, common.seed.unwrap_or(0), &ui),
        Command::Verify(args) => cmd::verify::run(&args, &ui),
        Command::Check(args) => cmd::check::run(&args, &ui),
        Command::Bench(args) => cmd::bench::run(&args, &ui),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            ui.error(&failure);
            failure.exit_code().into()
        }
    }
}

/// Puts the wanted vector instructions in force.
fn choose_simd(level: Option<&str>) -> Result<(), Failure> {
    Ok(level.map_or(Ok(()), |name| name.parse().and_then(simd::force))?)
}

/// More than any machine has: of a hundred thousand the system would first start each.
const MOST_THREADS: usize = 1024;

/// Starts the pool that all kernels compute on, and says how many threads it has. This thread is one of them: where it only
/// handed work over and waited, now and then all of it ran on one core (ADR 0020).
fn start_threads(threads: Option<usize>) -> Result<usize, Failure> {
    if let Some(threads) = threads.filter(|threads| !(1..=MOST_THREADS).contains(threads)) {
        return Err(Failure::usage(format!("--threads: expected 1 to {MOST_THREADS}, got {threads}")));
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .use_current_thread()
        .build_global()
        .map_err(|e| Failure::usage(format!("--threads: {e}")))?;
    Ok(rayon::current_num_threads())
}
