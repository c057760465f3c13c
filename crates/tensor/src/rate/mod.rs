//! What this machine can do at most, and what the innermost loops make of it: measures for benches.

mod kernels;
mod peak;

pub use self::kernels::kernel_rates;
pub use self::peak::fma_peak;
