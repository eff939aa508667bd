//! `close`: push a drawer shut, or swing a box's lid down.

use crate::fact::Fact;
use crate::outcome::Failure;
use crate::plan::{Facts, SkillCall};
use crate::scene::Affordance;
use crate::skill::{Context, Param, ParamKind, Part, Phases, Skill, SkillSpec, Unmet};
use crate::state::State;

use super::grasp::{GRIP_N, Phased, SLOW, arm, check_access, index_of, object, raised, travel_height_m};
use super::open::{about_hinge, front, grip_handle, handle_pose, hinge, let_go, moved, swing};
use crate::Pose;

/// How far a drawer comes out at most, as a share of its depth.
const TRAVEL: f64 = 0.8;
/// The last of a drawer's way, metres, and how fast it is gone.
const GENTLE_M: f64 = 0.02;
const GENTLE: f64 = 0.12;
/// By so much a drawer's way is shorter than its bound, metres, about.
const SPARE_M: f64 = 0.006;
/// Room behind a lid's handle from which the push starts, metres.
const BEHIND_M: f64 = 0.035;
/// Angle of a fully open lid, radians.
const LID_OPEN_RAD: f64 = 1.6;

/// The skill.
pub struct Close;

impl Skill for Close {
    fn spec(&self) -> &'static SkillSpec {
        &SkillSpec {
            name: "close",
            summary: "close a drawer or a box with a lid; the hand must be empty",
            params: &[Param { name: "object", kind: ParamKind::Object(Affordance::Openable), doc: "what to close" }],
            needs: Part::Arm,
            timeout_s: 40.0,
            retries: 2,
        }
    }

    fn check(&self, call: &SkillCall, state: &State) -> Result<(), Unmet> {
        let Some(index) = index_of(call, 0, state) else {
            return Ok(());
        };
        check_access(index, state)?;
        match state.situations[index].open {
            Some(false) => Err(Unmet::Already(state.objects()[index].id)),
            _ => Ok(()),
        }
    }

    fn effect(&self, call: &SkillCall, state: &mut State) {
        if let Some(index) = index_of(call, 0, state) {
            state.situations[index].open = Some(false);
        }
    }

    fn promise(&self, call: &SkillCall, _before: &State) -> Facts {
        call.object(0).map(Fact::Closed).into_iter().collect()
    }

    fn phases(&self, context: &Context<'_>) -> Result<Phases, Failure> {
        let (arm, object) = (arm(context)?, object(context, 0)?);
        let handle = handle_pose(object)?;
        let open = object.open_fraction.unwrap_or(1.0);
        let mut phases = Phases::new();
        if object.has_lid() {
            let height_m = travel_height_m(context.scene, arm, 0.02).max(handle.translation.z + 0.08);
            phases.rise(context, height_m, false);
            phases.fingers("close fingers", 0.0, GRIP_N);
            // Down behind the raised handle, then over and down with it: the lid falls shut before the fingers.
            let handle_m = handle.translation.vector;
            let behind_rad = BEHIND_M / (handle_m - hinge(object).0).norm().max(BEHIND_M);
            let start_m = about_hinge(object, handle_m, behind_rad);
            let start = Pose::from_parts(start_m.into(), handle.rotation);
            phases.travel(raised(start, height_m - start_m.z), false);
            phases.straight("lower", start, SLOW);
            let end = swing(&mut phases, object, start, -LID_OPEN_RAD * open - behind_rad * 0.5);
            phases.straight("leave", raised(end, (height_m - end.translation.z).max(0.06)), SLOW);
        } else {
            let height_m = grip_handle(&mut phases, context, arm, handle);
            // Until it is shut: the stop is felt, the distance is only a bound. The last of the way is gone gently, for the
            // drawer and what is in it hit the stop together with the hand.
            let way_m = open * object.size_m.x * TRAVEL;
            let [near, shut, end] =
                [way_m - GENTLE_M, way_m - SPARE_M, way_m + 0.01].map(|m| moved(handle, -front(object) * m.max(0.0)));
            phases.straight("push", near, SLOW).until_contact(30.0);
            phases.straight("push home", end, GENTLE).until_contact(30.0);
            // Not from the bound, which lies beyond the stop: fingers would be drawn along the cabinet's front.
            let_go(&mut phases, shut, height_m);
        }
        Ok(phases)
    }
}
