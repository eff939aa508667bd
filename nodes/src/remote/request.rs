//! What is asked of a server: the turns, how to draw, and, where the server can hold a model to one, the answer's schema.

use ponder_models::engine::text::{R1, Style};
use ponder_models::engine::write::{Ask, Role};
use ponder_models::reason::schema::IN_JSON;
use serde_json::{Value, json};

/// What beyond the plain chat is asked for: not every server has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extras {
    /// A JSON Schema for the answer.
    pub schema: bool,
    /// No thought, where none is wanted.
    pub no_thought: bool,
}

impl Extras {
    /// All of them.
    pub const ALL: Self = Self { schema: true, no_thought: true };
    /// None of them.
    pub const NONE: Self = Self { schema: false, no_thought: false };
}

/// The request's body, and whether anything beyond the plain chat is in it.
pub(super) fn body(model: &str, ask: &Ask<'_>, extras: Extras) -> (Value, bool) {
    let role = |role: Role| if role == Role::User { "user" } else { "assistant" };
    let mut messages: Vec<Value> =
        ask.turns.iter().map(|turn| json!({"role": role(turn.role), "content": turn.text})).collect();
    let schema = ask.script.schema().filter(|_| extras.schema);
    if let (Some(_), Some(last), Some(turn)) = (&schema, messages.last_mut(), ask.turns.last()) {
        last["content"] = format!("{}{IN_JSON}", turn.text).into();
    }
    // As the local models draw: DeepSeek's advice for R1. Seeds stay below what every server takes.
    let mut body = json!({
        "model": model, "messages": messages, "stream": true, "stream_options": {"include_usage": true},
        "temperature": ask.temperature.unwrap_or(R1.temperature), "top_p": R1.top_p, "seed": ask.seed & 0x7fff_ffff,
        "max_tokens": ask.thought_tokens + Style::default().answer_tokens,
    });
    let mut more = false;
    if let Some(schema) = schema {
        let format = json!({"name": "answer", "strict": true, "schema": schema});
        body["response_format"] = json!({"type": "json_schema", "json_schema": format});
        more = true;
    }
    if ask.thought_tokens == 0 && extras.no_thought {
        body["chat_template_kwargs"] = json!({"enable_thinking": false, "thinking": false});
        more = true;
    }
    (body, more)
}
