//! Training pictures changed a little, each in its own way, so that a network cannot learn them by heart. Each function takes
//! a batch and a position in a stream of random numbers: the same position, the same change.

mod colour;
mod geometry;
mod mix;

pub use colour::Jitter;
pub use geometry::{Edge, Moves, cutout};
pub use mix::{Mixed, cutmix, mixup};

use impasto_tensor::Tensor;

/// The four sizes of a batch.
#[track_caller]
fn sizes(what: &str, images: &Tensor) -> [usize; 4] {
    let &[n, c, h, w] = &images.shape()[..] else { panic!("{what}: expected [N, C, H, W], got {:?}", images.shape()) };
    [n, c, h, w]
}
