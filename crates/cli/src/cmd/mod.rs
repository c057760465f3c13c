//! The commands, one a file: arguments, and what they do.

pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod classify;
pub(crate) mod create;
pub(crate) mod data;
pub(crate) mod evaluate;
pub(crate) mod generate;
pub(crate) mod plan;
pub(crate) mod stylize;
pub(crate) mod train;
pub(crate) mod verify;
