//! Lessons side by side, as a step takes them: pixels with other light and noisy depth, half of them mirrored, what should
//! be found in which cell, and what should be said of it.

use candle_core::{Device, Result, Tensor};
use ponder_core::lesson::Sighting;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::disturb::Weather;
use super::lessons::Lessons;
use crate::net::nano_eye::{Config, FINE, Spot};
use crate::perceive::nano::code::{DEPTH, KIND, OFFSET, Said, encode};
use crate::perceive::nano::input::{CHANNELS, close_values, closeup, fit, mirror, values};
use crate::perceive::nano::kinds::{KINDS, SLOTS};

/// From this share in sight, and so many pixels, a thing is to be found.
pub const VISIBLE_SHARE: f64 = 0.3;
/// Fewest pixels, of a picture of 192 by 192, of a thing that is to be found.
pub const VISIBLE_PX: f64 = 8.0;
/// The same of a drawer: shut, it shows its handle and the rim of its front, and yet all know that it is there.
pub const VISIBLE_SHARE_DRAWER: f64 = 0.008;
/// Below this part of that share it is not to be found; between, both are right.
const HIDDEN_PART: f64 = 1.0 / 6.0;

fn least_px(sighting: &Sighting) -> f64 {
    let share = if sighting.object.label.as_str() == "drawer" { VISIBLE_SHARE_DRAWER } else { VISIBLE_SHARE };
    share * sighting.whole_px
}

/// Is it to be found in a picture of so many pixels a side?
#[must_use]
pub fn is_visible(sighting: &Sighting, side_px: usize) -> bool {
    let scale = (side_px as f64 / 192.0).powi(2);
    sighting.visible_px >= VISIBLE_PX * scale && sighting.visible_px >= least_px(sighting)
}

/// Does it show enough of itself to tell its colour by? A drawer that is shut and seen from behind shows its handle alone.
#[must_use]
pub fn shows_color(sighting: &Sighting, side_px: usize) -> bool {
    let scale = (side_px as f64 / 192.0).powi(2);
    sighting.body_px.is_none_or(|body_px| body_px >= VISIBLE_PX * scale)
}

/// A few lessons as tensors.
pub struct Batch {
    /// Pictures [batch, side, side, channels].
    pub pictures: Tensor,
    /// 1 where a thing has its middle, less beside it, else 0 [batch, cells, cells, slots].
    pub centers: Tensor,
    /// 0 where both are right, else 1, of the same shape.
    pub counts: Tensor,
    /// Things in them.
    pub things: usize,
    /// Cells to ask.
    pub spots: Vec<Spot>,
    /// Their close-ups [spots, fovea, fovea, channels].
    pub closeups: Tensor,
    /// What should be said of them [spots, [`KIND`]].
    pub numbers: Tensor,
    /// 1 where it is said, of the same shape.
    pub said: Tensor,
    /// Kinds `[spots]`, u32.
    pub kinds: Tensor,
    /// Colours `[spots]`, u32.
    pub colors: Tensor,
}

