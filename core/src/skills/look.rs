//! `look`: clear the view and take a fresh look.

use crate::outcome::Failure;
use crate::plan::{Facts, SkillCall};
use crate::skill::{Context, Part, Phase, Phases, Skill, SkillSpec, Unmet};
use crate::state::State;

/// The skill.
pub struct Look;

impl Skill for Look {
    fn spec(&self) -> &'static SkillSpec {
        &SkillSpec {
            name: "look",
            summary: "move out of the camera's view and take a fresh look at the scene",
            params: &[],
            needs: Part::Any,
            timeout_s: 15.0,
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

    fn phases(&self, _context: &Context<'_>) -> Result<Phases, Failure> {
        // The fresh look itself is the executive's: it measures after every step.
        Ok([Phase::clear_the_view()].into_iter().collect())
    }
}
