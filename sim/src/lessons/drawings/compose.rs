//! What stands where in one picture: a few things of those that are there, some of them in or on another, all of them
//! wholly in the picture and none before another's middle. Words say what is there, and nothing of where or how it is
//! turned; so things stand on a grid and square, which leaves a small code less to tell apart.

use ponder_core::image::{Bounds, CameraFrame};
use ponder_core::lesson::Rests;
use ponder_core::{Pose, Rotation, Vec3};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::build::ObjectPort;

/// Where things stand on the table, metres.
const X_M: (f64, f64) = (0.26, 0.66);
const Y_M: (f64, f64) = (-0.19, 0.19);
/// Pixels between places where things may stand, across and down. A code of janus-nano is 8 pixels wide: what stands here
/// or there falls onto codes alike.
const GRID_PX: (usize, usize) = (8, 16);
/// How blocks are turned, and cups: two sides of a block are seen, and a cup's handle.
const BLOCK_TURN_RAD: f64 = 0.35;
const CUP_TURN_RAD: f64 = 1.3;
/// Gap between two that stand, metres, as seen from above.
const GAP_M: f64 = 0.012;
/// Pixels that a thing stays away from the picture's edge.
const MARGIN_PX: f64 = 1.5;
/// Tries for a whole arrangement, and for the place of one thing.
const TRIES: usize = 400;
const TRIES_A_THING: usize = 40;

/// A thing of an arrangement.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    /// Which object.
    pub(super) object: usize,
    /// Pose of its bounding box.
    pub(super) world_from_object: Pose,
    /// What it rests in or on: place in the arrangement.
    pub(super) rests: Option<(Rests, usize)>,
}

/// Is a place free, where a thing would show so?
pub(super) type IsFree<'a> = &'a dyn Fn(&ObjectPort, &Vec3, &Bounds) -> bool;

/// Draws an arrangement of these objects where it is free; `None` when none was found that fits.
pub(super) fn arrange(
    objects: &[&ObjectPort],
    camera: &CameraFrame,
    is_free: IsFree<'_>,
    rng: &mut ChaCha8Rng,
) -> Option<Vec<Placed>> {
    // How many is drawn first, lest those be rare that are hard to find room for.
    let count = *[1, 1, 2, 2, 2, 2, 3, 3, 3, 4].choose(rng)?;
    (0..TRIES).find_map(|_| once(count, objects, (camera, is_free), rng))
}

