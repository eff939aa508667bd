//! The view that janus-nano draws: one camera over the middle of the table, always the same, and pictures of four
//! channels, in which a height over the table stands beside red, green and blue. With the camera known a height is a depth,
//! so what was drawn can be shown to an eye that needs one. Between the imaginer and the perceiver of the ring.

use serde::{Deserialize, Serialize};

use crate::image::{CameraFrame, CameraName, Intrinsics};
use crate::{Pose, Rotation, Stamp, Vec3};

/// Channels of a pixel: red, green, blue, height.
pub const CHANNELS: usize = 4;

/// A camera that stays, and how heights are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Where it stands over a table whose top is z = 0, metres.
    pub eye_m: [f64; 3],
    /// What it looks at, metres.
    pub target_m: [f64; 3],
    /// Field of view, degrees.
    pub fov_deg: f64,
    /// Columns and rows of its picture.
    pub side_px: usize,
    /// The height that is written as 255; the table is 0, metres.
    pub highest_m: f64,
    /// Columns and rows of the picture of a camera at the same place that sees more of the table: what an eye is shown.
    pub wide_px: usize,
    /// How many times as fine that picture is: an eye knows things best at the size that it learned them.
    pub finer: f64,
}

impl View {
    /// The one that the lessons are drawn from: where a scene's usual camera looks from, but only at the middle of the
    /// table. A block of 4 cm is 13 pixels wide.
    pub const TABLE: Self = Self {
        eye_m: [1.35, 0.0, 0.90],
        target_m: [0.46, 0.0, 0.0],
        fov_deg: 18.0,
        side_px: 128,
        highest_m: 0.16,
        wide_px: 384,
        finer: 1.15,
    };

    /// Pose of the optical frame; `None` where it looks nowhere, or straight up or down.
    #[must_use]
    pub fn world_from_camera(&self) -> Option<Pose> {
        let eye_m = Vec3::from(self.eye_m);
        let forward = (Vec3::from(self.target_m) - eye_m).try_normalize(1e-6)?;
        let right = forward.cross(&Vec3::z()).try_normalize(1e-3)?;
        let rotation = Rotation::from_basis_unchecked(&[right, forward.cross(&right), forward]);
        Some(Pose::from_parts(eye_m.into(), rotation))
    }

    /// Pinhole model of a picture with so many columns and rows around its middle, so many times as fine.
    #[must_use]
    pub fn intrinsics(&self, side_px: usize, finer: f64) -> Intrinsics {
        let focal_px = self.side_px as f64 * 0.5 / (self.fov_deg.to_radians() * 0.5).tan() * finer;
        let middle_px = (side_px as f64 - 1.0) * 0.5;
        Intrinsics { fx_px: focal_px, fy_px: focal_px, cx_px: middle_px, cy_px: middle_px }
    }

    /// Pixels [side, side, [`CHANNELS`]] of a frame of this camera; `None` for one of another size or without depth.
    #[must_use]
    pub fn pixels(&self, frame: &CameraFrame) -> Option<Vec<u8>> {
        let (side, pixels) = (self.side_px, self.side_px * self.side_px);
        let depth_m = frame.depth_m.as_deref().filter(|depth| depth.len() == pixels)?;
        if (frame.width_px, frame.height_px, frame.rgb.len()) != (side, side, pixels * 3) {
            return None;
        }
        let down = row_z(&frame.world_from_camera);
        let mut out = Vec::with_capacity(pixels * CHANNELS);
        for (pixel, depth) in depth_m.iter().enumerate() {
            let at = frame.intrinsics.deproject((pixel % side) as f64, (pixel / side) as f64, 1.0);
            let high_m = frame.world_from_camera.translation.z + down.dot(&at) * f64::from(*depth);
            out.extend_from_slice(&frame.rgb[pixel * 3..pixel * 3 + 3]);
            // What has no depth is far below.
            out.push((high_m / self.highest_m * 255.0).round().clamp(0.0, 255.0) as u8);
        }
        Some(out)
    }

