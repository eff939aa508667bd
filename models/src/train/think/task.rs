//! A task on a scene: what is said, which things are meant, and what shall come of it. Below the ring: the reasoner's
//! schooling.

use ponder_core::fact::Fact;
use ponder_core::outcome::RefusalReason;
use ponder_core::plan::{DraftArg, DraftCall};
use ponder_core::scene::{ObjectId, Scene};
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::mention::{Mention, Speaker};
use super::truth::{Deed, Truth};
use super::words::{Both, Wordings};

/// How unlike training a lesson is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Split {
    /// What is learnt from.
    Train,
    /// The same families; unseen seeds, and wordings of which some are unseen.
    HeldOut,
    /// Wordings, colours of kinds and pairs of orders that training never joins.
    Hard,
}

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its family, for tables.
    pub family: &'static str,
    /// The instruction.
    pub words: String,
    /// Things spoken of, in the order of the thought.
    pub mentions: Vec<Mention>,
    /// What shall come of it.
    pub aim: Aim,
}

/// What shall come of a task.
#[derive(Clone, Debug)]
pub enum Aim {
    /// A plan, stage by stage.
    Do {
        /// What is brought about in turn.
        stages: Vec<Stage>,
        /// What a right plan must do.
        deed: Deed,
        /// Objects that no step may touch, as indices.
        avoid: Vec<usize>,
    },
    /// A refusal.
    Refuse {
        /// The reason given.
        reason: RefusalReason,
        /// Reasons that are right too.
        accept: Vec<RefusalReason>,
        /// What the thought notes.
        note: String,
        /// What the person is told.
        text: String,
    },
    /// A question.
    Ask {
        /// What is unclear.
        said: String,
        /// What it may mean, from left to right.
        of: Vec<usize>,
    },
}

/// One stage of a plan.
#[derive(Clone, Debug)]
pub enum Stage {
    /// Bring these about.
    Reach(Vec<Fact>),
    /// Carry this out.
    Call(DraftCall),
}

impl Task {
    /// What a right answer is, on a scene of the same objects.
    #[must_use]
    pub fn truth(&self) -> Truth {
        match &self.aim {
            Aim::Do { deed, .. } => Truth::Do(deed.clone()),
            Aim::Refuse { reason, accept, .. } => {
                Truth::Refuse(std::iter::once(*reason).chain(accept.iter().copied()).collect())
            }
            Aim::Ask { .. } => Truth::Ask,
        }
    }
}

/// What a family draws from.
pub struct Draw<'a, 'b> {
    /// Words about the scene.
    pub speaker: Speaker<'a>,
    /// Chance.
    pub rng: &'b mut ChaCha8Rng,
    /// For which split.
    pub split: Split,
    /// On the hard split: with wordings that only it has.
    pub odd_words: bool,
}

impl Draw<'_, '_> {
    /// The scene.
    #[must_use]
    pub fn scene(&self) -> &Scene {
        self.speaker.scene
    }

    /// Id of an object.
    #[must_use]
    pub fn id(&self, index: usize) -> ObjectId {
        self.scene().objects[index].id
    }

    /// One of the indices.
    pub fn one(&mut self, of: &[usize]) -> Option<usize> {
        of.choose(self.rng).copied()
    }

    /// A wording of the split's, with its slots filled.
    pub fn say(&mut self, both: &'static Both, slots: &[(&str, &str)]) -> Option<String> {
        let wordings: &Wordings = if self.speaker.zh { &both.1 } else { &both.0 };
        let all: Vec<&str> = match self.split {
            Split::Train => wordings.seen.to_vec(),
            Split::HeldOut => wordings.seen.iter().chain(wordings.held).copied().collect(),
            Split::Hard if self.odd_words => wordings.hard.to_vec(),
            Split::Hard => wordings.seen.to_vec(),
        };
        let mut words = (*all.choose(self.rng)?).to_owned();
        for (slot, text) in slots {
            words = words.replace(slot, text);
        }
        (!words.contains('{')).then_some(words)
    }

    /// A task that brings facts about.
    pub fn reach(
        &self,
        family: &'static str,
        words: String,
        mentions: Vec<Mention>,
        stages: Vec<Vec<Fact>>,
    ) -> Option<Task> {
        let state = self.speaker.state;
        let last: Vec<Fact> = stages.iter().flatten().copied().collect();
        // Something must be left to do.
        if last.iter().all(|fact| state.holds(fact)) {
            return None;
        }
        let deed = Deed { any: vec![last], ..Deed::default() };
        let stages = stages.into_iter().map(Stage::Reach).collect();
        Some(Task { family, words, mentions, aim: Aim::Do { stages, deed, avoid: Vec::new() } })
    }
}

/// A call with arguments.
#[must_use]
pub fn call(skill: &str, args: &[(&str, DraftArg)]) -> DraftCall {
    DraftCall { skill: skill.to_owned(), args: args.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect() }
}
