//! An eye with its weights: a frame in, objects with places out, nothing remembered and nothing named. Files of a folder
//! are held against their hashes before a number of them is used.

use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use ponder_core::image::CameraFrame;
use ponder_core::scene::SceneObject;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::NAME;
use super::code::{OFFSET, OUTPUTS, both, decode};
use super::corner::meet;
use super::depth::settle;
use super::find::{Find, is_one};
use super::input::{CHANNELS, close_values, closeup, fit, mirror, values};
use super::kinds::{KINDS, SLOTS};
use super::round;
use crate::net::layers::Weights;
use crate::net::nano_eye::{Config, NanoEye, Spot};

/// File of a folder that says what the eye is.
pub const CONFIG_FILE: &str = "config.json";
/// File of a folder with the weights.
pub const WEIGHTS_FILE: &str = "model.safetensors";
/// Most cells of one picture that are looked at.
const MOST_THINGS: usize = 128;
/// A cell this certain is looked at even beside a more certain one: things on each other have neighbouring middles.
const CERTAIN: f64 = 0.5;
/// Middles that show this near to each other are one, in fine cells.
const SAME_CELLS: f64 = 0.9;

/// Why an eye can't be opened or used.
#[derive(Debug, thiserror::Error)]
pub enum EyeError {
    /// A file can't be read.
    #[error("can't read {path}: {source}; a folder of {NAME} has {CONFIG_FILE} and {WEIGHTS_FILE}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What stands in the configuration makes no sense.
    #[error("{path}: {why}")]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The weights are not those the configuration was written for.
    #[error("{path} has the SHA-256 {got}, not {want}: it was changed or not wholly copied; get it anew")]
    Hash {
        /// The file.
        path: PathBuf,
        /// Of the file.
        got: String,
        /// Of the configuration.
        want: String,
    },
    /// The picture can't be used.
    #[error("{0}")]
    Picture(String),
    /// The network fails.
    #[error(transparent)]
    Network(#[from] candle_core::Error),
}

/// What stands in [`CONFIG_FILE`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// [`NAME`].
    pub model: String,
    /// Shape of the network.
    pub eye: Config,
    /// Labels of its kinds, in the order of its outputs.
    pub kinds: Vec<String>,
    /// From which score a find counts, by slot.
    pub threshold: [f64; SLOTS],
    /// SHA-256 of [`WEIGHTS_FILE`], hexadecimal.
    pub sha256: String,
}

/// An eye that sees.
pub struct Eye {
    network: NanoEye,
    threshold: [f64; SLOTS],
}

impl Eye {
    /// From weights at hand; a find counts from these scores on, by slot.
    ///
    /// # Errors
    /// [`EyeError::Network`].
    pub fn new(config: &Config, threshold: [f64; SLOTS], weights: impl Into<Weights>) -> Result<Self, EyeError> {
        Ok(Self { network: NanoEye::new(config, weights)?, threshold })
    }

