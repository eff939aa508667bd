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
