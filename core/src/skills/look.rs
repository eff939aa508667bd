//! `look`: clear the view and take a fresh look. And what the executive does where that does not tell: the hand, whose
//! camera looks along its fingers, goes over a bowl or a bin.

use crate::Vec3;
use crate::action::{Action, Path};
use crate::outcome::Failure;
use crate::plan::{Facts, SkillCall};
use crate::robot::Arm;
use crate::scene::SceneObject;
use crate::skill::{Context, OnBlocked, Part, Phase, Phases, Skill, SkillSpec, Unmet};
use crate::state::State;

use super::grasp::downward;

/// How far over a thing's top the hand is to look into it, metres.
const ABOVE_M: f64 = 0.25;

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

/// The phase that holds the hand over a thing; `None` where the arm may not be there. Where its way is blocked, what it
/// sees from there has to do.
pub fn from_above(arm: &Arm, object: &SceneObject) -> Option<Phase> {
    let over_m = object.position_m() + Vec3::z() * (object.size_m.z * 0.5 + ABOVE_M);
    let world_from_tool = downward(over_m, 0.0);
    let action = Action::Reach { world_from_tool, path: Path::Joint, speed: 1.0, until_contact_n: None };
    let phase = Phase { on_blocked: OnBlocked::Continue, ..Phase::new("look from above", action) };
    arm.workspace.contains(&over_m).then_some(phase)
}
