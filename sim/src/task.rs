//! Tasks as data: what is said, in which words, what shall come of it, and what must never happen on the way.

use std::collections::BTreeMap;

use ponder_core::goal::Language;
use ponder_core::outcome::{Outcome, RefusalReason};
use ponder_core::scene::{Color, Label, ObjectId};
use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::disturb::Disturbance;

/// Fewest wordings of a task in each language.
pub const MIN_WORDINGS: usize = 3;

/// Something to do, or to refuse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Unique among all scenarios: `red_block_in_bowl`.
    pub id: String,
    /// What a person may say.
    pub wordings: Wordings,
    /// Names for objects that depend on how the scene came out: `target: {leftmost: {label: block}}`.
    #[serde(default, rename = "let", skip_serializing_if = "BTreeMap::is_empty")]
    pub lets: BTreeMap<ObjectId, Choose>,
    /// What must be true of the scene before it starts; scenes are drawn until it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<Condition>,
    /// What must have been true on the way, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub through: Vec<Condition>,
    /// What shall be true at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Condition>,
    /// What the robot must answer instead of doing it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
    /// What must not happen at any time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub never: Vec<Condition>,
    /// What happens to the robot on the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disturb: Vec<Disturb>,
    /// How long the robot may try, simulated seconds.
    #[serde(default = "default_time_limit_s")]
    pub time_limit_s: f64,
}

const fn default_time_limit_s() -> f64 {
    120.0
}

/// What a person may say, per language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wordings {
    /// English.
    pub en: Vec<String>,
    /// Chinese.
    pub zh: Vec<String>,
}

impl Wordings {
    /// All of them: English, then Chinese.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.en.iter().chain(&self.zh)
    }

    /// Those of one language.
    pub fn of(&self, language: Language) -> &[String] {
        match language {
            Language::En => &self.en,
            Language::Zh => &self.zh,
        }
    }
}

/// Picks one object by how the scene came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Choose {
    /// The one farthest left (largest y).
    Leftmost(Among),
    /// The one farthest right.
    Rightmost(Among),
    /// The one nearest to the robot (smallest x).
    Front(Among),
    /// The one farthest from the robot.
    Back(Among),
    /// The one nearest to another object.
    NearestTo(ObjectId, Among),
    /// The one farthest from another object.
    FarthestFrom(ObjectId, Among),
    /// The largest by volume.
    Largest(Among),
    /// The smallest by volume.
    Smallest(Among),
    /// The only one for which a condition on `it` holds.
    Only(Among, Condition),
}

/// Which objects to choose among.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Among {
    /// Only objects with this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// Only objects of this colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<Color>,
}

/// An answer that is right where doing it would be wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Expect {
    /// A refusal for any of these reasons.
    Refuse(Vec<RefusalReason>),
    /// A question back to the person.
    Ask,
}

impl Expect {
    /// Is this outcome the answer that was expected?
    pub fn is_met_by(&self, outcome: &Outcome) -> bool {
        match (self, outcome) {
            (Self::Refuse(reasons), Outcome::Refused { reason, .. }) => reasons.contains(reason),
            (Self::Ask, Outcome::Asked { .. }) => true,
            _ => false,
        }
    }
}

/// Something that happens to the robot or its surroundings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disturb {
    /// It starts once this is true; left out: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// Simulated seconds to wait then.
    #[serde(default)]
    pub after_s: f64,
    /// What happens.
    #[serde(rename = "do")]
    pub what: Disturbance,
}
