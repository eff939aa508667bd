//! `park`: fold the arm to its home posture, or stop the base.

use crate::action::Action;
use crate::outcome::Failure;
use crate::plan::{Facts, SkillCall};
use crate::skill::{Context, Part, Phase, Phases, Skill, SkillSpec, Unmet};
use crate::state::State;

use super::grasp::{Phased, arm, travel_height_m};

/// The skill.
pub struct Park;

impl Skill for Park {
    fn spec(&self) -> &'static SkillSpec {
        &SkillSpec {
            name: "park",
            summary: "fold the arm to its home posture and rest",
            params: &[],
            needs: Part::Any,
            timeout_s: 20.0,
            retries: 1,
        }
    }

    fn check(&self, _call: &SkillCall, _state: &State) -> Result<(), Unmet> {
        Ok(())
    }

    fn effect(&self, _call: &SkillCall, _state: &mut State) {}

    fn promise(&self, _call: &SkillCall, _before: &State) -> Facts {
        Facts::new()
    }

    fn phases(&self, context: &Context<'_>) -> Result<Phases, Failure> {
        let mut phases = Phases::new();
        let carrying = context.scene.holding.is_some();
        if let Ok(arm) = arm(context) {
            phases.rise(context, travel_height_m(context.scene, arm, 0.1), carrying);
        }
        phases.push(Phase { carrying, ..Phase::new("fold", Action::Park) });
        Ok(phases)
    }
}
