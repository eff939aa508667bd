//! What the eye is shown of a frame: colours, and for every pixel how high over the world's ground it lies and how far
//! away it is. Height is what sets a thing off from what it stands on, under any paint.

use ponder_core::Vec3;
use ponder_core::image::{CameraFrame, Intrinsics};

use crate::net::nano_eye::{FINE, FINER};

/// Channels of a pixel: red, green, blue, height finely, height coarsely, distance.
pub const CHANNELS: usize = 6;
/// Channel of the fine height.
const LOW: f64 = -0.1;
const HIGH: f64 = 0.5;

/// A frame as the eye sees it: square, its longer side filling it, nothing below or beside.
///
/// # Errors
/// Why the frame can't be used, in words.
pub fn fit(frame: &CameraFrame, side_px: usize) -> Result<CameraFrame, String> {
    let (wide, high) = (frame.width_px, frame.height_px);
    let pixels = wide * high;
    if pixels == 0 || frame.rgb.len() != pixels * 3 {
        return Err(format!("{} bytes of pixels for {wide} × {high}", frame.rgb.len()));
    }
    match &frame.depth_m {
        None => return Err("no depth picture comes with it".to_owned()),
        Some(depth) if depth.len() != pixels => return Err(format!("{} depths for {pixels} pixels", depth.len())),
        Some(_) => {}
    }
    let longer = wide.max(high);
    let along = |px: usize| (px * side_px / longer).max(1);
    if longer < side_px {
        return Err(format!("{wide} × {high} pixels are fewer than the {side_px} that are looked at"));
    }
    frame.shrunk(along(wide), along(high)).ok_or_else(|| format!("{wide} × {high} pixels can't be shrunk"))
}

/// Values of a fitted frame's pixels [side, side, [`CHANNELS`]], added to `into`; zeros where there is no picture.
pub fn values(frame: &CameraFrame, side_px: usize, into: &mut Vec<f32>) {
    let (rotation, eye_m) =
        (frame.world_from_camera.rotation.to_rotation_matrix(), frame.world_from_camera.translation);
    let down: Vec3 = rotation.matrix().row(2).transpose();
    let Intrinsics { fx_px, fy_px, cx_px, cy_px } = frame.intrinsics;
    let depth_m = frame.depth_m.as_deref().unwrap_or(&[]);
    for row in 0..side_px {
        for column in 0..side_px {
            if row >= frame.height_px || column >= frame.width_px {
                into.extend([0.0; CHANNELS]);
                continue;
            }
            let pixel = row * frame.width_px + column;
            let rgb = [0, 1, 2].map(|c| f32::from(frame.rgb[pixel * 3 + c]) / 127.5 - 1.0);
            let depth = depth_m.get(pixel).copied().map_or(f64::NAN, f64::from);
            let measured = depth.is_finite() && depth > 0.0;
            let (low, high, far) = if measured {
                let (x, y) = ((column as f64 - cx_px) / fx_px, (row as f64 - cy_px) / fy_px);
                let z_m = (down.x * x + down.y * y + down.z) * depth + eye_m.z;
                (z_m.clamp(LOW, HIGH) * 5.0, z_m.clamp(-1.0, 2.0), (1.0 / depth.max(0.1)).min(4.0) - 1.0)
            } else {
                (0.0, -1.0, -1.0)
            };
            into.extend([rgb[0], rgb[1], rgb[2], low as f32, high as f32, far as f32]);
        }
    }
}

/// Turns rows of so many pixels around, left to right.
pub fn mirror(values: &mut [f32], row_px: usize) {
    for row in values.chunks_exact_mut(row_px * CHANNELS) {
        for i in 0..row_px / 2 {
            (0..CHANNELS).for_each(|channel| row.swap(i * CHANNELS + channel, (row_px - 1 - i) * CHANNELS + channel));
        }
    }
}

/// Channel of the height over the close-up's middle in a close-up, in place of the fine height.
const RELIEF: usize = 3;

/// The close-up of a fine cell of the fitted frame, from the whole frame: `fovea_px` a side, [`FINER`] times as fine. Beyond
/// the picture's edge it is grey and has no depth.
#[must_use]
pub fn closeup(frame: &CameraFrame, side_px: usize, (row, column): (usize, usize), fovea_px: usize) -> CameraFrame {
    let (wide, high) = (frame.width_px, frame.height_px);
    let step = wide.max(high) as f64 / (side_px * FINER) as f64;
    let first = |cell: usize| ((cell * FINE + FINE / 2) * FINER) as f64 - fovea_px as f64 * 0.5;
    let (left, top) = (first(column), first(row));
    let at = |from: f64, i: usize, end: usize| {
        let px = ((from + i as f64 + 0.5) * step).floor();
        (px >= 0.0 && px < end as f64).then_some(px as usize)
    };
    let depth_m = frame.depth_m.as_deref().unwrap_or(&[]);
    let (mut rgb, mut depth) = (Vec::with_capacity(fovea_px * fovea_px * 3), Vec::with_capacity(fovea_px * fovea_px));
    for i in 0..fovea_px * fovea_px {
        let pixel = at(top, i / fovea_px, high).zip(at(left, i % fovea_px, wide)).map(|(y, x)| y * wide + x);
        rgb.extend_from_slice(pixel.and_then(|p| frame.rgb.get(p * 3..p * 3 + 3)).unwrap_or(&[128; 3]));
        depth.push(pixel.and_then(|p| depth_m.get(p)).copied().unwrap_or(f32::NAN));
    }
    let Intrinsics { fx_px, fy_px, cx_px, cy_px } = frame.intrinsics;
    let intrinsics = Intrinsics {
        fx_px: fx_px / step,
        fy_px: fy_px / step,
        cx_px: (cx_px + 0.5) / step - 0.5 - left,
        cy_px: (cy_px + 0.5) / step - 0.5 - top,
    };
    CameraFrame {
        width_px: fovea_px,
        height_px: fovea_px,
        rgb: rgb.into(),
        depth_m: Some(depth.into()),
        intrinsics,
        ..frame.clone()
    }
}

/// Values of a close-up's pixels [fovea, fovea, [`CHANNELS`]], added to `into`: the fine height is the one over its middle.
pub fn close_values(closeup: &CameraFrame, into: &mut Vec<f32>) {
    let (side, start) = (closeup.width_px, into.len());
    values(closeup, side, into);
    let pixels = &mut into[start..];
    let depth_m = closeup.depth_m.as_deref().unwrap_or(&[]);
    let middle = (side / 2 * side + side / 2) * CHANNELS + RELIEF;
    let over = pixels.get(middle).copied().unwrap_or(0.0);
    for (pixel, depth) in pixels.chunks_exact_mut(CHANNELS).zip(depth_m) {
        pixel[RELIEF] = if depth.is_finite() { ((pixel[RELIEF] - over) * 4.0).clamp(-2.0, 2.0) } else { 0.0 };
    }
}
