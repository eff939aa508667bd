//! Lessons side by side, as a step takes them: pixels with other light and noisy depth, what should be found in which
//! cell, and what should be said of it.

use candle_core::{Device, Result, Tensor};
use ponder_core::image::CameraFrame;
use ponder_core::lesson::Sighting;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::lessons::Lessons;
use crate::net::nano_eye::{Config, Spot};
use crate::perceive::nano::code::{KIND, OFFSET, Said, encode};
use crate::perceive::nano::input::{CHANNELS, fit, values};
use crate::perceive::nano::kinds::{KINDS, SLOTS};

/// From this share in sight, and so many pixels, a thing is to be found.
pub const VISIBLE_SHARE: f64 = 0.3;
/// Fewest pixels, of a picture of 192 by 192, of a thing that is to be found.
pub const VISIBLE_PX: f64 = 8.0;
/// Below this share it is not to be found; between, both are right.
const HIDDEN_SHARE: f64 = 0.05;

/// Is it to be found in a picture of so many pixels a side?
#[must_use]
pub fn is_visible(sighting: &Sighting, side_px: usize) -> bool {
    let scale = (side_px as f64 / 192.0).powi(2);
    sighting.visible_px >= VISIBLE_PX * scale && sighting.visible_px >= VISIBLE_SHARE * sighting.whole_px
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
        let (mut spots, mut saids): (Vec<Spot>, Vec<Said>) = (Vec::new(), Vec::new());
        let mut things = 0;
        for (picture, number) in numbers.iter().enumerate() {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(picture as u64 + 1);
            let Some(frame) = lessons.frame(*number) else { candle_core::bail!("there is no lesson {number}") };
            let mut frame = fit(&frame, side_px).map_err(candle_core::Error::msg)?;
            disturb(&mut frame, &mut rng);
            values(&frame, side_px, &mut pixels);
            let planes = picture * plane..(picture + 1) * plane;
            let (centers, counts) = (&mut centers[planes.clone()], &mut counts[planes]);
            let mut best: Vec<(usize, f64, Said)> = Vec::new();
            for sighting in &lessons.all()[*number].objects {
                let Some(said) = encode(&sighting.object, &frame, cells) else { continue };
                let at = (said.row * cells + said.column) * SLOTS + KINDS[said.kind].slot;
                if !is_visible(sighting, side_px) {
                    if sighting.visible_px > 2.0 && sighting.visible_px > HIDDEN_SHARE * sighting.whole_px {
                        near(&said, cells).for_each(|(cell, _)| counts[cell * SLOTS + KINDS[said.kind].slot] = 0.0);
                    }
                    continue;
                }
                match best.iter_mut().find(|other| other.0 == at) {
                    Some(other) if other.1 < sighting.visible_px => *other = (at, sighting.visible_px, said),
                    Some(_) => {}
                    None => best.push((at, sighting.visible_px, said)),
                }
            }
            things += best.len();
            for (at, _, said) in best {
                let slot = KINDS[said.kind].slot;
                for (cell, weight) in near(&said, cells) {
                    let to = &mut centers[cell * SLOTS + slot];
                    *to = to.max(weight);
                }
                (centers[at], counts[at]) = (1.0, 1.0);
                spots.push(Spot { picture, row: said.row, column: said.column, slot });
                // What is found one cell off must be said as well.
                let step =
                    |at: usize, rng: &mut ChaCha8Rng| (at + rng.random_range(0..3)).saturating_sub(1).min(cells - 1);
                let (row, column) = (step(said.row, &mut rng), step(said.column, &mut rng));
                let mut beside = said.clone();
                beside.numbers[OFFSET] += said.column as f32 - column as f32;
                beside.numbers[OFFSET + 1] += said.row as f32 - row as f32;
                saids.push(said);
                spots.push(Spot { picture, row, column, slot });
                saids.push(beside);
            }
        }
        let (device, batch) = (&Device::Cpu, numbers.len());
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
            spots,
        })
    }
}

/// The cells around a middle with how much of a find each is: less with the distance.
fn near(said: &Said, cells: usize) -> impl Iterator<Item = (usize, f32)> + use<> {
    let (x, y) = (said.column as f32 + 0.5 + said.numbers[OFFSET], said.row as f32 + 0.5 + said.numbers[OFFSET + 1]);
    let (row, column) = (said.row, said.column);
    (0..9).filter_map(move |i| {
        let (r, c) = ((row + i / 3).checked_sub(1)?, (column + i % 3).checked_sub(1)?);
        let off = (c as f32 + 0.5 - x).powi(2) + (r as f32 + 0.5 - y).powi(2);
        (r < cells && c < cells).then(|| (r * cells + c, 0.9 * (-off).exp()))
    })
}

/// Other light, a noisy camera, and depth as real sensors give it: off by a little, with holes.
fn disturb(frame: &mut CameraFrame, rng: &mut ChaCha8Rng) {
    let light = rng.random_range(0.85..1.15_f32);
    let gains = [0; 3].map(|_| light * rng.random_range(0.96..1.04_f32));
    let noise = rng.random_range(0.0..5.0_f32);
    let mut rough = |by: f32| (rng.random::<f32>() + rng.random::<f32>() + rng.random::<f32>() - 1.5) * 2.0 * by;
    let rgb = frame
        .rgb
        .iter()
        .enumerate()
        .map(|(i, v)| (f32::from(*v) * gains[i % 3] + rough(noise)).clamp(0.0, 255.0) as u8);
    frame.rgb = rgb.collect();
    if let Some(depth_m) = &frame.depth_m {
        let (noise, holes) = (rng.random_range(0.0..0.0015_f32), rng.random_range(0.0..0.01_f32));
        let hole = |d: f32, rng: &mut ChaCha8Rng| {
            let off = (rng.random::<f32>() + rng.random::<f32>() - 1.0) * 2.0 * noise;
            if rng.random::<f32>() < holes { f32::NAN } else { d + off * d }
        };
        frame.depth_m = Some(depth_m.iter().map(|d| hole(*d, rng)).collect());
    }
}
