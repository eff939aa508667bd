//! The plan checker: the only way from a draft to a plan. Default deny: a step passes only if its skill exists and the
//! robot has the part for it, its arguments type-check, its objects are in the scene, and, run through symbolically
//! from the start, its preconditions hold. What fails says which step, what, and why.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::fact::Fact;
use crate::plan::{Arg, Draft, DraftArg, DraftCall, MAX_ARGS, MAX_STEPS, Plan, SkillCall};
use crate::robot::RobotSpec;
use crate::scene::{Affordance, ObjectId, Scene};
use crate::skill::{Param, ParamKind, Part, Skill, Unmet};
use crate::skills;
use crate::state::State;

/// Most facts in a plan's goal.
pub const MAX_GOAL_FACTS: usize = 64;

/// Why a draft is no plan. `step` counts from 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum PlanError {
    /// A refusal or question, which has no steps.
    #[error("the answer has no steps to check")]
    NotAPlan,
    /// No steps and no goal.
    #[error("the plan has no steps and no goal")]
    Empty,
    /// More than [`MAX_STEPS`] steps or [`MAX_GOAL_FACTS`] goal facts.
    #[error("the plan has {steps} steps and {facts} goal facts: at most {MAX_STEPS} and {MAX_GOAL_FACTS} are taken")]
    TooLong {
        /// Steps given.
        steps: usize,
        /// Goal facts given.
        facts: usize,
    },
    /// No skill of that name.
    #[error("step {step}: there is no skill `{skill}`")]
    UnknownSkill {
        /// Step.
        step: usize,
        /// Name given.
        skill: String,
    },
    /// The robot lacks what the skill needs.
    #[error("step {step}: this robot has no {part} for `{skill}`")]
    NoPart {
        /// Step.
        step: usize,
        /// Skill.
        skill: String,
        /// Part it lacks.
        part: String,
    },
    /// An argument is missing.
    #[error("step {step}: `{skill}` needs the argument `{param}`")]
    MissingArg {
        /// Step.
        step: usize,
        /// Skill.
        skill: String,
        /// Parameter.
        param: String,
    },
    /// An argument that the skill does not have.
    #[error("step {step}: `{skill}` has no argument `{param}`")]
    UnknownArg {
        /// Step.
        step: usize,
        /// Skill.
        skill: String,
        /// Name given.
        param: String,
    },
    /// An argument of the wrong type.
    #[error("step {step}: `{param}` must be {want}")]
    WrongType {
        /// Step.
        step: usize,
        /// Parameter.
        param: String,
        /// What it takes.
        want: String,
    },
    /// A number out of range.
    #[error("step {step}: `{param}` is {}, outside {min} to {max} {unit}", short(.value))]
    OutOfRange {
        /// Step.
        step: usize,
        /// Parameter.
        param: String,
        /// Value given.
        value: f64,
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
        /// Unit.
        unit: String,
    },
    /// An object that is not in the scene.
    #[error("step {step}: there is no `{object}` in the scene")]
    UnknownObject {
        /// Step.
        step: usize,
        /// Name given.
        object: String,
    },
    /// An object that does not afford it.
    #[error("step {step}: `{object}` is not {affordance:?}")]
    CannotAfford {
        /// Step.
        step: usize,
        /// Object.
        object: String,
        /// What it would have to afford.
        affordance: Affordance,
    },
    /// A precondition that can't hold.
    #[error("step {step}: {call} can't work: {unmet}")]
    Precondition {
        /// Step.
        step: usize,
        /// The call.
        call: String,
        /// What does not hold.
        unmet: Unmet,
    },
    /// A goal fact about something that is not there.
    #[error("the goal speaks of `{object}`, which is not in the scene")]
    GoalUnknownObject {
        /// Name given.
        object: String,
    },
    /// The steps do not lead to the goal.
    #[error("the steps do not make it true that {fact}")]
    GoalMissed {
        /// The first fact that stays false.
        fact: Fact,
    },
}

/// Checks a draft against the scene and robot it is for.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check(draft: &Draft, scene: &Scene, robot: &Arc<RobotSpec>) -> Result<Plan, PlanError> {
    let Draft::Do { steps, goal } = draft else {
        return Err(PlanError::NotAPlan);
    };
    if steps.is_empty() && goal.is_empty() {
        return Err(PlanError::Empty);
    }
    if steps.len() > MAX_STEPS || goal.len() > MAX_GOAL_FACTS {
        return Err(PlanError::TooLong { steps: steps.len(), facts: goal.len() });
    }
    let calls: Vec<SkillCall> =
        steps.iter().enumerate().map(|(i, s)| check_call(i + 1, s, scene, robot)).collect::<Result<_, _>>()?;
    let state = run_through(&calls, State::of(scene, robot))?;
    for fact in goal {
        if let Some(object) = fact.objects().find(|id| scene.get(id).is_none()) {
            return Err(PlanError::GoalUnknownObject { object: brief(&object) });
        }
        if is_symbolic(fact) && !state.holds(fact) {
            return Err(PlanError::GoalMissed { fact: *fact });
        }
    }
    Ok(Plan { steps: calls, goal: goal.clone(), scene_stamp: scene.stamp })
}

/// Runs checked calls through a symbolic state.
///
/// # Errors
/// [`PlanError::Precondition`] at the first step that can't work.
pub fn run_through(calls: &[SkillCall], mut state: State) -> Result<State, PlanError> {
    for (i, call) in calls.iter().enumerate() {
        call.skill.check(call, &state).map_err(|unmet| PlanError::Precondition {
            step: i + 1,
            call: call.to_string(),
            unmet,
        })?;
        call.skill.effect(call, &mut state);
    }
    Ok(state)
}

