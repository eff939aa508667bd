//! `push`: shove an object along the table with closed fingers.

use crate::fact::Fact;
use crate::outcome::{Failure, FailureCode};
use crate::plan::{Facts, SkillCall};
use crate::scene::{Affordance, SceneObject};
use crate::skill::{Context, Param, ParamKind, Part, Phases, Skill, SkillSpec, Unmet};
use crate::state::{Side, State, Support};

use super::grasp::{
    ABOVE_M, GRIP_N, Phased, SLOW, arm, check_access, downward, footprint_gap_m, index_of, object, raised,
    travel_height_m,
};

/// Room between the fingers and the object before the push, metres.
const START_ROOM_M: f64 = 0.035;

/// The skill.
pub struct Push;

impl Skill for Push {
    fn spec(&self) -> &'static SkillSpec {
        &SkillSpec {
            name: "push",
            summary: "shove an object along the table to a side; the hand must be empty",
            params: &[
                Param { name: "object", kind: ParamKind::Object(Affordance::Graspable), doc: "what to push" },
                Param { name: "direction", kind: ParamKind::Choice(Side::NAMES), doc: "to which side (behind: away)" },
                Param {
                    name: "distance_m",
                    kind: ParamKind::Number { min: 0.03, max: 0.3, unit: "m" },
                    doc: "how far",
                },
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
        check_access(index, state)?;
        let object = &state.objects()[index];
        if let Some(top) = state.is_covered(index) {
            return Err(Unmet::Covered(object.id, state.objects()[top].id));
        }
        match state.situations[index].support {
            Support::In(holder) => Err(Unmet::ShutIn(object.id, state.objects()[holder].id)),
            _ => Ok(()),
        }
    }

    fn effect(&self, call: &SkillCall, state: &mut State) {
        if let Some(index) = index_of(call, 0, state) {
            let support = state.situations[index].support;
            state.put(index, support);
            state.situations[index].pushed = call.choice(1).and_then(Side::nth);
        }
    }

    fn promise(&self, call: &SkillCall, _before: &State) -> Facts {
        let side = call.choice(1).and_then(Side::nth);
        call.object(0).zip(side).map(|(id, side)| Fact::Moved(id, side)).into_iter().collect()
    }

    fn phases(&self, context: &Context<'_>) -> Result<Phases, Failure> {
        let (arm, object) = (arm(context)?, object(context, 0)?);
        let unreachable = Failure::new(FailureCode::Unreachable, Some(object.id));
        let side = context.call.choice(1).and_then(Side::nth).ok_or(unreachable)?;
        let distance_m = context.call.number(2).unwrap_or(0.1);
        let way = side.direction();
        let back_m = object.world_half_extents_m().dot(&way.abs()) + START_ROOM_M;
        let mut center_m = object.position_m();
        center_m.z = (object.bottom_m() + 0.4 * object.size_m.z).max(arm.workspace.min_m.z + 0.01);
        // Closed fingers lie along the hand's y: broad side across the push.
        let yaw = way.y.atan2(way.x);
        let start = downward(center_m - way * back_m, super::grasp::near_zero(yaw));
        let end = downward(center_m + way * (distance_m + START_ROOM_M - back_m), super::grasp::near_zero(yaw));
        // The whole way of the fingers and of what they push must be free of other things.
        let others = context
            .scene
            .objects
            .iter()
            .filter(|o| o.id != object.id && o.top_m() > object.bottom_m() + 0.01 && o.bottom_m() < object.top_m());
        let half_m = object.size_m.x.max(object.size_m.y) * 0.5;
        let (from_m, to_m) = (start.translation.vector, end.translation.vector + way * half_m * 2.0);
        let in_way = |o: &SceneObject| {
            (0..=10).any(|i| footprint_gap_m(o, &from_m.lerp(&to_m, f64::from(i) * 0.1)) < half_m + 0.01)
        };
        if others.into_iter().any(in_way) {
            return Err(Failure::new(FailureCode::NoRoom, Some(object.id)));
        }
        if !arm.workspace.contains(&end.translation.vector) || !arm.workspace.contains(&start.translation.vector) {
            return Err(unreachable);
        }
        let height_m = travel_height_m(context.scene, arm, 0.0).max(object.top_m() + ABOVE_M);
        let mut phases = Phases::new();
        phases.rise(context, height_m, false);
        phases.fingers("close", 0.0, GRIP_N);
        phases.travel(raised(start, height_m - start.translation.z), false);
        phases.straight("lower", start, SLOW);
        phases.straight("push", end, SLOW).until_contact(25.0);
        phases.straight("back off", downward(end.translation.vector - way * 0.03, super::grasp::near_zero(yaw)), SLOW);
        phases.straight("leave", raised(end, height_m - end.translation.z), 1.0);
        Ok(phases)
    }
}
