//! What a model says it sees, read strictly: a list of things with their places in the picture, or a typed error. Read
//! are JSON (`[{"label": "red block", "box": [x1, y1, x2, y2]}]`, inside a fence or a sentence too) and the grounding
//! markup of DeepSeek-VL2 and Janus (`<|ref|>red block<|/ref|><|det|>[[x1, y1, x2, y2]]<|/det|>`), both in thousandths of
//! the picture's sides, two numbers for a point, four for a box. One entry that makes no sense spoils the whole list: from
//! a model that errs in one no scene is made up. What stands in a label is data: letters and digits survive, nothing else.

use ponder_core::scene::{Color, Label};
use serde_json::Value;

/// Most things of one picture.
pub const MOST_THINGS: usize = 100;
/// Places are in this many parts of the picture's sides.
pub const PARTS: f64 = 1000.0;
/// Letters of an answer that an error repeats.
const SHOWN: usize = 80;

/// Where something is in a picture, in thousandths of its sides, [0, 1000].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// A point of it.
    Point {
        /// From the left.
        x: f64,
        /// From the top.
        y: f64,
    },
    /// The box around it; the left is under the right, the top under the bottom.
    Box {
        /// Left edge.
        left: f64,
        /// Top edge.
        top: f64,
        /// Right edge.
        right: f64,
        /// Bottom edge.
        bottom: f64,
    },
}

/// A thing that a model says it sees.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Kind, lower case, `_` between words, its colour taken out.
    pub label: Label,
    /// Colour, where it was named and people have a name for it.
    pub color: Option<Color>,
    /// Where.
    pub place: Place,
}

/// Why an answer is no list of things.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GroundingError {
    /// Nothing in it is a list.
    #[error("the model gave no list of things but “{0}”")]
    NoList(String),
    /// JSON that ends too early or is none.
    #[error("the model's list is no JSON ({why}): “{text}”")]
    Json {
        /// What is wrong with it.
        why: String,
        /// Its beginning.
        text: String,
    },
    /// An entry without a label.
    #[error("thing {0} of the model's list has no label of at most 24 letters")]
    Label(usize),
    /// An entry whose place is none.
    #[error(
        "thing {number} of the model's list is at {place}: two or four numbers from 0 to 1000 are wanted, in order"
    )]
    Place {
        /// Which, from 1.
        number: usize,
        /// What was given.
        place: String,
    },
    /// More than anybody could use.
    #[error("the model lists {0} things: at most {MOST_THINGS} are taken")]
    TooMany(usize),
}

/// The things in an answer. An empty list means that nothing is there.
///
/// # Errors
/// [`GroundingError`] for everything that is not wholly a list of things with sensible places.
pub fn parse(answer: &str) -> Result<Vec<Found>, GroundingError> {
    let found = if answer.contains("<|det|>") { marked(answer)? } else { listed(answer)? };
    if found.len() > MOST_THINGS { Err(GroundingError::TooMany(found.len())) } else { Ok(found) }
}

fn shown(text: &str) -> String {
    let start: String = text.trim().chars().take(SHOWN).collect();
    start.replace(char::is_control, " ")
}

fn json(text: &str) -> Result<Value, GroundingError> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter();
    let why = match values.next() {
        Some(Ok(value)) => return Ok(value),
        Some(Err(error)) => error.to_string(),
        None => "nothing is there".to_owned(),
    };
    Err(GroundingError::Json { why, text: shown(text) })
}

fn listed(answer: &str) -> Result<Vec<Found>, GroundingError> {
    let start = answer.find(['[', '{']).ok_or_else(|| GroundingError::NoList(shown(answer)))?;
    let mut value = json(&answer[start..])?;
    if let Some(inner) = field(&value, &["objects", "things", "items"]) {
        value = inner.clone();
    }
    let entries = match value {
        Value::Array(entries) => entries,
        one @ Value::Object(_) => vec![one],
        _ => return Err(GroundingError::NoList(shown(answer))),
    };
    entries.iter().enumerate().map(|(i, entry)| thing(entry, i + 1)).collect()
}

/// The first of these fields.
fn field<'a>(entry: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| entry.get(*name))
}

fn thing(entry: &Value, number: usize) -> Result<Found, GroundingError> {
    let label = field(entry, &["label", "name", "object"]).and_then(Value::as_str);
    let (label, color) = named(label.unwrap_or_default(), number)?;
    let said = field(entry, &["color", "colour"]).and_then(Value::as_str).and_then(color_of);
    let at = field(entry, &["box", "bbox", "bbox_2d", "box_2d", "point", "point_2d"]).unwrap_or(&Value::Null);
    Ok(Found { label, color: said.or(color), place: place(at, number)? })
}

fn marked(answer: &str) -> Result<Vec<Found>, GroundingError> {
    let mut found = Vec::new();
    for part in answer.split("<|ref|>").skip(1) {
        let number = found.len() + 1;
        let wrong = || GroundingError::NoList(shown(part));
        let (label, rest) = part.split_once("<|/ref|>").ok_or_else(wrong)?;
        let (_, rest) = rest.split_once("<|det|>").ok_or_else(wrong)?;
        let (places, _) = rest.split_once("<|/det|>").ok_or_else(wrong)?;
        let (label, color) = named(label, number)?;
        let places = json(places)?;
        let places = places.as_array().filter(|all| !all.is_empty()).ok_or_else(wrong)?;
        // One thing may be written without the outer list.
        if places[0].is_number() {
            found.push(Found { label, color, place: place(&Value::Array(places.clone()), number)? });
            continue;
        }
        for (i, at) in places.iter().enumerate() {
            found.push(Found { label, color, place: place(at, number + i)? });
        }
    }
    if found.is_empty() { Err(GroundingError::NoList(shown(answer))) } else { Ok(found) }
}

fn place(value: &Value, number: usize) -> Result<Place, GroundingError> {
    let wrong = || GroundingError::Place { number, place: shown(&value.to_string()) };
    let numbers = value.as_array().filter(|all| all.len() <= 4).ok_or_else(wrong)?;
    let numbers: Vec<f64> = numbers.iter().filter_map(Value::as_f64).filter(|n| (0.0..=PARTS).contains(n)).collect();
    match (numbers.as_slice(), value.as_array().map_or(0, Vec::len)) {
        ([x, y], 2) => Ok(Place::Point { x: *x, y: *y }),
        ([left, top, right, bottom], 4) if left < right && top < bottom => {
            Ok(Place::Box { left: *left, top: *top, right: *right, bottom: *bottom })
        }
        _ => Err(wrong()),
    }
}

fn color_of(word: &str) -> Option<Color> {
    let word = word.trim().to_lowercase();
    let word = if word == "grey" { "gray" } else { &word };
    Color::ALL.iter().find(|(_, en, zh, _)| *en == word || *zh == word.trim_end_matches('色')).map(|entry| entry.0)
}

/// `The red block` is a `block`, red.
fn named(text: &str, number: usize) -> Result<(Label, Option<Color>), GroundingError> {
    let text = text.to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty() && !["a", "an", "the"].contains(w));
    let (mut color, mut rest) = (None, Vec::new());
    for word in words {
        match color_of(word) {
            Some(this) if color.is_none() => color = Some(this),
            _ => rest.push(word),
        }
    }
    let joined = rest.join("_");
    let label = Label::from(&joined).ok().filter(|label| !label.is_empty());
    label.map(|label| (label, color)).ok_or(GroundingError::Label(number))
}
