//! How a scene is seen: cameras, light, and what is wrong with the senses.

use serde::{Deserialize, Serialize};

use crate::rng::Range;

/// A camera that looks at the scene, or one that the MJCF already has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraSpec {
    /// What it is called.
    pub name: String,
    /// Name of a camera in the MJCF to use instead of placing one.
    #[serde(default)]
    pub mjcf: Option<String>,
    /// Where it stands, metres.
    #[serde(default = "eye")]
    pub eye_m: [Range; 3],
    /// What it looks at, metres.
    #[serde(default = "target")]
    pub target_m: [Range; 3],
    /// Vertical field of view, degrees.
    #[serde(default = "fov")]
    pub fov_deg: Range,
    /// Columns.
    #[serde(default = "pixels")]
    pub width_px: usize,
    /// Rows.
    #[serde(default = "pixels")]
    pub height_px: usize,
}

fn eye() -> [Range; 3] {
    [1.55, 0.0, 0.95].map(Range::Exactly)
}
fn target() -> [Range; 3] {
    [0.40, 0.0, 0.13].map(Range::Exactly)
}
fn fov() -> Range {
    Range::Exactly(45.0)
}
fn pixels() -> usize {
    384
}

impl Default for CameraSpec {
    fn default() -> Self {
        Self {
            name: "scene".to_owned(),
            mjcf: None,
            eye_m: eye(),
            target_m: target(),
            fov_deg: fov(),
            width_px: pixels(),
            height_px: pixels(),
        }
    }
}

/// Light of scenes of ours.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LightSpec {
    /// Brightness of the sun and the fill light, 1 as designed.
    pub brightness: Range,
    /// Direction the sun comes from, about the vertical, radians.
    pub azimuth_rad: Range,
    /// Height of the sun over the horizon, radians.
    pub elevation_rad: Range,
    /// Draw shadows and smooth edges? A frame then costs about five times as much.
    pub fine: bool,
}

impl Default for LightSpec {
    fn default() -> Self {
        Self {
            brightness: Range::Exactly(1.0),
            azimuth_rad: Range::Exactly(-1.2),
            elevation_rad: Range::Exactly(1.2),
            fine: false,
        }
    }
}

/// What is wrong with the senses, as with real ones. All off by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SensorSpec {
    /// Standard deviation of joint positions, radians.
    pub joint_pos_noise_rad: f64,
    /// Standard deviation of joint velocities, rad/s.
    pub joint_vel_noise_rad_s: f64,
    /// Control periods by which joint states come late, at most 32.
    pub latency_periods: usize,
    /// Chance of a camera frame to be lost.
    pub frame_drop: f64,
    /// How the base knows where it is.
    pub base: BaseSensing,
}

/// How a base knows where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaseSensing {
    /// By a localisation system without error.
    #[default]
    Localised,
    /// By counting its wheels' turns; drifts.
    Odometry,
}
