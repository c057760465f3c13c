//! Pictures in and out: everything between the files of a user and the tensors of a network.
//!
//! - In: [`Decoder`] reads one picture under limits, [`Dataset`] gathers many of one size from folders or IDX files,
//!   and [`Batches`] deals them out in a seeded order that can be resumed anywhere.
//! - Out: [`sheet`] lays pictures side by side, [`encode_png`] writes them with a [`Mark`] that says how they were
//!   made, [`read_mark`] finds it again, and [`write_atomically`] never leaves half a file.
//!
//! ```
//! use impasto_data::{Kind, Mark, Picture, Verdict, encode_png, find_mark};
//! let picture = Picture::new(2, 1, 3, vec![255, 0, 0, 0, 0, 255]);
//! let mark = Mark { seed: Some(7), ..Mark::new(Kind::Generated) };
//! let bytes = encode_png(&picture, Some(&mark));
//! assert_eq!(find_mark(&bytes, "red and blue.png")?, Verdict::Generated(Some(mark)));
//! # Ok::<(), impasto_data::Error>(())
//! ```
//!
//! What a user hands over (files, settings) is answered with an [`Error`] that names the path, the rule and the way
//! out. A wrong index or length is the programmer's and panics on the caller's line.

mod batches;
mod dataset;
mod decoder;
mod error;
mod files;
mod folder;
mod idx;
mod jpeg;
mod labels;
mod mark;
mod parts;
mod picture;
mod profile;
mod resize;
mod sheet;
mod source;
mod split;
mod summary;
mod workers;
mod xmp;

pub use batches::Batches;
pub use dataset::{Dataset, Rejected};
pub use decoder::Decoder;
pub use error::Error;
pub use files::{can_write, remove_unfinished, write_atomically};
pub use idx::FASHION_MNIST;
pub use mark::{Kind, Mark, Verdict, encode_png, find_mark, read_mark};
pub use parts::Parts;
pub use picture::Picture;
pub use sheet::sheet;
pub use source::Options;
pub use summary::{ClassCount, Summary};
