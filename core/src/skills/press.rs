//! `press`: push a button down with closed fingers until it gives way no more.

use crate::fact::Fact;
use crate::outcome::Failure;
use crate::plan::{Facts, SkillCall};
use crate::scene::Affordance;
use crate::skill::{Context, Param, ParamKind, Part, Phases, Skill, SkillSpec, Unmet};
use crate::state::State;

use super::grasp::{GRIP_N, Phased, SLOW, arm, check_access, downward, index_of, object, raised, travel_height_m};

/// Deeper than a button goes, metres.
const DEPTH_M: f64 = 0.02;
/// Force at the bottom of a button's travel, newtons.
const PRESS_N: f64 = 18.0;

/// The skill.
pub struct Press;

impl Skill for Press {
    fn spec(&self) -> &'static SkillSpec {
        &SkillSpec {
            name: "press",
            summary: "press a button, which switches it; the hand must be empty",
            params: &[Param { name: "object", kind: ParamKind::Object(Affordance::Pressable), doc: "which button" }],
            needs: Part::Arm,
            timeout_s: 25.0,
            retries: 1,
        }
    }

    fn check(&self, call: &SkillCall, state: &State) -> Result<(), Unmet> {
        let Some(index) = index_of(call, 0, state) else {
            return Ok(());
        };
        check_access(index, state)
    }

    fn effect(&self, call: &SkillCall, state: &mut State) {
        if let Some(index) = index_of(call, 0, state) {
            state.situations[index].on = state.situations[index].on.map(|on| !on);
        }
    }

    fn promise(&self, call: &SkillCall, before: &State) -> Facts {
        let was = index_of(call, 0, before).and_then(|i| before.situations[i].on);
        let now = |id, on: bool| {
            if on { Fact::TurnedOff(id) } else { Fact::TurnedOn(id) }
        };
        call.object(0).zip(was).map(|(id, on)| now(id, on)).into_iter().collect()
    }

    fn phases(&self, context: &Context<'_>) -> Result<Phases, Failure> {
        let (arm, object) = (arm(context)?, object(context, 0)?);
        let mut top_m = object.position_m();
        top_m.z = object.top_m();
        let touch = downward(top_m, 0.0);
        let height_m = travel_height_m(context.scene, arm, 0.02).max(top_m.z + 0.08);
        let above = raised(touch, height_m - top_m.z);
        let mut phases = Phases::new();
        phases.rise(context, height_m, false);
        phases.fingers("close fingers", 0.0, GRIP_N);
        phases.travel(above, false);
        phases.straight("approach", raised(touch, 0.02), 1.0);
        phases.straight("press", raised(touch, -DEPTH_M), SLOW * 0.6).until_contact(PRESS_N);
        phases.straight("let go", raised(touch, 0.03), SLOW);
        phases.straight("leave", above, 1.0);
        Ok(phases)
    }
}
