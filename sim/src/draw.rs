//! One concrete scene for a seed: colours, sizes, places, light and cameras drawn from a spec's ranges. Objects are placed
//! by rejection: drawn again until their footprints keep the gap, from the start when one finds no place.

use ponder_core::geometry::Pose;
use ponder_core::scene::{Color, ObjectId};
use ponder_core::{Rotation, Vec3};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::error::SimError;
use crate::kinds::{Kind, kind};
use crate::rng::{Range, Stream, stream};
use crate::scene::{At, CameraSpec, Colors, ObjectSpec, SceneSpec, Surroundings};

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
        write!(
            f,
            "{} ({}, {:?}) at {}",
            self.id,
            self.kind.label,
            self.size_m.as_slice(),
            self.pose
        )
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
        let cameras = if self.cameras.is_empty() {
            &usual[..]
        } else {
            &self.cameras
        };
        let cameras = cameras
            .iter()
            .map(|spec| Eye::draw(spec, &mut rng))
            .collect();
        let brightness = self.light.brightness.draw(&mut rng);
        let (azimuth, elevation) = (
            self.light.azimuth_rad.draw(&mut rng),
            self.light.elevation_rad.draw(&mut rng),
        );
        let (level, height) = (elevation.cos(), elevation.sin());
        let sun_direction = -Vec3::new(level * azimuth.cos(), level * azimuth.sin(), height);

        let specs: Vec<ObjectSpec> = fixtures(&self.world)
            .into_iter()
            .chain(self.objects.iter().cloned())
            .collect();
        let mut stuck = String::new();
        for _ in 0..TRIES_PER_SCENE {
            match self.place(&specs, &mut rng)? {
                Ok(things) => {
                    return Ok(Drawn {
                        seed,
                        things,
                        world_from_robot,
                        cameras,
                        brightness,
                        sun_direction,
                    });
                }
                Err(object) => stuck = object,
            }
        }
        Err(SimError::NoRoom {
            object: stuck,
            tries: TRIES_PER_SCENE * TRIES_PER_OBJECT,
        })
    }

    /// One try at the whole scene: the things, or the name of the one that found no place.
    fn place(
        &self,
        specs: &[ObjectSpec],
        rng: &mut ChaCha8Rng,
    ) -> Result<Result<Vec<Thing>, String>, SimError> {
        // What has a fixed place is placed first, so that the rest can avoid it.
        let mut order: Vec<usize> = (0..specs.len()).collect();
        order.sort_by_key(|i| !(specs[*i].at.x_m.is_exact() && specs[*i].at.y_m.is_exact()));
        let mut things: Vec<Option<Thing>> = vec![None; specs.len()];
        for i in order {
            let spec = &specs[i];
            let Some(kind) = kind(&spec.kind) else {
                continue;
            };
            let color = self.color(spec, kind, &things, rng)?;
            let scale = spec.scale.draw(rng);
            let size_m = Vec3::from(
                spec.size_m
                    .map_or(kind.size_m, |size| size.map(|r| r.draw(rng))),
            ) * scale;
            let id = name(spec, kind, color, &things)?;
            let rest = rest(&id, &spec.at, kind, specs)?;
            let (open, on, spare) = (spec.open.draw(rng), spec.on, spec.spare);
            let mut thing = Thing {
                id,
                kind,
                color,
                size_m,
                pose: Pose::identity(),
                rest,
                open,
                on,
                spare,
            };
            let free = (0..TRIES_PER_OBJECT).any(|_| {
                thing.pose = pose(&spec.at, size_m, rng);
                spec.at.x_m.is_exact() && spec.at.y_m.is_exact() && spec.at.yaw_rad.is_exact()
                    || things
                        .iter()
                        .flatten()
                        .all(|other| !touch(&thing, other, self.min_gap_m))
            });
            if !free {
                return Ok(Err(thing.id.to_string()));
            }
            things[i] = Some(thing);
        }
        Ok(Ok(things.into_iter().flatten().collect()))
    }

    fn color(
        &self,
        spec: &ObjectSpec,
        kind: &Kind,
        things: &[Option<Thing>],
        rng: &mut ChaCha8Rng,
    ) -> Result<Option<Color>, SimError> {
        match &spec.color {
            Colors::One(color) => Ok(Some(*color)),
            Colors::Usual => Ok(kind.color),
            Colors::OneOf(list) => {
                let taken = |c: &Color| {
                    things
                        .iter()
                        .flatten()
                        .any(|t| t.kind.label == kind.label && t.color == Some(*c))
                };
                let left: Vec<Color> = list
                    .iter()
                    .filter(|c| self.repeat_colors || !taken(c))
                    .copied()
                    .collect();
                let color = left.choose(rng).copied().ok_or_else(|| {
                    SimError::object(
                        &spec.kind,
                        "no colour left: give more colours or set `repeat_colors`",
                    )
                })?;
                Ok(Some(color))
            }
        }
    }
}

