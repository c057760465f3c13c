//! Style transfer by optimisation: a photograph is changed until a perceptual net sees in it the texture of a painting and
//! still the content of the photograph.
//!
//! [`perceptual`](Perceptual): a net as a list of named layers. [`weights`](load): nets from files. [`filters`](random_filters):
//! a net that needs no file. [`loss`](Loss): what is made small. [`run`](Run): coarse to fine.
//! [`transformer`]: a network that has learned one style paints in a single pass.

mod filters;
mod judge;
mod loss;
mod painting;
mod perceptual;
mod run;
mod transformer;
mod weights;

pub use filters::random_filters;
pub use judge::{from_classifier, from_extractor};
pub use loss::{Loss, Terms, Weights};
pub use painting::Painting;
pub use perceptual::{Input, Layer, Perceptual};
pub use run::{Run, Settings};
pub use transformer::{Apprentice, paint, transformer};
pub use weights::{load, vgg};
