//! `place_beside`: put what is held down next to something, on a given side of it.

use crate::fact::Fact;
use crate::outcome::{Failure, FailureCode};
use crate::plan::{Facts, SkillCall};
use crate::skill::{Context, Param, ParamKind, Part, Phases, Skill, SkillSpec, Unmet};
use crate::state::{Side, State, Support};

use super::grasp::{arm, check_reach, downward, footprint_gap_m, hand_room_m, index_of, near_zero, object};
use super::place::{Align, Onto, check_held, load, put_down};

/// The skill.
pub struct PlaceBeside;

impl Skill for PlaceBeside {
    fn spec(&self) -> &'static SkillSpec {
        &SkillSpec {
            name: "place_beside",
            summary: "put what is held next to something, on a side of it as seen from the robot",
            params: &[
                Param { name: "reference", kind: ParamKind::AnyObject, doc: "next to what" },
                Param { name: "side", kind: ParamKind::Choice(Side::NAMES), doc: "on which side of it" },
            ],
            needs: Part::Arm,
            timeout_s: 30.0,
            retries: 1,
        }
    }

    fn check(&self, call: &SkillCall, state: &State) -> Result<(), Unmet> {
        let Some(index) = index_of(call, 0, state) else {
            return Ok(());
        };
        check_held(index, state)?;
        check_reach(&state.objects()[index], state)
    }

    fn effect(&self, call: &SkillCall, state: &mut State) {
        let side = call.choice(1).and_then(Side::nth);
        if let (Some(index), Some(held), Some(side)) = (index_of(call, 0, state), state.holding, side) {
            // It comes to rest on whatever the reference rests on.
            let support = match state.situations[index].support {
                Support::On(under) => Support::On(under),
                _ => Support::Ground,
            };
            state.put(held, support);
            state.situations[held].beside.push((index, side));
        }
    }

    fn promise(&self, call: &SkillCall, before: &State) -> Facts {
        let held = before.holding.map(|held| before.objects()[held].id);
        let side = call.choice(1).and_then(Side::nth);
        let beside = held.zip(call.object(0)).zip(side).map(|((held, other), side)| side.fact(held, other));
        beside.into_iter().chain([Fact::HandEmpty]).collect()
    }

    fn phases(&self, context: &Context<'_>) -> Result<Phases, Failure> {
        let (reference, load) = (object(context, 0)?, load(context)?);
        let no_room = Failure::new(FailureCode::NoRoom, Some(reference.id));
        let side = context.call.choice(1).and_then(Side::nth).ok_or(no_room)?;
        let workspace = arm(context)?.workspace;
        let extent_m = reference.world_half_extents_m();
        let way = side.direction();
        let nearest_m = extent_m.dot(&way.abs()) + load.half_m + 0.025;
        // The hand's narrow side towards the reference, so that it has room beside something tall.
        let hand_rad = near_zero(way.y.atan2(way.x));
        let align = Align::Hand(hand_rad);
        let depth_m = arm(context)?.gripper.finger_depth_m;
        let ignored = [Some(load.object.id)];
        let free = |spot_m: &crate::Vec3| {
            let blocking = |o: &crate::scene::SceneObject| {
                o.id != load.object.id
                    && o.top_m() > reference.bottom_m() + 0.01
                    && footprint_gap_m(o, spot_m) < load.half_m + 0.012
            };
            workspace.grown(-0.02).contains(&crate::Vec3::new(spot_m.x, spot_m.y, workspace.min_m.z + 0.1))
                && !context.scene.objects.iter().any(blocking)
                && {
                    let tool_m = *spot_m + crate::Vec3::z() * (reference.bottom_m() - spot_m.z + load.hang_m);
                    hand_room_m(&downward(tool_m, hand_rad), context.scene, depth_m, &ignored) > 0.0
                }
        };
        // Straight out first, then a little to either side, then farther out.
        let across = crate::Vec3::new(-way.y, way.x, 0.0);
        let spots = (0..15).flat_map(|out| {
            [0.0, 0.03, -0.03, 0.06, -0.06].map(|aside: f64| {
                let out_m = nearest_m + 0.02 * f64::from(out);
                (aside.abs() < out_m).then(|| reference.position_m() + way * out_m + across * aside)
            })
        });
        let spot_m = spots.flatten().find(free).ok_or(no_room)?;
        put_down(context, &load, spot_m, reference.bottom_m() + 0.001, align, Onto::Top)
    }
}
