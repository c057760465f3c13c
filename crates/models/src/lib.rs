//! Networks that make and judge images, and what trains them.
//!
//! A network is a function of a [`Scope`] and its input; weights are a named map, [`Params`]. A run owns all the state of a
//! training, yields [`Event`]s and never prints:
//!
//! ```
//! use impasto_autograd::{Var, ops::cross_entropy};
//! use impasto_models::layers::linear;
//! use impasto_models::optim::{Adam, Optimiser};
//! use impasto_models::{Params, Pass};
//! use impasto_tensor::Tensor;
//!
//! let (x, labels) = (Var::constant(Tensor::from_fn([4, 3], |i| i as f32 * 0.1)), [0, 1, 0, 1]);
//! let mut params = Params::create(7, |s| { linear(&s.at("head"), &x, 2); });
//! let mut adam = Adam::default();
//! for _ in 0..10 {
//!     let pass = Pass::train(&params);
//!     let loss = cross_entropy(&linear(&pass.root().at("head"), &x, 2), &labels);
//!     let gradients = pass.gradients(&loss);
//!     adam.step(&mut params, &gradients, 1e-2);
//! }
//! ```

pub mod augment;
mod batches;
pub mod checkpoint;
pub mod classifier;
mod descend;
mod ema;
pub mod engine;
mod error;
mod event;
pub mod gan;
mod init;
pub mod layers;
pub mod metrics;
pub mod optim;
mod params;
mod parts;
mod scope;
pub mod sentinel;
pub mod style;
pub mod team;

pub use batches::{Batch, Batches};
pub use checkpoint::Checkpoint;
pub use descend::descend;
pub use ema::Ema;
pub use error::Error;
pub use event::Event;
pub use init::Init;
pub use params::{Gradients, Kind, Params};
pub use scope::{Pass, Scope, Segment};
