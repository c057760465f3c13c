//! Classifiers: the networks, and the run that trains them.

mod augmenter;
mod mlp;
mod net;
mod plain;
mod predict;
mod resnet;
mod run;
mod score;
mod settings;
mod small;
pub(crate) mod vgg;

pub use net::{Config, Net, network};
pub use predict::{probabilities, probabilities_flipped};
pub(crate) use run::open;
pub use run::{Counters, Meta, Run, load};
pub use score::{Calibration, ClassScore, Mistake, Score, evaluate};
pub use settings::Settings;
pub use small::small_network;
