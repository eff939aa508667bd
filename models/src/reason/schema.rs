//! The answer as JSON Schema, for servers that hold a model to one: the same plans, refusals and questions as the grammar's
//! lines, in the JSON that `answer` reads. It knows which skills and objects there are; what can work where, the checker
//! says afterwards. (Structured outputs: Willard and Louf, arXiv 2307.09702.)

use ponder_core::robot::RobotSpec;
use ponder_core::scene::{Affordance, Scene};
use ponder_core::skill::{ParamKind, SkillSpec};
use ponder_core::skills::SKILLS;
use ponder_core::state::Side;
use serde_json::{Value, json};

use super::answer::REASONS;
use super::grammar::Limits;

/// Tells a model in words to answer so; for the end of the last turn.
pub const IN_JSON: &str = "\n\nGive the answer as JSON instead of lines, one of these:\n\
{\"do\": {\"goal\": [{\"in\": [\"red_block\", \"bowl\"]}], \"steps\": [{\"skill\": \"pick\", \"args\": {\"object\": \"red_block\"}}]}}\n\
{\"refuse\": {\"reason\": \"unsafe\", \"text\": \"why\"}}\n\
{\"ask\": {\"question\": \"what?\"}}";

/// Facts of one object, and of two.
const ONE: [&str; 7] = ["held", "open", "closed", "turned_on", "turned_off", "robot_at", "upright"];
const TWO: [&str; 7] = ["on", "in", "near", "left_of", "right_of", "in_front_of", "behind"];

/// The schema of an answer about this scene by this robot.
#[must_use]
pub fn of(scene: &Scene, robot: &RobotSpec, limits: Limits) -> Value {
    let able = SKILLS.iter().map(|skill| skill.spec()).filter(|spec| spec.needs.of(robot));
    let calls: Vec<Value> = able.filter_map(|spec| call(spec, scene)).collect();
    let mut answers = Vec::new();
    if !calls.is_empty() {
        answers.push(tagged(
            "do",
            object(&[
                ("goal", json!({"type": "array", "items": fact(scene), "maxItems": limits.facts})),
                ("steps", json!({"type": "array", "items": any_of(calls), "maxItems": limits.steps})),
            ]),
        ));
    }
    let text = json!({"type": "string", "maxLength": limits.text_chars});
    let reasons: Vec<&str> = REASONS.iter().map(|(name, _)| *name).collect();
    answers.push(tagged("refuse", object(&[("reason", one_of(&reasons)), ("text", text.clone())])));
    answers.push(tagged("ask", object(&[("question", text)])));
    any_of(answers)
}

/// A call of a skill; none where an argument has nothing to name.
fn call(spec: &SkillSpec, scene: &Scene) -> Option<Value> {
    let mut args = Vec::new();
    for param in spec.params {
        let value = match param.kind {
            ParamKind::Object(can) => ids(scene, Some(can))?,
            ParamKind::AnyObject => ids(scene, None)?,
            ParamKind::Number { min, max, .. } => json!({"type": "number", "minimum": min, "maximum": max}),
            ParamKind::Choice(words) => one_of(words),
        };
        args.push((param.name, value));
    }
    Some(object(&[("skill", one_of(&[spec.name])), ("args", object(&args))]))
}

fn fact(scene: &Scene) -> Value {
    let mut all = vec![one_of(&["hand_empty"])];
    if let Some(id) = ids(scene, None) {
        let pair = |items: Value| json!({"type": "array", "items": items, "minItems": 2, "maxItems": 2});
        all.extend(ONE.iter().map(|name| tagged(name, id.clone())));
        all.extend(TWO.iter().map(|name| tagged(name, pair(id.clone()))));
        all.push(tagged("moved", pair(any_of(vec![id, one_of(Side::NAMES)]))));
    }
    any_of(all)
}

fn ids(scene: &Scene, can: Option<Affordance>) -> Option<Value> {
    let fits = scene.objects.iter().filter(|object| can.is_none_or(|can| object.can(can)));
    let ids: Vec<String> = fits.map(|object| object.id.to_string()).collect();
    (!ids.is_empty()).then(|| one_of(&ids.iter().map(String::as_str).collect::<Vec<_>>()))
}

fn one_of(words: &[&str]) -> Value {
    json!({"type": "string", "enum": words})
}

fn any_of(all: Vec<Value>) -> Value {
    json!({ "anyOf": all })
}

fn tagged(name: &str, value: Value) -> Value {
    object(&[(name, value)])
}

/// An object with exactly these.
fn object(fields: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let fields: serde_json::Map<String, Value> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    json!({"type": "object", "properties": fields, "required": names, "additionalProperties": false})
}