    /// Opens a folder.
    ///
    /// # Errors
    /// [`EyeError`], naming the file.
    pub fn open(folder: &Path) -> Result<Self, EyeError> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).map_err(|source| EyeError::Read { path, source })
        };
        let wrong = |why: String| EyeError::Config { path: folder.join(CONFIG_FILE), why };
        let about: About = serde_json::from_slice(&read(CONFIG_FILE)?).map_err(|e| wrong(e.to_string()))?;
        let known = KINDS.iter().map(|kind| kind.label);
        if !known.eq(about.kinds.iter().map(String::as_str)) {
            return Err(wrong("was trained on other kinds of things than this program knows".to_owned()));
        }
        if (about.eye.channels, about.eye.slots, about.eye.outputs) != (CHANNELS, SLOTS, OUTPUTS) {
            return Err(wrong(format!("an eye of {CHANNELS} channels, {SLOTS} slots and {OUTPUTS} outputs is wanted")));
        }
        let bytes = read(WEIGHTS_FILE)?;
        let got = hash(&bytes);
        if got != about.sha256 {
            return Err(EyeError::Hash { path: folder.join(WEIGHTS_FILE), got, want: about.sha256 });
        }
        let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)?;
        let tensors = tensors.into_iter().map(|(name, t)| Ok((name, t.to_dtype(DType::F32)?)));
        let tensors = tensors.collect::<candle_core::Result<_>>()?;
        Self::new(&about.eye, about.threshold, candle_nn::VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu))
    }

    /// Side of the picture that the network is shown, pixels.
    #[must_use]
    pub fn side_px(&self) -> usize {
        self.network.config().side_px
    }

    /// The things in a frame with depth, most certain first.
    ///
    /// # Errors
    /// As [`Eye::find`].
    pub fn see(&self, frame: &CameraFrame) -> Result<Vec<SceneObject>, EyeError> {
        Ok(self.find(frame)?.into_iter().map(|find| find.object).collect())
    }

    /// The same with what else they may be.
    ///
    /// # Errors
    /// [`EyeError::Picture`] for a frame without depth or smaller than [`Eye::side_px`], [`EyeError::Network`].
    pub fn find(&self, frame: &CameraFrame) -> Result<Vec<Find>, EyeError> {
        let side_px = self.side_px();
        let fitted = fit(frame, side_px).map_err(EyeError::Picture)?;
        let mut pixels = Vec::with_capacity(2 * side_px * side_px * CHANNELS);
        values(&fitted, side_px, &mut pixels);
        let seen = self.network.forward(&with_mirrored(pixels, side_px, 1)?)?;
        let logits = seen.centers.flatten_from(1)?.to_dtype(DType::F32)?.to_vec2::<f32>()?;
        let cells = self.network.config().cells();
        let across = |spot: &Spot| Spot { picture: 1, column: cells - 1 - spot.column, ..*spot };
        let peaks = self.peaks(&logits);
        if peaks.is_empty() {
            return Ok(Vec::new());
        }
        let mut spots: Vec<Spot> = peaks.iter().map(|peak| peak.0).collect();
        let fovea_px = self.network.config().fovea_px;
        let mut close = Vec::with_capacity(2 * spots.len() * fovea_px * fovea_px * CHANNELS);
        for spot in &spots {
            close_values(&closeup(frame, side_px, (spot.row, spot.column), fovea_px), &mut close);
        }
        let close = with_mirrored(close, fovea_px, spots.len())?;
        spots.extend(peaks.iter().map(|peak| across(&peak.0)));
        let said = self.network.look(&seen, &spots, &close)?.to_vec2::<f32>()?;
        let (plain, mirrored) = said.split_at(peaks.len());
        let mut said: Vec<Vec<f32>> = plain.iter().zip(mirrored).map(|(a, b)| both(a, b)).collect();
        let eye_m = frame.world_from_camera.translation.vector;
        let mut finds: Vec<Find> = Vec::new();
        let mut places: Vec<(f64, f64)> = Vec::new();
        for ((spot, score), said) in peaks.iter().zip(&mut said) {
            let told = |said: &[f32]| {
                let mut object = decode(said, (spot.row, spot.column, spot.slot), *score, &fitted)?;
                object.seen = frame.stamp;
                settle(&mut object, frame);
                Some(object)
            };
            let Some(object) = told(said) else { continue };
            let object = round::settle(object, said, frame, told);
            // Two finds of one slot whose middles lie within each other, or show in one place, are one thing.
            let at = |i: usize| f64::from(said[OFFSET + i].clamp(-7.0, 7.0));
            let place = (spot.column as f64 + at(0), spot.row as f64 + at(1));
            let one = |(other, (x, y)): (&Find, &(f64, f64))| {
                let apart = (x - place.0).hypot(y - place.1);
                other.slot == spot.slot && (is_one(&other.object, &object) || apart < SAME_CELLS)
            };
            if !finds.iter().zip(&places).any(one) {
                finds.push(Find::new(object, spot.slot, said).seen_from(&eye_m));
                places.push(place);
            }
        }
        meet(&mut finds, frame);
        Ok(finds)
    }

    /// Cells that are certain, or more so than those around them, most certain first; by the logits of a picture and of the
    /// same in a mirror.
    fn peaks(&self, logits: &[Vec<f32>]) -> Vec<(Spot, f64)> {
        let (cells, slots) = (self.network.config().cells(), SLOTS);
        let of = |picture: usize, row: usize, column: usize, slot: usize| {
            logits[picture][(row * cells + column) * slots + slot]
        };
        let at = |row: usize, column: usize, slot: usize| {
            0.5 * (of(0, row, column, slot) + of(1, row, cells - 1 - column, slot))
        };
        let mut peaks = Vec::new();
        for row in 0..cells {
            for column in 0..cells {
                for slot in 0..slots {
                    let logit = at(row, column, slot);
                    let score = 1.0 / (1.0 + f64::from(-logit).exp());
                    if score < self.threshold[slot] {
                        continue;
                    }
                    let rows = row.saturating_sub(1)..(row + 2).min(cells);
                    let columns = column.saturating_sub(1)..(column + 2).min(cells);
                    // Of equals the first counts.
                    let beaten = |r: usize, c: usize| {
                        let other = at(r, c, slot);
                        other > logit || (other == logit && (r, c) < (row, column))
                    };
                    if score >= CERTAIN || !rows.clone().any(|r| columns.clone().any(|c| beaten(r, c))) {
                        peaks.push((Spot { picture: 0, row, column, slot }, score));
                    }
                }
            }
        }
        peaks.sort_by(|a, b| b.1.total_cmp(&a.1));
        peaks.truncate(MOST_THINGS);
        peaks
    }
}

/// So many square pictures, and behind them the same in a mirror.
fn with_mirrored(mut values: Vec<f32>, side_px: usize, count: usize) -> candle_core::Result<Tensor> {
    let end = values.len();
    values.extend_from_within(..);
    mirror(&mut values[end..], side_px);
    Tensor::from_vec(values, (2 * count, side_px, side_px, CHANNELS), &Device::Cpu)
}

/// SHA-256 as it stands in a configuration.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