impl Eye {
    fn draw(spec: &CameraSpec, rng: &mut ChaCha8Rng) -> Self {
        let eye_m = Vec3::from(spec.eye_m.map(|r| r.draw(rng)));
        let target_m = Vec3::from(spec.target_m.map(|r| r.draw(rng)));
        Self {
            spec: spec.clone(),
            eye_m,
            target_m,
            fov_deg: spec.fov_deg.draw(rng),
        }
    }
}

/// The camera of a scene that names none: over a table from in front of the robot, over a room from behind and above.
fn usual_camera(world: &Surroundings) -> CameraSpec {
    let usual = CameraSpec::default();
    match world {
        Surroundings::Room { size_m } => {
            let far_m = size_m[0].max(size_m[1]);
            let eye_m = [-0.85 * far_m, 0.0, 0.95 * far_m].map(Range::Exactly);
            CameraSpec {
                eye_m,
                target_m: [-0.04 * far_m, 0.0, 0.0].map(Range::Exactly),
                ..usual
            }
        }
        _ => usual,
    }
}

/// What the surroundings bring along.
fn fixtures(world: &Surroundings) -> Vec<ObjectSpec> {
    let fixed = |kind: &str, id: String, x_m: f64, y_m: f64, bottom_z_m: f64| {
        let spec = ObjectSpec::new(kind, x_m, y_m);
        ObjectSpec {
            id: Some(id),
            at: At {
                bottom_z_m,
                ..spec.at.clone()
            },
            ..spec
        }
    };
    match world {
        Surroundings::Tabletop => vec![fixed("table", "table".to_owned(), 0.35, 0.0, -0.04)],
        Surroundings::Room { size_m: [x_m, y_m] } => {
            let thick_m = 0.1;
            let walls = [
                (0.0, y_m * 0.5, *x_m, 0.0),
                (0.0, -y_m * 0.5, *x_m, 0.0),
                (x_m * 0.5, 0.0, *y_m, 1.0),
                (-x_m * 0.5, 0.0, *y_m, 1.0),
            ];
            let wall = |(i, (x, y, long_m, quarter)): (usize, (f64, f64, f64, f64))| {
                let out_m = |v: f64| v + v.signum() * thick_m * 0.5 * f64::from(u8::from(v != 0.0));
                let mut spec = fixed("wall", format!("wall_{}", i + 1), out_m(x), out_m(y), 0.0);
                spec.size_m = Some([long_m + 2.0 * thick_m, thick_m, 0.8].map(Range::Exactly));
                spec.at.yaw_rad = Range::Exactly(quarter * std::f64::consts::FRAC_PI_2);
                spec
            };
            walls.into_iter().enumerate().map(wall).collect()
        }
        Surroundings::Floor | Surroundings::Mjcf(_) => Vec::new(),
    }
}

