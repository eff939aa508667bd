//! What the placing skills share: preconditions on what is held, a free spot, and the way down to it.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::geometry::{Aabb, yaw_rad};
use crate::outcome::{Failure, FailureCode};
use crate::robot::Arm;
use crate::scene::{Affordance, Scene, SceneObject};
use crate::skill::{Context, Phases, Unmet};
use crate::state::State;
use crate::{Rotation, Vec3};

use super::grasp::{LET_GO_N, Phased, SLOW, arm, downward, footprint_gap_m, near_zero, raised, travel_height_m};

/// Room kept around a thing that is put down on a wide surface, metres.
const SPOT_ROOM_M: f64 = 0.025;

/// Room kept around it on a small one: what the opening fingers need, metres.
const SMALL_ROOM_M: f64 = 0.014;
/// How much fingers open to let go, metres.
const WIDE_M: f64 = 0.03;
/// The same inside of walls: fingers that press against them from within lift a bowl with them.
const NARROW_M: f64 = 0.016;
/// Room between a load and a container's wall, metres.
const WALL_ROOM_M: f64 = 0.03;

/// Room that the hand needs before a raised lid, metres.
const HAND_FROM_LID_M: f64 = 0.085;

/// What is held, if it may be put on or in `target`.
pub fn check_held(target: usize, state: &State) -> Result<usize, Unmet> {
    let held = state.holding.ok_or(Unmet::HandEmpty)?;
    let object = &state.objects()[target];
    if held == target {
        return Err(Unmet::Itself(object.id));
    }
    if let Some(holder) = state.shut_in(target) {
        return Err(Unmet::ShutIn(object.id, state.objects()[holder].id));
    }
    Ok(held)
}

/// Does the footprint of `a` fit into that of `b`, turned as suits it?
pub fn fits(a: &SceneObject, b: &SceneObject, wall_m: f64) -> bool {
    let (inner_x, inner_y) = (b.size_m.x - 2.0 * wall_m, b.size_m.y - 2.0 * wall_m);
    let (x, y) = (a.size_m.x, a.size_m.y);
    (x <= inner_x && y <= inner_y) || (y <= inner_x && x <= inner_y)
}

/// What is held now and how it hangs from the tool.
pub struct Load<'a> {
    /// The object.
    pub object: &'a SceneObject,
    /// From the tool down to its lowest point, metres.
    pub hang_m: f64,
    /// Half the larger side of its footprint, metres.
    pub half_m: f64,
}

/// The held object, or the failure that nothing is held.
pub fn load<'a>(context: &Context<'a>) -> Result<Load<'a>, Failure> {
    let dropped = Failure::new(FailureCode::Dropped, None);
    let tool = context.world_from_tool.ok_or(dropped)?;
    let object = context.scene.holding.and_then(|id| context.scene.get(&id)).ok_or(dropped)?;
    let hang_m = (tool.translation.z - object.bottom_m()).clamp(0.0, 0.2);
    let half_m = object.size_m.x.max(object.size_m.y) * 0.5;
    Ok(Load { object, hang_m, half_m })
}

/// Things that a spot must keep clear of.
fn obstacles<'a>(
    scene: &'a Scene,
    load: &'a SceneObject,
    on: &'a SceneObject,
) -> impl Iterator<Item = &'a SceneObject> {
    let surface_m = on.top_m();
    scene.objects.iter().filter(move |o| {
        o.id != load.id && o.id != on.id && o.top_m() > surface_m + 0.004 && o.bottom_m() < surface_m + 0.25
    })
}

/// Room around a spot, metres: to the nearest obstacle beyond the load's own half size.
fn room_m(spot_m: &Vec3, load: &Load<'_>, scene: &Scene, on: &SceneObject) -> f64 {
    let gaps = obstacles(scene, load.object, on).map(|o| {
        let handle = o.handle_m.map_or(f64::INFINITY, |h| (h - spot_m).xy().norm());
        footprint_gap_m(o, spot_m).min(handle) - load.half_m
    });
    gaps.fold(f64::INFINITY, f64::min)
}

