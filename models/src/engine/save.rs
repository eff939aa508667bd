//! A network's tensors to a folder, in either layout, in one file or in shards: what [`super::checkpoint`] reads.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use candle_core::{Result, Tensor};
use serde_json::json;

use super::names::{Layout, Source};

/// Renames tensors from the networks' names to a layout's, and takes apart what stands apart there.
///
/// # Errors
/// A tensor can't be taken apart.
pub fn rename(tensors: &HashMap<String, Tensor>, layout: Layout) -> Result<BTreeMap<String, Tensor>> {
    let mut out = BTreeMap::new();
    for (name, tensor) in tensors {
        match layout.source(name) {
            Source::Same(name) => drop(out.insert(name, tensor.contiguous()?)),
            Source::Row(name) => drop(out.insert(name, tensor.squeeze(0)?.contiguous()?)),
            Source::Three(names) => {
                for (name, part) in names.into_iter().zip(tensor.chunk(3, 0)?) {
                    out.insert(name, part.contiguous()?);
                }
            }
        }
    }
    Ok(out)
}

/// Writes `model.safetensors`, or, above `shard` bytes, numbered shards and their index. Files of the same names are
/// replaced.
///
/// # Errors
/// A file can't be written.
pub fn write(folder: &Path, tensors: &BTreeMap<String, Tensor>, shard: u64) -> Result<()> {
    let mut shards = vec![HashMap::new()];
    let (mut filled, mut total) = (0, 0);
    for (name, tensor) in tensors {
        let bytes = (tensor.elem_count() * tensor.dtype().size_in_bytes()) as u64;
        if filled > 0 && filled + bytes > shard {
            shards.push(HashMap::new());
            filled = 0;
        }
        filled += bytes;
        total += bytes;
        if let Some(last) = shards.last_mut() {
            last.insert(name.as_str(), tensor.clone());
        }
    }
    let count = shards.len();
    if count == 1 {
        return candle_core::safetensors::save(&shards[0], folder.join("model.safetensors"));
    }
    let mut map = BTreeMap::new();
    for (i, shard) in shards.iter().enumerate() {
        let file = format!("model-{:05}-of-{count:05}.safetensors", i + 1);
        candle_core::safetensors::save(shard, folder.join(&file))?;
        map.extend(shard.keys().map(|name| (*name, file.clone())));
    }
    let index = json!({ "metadata": { "total_size": total }, "weight_map": map });
    Ok(std::fs::write(folder.join("model.safetensors.index.json"), index.to_string())?)
}