fn once(
    count: usize,
    objects: &[&ObjectPort],
    view: (&CameraFrame, IsFree<'_>),
    rng: &mut ChaCha8Rng,
) -> Option<Vec<Placed>> {
    let mut placed: Vec<Placed> = Vec::new();
    for _ in 0..count {
        // A pair (kind and colour) stands but once in a picture, so that words can tell things apart.
        let alike = |i: usize, j: usize| objects[i].label == objects[j].label && objects[i].color == objects[j].color;
        let free: Vec<usize> = (0..objects.len()).filter(|i| !placed.iter().any(|p| alike(*i, p.object))).collect();
        let standing = |kind: &str| placed.iter().any(|p| objects[p.object].label.as_str() == kind);
        // Kinds are as likely as each other, not objects; two large ones of a kind are rare.
        let kind = *["block", "block", "ball", "cup", "bowl", "plate", "bin"].choose(rng)?;
        if ["bowl", "plate", "bin"].contains(&kind) && standing(kind) && rng.random_bool(0.7) {
            return None;
        }
        let of_kind: Vec<usize> = free.into_iter().filter(|i| objects[*i].label.as_str() == kind).collect();
        let object = *of_kind.choose(rng)?;
        let carriers: Vec<usize> = (0..placed.len()).filter(|i| carries(objects, &placed, *i, kind)).collect();
        let thing = match carriers.choose(rng).filter(|_| rng.random_bool(0.65)) {
            Some(carrier) => rest(objects, &placed, *carrier, object)?,
            None => stand(objects, &placed, object, view, rng)?,
        };
        placed.push(thing);
    }
    Some(placed)
}

/// Can one more thing of that kind rest in or on this one?
fn carries(objects: &[&ObjectPort], placed: &[Placed], carrier: usize, kind: &str) -> bool {
    let label = objects[placed[carrier].object].label;
    let empty = placed.iter().all(|p| p.rests.is_none_or(|(_, other)| other != carrier));
    empty
        && placed[carrier].rests.is_none()
        && match label.as_str() {
            "bowl" => ["block", "ball"].contains(&kind),
            "bin" | "plate" => ["block", "ball", "cup"].contains(&kind),
            "block" => kind == "block",
            _ => false,
        }
}

fn turn(kind: &str) -> Rotation {
    let turn_rad = match kind {
        "block" => BLOCK_TURN_RAD,
        "cup" => CUP_TURN_RAD,
        _ => 0.0,
    };
    Rotation::from_axis_angle(&Vec3::z_axis(), turn_rad)
}

fn rest(objects: &[&ObjectPort], placed: &[Placed], carrier: usize, object: usize) -> Option<Placed> {
    let (under, over) = (objects[placed[carrier].object], objects[object]);
    let (how, floor_m) = match under.label.as_str() {
        "bowl" | "bin" => (Rests::In, under.floor_z_m?),
        "plate" => (Rests::On, under.floor_z_m?),
        _ => (Rests::On, under.size_m.z * 0.5),
    };
    let at_m = placed[carrier].world_from_object * nalgebra::Point3::new(0.0, 0.0, floor_m + over.size_m.z * 0.5);
    let world_from_object = Pose::from_parts(at_m.coords.into(), turn(over.label.as_str()));
    Some(Placed { object, world_from_object, rests: Some((how, carrier)) })
}

/// A place of the grid on the table, metres.
fn place(camera: &CameraFrame, rng: &mut ChaCha8Rng) -> Option<Vec3> {
    let mut line = |count: usize, each: usize| rng.random_range(1..(count / each).max(2)) as f64 * each as f64 - 0.5;
    let (column, row) = (line(camera.width_px, GRID_PX.0), line(camera.height_px, GRID_PX.1));
    let eye_m = camera.world_from_camera.translation.vector;
    let ray = camera.world_from_camera.rotation * camera.intrinsics.deproject(column, row, 1.0);
    let at_m = eye_m - ray * (eye_m.z / ray.z);
    let inside = (X_M.0..X_M.1).contains(&at_m.x) && (Y_M.0..Y_M.1).contains(&at_m.y);
    (ray.z < 0.0 && inside).then_some(at_m)
}

fn stand(
    objects: &[&ObjectPort],
    placed: &[Placed],
    object: usize,
    (camera, is_free): (&CameraFrame, IsFree<'_>),
    rng: &mut ChaCha8Rng,
) -> Option<Placed> {
    let port = objects[object];
    let reach_m = |o: &ObjectPort| match o.label.as_str() {
        "block" | "bin" => o.size_m.x.hypot(o.size_m.y) * 0.47,
        "cup" => o.size_m.x * 0.5 + 0.006,
        _ => o.size_m.x * 0.5,
    };
    (0..TRIES_A_THING).find_map(|_| {
        let at_m = place(camera, rng)? + Vec3::new(0.0, 0.0, port.size_m.z * 0.5);
        let world_from_object = Pose::from_parts(at_m.into(), turn(port.label.as_str()));
        // Things hide what stands behind them: from the camera's side they need more room.
        let clear = placed.iter().filter(|p| p.rests.is_none()).all(|p| {
            let other = objects[p.object];
            let off_m = (at_m - p.world_from_object.translation.vector).xy();
            let nearer = if off_m.x > 0.0 { port } else { other };
            let shade_m = if off_m.y.abs() < reach_m(port) + reach_m(other) { nearer.size_m.z * 0.8 } else { 0.0 };
            off_m.norm() > reach_m(port) + reach_m(other) + GAP_M + shade_m
        });
        let (width, height) = (camera.width_px as f64, camera.height_px as f64);
        let room_m = Vec3::new(port.size_m.x, port.size_m.y, port.size_m.z);
        let bounds = camera.bounds_of(&world_from_object, &room_m)?;
        let inside = bounds.left_px > MARGIN_PX
            && bounds.top_px > MARGIN_PX
            && bounds.right_px < width - MARGIN_PX
            && bounds.bottom_px < height - MARGIN_PX;
        (clear && inside && is_free(port, &at_m, &bounds)).then_some(Placed { object, world_from_object, rests: None })
    })
}
