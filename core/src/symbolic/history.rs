//! What was tried before for the same goal: which stages need not be gone through again, which calls keep failing, and
//! what is done differently now.

use std::sync::Arc;

use crate::check::check_call;
use crate::fact::Fact;
use crate::outcome::FailureCode;
use crate::plan::{DraftArg, DraftCall, SkillCall};
use crate::reasoner::Attempt;
use crate::robot::RobotSpec;
use crate::scene::Scene;
use crate::state::{Side, State, Support};
use crate::symbolic::course::{Course, course};
use crate::symbolic::intent::{Intent, Stage};
use crate::symbolic::resolve::Spoken;
use crate::symbolic::solve::clash;
use crate::symbolic::why::Why;

/// Failures of one call after which another way is looked for.
const TRY_ELSE: usize = 2;
/// Failures of one call after which it is given up.
const GIVE_UP: usize = 3;
/// Attempts in all after which it is given up.
const ATTEMPTS_MOST: usize = 8;
/// How far an object that can't be grasped is pushed before the next try, metres.
const NUDGE_M: f64 = 0.05;

/// The past, read once.
#[derive(Clone, Debug, Default)]
pub struct History {
    done: Vec<SkillCall>,
    /// The same with those of plans that ran to their end.
    ever_done: Vec<SkillCall>,
    /// Each call that failed, the last code, and how often.
    pub failed: Vec<(SkillCall, FailureCode, usize)>,
    /// The call that failed last.
    pub last: Option<(SkillCall, FailureCode)>,
    /// How often all steps worked and the goal was not reached.
    pub unreached: usize,
    attempts: usize,
}

/// What is done differently after failures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Nothing failed.
    None,
    /// Look again, then the same.
    LookFirst,
    /// A way without the calls that failed.
    OtherWay,
    /// Push it a little, look, then the same.
    Nudge(SkillCall),
}

impl History {
    /// Reads the attempts; calls on objects that are gone are dropped.
    pub fn of(attempts: &[Attempt], scene: &Scene, robot: &RobotSpec) -> Self {
        let mut history = Self { attempts: attempts.len(), ..Self::default() };
        for attempt in attempts {
            let call = |draft: &DraftCall| check_call(1, draft, scene, robot).ok();
            let not_reached = attempt.failed.is_none() && attempt.rejected.is_none()
                || attempt.failed.as_ref().is_some_and(|(_, f)| f.code == FailureCode::GoalNotReached);
            history.ever_done.extend(attempt.done.iter().filter_map(call));
            if not_reached {
                history.unreached += 1;
                continue;
            }
            history.done.extend(attempt.done.iter().filter_map(call));
            if let Some((call, failure)) = attempt.failed.as_ref().and_then(|(d, f)| call(d).map(|c| (c, f))) {
                match history.failed.iter_mut().find(|(other, ..)| *other == call) {
                    Some(entry) => (entry.1, entry.2) = (failure.code, entry.2 + 1),
                    None => history.failed.push((call, failure.code, 1)),
                }
                history.last = Some((call, failure.code));
            }
        }
        history
    }

    /// What to prefer and what to shun where any object will do.
    pub fn spoken(&self, state: &State) -> Spoken {
        let objects = |call: &SkillCall| call.object(0).and_then(|id| state.index(&id));
        let begun = self.done.iter().filter(|c| c.spec().name == "pick").filter_map(objects).collect();
        let troubled = self.failed.iter().filter(|(.., n)| *n >= TRY_ELSE).filter_map(|(c, ..)| objects(c)).collect();
        let mut spoken = Spoken::default();
        (spoken.begun, spoken.troubled) = (begun, troubled);
        spoken
    }

    /// The stages that are still to be gone through: not those that were, and that a later stage undoes anyway.
    pub fn left(&self, stages: &[Stage], state: &State) -> Vec<Stage> {
        let mut done = self.done.iter();
        let mut left: Vec<Stage> = Vec::new();
        for (i, stage) in stages.iter().enumerate() {
            let past = match stage {
                Stage::Call(call) => {
                    let mut rest = done.clone();
                    let found = rest.any(|other| other == call);
                    if found {
                        done = rest;
                    }
                    found
                }
                Stage::Reach(facts) | Stage::Out(facts) => {
                    let undone = |fact: &Fact| {
                        stages[i + 1..]
                            .iter()
                            .any(|later| matches!(later, Stage::Reach(more) if more.iter().any(|f| clash(f, fact))))
                    };
                    let made = |fact: &Fact| self.ever_done.iter().any(|call| makes(call, fact, state));
                    facts.iter().all(|fact| undone(fact) && made(fact))
                }
            };
            if !past {
                left.push(stage.clone());
            }
        }
        left
    }

