//! Texts of a launch file with what is put in for `$(var x)`, `$(env X default)`, `$(find-pkg-share ponder)` and
//! `$(dirname)`. Parsed when the file is read, filled in when it is gone through.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::PACKAGE;

/// What a text may ask for.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Plain(String),
    Var(String),
    Env { name: String, default: Option<String> },
    Share,
    Folder,
}

/// A text with substitutions.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(try_from = "String")]
pub struct Text(Vec<Piece>);

/// What substitutions can see.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Arguments and `let`s.
    pub vars: &'a BTreeMap<String, String>,
    /// The folder of the file that the text stands in.
    pub folder: &'a Path,
    /// Where `ponder` keeps its data.
    pub share: &'a Path,
}

impl Text {
    /// Filled in.
    ///
    /// # Errors
    /// What is asked for and is not there.
    pub fn fill(&self, view: View<'_>) -> Result<String, String> {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Plain(text) => filled += text,
                Piece::Var(name) => {
                    let known = || view.vars.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                    filled +=
                        view.vars.get(name).ok_or_else(|| format!("there is no `{name}`: there are {}", known()))?;
                }
                Piece::Env { name, default } => match (std::env::var(name), default) {
                    (Ok(value), _) => filled += &value,
                    (Err(_), Some(default)) => filled += default,
                    (Err(_), None) => return Err(format!("${name} is not set in the environment, or no text")),
                },
                Piece::Share => filled += &view.share.display().to_string(),
                Piece::Folder => filled += &view.folder.display().to_string(),
            }
        }
        Ok(filled)
    }
}

impl TryFrom<String> for Text {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.contains(['\\', '\0', '\n']) {
            return Err(format!("`{}`: no backslash, line break or NUL in a text", text.escape_debug()));
        }
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        while let Some((plain, after)) = rest.split_once("$(") {
            let (inside, end) = after.split_once(')').ok_or_else(|| format!("`{text}`: `$(` is never closed"))?;
            if !plain.is_empty() {
                pieces.push(Piece::Plain(plain.to_owned()));
            }
            pieces.push(piece(inside).map_err(|why| format!("`{text}`: {why}"))?);
            rest = end;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Plain(rest.to_owned()));
        }
        Ok(Self(pieces))
    }
}

fn piece(inside: &str) -> Result<Piece, String> {
    if inside.contains(['$', '(', '\'', '"']) {
        return Err(format!("`$({inside})`: nothing is nested or quoted in a substitution"));
    }
    match *inside.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["var", name] => Ok(Piece::Var(name.to_owned())),
        ["env", name] => Ok(Piece::Env { name: name.to_owned(), default: None }),
        ["env", name, default] => Ok(Piece::Env { name: name.to_owned(), default: Some(default.to_owned()) }),
        ["find-pkg-share", PACKAGE] => Ok(Piece::Share),
        ["find-pkg-share", other] => Err(format!("only the package `{PACKAGE}` is known here, not `{other}`")),
        ["dirname"] => Ok(Piece::Folder),
        _ => Err(format!(
            "`$({inside})` is not understood: there are $(var NAME), $(env NAME DEFAULT), \
             $(find-pkg-share {PACKAGE}) and $(dirname)"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str) -> Result<String, String> {
        let vars = [("scene".to_owned(), "drawer".to_owned())].into();
        let view = View { vars: &vars, folder: Path::new("/f"), share: Path::new("/s") };
        Text::try_from(text.to_owned())?.fill(view)
    }

    #[test]
    fn what_is_asked_for_is_put_in() {
        assert_eq!(fill("a $(var scene) b").unwrap(), "a drawer b");
        assert_eq!(fill("$(find-pkg-share ponder)/x:$(dirname)").unwrap(), "/s/x:/f");
        assert_eq!(fill("$(env NO_SUCH_VARIABLE_HERE z)").unwrap(), "z");
        assert_eq!(fill("(5) $ 中文 ) $x").unwrap(), "(5) $ 中文 ) $x");
        assert_eq!(fill("").unwrap(), "");
    }

    #[test]
    fn what_is_not_understood_is_refused_with_the_reason() {
        let wrong = [
            ("$(var scene", "never closed"),
            ("$(var nobody)", "there is no `nobody`: there are scene"),
            ("$(var $(var scene))", "nested"),
            ("$(eval 1 + 1)", "`$(eval 1 + 1)` is not understood"),
            ("$()", "is not understood"),
            ("$(env NO_SUCH_VARIABLE_HERE)", "$NO_SUCH_VARIABLE_HERE is not set"),
            ("$(find-pkg-share nav2)", "not `nav2`"),
            ("a\\b", "no backslash"),
            ("a\nb", "line break"),
        ];
        for (text, part) in wrong {
            let why = fill(text).unwrap_err();
            assert!(why.contains(part), "{part} in: {why}");
        }
    }
}
