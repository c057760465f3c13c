//! A generator against a discriminator: DCGAN for small pictures, and the run that trains both.

mod game;
mod net;
mod penalty;
mod run;

pub use game::{Game, Move};
pub use net::{Config, discriminator, generator};
pub use penalty::penalised;
pub use run::{Counters, Meta, Run, Settings, generate, load};
