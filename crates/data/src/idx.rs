//! IDX, the format of MNIST and its relatives: a count of lengths, the lengths, the bytes; often inside gzip.

use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::{Dataset, Error};

/// The class names of Fashion-MNIST, in the order of its labels.
///
/// # Source
/// Xiao, Rasul and Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms", 2017.
pub const FASHION_MNIST: [&str; 10] =
    ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

/// The most bytes an array may hold.
const MAX_BYTES: u64 = 1 << 30;

impl Dataset {
    /// The data set of two IDX files in memory, each plain or gzip: images `[N, H, W]` and labels `[N]`. They keep
    /// their size and their one channel.
    ///
    /// # Errors
    /// If either is not a whole IDX array of bytes, their counts differ, or a label has no class.
    pub fn from_idx_bytes(images: &[u8], labels: &[u8], classes: &[&str]) -> Result<Self, Error> {
        let classes = classes.iter().map(ToString::to_string).collect();
        let (images_name, labels_name) = (Path::new("IDX images"), Path::new("IDX labels"));
        let labels = parse_labels(labels, labels_name)?;
        from_arrays(parse(images, images_name)?, Some(labels), classes, labels_name)
    }
}

/// An array `[D0, D1, ..]` of bytes, row by row.
pub(crate) struct Idx<const RANK: usize> {
    lengths: [usize; RANK],
    bytes: Vec<u8>,
}

/// Reads an array of the wanted rank. No more memory is taken than the bytes that are really there, and no more bytes
/// are unpacked than the header promises.
///
/// # Source
/// <http://yann.lecun.com/exdb/mnist/>: two zero bytes, 0x08 for bytes, the rank, each length as a big-endian u32.
pub(crate) fn parse<const RANK: usize>(bytes: &[u8], name: &Path) -> Result<Idx<RANK>, Error> {
    let refuse = |rule: String| Error::file(name, rule, "copy or download it again");
    let failed = |e: std::io::Error| refuse(format!("cannot be read as an IDX file: {e}"));
    let mut input: Box<dyn Read> = if is_gzip(bytes) { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) };

    let mut magic = [0; 4];
    input.read_exact(&mut magic).map_err(failed)?;
    if magic != [0, 0, 8, RANK as u8] {
        return Err(refuse(format!("is not an IDX array of bytes with {RANK} axes (it begins {magic:02x?})")));
    }
    let mut lengths = [0; RANK];
    for length in &mut lengths {
        let mut word = [0; 4];
        input.read_exact(&mut word).map_err(failed)?;
        *length = u32::from_be_bytes(word) as usize;
    }
    let size = lengths.iter().try_fold(1u64, |size, &length| size.checked_mul(length as u64));
    let Some(size) = size.filter(|size| (1..=MAX_BYTES).contains(size)) else {
        return Err(refuse(format!("promises an array of {lengths:?}, the limits are 1 and {MAX_BYTES} bytes")));
    };
    let mut bytes = Vec::new();
    input.take(size + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 != size {
        let held = if bytes.len() as u64 > size { "more".into() } else { bytes.len().to_string() };
        return Err(refuse(format!("promises {lengths:?}, that is {size} bytes, and holds {held}")));
    }
    Ok(Idx { lengths, bytes })
}

/// Reads an array `[N]` of labels.
pub(crate) fn parse_labels(bytes: &[u8], name: &Path) -> Result<Vec<u32>, Error> {
    Ok(parse::<1>(bytes, name)?.bytes.into_iter().map(u32::from).collect())
}

/// The data set of parsed arrays; `labels_name` is blamed if the labels do not fit.
pub(crate) fn from_arrays(
    images: Idx<3>,
    labels: Option<Vec<u32>>,
    classes: Vec<String>,
    labels_name: &Path,
) -> Result<Dataset, Error> {
    let [count, height, width] = images.lengths;
    if let Some(labels) = &labels {
        if labels.len() != count {
            let rule = format!("has {} labels for {count} pictures", labels.len());
            return Err(Error::file(labels_name, rule, "use the labels that came with the pictures"));
        }
        if let Some(at) = labels.iter().position(|&label| label as usize >= classes.len()) {
            let rule = format!("gives picture {at} the label {}, but there are {} classes", labels[at], classes.len());
            return Err(Error::file(labels_name, rule, "name a class for each label"));
        }
    }
    Ok(Dataset {
        pixels: images.bytes,
        frame: [1, height, width],
        labels,
        classes,
        source: "IDX arrays".into(),
        licence: None,
        rejected: Vec::new(),
    })
}

/// Whether bytes begin as gzip does.
fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1F, 0x8B])
}
