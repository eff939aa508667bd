//! Lessons without end, drawn from a seed: a scene, an instruction in English or Chinese, perhaps what failed before; the
//! truth as the generator knows it; and a reasoned answer whose plan core's own search found and whose end was checked
//! against the truth. The same seed, split and index give the same lesson. Below the ring: the reasoner's schooling.

use std::sync::Arc;

use ponder_core::Stamp;
use ponder_core::check;
use ponder_core::fact::Fact;
use ponder_core::goal::Goal;
use ponder_core::outcome::RefusalReason;
use ponder_core::plan::{Draft, SkillCall};
use ponder_core::reasoner::Question;
use ponder_core::robot::RobotSpec;
use ponder_core::scene::Scene;
use ponder_core::state::State;
use ponder_core::symbolic::search::Bounds;
use ponder_core::symbolic::solve::{achieve, clash, make_ready, start};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::drills::{self, DRILLS};
use super::failures::{self, Past};
use super::families::{Family, TABLE};
use super::joined;
use super::kinds::is_reserved;
use super::mention::Speaker;
use super::refusals::REFUSALS;
use super::robots::Robots;
use super::rover::ROVER;
use super::scenes::{Builder, Layout};
pub use super::task::Split;
use super::task::{Aim, Draw, Stage, Task};
use super::telling::Teller;
use super::truth::{Truth, Verdict};
use crate::engine::refused::{Order, Refused};
use crate::reason::alias::Aliases;
use crate::reason::answer::{self, AnswerError};
use crate::reason::compact::{self, Grid};

/// Most draws for one lesson.
const DRAWS: u64 = 3000;
/// Lessons in which words are counted.
const COUNTED: u64 = 20_000;
/// Longest plan taught.
const MAX_STEPS: usize = 12;

/// A lesson.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// Family of its task.
    pub family: &'static str,
    /// What is asked.
    pub question: Question,
    /// What a right answer is.
    pub truth: Truth,
    /// The thought taught.
    pub thought: String,
    /// The answer taught, as its text.
    pub answer: String,
    /// The same as a draft.
    pub draft: Draft,
}

impl Lesson {
    /// The prompt, as [`compact::turn`] writes it.
    #[must_use]
    pub fn prompt(&self) -> String {
        compact::turn(&Aliases::of(&self.question).1).text
    }

    /// The draft that an answer to the prompt stands for, in the scene's names.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn read(&self, text: &str) -> Result<Draft, AnswerError> {
        answer::read(text).map(|draft| Aliases::of(&self.question).0.lengthen(&draft))
    }
}

/// Why there is no lesson.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LessonError {
    /// The robots of the lessons can't be built.
    #[error("the robots of the lessons are refused by the core: a robot there has changed")]
    Robots,
    /// No draw made a lesson that holds up.
    #[error("no lesson {index} of {split:?} came of {DRAWS} draws: the families or the core's checks have changed")]
    None {
        /// Split asked for.
        split: Split,
        /// Index asked for.
        index: u64,
    },
}

/// The lessons of a seed.
#[derive(Clone, Debug)]
pub struct Lessons {
    robots: Robots,
    seed: u64,
}

impl Lessons {
    /// Of a seed.
    ///
    /// # Errors
    /// [`LessonError::Robots`].
    pub fn new(seed: u64) -> Result<Self, LessonError> {
        Ok(Self { robots: Robots::new().ok_or(LessonError::Robots)?, seed })
    }

