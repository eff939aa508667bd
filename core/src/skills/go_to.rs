//! `go_to`: drive to a place along a free way through what the scene shows.

use crate::action::Action;
use crate::fact::Fact;
use crate::outcome::{Failure, FailureCode};
use crate::plan::{Facts, SkillCall};
use crate::scene::Affordance;
use crate::skill::{Context, OnBlocked, Param, ParamKind, Part, Phase, Phases, Skill, SkillSpec, Unmet};
use crate::state::State;

use super::grasp::{index_of, object};
use super::route::{is_leg_free, legs};

/// The skill.
pub struct GoTo;

impl Skill for GoTo {
    fn spec(&self) -> &'static SkillSpec {
        &SkillSpec {
            name: "go_to",
            summary: "drive to a place around whatever stands in the way",
            params: &[Param { name: "place", kind: ParamKind::Object(Affordance::Place), doc: "where to go" }],
            needs: Part::Base,
            timeout_s: 60.0,
            retries: 2,
        }
    }

    fn check(&self, call: &SkillCall, state: &State) -> Result<(), Unmet> {
        let Some(index) = index_of(call, 0, state) else {
            return Ok(());
        };
        let place = &state.objects()[index];
        match &state.robot().base {
            Some(base) if !base.area.grown(0.3).contains(&on_floor(place.position_m(), base)) => {
                Err(Unmet::OutOfReach(place.id))
            }
            _ => Ok(()),
        }
    }

    fn effect(&self, call: &SkillCall, state: &mut State) {
        state.at = index_of(call, 0, state);
    }

    fn promise(&self, call: &SkillCall, _before: &State) -> Facts {
        call.object(0).map(Fact::RobotAt).into_iter().collect()
    }

    fn phases(&self, context: &Context<'_>) -> Result<Phases, Failure> {
        let place = object(context, 0)?;
        let no_way = Failure::new(FailureCode::NoWay, Some(place.id));
        let base = context.robot.base.as_ref().ok_or(no_way)?;
        let world_from_base = context.observation.base.ok_or(no_way)?.world_from_base;
        let legs = legs(&world_from_base.translation.vector, place, context.scene, base).ok_or(no_way)?;
        let drive = |to: crate::Vec3| {
            let action = Action::Drive { x_m: to.x, y_m: to.y, yaw_rad: None, speed: 1.0 };
            let on_blocked = OnBlocked::Fail(FailureCode::Blocked);
            let watch = true;
            Phase { on_blocked, watch, ..Phase::new("drive", action) }
        };
        Ok(legs.into_iter().map(drive).collect())
    }

    fn still_fits(&self, context: &Context<'_>, phase: &Phase) -> Result<(), Failure> {
        let place = object(context, 0)?;
        let (Some(base), Some(state)) = (&context.robot.base, &context.observation.base) else {
            return Ok(());
        };
        let Action::Drive { x_m, y_m, .. } = phase.action else {
            return Ok(());
        };
        let from_m = state.world_from_base.translation.vector;
        let to_m = crate::Vec3::new(x_m, y_m, from_m.z);
        if is_leg_free(&from_m, &to_m, place, context.scene, base) {
            Ok(())
        } else {
            Err(Failure::new(FailureCode::Blocked, Some(place.id)))
        }
    }
}

fn on_floor(mut point_m: crate::Vec3, base: &crate::robot::Base) -> crate::Vec3 {
    point_m.z = (base.area.min_m.z + base.area.max_m.z) * 0.5;
    point_m
}