/// A spot on a surface's top for the load: the middle if it is free, else the free spot nearest to `near_m` over
/// which the hand has room.
pub fn spot_on(
    surface: &SceneObject,
    near_m: &Vec3,
    load: &Load<'_>,
    scene: &Scene,
    reach: &Aabb,
    has_hand_room: &dyn Fn(&Vec3) -> bool,
) -> Result<Vec3, Failure> {
    let no_room = Failure::new(FailureCode::NoRoom, Some(surface.id));
    let at = |x: f64, y: f64| {
        let mut point = (surface.world_from_object * nalgebra::Point3::new(x, y, 0.0)).coords;
        point.z = surface.top_m();
        point
    };
    // On a small surface the middle is meant; where that is taken, any spot that holds the whole load will do.
    let wide = surface.size_m.x.min(surface.size_m.y) > 4.0 * load.half_m + 0.1;
    let middle_m = at(0.0, 0.0);
    if !wide && room_m(&middle_m, load, scene, surface) >= 0.0 {
        return Ok(middle_m);
    }
    let keep_m = if wide { SPOT_ROOM_M } else { SMALL_ROOM_M };
    let (half_x, half_y) =
        ((surface.size_m.x * 0.5 - load.half_m).max(0.0), (surface.size_m.y * 0.5 - load.half_m).max(0.0));
    const STEPS: i32 = 30;
    let grid = (-STEPS..=STEPS).flat_map(|i| (-STEPS..=STEPS).map(move |j| (i, j)));
    let mut best: Option<(f64, Vec3)> = None;
    for (i, j) in grid {
        let spot_m = at(half_x * f64::from(i) / f64::from(STEPS), half_y * f64::from(j) / f64::from(STEPS));
        let distance_m = (spot_m - near_m).xy().norm();
        if best.as_ref().is_some_and(|(other, _)| distance_m >= *other) {
            continue;
        }
        let mut over_m = spot_m;
        over_m.z = over_m.z.max(reach.min_m.z) + 0.05;
        if reach.grown(-0.03).contains(&over_m)
            && room_m(&spot_m, load, scene, surface) >= keep_m
            && has_hand_room(&spot_m)
        {
            best = Some((distance_m, spot_m));
        }
    }
    best.map(|(_, spot)| spot).ok_or(no_room)
}

/// A spot inside a container: its middle if it is free, else away from what is in it and from what overhangs it (the
/// cabinet over a drawer).
pub fn spot_in(container: &SceneObject, load: &Load<'_>, scene: &Scene) -> Vec3 {
    const STEPS: i32 = 5;
    let (rim_m, middle_m) = (container.top_m(), container.position_m());
    let half = |i: usize| (container.size_m[i] * 0.5 - load.half_m - WALL_ROOM_M).max(0.0);
    let (half_x, half_y) = (half(0), half(1));
    let room_m = |spot_m: &Vec3| {
        let others = scene.objects.iter().filter(|o| o.id != load.object.id && o.id != container.id);
        let gaps = others.map(|o| {
            let gap_m = footprint_gap_m(o, spot_m) - load.half_m;
            let within = o.can(Affordance::Graspable) && footprint_gap_m(container, &o.position_m()) <= 0.0;
            // Neighbours that rise above the rim are in the way of the hand, things inside of the load alone.
            if within {
                gap_m
            } else if o.top_m() > rim_m + 0.005 {
                gap_m - 0.02
            } else {
                f64::INFINITY
            }
        });
        let lid_m = if container.has_lid() {
            let local = container.world_from_object.inverse_transform_point(&(*spot_m).into());
            local.x + container.size_m.x * 0.5 - HAND_FROM_LID_M
        } else {
            f64::INFINITY
        };
        gaps.fold(0.03, f64::min).min(lid_m)
    };
    let grid = (-STEPS..=STEPS).flat_map(|i| (-STEPS..=STEPS).map(move |j| (i, j)));
    let spots = grid.map(|(i, j)| {
        let share = |k: i32| f64::from(k) / f64::from(STEPS);
        let local = nalgebra::Point3::new(half_x * share(i), half_y * share(j), 0.0);
        (container.world_from_object * local).coords
    });
    let score = |spot_m: &Vec3| room_m(spot_m) - 0.05 * (spot_m - middle_m).xy().norm();
    spots.fold(middle_m, |best, spot| if score(&spot) > score(&best) + 1e-9 { spot } else { best })
}

