//! All lessons as codes, once and for all. Kept in a file, for it takes a while.

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use serde_json::json;

use super::lessons::Drawings;
use super::{CODE, ImagineError};
use crate::net::layers::Weights;
use crate::net::vq::{Config, Vq};
use crate::perceive::nano::hash;

/// Files of the codes, little-endian u16 [lessons, places], and of what they were made by.
const CODES_FILE: &str = "codes.u16";
const ABOUT_FILE: &str = "codes.json";
/// Lessons that are encoded together.
const TOGETHER: usize = 8;

/// Codes of all lessons.
pub struct Written {
    codes: Vec<u16>,
    places: usize,
}

/// The code of a file that the first course wrote.
///
/// # Errors
/// [`ImagineError`]: it can't be read or is of another shape.
pub fn open(shape: &Config, weights: &Path) -> Result<Vq, ImagineError> {
    let tensors = candle_core::safetensors::load(weights, &Device::Cpu)
        .map_err(|error| ImagineError::File { path: weights.to_owned(), why: error.to_string() })?;
    let weights = Weights::from(VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu));
    Ok(Vq::new(shape, weights.pp(CODE))?)
}

impl Written {
    /// Encodes all lessons by the code of this file, or takes what lies in the folder if it was made by it. `told` hears
    /// of lessons done and says whether to go on: `None` when it did not.
    ///
    /// # Errors
    /// [`ImagineError`].
    pub fn of(
        shape: &Config,
        weights: &Path,
        lessons: &Drawings,
        folder: &Path,
        told: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Option<Self>, ImagineError> {
        let file = |path: &Path, error: &dyn std::fmt::Display| ImagineError::File {
            path: path.to_owned(),
            why: error.to_string(),
        };
        let bytes = std::fs::read(weights).map_err(|error| file(weights, &error))?;
        let places = (lessons.view().side_px / shape.stride().max(1)).pow(2);
        let (count, (codes_path, about_path)) =
            (lessons.all().len(), (folder.join(CODES_FILE), folder.join(ABOUT_FILE)));
        let about = json!({ "weights": hash(&bytes), "lessons": count, "places": places }).to_string();
        if std::fs::read_to_string(&about_path).is_ok_and(|there| there == about)
            && let Ok(bytes) = std::fs::read(&codes_path)
            && bytes.len() == count * places * 2
        {
            let codes = bytes.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
            return Ok(Some(Self { codes, places }));
        }
        let vq = open(shape, weights)?;
        let all: Vec<usize> = (0..count).collect();
        let mut codes = Vec::with_capacity(all.len() * places);
        for (i, some) in all.chunks(TOGETHER).enumerate() {
            let found: Vec<u32> = vq.encode(&lessons.batch(some)?)?.flatten_all()?.to_vec1()?;
            codes.extend(found.into_iter().map(|code| code as u16));
            if !told(((i + 1) * TOGETHER).min(count)) {
                return Ok(None);
            }
        }
        let bytes: Vec<u8> = codes.iter().copied().flat_map(u16::to_le_bytes).collect();
        std::fs::create_dir_all(folder).map_err(|error| file(folder, &error))?;
        std::fs::write(&codes_path, bytes).map_err(|error| file(&codes_path, &error))?;
        std::fs::write(&about_path, about).map_err(|error| file(&about_path, &error))?;
        Ok(Some(Self { codes, places }))
    }

    /// Codes a picture.
    #[must_use]
    pub fn places(&self) -> usize {
        self.places
    }

    /// These: u32 [batch, places].
    ///
    /// # Errors
    /// One is not there.
    pub fn batch(&self, which: &[usize]) -> candle_core::Result<Tensor> {
        let mut codes: Vec<u32> = Vec::with_capacity(which.len() * self.places);
        for number in which {
            let Some(some) = self.codes.get(number * self.places..(number + 1) * self.places) else {
                candle_core::bail!("lesson {number} was not encoded")
            };
            codes.extend(some.iter().map(|code| u32::from(*code)));
        }
        Tensor::from_vec(codes, (which.len(), self.places), &Device::Cpu)
    }
}
