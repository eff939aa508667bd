//! The reasoner that thinks in words: asks a model that writes, under the answer's grammar, and checks what it wrote. A
//! draft that does not check goes back once with the reason; after that the answer is a refusal that says so.
//! (Thought before answer: DeepSeek-R1, arXiv 2501.12948; a checker's word fed back: Self-Refine, arXiv 2303.17651.)

use ponder_core::check;
use ponder_core::goal::Language;
use ponder_core::outcome::RefusalReason;
use ponder_core::plan::Draft;
use ponder_core::reasoner::{Answer, Question, ReasonError, Reasoner};
use ponder_core::thinker::Cancel;
use ponder_core::thought::Thought;

use super::again::{self, Thoughts, WARMTH};
use super::alias::{Aliases, Reading};
use super::compact::Grid;
use super::free::Free;
use super::grammar::{Guide, Limits};
use super::{answer, compact, facts, prompt, sums};
use crate::engine::write::{Ask, Manner, Piece, Role, Script, TextModel, Turn, WriteError};

/// How a reasoner of this kind thinks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Most tokens of thought before the answer is begun.
    pub thought_tokens: usize,
    /// Bounds of the answer.
    pub limits: Limits,
    /// Mixed with the question into the seed of every answer.
    pub seed: u64,
    /// Answers are held to the grammar while they are written; without it they are only read and checked afterwards.
    pub grammar: bool,
    /// What is answered with a token less probable than this is thought about again, and a plan that thoughts don't agree on
    /// becomes a question; `None`: what the model itself says.
    pub ask_below: Option<f32>,
    /// How often it is thought about again; `None`: what the model itself says.
    pub second_thoughts: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            thought_tokens: 512,
            limits: Limits::default(),
            seed: 0,
            grammar: true,
            ask_below: None,
            second_thoughts: None,
        }
    }
}

/// A reasoner over a model that writes.
pub struct LlmReasoner<M> {
    model: M,
    options: Options,
}

