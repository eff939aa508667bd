//! An answer's text and its draft. A plan is a line a goal fact, a line a call, and `end`; a refusal or a question is one
//! line, and where one follows other lines it stands for the whole answer. Models that answer in JSON are read too.

use ponder_core::fact::Fact;
use ponder_core::outcome::RefusalReason;
use ponder_core::plan::{Draft, DraftArg, DraftCall};
use ponder_core::skill::{ParamKind, SkillSpec};
use ponder_core::skills;

use super::facts;
use super::quote::{name, quote, unquote};

/// The line that ends a plan.
pub const END: &str = "end";
/// Longest answer read, in bytes.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Why an answer is no draft. Lines count from 1.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AnswerError {
    /// No words.
    #[error("the answer is empty")]
    Empty,
    /// More than [`MAX_ANSWER_BYTES`].
    #[error("the answer has {0} bytes, at most {MAX_ANSWER_BYTES} are read")]
    TooLong(usize),
    /// It does not say that it ends.
    #[error("the answer does not end with `end`")]
    NoEnd,
    /// Words after the end.
    #[error("line {line}: the answer goes on after its end")]
    AfterEnd {
        /// Line.
        line: usize,
    },
    /// A line that is no call.
    #[error("line {line}: {} is neither `name(…)` nor `end`", quote(.text))]
    NotACall {
        /// Line.
        line: usize,
        /// Its beginning.
        text: String,
    },
    /// No skill of that name.
    #[error("line {line}: there is no skill {}", quote(.skill))]
    UnknownSkill {
        /// Line.
        line: usize,
        /// Name given.
        skill: String,
    },
    /// No such fact.
    #[error("line {line}: there is no fact {} that takes these arguments", quote(.fact))]
    UnknownFact {
        /// Line.
        line: usize,
        /// Name given.
        fact: String,
    },
    /// A number of arguments that the skill does not take.
    #[error("line {line}: `{skill}` takes {want} arguments, {got} are given")]
    Count {
        /// Line.
        line: usize,
        /// Skill.
        skill: String,
        /// Arguments it takes.
        want: usize,
        /// Arguments given.
        got: usize,
    },
    /// A refusal whose reason is none.
    #[error("line {line}: {} is no reason to refuse", quote(.reason))]
    UnknownReason {
        /// Line.
        line: usize,
        /// Reason given.
        reason: String,
    },
    /// JSON that is no draft.
    #[error("the JSON is no plan: {0}")]
    Json(String),
}

/// What one line of an answer says.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A fact of the goal.
    Goal(Fact),
    /// A step.
    Step(DraftCall),
    /// The end of the plan.
    End,
    /// A refusal.
    Refuse(RefusalReason, String),
    /// A question.
    Ask(String),
}

/// Every reason to refuse by its name.
pub const REASONS: [(&str, RefusalReason); 7] = [
    ("not_there", RefusalReason::NotThere),
    ("does_not_fit", RefusalReason::DoesNotFit),
    ("out_of_reach", RefusalReason::OutOfReach),
    ("not_able", RefusalReason::NotAble),
    ("unsafe", RefusalReason::Unsafe),
    ("not_understood", RefusalReason::NotUnderstood),
    ("no_plan", RefusalReason::NoPlan),
];

/// The draft that an answer's text stands for.
///
/// # Errors
/// [`AnswerError`]: the first thing that can't be read.
pub fn read(text: &str) -> Result<Draft, AnswerError> {
    if text.len() > MAX_ANSWER_BYTES {
        return Err(AnswerError::TooLong(text.len()));
    }
    let text = unfenced(text.trim());
    if text.is_empty() {
        return Err(AnswerError::Empty);
    }
    if text.starts_with('{') {
        return serde_json::from_str(text)
            .map_err(|error| AnswerError::Json(error.to_string().chars().take(200).collect()));
    }
    let (mut steps, mut goal, mut ended) = (Vec::new(), Vec::new(), None);
    for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        if ended.is_some() {
            return Err(AnswerError::AfterEnd { line: i + 1 });
        }
        match read_line(i + 1, line)? {
            Line::Goal(fact) => goal.push(fact),
            Line::Step(call) => steps.push(call),
            Line::End => ended = Some(None),
            Line::Refuse(reason, text) => ended = Some(Some(Draft::Refuse { reason, text })),
            Line::Ask(question) => ended = Some(Some(Draft::Ask { question })),
        }
    }
    match ended {
        Some(Some(draft)) => Ok(draft),
        Some(None) => Ok(Draft::Do { steps, goal }),
        None => Err(AnswerError::NoEnd),
    }
}