    /// Lesson number `index` of a split.
    ///
    /// # Errors
    /// [`LessonError::None`].
    pub fn get(&self, split: Split, index: u64) -> Result<Lesson, LessonError> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ ((split as u64 + 1) << 56));
        rng.set_stream(index);
        // The family first, so that those that are drawn in vain more often are not taught less.
        let (family, rover) = self.family(split, &mut rng);
        let zh = rng.random_bool(0.5);
        let past = rng.random_bool(0.14);
        (0..DRAWS)
            .find_map(|_| self.draw(family, rover, zh, past, split, &mut rng))
            .ok_or(LessonError::None { split, index })
    }

    /// Words that training only ever refuses.
    ///
    /// # Errors
    /// [`LessonError::None`].
    pub fn refused(&self) -> Result<Refused, LessonError> {
        let order = |index| {
            let lesson = self.get(Split::Train, index)?;
            Ok(Order {
                has_arm: lesson.question.robot.arm.is_some(),
                instruction: lesson.question.goal.instruction.clone(),
                is_done: matches!(lesson.draft, Draft::Do { .. }),
            })
        };
        Ok(Refused::of((0..COUNTED).map(order).collect::<Result<Vec<_>, LessonError>>()?))
    }

    fn family(&self, split: Split, rng: &mut ChaCha8Rng) -> (Option<&'static Family>, bool) {
        let drill = split == Split::Train && rng.random_range(0..100) < drills::SHARE;
        let (all, rover): (Vec<&Family>, bool) = match rng.random_range(0..100) {
            _ if drill => (DRILLS.iter().collect(), false),
            0..=14 => (ROVER.iter().collect(), true),
            15..=24 => return (None, false),
            25..=44 => (REFUSALS.iter().collect(), false),
            _ => (TABLE.iter().collect(), false),
        };
        let mut at = rng.random_range(0..all.iter().map(|f| f.weight).sum::<u32>());
        for family in all {
            if at < family.weight {
                return (Some(family), rover);
            }
            at -= family.weight;
        }
        (None, rover)
    }

    fn draw(
        &self,
        family: Option<&'static Family>,
        rover: bool,
        zh: bool,
        past: bool,
        split: Split,
        rng: &mut ChaCha8Rng,
    ) -> Option<Lesson> {
        // What makes a hard lesson hard: its words, a colour of a kind that training never sees, or both; or the pair joined.
        let hard = split == Split::Hard;
        let way = rng.random_range(0..3);
        let (odd_words, odd_things) = (hard && (way != 1 || family.is_none()), hard && way != 0 && family.is_some());
        let layouts = family.map_or(joined::LAYOUTS, |family| family.layouts);
        let layout: Layout = layouts[rng.random_range(0..layouts.len())];
        let robot = if rover { &self.robots.rover } else { &self.robots.arm };
        let scene = Builder::layout(layout, odd_things, rng);
        let state = start(&scene, robot);
        let task = {
            let speaker = Speaker { scene: &scene, state: &state, grid: Grid::of(robot), zh };
            let mut draw = Draw { speaker, rng, split, odd_words };
            match family {
                Some(family) => (family.draw)(&mut draw)?,
                None => joined::draw(&mut draw)?,
            }
        };
        let meant = |i: &usize| is_reserved(scene.objects[*i].color, &scene.objects[*i].label);
        if odd_things && !task.mentions.iter().any(|m| m.of.iter().any(&meant)) {
            return None;
        }
        let goal = Goal::new(1, &task.words, Stamp(0), 600.0).ok()?;
        let question =
            Question { goal: Arc::new(goal), scene: Arc::new(scene), robot: robot.clone(), attempts: Vec::new() };
        let past = past && matches!(task.aim, Aim::Do { .. });
        self.lesson(task, question, zh, past, rng)
    }

    fn lesson(&self, task: Task, mut question: Question, zh: bool, past: bool, rng: &mut ChaCha8Rng) -> Option<Lesson> {
        let mut truth = task.truth();
        let mut given_up = false;
        let mut task = task;
        if past {
            let (steps, _) = plan(&task, &question.scene, &question.robot)?;
            let again = |scene: &Scene| after_a_look(plan(&task, scene, &question.robot)?.0, scene, &question.robot);
            let Past { scene, attempts, hopeless } =
                failures::past(&question.scene, &question.robot, &steps, &again, rng)?;
            let grid = Grid::of(&question.robot);
            question = Question { scene: Arc::new(scene), attempts, ..question };
            given_up = hopeless;
            task.mentions.iter_mut().for_each(|mention| mention.on_a_later_scene(&question.scene, grid));
            if hopeless {
                truth = Truth::Refuse(vec![RefusalReason::NoPlan, RefusalReason::OutOfReach]);
            }
        }
        let state = start(&question.scene, &question.robot);
        let (mut steps, mut goal) = (Vec::new(), Vec::new());
        let draft = match &task.aim {
            _ if given_up => {
                let text = if zh { "试了三次都不行。" } else { "I tried three times and it does not work." };
                Draft::Refuse { reason: RefusalReason::NoPlan, text: text.to_owned() }
            }
            Aim::Do { .. } => {
                (steps, goal) = plan(&task, &question.scene, &question.robot)?;
                if (steps.is_empty() && !past) || steps.len() > MAX_STEPS {
                    return None;
                }
                if past {
                    steps = after_a_look(steps, &question.scene, &question.robot)?;
                }
                Draft::Do { steps: steps.iter().map(SkillCall::to_draft).collect(), goal: goal.clone() }
            }
            Aim::Refuse { reason, text, .. } => Draft::Refuse { reason: *reason, text: text.clone() },
            // The names are put in where the rest is told.
            Aim::Ask { said, .. } => Draft::Ask { question: said.clone() },
        };
        if truth.judge(&draft, &question.scene, &question.robot) != Verdict::Right {
            return None;
        }
        let (aliases, asked) = Aliases::of(&question);
        let teller = Teller { state: &state, aliases: &aliases, grid: Grid::of(&question.robot), zh };
        let thought = teller.thought(&task, &asked.attempts, given_up, &steps, &goal);
        let family = if past { "again" } else { task.family };
        let taught = match (&task.aim, aliases.shorten(&draft)) {
            (Aim::Ask { said, of }, Draft::Ask { .. }) => Draft::Ask { question: teller.which(said, of) },
            (_, short) => short,
        };
        let (answer, draft) = (answer::write(&taught), aliases.lengthen(&taught));
        Some(Lesson { family, question, truth, thought, answer, draft })
    }
}

