//! Optimisers by name, as settings choose them.

use serde::{Deserialize, Serialize};

/// The optimiser of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// [`Adam`](super::Adam), which with weight decay is `AdamW`; read under that name too.
    #[default]
    #[serde(alias = "adamw")]
    Adam,
    /// Gradient descent, with momentum or without: [`Sgd`](super::Sgd).
    Sgd,
}

impl Method {
    /// Its name in settings, and of its state in checkpoints.
    pub fn name(self) -> &'static str {
        match self {
            Self::Adam => "adam",
            Self::Sgd => "sgd",
        }
    }
}
