//! From a path to a [`Dataset`]: finds out what lies there and brings it to the form that is asked for.

use std::path::{Path, PathBuf};

use crate::{Dataset, Decoder, Error, FASHION_MNIST, Parts, files, folder, idx, parts};

/// The side of pictures from a folder, in pixels, unless another is asked for.
const DEFAULT_SIZE: usize = 64;
/// The largest IDX file, in bytes.
const MAX_IDX: u64 = 1 << 30;

/// What form a data set is brought to.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The side of the square pictures, in pixels. `None` keeps the size of IDX arrays and makes files 64 x 64.
    pub size: Option<usize>,
    /// 1 (grey) or 3 (RGB). `None` keeps the one channel of IDX arrays and makes files RGB.
    pub channels: Option<usize>,
    /// How picture files are read.
    pub decoder: Decoder,
}

impl Options {
    /// The largest side of a data set's pictures, in pixels.
    pub const LARGEST: usize = 4096;

    fn validate(&self) -> Result<(), Error> {
        match (self.size, self.channels) {
            (Some(size), _) if !(1..=Self::LARGEST).contains(&size) => Err(Error::setting(
                "size",
                format!("{size} pixels are not possible"),
                format!("choose 1 to {}", Self::LARGEST),
            )),
            (_, Some(channels)) if channels != 1 && channels != 3 => {
                let rule = format!("{channels} channels are not possible");
                Err(Error::setting("channels", rule, "choose 1 (grey) or 3 (RGB)"))
            }
            _ => Ok(()),
        }
    }
}

impl Dataset {
    /// The data set at a path, which is one of:
    /// - a folder with IDX files `*images*idx3*` and, for labels, `*labels*idx1*`, plain or gzip; or such a file of
    ///   images itself, whose labels are looked for beside it. The classes are Fashion-MNIST's if the path says
    ///   `fashion`, else the numbers.
    /// - a folder of pictures. Their class is what `labels.csv` in it says (first column the file, then a column `label`
    ///   or `category` or the second), else the name of the sub-folder; a flat folder has no labels. Each picture is
    ///   cut to its central square and scaled. Files that cannot be used are listed as rejected. A file `LICENCE`
    ///   gives the licence.
    ///
    /// Of a data set in two [`Parts`] this is the one to train on; the other is opened by its own path.
    ///
    /// # Errors
    /// If there is no such path, it is neither, no picture can be used, the labels do not fit, or an option is out of
    /// range.
    pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Self, Error> {
        options.validate()?;
        let part = Parts::of(path)?.train;
        if part.is_file() {
            return open_idx(&part, options);
        }
        let (size, channels) = (options.size.unwrap_or(DEFAULT_SIZE), options.channels.unwrap_or(3));
        let set = folder::open(&part, size, channels, &options.decoder)?;
        let Some(whole) = Parts::parent(&part) else { return Ok(set) };
        let licence = set.licence.clone().map_or_else(|| folder::licence(whole), |licence| Ok(Some(licence)))?;
        let source = Path::new(parts::name(whole)).join(&set.source);
        Ok(set.with_source(source.display().to_string(), licence.as_deref()))
    }

    /// The same pictures at another size or channel count.
    fn standard(self, size: Option<usize>, channels: Option<usize>) -> Self {
        let [c, h, w] = self.frame;
        let (size, channels) = match (size, channels.unwrap_or(c)) {
            (None, channels) if channels == c => return self,
            (size, channels) => (size.unwrap_or(h.min(w)), channels),
        };
        let pixels = (0..self.len()).flat_map(|i| self.picture(i).standard(size, channels).planes()).collect();
        Self { pixels, frame: [channels, size, size], ..self }
    }
}

fn open_idx(images: &Path, options: &Options) -> Result<Dataset, Error> {
    let array = idx::parse(&files::read(images, MAX_IDX)?, images)?;
    let labels_path = labels_beside(images);
    let labels = match &labels_path {
        Some(path) => Some(idx::parse_labels(&files::read(path, MAX_IDX)?, path)?),
        None => None,
    };
    let classes = match labels.iter().flatten().max() {
        Some(&max) if max < 10 && is_fashion(images) => FASHION_MNIST.map(String::from).to_vec(),
        Some(max) => (0..=*max).map(|label| label.to_string()).collect(),
        None => Vec::new(),
    };
    let set = idx::from_arrays(array, labels, classes, labels_path.as_deref().unwrap_or(images))?;
    Ok(set.with_source(parts::name(images), None).standard(options.size, options.channels))
}

/// The labels of a file of images: beside it, named alike, plain or gzip.
fn labels_beside(images: &Path) -> Option<PathBuf> {
    let name = parts::name(images).replace("images", "labels").replace("idx3", "idx1");
    let plain = name.trim_end_matches(".gz");
    [images.with_file_name(plain), images.with_file_name(format!("{plain}.gz"))].into_iter().find(|p| p.is_file())
}

fn is_fashion(path: &Path) -> bool {
    path.to_string_lossy().to_lowercase().contains("fashion")
}
