//! Pictures that are only asked about: beside things on the table a chest with a drawer, open or shut, or the robot's hand,
//! with something in it or without; and where in the picture each thing shows.

use std::f64::consts::{FRAC_PI_2, PI};

use ponder_core::controllers::ik::Ik;
use ponder_core::image::{Bounds, CameraFrame};
use ponder_core::lesson::{Hand, Named, Rests};
use ponder_core::scene::Color;
use ponder_core::{Pose, Rotation, Vec3};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::compose::{Placed, arrange};
use super::stage::Stage;
use crate::build::{ObjectPort, StatePort};
use crate::error::SimError;
use crate::lessons::stage::grip;
use crate::rng::Range;
use crate::scene::{At, Colors, ObjectSpec};
use crate::start::{body_pose, object_pose};

/// What a scene has beside things on the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    Nothing,
    Drawer,
    Hand,
}

/// How large the chest is, of the usual one.
const SCALE: f64 = 0.7;
/// Where a chest stands and how it is turned: it opens into the picture's middle.
const CHESTS: [([f64; 2], f64); 4] =
    [([0.36, -0.09], 0.0), ([0.36, 0.09], 0.0), ([0.42, -0.10], FRAC_PI_2), ([0.42, 0.10], -FRAC_PI_2)];
/// From so far open on it is open, and one sees into it.
const OPEN: f64 = 0.6;
/// A handle's length over a drawer's front, and the gap that is left around all of it, metres.
const HANDLE_M: f64 = 0.07;
const GAP_M: f64 = 0.015;
/// Where the fingers' tips are, metres.
const TIPS_M: [(f64, f64); 3] = [(0.36, 0.56), (-0.13, 0.13), (0.05, 0.13)];
/// What a hand takes up over its tips, metres.
const HAND_M: [f64; 3] = [0.10, 0.23, 0.30];
/// Nearer to the camera than a thing's top by so much is something before it, metres.
const BEFORE_M: f64 = 0.03;
/// Tries for a picture in which all is in sight.
const TRIES: usize = 40;

impl Beside {
    /// A scene's own.
    pub(super) fn of(scene: u64) -> Self {
        [Self::Nothing, Self::Drawer, Self::Hand][(scene % 3) as usize]
    }

    /// What is built beside the things.
    pub(super) fn object(self, rng: &mut ChaCha8Rng) -> Option<ObjectSpec> {
        let ([x_m, y_m], yaw_rad) = *CHESTS.choose(rng)?;
        let color = Color::ALL.choose(rng)?.0;
        let at = At {
            x_m: Range::Exactly(x_m),
            y_m: Range::Exactly(y_m),
            yaw_rad: Range::Exactly(yaw_rad),
            ..At::default()
        };
        (self == Self::Drawer).then(|| ObjectSpec {
            id: Some("chest".to_owned()),
            color: Colors::One(color),
            scale: Range::Exactly(SCALE),
            at,
            ..ObjectSpec::new("drawer", x_m, y_m)
        })
    }
}

/// A picture, and what stands in it.
pub(super) struct Shown {
    pub(super) frame: CameraFrame,
    pub(super) things: Vec<Named>,
    pub(super) hand: Option<Hand>,
}

/// Draws arrangements until one is wholly in sight.
pub(super) fn show(
    stage: &mut Stage,
    empty: &CameraFrame,
    beside: Beside,
    rng: &mut ChaCha8Rng,
) -> Result<Shown, SimError> {
    for _ in 0..TRIES {
        let shown = match beside {
            Beside::Nothing => plain(stage, empty, rng)?,
            Beside::Drawer => with_drawer(stage, empty, rng)?,
            Beside::Hand => with_hand(stage, empty, rng)?,
        };
        if let Some(shown) = shown {
            return Ok(shown);
        }
    }
    Err(SimError::Scene("no arrangement is wholly in sight".to_owned()))
}

fn plain(stage: &mut Stage, empty: &CameraFrame, rng: &mut ChaCha8Rng) -> Result<Option<Shown>, SimError> {
    let Some(placed) = arrange(&stage.things(), empty, &|_, _, _| true, rng) else { return Ok(None) };
    let frame = stage.take(&placed)?;
    Ok(named(stage, &placed, &frame).map(|things| Shown { frame, things, hand: None }))
}

