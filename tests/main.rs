//! One test binary for everything that needs more than one crate, so that it links once.

mod checker;
mod determinism;
mod engine;
mod golden;
mod metrics;
mod properties;
mod style;
mod tidy;
mod training;
