//! Weights and all that a run needs to go on, in one safetensors file.
//!
//! The file's metadata is a single entry, JSON with sorted keys, and nothing in it comes from clock, path or thread count:
//! the same run gives the same bytes.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write;
use std::path::Path;

use half::{bf16, f16};
use impasto_tensor::{Element, Shape, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::params::{Kind, Params};

/// The version that this code writes; it reads all from 1 on.
const FORMAT: u32 = 1;
/// The name of the metadata entry.
pub(crate) const ENTRY: &str = "impasto";
/// What helps where a checkpoint is not whole.
pub(crate) const WAY_OUT: &str = "copy the file again or train anew";

/// What the metadata says.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Header {
    format: u32,
    kind: String,
    /// Settings, counters and metrics of the run.
    #[serde(default)]
    meta: serde_json::Value,
    /// The paths that are buffers, not weights.
    #[serde(default)]
    buffers: Vec<String>,
}

/// Named tensors of what a run is made of, and its settings and counters.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// `classifier`, `gan`, ..
    pub kind: String,
    /// Settings, counters and metrics.
    pub meta: serde_json::Value,
    tensors: Params,
}

impl Checkpoint {
    /// An empty checkpoint of the given kind.
    ///
    /// # Panics
    /// If `meta` is not representable as JSON.
    #[track_caller]
    pub fn new(kind: &str, meta: &impl Serialize) -> Self {
        let meta = serde_json::to_value(meta).expect("settings and counters are plain data");
        Self { kind: kind.into(), meta, tensors: Params::default() }
    }

    /// Adds a map of tensors under a name, such as `generator`.
    pub fn put(&mut self, part: &str, params: &Params) {
        for (path, tensor, kind) in params.iter() {
            self.tensors.insert(format!("{part}/{path}"), tensor.clone(), kind);
        }
    }

    /// The map of tensors that was put under a name; empty if there was none.
    pub fn part(&self, part: &str) -> Params {
        let mut params = Params::default();
        for (path, tensor, kind) in self.tensors.iter() {
            if let Some(path) = path.strip_prefix(part).and_then(|p| p.strip_prefix('/')) {
                params.insert(path, tensor.clone(), kind);
            }
        }
        params
    }

    /// [`part`](Checkpoint::part), which must have every entry of `wanted`, in its shape: what a network asks for.
    ///
    /// # Errors
    /// If an entry is missing or has another shape.
    pub fn part_like(&self, path: &Path, part: &str, wanted: &Params) -> Result<Params, Error> {
        let params = self.part(part);
        for (name, tensor, _) in wanted.iter() {
            let wrong = match params.get(name) {
                Some(found) if found.shape() == tensor.shape() => continue,
                Some(found) => format!("is of shape {:?}", found.shape()),
                None => "is missing".to_owned(),
            };
            let (kind, shape) = (&self.kind, tensor.shape());
            let detail = format!("`{part}/{name}` {wrong}, this {kind} needs it of shape {shape:?}; {WAY_OUT}");
            return Err(Error::format(path, detail));
        }
        Ok(params)
    }