fn with_drawer(stage: &mut Stage, empty: &CameraFrame, rng: &mut ChaCha8Rng) -> Result<Option<Shown>, SimError> {
    let find = |label: &str| stage.built.objects.iter().find(|o| o.label.as_str() == label).cloned();
    let (Some(drawer), Some(cabinet)) = (find("drawer"), find("cabinet")) else { return Ok(None) };
    let StatePort::Opens { qpos, from, to } = drawer.state else { return Ok(None) };
    let is_open = rng.random_bool(0.6);
    let share = if is_open { rng.random_range(OPEN..1.0) } else { 0.0 };
    stage.data.qpos_mut()[qpos] = from + (to - from) * share;
    stage.data.forward_kinematics();
    let out_m = (to - from).abs() * share;
    let (world_from_chest, half_m) = (object_pose(&stage.data, &cabinet), cabinet.size_m * 0.5);
    let is_free = |port: &ObjectPort, at_m: &Vec3, _: &Bounds| {
        let inside_m = world_from_chest.inverse_transform_point(&(*at_m).into()).coords;
        let room_m = port.size_m.x.hypot(port.size_m.y) * 0.5 + GAP_M;
        let ahead_m = inside_m.x - half_m.x;
        ahead_m > out_m + HANDLE_M + room_m
            || ahead_m < -cabinet.size_m.x - room_m
            || inside_m.y.abs() > half_m.y + room_m
    };
    let things = stage.things();
    let Some(mut placed) = arrange(&things, empty, &is_free, rng) else { return Ok(None) };
    let world_from_drawer = object_pose(&stage.data, &drawer);
    let fits = |i: &usize| {
        let label = things[*i].label;
        let again =
            placed.iter().any(|p| things[p.object].label == label && things[p.object].color == things[*i].color);
        ["block", "ball"].contains(&label.as_str()) && !again
    };
    let loose: Vec<usize> = (0..things.len()).filter(fits).collect();
    let inside = loose.choose(rng).copied().filter(|_| is_open && rng.random_bool(0.65));
    if let Some((object, floor_m)) = inside.zip(drawer.floor_z_m) {
        let size_m = things[object].size_m;
        // What is out of the chest is in sight.
        let x_m = drawer.size_m.x * 0.5 - out_m * 0.5;
        let y_m = drawer.size_m.y * rng.random_range(-0.25..0.25);
        let pose = world_from_drawer * Pose::translation(x_m, y_m, floor_m + size_m.z * 0.5);
        placed.push(Placed { object, world_from_object: pose, rests: None });
    }
    let frame = stage.take(&placed)?;
    let Some(mut things) = named(stage, &placed, &frame) else { return Ok(None) };
    let handle = drawer.handle.map(|(body, at_m)| body_pose(&stage.data, body) * nalgebra::Point3::from(at_m));
    let at = handle.and_then(|handle| percent(&frame, &handle.coords));
    if at.is_none() {
        return Ok(None);
    }
    if inside.is_some()
        && let Some(last) = things.len().checked_sub(1)
    {
        things[last].rests = Some((Rests::In, things.len()));
    }
    let color = drawer.color.unwrap_or(Color::White);
    things.push(Named { at, open: Some(is_open), ..Named::new(drawer.label, color, None) });
    Ok(Some(Shown { frame, things, hand: None }))
}

fn with_hand(stage: &mut Stage, empty: &CameraFrame, rng: &mut ChaCha8Rng) -> Result<Option<Shown>, SimError> {
    let (Some(ports), Some(arm)) = (stage.built.ports.arm.clone(), stage.built.robot.arm.clone()) else {
        return Ok(None);
    };
    let tips_m = Vec3::from(TIPS_M.map(|(low, high)| rng.random_range(low..high)));
    let down = Rotation::from_axis_angle(&Vec3::x_axis(), PI);
    let turned = Rotation::from_axis_angle(&Vec3::z_axis(), rng.random_range(-0.7..0.7)) * down;
    let world_from_tool = Pose::from_parts(tips_m.into(), turned);
    let Some(pos_rad) = Ik::new(&arm).solve(&world_from_tool, &arm.home_rad, |_| true) else { return Ok(None) };
    ports.qpos.iter().zip(&pos_rad).for_each(|(q, rad)| stage.data.qpos_mut()[*q] = *rad);
    let room = Pose::from_parts((tips_m + Vec3::z() * HAND_M[2] * 0.45).into(), turned);
    let Some(hand) = empty.bounds_of(&room, &Vec3::from(HAND_M)) else { return Ok(None) };
    // Nothing stands under the hand in the picture, or where the arm comes from.
    let is_free = |_: &ObjectPort, _: &Vec3, thing: &Bounds| {
        thing.right_px < hand.left_px || thing.left_px > hand.right_px || thing.top_px > hand.bottom_px
    };
    let things = stage.things();
    let Some(mut placed) = arrange(&things, empty, &is_free, rng) else { return Ok(None) };
    let fits = |i: &usize| {
        let thing = things[*i];
        let again =
            placed.iter().any(|p| things[p.object].label == thing.label && things[p.object].color == thing.color);
        ["block", "ball", "cup"].contains(&thing.label.as_str()) && !again && thing.size_m.y < arm.gripper.max_width_m
    };
    let loose: Vec<usize> = (0..things.len()).filter(fits).collect();
    let held = loose.choose(rng).copied().filter(|_| rng.random_bool(0.7));
    let port = held.map(|i| things[i].clone());
    let pose = grip(&stage.built, &mut stage.data, &world_from_tool, port.as_ref(), rng);
    if let Some((object, world_from_object)) = held.zip(pose) {
        placed.push(Placed { object, world_from_object, rests: None });
    }
    let frame = stage.take(&placed)?;
    let Some(things) = named(stage, &placed, &frame) else { return Ok(None) };
    let hand = held.map_or(Hand::Empty, |_| Hand::Holds(things.len() - 1));
    Ok(Some(Shown { frame, things, hand: Some(hand) }))
}

