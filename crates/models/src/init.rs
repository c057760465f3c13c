//! How weights begin.

use impasto_tensor::{Random, Shape, Tensor, random};

/// A distribution of initial values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// The same everywhere.
    Constant(f64),
    /// Normal with mean and deviation.
    Normal(f64, f64),
    /// Normal with deviation sqrt(2 / fan-in), for layers before a rectifier. The fan-in is the product of all axes but the
    /// first.
    ///
    /// # Source
    /// He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.
    He,
}

impl Init {
    /// Values that depend on the seed and the path alone, not on when the layer is made.
    pub fn tensor(self, seed: u64, path: &str, shape: Shape) -> Tensor {
        let mut random = Random::new(seed, random::stream(path));
        match self {
            Self::Constant(value) => Tensor::full(shape, value as f32),
            Self::Normal(mean, deviation) => random.normal(shape, mean, deviation),
            Self::He => {
                let fan_in: usize = shape.iter().skip(1).product();
                random.normal(shape, 0.0, (2.0 / fan_in as f64).sqrt())
            }
        }
    }
}
