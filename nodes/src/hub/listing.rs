//! The files of a model as a hub lists them, and which of them are wanted.

use serde::{Deserialize, Serialize};

use super::HubError;

/// Longest path of a file.
const LONGEST: usize = 200;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Path in the repository, `/` between its parts.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal, where the hub tells it: for large files.
    pub sha256: Option<String>,
}

/// The files of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Each once.
    pub files: Vec<Listed>,
}

/// An entry of the hub's answer.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    path: String,
    #[serde(default)]
    size: u64,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    oid: String,
    size: u64,
}

impl Listing {
    /// From the answer of a hub to `/api/models/REPO/tree/REVISION?recursive=true`.
    ///
    /// # Errors
    /// [`HubError::Listing`] for what is no list, and for paths that lead out of the model's folder.
    pub fn from_hub(url: &str, json: &str) -> Result<Self, HubError> {
        let wrong = |why: String| HubError::Listing { url: url.to_owned(), why };
        let entries: Vec<Entry> = serde_json::from_str(json).map_err(|error| wrong(error.to_string()))?;
        let mut files = Vec::new();
        for entry in entries.into_iter().filter(|entry| entry.kind == "file") {
            if !is_safe(&entry.path) {
                return Err(wrong(format!("`{}` is no path for a file of a model", entry.path.escape_debug())));
            }
            let (bytes, sha256) = match entry.lfs {
                Some(lfs) => (lfs.size, Some(lfs.oid.trim_start_matches("sha256:").to_lowercase())),
                None => (entry.size, None),
            };
            if sha256.as_ref().is_some_and(|sum| sum.len() != 64 || !sum.bytes().all(|b| b.is_ascii_hexdigit())) {
                return Err(wrong(format!("`{}` has no SHA-256", entry.path)));
            }
            files.push(Listed { path: entry.path, bytes, sha256 });
        }
        Ok(Self { files })
    }

    /// Those that a model is made of: weights, settings, tokenizer and licence, at the top of the repository. Of weights
    /// that are there twice the safetensors.
    #[must_use]
    pub fn wanted(mut self) -> Self {
        // Any other safetensors (adapters, extras) stand in for nothing.
        let is_safe = |path: &str| path.starts_with("model") && path.ends_with(".safetensors") && !path.contains('/');
        let safe = self.files.iter().any(|file| is_safe(&file.path));
        self.files.retain(|file| {
            let name = file.path.to_lowercase();
            let ends = |with: &[&str]| with.iter().any(|end| name.ends_with(end));
            let text = ends(&[".json", ".jinja", ".model", "merges.txt", "vocab.txt"]) || name.starts_with("licen");
            let weights = ends(&[".safetensors", ".gguf"]) || (ends(&[".bin"]) && !safe);
            !name.contains('/') && (text || weights) && !(safe && name.contains(".bin.index"))
        });
        self
    }

    /// Bytes of all.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// Is it a path below the model's folder, on every system, and none of ours?
fn is_safe(path: &str) -> bool {
    let part = |part: &str| {
        let plain = |c: char| c.is_alphanumeric() || "._- +()@".contains(c);
        !part.is_empty()
            && part.chars().all(plain)
            && !part.starts_with("..")
            && part != "."
            && !part.ends_with(".part")
    };
    path.len() <= LONGEST && path.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hubs_answer_is_read_and_sorted_out() {
        let sum = "ab".repeat(32);
        let json = format!(
            r#"[{{"type": "directory", "path": "onnx", "oid": "1"}},
                {{"type": "file", "path": "config.json", "size": 7, "oid": "2"}},
                {{"type": "file", "path": "model.safetensors", "size": 1, "oid": "3",
                  "lfs": {{"oid": "sha256:{sum}", "size": 12, "pointerSize": 1}}}},
                {{"type": "file", "path": "pytorch_model.bin", "size": 9, "oid": "4"}},
                {{"type": "file", "path": "onnx/model.onnx", "size": 9, "oid": "4"}},
                {{"type": "file", "path": "README.md", "size": 9, "oid": "5"}}]"#
        );
        let listing = Listing::from_hub("there", &json).unwrap();
        assert_eq!(listing.files.len(), 5);
        let wanted = listing.wanted();
        let paths: Vec<&str> = wanted.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!((paths, wanted.bytes()), (vec!["config.json", "model.safetensors"], 19));
        assert_eq!(wanted.files[1].sha256.as_deref(), Some(sum.as_str()));
    }

    #[test]
    fn pickles_stay_where_nothing_stands_in_for_them() {
        let file = |path: &str| Listed { path: path.to_owned(), bytes: 1, sha256: None };
        let files = ["config.json", "extra.safetensors", "pytorch_model.bin", "pytorch_model.bin.index.json"].map(file);
        let count = |files: &[Listed]| Listing { files: files.to_vec() }.wanted().files.len();
        assert_eq!(count(&files), 4);
        assert_eq!(count(&[&files[..], &[file("model-00001-of-00002.safetensors")]].concat()), 3);
    }

    #[test]
    fn listings_that_would_write_elsewhere_are_refused() {
        for path in ["../x", "/etc/x", "a/../../x", "a//b", "", "C:\\x", "x\u{0}", "a/..", "~/x:y", "w.part"] {
            let json = serde_json::json!([{"type": "file", "path": path, "size": 1, "oid": "1"}]).to_string();
            assert!(matches!(Listing::from_hub("there", &json), Err(HubError::Listing { .. })), "{path}");
        }
        assert!(Listing::from_hub("there", "<html>").is_err());
        let json = r#"[{"type": "file", "path": "x", "size": 1, "lfs": {"oid": "1234", "size": 1}}]"#;
        assert!(Listing::from_hub("there", json).is_err());
    }
}