    /// A course that does not run into the same failure for ever.
    ///
    /// # Errors
    /// Why there is none, or that it was tried often enough.
    pub fn course(
        &self,
        intent: &Intent,
        from: &State,
        scene: &Scene,
        robot: &Arc<RobotSpec>,
    ) -> Result<(Course, Change), Why> {
        let plain = course(intent, from, self, &[])?;
        let often = |call: &SkillCall| self.failed.iter().find(|(other, ..)| other == call).map_or(0, |(.., n)| *n);
        let worst = plain.steps.iter().copied().max_by_key(|call| often(call));
        let Some((call, times)) = worst.map(|call| (call, often(&call))) else {
            return self.unfinished(plain, scene, robot);
        };
        if times == 0 {
            return self.unfinished(plain, scene, robot);
        }
        let code =
            self.failed.iter().find(|(other, ..)| *other == call).map_or(FailureCode::NoEffect, |(_, code, _)| *code);
        if times >= TRY_ELSE {
            let banned: Vec<SkillCall> =
                self.failed.iter().filter(|(.., n)| *n >= TRY_ELSE).map(|(c, ..)| *c).collect();
            if let Ok(other) = course(intent, from, self, &banned) {
                return Ok((other, Change::OtherWay));
            }
            if times >= GIVE_UP || self.attempts >= ATTEMPTS_MOST {
                return Err(Why::GaveUp(call, code, times));
            }
            if let Some(nudged) = self.nudged(&plain, &call, from, scene, robot) {
                return Ok(nudged);
            }
        }
        if self.attempts >= ATTEMPTS_MOST {
            return Err(Why::GaveUp(call, code, times));
        }
        Ok((with_look(plain, scene, robot), Change::LookFirst))
    }

    fn unfinished(&self, plain: Course, scene: &Scene, robot: &RobotSpec) -> Result<(Course, Change), Why> {
        match self.unreached {
            _ if self.attempts >= ATTEMPTS_MOST => Err(Why::NeverReached(self.attempts)),
            0 if self.failed.is_empty() => Ok((plain, Change::None)),
            n if n >= GIVE_UP => Err(Why::NeverReached(n)),
            _ if plain.steps.is_empty() => Ok((plain, Change::None)),
            0 => Ok((plain, Change::None)),
            _ => Ok((with_look(plain, scene, robot), Change::LookFirst)),
        }
    }

    /// The course with a small push before the grasp that keeps failing, where the thing can be pushed.
    fn nudged(
        &self,
        plain: &Course,
        call: &SkillCall,
        from: &State,
        scene: &Scene,
        robot: &Arc<RobotSpec>,
    ) -> Option<(Course, Change)> {
        if call.spec().name != "pick" {
            return None;
        }
        let id = call.object(0)?;
        let at = plain.steps.iter().position(|step| step == call)?;
        let arm = robot.arm.as_ref()?;
        let object = scene.get(&id)?;
        // Towards the middle of the reach, along the axis on which it is farther from it.
        let offset = (arm.workspace.min_m + arm.workspace.max_m) * 0.5 - object.position_m();
        let side = match (offset.x.abs() > offset.y.abs(), offset.x > 0.0, offset.y > 0.0) {
            (true, true, _) => Side::Behind,
            (true, false, _) => Side::Front,
            (false, _, true) => Side::Left,
            (false, _, false) => Side::Right,
        };
        let args = [
            ("object", DraftArg::Word(id.to_string())),
            ("direction", DraftArg::Word(Side::NAMES[side as usize].to_owned())),
            ("distance_m", DraftArg::Number(NUDGE_M)),
        ];
        let draft =
            DraftCall { skill: "push".to_owned(), args: args.map(|(n, a)| (n.to_owned(), a)).into_iter().collect() };
        let push = check_call(1, &draft, scene, robot).ok()?;
        let look = look(scene, robot)?;
        let mut steps = plain.steps.clone();
        steps.splice(at..at, [push, look]);
        let state = crate::check::run_through(&steps, from.clone()).ok()?;
        plain
            .goal
            .iter()
            .all(|fact| state.holds(fact))
            .then(|| (Course { steps, goal: plain.goal.clone() }, Change::Nudge(push)))
    }
}

fn look(scene: &Scene, robot: &RobotSpec) -> Option<SkillCall> {
    let draft = DraftCall { skill: "look".to_owned(), args: std::collections::BTreeMap::default() };
    check_call(1, &draft, scene, robot).ok()
}

fn with_look(mut course: Course, scene: &Scene, robot: &RobotSpec) -> Course {
    if let Some(look) = look(scene, robot)
        && course.steps.first() != Some(&look)
    {
        course.steps.insert(0, look);
    }
    course
}

/// Would this call have made the fact true?
fn makes(call: &SkillCall, fact: &Fact, state: &State) -> bool {
    let mut before = state.clone();
    let moved = matches!(
        fact,
        Fact::On(..) | Fact::In(..) | Fact::LeftOf(..) | Fact::RightOf(..) | Fact::InFrontOf(..) | Fact::Behind(..)
    );
    if let Some(first) = fact.objects().next().and_then(|id| state.index(&id))
        && moved
    {
        before.put(first, Support::Hand);
    }
    call.skill().promise(call, &before).contains(fact)
}
