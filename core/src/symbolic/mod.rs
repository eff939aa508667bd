//! The `symbolic (baseline)` reasoner: reads the instruction by a small grammar, finds the objects that are meant,
//! searches over the skills' own preconditions and effects for the shortest plan, and writes its reasoning out in
//! words. Pure logic: the same question always gets the same answer. Teacher and yardstick for the learned reasoners.

pub mod course;
pub mod en;
mod en_grammar;
mod frame;
pub mod history;
pub mod intent;
pub mod kinds;
pub mod lexicon;
mod naming;
pub mod reading;
pub mod resolve;
pub mod search;
pub mod solve;
mod tell;
pub mod why;
pub mod zh;
mod zh_grammar;

use std::sync::Arc;

use crate::check;
use crate::goal::Language;
use crate::plan::{Draft, SkillCall};
use crate::reasoner::{Answer, Question, ReasonError, Reasoner};
use crate::robot::RobotSpec;
use crate::scene::Scene;
use crate::state::State;
use crate::symbolic::course::Course;
use crate::symbolic::history::{Change, History};
use crate::symbolic::intent::{Intent, Interpreter, Meaning};
use crate::symbolic::reading::{Reading, Wish};
use crate::symbolic::resolve::Spoken;
use crate::symbolic::tell::Teller;
use crate::symbolic::why::Why;
use crate::thinker::Cancel;
use crate::thought::Thought;

pub use crate::symbolic::solve::solve;

/// The reasoner. It has no state: the same question gets the same answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Symbolic;

/// Name for banners and records.
pub const NAME: &str = "symbolic (baseline)";

/// Reads an instruction: what it says, whatever the scene.
pub fn read(instruction: &str) -> Reading {
    let language = Language::of(instruction);
    let text = lexicon::normalise(instruction);
    let (wishes, unread) = match language {
        Language::En => en_grammar::read(&text),
        Language::Zh => zh_grammar::read(&text),
    };
    Reading { language, wishes: reading::joined(wishes), unread }
}

/// What a reading means on a scene: its stages and which object every description stands for.
///
/// # Errors
/// Why it can't be done as said, with the descriptions that were understood up to there.
pub fn interpret(reading: &Reading, scene: &Scene, robot: &Arc<RobotSpec>) -> Result<Intent, (Why, Vec<Meaning>)> {
    let state = State::of(scene, robot);
    let near = solve::near_only(&state, scene);
    interpret_from(reading, scene, &state, &near, robot, Spoken::default())
}

fn interpret_from(
    reading: &Reading,
    scene: &Scene,
    state: &State,
    near: &State,
    robot: &RobotSpec,
    spoken: Spoken,
) -> Result<Intent, (Why, Vec<Meaning>)> {
    let refused = |pick: &dyn Fn(&Wish) -> Option<Why>| reading.wishes.iter().find_map(pick);
    let harm = refused(&|wish| {
        if let Wish::Unsafe(words) = wish { Some(Why::Unsafe(words.clone())) } else { None }
    });
    let beyond = refused(&|wish| {
        if let Wish::Unable(words) = wish { Some(Why::Unable(words.clone())) } else { None }
    });
    if let Some(why) = harm.or(beyond) {
        return Err((why, Vec::new()));
    }
    let intent = Interpreter::new(scene, state, near, robot, spoken).intent(&reading.wishes);
    if reading.unread.is_empty() {
        return intent;
    }
    let meanings = match intent {
        Ok(intent) => intent.meanings,
        Err((_, meanings)) => meanings,
    };
    Err((Why::NotUnderstood(reading.unread.clone()), meanings))
}

impl Reasoner for Symbolic {
    fn name(&self) -> &str {
        NAME
    }

    fn think(
        &mut self,
        question: &Question,
        say: &mut dyn FnMut(&str),
        cancel: &Cancel,
    ) -> Result<Answer, ReasonError> {
        let reading = read(&question.goal.instruction);
        let state = State::of(&question.scene, &question.robot);
        let near = solve::near_only(&state, &question.scene);
        let mut speech = Speech { text: String::new(), language: question.goal.language, say };
        let mut teller = Teller::new(&state, question.goal.language);
        speech.all(teller.sees());
        if cancel.is_cancelled() {
            return Err(ReasonError::Cancelled);
        }
        let history = History::of(&question.attempts, &question.scene, &question.robot);
        let spoken = history.spoken(&state);
        let mut understood = None;
        let planned = match interpret_from(&reading, &question.scene, &state, &near, &question.robot, spoken) {
            Ok(intent) => {
                speech.all(teller.means(&intent.meanings));
                history.course(&intent, &near, &question.scene, &question.robot)
            }
            Err((why @ Why::NotUnderstood(_), meanings)) => {
                understood = teller.understood(&meanings);
                Err(why)
            }
            Err((why, meanings)) => {
                speech.all(teller.means(&meanings));
                Err(why)
            }
        };
        if cancel.is_cancelled() {
            return Err(ReasonError::Cancelled);
        }
        let draft = match planned.and_then(|(course, change)| checked(course, change, question)) {
            Ok((course, change)) => {
                speech.all(teller.learns(&history, &change));
                speech.all(teller.plans(&course, &near));
                Draft::Do { steps: course.steps.iter().map(SkillCall::to_draft).collect(), goal: course.goal }
            }
            Err(why) => {
                if matches!(why, Why::GaveUp(..) | Why::NeverReached(_)) {
                    speech.all(teller.learns(&history, &Change::None));
                }
                let text = match understood {
                    Some(understood) => {
                        let gap = if question.goal.language == Language::En { " " } else { "" };
                        format!("{}{gap}{understood}", teller.refuses(&why))
                    }
                    None => teller.refuses(&why),
                };
                speech.all([text.clone()]);
                match why.reason() {
                    Some(reason) => Draft::Refuse { reason, text },
                    None => Draft::Ask { question: text },
                }
            }
        };
        let tokens = reading::count_words(&speech.text);
        Ok(Answer { thought: Thought { text: speech.text, tokens, cites: teller.cites() }, draft })
    }
}

/// A course that the checker passes as it will be handed over.
fn checked(course: Course, change: Change, question: &Question) -> Result<(Course, Change), Why> {
    let draft = Draft::Do { steps: course.steps.iter().map(SkillCall::to_draft).collect(), goal: course.goal.clone() };
    match check::check(&draft, &question.scene, &question.robot) {
        Ok(_) => Ok((course, change)),
        Err(error) => Err(Why::Rejected(error)),
    }
}

/// Sentences as they are thought, streamed and kept.
struct Speech<'a> {
    text: String,
    language: Language,
    say: &'a mut dyn FnMut(&str),
}

impl Speech<'_> {
    fn all(&mut self, sentences: impl IntoIterator<Item = String>) {
        for sentence in sentences {
            let from = self.text.len();
            if !self.text.is_empty() && self.language == Language::En {
                self.text.push(' ');
            }
            self.text.push_str(&sentence);
            (self.say)(&self.text[from..]);
        }
    }
}
