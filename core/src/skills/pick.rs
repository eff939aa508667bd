//! `pick`: take hold of an object from above and lift it clear.

use crate::fact::Fact;
use crate::outcome::{Failure, FailureCode};
use crate::plan::{Facts, SkillCall};
use crate::scene::Affordance;
use crate::skill::{Context, Param, ParamKind, Part, Phases, Skill, SkillSpec, Unmet};
use crate::state::{State, Support};

use super::grasp::{
    ABOVE_M, GRIP_N, Phased, SLOW, arm, check_access, grasp_of, index_of, object, raised, travel_height_m,
};

/// The skill.
pub struct Pick;

impl Skill for Pick {
    fn spec(&self) -> &'static SkillSpec {
        &SkillSpec {
            name: "pick",
            summary: "take hold of an object from above and lift it; the hand must be empty",
            params: &[Param { name: "object", kind: ParamKind::Object(Affordance::Graspable), doc: "what to pick up" }],
            needs: Part::Arm,
            timeout_s: 30.0,
            retries: 2,
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
        let width_m = object.size_m.x.min(object.size_m.y);
        match &state.robot().arm {
            Some(arm) if width_m > arm.gripper.max_width_m - 0.006 => Err(Unmet::TooWide(object.id)),
            _ => Ok(()),
        }
    }

    fn effect(&self, call: &SkillCall, state: &mut State) {
        if let Some(index) = index_of(call, 0, state) {
            state.put(index, Support::Hand);
        }
    }

    fn promise(&self, call: &SkillCall, _before: &State) -> Facts {
        call.object(0).map(Fact::Held).into_iter().collect()
    }

    fn phases(&self, context: &Context<'_>) -> Result<Phases, Failure> {
        let (arm, object) = (arm(context)?, object(context, 0)?);
        let grasp = grasp_of(object, context.scene, arm).map_err(|unmet| Failure {
            unmet: Some(unmet),
            ..Failure::new(FailureCode::PreconditionLost, Some(object.id))
        })?;
        let hang_m = grasp.world_from_tool.translation.z - object.bottom_m();
        let height_m = travel_height_m(context.scene, arm, hang_m).max(object.top_m() + ABOVE_M);
        let above = raised(grasp.world_from_tool, height_m - grasp.world_from_tool.translation.z);
        let mut phases = Phases::new();
        phases.rise(context, height_m, false);
        phases.fingers("open", grasp.open_m, GRIP_N);
        phases.travel(above, false);
        phases.straight("approach", raised(grasp.world_from_tool, 0.04), 1.0);
        phases.straight("reach", grasp.world_from_tool, SLOW).until_contact(20.0);
        let close = phases.fingers("close", 0.0, GRIP_N);
        close.on_reached = Some(FailureCode::GraspMissed);
        close.dwell_s = 0.2;
        phases.straight("lift", raised(grasp.world_from_tool, 0.05), SLOW).carrying = true;
        phases.straight("raise", above, 0.8).carrying = true;
        Ok(phases)
    }
}
