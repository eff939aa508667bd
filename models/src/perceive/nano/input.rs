//! What the eye is shown of a frame: colours, and for every pixel how high over the world's ground it lies and how far
//! away it is. Height is what sets a thing off from what it stands on, under any paint.

use ponder_core::Vec3;
use ponder_core::image::{CameraFrame, Intrinsics};

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
