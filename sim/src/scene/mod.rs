//! A scene as it is written down: surroundings, robot, objects, cameras, light, sensors. Plain data with ranges; `draw`
//! turns it into one concrete scene for a seed, `build` turns that into a model.

mod foreign;
mod object;
mod senses;

pub use foreign::{Foreign, ForeignBounds, ForeignHandle, ForeignJoint, ForeignObject, ForeignStates, StateLayout};
pub use object::{At, Colors, ObjectSpec, RobotAt};
pub use senses::{BaseSensing, CameraSpec, LightSpec, SensorSpec};

use serde::{Deserialize, Serialize};

use crate::error::SimError;

/// A scene with ranges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SceneSpec {
    /// Where everything stands.
    pub world: Surroundings,
    /// Name of a built-in robot, or path of a robot file.
    pub robot: String,
    /// Where the robot's base stands.
    pub robot_at: RobotAt,
    /// Things of ours.
    pub objects: Vec<ObjectSpec>,
    /// Cameras that look at the scene; empty: one called `scene`.
    pub cameras: Vec<CameraSpec>,
    /// Light.
    pub light: LightSpec,
    /// What is wrong with the senses.
    pub sensors: SensorSpec,
    /// Smallest gap between objects when they are placed, metres.
    pub min_gap_m: f64,
    /// May two objects of one kind have the same drawn colour?
    pub repeat_colors: bool,
}

impl Default for SceneSpec {
    fn default() -> Self {
        Self {
            world: Surroundings::Tabletop,
            robot: "arm7".to_owned(),
            robot_at: RobotAt::default(),
            objects: Vec::new(),
            cameras: Vec::new(),
            light: LightSpec::default(),
            sensors: SensorSpec::default(),
            min_gap_m: 0.02,
            repeat_colors: false,
        }
    }
}

/// Where everything stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Surroundings {
    /// A table whose top is the plane z = 0; the robot's base stands on it at the origin, the table's object is `table`.
    #[default]
    Tabletop,
    /// A floor at z = 0 with four walls around it, called `wall_1` to `wall_4`.
    Room {
        /// Inner size along x and y, metres.
        size_m: [f64; 2],
    },
    /// A floor at z = 0 and nothing else.
    Floor,
    /// A scene from outside.
    Mjcf(Foreign),
}

impl SceneSpec {
    /// Parses YAML (or JSON) and checks it; `origin` names it in errors.
    ///
    /// # Errors
    /// [`SimError`] naming the place and what is wrong.
    pub fn parse(text: &str, origin: &str) -> Result<Self, SimError> {
        let parse = |e: serde_norway::Error| SimError::Parse { origin: origin.to_owned(), why: e.to_string() };
        let spec: Self = serde_norway::from_str(text).map_err(parse)?;
        spec.check()?;
        Ok(spec)
    }

    /// Checks every number and name that can be checked before drawing.
    ///
    /// # Errors
    /// [`SimError::Scene`] or [`SimError::Object`].
    pub fn check(&self) -> Result<(), SimError> {
        let scene = |ok: bool, why: &str| {
            if ok { Ok(()) } else { Err(SimError::Scene(why.to_owned())) }
        };
        let Self { sensors, light, .. } = self;
        scene((0.0..=1.0).contains(&self.min_gap_m), "`min_gap_m` must be 0…1 m")?;
        scene((0.0..=1.0).contains(&sensors.frame_drop), "`frame_drop` is a chance, 0…1")?;
        scene(sensors.latency_periods <= 32, "`latency_periods` must be at most 32")?;
        let noise = [sensors.joint_pos_noise_rad, sensors.joint_vel_noise_rad_s];
        scene(noise.iter().all(|n| (0.0..=1.0).contains(n)), "joint noise must be 0…1")?;
        scene(light.brightness.within(0.1, 3.0), "`brightness` must be 0.1…3")?;
        scene(light.elevation_rad.within(0.2, 1.571), "`elevation_rad` must be 0.2…1.571")?;
        for camera in &self.cameras {
            let sizes = [camera.width_px, camera.height_px].iter().all(|px| (16..=2048).contains(px));
            scene(sizes, "a camera's `width_px` and `height_px` must be 16…2048")?;
            scene(camera.fov_deg.within(5.0, 150.0), "a camera's `fov_deg` must be 5…150")?;
            let name = &camera.name;
            scene(!name.is_empty() && name.len() <= 24, "a camera's `name` must have 1…24 letters")?;
        }
        if let Surroundings::Room { size_m } = &self.world {
            scene(size_m.iter().all(|m| (1.0..=50.0).contains(m)), "a room's `size_m` must be 1…50 m")?;
        }
        self.objects.iter().try_for_each(ObjectSpec::check)
    }
}