    /// The settings and counters as a type.
    ///
    /// # Errors
    /// If the file's do not fit the type.
    pub fn meta<M: DeserializeOwned>(&self, path: &Path) -> Result<M, Error> {
        let wrong =
            |e| Error::format(path, format!("the metadata of this {} is not usable: {e}; {WAY_OUT}", self.kind));
        serde_json::from_value(self.meta.clone()).map_err(wrong)
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// If the tensors cannot be written as safetensors.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let buffers = self.tensors.iter().filter(|e| e.2 == Kind::Buffer).map(|e| e.0.to_owned()).collect();
        let header = Header { format: FORMAT, kind: self.kind.clone(), meta: self.meta.clone(), buffers };
        // A JSON value keeps its keys sorted, a struct would keep them as declared.
        let header = serde_json::to_value(header).expect("plain data").to_string();
        let bytes: Vec<(&str, Shape, Vec<u8>)> =
            self.tensors.iter().map(|(p, t, _)| (p, *t.shape(), little_endian(t.data()))).collect();
        let views = bytes.iter().map(|(path, shape, bytes)| {
            let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes).expect("four bytes for each element");
            (*path, view)
        });
        let metadata = HashMap::from([(ENTRY.to_owned(), header)]);
        safetensors::serialize(views, Some(metadata))
            .map_err(|e| Error::setting("checkpoint", format!("cannot be written as safetensors: {e}")))
    }

    /// Writes the file beside its place and renames it, so that no half-written file is ever seen.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let bytes = self.to_bytes()?;
        let failed = |e| Error::file(path, e);
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            // What any new file gets; the user's umask then takes away.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let mut file = builder.tempfile_in(folder).map_err(|e| failed(e.kind().into()))?;
        file.as_file_mut().write_all(&bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
        file.persist(path).map_err(|e| failed(e.error))?;
        Ok(())
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// If the file cannot be read, is cut short or damaged, or was not written by impasto.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::from_bytes(path, &read(path)?)
    }

    /// [`load`](Checkpoint::load) of a file's bytes, such as a program carries; errors name it as `path`.
    ///
    /// # Errors
    /// If they are cut short or damaged, or were not written by impasto.
    pub fn from_bytes(path: &Path, file: &[u8]) -> Result<Self, Error> {
        let (tensors, metadata) = parse(path, file)?;
        let entry = metadata.get(ENTRY).ok_or_else(|| {
            Error::format(path, "has weights but no impasto metadata; it may be a perceptual net, for `stylize --net`")
        })?;
        let header: Header = serde_json::from_str(entry)
            .map_err(|e| Error::format(path, format!("the impasto metadata is damaged: {e}; {WAY_OUT}")))?;
        if header.format > FORMAT {
            let detail = format!("has format {}, this version reads up to {FORMAT}; update impasto", header.format);
            return Err(Error::format(path, detail));
        }
        let mut checkpoint = Self { kind: header.kind, meta: header.meta, tensors: Params::default() };
        for (name, tensor) in tensors {
            let kind = if header.buffers.contains(&name) { Kind::Buffer } else { Kind::Weight };
            checkpoint.tensors.insert(name, tensor, kind);
        }
        Ok(checkpoint)
    }

    /// [`load`](Checkpoint::load), refusing another kind.
    ///
    /// # Errors
    /// As `load`, and if the checkpoint is of another kind.
    pub fn load_kind(path: &Path, kind: &str) -> Result<Self, Error> {
        let checkpoint = Self::load(path)?;
        checkpoint.is_kind(path, kind)?;
        Ok(checkpoint)
    }

    /// Refuses a checkpoint of another kind than the one that is needed.
    pub(crate) fn is_kind(&self, path: &Path, kind: &str) -> Result<(), Error> {
        if self.kind == kind {
            return Ok(());
        }
        Err(Error::format(path, format!("is a {}, but a {kind} is needed here", self.kind)))
    }
}

/// Tensors by name, in the order of their names, and metadata by name: what a safetensors file holds.
pub(crate) type Contents<T> = (BTreeMap<String, Tensor<T>>, HashMap<String, String>);

/// The hash of a file, as marks and reports name a model: SHA-256 in hexadecimal.
///
/// # Errors
/// If the file cannot be read.
pub fn file_hash(path: &Path) -> Result<String, Error> {
    Ok(bytes_hash(&read(path)?))
}

/// [`file_hash`] of a file's bytes.
pub(crate) fn bytes_hash(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes).into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(b"0123456789abcdef"[digit as usize])).collect()
}

/// All tensors of any safetensors file, as one element type.
///
/// # Errors
/// If the file cannot be read or is damaged.
pub(crate) fn read_tensors<T: Element>(path: &Path) -> Result<Contents<T>, Error> {
    parse(path, &read(path)?)
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|e| Error::file(path, e))
}

