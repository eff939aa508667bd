//! Other paint on a built scene: every thing a little lighter, darker or off its colour, and surfaces in colours of
//! their own, some of them kept for the split `unlike`.

use mujoco_rs::wrappers::mj_model::{MjModel, MjtObjBase};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::Split;

/// Hues of painted surfaces to learn from, and those kept back, in turns of the circle.
const HUES: [f32; 2] = [0.0, 0.45];
const UNLIKE_HUES: [f32; 2] = [0.5, 0.75];

/// Repaints a model. Bodies called as in `surfaces` are surfaces.
pub(super) fn paint(model: &mut MjModel, split: Split, rng: &mut ChaCha8Rng) {
    let bodies: Vec<usize> = model.geom_bodyid().iter().map(|body| (*body).max(0) as usize).collect();
    let roots: Vec<usize> = bodies.iter().map(|body| (model.body_rootid()[*body]).max(0) as usize).collect();
    let surface = |body: usize| {
        let name = model.id_to_name(MjtObjBase::mjOBJ_BODY, body).unwrap_or_default();
        name.starts_with("table") || name.starts_with("wall")
    };
    let surfaces: Vec<bool> = bodies.iter().map(|body| surface(*body)).collect();
    let count = model.body_rootid().len();
    let shade: Vec<[f32; 3]> = (0..count)
        .map(|_| {
            let light = rng.random_range(0.92..1.08_f32);
            [0; 3].map(|_| light * rng.random_range(0.96..1.04_f32))
        })
        .collect();
    let ground = surface_color(split, rng);
    for (geom, rgba) in model.geom_rgba_mut().iter_mut().enumerate() {
        if let (true, Some(color)) = (surfaces[geom], ground) {
            rgba[..3].copy_from_slice(&color);
        }
        (0..3).for_each(|i| rgba[i] = (rgba[i] * shade[roots[geom]][i]).clamp(0.0, 1.0));
    }
    let floor = surface_color(split, rng);
    let tiles = model.name_to_id(MjtObjBase::mjOBJ_MATERIAL, "tiles");
    if let (Some(tiles), Some(color)) = (tiles, floor) {
        // The material's colour multiplies its picture of grey tiles.
        let [r, g, b] = color.map(|c| (c * 1.5).min(1.0));
        model.mat_rgba_mut()[tiles] = [r, g, b, 1.0];
    }
}

/// Paint of a surface; `None`: as it was.
fn surface_color(split: Split, rng: &mut ChaCha8Rng) -> Option<[f32; 3]> {
    let hues = if split == Split::Unlike { UNLIKE_HUES } else { HUES };
    if rng.random_bool(0.5) {
        return None;
    }
    let (hue, saturation) = (rng.random_range(hues[0]..hues[1]), rng.random_range(0.0..0.35_f32));
    let value = rng.random_range(0.35..0.95_f32);
    Some([5.0, 3.0, 1.0].map(|n: f32| {
        let k = (n + hue * 6.0) % 6.0;
        value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0)
    }))
}
