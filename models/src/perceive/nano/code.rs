//! What the eye says of a thing, as numbers, both ways: from a true object to what it should have said, and from what it
//! said to an object. Places are said in the picture (offset of the middle from its cell) and in height over the ground;
//! a ray of the calibrated camera makes a point in the world of them. Turns are said relative to the ray.

use ponder_core::image::{CameraFrame, Intrinsics};
use ponder_core::scene::{Color, Label, ObjectId, SceneObject};
use ponder_core::{Pose, Rotation, Stamp, Vec3};

use super::kinds::{KINDS, Kind, numbered};
use crate::net::nano_eye::FINE;

/// Offset of the middle from its fine cell's middle, in cells: right, down.
pub const OFFSET: usize = 0;
/// Height of the middle over the world's ground, tenths of a metre.
pub const HEIGHT: usize = 2;
/// Logarithm of the middle's depth in metres.
pub const DEPTH: usize = 3;
/// Logarithms of the extents in tenths of a metre.
pub const SIZE: usize = 4;
/// Cosine and sine of the turn, of twice and of four times the turn.
pub const TURN: usize = 7;
/// How far open.
pub const OPEN: usize = 13;
/// Logit of being on.
pub const ON: usize = 14;
/// The handle's place in the object's own x and z, tenths of a metre.
pub const HANDLE: usize = 15;
/// Logits of the kinds.
pub const KIND: usize = 17;
/// Logits of the colours, the last that it has none.
pub const COLOR: usize = KIND + KINDS.len();
/// Colours and none.
pub const COLORS: usize = Color::ALL.len() + 1;
/// All numbers.
pub const OUTPUTS: usize = COLOR + COLORS;

/// How far off a said depth is, as a part of it.
const DEPTH_OFF: f64 = 0.03;
/// How far off a said height is, metres.
const HEIGHT_OFF_M: f64 = 0.005;
/// How far off a said middle is, pixels.
const MIDDLE_OFF_PX: f64 = 0.3;

/// A middle so many cells beside the picture is still said, at its edge.
const BESIDE: f64 = 2.0;

/// Way of looking at a fine cell about the vertical, radians: that of its ray, or, where the camera looks down, of its
/// picture's top. Turns relative to it look the same all over a picture.
fn bearing_rad(frame: &CameraFrame, row: usize, column: usize) -> f64 {
    let turn = &frame.world_from_camera.rotation;
    let middle = |cell: usize| (cell as f64 + 0.5) * FINE as f64 - 0.5;
    let ray = turn * frame.intrinsics.deproject(middle(column), middle(row), 1.0);
    let (forward, up) = (turn * Vec3::z(), turn * -Vec3::y());
    let way = if forward.xy().norm() > 0.3 { ray } else { up };
    way.y.atan2(way.x)
}

/// How much farther along its ray a thing is than its depth says, by its height, metres of depth: each counts by how sure it
/// is. The flatter the ray, the less its height can tell.
fn farther_m(way: &Vec3, eye_z_m: f64, depth_m: f64, height_m: f64, intrinsics: &Intrinsics) -> f64 {
    let higher_m = height_m - (eye_z_m + way.z * depth_m);
    let by_depth = (DEPTH_OFF * depth_m * way.z).powi(2);
    let by_height = HEIGHT_OFF_M.powi(2) + (MIDDLE_OFF_PX * depth_m / intrinsics.fy_px).powi(2);
    let farther_m = higher_m / way.z * by_depth / (by_depth + by_height);
    if farther_m.is_finite() && farther_m.abs() < 0.4 * depth_m { farther_m } else { 0.0 }
}

/// What is said of a thing in a picture and of the same in a mirror, as one: two looks are off in different ways.
#[must_use]
pub fn both(said: &[f32], mirrored: &[f32]) -> Vec<f32> {
    let turned = |i: usize| i == OFFSET || (TURN..OPEN).contains(&i) && (i - TURN) % 2 == 1;
    let pair = |(i, (a, b)): (usize, (&f32, &f32))| if turned(i) { 0.5 * (a - b) } else { 0.5 * (a + b) };
    said.iter().zip(mirrored).enumerate().map(pair).collect()
}

/// What the eye should say of an object, and where.
#[derive(Clone, Debug)]
pub struct Said {
    /// Number of its kind.
    pub kind: usize,
    /// Row of its fine cell.
    pub row: usize,
    /// Column of its fine cell.
    pub column: usize,
    /// The numbers before [`KIND`].
    pub numbers: [f32; KIND],
    /// Which of them are said of it.
    pub said: [bool; KIND],
    /// Number of its colour.
    pub color: usize,
}

impl Said {
    /// The same, seen in a mirror.
    #[must_use]
    pub fn mirrored(mut self, cells: usize) -> Self {
        self.column = cells - 1 - self.column;
        self.numbers[OFFSET] *= -1.0;
        (0..3).for_each(|i| self.numbers[TURN + 2 * i + 1] *= -1.0);
        self
    }

    /// The same, said of a cell beside.
    #[must_use]
    pub fn seen_from(&self, row: usize, column: usize) -> Self {
        let mut said = self.clone();
        said.numbers[OFFSET] += self.column as f32 - column as f32;
        said.numbers[OFFSET + 1] += self.row as f32 - row as f32;
        (said.row, said.column) = (row, column);
        said
    }
}

