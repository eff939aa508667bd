//! `turn`: take a knob between the fingers and turn it on (counter-clockwise) or off.

use std::f64::consts::FRAC_PI_2;

use crate::fact::Fact;
use crate::geometry::yaw_rad;
use crate::outcome::{Failure, FailureCode};
use crate::plan::{Facts, SkillCall};
use crate::scene::Affordance;
use crate::skill::{Context, Param, ParamKind, Part, Phases, Skill, SkillSpec, Unmet};
use crate::state::State;

use super::grasp::{Phased, SLOW, arm, check_access, downward, index_of, near_zero, object, raised, travel_height_m};

/// Words of the choice: on, off.
const WAYS: &[&str] = &["on", "off"];
/// Force of the grip on a knob, newtons.
const KNOB_N: f64 = 30.0;

/// The skill.
pub struct Turn;

impl Skill for Turn {
    fn spec(&self) -> &'static SkillSpec {
        &SkillSpec {
            name: "turn",
            summary: "turn a knob on or off; the hand must be empty",
            params: &[
                Param { name: "object", kind: ParamKind::Object(Affordance::Turnable), doc: "which knob" },
                Param { name: "to", kind: ParamKind::Choice(WAYS), doc: "on or off" },
            ],
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
        let wanted = call.choice(1) == Some(0);
        if state.situations[index].on == Some(wanted) {
            return Err(Unmet::Already(state.objects()[index].id));
        }
        Ok(())
    }

    fn effect(&self, call: &SkillCall, state: &mut State) {
        if let Some(index) = index_of(call, 0, state) {
            state.situations[index].on = Some(call.choice(1) == Some(0));
        }
    }

    fn promise(&self, call: &SkillCall, _before: &State) -> Facts {
        let wanted = |id| {
            if call.choice(1) == Some(0) { Fact::TurnedOn(id) } else { Fact::TurnedOff(id) }
        };
        call.object(0).map(wanted).into_iter().collect()
    }

    fn phases(&self, context: &Context<'_>) -> Result<Phases, Failure> {
        let (arm, object) = (arm(context)?, object(context, 0)?);
        let turn_rad = if context.call.choice(1) == Some(0) { FRAC_PI_2 } else { -FRAC_PI_2 };
        // The knob's fin lies along its x: fingers close across it. Begin so that the middle of the turn is nearest to
        // straight ahead, which keeps the wrist inside its range.
        let fin_rad = yaw_rad(&object.world_from_object);
        let begin_rad = near_zero(fin_rad + turn_rad * 0.5) - turn_rad * 0.5;
        let mut point_m = object.position_m();
        point_m.z = object.top_m() - 0.012;
        let begin = downward(point_m, begin_rad);
        let end = downward(point_m, begin_rad + turn_rad);
        let height_m = travel_height_m(context.scene, arm, 0.02).max(point_m.z + 0.08);
        let open_m = (object.size_m.y + 0.03).min(arm.gripper.max_width_m);
        let mut phases = Phases::new();
        phases.rise(context, height_m, false);
        phases.fingers("open fingers", open_m, KNOB_N);
        phases.travel(raised(begin, height_m - point_m.z), false);
        phases.straight("approach", raised(begin, 0.03), 1.0);
        phases.straight("reach", begin, SLOW).until_contact(20.0);
        let close = phases.fingers("grip the knob", 0.0, KNOB_N);
        close.on_reached = Some(FailureCode::GraspMissed);
        close.dwell_s = 0.2;
        phases.straight("turn", end, SLOW);
        phases.fingers("let go", open_m, KNOB_N).dwell_s = 0.1;
        phases.straight("leave", raised(end, height_m - point_m.z), 0.8);
        Ok(phases)
    }
}
