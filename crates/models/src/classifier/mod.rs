//! A small convolutional classifier: the network, and the run that trains it.

mod net;
mod run;
mod score;
mod small;

pub use net::{Config, network};
pub(crate) use run::open;
pub use run::{Counters, Meta, Run, Settings, load};
pub use score::{Score, evaluate, probabilities};
pub use small::small_network;
