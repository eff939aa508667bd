//! Where something in a picture is in the world: from its box, the depth picture and the camera's place. The support it
//! stands on is the height that most of the surroundings of the box share; what rises above it within the box is the
//! thing; its box in the world stands upright, turned so that its footprint is smallest. Only measured points count: a
//! thing without depth is nowhere.

use ponder_core::image::CameraFrame;
use ponder_core::{Pose, Rotation, Vec3};

use super::grounding::{PARTS, Place};

/// A thing in the world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Located {
    /// Pose of the centre of its box, upright.
    pub world_from_object: Pose,
    /// Extents of its box, metres.
    pub size_m: Vec3,
    /// Share of its box in the picture that has a depth, [0, 1].
    pub measured: f64,
}

/// Fewest points that make a thing.
const FEWEST: usize = 12;
/// Most points of a box that are looked at, along each side.
const MOST_ALONG: usize = 96;
/// Nearest and farthest depth that is believed, metres.
const NEAR_M: f64 = 0.05;
const FAR_M: f64 = 20.0;
/// The surroundings of a box reach so far out of it, as a share of its sides, and at least so many pixels.
const AROUND: f64 = 0.3;
const AROUND_PX: f64 = 6.0;
/// A support is a height that this share of the surroundings has, give or take half the thickness.
const SUPPORT_SHARE: f64 = 0.3;
const SUPPORT_THICK_M: f64 = 0.016;
/// What rises less is part of the support, metres.
const RISE_M: f64 = 0.007;
/// Share of the box's points that must rise for the thing to be more than flat.
const RISING_SHARE: f64 = 0.1;
/// Without a support: points this much behind or before the middle are something else, metres.
const DEEP_M: f64 = 0.15;
/// Share of points at each end that may be noise.
const TRIM: f64 = 0.01;
/// Half the side, in thousandths, of the box around a mere point.
const POINT_HALF: f64 = 20.0;
/// Turns that are tried for the footprint, in a quarter.
const TURNS: u32 = 45;

/// A box in pixels.
#[derive(Clone, Copy)]
struct Window {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Window {
    fn of(place: Place, frame: &CameraFrame) -> Self {
        let (left, top, right, bottom) = match place {
            Place::Box { left, top, right, bottom } => (left, top, right, bottom),
            Place::Point { x, y } => (x - POINT_HALF, y - POINT_HALF, x + POINT_HALF, y + POINT_HALF),
        };
        let (across, down) = (frame.width_px as f64 / PARTS, frame.height_px as f64 / PARTS);
        Self { left: left * across, top: top * down, right: right * across, bottom: bottom * down }.within(frame)
    }

    fn within(self, frame: &CameraFrame) -> Self {
        let (width, height) = (frame.width_px as f64, frame.height_px as f64);
        Self {
            left: self.left.max(0.0),
            top: self.top.max(0.0),
            right: self.right.min(width),
            bottom: self.bottom.min(height),
        }
    }

    fn around(self, frame: &CameraFrame) -> Self {
        let more = |side: f64| (side * AROUND).max(AROUND_PX);
        let (x, y) = (more(self.right - self.left), more(self.bottom - self.top));
        Self { left: self.left - x, top: self.top - y, right: self.right + x, bottom: self.bottom + y }.within(frame)
    }

    fn holds(self, column: f64, row: f64) -> bool {
        (self.left..self.right).contains(&column) && (self.top..self.bottom).contains(&row)
    }