fn upright(position_m: Vec3, yaw_rad: f64) -> Pose {
    Pose::from_parts(
        position_m.into(),
        Rotation::from_axis_angle(&Vec3::z_axis(), yaw_rad),
    )
}

fn pose(at: &At, size_m: Vec3, rng: &mut impl Rng) -> Pose {
    let position_m = Vec3::new(
        at.x_m.draw(rng),
        at.y_m.draw(rng),
        at.bottom_z_m + size_m.z * 0.5,
    );
    upright(position_m, at.yaw_rad.draw(rng))
}

/// The id as given, or colour and kind, numbered when taken.
fn name(
    spec: &ObjectSpec,
    kind: &Kind,
    color: Option<Color>,
    things: &[Option<Thing>],
) -> Result<ObjectId, SimError> {
    let taken = |name: &str| things.iter().flatten().any(|t| t.id.as_str() == name);
    let long = |name: &str| SimError::object(name, "its name is too long");
    if let Some(id) = &spec.id {
        if taken(id) {
            return Err(SimError::object(id, "two objects have this id"));
        }
        return ObjectId::from(id).map_err(|_| long(id));
    }
    let base = color.map_or_else(
        || kind.label.to_owned(),
        |c| format!("{}_{}", c.name(), kind.label),
    );
    let numbered = std::iter::once(base.clone()).chain((2..).map(|n| format!("{base}_{n}")));
    let free = numbered
        .into_iter()
        .find(|name| !taken(name))
        .unwrap_or(base);
    ObjectId::from(&free).map_err(|_| long(&free))
}

fn rest(id: &str, at: &At, kind: &Kind, specs: &[ObjectSpec]) -> Result<Rest, SimError> {
    let (rest, other) = match (&at.on, &at.inside) {
        (Some(other), _) => (Rest::On(other.clone()), other),
        (_, Some(other)) => (Rest::In(other.clone()), other),
        _ => return Ok(Rest::Ground),
    };
    if kind.fixed {
        return Err(SimError::object(
            id,
            format!(
                "a {} is bolted down: it can't start on or in another thing",
                kind.label
            ),
        ));
    }
    // Parts of a thing (a drawer's cabinet) can be named too.
    let known = |spec: &ObjectSpec| {
        spec.id
            .as_deref()
            .is_some_and(|known| other.starts_with(known))
    };
    if !specs.iter().any(known) {
        return Err(SimError::object(
            id,
            format!("`{other}` must be the `id` of another object of the scene"),
        ));
    }
    Ok(rest)
}

/// Do two footprints come closer than the gap? Things that are on, in or spare are in nobody's way; neither are things at
/// different heights.
fn touch(a: &Thing, b: &Thing, gap_m: f64) -> bool {
    let aside = |t: &Thing| t.spare || t.rest != Rest::Ground;
    let apart_z = (a.pose.translation.z - b.pose.translation.z).abs()
        >= (a.size_m.z + b.size_m.z) * 0.5 - 1e-6;
    if aside(a) || aside(b) || apart_z {
        return false;
    }
    // Separating axes of two rectangles: the sides of both.
    let side = |t: &Thing, i: usize| t.pose.rotation * Vec3::ith(i, 1.0);
    let center_m = |t: &Thing| t.pose.translation.vector + side(t, 0) * (t.kind.front_m * 0.5);
    let offset_m = center_m(b) - center_m(a);
    let reach_m = |t: &Thing, axis: &Vec3| {
        let half_m = [(t.size_m.x + t.kind.front_m) * 0.5, t.size_m.y * 0.5];
        (0..2)
            .map(|i| side(t, i).dot(axis).abs() * half_m[i])
            .sum::<f64>()
    };
    let axes = [side(a, 0), side(a, 1), side(b, 0), side(b, 1)];
    axes.iter()
        .all(|axis| offset_m.dot(axis).abs() < reach_m(a, axis) + reach_m(b, axis) + gap_m)
}
