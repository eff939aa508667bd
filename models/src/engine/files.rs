//! Files of weights: what tensors they hold, checked against the files' lengths before anything is read, and each tensor
//! when it is asked for. safetensors in one file or many, and PyTorch's pickles through candle.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use candle_core::pickle::PthTensors;
use candle_core::{DType, Device, Shape, Tensor};
use serde_json::Value;

use super::error::LoadError;
use super::fields::Fields;

/// Longest header of a safetensors file, as its own library has it.
const HEADER: u64 = 100_000_000;

/// Where a tensor lies in a safetensors file.
struct Span {
    dtype: DType,
    shape: Vec<usize>,
    start: u64,
    bytes: usize,
}

/// A file of weights.
enum Store {
    Safetensors { file: File, spans: HashMap<String, Span> },
    Pickle(PthTensors),
}

/// What a folder's files hold.
pub(super) struct Files {
    stores: Vec<(PathBuf, Store)>,
    /// The index where there is one, else the one file.
    root: PathBuf,
}

impl Files {
    /// Opens a folder's weights: safetensors before pickles, an index before a single file.
    pub(super) fn open(folder: &Path) -> Result<Self, LoadError> {
        let single = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
        if let Some(index) = single("model.safetensors.index.json") {
            return Self::sharded(folder, index, safetensors);
        }
        if let Some(path) = single("model.safetensors") {
            return Ok(Self { stores: vec![(path.clone(), safetensors(&path)?)], root: path });
        }
        if let Some(index) = single("pytorch_model.bin.index.json") {
            return Self::sharded(folder, index, pickle);
        }
        if let Some(path) = single("pytorch_model.bin") {
            return Ok(Self { stores: vec![(path.clone(), pickle(&path)?)], root: path });
        }
        Err(LoadError::NoWeights(folder.to_owned()))
    }

    fn sharded(
        folder: &Path,
        index: PathBuf,
        open: impl Fn(&Path) -> Result<Store, LoadError>,
    ) -> Result<Self, LoadError> {
        let fields = Fields::read(&index)?;
        let Some(Value::Object(map)) = fields.get("weight_map") else {
            return Err(fields.wrong("weight_map", "must be an object from tensors to files"));
        };
        let mut names = BTreeSet::new();
        for (tensor, file) in map {
            // A name with a folder in it would reach outside the model's own.
            let Some(name) = file.as_str().filter(|name| Path::new(name).file_name() == Some(name.as_ref())) else {
                return Err(fields.wrong(&format!("weight_map.{tensor}"), format!("{file} is no file of this folder")));
            };
            names.insert(name);
        }
        let stores = names.into_iter().map(|name| {
            let path = folder.join(name);
            Ok((path.clone(), open(&path)?))
        });
        Ok(Self { stores: stores.collect::<Result<_, LoadError>>()?, root: index })
    }

    /// The file to name for a tensor that is in none.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// File and shape of a tensor.
    pub(super) fn find(&self, name: &str) -> Option<(&Path, Shape)> {
        self.stores.iter().find_map(|(path, store)| {
            let shape = match store {
                Store::Safetensors { spans, .. } => Shape::from(spans.get(name)?.shape.clone()),
                Store::Pickle(tensors) => tensors.tensor_infos().get(name)?.layout.shape().clone(),
            };
            Some((path.as_path(), shape))
        })
    }

    /// Reads a tensor as it is stored.
    pub(super) fn read(&self, name: &str, device: &Device) -> candle_core::Result<Tensor> {
        for (path, store) in &self.stores {
            match store {
                Store::Safetensors { file, spans } => {
                    if let Some(span) = spans.get(name) {
                        let mut bytes = vec![0; span.bytes];
                        file.read_exact_at(&mut bytes, span.start).map_err(|error| {
                            candle_core::Error::msg(format!("{}: tensor {name}: {error}", path.display()))
                        })?;
                        return Tensor::from_raw_buffer(&bytes, span.dtype, &span.shape, device);
                    }
                }
                Store::Pickle(tensors) => {
                    if let Some(tensor) = tensors.get(name)? {
                        return tensor.contiguous()?.to_device(device);
                    }
                }
            }
        }
        candle_core::bail!("tensor {name} is missing")
    }
}