    /// Middles of pixels in it, not more than [`MOST_ALONG`] along each side.
    fn pixels(self) -> impl Iterator<Item = (usize, usize)> {
        let along = |from: f64, to: f64| {
            let (from, to) = (from.floor() as usize, to.ceil() as usize);
            let step = ((to.saturating_sub(from)) / MOST_ALONG).max(1);
            (from..to).step_by(step)
        };
        let columns = along(self.left, self.right);
        along(self.top, self.bottom).flat_map(move |row| columns.clone().map(move |column| (column, row)))
    }
}

/// A measured point: its place in the picture, its depth, its place in the world.
#[derive(Clone, Copy)]
struct Point {
    column: f64,
    row: f64,
    depth_m: f64,
    world_m: Vec3,
}

fn points(frame: &CameraFrame, depth_m: &[f32], window: Window) -> (Vec<Point>, usize) {
    let mut all = 0;
    let measured = window.pixels().filter_map(|(column, row)| {
        all += 1;
        let depth = f64::from(*depth_m.get(row * frame.width_px + column)?);
        let (column, row) = (column as f64 + 0.5, row as f64 + 0.5);
        let seen_m = frame.intrinsics.deproject(column, row, depth);
        let world_m = frame.world_from_camera.rotation * seen_m + frame.world_from_camera.translation.vector;
        (NEAR_M..FAR_M).contains(&depth).then_some(Point { column, row, depth_m: depth, world_m })
    });
    let measured: Vec<Point> = measured.collect();
    (measured, all)
}

/// The height that most points share, if enough do.
fn support_m(points: &[Point]) -> Option<f64> {
    let mut heights: Vec<f64> = points.iter().map(|point| point.world_m.z).collect();
    heights.sort_by(f64::total_cmp);
    let (mut best, mut first) = ((0, 0), 0);
    for last in 0..heights.len() {
        while heights[last] - heights[first] > SUPPORT_THICK_M {
            first += 1;
        }
        if last - first >= best.1 - best.0 {
            best = (first, last);
        }
    }
    let enough = heights.len() >= FEWEST && (best.1 - best.0 + 1) as f64 >= SUPPORT_SHARE * heights.len() as f64;
    enough.then(|| heights[(best.0 + best.1) / 2])
}

/// The middle of what is left of the values when some are cut from both ends, and its extent.
fn span(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let cut = (values.len() as f64 * TRIM) as usize;
    match (values.get(cut), values.get(values.len().saturating_sub(cut + 1))) {
        (Some(low), Some(high)) => (low * 0.5 + high * 0.5, high - low),
        _ => (0.0, 0.0),
    }
}

/// Where the thing in that place of the picture is; `None` where the depth picture doesn't say.
pub fn locate(frame: &CameraFrame, place: Place) -> Option<Located> {
    let depth_m = frame.depth_m.as_deref().filter(|depth| depth.len() == frame.width_px * frame.height_px)?;
    let window = Window::of(place, frame);
    let (inside, all) = points(frame, depth_m, window);
    let (mut around, _) = points(frame, depth_m, window.around(frame));
    around.retain(|point| !window.holds(point.column, point.row));
    let measured = inside.len() as f64 / all.max(1) as f64;
    let (thing, low_m) = match support_m(&around) {
        Some(support_m) => {
            let rises = |point: &&Point| point.world_m.z > support_m + RISE_M;
            let rising: Vec<Point> = inside.iter().filter(rises).copied().collect();
            if rising.len() as f64 >= RISING_SHARE * inside.len() as f64 && rising.len() >= FEWEST {
                (rising, Some(support_m))
            } else {
                // Flat: a mark on the support, or a thing as thin as its noise.
                let near = |point: &&Point| (point.world_m.z - support_m).abs() <= SUPPORT_THICK_M;
                (inside.iter().filter(near).copied().collect(), None)
            }
        }
        None => {
            let mut depths: Vec<f64> = inside.iter().map(|point| point.depth_m).collect();
            depths.sort_by(f64::total_cmp);
            let middle = *depths.get(depths.len() / 2)?;
            (inside.iter().filter(|point| (point.depth_m - middle).abs() <= DEEP_M).copied().collect(), None)
        }
    };
    if thing.len() < FEWEST {
        return None;
    }
    let (mut center_z, mut height_m) = span(thing.iter().map(|point| point.world_m.z).collect());
    if let Some(low_m) = low_m {
        let top_m = center_z + height_m * 0.5;
        (center_z, height_m) = ((top_m + low_m) * 0.5, top_m - low_m);
    }
    let footprint = |turn_rad: f64| {
        let (sin, cos) = turn_rad.sin_cos();
        let along = span(thing.iter().map(|p| p.world_m.x * cos + p.world_m.y * sin).collect());
        let across = span(thing.iter().map(|p| p.world_m.y * cos - p.world_m.x * sin).collect());
        (along, across)
    };
    let turn_of = |step: u32| f64::from(step) / f64::from(TURNS) * std::f64::consts::FRAC_PI_2;
    let area = |turn_rad: f64| {
        let (along, across) = footprint(turn_rad);
        along.1 * across.1
    };
    // As the axes lie, unless another turn is clearly tighter.
    let best = (1..TURNS).map(|step| (area(turn_of(step)), turn_of(step))).min_by(|a, b| a.0.total_cmp(&b.0));
    let turn_rad = best.filter(|best| best.0 < area(0.0) * 0.95).map_or(0.0, |best| best.1);
    let (along, across) = footprint(turn_rad);
    let (sin, cos) = turn_rad.sin_cos();
    let center_m = Vec3::new(along.0 * cos - across.0 * sin, along.0 * sin + across.0 * cos, center_z);
    Some(Located {
        world_from_object: Pose::from_parts(center_m.into(), Rotation::from_euler_angles(0.0, 0.0, turn_rad)),
        size_m: Vec3::new(along.1, across.1, height_m),
        measured,
    })
}