impl Batch {
    /// The batch of these lessons; chance (light, noise, neighbours) comes from `seed` and each lesson's place in it.
    ///
    /// # Errors
    /// A lesson that is not there or can't be shown to the eye.
    pub fn new(lessons: &Lessons, numbers: &[usize], config: &Config, seed: u64) -> Result<Self> {
        let (cells, side_px) = (config.cells(), config.side_px);
        let plane = cells * cells * SLOTS;
        let mut pixels = Vec::with_capacity(numbers.len() * side_px * side_px * CHANNELS);
        let (mut centers, mut counts) = (vec![0f32; numbers.len() * plane], vec![1f32; numbers.len() * plane]);
        let (mut spots, mut saids, mut close): (Vec<Spot>, Vec<Said>, Vec<f32>) = Default::default();
        let mut things = 0;
        for (picture, number) in numbers.iter().enumerate() {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(picture as u64 + 1);
            let Some(whole) = lessons.frame(*number) else { candle_core::bail!("there is no lesson {number}") };
            let mut frame = fit(&whole, side_px).map_err(candle_core::Error::msg)?;
            let (weather, is_mirrored) = (Weather::draw(&mut rng), rng.random_bool(0.5));
            weather.disturb(&mut frame, &mut rng);
            let add = |into: &mut Vec<f32>, row_px: usize, fill: &mut dyn FnMut(&mut Vec<f32>)| {
                let start = into.len();
                fill(into);
                if is_mirrored {
                    mirror(&mut into[start..], row_px);
                }
            };
            add(&mut pixels, side_px, &mut |into| values(&frame, side_px, into));
            let planes = picture * plane..(picture + 1) * plane;
            let (centers, counts) = (&mut centers[planes.clone()], &mut counts[planes]);
            let mut best: Vec<(usize, f64, Said, f64)> = Vec::new();
            for sighting in &lessons.all()[*number].objects {
                let Some(said) = encode(&sighting.object, &frame, cells) else { continue };
                let said = if is_mirrored { said.mirrored(cells) } else { said };
                let depth_m = f64::from(said.numbers[DEPTH]).exp();
                let across = sighting.object.size_m.max() * frame.intrinsics.fx_px / depth_m / FINE as f64;
                let at = (said.row * cells + said.column) * SLOTS + KINDS[said.kind].slot;
                if !is_visible(sighting, lessons.shelf().width_px) {
                    if sighting.visible_px > 2.0 && sighting.visible_px > HIDDEN_PART * least_px(sighting) {
                        near(&said, across, cells)
                            .for_each(|(cell, _)| counts[cell * SLOTS + KINDS[said.kind].slot] = 0.0);
                    }
                    continue;
                }
                match best.iter_mut().find(|other| other.0 == at) {
                    Some(other) if other.1 < sighting.visible_px => *other = (at, sighting.visible_px, said, across),
                    Some(_) => {}
                    None => best.push((at, sighting.visible_px, said, across)),
                }
            }
            things += best.len();
            for (_, _, said, across) in &best {
                let slot = KINDS[said.kind].slot;
                for (cell, weight) in near(said, *across, cells) {
                    let to = &mut centers[cell * SLOTS + slot];
                    *to = to.max(weight);
                }
            }
            for (at, _, said, across) in best {
                (centers[at], counts[at]) = (1.0, 1.0);
                let slot = KINDS[said.kind].slot;
                // What is found a cell off, or more where it is large, must be said as well.
                let reach = spread(across) as usize + 1;
                let step = |at: usize, rng: &mut ChaCha8Rng| {
                    (at + rng.random_range(0..=2 * reach)).saturating_sub(reach).min(cells - 1)
                };
                let beside = said.seen_from(step(said.row, &mut rng), step(said.column, &mut rng));
                for said in [said, beside] {
                    let (row, column) = (said.row, said.column);
                    spots.push(Spot { picture, row, column, slot });
                    saids.push(said);
                    let there = (row, if is_mirrored { cells - 1 - column } else { column });
                    let mut shot = closeup(&whole, side_px, there, config.fovea_px);
                    weather.disturb(&mut shot, &mut rng);
                    add(&mut close, config.fovea_px, &mut |into| close_values(&shot, into));
                }
            }
        }
        let (device, batch, fovea_px) = (&Device::Cpu, numbers.len(), config.fovea_px);
        let shape = (batch, cells, cells, SLOTS);
        let flags = |said: &Said| said.said.map(|s| f32::from(u8::from(s)));
        Ok(Self {
            pictures: Tensor::from_vec(pixels, (batch, side_px, side_px, CHANNELS), device)?,
            centers: Tensor::from_vec(centers, shape, device)?,
            counts: Tensor::from_vec(counts, shape, device)?,
            things,
            numbers: Tensor::from_vec(saids.iter().flat_map(|s| s.numbers).collect(), (saids.len(), KIND), device)?,
            said: Tensor::from_vec(saids.iter().flat_map(flags).collect(), (saids.len(), KIND), device)?,
            kinds: Tensor::from_vec(saids.iter().map(|s| s.kind as u32).collect(), saids.len(), device)?,
            colors: Tensor::from_vec(saids.iter().map(|s| s.color as u32).collect(), saids.len(), device)?,
            closeups: Tensor::from_vec(close, (spots.len(), fovea_px, fovea_px, CHANNELS), device)?,
            spots,
        })
    }
}

/// How far the finds of a thing so many cells wide spread, in cells.
fn spread(across: f64) -> f64 {
    (across * 0.08).clamp(0.7, 3.0)
}

/// The cells around the middle of a thing so many cells wide, with how much of a find each is: less with the distance,
/// and less fast for what is large, whose middle is harder to tell.
fn near(said: &Said, across: f64, cells: usize) -> impl Iterator<Item = (usize, f32)> + use<> {
    let (x, y) = (said.column as f32 + 0.5 + said.numbers[OFFSET], said.row as f32 + 0.5 + said.numbers[OFFSET + 1]);
    let (row, column) = (said.row, said.column);
    let wide = spread(across) as f32;
    let reach = (wide * 1.5) as usize;
    let side = 2 * reach + 1;
    (0..side * side).filter_map(move |i| {
        let (r, c) = ((row + i / side).checked_sub(reach)?, (column + i % side).checked_sub(reach)?);
        let off = (c as f32 + 0.5 - x).powi(2) + (r as f32 + 0.5 - y).powi(2);
        (r < cells && c < cells).then(|| (r * cells + c, 0.9 * (-off / (2.0 * wide * wide)).exp()))
    })
}
