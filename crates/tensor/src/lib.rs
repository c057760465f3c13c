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
//! Kernels run in rayon's pool. A program that calls them from its main thread should make that thread one of the pool's,
//! with `use_current_thread()` of rayon's `ThreadPoolBuilder`, or do its work inside `install`: to hand a kernel over from
//! outside costs ten microseconds and more, and behind serial work it now and then ran on one core from start to end.
//!
//! Images are `[N, C, H, W]`. These letters mean the same everywhere in the project:
//!
//! | letter | meaning | letter | meaning |
//! |---|---|---|---|
//! | N | images in a batch | K | kernel size |
//! | C | channels in | S | stride |
//! | O | channels out | P | padding |
//! | H, W | height, width | | |
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
mod map;
mod matmul;
pub mod memory;
mod movement;
pub mod norm;
mod normal;
mod parallel;
pub mod pool;
pub mod random;
mod reduce;
mod rows;
mod shape;
pub mod simd;
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
