//! Camera frames as they travel the ring: shared, immutable pixels with the geometry needed to use them.

use std::sync::Arc;

use arrayvec::ArrayString;
use serde::{Deserialize, Serialize};

use crate::{Pose, Stamp, Vec3};

/// Name of a camera, e.g. `scene` or `wrist`.
pub type CameraName = ArrayString<24>;

/// Pinhole intrinsics in pixels, no distortion (ROS `CameraInfo.k`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intrinsics {
    /// Focal length along columns.
    pub fx_px: f64,
    /// Focal length along rows.
    pub fy_px: f64,
    /// Principal point, column.
    pub cx_px: f64,
    /// Principal point, row.
    pub cy_px: f64,
}

impl Intrinsics {
    /// The point in the optical frame (x right, y down, z forward; REP-103) seen at a pixel with a depth in metres.
    pub fn deproject(&self, column_px: f64, row_px: f64, depth_m: f64) -> Vec3 {
        Vec3::new((column_px - self.cx_px) / self.fx_px, (row_px - self.cy_px) / self.fy_px, 1.0) * depth_m
    }

    /// Pixel (column, row) of a point in the optical frame, `None` behind the camera.
    pub fn project(&self, point_m: &Vec3) -> Option<(f64, f64)> {
        (point_m.z > 1e-6)
            .then(|| (self.fx_px * point_m.x / point_m.z + self.cx_px, self.fy_px * point_m.y / point_m.z + self.cy_px))
    }
}

/// One camera's picture and where it was taken from.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraFrame {
    /// Which camera.
    pub name: CameraName,
    /// When the shutter fired.
    pub stamp: Stamp,
    /// Columns.
    pub width_px: usize,
    /// Rows.
    pub height_px: usize,
    /// RGB, u8, row-major `[h, w, 3]`.
    pub rgb: Arc<[u8]>,
    /// Depth along the optical axis, f32 metres, `[h, w]` (REP-118); NaN where there is none (REP-117).
    pub depth_m: Option<Arc<[f32]>>,
    /// Pinhole model.
    pub intrinsics: Intrinsics,
    /// Pose of the optical frame (x right, y down, z forward) in the world.
    pub world_from_camera: Pose,
}

/// A box in a picture, pixels: from the upper left corner of the first to the lower right of the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// First column.
    pub left_px: f64,
    /// First row.
    pub top_px: f64,
    /// End of the columns.
    pub right_px: f64,
    /// End of the rows.
    pub bottom_px: f64,
}

impl CameraFrame {
    /// The frame in so many columns and rows, at most its own: colours are averaged over the pixels that fall together,
    /// of their depths the nearest counts. `None` for a size of nothing, larger than the frame, or pixels that are not
    /// as many as the frame says.
    pub fn shrunk(&self, width_px: usize, height_px: usize) -> Option<Self> {
        let (wide, high) = (self.width_px, self.height_px);
        let fits = (1..=wide).contains(&width_px) && (1..=high).contains(&height_px);
        let depth_m = self.depth_m.as_deref();
        if !fits || self.rgb.len() != wide * high * 3 || depth_m.is_some_and(|d| d.len() != wide * high) {
            return None;
        }
        let run = |i: usize, from: usize, to: usize| (i * from / to)..((i + 1) * from / to).max(i * from / to + 1);
        let mut rgb = Vec::with_capacity(width_px * height_px * 3);
        let mut nearest_m = Vec::with_capacity(if depth_m.is_some() { width_px * height_px } else { 0 });
        for row in 0..height_px {
            for column in 0..width_px {
                let (mut sum, mut count, mut near_m) = ([0_u32; 3], 0, f32::NAN);
                for y in run(row, high, height_px) {
                    for x in run(column, wide, width_px) {
                        let pixel = y * wide + x;
                        (0..3).for_each(|c| sum[c] += u32::from(self.rgb[pixel * 3 + c]));
                        count += 1;
                        near_m = near_m.min(depth_m.map_or(f32::NAN, |d| d[pixel]));
                    }
                }
                rgb.extend(sum.map(|s| ((s + count / 2) / count) as u8));
                if depth_m.is_some() {
                    nearest_m.push(near_m);
                }
            }
        }
        let (x, y) = (width_px as f64 / wide as f64, height_px as f64 / high as f64);
        let Intrinsics { fx_px, fy_px, cx_px, cy_px } = self.intrinsics;
        let intrinsics = Intrinsics {
            fx_px: fx_px * x,
            fy_px: fy_px * y,
            cx_px: (cx_px + 0.5) * x - 0.5,
            cy_px: (cy_px + 0.5) * y - 0.5,
        };
        let depth_m = depth_m.is_some().then(|| nearest_m.into());
        Some(Self { width_px, height_px, rgb: rgb.into(), depth_m, intrinsics, ..self.clone() })
    }

