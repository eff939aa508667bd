//! Plans, steps, facts and evidence. Facts travel as a predicate with its arguments: the form that serde gives them.

use std::collections::BTreeMap;

use ponder_core::Stamp;
use ponder_core::fact::{Fact, Finding};
use ponder_core::outcome::RefusalReason;
use ponder_core::plan::{Draft, DraftArg, DraftCall, MAX_STEPS};
use r2r::ponder_msgs::msg;
use r2r::std_msgs::msg::Header;
use serde_json::{Value, json};

use super::{ConvertError, time};

/// Most facts in a goal that comes from outside.
const MOST_FACTS: usize = 64;
/// Most bytes of a refusal's or question's text.
const MOST_TEXT: usize = 4000;

pub(super) const REASONS: [RefusalReason; 7] = [
    RefusalReason::NotThere,
    RefusalReason::DoesNotFit,
    RefusalReason::OutOfReach,
    RefusalReason::NotAble,
    RefusalReason::Unsafe,
    RefusalReason::NotUnderstood,
    RefusalReason::NoPlan,
];

// rosidl's constants are enums of their own in the generated code; the wire has bytes.
const DO: u8 = msg::Plan::DO as u8;
const REFUSE: u8 = msg::Plan::REFUSE as u8;
const ASK: u8 = msg::Plan::ASK as u8;
const WORD: u8 = msg::SkillArg::WORD as u8;
const NUMBER: u8 = msg::SkillArg::NUMBER as u8;

/// A draft as a message; whether it checks is for the caller to add.
pub fn plan_msg(draft: &Draft, scene_stamp: Stamp, frame_id: &str, reasoner: &str) -> msg::Plan {
    let header = Header { stamp: time(scene_stamp), frame_id: frame_id.to_owned() };
    let empty = msg::Plan { header, reasoner: reasoner.to_owned(), ..Default::default() };
    match draft {
        Draft::Do { steps, goal } => msg::Plan {
            kind: DO,
            steps: steps.iter().map(call_msg).collect(),
            goal: goal.iter().map(fact_msg).collect(),
            ..empty
        },
        Draft::Refuse { reason, text } => {
            msg::Plan { kind: REFUSE, reason: *reason as u16, text: text.clone(), ..empty }
        }
        Draft::Ask { question } => msg::Plan { kind: ASK, text: question.clone(), ..empty },
    }
}

/// A message as a draft: unchecked, as every draft is. That it says `checked` counts for nothing.
///
/// # Errors
/// [`ConvertError`].
pub fn draft(message: &msg::Plan) -> Result<Draft, ConvertError> {
    let many = |what, got: usize, most| if got > most { Err(ConvertError::Many { what, got, most }) } else { Ok(()) };
    many("steps", message.steps.len(), MAX_STEPS)?;
    many("facts", message.goal.len(), MOST_FACTS)?;
    many("bytes of text", message.text.len(), MOST_TEXT)?;
    match message.kind {
        DO => {
            let steps = message.steps.iter().map(call).collect::<Result<_, _>>()?;
            let goal = message.goal.iter().map(fact).collect::<Result<_, _>>()?;
            Ok(Draft::Do { steps, goal })
        }
        REFUSE => {
            let reason = REASONS.into_iter().find(|reason| *reason as u16 == message.reason);
            let unknown = || ConvertError::Unknown { what: "reason to refuse", name: message.reason.to_string() };
            Ok(Draft::Refuse { reason: reason.ok_or_else(unknown)?, text: message.text.clone() })
        }
        ASK => Ok(Draft::Ask { question: message.text.clone() }),
        kind => Err(ConvertError::Unknown { what: "kind of plan", name: kind.to_string() }),
    }
}

fn call_msg(call: &DraftCall) -> msg::SkillCall {
    let arg = |(name, value): (&String, &DraftArg)| match value {
        DraftArg::Word(word) => msg::SkillArg { name: name.clone(), kind: WORD, word: word.clone(), number: 0.0 },
        DraftArg::Number(number) => {
            msg::SkillArg { name: name.clone(), kind: NUMBER, word: String::new(), number: *number }
        }
    };
    msg::SkillCall { skill: call.skill.clone(), args: call.args.iter().map(arg).collect() }
}

fn call(message: &msg::SkillCall) -> Result<DraftCall, ConvertError> {
    let got = message.args.len();
    if got > 8 {
        return Err(ConvertError::Many { what: "arguments", got, most: 8 });
    }
    let value = |arg: &msg::SkillArg| {
        if arg.kind == NUMBER { DraftArg::Number(arg.number) } else { DraftArg::Word(arg.word.clone()) }
    };
    let args: BTreeMap<_, _> = message.args.iter().map(|arg| (arg.name.clone(), value(arg))).collect();
    Ok(DraftCall { skill: message.skill.clone(), args })
}

/// A step in a line, for people: `pick(object: red_block)`.
pub fn step_text(call: &DraftCall) -> String {
    let arg = |(name, value): (&String, &DraftArg)| match value {
        DraftArg::Word(word) => format!("{name}: {word}"),
        DraftArg::Number(number) => format!("{name}: {number}"),
    };
    let args: Vec<_> = call.args.iter().map(arg).collect();
    format!("{}({})", call.skill, args.join(", "))
}

/// A fact as a message.
pub fn fact_msg(fact: &Fact) -> msg::Fact {
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    match serde_json::to_value(fact) {
        Ok(Value::String(predicate)) => msg::Fact { predicate, args: Vec::new() },
        Ok(Value::Object(map)) => map.into_iter().next().map_or_else(msg::Fact::default, |(predicate, args)| {
            let args = match args {
                Value::Array(many) => many.into_iter().map(word).collect(),
                one => vec![word(one)],
            };
            msg::Fact { predicate, args }
        }),
        _ => msg::Fact::default(),
    }
}

fn fact(message: &msg::Fact) -> Result<Fact, ConvertError> {
    let predicate = &message.predicate;
    let value = match message.args.as_slice() {
        [] => json!(predicate),
        [one] => json!({ predicate: one }),
        many => json!({ predicate: many }),
    };
    let unknown = |_| ConvertError::Unknown {
        what: "fact",
        name: format!("{}({})", predicate, message.args.join(", ")).chars().take(80).collect(),
    };
    serde_json::from_value(value).map_err(unknown)
}

/// A measured fact as a message.
pub fn evidence(finding: &Finding) -> msg::Evidence {
    let measure = serde_json::to_value(finding.measure).ok();
    msg::Evidence {
        fact: fact_msg(&finding.fact),
        holds: finding.holds,
        measure: measure.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
        value: finding.value,
        limit: finding.limit,
        text: finding.to_string(),
    }
}