/// What was tried in vain is tried again after a fresh look.
fn after_a_look(mut steps: Vec<SkillCall>, scene: &Scene, robot: &Arc<RobotSpec>) -> Option<Vec<SkillCall>> {
    steps.insert(0, check::check_call(1, &super::task::call("look", &[]), scene, robot).ok()?);
    Some(steps)
}

/// Steps through a task's stages, and what holds at their end of what was wanted.
fn plan(task: &Task, scene: &Scene, robot: &Arc<RobotSpec>) -> Option<(Vec<SkillCall>, Vec<Fact>)> {
    let Aim::Do { stages, avoid, .. } = &task.aim else { return None };
    let from = start(scene, robot);
    let (mut state, mut steps, mut goal) = (from, Vec::new(), Vec::<Fact>::new());
    for stage in stages {
        match stage {
            Stage::Reach(facts) => {
                goal.retain(|old| !facts.iter().any(|fact| clash(fact, old)));
                let keep: Vec<Fact> = goal.iter().filter(|fact| state.holds(fact)).copied().collect();
                let bounds = Bounds { keep: &keep, avoid, ..Bounds::default() };
                let (more, after) = achieve(&state, facts, &bounds).ok()?;
                steps.extend(more);
                state = after;
                goal.extend(facts.iter().filter(|fact| !goal.contains(fact)).copied().collect::<Vec<_>>());
            }
            Stage::Call(draft) => {
                let call = check::check_call(1, draft, scene, robot).ok()?;
                let bounds = Bounds { avoid, ..Bounds::default() };
                let promised = call.skill().promise(&call, &state);
                let (more, after) = make_ready(&state, &call, &bounds)?;
                steps.extend(more);
                state = after;
                let new: Vec<Fact> =
                    promised.iter().filter(|fact| state.holds(fact) && !goal.contains(fact)).copied().collect();
                goal.extend(new);
            }
        }
    }
    goal.retain(|fact| state.holds(fact));
    Some((steps, goal))
}

/// The state that a plan of these calls ends in.
#[must_use]
pub fn end_of(steps: &[SkillCall], scene: &Scene, robot: &Arc<RobotSpec>) -> Option<State> {
    check::run_through(steps, State::of(scene, robot)).ok()
}