    /// The frame that an eye is shown for pixels [side, side, [`CHANNELS`]]: in its middle the picture, around it a table
    /// of the colour that most of the picture's edge has. `None` where the pixels are not as many, or the view makes no
    /// sense.
    #[must_use]
    pub fn frame(&self, pixels: &[u8]) -> Option<CameraFrame> {
        let (side, wide) = (self.side_px, self.wide_px);
        let count = side * side * CHANNELS;
        let is_fine = self.finer.is_finite() && self.finer > 0.0;
        if pixels.len() != count || side == 0 || wide == 0 || !is_fine || self.highest_m.is_nan() {
            return None;
        }
        let world_from_camera = self.world_from_camera()?;
        let intrinsics = self.intrinsics(wide, self.finer);
        let down = row_z(&world_from_camera);
        let around = edge(pixels, side);
        let (mut rgb, mut depth_m) = (Vec::with_capacity(wide * wide * 3), Vec::with_capacity(wide * wide));
        for row in 0..wide {
            for column in 0..wide {
                let place = |px: usize| {
                    let at = (px as f64 - (wide as f64 - 1.0) * 0.5) / self.finer + (side as f64 - 1.0) * 0.5;
                    (-0.5..side as f64 - 0.5).contains(&at).then_some(at.clamp(0.0, side as f64 - 1.0))
                };
                let inside = place(row).zip(place(column));
                // Between pixels colours are blended, but not heights: there is nothing between a thing and the table.
                let at = |(y, x): (f64, f64)| pixels[(y.round() as usize * side + x.round() as usize) * CHANNELS + 3];
                let (color, high) = (inside.map_or(around, |(y, x)| blend(pixels, side, y, x)), inside.map_or(0, at));
                rgb.extend_from_slice(&color);
                let high_m = f64::from(high) / 255.0 * self.highest_m;
                let fall = down.dot(&intrinsics.deproject(column as f64, row as f64, 1.0));
                let depth = (high_m - self.eye_m[2]) / fall;
                depth_m.push(if fall < -1e-3 && depth > 0.0 { depth as f32 } else { f32::NAN });
            }
        }
        Some(CameraFrame {
            name: CameraName::from("imagined").ok()?,
            stamp: Stamp(0),
            width_px: wide,
            height_px: wide,
            rgb: rgb.into(),
            depth_m: Some(depth_m.into()),
            intrinsics,
            world_from_camera,
        })
    }
}

/// The world's z of the camera's axes.
fn row_z(world_from_camera: &Pose) -> Vec3 {
    world_from_camera.rotation.to_rotation_matrix().matrix().row(2).transpose()
}

/// The colour between four pixels.
fn blend(pixels: &[u8], side: usize, y: f64, x: f64) -> [u8; 3] {
    let (top, left) = (y.floor() as usize, x.floor() as usize);
    let (down, right) = (y - top as f64, x - left as f64);
    let at = |row: usize, column: usize, channel: usize| {
        f64::from(pixels[(row.min(side - 1) * side + column.min(side - 1)) * CHANNELS + channel])
    };
    [0, 1, 2].map(|c| {
        let above = at(top, left, c) * (1.0 - right) + at(top, left + 1, c) * right;
        let below = at(top + 1, left, c) * (1.0 - right) + at(top + 1, left + 1, c) * right;
        (above * (1.0 - down) + below * down).round() as u8
    })
}

/// The middle one of the colours along the edge, channel by channel.
fn edge(pixels: &[u8], side: usize) -> [u8; 3] {
    [0, 1, 2].map(|channel| {
        let at = |row: usize, column: usize| pixels[(row * side + column) * CHANNELS + channel];
        let mut all: Vec<u8> = (0..side).flat_map(|i| [at(0, i), at(side - 1, i), at(i, 0), at(i, side - 1)]).collect();
        all.sort_unstable();
        all[all.len() / 2]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_become_depths_and_heights_again() {
        let view = View { finer: 1.0, ..View::TABLE };
        let side = view.side_px;
        let pixels: Vec<u8> =
            (0..side * side).flat_map(|i| [200, 180, 150, if i / side > 40 { (i % side) as u8 } else { 0 }]).collect();
        let wide = view.frame(&pixels).unwrap();
        assert_eq!((wide.width_px, wide.rgb.len()), (view.wide_px, view.wide_px * view.wide_px * 3));
        // Its middle, as a camera of the view itself would have taken it.
        let start = (view.wide_px - side) / 2;
        let inner = |i: usize| (i / side + start) * view.wide_px + i % side + start;
        let depth_m = wide.depth_m.as_deref().unwrap();
        let frame = CameraFrame {
            width_px: side,
            height_px: side,
            rgb: (0..side * side).flat_map(|i| wide.rgb[inner(i) * 3..inner(i) * 3 + 3].to_vec()).collect(),
            depth_m: Some((0..side * side).map(|i| depth_m[inner(i)]).collect()),
            intrinsics: view.intrinsics(side, 1.0),
            ..wide.clone()
        };
        assert_eq!(view.pixels(&frame).unwrap(), pixels);
        assert_eq!(view.frame(&pixels[1..]), None);
        assert_eq!(View { finer: 0.0, ..view.clone() }.frame(&pixels), None);
        assert_eq!(view.pixels(&wide), None);
    }

    #[test]
    fn a_block_is_wide_enough_and_the_middle_is_the_target() {
        let view = View::TABLE;
        let camera = view.world_from_camera().unwrap();
        let at = camera.inverse_transform_point(&Vec3::from(view.target_m).into()).coords;
        let (column, row) = view.intrinsics(view.side_px, 1.0).project(&at).unwrap();
        assert!((column - 63.5).abs() < 1e-9 && (row - 63.5).abs() < 1e-9);
        assert!(view.intrinsics(view.side_px, 1.0).fx_px * 0.04 / at.z > 12.0);
    }
}
