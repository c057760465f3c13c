//! Where training pictures come from, as a run sees it. The data crate and the command line provide it; nothing here reads
//! a file.

use impasto_tensor::Tensor;

/// Pictures and their classes.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[N, C, H, W]`, values in [0, 1].
    pub images: Tensor,
    /// The class of each picture; empty if the set has none.
    pub labels: Vec<u32>,
}

/// An endless, seeded, seekable sequence of batches.
pub trait Batches {
    /// The next batch.
    fn next(&mut self) -> Batch;
    /// How many batches were taken.
    fn position(&self) -> u64;
    /// Goes to the batch behind the first `position` ones.
    fn seek(&mut self, position: u64);
}
