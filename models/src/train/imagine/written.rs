//! All lessons as codes, once and for all. Kept in a file, for it takes a while. Where nothing stands near, a place of the
//! table always gets the same code: the encoder, whose norms see all of a picture, finds now one there, now another, and a
//! model of codes would learn little else than to foresee which.

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use ponder_core::view::CHANNELS;
use serde_json::json;

use super::lessons::Drawings;
use super::{CODE, ImagineError};
use crate::net::layers::Weights;
use crate::net::vq::{Config, Vq};
use crate::perceive::nano::hash;

/// Files of the codes, little-endian u16 [lessons, places], and of what they were made by.
const CODES_FILE: &str = "codes.u16";
const ABOUT_FILE: &str = "codes.json";
/// Heights, as written in a picture, from which on something stands.
const STANDS: u8 = 3;
/// Lessons that are encoded together.
const TOGETHER: usize = 8;

/// Codes of all lessons.
pub struct Written {
    codes: Vec<u16>,
    places: usize,
    /// The code that each place has most often: the table's.
    usual: Vec<u16>,
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
        let about = json!({ "weights": hash(&bytes), "lessons": count, "places": places, "table": 1 }).to_string();
        if std::fs::read_to_string(&about_path).is_ok_and(|there| there == about)
            && let Ok(bytes) = std::fs::read(&codes_path)
            && bytes.len() == count * places * 2
        {
            let codes = bytes.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
            return Ok(Some(Self::new(codes, places)));
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
        clear(&mut codes, lessons, shape.stride());
        let bytes: Vec<u8> = codes.iter().copied().flat_map(u16::to_le_bytes).collect();
        std::fs::create_dir_all(folder).map_err(|error| file(folder, &error))?;
        std::fs::write(&codes_path, bytes).map_err(|error| file(&codes_path, &error))?;
        std::fs::write(&about_path, about).map_err(|error| file(&about_path, &error))?;
        Ok(Some(Self::new(codes, places)))
    }

    pub(super) fn new(codes: Vec<u16>, places: usize) -> Self {
        let most = |place: usize| usual(codes.iter().skip(place).step_by(places.max(1)).copied()).unwrap_or(0);
        let usual = (0..places).map(most).collect();
        Self { codes, places, usual }
    }

    /// Has this place the table's code?
    pub(super) fn is_table(&self, place: usize, code: u32) -> bool {
        self.usual.get(place).is_some_and(|usual| u32::from(*usual) == code)
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

/// Gives every place of the table, in pictures where nothing stands at it or beside it, the code that it has most often.
fn clear(codes: &mut [u16], lessons: &Drawings, stride: usize) {
    let across = lessons.view().side_px / stride.max(1);
    let places = across * across;
    if places == 0 {
        return;
    }
    let far: Vec<bool> =
        (0..lessons.all().len()).flat_map(|number| far(lessons.pixels(number), across, stride)).collect();
    for place in 0..places {
        let all = (place..codes.len().min(far.len())).step_by(places).filter(|i| far[*i]);
        if let Some(usual) = usual(all.clone().map(|i| codes[i])) {
            all.for_each(|i| codes[i] = usual);
        }
    }
}

/// The one that is there most often.
fn usual(codes: impl Iterator<Item = u16>) -> Option<u16> {
    let mut counts = std::collections::BTreeMap::<u16, usize>::new();
    codes.for_each(|code| *counts.entry(code).or_default() += 1);
    counts.into_iter().max_by_key(|(code, count)| (*count, std::cmp::Reverse(*code))).map(|(code, _)| code)
}

/// The places [across · across] of a picture at and beside which nothing stands.
fn far(pixels: &[u8], across: usize, stride: usize) -> Vec<bool> {
    let side = across * stride;
    let mut near = vec![false; across * across];
    let heights = pixels.iter().skip(CHANNELS - 1).step_by(CHANNELS);
    for (i, _) in heights.enumerate().filter(|(_, height)| **height >= STANDS) {
        let (row, column) = (i / side / stride, i % side / stride);
        for row in row.saturating_sub(1)..across.min(row + 2) {
            for column in column.saturating_sub(1)..across.min(column + 2) {
                near[row * across + column] = true;
            }
        }
    }
    near.into_iter().map(|near| !near).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_far_from_what_stands() {
        let (across, stride) = (4, 2);
        let mut pixels = vec![0u8; 8 * 8 * CHANNELS];
        pixels[(7 * 8 + 7) * CHANNELS + CHANNELS - 1] = STANDS;
        let far = far(&pixels, across, stride);
        let near: Vec<usize> = (0..16).filter(|i| !far[*i]).collect();
        assert_eq!(near, [10, 11, 14, 15]);
    }
}
