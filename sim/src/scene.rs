//! A scene as it is written down: surroundings, robot, objects, cameras, light, sensors. Plain data with ranges; `draw`
//! turns it into one concrete scene for a seed, `build` turns that into a model.

use std::path::PathBuf;

use ponder_core::Vec3;
use ponder_core::scene::{Affordances, Color};
use serde::{Deserialize, Serialize};

use crate::error::SimError;
use crate::rng::Range;

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

/// An MJCF scene that was not written here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Foreign {
    /// The file; relative paths start at the file that names it.
    pub file: PathBuf,
    /// Is the robot already in it? Otherwise the robot's MJCF is attached.
    #[serde(default)]
    pub robot_inside: bool,
    /// Its objects that count.
    #[serde(default)]
    pub objects: Vec<ForeignObject>,
    /// Initial states to choose from by the seed.
    #[serde(default)]
    pub states: Option<ForeignStates>,
    /// Groups of geoms that are not drawn (collision shapes).
    #[serde(default)]
    pub hidden_groups: Vec<usize>,
}

/// Initial states in a JSON file: a list of lists of numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignStates {
    /// The file.
    pub file: PathBuf,
    /// What each list holds.
    pub layout: StateLayout,
}

/// What a list of numbers that is a state holds, in MuJoCo's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateLayout {
    /// Positions.
    Qpos,
    /// Positions, then velocities.
    QposQvel,
    /// Time, positions, velocities (robosuite).
    TimeQposQvel,
}

/// An object of a foreign scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignObject {
    /// What it is called here.
    pub id: String,
    /// Its label.
    pub label: String,
    /// Its colour, if it has one that people would name.
    #[serde(default)]
    pub color: Option<Color>,
    /// Its body in the MJCF.
    pub body: String,
    /// What can be done with it.
    #[serde(default)]
    pub affordances: Affordances,
    /// Centre of its bounding box in the body's frame and extent, metres; measured from its shapes when left out.
    #[serde(default)]
    pub bounds: Option<ForeignBounds>,
    /// Opens with a joint: positions when closed and open.
    #[serde(default)]
    pub opens: Option<ForeignJoint>,
    /// Switches with a joint: positions when off and on; on from half-way.
    #[serde(default)]
    pub turns: Option<ForeignJoint>,
    /// Centre of its handle, in a body's frame.
    #[serde(default)]
    pub handle: Option<ForeignHandle>,
}

/// A bounding box in a body's frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignBounds {
    /// Centre, metres.
    pub center_m: Vec3,
    /// Extent, metres.
    pub size_m: Vec3,
}

/// A joint whose position is a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignJoint {
    /// Its name in the MJCF.
    pub joint: String,
    /// Position when closed or off.
    pub from: f64,
    /// Position when open or on.
    pub to: f64,
}

/// A point on a body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignHandle {
    /// Body in the MJCF.
    pub body: String,
    /// Point in its frame, metres.
    pub at_m: Vec3,
}

/// Where the robot's base stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RobotAt {
    /// Forward of the origin, metres.
    pub x_m: Range,
    /// Left of the origin, metres.
    pub y_m: Range,
    /// Height of its base's foot, metres.
    pub z_m: f64,
    /// Heading, radians.
    pub yaw_rad: Range,
}

/// A thing of ours, with ranges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectSpec {
    /// What it is called; left out: colour and kind, `red_block`, then `red_block_2`.
    #[serde(default)]
    pub id: Option<String>,
    /// Which kind of [`crate::kinds::KINDS`].
    pub kind: String,
    /// Colours to choose from; left out: the kind's usual one.
    #[serde(default)]
    pub color: Colors,
    /// Extents of its bounding box, metres; left out: the kind's usual ones.
    #[serde(default)]
    pub size_m: Option<[Range; 3]>,
    /// Factor on all three extents.
    #[serde(default = "one")]
    pub scale: Range,
    /// Where it is.
    #[serde(default)]
    pub at: At,
    /// How far it is open at the start, 0…1, for what opens.
    #[serde(default)]
    pub open: Range,
    /// Is it switched on at the start, for what is switched?
    #[serde(default)]
    pub on: bool,
    /// Kept out of sight until a disturbance brings it in.
    #[serde(default)]
    pub spare: bool,
}

fn one() -> Range {
    Range::Exactly(1.0)
}

/// Colours to choose from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a colour (red, green, blue, …) or a list of colours"
)]
pub enum Colors {
    /// This one.
    One(Color),
    /// One of these.
    OneOf(Vec<Color>),
    /// The kind's usual one.
    #[default]
    Usual,
}

/// Where a thing is: on the ground (z = 0) unless it is on or in another; then x and y are offsets from its centre.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct At {
    /// x, metres.
    pub x_m: Range,
    /// y, metres.
    pub y_m: Range,
    /// Height of its lowest point, metres.
    pub bottom_z_m: f64,
    /// Turn about the vertical, radians.
    pub yaw_rad: Range,
    /// The thing it stands on, which must come before it.
    pub on: Option<String>,
    /// The thing it lies in, which must come before it.
    #[serde(rename = "in")]
    pub inside: Option<String>,
}

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

