//! [`Params`]: the weights of a network as an ordered map from path to tensor. A checkpoint is such a map, an average of
//! weights is a second one, and an optimiser walks it.

use std::collections::BTreeMap;

use impasto_tensor::Tensor;

use crate::error::Error;
use crate::scope::{Pass, Scope};

/// Gradients by the path of their weight.
pub type Gradients = BTreeMap<String, Tensor>;

/// The most weights that a network may have: 2 GB of them, and training takes four times that.
const MOST: f64 = 5e8;

/// Refuses a network of too many weights before they are allocated, which would end the program: such a number is a slip
/// of the hand, or a damaged file.
pub(crate) fn fits_memory(field: &'static str, weights: f64) -> Result<(), Error> {
    if weights <= MOST {
        return Ok(());
    }
    Err(Error::setting(field, format!("makes a network of {weights:.1e} weights, the limit is {MOST:.0e}")))
}

/// Refuses pictures that are too large, likewise: making weights shows one to the network.
pub(crate) fn pictures_fit(channels: usize, size: usize) -> Result<(), Error> {
    let numbers = channels as f64 * (size as f64).powi(2);
    if numbers <= MOST {
        return Ok(());
    }
    let detail = format!("makes pictures of {numbers:.1e} numbers with {channels} channels, the limit is {MOST:.0e}");
    Err(Error::setting("size", detail))
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Trained.
    Weight,
    /// Kept by the network itself, such as running statistics.
    Buffer,
}

/// Weights and buffers by path, in the order of their paths.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    entries: BTreeMap<String, (Tensor, Kind)>,
}

impl Params {
    /// The weights that `network` asks for when it runs once, begun from `seed`.
    pub fn create(seed: u64, network: impl FnOnce(&Scope)) -> Self {
        let pass = Pass::create(seed);
        network(&pass.root());
        pass.into_params()
    }

    /// The tensor of a path.
    pub fn get(&self, path: &str) -> Option<&Tensor> {
        self.entries.get(path).map(|(tensor, _)| tensor)
    }

    pub(crate) fn get_mut(&mut self, path: &str) -> Option<&mut Tensor> {
        self.entries.get_mut(path).map(|(tensor, _)| tensor)
    }

    /// Adds or replaces an entry.
    pub fn insert(&mut self, path: impl Into<String>, tensor: Tensor, kind: Kind) {
        self.entries.insert(path.into(), (tensor, kind));
    }

    /// The entries of both; of equal paths those of `other`.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        self
    }

    /// All entries, in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor, Kind)> {
        self.entries.iter().map(|(path, (tensor, kind))| (path.as_str(), tensor, *kind))
    }

    /// The number of trained numbers.
    pub fn count(&self) -> usize {
        self.iter().filter(|e| e.2 == Kind::Weight).map(|e| e.1.len()).sum()
    }

    /// Takes the updates that a pass collected for its buffers.
    pub fn commit(&mut self, updates: BTreeMap<String, Tensor>) {
        for (path, tensor) in updates {
            self.insert(path, tensor, Kind::Buffer);
        }
    }

    /// The path of the first entry that is not finite.
    pub fn broken(&self) -> Option<&str> {
        self.iter().find(|(_, tensor, _)| !tensor.all_finite()).map(|(path, ..)| path)
    }
}