fn parse<T: Element>(path: &Path, file: &[u8]) -> Result<Contents<T>, Error> {
    let damaged = |e: &dyn std::fmt::Display| {
        Error::format(path, format!("is not a whole safetensors file ({e}); copy or download it again"))
    };
    let (_, metadata) = SafeTensors::read_metadata(file).map_err(|e| damaged(&e))?;
    let views = SafeTensors::deserialize(file).map_err(|e| damaged(&e))?;
    let mut tensors = BTreeMap::new();
    for (name, view) in views.iter() {
        tensors.insert(name.to_owned(), tensor(&view).map_err(|e| Error::format(path, format!("{name}: {e}")))?);
    }
    Ok((tensors, metadata.metadata().clone().unwrap_or_default()))
}

fn tensor<T: Element>(view: &TensorView) -> Result<Tensor<T>, String> {
    let shape = Shape::try_new(view.shape()).map_err(|e| e.to_string())?;
    let values = match view.dtype() {
        Dtype::F64 => numbers(view, f64::from_le_bytes),
        Dtype::F32 => numbers(view, |b| f64::from(f32::from_le_bytes(b))),
        Dtype::F16 => numbers(view, |b| f16::from_le_bytes(b).to_f64()),
        Dtype::BF16 => numbers(view, |b| bf16::from_le_bytes(b).to_f64()),
        other => return Err(format!("holds {other:?}; F16, BF16, F32 and F64 are read")),
    };
    Ok(Tensor::new(shape, values))
}

fn numbers<T: Element, const B: usize>(view: &TensorView, number: impl Fn([u8; B]) -> f64) -> Vec<T> {
    view.data().as_chunks().0.iter().map(|&bytes| T::splat(number(bytes))).collect()
}

fn little_endian(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Checkpoint {
        let mut params = Params::default();
        params.insert("conv.weight", Tensor::from_fn([2, 3], |i| i as f32), Kind::Weight);
        params.insert("norm.running_mean", Tensor::zeros([3]), Kind::Buffer);
        let mut checkpoint = Checkpoint::new("gan", &serde_json::json!({"step": 7, "seed": 1}));
        checkpoint.put("generator", &params);
        checkpoint
    }

    #[test]
    fn what_is_saved_is_loaded_and_the_bytes_are_the_same_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        let checkpoint = example();
        checkpoint.save(&path).unwrap();
        let back = Checkpoint::load_kind(&path, "gan").unwrap();
        assert_eq!(back.part("generator"), checkpoint.part("generator"));
        assert_eq!(back.meta, checkpoint.meta);
        assert_eq!(back.to_bytes().unwrap(), example().to_bytes().unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside the file");
    }

    #[test]
    fn a_file_cut_in_half_and_a_wrong_kind_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("half.safetensors");
        let bytes = example().to_bytes().unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let message = Checkpoint::load(&path).unwrap_err().to_string();
        assert!(message.contains("half.safetensors") && message.contains("not a whole safetensors file"), "{message}");
        fs::write(&path, &bytes).unwrap();
        let message = Checkpoint::load_kind(&path, "classifier").unwrap_err().to_string();
        assert!(message.ends_with("is a gan, but a classifier is needed here"), "{message}");
    }

    #[test]
    fn an_entry_that_is_missing_or_of_another_shape_is_named() {
        let (path, example) = (Path::new("a.safetensors"), example());
        let want = |name: &str, shape: &[usize]| {
            let mut wanted = Params::default();
            wanted.insert(name, Tensor::zeros(shape), Kind::Weight);
            example.part_like(path, "generator", &wanted).map_err(|e| e.to_string())
        };
        assert_eq!(want("conv.weight", &[2, 3]), Ok(example.part("generator")));
        let missing = "`generator/head.bias` is missing, this gan needs it of shape [3]; ";
        assert_eq!(want("head.bias", &[3]), Err(format!("a.safetensors: {missing}{WAY_OUT}")));
        let other = "`generator/conv.weight` is of shape [2, 3], this gan needs it of shape [3, 2]; ";
        assert_eq!(want("conv.weight", &[3, 2]), Err(format!("a.safetensors: {other}{WAY_OUT}")));
    }
}
