//! The JSON Schema of an answer admits what the grammar admits, and nothing that names what is not there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // what fails is a test

mod words;

use ponder_core::reasoner::Reasoner;
use ponder_core::thinker::Cancel;
use ponder_models::engine::write::Script;
use ponder_models::reason::free::Free;
use ponder_models::reason::grammar::{Guide, Limits};
use ponder_models::reason::reasoner::{LlmReasoner, Options};
use ponder_models::reason::{answer, schema};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// The part of JSON Schema that is used.
fn admits(schema: &Value, value: &Value) -> bool {
    if let Some(all) = schema["anyOf"].as_array() {
        return all.iter().any(|one| admits(one, value));
    }
    let most = |key: &str, count: usize| schema[key].as_u64().is_none_or(|most| count as u64 <= most);
    let least = |key: &str, count: usize| schema[key].as_u64().is_none_or(|least| count as u64 >= least);
    match (schema["type"].as_str().unwrap(), value) {
        ("string", Value::String(text)) => {
            let known = schema["enum"].as_array().is_none_or(|words| words.contains(value));
            known && most("maxLength", text.chars().count())
        }
        ("number", Value::Number(number)) => {
            let number = number.as_f64().unwrap();
            number >= schema["minimum"].as_f64().unwrap() && number <= schema["maximum"].as_f64().unwrap()
        }
        ("array", Value::Array(items)) => {
            let fit = items.iter().all(|item| admits(&schema["items"], item));
            fit && most("maxItems", items.len()) && least("minItems", items.len())
        }
        ("object", Value::Object(fields)) => {
            let required = schema["required"].as_array().unwrap();
            assert_eq!(schema["additionalProperties"], false);
            let all = required.iter().all(|name| fields.contains_key(name.as_str().unwrap()));
            all && fields
                .iter()
                .all(|(name, value)| schema["properties"].get(name).is_some_and(|schema| admits(schema, value)))
        }
        _ => false,
    }
}

#[test]
fn what_the_grammar_admits_the_schema_admits() {
    let mut plans = 0;
    for seed in 0..40 {
        let question = words::question(&mut ChaCha8Rng::seed_from_u64(seed), 6);
        let style = ponder_models::engine::text::Style { answer_tokens: 2000, ..Default::default() };
        let model = words::writer(words::Fond::new(words::Mood::Eager, seed), style);
        let options = Options { thought_tokens: 0, ..Options::default() };
        let draft = LlmReasoner::new(model, options).think(&question, &mut |_| (), &Cancel::default()).unwrap().draft;
        let guide = Guide::new(&question.scene, &question.robot, Limits::default());
        let value = serde_json::to_value(&draft).unwrap();
        assert!(admits(&guide.schema().unwrap(), &value), "{value}");
        // And what is written so is read so.
        assert_eq!(answer::read(&value.to_string()).unwrap(), draft);
        plans += usize::from(value.get("do").is_some());
    }
    assert!(plans > 8, "only {plans} of the answers were plans");
}

#[test]
fn what_is_not_there_is_not_admitted() {
    let question = words::question(&mut ChaCha8Rng::seed_from_u64(1), 4);
    let schema = schema::of(&question.scene, &question.robot, Limits::default());
    for bad in [
        json!({"do": {"goal": [], "steps": [{"skill": "fly", "args": {}}]}}),
        json!({"do": {"goal": [{"held": "ghost"}], "steps": []}}),
        json!({"do": {"goal": [], "steps": [{"skill": "pick", "args": {"object": "ghost"}}]}}),
        json!({"refuse": {"reason": "lazy", "text": "no"}}),
        json!({"refuse": {"reason": "unsafe", "text": "no"}, "ask": {"question": "?"}}),
        json!({"ask": {"question": "x".repeat(300)}}),
        json!("end"),
    ] {
        assert!(!admits(&schema, &bad), "{bad}");
    }
    assert!(admits(&schema, &json!({"ask": {"question": "which?"}})));
    assert!(Free::default().schema().is_none(), "a free answer has no schema");
}
