//! The public face of the crate, tried with real and with hostile files. One binary, so that it links once.

mod common;
mod datasets;
mod marks;
mod pictures;
