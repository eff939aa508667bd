//! Short names: a small model reads and writes `A`, `B`, `C` for the things of a question, from left to right, one token
//! each, whatever their names are in the scene; people and the rest of the ring see the scene's own names alone. (Naming
//! entities by placeholders, so that a network need not spell: Hermann et al., arXiv 1506.03340.)

use std::sync::Arc;

use ponder_core::fact::Fact;
use ponder_core::plan::{Draft, DraftArg, DraftCall};
use ponder_core::reasoner::{Attempt, Question};
use ponder_core::scene::ObjectId;
use ponder_core::state::State;

use super::compact::{Grid, order};
use super::quote::name;

/// Letters in their order; without I, which is a word.
const LETTERS: &[u8] = b"ABCDEFGHJKLMNOPQRSTUVWXYZ";

/// The short names of one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aliases {
    /// The scene's name and the short one.
    pairs: Vec<(ObjectId, ObjectId)>,
}

fn short(number: usize) -> ObjectId {
    let letter = char::from(LETTERS[number % LETTERS.len()]);
    let text = match number / LETTERS.len() {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    };
    ObjectId::from(&text).unwrap_or_default()
}

impl Aliases {
    /// The names of a question, and the question in them.
    #[must_use]
    pub fn of(question: &Question) -> (Self, Question) {
        let state = State::of(&question.scene, &question.robot);
        let order = order(&state, Grid::of(&question.robot));
        let pair = |(number, index): (usize, usize)| (state.objects()[index].id, short(number));
        let aliases = Self { pairs: order.into_iter().enumerate().map(pair).collect() };
        let mut scene = (*question.scene).clone();
        for object in &mut scene.objects {
            object.id = aliases.short(object.id);
        }
        scene.holding = scene.holding.map(|id| aliases.short(id));
        let attempts = question.attempts.iter().map(|attempt| Attempt {
            done: attempt.done.iter().map(|call| aliases.call(call, Self::short)).collect(),
            failed: attempt.failed.clone().map(|(call, failure)| (aliases.call(&call, Self::short), failure)),
            rejected: attempt.rejected.clone(),
        });
        let attempts = attempts.collect();
        let asked = Question { scene: Arc::new(scene), attempts, ..question.clone() };
        (aliases, asked)
    }

    /// The short name of a thing; its own where it has none.
    #[must_use]
    pub fn short(&self, id: ObjectId) -> ObjectId {
        self.pairs.iter().find(|(long, _)| *long == id).map_or(id, |(_, short)| *short)
    }

    /// The scene's name for a short one.
    #[must_use]
    pub fn long(&self, id: ObjectId) -> ObjectId {
        self.pairs.iter().find(|(_, short)| *short == id).map_or(id, |(long, _)| *long)
    }

    fn call(&self, call: &DraftCall, to: fn(&Self, ObjectId) -> ObjectId) -> DraftCall {
        let arg = |arg: &DraftArg| match arg {
            DraftArg::Word(word) => {
                let named = ObjectId::from(word).map(|id| to(self, id).to_string());
                DraftArg::Word(named.unwrap_or_else(|_| word.clone()))
            }
            number => number.clone(),
        };
        let args = call.args.iter().map(|(key, value)| (key.clone(), arg(value))).collect();
        DraftCall { skill: call.skill.clone(), args }
    }

    /// A draft in short names.
    #[must_use]
    pub fn shorten(&self, draft: &Draft) -> Draft {
        self.draft(draft, Self::short)
    }

    /// A draft in the scene's names, what it says to the person too.
    #[must_use]
    pub fn lengthen(&self, draft: &Draft) -> Draft {
        match self.draft(draft, Self::long) {
            Draft::Refuse { reason, text } => Draft::Refuse { reason, text: self.text(&text) },
            Draft::Ask { question } => Draft::Ask { question: self.text(&question) },
            plan => plan,
        }
    }

    fn draft(&self, draft: &Draft, to: fn(&Self, ObjectId) -> ObjectId) -> Draft {
        match draft {
            Draft::Do { steps, goal } => Draft::Do {
                steps: steps.iter().map(|call| self.call(call, to)).collect(),
                goal: goal.iter().map(|fact: &Fact| fact.renamed(|id| to(self, id))).collect(),
            },
            other => other.clone(),
        }
    }

    /// A text with the scene's names in place of the short ones.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut reading = Reading::new(self);
        reading.read(text) + &reading.end()
    }

    /// A text with the short names in place of the scene's.
    #[must_use]
    pub fn short_text(&self, text: &str) -> String {
        let back = Self { pairs: self.pairs.iter().map(|(long, short)| (*short, *long)).collect() };
        back.text(text)
    }
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Puts the scene's names into a text that comes in pieces.
pub struct Reading<'a> {
    aliases: &'a Aliases,
    word: String,
}

impl<'a> Reading<'a> {
    /// Nothing read yet.
    #[must_use]
    pub fn new(aliases: &'a Aliases) -> Self {
        Self { aliases, word: String::new() }
    }

    /// The next piece, up to a word that may go on.
    pub fn read(&mut self, piece: &str) -> String {
        let mut out = String::with_capacity(piece.len());
        for c in piece.chars() {
            if is_part(c) {
                self.word.push(c);
            } else {
                out.push_str(&self.end());
                out.push(c);
            }
        }
        out
    }

    /// The word that was held back.
    pub fn end(&mut self) -> String {
        let word = std::mem::take(&mut self.word);
        let long = ObjectId::from(&word).ok().map(|id| (id, self.aliases.long(id))).filter(|(id, long)| id != long);
        long.map_or(word, |(_, long)| name(&long))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn aliases() -> Aliases {
        let id = |text: &str| ObjectId::from(text).unwrap();
        Aliases { pairs: vec![(id("red_block"), short(0)), (id("bowl"), short(1)), (id("红碗"), short(2))] }
    }

    #[test]
    fn pieces_read_like_the_whole() {
        let (aliases, text) = (aliases(), "bowl: A, B；A。Aha AB C_ I, C");
        let want = "bowl: red_block, bowl；red_block。Aha AB C_ I, \"红碗\"";
        assert_eq!(aliases.text(text), want);
        let mut reading = Reading::new(&aliases);
        let pieces: String = text.chars().map(|c| reading.read(&c.to_string())).collect();
        assert_eq!(pieces + &reading.end(), want);
    }

    #[test]
    fn a_draft_comes_back_as_it_went() {
        let aliases = aliases();
        let id = |text: &str| ObjectId::from(text).unwrap();
        let call = |object: &str| DraftCall {
            skill: "pick".to_owned(),
            args: [("object".to_owned(), DraftArg::Word(object.to_owned()))].into(),
        };
        let long = Draft::Do { steps: vec![call("red_block")], goal: vec![Fact::In(id("red_block"), id("bowl"))] };
        let short = aliases.shorten(&long);
        assert_eq!(short, Draft::Do { steps: vec![call("A")], goal: vec![Fact::In(id("A"), id("B"))] });
        assert_eq!(aliases.lengthen(&short), long);
    }

    #[test]
    fn there_is_a_name_for_every_thing() {
        let names: std::collections::HashSet<_> = (0..200).map(short).collect();
        assert_eq!(names.len(), 200);
        assert!(names.iter().all(|id| id.as_str() != "I" && !id.is_empty()));
    }
}