impl<M: TextModel> LlmReasoner<M> {
    /// Wraps a model.
    pub fn new(model: M, options: Options) -> Self {
        Self { model, options }
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// One answer in the talk so far: what was thought, what was written, and the draft or why it is none. What it does not
    /// stand by it thinks about again.
    fn attempt(
        &mut self,
        at: At<'_>,
        thought: &mut Thought,
        say: &mut dyn FnMut(&str),
        cancel: &Cancel,
    ) -> Result<(String, Result<Draft, String>), ReasonError> {
        let bound = self.options.ask_below.unwrap_or_else(|| self.model.asks_below());
        let Once { written, draft, least, sound } = self.once(at, bound > 0.0, None, thought, say, cancel)?;
        let unsure = least.is_some_and(|least| least < bound) || bound > 0.0 && !sound;
        let draft = match draft {
            Ok(draft) if unsure => Ok(self.again(draft, sound, at, thought, say, cancel)?),
            draft => draft,
        };
        Ok((written, draft))
    }

    /// What most of several thoughts come to; a plan that they don't agree on becomes a question.
    fn again(
        &mut self,
        first: Draft,
        counts: bool,
        at: At<'_>,
        thought: &mut Thought,
        say: &mut dyn FnMut(&str),
        cancel: &Cancel,
    ) -> Result<Draft, ReasonError> {
        let of = self.options.second_thoughts.unwrap_or_else(|| self.model.second_thoughts()) + 1;
        let At { question, round, .. } = at;
        let mut thoughts = Thoughts::new(of, question.robot.arm.is_none());
        thoughts.add(counts.then(|| first.clone()), String::new());
        for time in 1..of as u64 {
            if thoughts.is_settled() {
                break;
            }
            let mut other = Thought::default();
            let at = At { round: round + (time << 8), ..at };
            let Once { draft, sound, .. } = self.once(at, false, Some(WARMTH), &mut other, &mut |_| {}, cancel)?;
            thought.tokens = thought.tokens.saturating_add(other.tokens);
            thoughts.add(draft.ok().filter(|_| sound), other.text);
        }
        let so_far = thoughts.so_far();
        let Some((draft, other, count)) = thoughts.agreed().filter(|_| of > 1) else {
            return Ok(doubt(first, question, self.refused(question)));
        };
        let told = again::told(count, so_far, question.goal.language);
        for text in [other, told].into_iter().filter(|text| !text.is_empty()) {
            let text = format!("\n{text}");
            say(&text);
            thought.text.push_str(&text);
        }
        Ok(draft)
    }

    /// A word of the order that the model only ever heard in what it had to refuse.
    fn refused(&self, question: &Question) -> Option<String> {
        self.model.refused()?.word(&question.goal.instruction, question.robot.arm.is_some())
    }

    /// One answer.
    fn once(
        &mut self,
        at: At<'_>,
        weigh: bool,
        temperature: Option<f32>,
        thought: &mut Thought,
        say: &mut dyn FnMut(&str),
        cancel: &Cancel,
    ) -> Result<Once, ReasonError> {
        let At { question, turns, round } = at;
        let (mut guide, mut free);
        // Who is asked compactly thinks in the prompt's numbers.
        let compact = self.model.manner() == Manner::Compact;
        let script: &mut dyn Script = if self.options.grammar {
            guide = Guide::new(&question.scene, &question.robot, self.options.limits);
            if compact {
                guide = guide.reckoning(Grid::of(&question.robot));
            }
            &mut guide
        } else {
            free = Free::default();
            &mut free
        };
        let seed = seed(self.options.seed, question, round);
        let mut ask = Ask { turns, thought_tokens: self.options.thought_tokens, script, seed, weigh, temperature };
        let mut gap = !thought.text.is_empty();
        let mut hear = |piece: Piece<'_>| {
            if let Piece::Thought(text) = piece {
                let text = if std::mem::take(&mut gap) { format!("\n{text}") } else { text.to_owned() };
                say(&text);
                thought.text.push_str(&text);
            }
        };
        let written = self.model.write(&mut ask, &mut hear, cancel);
        let written = match written {
            Ok(written) => written,
            Err(WriteError::Cancelled) => return Err(ReasonError::Cancelled),
            // A model that does not come to an end has no answer, which is no reason to stop the robot.
            Err(WriteError::Unfinished(tokens)) => {
                let draft = Err(WriteError::Unfinished(tokens).to_string());
                return Ok(Once { written: String::new(), draft, least: None, sound: true });
            }
            Err(error) => return Err(ReasonError::Failed(error.to_string())),
        };
        thought.tokens = thought.tokens.saturating_add(u32::try_from(written.thought_tokens).unwrap_or(u32::MAX));
        let (scene, robot) = (&question.scene, &question.robot);
        let mut sound = true;
        let draft = answer::read(&written.answer).map_err(|error| error.to_string()).and_then(|draft| {
            if let Draft::Do { .. } = &draft {
                let plan = check::check(&draft, scene, robot).map_err(|error| error.to_string())?;
                sound = !check::has_needless_steps(&plan, scene, robot) && self.refused(question).is_none();
            }
            Ok(draft)
        });
        if compact {
            let (thought, grid) = (&written.thought, Grid::of(robot));
            sound &= sums::hold(thought, scene, grid);
            sound &= match &draft {
                Ok(Draft::Do { goal, .. }) => goal.is_empty() || sums::is_kept(thought, goal, scene, grid),
                Ok(Draft::Refuse { .. }) => !sums::wants(thought),
                _ => true,
            };
        }
        Ok(Once { written: written.answer, draft, least: written.least, sound })
    }
}

/// One answer.
struct Once {
    written: String,
    /// What it says, or why it says nothing that can be used.
    draft: Result<Draft, String>,
    /// How probable the least probable of its tokens was.
    least: Option<f32>,
    /// Its thought is not wrong about what can be worked out again, its plan handles nothing that its goal does not need, and
    /// no word of the order was only ever refused.
    sound: bool,
}

/// What is answered: the talk so far, and how often it went on, which chance comes from.
#[derive(Clone, Copy)]
struct At<'a> {
    question: &'a Question,
    turns: &'a [Turn],
    round: u64,
}

