//! Networks that make and judge images.