/// Which way a load is turned before it is put down.
#[derive(Clone, Copy, Debug)]
pub enum Align {
    /// As it is held.
    AsHeld,
    /// The load's sides along this heading, radians.
    Load(f64),
    /// The hand's narrow side along this heading, radians: into a thing with a lid or under a cabinet's edge.
    Hand(f64),
}

/// Where a load is put down.
#[derive(Clone, Copy, Debug)]
pub enum Onto {
    /// On what is open all around.
    Top,
    /// Between walls, with nothing else there: as low as the tool itself may go, metres.
    Within(f64),
    /// The same among other things, which fingers that open wide push aside.
    Among(f64),
}

/// The phases that carry the load over a point, lower its underside to `bottom_m`, let go and leave.
pub fn put_down(
    context: &Context<'_>,
    load: &Load<'_>,
    spot_m: Vec3,
    bottom_m: f64,
    align: Align,
    onto: Onto,
) -> Result<Phases, Failure> {
    let arm: &Arm = arm(context)?;
    let tool = context.world_from_tool.ok_or(Failure::new(FailureCode::Unreachable, None))?;
    let held_yaw = yaw_rad(&load.object.world_from_object);
    // The hand's heading about the vertical, as `downward` takes it.
    let forward = tool.rotation * Vec3::x();
    let hand_yaw = forward.y.atan2(forward.x);
    let nearest = |angle_rad: f64, period_rad: f64| {
        let wrapped = angle_rad.rem_euclid(period_rad);
        if wrapped > period_rad * 0.5 { wrapped - period_rad } else { wrapped }
    };
    let turn = match align {
        Align::AsHeld => 0.0,
        Align::Load(to_rad) => nearest(to_rad - held_yaw, FRAC_PI_2),
        Align::Hand(to_rad) => nearest(to_rad - hand_yaw, PI),
    };
    let yaw = near_zero(hand_yaw + turn);
    // The load's centre is not quite under the tool: bring the centre over the spot. A half turn of the hand against
    // `hand_yaw + turn` turns the offset with it.
    let offset_m = load.object.position_m() - tool.translation.vector;
    let offset_m = Rotation::from_euler_angles(0.0, 0.0, yaw - hand_yaw) * Vec3::new(offset_m.x, offset_m.y, 0.0);
    let (deepest_m, open_m) = match onto {
        Onto::Top => (0.0, WIDE_M),
        Onto::Within(deepest_m) => (deepest_m, NARROW_M),
        Onto::Among(deepest_m) => (deepest_m, WIDE_M),
    };
    let lowest_m = (bottom_m + load.hang_m).max(deepest_m);
    let target = downward(Vec3::new(spot_m.x - offset_m.x, spot_m.y - offset_m.y, lowest_m), yaw);
    let height_m = travel_height_m(context.scene, arm, load.hang_m).max(lowest_m + 0.05);
    let above = raised(target, height_m - lowest_m);
    let width_m = context.observation.gripper_width_m.unwrap_or(0.0);
    let mut phases = Phases::new();
    phases.rise(context, height_m, true);
    phases.travel(above, true);
    let lower = phases.straight("lower", raised(target, 0.03), 0.8).until_contact(15.0);
    lower.carrying = true;
    let touch = phases.straight("set down", target, SLOW * 0.6).until_contact(12.0);
    touch.carrying = true;
    let opened = |by_m: f64| (width_m + by_m).min(arm.gripper.max_width_m);
    phases.fingers("let go", opened(open_m), LET_GO_N).dwell_s = 0.25;
    phases.straight("back off", raised(target, 0.06), SLOW);
    if matches!(onto, Onto::Within(_)) {
        phases.fingers("open", opened(WIDE_M), LET_GO_N);
    }
    phases.straight("leave", above, 1.0);
    Ok(phases)
}