impl<M: TextModel> Reasoner for LlmReasoner<M> {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn think(
        &mut self,
        question: &Question,
        say: &mut dyn FnMut(&str),
        cancel: &Cancel,
    ) -> Result<Answer, ReasonError> {
        if self.model.manner() == Manner::Full {
            return self.answer(question, prompt::turn(question), say, cancel);
        }
        let (aliases, asked) = Aliases::of(question);
        let mut reading = Reading::new(&aliases);
        let mut hear = |piece: &str| say(&reading.read(piece));
        let answer = self.answer(&asked, compact::turn(&asked), &mut hear, cancel)?;
        let rest = reading.end();
        if !rest.is_empty() {
            say(&rest);
        }
        let cites = answer.thought.cites.into_iter().map(|id| aliases.long(id)).collect();
        let thought = Thought { text: aliases.text(&answer.thought.text), cites, ..answer.thought };
        Ok(Answer { thought, draft: aliases.lengthen(&answer.draft) })
    }
}

impl<M: TextModel> LlmReasoner<M> {
    /// Asks, and once more where the answer does not hold up.
    fn answer(
        &mut self,
        question: &Question,
        turn: Turn,
        say: &mut dyn FnMut(&str),
        cancel: &Cancel,
    ) -> Result<Answer, ReasonError> {
        let mut turns = vec![turn];
        let mut thought = Thought::default();
        let mut last = String::new();
        for round in 0..2 {
            let (written, draft) = self.attempt(At { question, turns: &turns, round }, &mut thought, say, cancel)?;
            match draft {
                Ok(draft) => return Ok(finished(thought, draft, question)),
                Err(error) => {
                    turns.push(Turn { role: Role::Assistant, text: plain(&written), fixed: 0 });
                    turns.push(prompt::again(&error));
                    last = error;
                }
            }
        }
        let text = match question.goal.language {
            Language::En => format!("I found no plan that holds up: {last}"),
            Language::Zh => format!("我想不出行得通的办法：{last}"),
        };
        Ok(finished(thought, Draft::Refuse { reason: RefusalReason::NoPlan, text }, question))
    }
}

/// A plan that the model does not stand by becomes a question, which says what it understood, and which word it only knows
/// from what it had to refuse; what moves nothing stays.
fn doubt(draft: Draft, question: &Question, word: Option<String>) -> Draft {
    let Draft::Do { steps, goal } = draft else { return draft };
    let meant: Vec<String> = match goal.as_slice() {
        [] => steps.iter().map(answer::write_call).collect(),
        goal => goal.iter().map(facts::write).collect(),
    };
    let meant = meant.join(", ");
    let question = match (question.goal.language, word) {
        (Language::En, None) => format!("I am not sure. Did you mean {meant}? Please say it in other words."),
        (Language::Zh, None) => format!("我不太确定。您是指{meant}吗？请换个说法。"),
        (Language::En, Some(word)) => {
            format!("I know \"{word}\" only from what I can't do. Did you mean {meant}? Please say it in other words.")
        }
        (Language::Zh, Some(word)) => {
            format!("我只在做不到的事里听过“{word}”。您是指{meant}吗？请换个说法。")
        }
    };
    Draft::Ask { question }
}

/// What a model wrote without a grammar, safe to stand in a prompt: no tag in it, and not long.
fn plain(written: &str) -> String {
    let lines = written.lines().take(80).map(|line| {
        line.chars().filter(|c| !matches!(c, '<' | '>' | '[' | ']' | '|' | '｜') && !c.is_control()).take(400).collect()
    });
    lines.collect::<Vec<String>>().join("\n")
}

fn finished(mut thought: Thought, draft: Draft, question: &Question) -> Answer {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let cited = |id: &str| {
        !id.is_empty()
            && thought.text.match_indices(id).any(|(at, _)| {
                let (before, after) = (&thought.text[..at], &thought.text[at + id.len()..]);
                !before.ends_with(is_part) && !after.starts_with(is_part)
            })
    };
    thought.cites = question.scene.objects.iter().map(|object| object.id).filter(|id| cited(id)).collect();
    Answer { thought, draft }
}

/// A seed that differs between questions and rounds, and is the same when a run is replayed.
fn seed(base: u64, question: &Question, round: u64) -> u64 {
    let parts = [question.goal.id, question.scene.observation_seq, question.attempts.len() as u64, round];
    // SplitMix64's finaliser (Steele et al., OOPSLA 2014) over the parts.
    parts.iter().fold(base, |sum, part| {
        let mut z = sum.wrapping_add(*part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}
