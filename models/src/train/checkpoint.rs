//! Checkpoints: one safetensors file with the parameters under their own names, so that any reader of weights can open it,
//! AdamW's state beside them as `adamw.mean/NAME` and `adamw.square/NAME`, and the rest as JSON in the header. A file is
//! written beside its place, brought to the disk and renamed: a kill leaves the old one or the new one.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::error::TrainError;
use super::recipe::Recipe;

/// Under what the header has our JSON.
const KEY: &str = "ponder.train";
/// What AdamW's state is named by.
pub(super) const STATE: [&str; 2] = ["adamw.mean/", "adamw.square/"];

/// What a checkpoint says beside its tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Steps done.
    pub step: u64,
    /// By what recipe.
    pub recipe: Recipe,
    /// What the caller wanted to find again: where the data was, the state of its random numbers.
    pub cursor: serde_json::Value,
}

/// Writes tensors and, for a checkpoint, its header, whole or not at all.
pub(super) fn write(
    path: &Path,
    tensors: &BTreeMap<String, Tensor>,
    header: Option<&Header>,
) -> Result<(), TrainError> {
    let io = |source| TrainError::Io { path: path.to_owned(), source };
    let format = |what: String| TrainError::Format { path: path.to_owned(), what };
    let info = header.map(serde_json::to_string).transpose().map_err(|error| format(error.to_string()))?;
    let info = info.map(|json| HashMap::from([(KEY.to_owned(), json)]));
    let here = tensors.iter().map(|(name, tensor)| Ok((name, tensor.to_device(&Device::Cpu)?.contiguous()?)));
    let here = here.collect::<candle_core::Result<Vec<_>>>()?;
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    safetensors::serialize_to_file(here, info, part).map_err(|error| format(error.to_string()))?;
    File::open(part).and_then(|file| file.sync_all()).map_err(io)?;
    std::fs::rename(part, path).map_err(io)?;
    // The name too must outlive a loss of power, where folders can be brought to the disk.
    if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// The parameters in a file, without AdamW's state.
pub(super) fn read_params(path: &Path) -> Result<HashMap<String, Tensor>, TrainError> {
    let mut tensors = read(path)?;
    tensors.retain(|name, _| !STATE.iter().any(|state| name.starts_with(state)));
    Ok(tensors)
}

/// All tensors in a file.
pub(super) fn read(path: &Path) -> Result<HashMap<String, Tensor>, TrainError> {
    let bytes = std::fs::read(path).map_err(|source| TrainError::Io { path: path.to_owned(), source })?;
    candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)
        .map_err(|error| TrainError::Format { path: path.to_owned(), what: error.to_string() })
}

/// What a checkpoint says of itself, without reading its tensors.
///
/// # Errors
/// The file can't be read, or is no checkpoint.
pub fn header(path: &Path) -> Result<Header, TrainError> {
    let io = |source| TrainError::Io { path: path.to_owned(), source };
    let format = |what: String| TrainError::Format { path: path.to_owned(), what };
    let mut file = File::open(path).map_err(io)?;
    let mut size = [0u8; 8];
    file.read_exact(&mut size).map_err(io)?;
    let size = u64::from_le_bytes(size);
    let whole = file.metadata().map_err(io)?.len();
    if size > whole.saturating_sub(8) {
        return Err(format(format!("no safetensors file: a header of {size} bytes in {whole}")));
    }
    let mut bytes = Vec::new();
    file.take(size).read_to_end(&mut bytes).map_err(io)?;
    let json: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| format(error.to_string()))?;
    let ours = json.get("__metadata__").and_then(|all| all.get(KEY)).and_then(serde_json::Value::as_str);
    let ours = ours.ok_or_else(|| format("weights, but no checkpoint of a training run".to_owned()))?;
    serde_json::from_str(ours).map_err(|error| format(error.to_string()))
}
