//! N-dimensional arrays and the kernels that image networks are made of, on the CPU.
//!
//! ```
//! use impasto_tensor::Tensor;
//! let x = Tensor::<f32>::from_fn([2, 3], |i| i as f32); //  0 1 2
//! let y = x.map(|v| v * v).sum_axes(&[1]);              //  3 4 5
//! assert_eq!(y.data(), [5.0, 50.0]);
//! ```
//!
//! A [`Tensor`] is a shape and a shared, contiguous, row-major buffer. Cloning shares it, writing copies it if it is
//! shared. Elements are `f32` (the default) or `f64` (for references and gradient checks). Buffers are recycled
//! ([`memory`]), work is cut by size and never by thread count, by the caches only where that cuts no sum, and partial
//! results are combined in a fixed order: **one thread and sixteen give the same bits.**
//!
//! Where to look: products are [`MatMul`], convolution is [`Conv2d`], what goes along one axis (padding, resizing, average
//! pooling) is [`Taps`]; then [`pool`], [`norm`], optimisers' steps in [`update`], pointwise functions as a [`Formula`], random
//! numbers in [`Random`].
//!
//! Call kernels from a thread of rayon's pool: make the main thread one of them (`use_current_thread()` of `ThreadPoolBuilder`),
//! or work inside `install`. From outside each call costs ten microseconds or more to hand over, and may end up on one core.
//!
//! Images are `[N, C, H, W]`. These letters mean the same wherever there are images and convolutions (matrix products have the M,
//! K and N of BLAS):
//!
//! | letter | meaning | letter | meaning |
//! |---|---|---|---|
//! | N | images in a batch | K | kernel size |
//! | C | channels in | S | stride |
//! | O | channels out | P | padding |
//! | H, W | height, width | D, G | dilation, groups |
//!
//! A mistake in shapes is the programmer's: operations panic on the caller's line and say what they want and what
//! they got. Nothing here knows of gradients; `impasto-autograd` does.

mod cache;
pub mod conv;
mod element;
mod formula;
mod gate;
mod gemm;
mod gram;
mod interop;
mod interpolation;
mod lane;
mod loops;
mod map;
mod matmul;
pub mod memory;
mod movement;
pub mod norm;
mod parallel;
pub mod pool;
pub mod random;
pub mod rate;
mod reduce;
mod shape;
pub mod simd;
mod softmax;
mod taps;
mod tensor;
pub mod update;
pub mod work;

pub use conv::Conv2d;
pub use element::Element;
pub use formula::Formula;
pub use gate::Bits;
pub use interpolation::Interpolation;
pub use lane::Lane;
pub use matmul::MatMul;
pub use random::Random;
pub use shape::{MAX_RANK, OrPanic, Shape, ShapeError};
pub use taps::{Taps, Upsample};
pub use tensor::Tensor;
