//! Plans. A [`Draft`] is what a reasoner proposes, as parsed from its answer; a [`Plan`] is what the checker made of
//! it, and only the checker can make one.

use std::collections::BTreeMap;

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

use crate::Stamp;
use crate::fact::Fact;
use crate::outcome::RefusalReason;
use crate::scene::ObjectId;
use crate::skill::{Skill, SkillSpec};

/// Most steps in one plan.
pub const MAX_STEPS: usize = 64;
/// Most arguments of a skill.
pub const MAX_ARGS: usize = 3;

/// What a reasoner answers: something to do, a refusal, or a question to the person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Draft {
    /// Steps to carry out.
    Do {
        /// In order.
        steps: Vec<DraftCall>,
        /// What shall be true at the end, as the reasoner reads the instruction.
        #[serde(default)]
        goal: Vec<Fact>,
    },
    /// It can't or must not be done.
    Refuse {
        /// Why, for machines.
        reason: RefusalReason,
        /// Why, for the person.
        text: String,
    },
    /// Something must be asked first.
    Ask {
        /// The question.
        question: String,
    },
}

/// An unchecked call of a skill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftCall {
    /// Name of the skill.
    pub skill: String,
    /// Arguments by name.
    #[serde(default)]
    pub args: BTreeMap<String, DraftArg>,
}

/// An unchecked argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DraftArg {
    /// A number; its unit is the parameter's.
    Number(f64),
    /// An object's name or one of a parameter's choices.
    Word(String),
}

/// A checked argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arg {
    /// An object that was in the scene.
    Object(ObjectId),
    /// A number within the parameter's range, in its unit.
    Number(f64),
    /// Index into the parameter's choices.
    Choice(usize),
}

/// A call of a skill that exists, with arguments that type-check on objects that are there. Made by the checker only.
#[derive(Clone, Copy)]
pub struct SkillCall {
    pub(crate) skill: &'static dyn Skill,
    pub(crate) args: [Option<Arg>; MAX_ARGS],
}

impl SkillCall {
    /// The skill.
    pub fn skill(&self) -> &'static dyn Skill {
        self.skill
    }

    /// Its specification.
    pub fn spec(&self) -> &'static SkillSpec {
        self.skill.spec()
    }

    /// Arguments in the order of the spec's parameters.
    pub fn args(&self) -> impl Iterator<Item = &Arg> {
        self.args.iter().flatten()
    }

    /// The object given for parameter number `index`.
    pub fn object(&self, index: usize) -> Option<ObjectId> {
        match self.args.get(index)? {
            Some(Arg::Object(id)) => Some(*id),
            _ => None,
        }
    }

    /// The number given for parameter number `index`.
    pub fn number(&self, index: usize) -> Option<f64> {
        match self.args.get(index)? {
            Some(Arg::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// The choice given for parameter number `index`.
    pub fn choice(&self, index: usize) -> Option<usize> {
        match self.args.get(index)? {
            Some(Arg::Choice(choice)) => Some(*choice),
            _ => None,
        }
    }

    /// The call as a draft, for journals and messages.
    pub fn to_draft(&self) -> DraftCall {
        let spec = self.spec();
        let named = spec.params.iter().zip(self.args()).map(|(param, arg)| {
            let value = match arg {
                Arg::Object(id) => DraftArg::Word(id.to_string()),
                Arg::Number(number) => DraftArg::Number(*number),
                Arg::Choice(choice) => DraftArg::Word(param.kind.choices()[*choice].to_owned()),
            };
            (param.name.to_owned(), value)
        });
        DraftCall { skill: spec.name.to_owned(), args: named.collect() }
    }
}

impl PartialEq for SkillCall {
    fn eq(&self, other: &Self) -> bool {
        self.spec().name == other.spec().name && self.args == other.args
    }
}

impl std::fmt::Debug for SkillCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for SkillCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}(", self.spec().name)?;
        for (i, (param, arg)) in self.spec().params.iter().zip(self.args()).enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            match arg {
                Arg::Object(id) => write!(f, "{comma}{id}")?,
                Arg::Number(number) => write!(f, "{comma}{number}")?,
                Arg::Choice(choice) => write!(f, "{comma}{}", param.kind.choices()[*choice])?,
            }
        }
        write!(f, ")")
    }
}

/// Facts a skill promises or a goal wants; small and without heap.
pub type Facts = ArrayVec<Fact, 8>;

/// A plan that was checked against the scene it was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub(crate) steps: Vec<SkillCall>,
    pub(crate) goal: Vec<Fact>,
    pub(crate) scene_stamp: Stamp,
}

impl Plan {
    /// The steps, in order.
    pub fn steps(&self) -> &[SkillCall] {
        &self.steps
    }

    /// What shall be true at the end.
    pub fn goal(&self) -> &[Fact] {
        &self.goal
    }

    /// Stamp of the scene it was made from.
    pub fn scene_stamp(&self) -> Stamp {
        self.scene_stamp
    }
}