/// Reads one line; `line` is its number for messages.
///
/// # Errors
/// [`AnswerError`] about this line.
pub fn read_line(line: usize, text: &str) -> Result<Line, AnswerError> {
    let text = text.trim();
    let not_a_call = || AnswerError::NotACall { line, text: text.chars().take(60).collect() };
    if text == END {
        return Ok(Line::End);
    }
    if let Some(fact) = text.strip_prefix("goal ") {
        let (verb, args) = call(fact.trim()).ok_or_else(not_a_call)?;
        let unknown = || AnswerError::UnknownFact { line, fact: verb.chars().take(40).collect() };
        return facts::read(verb, &args).map(Line::Goal).ok_or_else(unknown);
    }
    let (verb, args) = call(text).ok_or_else(not_a_call)?;
    let count =
        |want: usize| AnswerError::Count { line, skill: verb.chars().take(40).collect(), want, got: args.len() };
    match (verb, args.as_slice()) {
        ("refuse", [reason, text]) => {
            let known = REASONS.iter().find(|(name, _)| name == reason);
            let unknown = || AnswerError::UnknownReason { line, reason: reason.chars().take(40).collect() };
            known.map(|(_, reason)| Line::Refuse(*reason, text.clone())).ok_or_else(unknown)
        }
        ("ask", [question]) => Ok(Line::Ask(question.clone())),
        ("refuse", _) => Err(count(2)),
        ("ask", _) => Err(count(1)),
        _ => {
            let unknown = || AnswerError::UnknownSkill { line, skill: verb.chars().take(40).collect() };
            let spec = skills::find(verb).ok_or_else(unknown)?.spec();
            if args.len() != spec.params.len() {
                return Err(count(spec.params.len()));
            }
            Ok(Line::Step(draft(spec, args)))
        }
    }
}

fn draft(spec: &SkillSpec, args: Vec<String>) -> DraftCall {
    let value = |kind: ParamKind, text: String| match (kind, text.parse::<f64>()) {
        (ParamKind::Number { .. }, Ok(number)) => DraftArg::Number(number),
        _ => DraftArg::Word(text),
    };
    let args = spec.params.iter().zip(args).map(|(param, text)| (param.name.to_owned(), value(param.kind, text)));
    DraftCall { skill: spec.name.to_owned(), args: args.collect() }
}

/// Text without a fence of backticks around it.
fn unfenced(text: &str) -> &str {
    let Some(inner) = text.strip_prefix("```").and_then(|text| text.strip_suffix("```")) else {
        return text;
    };
    inner.split_once('\n').map_or("", |(_, inner)| inner).trim()
}

/// `verb(arg, "quoted arg")` or a bare `verb`, taken apart; quotes are undone.
fn call(text: &str) -> Option<(&str, Vec<String>)> {
    let is_verb = |verb: &str| !verb.is_empty() && verb.chars().all(|c| c.is_alphanumeric() || c == '_');
    let Some((verb, rest)) = text.split_once('(') else {
        return is_verb(text).then(|| (text, Vec::new()));
    };
    let inner = rest.strip_suffix(')')?;
    if !is_verb(verb) {
        return None;
    }
    let (mut args, mut from, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    let mut take = |arg: &str| {
        let arg = arg.trim();
        let value = if arg.starts_with('"') { unquote(arg)? } else { arg.to_owned() };
        args.push(value);
        Some(())
    };
    for (i, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                take(&inner[from..i])?;
                from = i + 1;
            }
            _ => {}
        }
    }
    if quoted {
        return None;
    }
    if from > 0 || !inner.trim().is_empty() {
        take(&inner[from..])?;
    }
    Some((verb, args))
}

/// The draft as its text: what [`read`] reads back.
pub fn write(draft: &Draft) -> String {
    match draft {
        Draft::Refuse { reason, text } => {
            let known = REASONS.iter().find(|(_, other)| other == reason).map_or("no_plan", |(name, _)| *name);
            format!("refuse({known}, {})\n", quote(text))
        }
        Draft::Ask { question } => format!("ask({})\n", quote(question)),
        Draft::Do { steps, goal } => {
            let goal = goal.iter().map(|fact| format!("goal {}\n", facts::write(fact)));
            let steps = steps.iter().map(|call| format!("{}\n", write_call(call)));
            goal.chain(steps).chain([format!("{END}\n")]).collect()
        }
    }
}

/// A call as a line of an answer.
pub fn write_call(call: &DraftCall) -> String {
    let params = skills::find(&call.skill).map_or(&[][..], |skill| skill.spec().params);
    let known = params.iter().filter_map(|param| call.args.get(param.name));
    let other = call.args.iter().filter(|(key, _)| params.iter().all(|p| p.name != key.as_str())).map(|(_, arg)| arg);
    let text = |arg: &DraftArg| match arg {
        DraftArg::Word(word) => name(word),
        DraftArg::Number(number) => number.to_string(),
    };
    format!("{}({})", name(&call.skill), known.chain(other).map(text).collect::<Vec<_>>().join(", "))
}
