//! The key to a server: from the environment alone, shown to the server alone.

use std::fmt;

/// Environment variable that holds the key.
pub const KEY: &str = "PONDER_API_KEY";
/// What stands in its place wherever a text would show it.
const HIDDEN: &str = "[key]";

/// A key, or none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Key(Option<String>);

impl Key {
    /// The key that the environment holds, if it holds one.
    ///
    /// # Errors
    /// Why it can't be sent; the message does not show it.
    pub fn of_environment() -> Result<Self, String> {
        match std::env::var(KEY) {
            Ok(key) => Self::new(&key),
            Err(std::env::VarError::NotPresent) => Ok(Self::default()),
            Err(std::env::VarError::NotUnicode(_)) => Err(format!("{KEY} holds no text")),
        }
    }

    /// This key; blank is none.
    ///
    /// # Errors
    /// As [`Key::of_environment`].
    pub fn new(key: &str) -> Result<Self, String> {
        let key = key.trim();
        if !key.chars().all(|c| c.is_ascii_graphic()) {
            return Err(format!("{KEY} holds characters that no key has"));
        }
        Ok(Self((!key.is_empty()).then(|| key.to_owned())))
    }

    /// Is there one?
    pub fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// For the request's head.
    pub(super) fn bearer(&self) -> Option<String> {
        self.0.as_ref().map(|key| format!("Bearer {key}"))
    }

    /// The text without the key in it, without characters that are not seen, and not long: what others say is shown so.
    pub(super) fn hide(&self, text: &str) -> String {
        let text = match &self.0 {
            Some(key) => text.replace(key.as_str(), HIDDEN),
            None => text.to_owned(),
        };
        let seen = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        seen.take(300).collect()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_there() { HIDDEN } else { "no key" })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop where it stands

    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let key = Key::new(" sk-secret\n").unwrap();
        assert_eq!(format!("{key:?} {:?}", Some(&key)), "[key] Some([key])");
        assert_eq!(key.hide("bad key sk-secret!\u{1b}[2J"), "bad key [key]! [2J");
        assert_eq!(key.bearer().unwrap(), "Bearer sk-secret");
        assert!(!Key::new(" ").unwrap().is_there());
        let error = Key::new("sk\nsecret").unwrap_err();
        assert!(error.contains(KEY) && !error.contains("secret"), "{error}");
    }
}
