//! One test binary for everything that needs more than one crate, so that it links once.

mod checker;
mod checkpoints;
mod classifier;
mod determinism;
mod engine;
mod golden;
mod metrics;
mod properties;
mod sentinel;
mod shapes;
mod style;
mod team;
mod tidy;
mod training;
