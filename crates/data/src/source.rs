//! From a path to a [`Dataset`]: finds out what lies there and brings it to the form that is asked for.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Dataset, Decoder, Error, FASHION_MNIST, files, folder, idx};

/// The side of pictures from a folder, in pixels, unless another is asked for.
const DEFAULT_SIZE: usize = 64;
/// The largest side of a data set's pictures, in pixels.
const MAX_SIZE: usize = 4096;
/// The largest IDX file, in bytes.
const MAX_IDX: u64 = 1 << 30;

/// Which of the two parts that an IDX data set comes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Split {
    /// The files whose names begin with `train`.
    #[default]
    Train,
    /// The others, by custom `t10k` or `test`.
    Test,
}

/// What form a data set is brought to.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The side of the square pictures, in pixels. `None` keeps the size of IDX arrays and makes files 64 x 64.
    pub size: Option<usize>,
    /// 1 (grey) or 3 (RGB). `None` keeps the one channel of IDX arrays and makes files RGB.
    pub channels: Option<usize>,
    /// Which part of an IDX data set.
    pub split: Split,
    /// How picture files are read.
    pub decoder: Decoder,
}

impl Options {
    fn validate(&self) -> Result<(), Error> {
        match (self.size, self.channels) {
            (Some(size), _) if !(1..=MAX_SIZE).contains(&size) => Err(Error::setting(
                "size",
                format!("{size} pixels are not possible"),
                format!("choose 1 to {MAX_SIZE}"),
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
    /// # Errors
    /// If there is no such path, it is neither, no picture can be used, the labels do not fit, or an option is out of
    /// range.
    pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Self, Error> {
        options.validate()?;
        let path = path.as_ref();
        if fs::metadata(path).map_err(Error::reading(path))?.is_file() {
            if !is_images(path) {
                let rule = "is neither a folder of pictures nor an IDX file of images";
                return Err(Error::file(path, rule, "name a folder, or a file like train-images-idx3-ubyte.gz"));
            }
            return open_idx(path, options);
        }
        let arrays = idx_files(path)?;
        if arrays.is_empty() {
            let (size, channels) = (options.size.unwrap_or(DEFAULT_SIZE), options.channels.unwrap_or(3));
            return folder::open(path, size, channels, &options.decoder);
        }
        let train = |file: &PathBuf| file_name(file).starts_with("train");
        let wanted = arrays.iter().find(|file| train(file) == (options.split == Split::Train));
        let missing = || {
            let rule = format!("has no IDX images for the split {:?}", options.split);
            Error::file(path, rule, "add them or choose the other split")
        };
        open_idx(wanted.ok_or_else(missing)?, options)
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
    Ok(set.with_source(file_name(images), None).standard(options.size, options.channels))
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(OsStr::to_str).unwrap_or_default()
}

fn is_images(path: &Path) -> bool {
    let name = file_name(path);
    name.contains("images") && name.contains("idx3")
}

/// The IDX files of images in a folder, sorted.
fn idx_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(Error::reading(folder))?;
    let mut found: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|path| is_images(path)).collect();
    found.sort();
    Ok(found)
}

/// The labels of a file of images: beside it, named alike, plain or gzip.
fn labels_beside(images: &Path) -> Option<PathBuf> {
    let name = file_name(images).replace("images", "labels").replace("idx3", "idx1");
    let plain = name.trim_end_matches(".gz");
    [images.with_file_name(plain), images.with_file_name(format!("{plain}.gz"))].into_iter().find(|p| p.is_file())
}

fn is_fashion(path: &Path) -> bool {
    path.to_string_lossy().to_lowercase().contains("fashion")
}