/// What stands there, with where it shows; `None`: something stands before something.
fn named(stage: &Stage, placed: &[Placed], frame: &CameraFrame) -> Option<Vec<Named>> {
    let objects = stage.things();
    let depth_m = frame.depth_m.as_deref()?;
    let name = |(i, p): (usize, &Placed)| {
        let port = objects[p.object];
        let bare = placed.iter().all(|other| other.rests.is_none_or(|(_, under)| under != i));
        let top_m = p.world_from_object.translation.vector + Vec3::z() * port.size_m.z * 0.5;
        let camera_m = frame.world_from_camera.inverse_transform_point(&top_m.into()).coords;
        let (column, row) = frame.intrinsics.project(&camera_m)?;
        let pixel = row.round().max(0.0) as usize * frame.width_px + column.round().max(0.0) as usize;
        let is_seen = depth_m.get(pixel).is_some_and(|depth| f64::from(*depth) > camera_m.z - BEFORE_M);
        let at = percent(frame, &p.world_from_object.translation.vector)?;
        let named = Named::new(port.label, port.color.unwrap_or(Color::Gray), p.rests);
        (is_seen || !bare).then_some(Named { at: Some(at), ..named })
    };
    placed.iter().enumerate().map(name).collect()
}

/// Where a point shows, percent of the picture; `None`: outside.
fn percent(frame: &CameraFrame, at_m: &Vec3) -> Option<[u8; 2]> {
    let camera_m = frame.world_from_camera.inverse_transform_point(&(*at_m).into()).coords;
    let (column, row) = frame.intrinsics.project(&camera_m)?;
    let share = [(column + 0.5) / frame.width_px as f64, (row + 0.5) / frame.height_px as f64];
    share.iter().all(|share| (0.0..1.0).contains(share)).then(|| share.map(|share| (share * 100.0).round() as u8))
}

#[cfg(test)]
mod tests {
    use ponder_core::view::View;

    use super::super::{Plan, Split, sketches};
    use super::*;

    #[test]
    fn drawers_and_hands_are_shown_as_they_are() {
        let plan = Plan { split: Split::Train, seed: 5, count: 72, asked: true };
        let view = View::TABLE;
        let (mut open, mut shut, mut inside, mut held, mut empty) = (0, 0, 0, 0, 0);
        for scene in 0..3 {
            for sketch in sketches(&plan, scene).unwrap() {
                let lesson = &sketch.lesson;
                assert!(lesson.captions.is_empty() && sketch.pixels.len() == view.side_px * view.side_px * 4);
                assert!(lesson.things.iter().all(|thing| thing.at.is_some()));
                match lesson.hand {
                    Some(Hand::Holds(thing)) => {
                        held += 1;
                        assert!(lesson.things[thing].rests.is_none());
                    }
                    Some(Hand::Empty) => empty += 1,
                    None => {}
                }
                for (i, thing) in lesson.things.iter().enumerate() {
                    open += usize::from(thing.open == Some(true));
                    shut += usize::from(thing.open == Some(false));
                    let inside_of = |other: &Named| other.rests == Some((Rests::In, i)) && thing.open.is_some();
                    inside += lesson.things.iter().filter(|other| inside_of(other)).count();
                }
                assert_eq!(Beside::of(scene) == Beside::Hand, lesson.hand.is_some());
            }
        }
        assert!(open > 4 && shut > 2 && open + shut == 24 && inside > 2 && inside <= open, "{open} {shut} {inside}");
        assert!(held > 6 && empty > 2 && held + empty == 24, "{held} {empty}");
    }
}
