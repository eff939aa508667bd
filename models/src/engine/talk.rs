//! Talk as tokens: a model's own chat template (Jinja, as Hugging Face and GGUF carry it) around the turns, its tokenizer,
//! and the tokens that begin and end things.

use std::collections::HashSet;

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, context};
use tokenizers::Tokenizer;

use super::write::{Role, Turn, WriteError};
use crate::reason::split::{CLOSE, OPEN};

/// For models that come without a template: ChatML.
pub const CHATML: &str = "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + \
'<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/// Why a template or tokenizer can't be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ChatError {
    /// The template does not parse.
    #[error("the chat template does not parse: {0}")]
    Template(String),
    /// No token ends a turn.
    #[error(
        "no token that ends a turn is known: name it as `eos_token` in tokenizer_config.json or as the GGUF's eos id"
    )]
    NoEnd,
}

/// A tokenizer and a template.
pub struct Chat {
    tokenizer: Tokenizer,
    env: Environment<'static>,
    bos: String,
    eos: String,
    /// Tokens that end a turn.
    pub ends: Vec<u32>,
    /// The token `</think>`, where there is one.
    pub close: Option<u32>,
    added: HashSet<u32>,
}

/// Turns as tokens.
pub struct Encoded {
    /// The tokens.
    pub ids: Vec<u32>,
    /// How many of them are the part that stays the same from question to question, about.
    pub fixed: usize,
}

impl Chat {
    /// From a tokenizer, a template, and the texts of the tokens that begin a text and end a turn.
    ///
    /// # Errors
    /// [`ChatError`].
    pub fn new(tokenizer: Tokenizer, template: &str, bos: &str, eos: &str) -> Result<Self, ChatError> {
        let mut env = Environment::new();
        env.set_trim_blocks(true);
        env.set_lstrip_blocks(true);
        env.set_unknown_method_callback(|_, value, method, args| python_method(value, method, args));
        env.add_function("raise_exception", |text: String| -> Result<Value, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, text))
        });
        env.add_function("strftime_now", |_: String| String::new()); // no wall clock in a prompt: it would change it
        let refused = |error: Error| ChatError::Template(error.to_string());
        env.add_template_owned("chat", template.to_owned()).map_err(refused)?;
        let ends = [eos, "<|im_end|>", "<|eot_id|>", "<｜end▁of▁sentence｜>", "<|endoftext|>"];
        let mut ends: Vec<u32> = ends.iter().filter_map(|text| tokenizer.token_to_id(text)).collect();
        ends.dedup();
        if ends.is_empty() {
            return Err(ChatError::NoEnd);
        }
        let close = tokenizer.token_to_id(CLOSE);
        let added = tokenizer.get_added_tokens_decoder().keys().copied().collect();
        Ok(Self { tokenizer, env, bos: bos.to_owned(), eos: eos.to_owned(), ends, close, added })
    }

    /// The tokenizer.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Is it a special or added token, one that no text spells?
    #[must_use]
    pub fn is_added(&self, token: u32) -> bool {
        self.added.contains(&token) || self.ends.contains(&token)
    }

    /// The prompt's text, up to where the model goes on: inside an open thought, or after one that is closed.
    ///
    /// # Errors
    /// [`WriteError::Failed`] when the template refuses the turns.
    pub fn render(&self, turns: &[Turn], think: bool) -> Result<String, WriteError> {
        let role = |role: Role| if role == Role::User { "user" } else { "assistant" };
        let messages: Vec<Value> =
            turns.iter().map(|turn| context! { role => role(turn.role), content => turn.text }).collect();
        let values = context! {
            messages => messages, add_generation_prompt => true, bos_token => self.bos, eos_token => self.eos,
            enable_thinking => think,
        };
        let failed = |error: Error| WriteError::Failed(format!("the chat template refuses the turns: {error:#}"));
        let mut text = self.env.get_template("chat").and_then(|template| template.render(values)).map_err(failed)?;
        let opened = text.trim_end().ends_with(OPEN);
        match (think, opened) {
            (true, false) => text.push_str("<think>\n"),
            (false, true) => text.push_str("\n</think>\n\n"),
            (true, true) if !text.ends_with('\n') => text.push('\n'),
            _ => {}
        }
        Ok(text)
    }

    /// The prompt as tokens.
    ///
    /// # Errors
    /// [`WriteError::Failed`] when template or tokenizer refuse the turns.
    pub fn encode(&self, turns: &[Turn], think: bool) -> Result<Encoded, WriteError> {
        let text = self.render(turns, think)?;
        let stays = turns.first().and_then(|turn| {
            let fixed = turn.text.get(..turn.fixed)?;
            Some(text.find(fixed)? + fixed.len())
        });
        // A template that writes the first token itself must not get a second from the tokenizer.
        let begins = !self.bos.is_empty() && text.starts_with(&self.bos);
        let refused =
            |error: tokenizers::Error| WriteError::Failed(format!("the tokenizer refuses the prompt: {error}"));
        let encoding = self.tokenizer.encode(text.as_str(), !begins).map_err(refused)?;
        let within = |(_, end): &&(usize, usize)| *end <= stays.unwrap_or(0);
        let fixed = encoding.get_offsets().iter().take_while(within).count();
        Ok(Encoded { ids: encoding.get_ids().to_vec(), fixed })
    }

    /// Tokens of a text of ours, tags read as tags.
    ///
    /// # Errors
    /// [`WriteError::Failed`] when the tokenizer refuses it.
    pub fn tokens(&self, text: &str) -> Result<Vec<u32>, WriteError> {
        let encoding = self.tokenizer.encode(text, false);
        encoding.map(|e| e.get_ids().to_vec()).map_err(|error| WriteError::Failed(error.to_string()))
    }
}

