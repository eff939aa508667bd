//! `ponder.json`, the file that a model schooled here carries beside its weights: how it is asked, how it writes, and the
//! SHA-256 of every file it came with, held against what lies there before anything is loaded.

use std::collections::BTreeMap;
use std::path::Path;

use ponder_core::view::View;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::LoadError;
use super::refused::Refused;
use super::sampling::Sampling;
use super::text::Style;
use super::write::Manner;

/// Its name.
pub const FILE: &str = "ponder.json";

/// What it says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct House {
    /// How the model is asked.
    #[serde(default)]
    pub prompt: Manner,
    /// Temperature of the thought; 0 takes the likeliest.
    #[serde(default)]
    pub temperature: f32,
    /// Most tokens of an answer.
    #[serde(default)]
    pub answer_tokens: usize,
    /// It asks back rather than act on a plan with a token less probable than this.
    #[serde(default)]
    pub ask_below: f32,
    /// So often it thinks again before it asks back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub second_thoughts: usize,
    /// A plan against one of these words is none that it stands by.
    #[serde(default, skip_serializing_if = "Refused::is_empty")]
    pub refused: Refused,
    /// What stands before a conversation about pictures, where it is not what DeepSeek sets there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// How it draws, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draws: Option<Draws>,
    /// SHA-256 of the files beside it, by name, in hexadecimal.
    #[serde(default)]
    pub sha256: BTreeMap<String, String>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// How a model draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draws {
    /// How far to go from no words towards the words.
    pub guidance: f32,
    /// 1 draws as it learnt; less is tamer.
    pub temperature: f32,
    /// The camera whose pictures it draws, where it is always the same; the fourth channel is then a height.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<View>,
}

impl Default for Draws {
    /// As the makers of Janus-Pro draw.
    fn default() -> Self {
        Self { guidance: 5.0, temperature: 1.0, view: None }
    }
}

impl House {
    /// Reads a folder's, where it has one, and checks the files that it names.
    ///
    /// # Errors
    /// [`LoadError::Io`] or [`LoadError::Config`], naming the file that is not the one that was shipped.
    pub fn read(folder: &Path) -> Result<Option<Self>, LoadError> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path).map_err(LoadError::io(&path))?;
        let wrong = |field: &str, why: String| LoadError::Config { path: path.clone(), field: field.to_owned(), why };
        let house: Self = serde_json::from_str(&text).map_err(|error| wrong("the file", error.to_string()))?;
        if !(0.0..=1.0).contains(&house.ask_below) {
            return Err(wrong("ask_below", format!("{} is no probability, 0 to 1", house.ask_below)));
        }
        for (name, want) in &house.sha256 {
            if name.contains(['/', '\\']) {
                return Err(wrong("sha256", format!("{name:?} is no file beside it")));
            }
            let got = hash(&folder.join(name))?;
            if !got.eq_ignore_ascii_case(want) {
                return Err(wrong("sha256", format!("{name} has {got}, not {want}: fetch the folder anew")));
            }
        }
        Ok(Some(house))
    }

    /// How it writes: the thought by its temperature, the answer by the likeliest token.
    #[must_use]
    pub fn style(&self) -> Style {
        let thought = Sampling { temperature: self.temperature, ..Sampling::default() };
        Style { thought, answer: Sampling::default(), answer_tokens: self.answer_tokens, stride: 512 }
    }

    /// Names these files of the folder with their SHA-256, and writes `ponder.json`.
    ///
    /// # Errors
    /// [`LoadError::Io`].
    pub fn write(mut self, folder: &Path, files: &[&str]) -> Result<(), LoadError> {
        self.sha256.clear();
        for name in files {
            self.sha256.insert((*name).to_owned(), hash(&folder.join(name))?);
        }
        let path = folder.join(FILE);
        let text = serde_json::to_string_pretty(&self).unwrap_or_default();
        std::fs::write(&path, text + "\n").map_err(LoadError::io(&path))
    }
}

fn hash(path: &Path) -> Result<String, LoadError> {
    let bytes = std::fs::read(path).map_err(LoadError::io(path))?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}