    /// The box around where a box in the world (its pose and size) shows in the picture, cut at the picture's edges; what
    /// stands before it is not looked at. `None`: it lies outside, or a corner of it behind the camera.
    pub fn bounds_of(&self, world_from_box: &Pose, size_m: &Vec3) -> Option<Bounds> {
        let camera_from_box = self.world_from_camera.inverse() * world_from_box;
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for corner in 0..8_u8 {
            let side = |axis: u8| if corner >> axis & 1 == 0 { -0.5 } else { 0.5 };
            let at = Vec3::new(side(0) * size_m.x, side(1) * size_m.y, side(2) * size_m.z);
            let (column, row) = self.intrinsics.project(&(camera_from_box * nalgebra::Point3::from(at)).coords)?;
            for (axis, value) in [column, row].into_iter().enumerate() {
                (low[axis], high[axis]) = (low[axis].min(value), high[axis].max(value));
            }
        }
        let (width, height) = (self.width_px as f64, self.height_px as f64);
        let bounds = Bounds {
            left_px: low[0].max(0.0),
            top_px: low[1].max(0.0),
            right_px: high[0].min(width),
            bottom_px: high[1].min(height),
        };
        (bounds.left_px < bounds.right_px && bounds.top_px < bounds.bottom_px).then_some(bounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> CameraFrame {
        CameraFrame {
            name: CameraName::from("test").unwrap(),
            stamp: Stamp(0),
            width_px: 100,
            height_px: 80,
            rgb: Arc::from([]),
            depth_m: None,
            intrinsics: Intrinsics { fx_px: 100.0, fy_px: 100.0, cx_px: 50.0, cy_px: 40.0 },
            world_from_camera: Pose::identity(),
        }
    }

    #[test]
    fn a_box_shows_where_its_corners_do() {
        let at = |x: f64, z: f64| Pose::translation(x, 0.0, z);
        let bounds = frame().bounds_of(&at(0.0, 2.1), &Vec3::new(0.4, 0.2, 0.2)).unwrap();
        assert!((bounds.left_px - 40.0).abs() < 1e-9 && (bounds.right_px - 60.0).abs() < 1e-9, "{bounds:?}");
        assert!((bounds.top_px - 35.0).abs() < 1e-9 && (bounds.bottom_px - 45.0).abs() < 1e-9, "{bounds:?}");
        let cut = frame().bounds_of(&at(1.0, 2.1), &Vec3::new(0.4, 0.2, 0.2)).unwrap();
        assert!((cut.right_px - 100.0).abs() < 1e-9);
        assert_eq!(frame().bounds_of(&at(5.0, 2.0), &Vec3::new(0.4, 0.2, 0.2)), None, "beside the picture");
        assert_eq!(frame().bounds_of(&at(0.0, 0.05), &Vec3::new(0.4, 0.2, 0.2)), None, "around the lens");
        assert_eq!(frame().bounds_of(&at(0.0, -2.0), &Vec3::new(0.4, 0.2, 0.2)), None, "behind");
    }
}