/// Longest plan that is searched for steps that it does not need.
const SEARCHED: usize = 24;

/// Are there steps one after the other that handle a thing which the goal does not speak of, and without which the others
/// still work and bring about the goal? Of a plan without a goal, or with one that can't be followed symbolically, that is
/// not known: then there are none.
#[must_use]
pub fn has_needless_steps(plan: &Plan, scene: &Scene, robot: &Arc<RobotSpec>) -> bool {
    let (calls, goal) = (plan.steps(), plan.goal());
    if goal.is_empty() || !goal.iter().all(is_symbolic) || calls.len() > SEARCHED {
        return false;
    }
    let mut states = vec![State::of(scene, robot)];
    for call in calls {
        let mut state = states[states.len() - 1].clone();
        call.skill.effect(call, &mut state);
        states.push(state);
    }
    let meant = |id: ObjectId| goal.iter().any(|fact| fact.objects().any(|other| other == id));
    let handles_other = |call: &SkillCall| {
        call.spec().needs == Part::Arm && (0..MAX_ARGS).filter_map(|arg| call.object(arg)).any(|id| !meant(id))
    };
    let strays =
        |range: Range<usize>| range.into_iter().any(|i| states[i] != states[i + 1] && handles_other(&calls[i]));
    let reaches = |first: usize, end: usize| {
        let rest = run_through(&calls[end..], states[first].clone());
        rest.is_ok_and(|state| goal.iter().all(|fact| state.holds(fact)))
    };
    (0..calls.len()).any(|first| (first + 1..=calls.len()).any(|end| strays(first..end) && reaches(first, end)))
}

/// Facts whose truth the symbolic effects follow; the others are measured at the end only.
fn is_symbolic(fact: &Fact) -> bool {
    !matches!(fact, Fact::Near(..) | Fact::Upright(_))
}

/// Checks one call's skill and arguments, not its preconditions. `step` is for messages.
///
/// # Errors
/// What is wrong with it.
pub fn check_call(step: usize, draft: &DraftCall, scene: &Scene, robot: &RobotSpec) -> Result<SkillCall, PlanError> {
    let skill: &'static dyn Skill =
        skills::find(&draft.skill).ok_or_else(|| PlanError::UnknownSkill { step, skill: brief(&draft.skill) })?;
    let spec = skill.spec();
    if !spec.needs.of(robot) {
        let part = format!("{:?}", spec.needs).to_lowercase();
        return Err(PlanError::NoPart { step, skill: spec.name.to_owned(), part });
    }
    if let Some(param) = draft.args.keys().find(|name| spec.params.iter().all(|p| p.name != name.as_str())) {
        return Err(PlanError::UnknownArg { step, skill: spec.name.to_owned(), param: brief(param) });
    }
    let mut args = [None; MAX_ARGS];
    for (slot, param) in args.iter_mut().zip(spec.params) {
        let given = draft.args.get(param.name).ok_or_else(|| PlanError::MissingArg {
            step,
            skill: spec.name.to_owned(),
            param: param.name.to_owned(),
        })?;
        *slot = Some(check_arg(step, param, given, scene)?);
    }
    Ok(SkillCall { skill, args })
}

fn check_arg(step: usize, param: &Param, given: &DraftArg, scene: &Scene) -> Result<Arg, PlanError> {
    let wrong = |want: &str| PlanError::WrongType { step, param: param.name.to_owned(), want: want.to_owned() };
    match (param.kind, given) {
        (ParamKind::Object(_) | ParamKind::AnyObject, DraftArg::Word(word)) => {
            let unknown = || PlanError::UnknownObject { step, object: brief(word) };
            let id = ObjectId::from(word).map_err(|_| unknown())?;
            let object = scene.get(&id).ok_or_else(unknown)?;
            match param.kind {
                ParamKind::Object(affordance) if !object.can(affordance) => {
                    Err(PlanError::CannotAfford { step, object: word.clone(), affordance })
                }
                _ => Ok(Arg::Object(id)),
            }
        }
        (ParamKind::Object(_) | ParamKind::AnyObject, DraftArg::Number(_)) => Err(wrong("the name of an object")),
        (ParamKind::Number { unit, .. }, DraftArg::Number(value)) if !value.is_finite() => {
            Err(wrong(&format!("a finite number ({unit})")))
        }
        (ParamKind::Number { min, max, unit }, DraftArg::Number(value)) => {
            if (min..=max).contains(value) {
                return Ok(Arg::Number(*value));
            }
            let (param, unit) = (param.name.to_owned(), unit.to_owned());
            Err(PlanError::OutOfRange { step, param, value: *value, min, max, unit })
        }
        (ParamKind::Number { unit, .. }, DraftArg::Word(_)) => Err(wrong(&format!("a number ({unit})"))),
        (ParamKind::Choice(words), DraftArg::Word(word)) => words
            .iter()
            .position(|choice| choice == word)
            .map(Arg::Choice)
            .ok_or_else(|| wrong(&format!("one of {}", words.join(", ")))),
        (ParamKind::Choice(words), DraftArg::Number(_)) => Err(wrong(&format!("one of {}", words.join(", ")))),
    }
}

/// Model text in an error message: never more than a line's worth of it, and nothing that hides or turns what is shown.
fn brief(text: &str) -> String {
    let unseen =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let shown = text.chars().filter(|c| !c.is_control() && !unseen(*c));
    shown.take(40).collect()
}

/// A number in an error message, never hundreds of digits of it.
fn short(value: &f64) -> String {
    if *value == 0.0 || (1e-4..1e6).contains(&value.abs()) { format!("{value}") } else { format!("{value:.3e}") }
}
