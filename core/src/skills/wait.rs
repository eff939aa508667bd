//! `wait`: hold still for a while.

use crate::action::Action;
use crate::outcome::Failure;
use crate::plan::{Facts, SkillCall};
use crate::skill::{Context, Param, ParamKind, Part, Phase, Phases, Skill, SkillSpec, Unmet};
use crate::state::State;

/// The skill.
pub struct Wait;

impl Skill for Wait {
    fn spec(&self) -> &'static SkillSpec {
        &SkillSpec {
            name: "wait",
            summary: "hold still for some seconds",
            params: &[Param {
                name: "seconds",
                kind: ParamKind::Number { min: 0.1, max: 60.0, unit: "s" },
                doc: "how long",
            }],
            needs: Part::Any,
            timeout_s: 65.0,
            retries: 0,
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
        let dwell_s = context.call.number(0).unwrap_or(0.0);
        let carrying = context.scene.holding.is_some();
        Ok([Phase { dwell_s, carrying, ..Phase::new("wait", Action::Hold) }].into_iter().collect())
    }
}