/// What should be said of an object in a fitted frame of `cells` fine cells a side; `None`: its kind is unknown or its
/// middle is not in the picture.
#[must_use]
pub fn encode(object: &SceneObject, frame: &CameraFrame, cells: usize) -> Option<Said> {
    let number = numbered(&object.label)?;
    let kind = &KINDS[number];
    let camera_m = frame.world_from_camera.inverse_transform_point(&object.position_m().into()).coords;
    let (column, row) = frame.intrinsics.project(&camera_m)?;
    // Pixel i covers i - 1/2 to i + 1/2.
    let (x, y) = ((column + 0.5) / FINE as f64, (row + 0.5) / FINE as f64);
    let near = -BESIDE..cells as f64 + BESIDE;
    if !(near.contains(&x) && near.contains(&y)) {
        return None;
    }
    let cell = |at: f64| (at.max(0.0) as usize).min(cells - 1);
    let (row, column) = (cell(y), cell(x));
    let mut numbers = [0.0; KIND];
    let mut said = [true; KIND];
    (numbers[OFFSET], numbers[OFFSET + 1]) = (x - column as f64 - 0.5, y - row as f64 - 0.5);
    numbers[HEIGHT] = object.position_m().z * 10.0;
    numbers[DEPTH] = camera_m.z.max(0.02).ln();
    (0..3).for_each(|i| numbers[SIZE + i] = (object.size_m[i].max(1e-3) * 10.0).ln());
    let ahead = object.world_from_object.rotation * Vec3::x();
    let turn_rad = ahead.y.atan2(ahead.x) - bearing_rad(frame, row, column);
    for (i, turns) in [1, 2, 4].into_iter().enumerate() {
        let (sin, cos) = (turn_rad * f64::from(turns)).sin_cos();
        (numbers[TURN + 2 * i], numbers[TURN + 2 * i + 1]) = (cos, sin);
        let unique = kind.turns > 0 && turns % kind.turns == 0 && ahead.xy().norm() > 0.5;
        said[TURN + 2 * i..TURN + 2 * i + 2].fill(unique);
    }
    numbers[OPEN] = object.open_fraction.unwrap_or(0.0);
    said[OPEN] = object.open_fraction.is_some();
    numbers[ON] = f64::from(u8::from(object.on == Some(true)));
    said[ON] = object.on.is_some();
    let handle = object.handle_m.map(|m| object.world_from_object.inverse_transform_point(&m.into()).coords);
    (numbers[HANDLE], numbers[HANDLE + 1]) = handle.map_or((0.0, 0.0), |m| (m.x * 10.0, m.z * 10.0));
    said[HANDLE..HANDLE + 2].fill(handle.is_some());
    Some(Said {
        kind: number,
        row,
        column,
        numbers: numbers.map(|n| n as f32),
        said,
        color: object.color.map_or(COLORS - 1, |color| color as usize),
    })
}

/// The object of what was said of a fine cell's slot, without a name; `None`: it makes no sense.
#[must_use]
pub fn decode(
    said: &[f32],
    (row, column, slot): (usize, usize, usize),
    score: f64,
    frame: &CameraFrame,
) -> Option<SceneObject> {
    if said.len() != OUTPUTS || !said.iter().all(|n| n.is_finite()) {
        return None;
    }
    let at = |i: usize| f64::from(said[i]);
    let of_slot = |i: &usize| KINDS[*i].slot == slot;
    let best = |from: usize, among: &mut dyn Iterator<Item = usize>| {
        among.max_by(|a, b| said[from + a].total_cmp(&said[from + b]))
    };
    let kind: &Kind = &KINDS[best(KIND, &mut (0..KINDS.len()).filter(of_slot))?];
    let color = Color::ALL.get(best(COLOR, &mut (0..COLORS))?).map(|entry| entry.0);
    let middle = |cell: usize, off: f64| (cell as f64 + 0.5 + off.clamp(-7.0, 7.0)) * FINE as f64 - 0.5;
    let ray = frame.intrinsics.deproject(middle(column, at(OFFSET)), middle(row, at(OFFSET + 1)), 1.0);
    let way = frame.world_from_camera.rotation * ray;
    let eye_m = frame.world_from_camera.translation.vector;
    let (height_m, depth_m) = (at(HEIGHT) / 10.0, at(DEPTH).clamp(-4.0, 4.0).exp());
    let center_m = eye_m + way * (depth_m + farther_m(&way, eye_m.z, depth_m, height_m, &frame.intrinsics));
    let size_m = Vec3::from([0, 1, 2].map(|i| at(SIZE + i).clamp(-5.0, 5.0).exp() / 10.0));
    let turn_rad = match kind.turns {
        0 => 0.0,
        turns => {
            let pair = TURN + 2 * (turns.trailing_zeros() as usize);
            at(pair + 1).atan2(at(pair)) / f64::from(turns) + bearing_rad(frame, row, column)
        }
    };
    // The turn nearest to none, where several look the same.
    let part = std::f64::consts::TAU / f64::from(kind.turns.max(1));
    let turn_rad = turn_rad - (turn_rad / part).round() * part;
    let pose = Pose::from_parts(center_m.into(), Rotation::from_axis_angle(&Vec3::z_axis(), turn_rad));
    let (opens, switched) = (kind.opens(), kind.is_switched());
    let handle = Vec3::new(at(HANDLE) / 10.0, 0.0, at(HANDLE + 1) / 10.0);
    Some(SceneObject {
        id: ObjectId::default(),
        label: Label::from(kind.label).ok()?,
        color,
        world_from_object: pose,
        size_m,
        score,
        seen: Stamp::default(),
        open_fraction: opens.then(|| at(OPEN).clamp(0.0, 1.0)),
        on: switched.then(|| at(ON) > 0.0),
        handle_m: opens.then(|| pose.transform_point(&handle.into()).coords),
        affordances: kind.affordances,
    })
}
