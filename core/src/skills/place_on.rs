//! `place_on`: put what is held onto a surface: table, plate, shelf, zone, another block.

use crate::fact::Fact;
use crate::geometry::yaw_rad;
use crate::outcome::Failure;
use crate::plan::{Facts, SkillCall};
use crate::scene::Affordance;
use crate::skill::{Context, Param, ParamKind, Part, Phases, Skill, SkillSpec, Unmet};
use crate::state::{State, Support};

use super::grasp::{arm, check_reach, downward, hand_room_m, index_of, object};
use super::place::{Align, Onto, check_held, load, put_down, spot_on};

/// Wider than this a surface is a place to choose a spot on, not one to centre on, metres.
const WIDE_M: f64 = 0.3;

/// The skill.
pub struct PlaceOn;

impl Skill for PlaceOn {
    fn spec(&self) -> &'static SkillSpec {
        &SkillSpec {
            name: "place_on",
            summary: "put what is held onto a surface with nothing on it (a wide surface may hold other things)",
            params: &[Param {
                name: "surface",
                kind: ParamKind::Object(Affordance::Surface),
                doc: "what to put it on",
            }],
            needs: Part::Arm,
            timeout_s: 30.0,
            retries: 1,
        }
    }

    fn check(&self, call: &SkillCall, state: &State) -> Result<(), Unmet> {
        let Some(index) = index_of(call, 0, state) else {
            return Ok(());
        };
        let held = check_held(index, state)?;
        let (load, surface) = (&state.objects()[held], &state.objects()[index]);
        let small = surface.size_m.x.min(surface.size_m.y) < WIDE_M;
        if surface.can(Affordance::Graspable)
            && let Some(top) = state.is_covered(index)
        {
            return Err(Unmet::Covered(surface.id, state.objects()[top].id));
        }
        // A load may stick out, but its middle half must be carried.
        if load.size_m.x.min(load.size_m.y) * 0.5 > surface.size_m.x.min(surface.size_m.y) {
            return Err(Unmet::DoesNotFit(load.id, surface.id));
        }
        if small { check_reach(surface, state) } else { Ok(()) }
    }

    fn effect(&self, call: &SkillCall, state: &mut State) {
        if let (Some(index), Some(held)) = (index_of(call, 0, state), state.holding) {
            state.put(held, Support::On(index));
        }
    }

    fn promise(&self, call: &SkillCall, before: &State) -> Facts {
        let held = before.holding.map(|held| before.objects()[held].id);
        let on = held.zip(call.object(0)).map(|(held, surface)| Fact::On(held, surface));
        on.into_iter().chain([Fact::HandEmpty]).collect()
    }

    fn phases(&self, context: &Context<'_>) -> Result<Phases, Failure> {
        let (surface, load) = (object(context, 0)?, load(context)?);
        let near_m = context.world_from_tool.map_or_else(|| surface.position_m(), |tool| tool.translation.vector);
        let (reach, depth_m) = {
            let arm = arm(context)?;
            (arm.workspace, arm.gripper.finger_depth_m)
        };
        let small = surface.size_m.x.min(surface.size_m.y) < WIDE_M;
        let near_m = if small { surface.position_m() } else { near_m };
        let held_rad = context.world_from_tool.map_or(0.0, |tool| {
            let forward = tool.rotation * crate::Vec3::x();
            forward.y.atan2(forward.x)
        });
        let ignored = [Some(load.object.id)];
        let has_hand_room = |spot_m: &crate::Vec3| {
            let tool = downward(spot_m + crate::Vec3::z() * load.hang_m, held_rad);
            hand_room_m(&tool, context.scene, depth_m, &ignored) > 0.0
        };
        let spot_m = spot_on(surface, &near_m, &load, context.scene, &reach, &has_hand_room)?;
        let align = if small { Align::Load(yaw_rad(&surface.world_from_object)) } else { Align::AsHeld };
        put_down(context, &load, spot_m, surface.top_m() + 0.001, align, Onto::Top)
    }
}
