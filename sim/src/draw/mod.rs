//! One concrete scene for a seed: colours, sizes, places, light and cameras drawn from a spec's ranges. Objects are placed
//! by rejection: drawn again until their footprints keep the gap, from the start when one finds no place.

mod fixtures;
mod place;

use ponder_core::geometry::Pose;
use ponder_core::scene::{Color, ObjectId};
use ponder_core::{Rotation, Vec3};
use rand_chacha::ChaCha8Rng;

use crate::error::SimError;
use crate::kinds::Kind;
use crate::rng::{Stream, stream};
use crate::scene::{CameraSpec, ObjectSpec, SceneSpec};
use fixtures::{fixtures, usual_camera};

const TRIES_PER_OBJECT: usize = 300;
const TRIES_PER_SCENE: usize = 40;

/// A concrete scene.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The seed it was drawn with.
    pub seed: u64,
    /// Things of ours, in the spec's order, after what the surroundings bring.
    pub things: Vec<Thing>,
    /// Where the robot's base stands.
    pub world_from_robot: Pose,
    /// Cameras.
    pub cameras: Vec<Eye>,
    /// Brightness of the lights, 1 as designed.
    pub brightness: f64,
    /// Unit vector in which the sun shines.
    pub sun_direction: Vec3,
}

/// A concrete thing.
#[derive(Clone)]
pub struct Thing {
    /// What it is called.
    pub id: ObjectId,
    /// Its kind.
    pub kind: &'static Kind,
    /// Its colour.
    pub color: Option<Color>,
    /// Extent of its bounding box, metres.
    pub size_m: Vec3,
    /// Its place: in the world, or relative to the centre of what it is on or in (z ignored).
    pub pose: Pose,
    /// What it rests on or in.
    pub rest: Rest,
    /// How far it is open at the start.
    pub open: f64,
    /// Is it on at the start?
    pub on: bool,
    /// Kept out of sight?
    pub spare: bool,
}

impl std::fmt::Debug for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}, {:?}) at {}", self.id, self.kind.label, self.size_m.as_slice(), self.pose)
    }
}

/// What a thing rests on at the start.
#[derive(Clone, Debug, PartialEq)]
pub enum Rest {
    /// The ground, at its own height.
    Ground,
    /// On another.
    On(String),
    /// In another.
    In(String),
}

impl Rest {
    /// The other thing's name, if there is one.
    pub(crate) fn other(&self) -> Option<&str> {
        match self {
            Self::Ground => None,
            Self::On(other) | Self::In(other) => Some(other),
        }
    }
}

/// A concrete camera.
#[derive(Clone, Debug)]
pub struct Eye {
    /// What it was drawn from.
    pub spec: CameraSpec,
    /// Where it stands, metres.
    pub eye_m: Vec3,
    /// What it looks at, metres.
    pub target_m: Vec3,
    /// Vertical field of view, degrees.
    pub fov_deg: f64,
}

impl SceneSpec {
    /// Draws the scene of a seed.
    ///
    /// # Errors
    /// [`SimError::NoRoom`] when the objects do not fit, [`SimError::Object`] for names that clash or are missing.
    pub fn draw(&self, seed: u64) -> Result<Drawn, SimError> {
        self.check()?;
        let mut rng = stream(seed, Stream::Scene);
        let at = &self.robot_at;
        let robot_m = Vec3::new(at.x_m.draw(&mut rng), at.y_m.draw(&mut rng), at.z_m);
        let world_from_robot = upright(robot_m, at.yaw_rad.draw(&mut rng));
        let usual = [usual_camera(&self.world)];
        let cameras = if self.cameras.is_empty() { &usual[..] } else { &self.cameras };
        let cameras = cameras.iter().map(|spec| Eye::draw(spec, &mut rng)).collect();
        let brightness = self.light.brightness.draw(&mut rng);
        let (azimuth, elevation) = (self.light.azimuth_rad.draw(&mut rng), self.light.elevation_rad.draw(&mut rng));
        let (level, height) = (elevation.cos(), elevation.sin());
        let sun_direction = -Vec3::new(level * azimuth.cos(), level * azimuth.sin(), height);

        let specs: Vec<ObjectSpec> = fixtures(&self.world).into_iter().chain(self.objects.iter().cloned()).collect();
        let mut stuck = String::new();
        for _ in 0..TRIES_PER_SCENE {
            match self.place(&specs, &mut rng)? {
                Ok(things) => {
                    return Ok(Drawn { seed, things, world_from_robot, cameras, brightness, sun_direction });
                }
                Err(object) => stuck = object,
            }
        }
        Err(SimError::NoRoom { object: stuck, tries: TRIES_PER_SCENE * TRIES_PER_OBJECT })
    }
}

impl Eye {
    fn draw(spec: &CameraSpec, rng: &mut ChaCha8Rng) -> Self {
        let eye_m = Vec3::from(spec.eye_m.map(|r| r.draw(rng)));
        let target_m = Vec3::from(spec.target_m.map(|r| r.draw(rng)));
        Self { spec: spec.clone(), eye_m, target_m, fov_deg: spec.fov_deg.draw(rng) }
    }
}

fn upright(position_m: Vec3, yaw_rad: f64) -> Pose {
    Pose::from_parts(position_m.into(), Rotation::from_axis_angle(&Vec3::z_axis(), yaw_rad))
}
