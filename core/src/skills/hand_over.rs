//! `hand_over`: bring what is held to the edge of the reach, towards a person, and keep holding it.

use crate::Vec3;
use crate::action::Action;
use crate::fact::Fact;
use crate::outcome::Failure;
use crate::plan::{Facts, SkillCall};
use crate::skill::{Context, Part, Phase, Phases, Skill, SkillSpec, Unmet};
use crate::state::State;

use super::grasp::{Phased, arm, downward, travel_height_m};

/// Share of the way from the workspace's middle to its right edge.
const ASIDE: f64 = 0.55;

/// The skill.
pub struct HandOver;

impl Skill for HandOver {
    fn spec(&self) -> &'static SkillSpec {
        &SkillSpec {
            name: "hand_over",
            summary: "hold out what is held for a person to take",
            params: &[],
            needs: Part::Arm,
            timeout_s: 20.0,
            retries: 0,
        }
    }

    fn check(&self, _call: &SkillCall, state: &State) -> Result<(), Unmet> {
        if state.holding.is_some() { Ok(()) } else { Err(Unmet::HandEmpty) }
    }

    fn effect(&self, _call: &SkillCall, _state: &mut State) {}

    fn promise(&self, _call: &SkillCall, before: &State) -> Facts {
        before.holding.map(|held| Fact::Held(before.objects()[held].id)).into_iter().collect()
    }

    fn phases(&self, context: &Context<'_>) -> Result<Phases, Failure> {
        let arm = arm(context)?;
        let (low, high) = (arm.workspace.min_m, arm.workspace.max_m);
        let height_m = travel_height_m(context.scene, arm, 0.1);
        let middle_m = (low + high) * 0.5;
        let point_m = Vec3::new(middle_m.x, middle_m.y + (low.y - middle_m.y) * ASIDE, height_m);
        let mut phases = Phases::new();
        phases.rise(context, height_m, true);
        phases.travel(downward(point_m, 0.0), true);
        phases.push(Phase { carrying: true, dwell_s: 0.5, ..Phase::new("hold out", Action::Hold) });
        Ok(phases)
    }
}
