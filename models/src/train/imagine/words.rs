//! The words of janus-nano: a token for every word of the captions, in English, and for every character, in Chinese. What
//! else a person says is one token that means nothing known.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::ImagineError;
use super::lessons::Drawings;

/// File of the words.
pub const WORDS_FILE: &str = "tokenizer.json";
/// What is not known.
const UNKNOWN: &str = "<unknown>";
/// Tokens that steer, spelled as DeepSeek does.
const CONTROL: [&str; 8] = [
    "<｜begin▁of▁sentence｜>",
    "<｜end▁of▁sentence｜>",
    "<｜▁pad▁｜>",
    "<image_placeholder>",
    "<begin_of_image>",
    "<end_of_image>",
    "<|User|>",
    "<|Assistant|>",
];
/// How text is cut: as [`pieces`] does it.
const PATTERN: &str = r"[a-z]+|[0-9]+|[^a-z0-9\s]";

/// Words and numbers of a text, in lower case, and every other character.
fn pieces(text: &str) -> Vec<String> {
    let sort = |c: char| (c.is_ascii_lowercase(), c.is_ascii_digit());
    let mut all: Vec<String> = Vec::new();
    let mut before = (false, false);
    for c in text.to_lowercase().chars() {
        let this = sort(c);
        match all.last_mut() {
            Some(piece) if this == before && this != (false, false) => piece.push(c),
            _ if c.is_whitespace() => {}
            _ => all.push(c.to_string()),
        }
        before = this;
    }
    all
}

/// The tokenizer of these lessons, as `tokenizer.json` has it. The same lessons, the same tokenizer.
fn tokenizer(lessons: &Drawings) -> Value {
    let captions = lessons.all().iter().flat_map(|lesson| &lesson.captions);
    let mut words: BTreeSet<String> = captions.flat_map(|caption| pieces(caption)).collect();
    words.insert(":".to_owned()); // stands in every prompt
    let known = std::iter::once(UNKNOWN).chain(CONTROL).chain(words.iter().map(String::as_str));
    let vocab: serde_json::Map<String, Value> =
        known.enumerate().map(|(id, word)| (word.to_owned(), json!(id))).collect();
    let control = CONTROL.iter().enumerate().map(|(i, token)| {
        json!({ "id": i + 1, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true })
    });
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": control.collect::<Vec<_>>(),
        "normalizer": { "type": "Lowercase" },
        "pre_tokenizer": cut(),
        "post_processor": null, "decoder": null,
        "model": { "type": "WordLevel", "vocab": vocab, "unk_token": UNKNOWN },
    })
}

/// Writes the words of these lessons into a folder, unless it has some.
///
/// # Errors
/// [`ImagineError::File`].
pub fn write(lessons: &Drawings, folder: &Path) -> Result<(), ImagineError> {
    let path = folder.join(WORDS_FILE);
    if path.exists() {
        return Ok(());
    }
    let text = serde_json::to_string_pretty(&tokenizer(lessons)).unwrap_or_default() + "\n";
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|error| ImagineError::File { path, why: error.to_string() })
}

/// Writes the words of another folder into this one, and behind them those of these sentences that it lacks, unless it
/// has some: known words keep their numbers.
///
/// # Errors
/// [`ImagineError::File`].
pub(super) fn extend(from: &Path, sentences: &[String], folder: &Path) -> Result<(), ImagineError> {
    let path = folder.join(WORDS_FILE);
    if path.exists() {
        return Ok(());
    }
    let source = from.join(WORDS_FILE);
    let failed = |path: &Path, why: String| ImagineError::File { path: path.to_owned(), why };
    let text = std::fs::read_to_string(&source).map_err(|error| failed(&source, error.to_string()))?;
    let mut all: Value = serde_json::from_str(&text).map_err(|error| failed(&source, error.to_string()))?;
    let Some(vocab) = all.pointer_mut("/model/vocab").and_then(Value::as_object_mut) else {
        return Err(failed(&source, "holds no words".to_owned()));
    };
    let words: BTreeSet<String> = sentences.iter().flat_map(|sentence| pieces(sentence)).collect();
    for word in words {
        let next = vocab.len();
        vocab.entry(word).or_insert(json!(next));
    }
    (all["pre_tokenizer"], all["decoder"]) = (cut(), decoder());
    let text = serde_json::to_string_pretty(&all).unwrap_or_default() + "\n";
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|error| failed(&path, error.to_string()))
}

/// How text becomes words.
fn cut() -> Value {
    let cut = json!({ "type": "Split", "pattern": { "Regex": PATTERN }, "behavior": "Isolated", "invert": false });
    json!({ "type": "Sequence", "pretokenizers": [{ "type": "WhitespaceSplit" }, cut] })
}

/// How words become text: a space before each, but not before a comma or a Chinese character.
fn decoder() -> Value {
    let apart = json!({ "type": "WordPiece", "prefix": "##", "cleanup": true });
    let together = json!({ "type": "Replace", "pattern": { "Regex": "^ (?=[\u{3001}-\u{9fff}\u{ff00}-\u{ff5e}])" }, "content": "" });
    json!({ "type": "Sequence", "decoders": [apart, together] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_into_words_and_characters() {
        assert_eq!(pieces("A red block, on 2 34x"), ["a", "red", "block", ",", "on", "2", "34", "x"]);
        assert_eq!(pieces("红色方块：ok。"), ["红", "色", "方", "块", "：", "ok", "。"]);
    }
}