/// Methods of Python's strings and dictionaries that templates call.
fn python_method(value: &Value, method: &str, args: &[Value]) -> Result<Value, Error> {
    let unknown = || Error::new(ErrorKind::UnknownMethod, format!("`{method}` is not known here"));
    let arg = |i: usize| args.get(i).and_then(|value| value.as_str().map(str::to_owned));
    if let Some(text) = value.as_str() {
        let set: Vec<char> = arg(0).map_or_else(|| " \t\r\n".chars().collect(), |set| set.chars().collect());
        return Ok(match method {
            "strip" => Value::from(text.trim_matches(set.as_slice())),
            "lstrip" => Value::from(text.trim_start_matches(set.as_slice())),
            "rstrip" => Value::from(text.trim_end_matches(set.as_slice())),
            "lower" => Value::from(text.to_lowercase()),
            "upper" => Value::from(text.to_uppercase()),
            "startswith" => Value::from(text.starts_with(&arg(0).ok_or_else(unknown)?)),
            "endswith" => Value::from(text.ends_with(&arg(0).ok_or_else(unknown)?)),
            "replace" => Value::from(text.replace(&arg(0).ok_or_else(unknown)?, &arg(1).ok_or_else(unknown)?)),
            "split" => match arg(0).filter(|by| !by.is_empty()) {
                Some(by) => text.split(&by).map(Value::from).collect(),
                None => text.split_whitespace().map(Value::from).collect(),
            },
            _ => return Err(unknown()),
        });
    }
    if value.kind() == ValueKind::Map {
        let get = |key: &Value| value.get_item(key).unwrap_or_default();
        return Ok(match method {
            "get" => {
                let found = get(args.first().ok_or_else(unknown)?);
                if found.is_undefined() { args.get(1).cloned().unwrap_or(Value::from(())) } else { found }
            }
            "keys" => value.try_iter()?.collect(),
            "values" => value.try_iter()?.map(|key| get(&key)).collect(),
            "items" => value.try_iter()?.map(|key| Value::from(vec![key.clone(), get(&key)])).collect(),
            _ => return Err(unknown()),
        });
    }
    Err(unknown())
}
