//! `place_in`: put what is held into a container.

use crate::fact::Fact;
use crate::outcome::Failure;
use crate::plan::{Facts, SkillCall};
use crate::scene::{Affordance, SceneObject};
use crate::skill::{Context, Param, ParamKind, Part, Phases, Skill, SkillSpec, Unmet};
use crate::state::{State, Support};

use super::grasp::{check_reach, footprint_gap_m, index_of, object};
use super::place::{Align, Onto, check_held, fits, load, put_down, spot_in};
use crate::geometry::yaw_rad;

/// Thickness of a container's walls and slope that a load must clear, metres.
const WALL_M: f64 = 0.008;
/// The hand stays this far above a container's rim less a finger's depth, metres.
const HAND_ROOM_M: f64 = 0.035;

/// The skill.
pub struct PlaceIn;

impl Skill for PlaceIn {
    fn spec(&self) -> &'static SkillSpec {
        &SkillSpec {
            name: "place_in",
            summary: "put what is held into a container; it must be open and large enough",
            params: &[Param {
                name: "container",
                kind: ParamKind::Object(Affordance::Container),
                doc: "what to put it into",
            }],
            needs: Part::Arm,
            timeout_s: 30.0,
            retries: 1,
        }
    }

    fn check(&self, call: &SkillCall, state: &State) -> Result<(), Unmet> {
        let Some(index) = index_of(call, 0, state) else {
            return Ok(());
        };
        let held = check_held(index, state)?;
        let (load, container) = (&state.objects()[held], &state.objects()[index]);
        if container.can(Affordance::Openable) && state.situations[index].open != Some(true) {
            return Err(Unmet::NotOpen(container.id));
        }
        if !fits(load, container, WALL_M) {
            return Err(Unmet::DoesNotFit(load.id, container.id));
        }
        if let Some(top) = state.is_covered(index) {
            return Err(Unmet::Covered(container.id, state.objects()[top].id));
        }
        check_reach(container, state)
    }

    fn effect(&self, call: &SkillCall, state: &mut State) {
        if let (Some(index), Some(held)) = (index_of(call, 0, state), state.holding) {
            state.put(held, Support::In(index));
        }
    }

    fn promise(&self, call: &SkillCall, before: &State) -> Facts {
        let held = before.holding.map(|held| before.objects()[held].id);
        let inside = held.zip(call.object(0)).map(|(held, container)| Fact::In(held, container));
        inside.into_iter().chain([Fact::HandEmpty]).collect()
    }

    fn phases(&self, context: &Context<'_>) -> Result<Phases, Failure> {
        let (container, load) = (object(context, 0)?, load(context)?);
        let spot_m = spot_in(container, &load, context.scene);
        // The hand along the container's sides: fingers that open have the most room so.
        let align = Align::Hand(yaw_rad(&container.world_from_object));
        let deepest_m = container.top_m() - HAND_ROOM_M;
        let within = |o: &SceneObject| {
            o.can(Affordance::Graspable)
                && ![load.object.id, container.id].contains(&o.id)
                && footprint_gap_m(container, &o.position_m()) <= 0.0
                && o.bottom_m() < container.top_m()
        };
        let has_more = context.scene.objects.iter().any(within);
        let onto = if has_more { Onto::Among(deepest_m) } else { Onto::Within(deepest_m) };
        put_down(context, &load, spot_m, container.bottom_m() + 0.012, align, onto)
    }
}