/// A safetensors file whose header is sound and whose tensors lie within it.
fn safetensors(path: &Path) -> Result<Store, LoadError> {
    let file = File::open(path).map_err(LoadError::io(path))?;
    let found = file.metadata().map_err(LoadError::io(path))?.len();
    let truncated = |wanted| LoadError::Truncated { path: path.to_owned(), found, wanted };
    let corrupt = |why: String| LoadError::Corrupt { path: path.to_owned(), why };
    if found < 8 {
        return Err(truncated(8));
    }
    let mut length = [0; 8];
    file.read_exact_at(&mut length, 0).map_err(LoadError::io(path))?;
    let length = u64::from_le_bytes(length);
    if length > HEADER {
        return Err(corrupt(format!("a header of {length} bytes: this is no safetensors file")));
    }
    if found < 8 + length {
        return Err(truncated(8 + length));
    }
    let mut header = vec![0; length as usize];
    file.read_exact_at(&mut header, 8).map_err(LoadError::io(path))?;
    let header: HashMap<String, Value> =
        serde_json::from_slice(&header).map_err(|error| corrupt(format!("the header is no JSON: {error}")))?;
    let mut spans = HashMap::with_capacity(header.len());
    for (name, value) in header.into_iter().filter(|(name, _)| name != "__metadata__") {
        let (span, end) = span(&value, 8 + length).ok_or_else(|| corrupt(format!("tensor {name}: {value}")))?;
        if end > found {
            return Err(truncated(end));
        }
        spans.insert(name, span);
    }
    Ok(Store::Safetensors { file, spans })
}

/// One entry of a header, and where in the file its tensor ends; nothing if it contradicts itself.
fn span(value: &Value, base: u64) -> Option<(Span, u64)> {
    let dtype = match value.get("dtype")?.as_str()? {
        "F32" => DType::F32,
        "F16" => DType::F16,
        "BF16" => DType::BF16,
        "F64" => DType::F64,
        "I64" => DType::I64,
        "I32" => DType::I32,
        "U32" => DType::U32,
        "U8" | "BOOL" => DType::U8,
        _ => return None,
    };
    let shape = value.get("shape")?.as_array()?.iter();
    let shape: Vec<usize> = shape.map(|dim| Some(dim.as_u64()? as usize)).collect::<Option<_>>()?;
    let [from, to] = value.get("data_offsets")?.as_array()?.as_slice() else { return None };
    let (from, to) = (from.as_u64()?, to.as_u64()?);
    let elements = shape.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim))?;
    let bytes = elements.checked_mul(dtype.size_in_bytes())?;
    let end = base.checked_add(to)?;
    (to.checked_sub(from)? == bytes as u64).then_some((Span { dtype, shape, start: base + from, bytes }, end))
}

/// A pickle of PyTorch 1.6 or later: a zip archive.
fn pickle(path: &Path) -> Result<Store, LoadError> {
    let mut file = File::open(path).map_err(LoadError::io(path))?;
    let found = file.metadata().map_err(LoadError::io(path))?.len();
    let mut start = [0; 4];
    let zip = found >= 4 && std::io::Read::read_exact(&mut file, &mut start).is_ok() && start.starts_with(b"PK");
    let corrupt = |why: String| LoadError::Corrupt { path: path.to_owned(), why };
    if !zip {
        return Err(corrupt("this is no PyTorch file of today (a zip archive)".into()));
    }
    // candle's reader of pickles takes their arguments on trust.
    let tensors = std::panic::catch_unwind(|| PthTensors::new(path, None));
    let tensors = tensors.map_err(|_| corrupt("the pickle inside is none of tensors by name".into()))?;
    let tensors = tensors.map_err(|error| {
        let why = error.to_string();
        let why = why.lines().next().unwrap_or_default();
        corrupt(format!("the archive can't be read, is the file cut short? ({why}): copy or download it again"))
    })?;
    Ok(Store::Pickle(tensors))
}
