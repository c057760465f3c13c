//! [`Dataset`]: many pictures of one size in memory, with or without labels, and what was left out.

use std::path::{Path, PathBuf};

use impasto_tensor::Tensor;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::picture::unit;
use crate::{Error, Picture};

/// A file that a data set left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// The file, relative to the data set's folder.
    pub path: PathBuf,
    /// What is wrong with it, and the way out.
    pub reason: String,
}

/// Pictures of one size and channel count, in the order of their file names or of their array. Every file that was
/// read is either kept or among the rejected.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// `[N, C, H, W]`.
    pub(crate) pixels: Vec<u8>,
    /// `[C, H, W]`.
    pub(crate) frame: [usize; 3],
    /// One a picture, each below the number of classes.
    pub(crate) labels: Option<Vec<u32>>,
    pub(crate) classes: Vec<String>,
    pub(crate) source: String,
    pub(crate) licence: Option<String>,
    pub(crate) rejected: Vec<Rejected>,
}

impl Dataset {
    /// The same data set with another description of where it comes from and under which licence.
    pub fn with_source(self, source: impl Into<String>, licence: Option<&str>) -> Self {
        Self { source: source.into(), licence: licence.map(Into::into), ..self }
    }

    /// The same pictures with their labels counted through `classes`, as a network or another part of the set counts them.
    /// Without labels, the data set as it is.
    ///
    /// # Errors
    /// If a class of it is not among them.
    pub fn with_classes(self, classes: &[String]) -> Result<Self, Error> {
        let place = |class: &String| {
            classes.iter().position(|known| known == class).map(|at| at as u32).ok_or_else(|| {
                let rule = format!("has the class {class}, which is none of {}", classes.join(", "));
                Error::file(Path::new(&self.source), rule, "name pictures of those classes")
            })
        };
        let places = self.classes.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        match self.labels {
            Some(labels) => {
                let labels = labels.into_iter().map(|label| places[label as usize]).collect();
                Ok(Self { labels: Some(labels), classes: classes.to_vec(), ..self })
            }
            None => Ok(self),
        }
    }

    /// The number of pictures.
    pub fn len(&self) -> usize {
        self.pixels.len() / self.stride()
    }

    /// Whether there are no pictures.
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// `[N, C, H, W]`: pictures, channels, height, width.
    pub fn shape(&self) -> [usize; 4] {
        let [c, h, w] = self.frame;
        [self.len(), c, h, w]
    }

    /// The samples, shaped as [`shape`](Dataset::shape) says.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The label of each picture, an index into [`classes`](Dataset::classes).
    pub fn labels(&self) -> Option<&[u32]> {
        self.labels.as_deref()
    }

    /// The names of the classes; empty without labels.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Where the pictures come from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The licence of the pictures, if it is known.
    pub fn licence(&self) -> Option<&str> {
        self.licence.as_deref()
    }

    /// The files that were left out.
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// The chosen pictures as a batch in [0, 1]: sample / 255.
    ///
    /// # Shapes
    /// `[N, C, H, W]` with N the number of indices
    ///
    /// # Panics
    /// If an index is not below [`len`](Dataset::len).
    #[track_caller]
    pub fn tensor(&self, indices: &[usize]) -> Tensor {
        let [c, h, w] = self.frame;
        let mut batch = Tensor::zeros([indices.len(), c, h, w]);
        for (to, &i) in batch.data_mut().chunks_exact_mut(self.stride()).zip(indices) {
            for (to, &sample) in to.iter_mut().zip(self.planes(i)) {
                *to = unit(sample);
            }
        }
        batch
    }

    /// The labels of the chosen pictures, `None` if there are no labels.
    ///
    /// # Panics
    /// If an index is not below [`len`](Dataset::len).
    #[track_caller]
    pub fn labels_of(&self, indices: &[usize]) -> Option<Vec<u32>> {
        let labels = self.labels.as_ref()?;
        Some(indices.iter().map(|&i| labels[i]).collect())
    }

    /// Picture `index`.
    ///
    /// # Panics
    /// If the index is not below [`len`](Dataset::len).
    #[track_caller]
    pub fn picture(&self, index: usize) -> Picture {
        let [c, h, w] = self.frame;
        Picture::from_planes(w, h, c, self.planes(index))
    }

    /// The chosen pictures as a data set of their own, without the list of rejected files.
    ///
    /// # Panics
    /// If an index is not below [`len`](Dataset::len).
    #[track_caller]
    pub fn subset(&self, indices: &[usize]) -> Self {
        Self {
            pixels: indices.iter().flat_map(|&i| self.planes(i)).copied().collect(),
            frame: self.frame,
            labels: self.labels_of(indices),
            classes: self.classes.clone(),
            source: format!("{} of {} pictures of {}", indices.len(), self.len(), self.source),
            licence: self.licence.clone(),
            rejected: Vec::new(),
        }
    }

    /// SHA-256, in hexadecimal, of the lengths N, C, H, W (as little-endian u64), the samples, and the labels (as
    /// little-endian u32) if there are any: the same for the same content wherever it lies.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for length in self.shape() {
            hash.update((length as u64).to_le_bytes());
        }
        hash.update(&self.pixels);
        for label in self.labels.iter().flatten() {
            hash.update(label.to_le_bytes());
        }
        let digits = hash.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.map(|digit| char::from(b"0123456789abcdef"[digit as usize])).collect()
    }

    /// The number of pictures in each class.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for &label in self.labels.iter().flatten() {
            counts[label as usize] += 1;
        }
        counts
    }

    /// Samples in a picture.
    pub(crate) fn stride(&self) -> usize {
        self.frame.iter().product()
    }

    /// The samples of picture `index`: `[C, H, W]`.
    #[track_caller]
    pub(crate) fn planes(&self, index: usize) -> &[u8] {
        assert!(index < self.len(), "dataset: there is no picture {index} among {}", self.len());
        &self.pixels[index * self.stride()..][..self.stride()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Dataset {
        Dataset {
            pixels: vec![0, 51, 102, 153, 204, 255],
            frame: [3, 1, 1],
            labels: Some(vec![1, 0]),
            classes: vec!["a".into(), "b".into()],
            source: "test".into(),
            licence: None,
            rejected: Vec::new(),
        }
    }

    #[test]
    fn a_batch_holds_the_chosen_pictures_in_their_order() {
        let batch = two().tensor(&[1, 0, 1]);
        assert_eq!(batch.shape(), &impasto_tensor::Shape::new(&[3, 3, 1, 1]));
        assert_eq!(batch.data()[..6], [0.6, 0.8, 1.0, 0.0, 0.2, 0.4]);
        assert_eq!(two().labels_of(&[1, 0, 1]), Some(vec![0, 1, 0]));
        assert_eq!(two().picture(0).pixels(), [0, 51, 102]);
    }

    #[test]
    fn the_hash_knows_pixels_labels_and_shape() {
        let hash = two().hash();
        assert_eq!(hash.len(), 64);
        assert_eq!(hash, two().with_source("elsewhere", Some("CC0")).hash());
        assert_ne!(hash, Dataset { labels: None, ..two() }.hash());
        assert_ne!(hash, Dataset { frame: [1, 3, 1], ..two() }.hash());
        assert_ne!(hash, two().subset(&[1, 0]).hash());
    }

    #[test]
    #[should_panic(expected = "there is no picture 2 among 2")]
    fn a_wrong_index_is_named() {
        two().tensor(&[2]);
    }
}
