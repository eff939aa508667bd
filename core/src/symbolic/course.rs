//! From an intent to steps: stage after stage, keeping what earlier stages reached, in the light of what was tried.

use crate::fact::Fact;
use crate::plan::SkillCall;
use crate::state::{State, Support};
use crate::symbolic::history::History;
use crate::symbolic::intent::{Intent, Stage};
use crate::symbolic::search::Bounds;
use crate::symbolic::solve::{achieve, clash, hopeless, make_ready};
use crate::symbolic::why::Why;

/// Steps, and what shall be true after them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// The steps.
    pub steps: Vec<SkillCall>,
    /// The goal.
    pub goal: Vec<Fact>,
}

/// Plans all stages in turn; where keeping the order is impossible, all that is wanted at the end at once.
///
/// # Errors
/// Why there is no way.
pub fn course(intent: &Intent, from: &State, history: &History, banned: &[SkillCall]) -> Result<Course, Why> {
    let stages = history.left(&intent.stages, from);
    let stuck = match in_turn(&stages, intent, from, banned) {
        Ok(course) => return Ok(course),
        Err(stuck) => stuck,
    };
    let bounds = Bounds { forbidden: &intent.forbidden, avoid: &intent.avoid, banned, ..Bounds::default() };
    if stages.iter().all(|s| matches!(s, Stage::Reach(_) | Stage::Out(_))) {
        let mut goal: Vec<Fact> = Vec::new();
        for stage in &stages {
            let (Stage::Reach(facts) | Stage::Out(facts)) = stage else {
                continue;
            };
            goal.retain(|old| !facts.iter().any(|fact| clash(fact, old)));
            goal.extend(facts.iter().filter(|f| !goal.contains(f)).copied().collect::<Vec<_>>());
        }
        if let Ok((steps, _)) = achieve(from, &goal, &bounds) {
            return Ok(Course { steps, goal });
        }
    }
    Err(match stuck {
        Stuck::Fact(fact, state) => diagnose(&fact, &state, &bounds),
        Stuck::Call(call, state) => unready(&call, &state, &bounds),
    })
}

enum Stuck {
    Fact(Fact, State),
    Call(SkillCall, State),
}

fn in_turn(stages: &[Stage], intent: &Intent, from: &State, banned: &[SkillCall]) -> Result<Course, Stuck> {
    let mut course = Course::default();
    let mut state = from.clone();
    for stage in stages {
        match stage {
            Stage::Reach(facts) | Stage::Out(facts) => {
                course.goal.retain(|old| !facts.iter().any(|fact| clash(fact, old)));
                let keep: Vec<Fact> = course.goal.iter().filter(|fact| state.holds(fact)).copied().collect();
                let bounds =
                    Bounds { keep: &keep, forbidden: &intent.forbidden, avoid: &intent.avoid, banned, nodes: 0 };
                let (steps, after) =
                    achieve(&state, facts, &bounds).map_err(|fact| Stuck::Fact(fact, state.clone()))?;
                course.steps.extend(steps);
                state = after;
                course.goal.extend(facts.iter().filter(|f| !course.goal.contains(f)).copied().collect::<Vec<_>>());
            }
            Stage::Call(call) => {
                let bounds = Bounds { forbidden: &intent.forbidden, avoid: &intent.avoid, banned, ..Bounds::default() };
                let promised = call.skill().promise(call, &state);
                let (steps, after) =
                    make_ready(&state, call, &bounds).ok_or_else(|| Stuck::Call(*call, state.clone()))?;
                course.steps.extend(steps);
                state = after;
                course.goal.retain(|old| state.holds(old) && !promised.iter().any(|fact| clash(fact, old)));
                course.goal.extend(
                    promised.iter().filter(|f| state.holds(f) && !course.goal.contains(f)).copied().collect::<Vec<_>>(),
                );
            }
        }
    }
    course.goal.retain(|fact| state.holds(fact));
    Ok(course)
}

/// Why a fact can't be reached: what the skills say, else what must be left alone.
fn diagnose(fact: &Fact, state: &State, bounds: &Bounds<'_>) -> Why {
    let avoided = fact.objects().filter_map(|id| state.index(&id)).find(|i| bounds.avoid.contains(i));
    if let Some(avoided) = avoided {
        return Why::InTheWay(vec![avoided]);
    }
    if let Some(unmet) = hopeless(fact, state) {
        return Why::of_unmet(&unmet, state);
    }
    let free = Bounds { banned: bounds.banned, ..Bounds::default() };
    let bound = !bounds.avoid.is_empty() || !bounds.forbidden.is_empty();
    if bound && achieve(state, &[*fact], &free).is_ok() {
        return Why::InTheWay(bounds.avoid.to_vec());
    }
    Why::NoWay
}

fn unready(call: &SkillCall, state: &State, bounds: &Bounds<'_>) -> Why {
    let mut best = state.clone();
    if let Some(held) = best.holding
        && call.object(0).is_some()
    {
        best.put(held, Support::Ground);
    }
    let objects: Vec<usize> =
        (0..crate::plan::MAX_ARGS).filter_map(|i| call.object(i)).filter_map(|id| best.index(&id)).collect();
    if objects.iter().any(|i| bounds.avoid.contains(i)) {
        return Why::InTheWay(objects);
    }
    match call.skill().check(call, &best) {
        Err(unmet) => Why::of_unmet(&unmet, state),
        Ok(()) => Why::NoWay,
    }
}