impl SceneSpec {
    /// Parses YAML (or JSON) and checks it; `origin` names it in errors.
    ///
    /// # Errors
    /// [`SimError`] naming the place and what is wrong.
    pub fn parse(text: &str, origin: &str) -> Result<Self, SimError> {
        let parse = |e: serde_norway::Error| SimError::Parse {
            origin: origin.to_owned(),
            why: e.to_string(),
        };
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
            if ok {
                Ok(())
            } else {
                Err(SimError::Scene(why.to_owned()))
            }
        };
        let Self { sensors, light, .. } = self;
        scene(
            (0.0..=1.0).contains(&self.min_gap_m),
            "`min_gap_m` must be 0…1 m",
        )?;
        scene(
            (0.0..=1.0).contains(&sensors.frame_drop),
            "`frame_drop` is a chance, 0…1",
        )?;
        scene(
            sensors.latency_periods <= 32,
            "`latency_periods` must be at most 32",
        )?;
        let noise = [sensors.joint_pos_noise_rad, sensors.joint_vel_noise_rad_s];
        scene(
            noise.iter().all(|n| (0.0..=1.0).contains(n)),
            "joint noise must be 0…1",
        )?;
        scene(
            light.brightness.within(0.1, 3.0),
            "`brightness` must be 0.1…3",
        )?;
        scene(
            light.elevation_rad.within(0.2, 1.571),
            "`elevation_rad` must be 0.2…1.571",
        )?;
        for camera in &self.cameras {
            let sizes = [camera.width_px, camera.height_px]
                .iter()
                .all(|px| (16..=2048).contains(px));
            scene(
                sizes,
                "a camera's `width_px` and `height_px` must be 16…2048",
            )?;
            scene(
                camera.fov_deg.within(5.0, 150.0),
                "a camera's `fov_deg` must be 5…150",
            )?;
            let name = &camera.name;
            scene(
                !name.is_empty() && name.len() <= 24,
                "a camera's `name` must have 1…24 letters",
            )?;
        }
        if let Surroundings::Room { size_m } = &self.world {
            scene(
                size_m.iter().all(|m| (1.0..=50.0).contains(m)),
                "a room's `size_m` must be 1…50 m",
            )?;
        }
        self.objects.iter().try_for_each(ObjectSpec::check)
    }
}

impl ObjectSpec {
    /// A thing of a kind at a place, everything else as usual.
    pub fn new(kind: &str, x_m: f64, y_m: f64) -> Self {
        let at = At {
            x_m: Range::Exactly(x_m),
            y_m: Range::Exactly(y_m),
            ..At::default()
        };
        let (color, scale, open) = (Colors::Usual, one(), Range::default());
        Self {
            id: None,
            kind: kind.to_owned(),
            color,
            size_m: None,
            scale,
            at,
            open,
            on: false,
            spare: false,
        }
    }

    fn check(&self) -> Result<(), SimError> {
        let name = self.id.as_deref().unwrap_or(&self.kind);
        let must = |ok: bool, why: &str| {
            if ok {
                Ok(())
            } else {
                Err(SimError::object(name, why))
            }
        };
        if let Some(id) = &self.id {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            must(
                !id.is_empty() && id.len() <= 24 && id.chars().all(plain),
                "an `id` has 1…24 lower-case letters, digits and `_`",
            )?;
        }
        if crate::kinds::kind(&self.kind).is_none() {
            let known: Vec<&str> = crate::kinds::KINDS.iter().map(|k| k.label).collect();
            return Err(SimError::object(
                name,
                format!("no kind `{}`; there are: {}", self.kind, known.join(", ")),
            ));
        }
        must(
            self.size_m.iter().flatten().all(|r| r.within(0.001, 50.0)),
            "`size_m` must be 0.001…50 m, min ≤ max",
        )?;
        must(
            self.scale.within(0.1, 10.0),
            "`scale` must be 0.1…10, min ≤ max",
        )?;
        must(self.open.within(0.0, 1.0), "`open` must be 0…1, min ≤ max")?;
        let At {
            x_m,
            y_m,
            yaw_rad,
            bottom_z_m,
            on,
            inside,
        } = &self.at;
        must(
            x_m.within(-50.0, 50.0) && y_m.within(-50.0, 50.0),
            "`x_m` and `y_m` must be within 50 m, min ≤ max",
        )?;
        must(
            yaw_rad.within(-7.0, 7.0),
            "`yaw_rad` must be within ±7, min ≤ max",
        )?;
        must(
            (-2.0..=5.0).contains(bottom_z_m),
            "`bottom_z_m` must be -2…5 m",
        )?;
        must(
            on.is_none() || inside.is_none(),
            "can't be both `on` and `in`",
        )?;
        must(
            !matches!(&self.color, Colors::OneOf(list) if list.is_empty()),
            "an empty list of colours",
        )
    }
}
