//! Fields of a configuration, each read with its name at hand, so that what is wrong can be said.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::error::LoadError;

/// An object in a configuration file.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    path: PathBuf,
    at: String,
    object: Map<String, Value>,
}

impl Fields {
    /// The object that is the whole file.
    pub(super) fn read(path: &Path) -> Result<Self, LoadError> {
        let text = std::fs::read_to_string(path).map_err(LoadError::io(path))?;
        let wrong = |why: String| LoadError::Config { path: path.to_owned(), field: "the file".into(), why };
        match serde_json::from_str(&text) {
            Ok(Value::Object(object)) => Ok(Self { path: path.to_owned(), at: String::new(), object }),
            Ok(_) => Err(wrong("is no JSON object".into())),
            Err(error) => Err(wrong(format!("is no JSON: {error}"))),
        }
    }

    /// What is wrong with a field.
    pub(super) fn wrong(&self, name: &str, why: impl Into<String>) -> LoadError {
        LoadError::Config { path: self.path.clone(), field: format!("{}{name}", self.at), why: why.into() }
    }

    /// A field that is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// An object below; empty where there is none, so that defaults hold.
    pub(super) fn child(&self, name: &str) -> Result<Self, LoadError> {
        let object = match self.get(name) {
            Some(Value::Object(object)) => object.clone(),
            None => Map::new(),
            Some(_) => return Err(self.wrong(name, "must be an object")),
        };
        Ok(Self { path: self.path.clone(), at: format!("{}{name}.", self.at), object })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// A count from 1 to 2^31, or the default where it is absent.
    pub(super) fn count(&self, name: &str, default: Option<usize>) -> Result<usize, LoadError> {
        match (self.get(name), default) {
            (Some(value), _) => {
                let count = value.as_u64().filter(|count| (1..=1 << 31).contains(count));
                count
                    .map(|count| count as usize)
                    .ok_or_else(|| self.wrong(name, format!("must be a count, not {value}")))
            }
            (None, Some(default)) => Ok(default),
            (None, None) => Err(self.wrong(name, "is missing")),
        }
    }

    /// A finite number above 0, or the default where it is absent.
    pub(super) fn number(&self, name: &str, default: Option<f64>) -> Result<f64, LoadError> {
        match (self.get(name), default) {
            (Some(value), _) => {
                let number = value.as_f64().filter(|number| number.is_finite() && *number > 0.0);
                number.ok_or_else(|| self.wrong(name, format!("must be a number above 0, not {value}")))
            }
            (None, Some(default)) => Ok(default),
            (None, None) => Err(self.wrong(name, "is missing")),
        }
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, LoadError> {
        match self.get(name) {
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(value) => Err(self.wrong(name, format!("must be true or false, not {value}"))),
            None => Ok(default),
        }
    }

    /// An id of a token; the first, where a list is given.
    pub(super) fn id(&self, name: &str) -> Option<u32> {
        let value = self.get(name)?;
        let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
        value.as_u64().and_then(|id| u32::try_from(id).ok())
    }

    /// A list of counts, or the default where it is absent.
    pub(super) fn counts(&self, name: &str, default: &[usize]) -> Result<Vec<usize>, LoadError> {
        let wrong = || self.wrong(name, "must be a list of counts");
        match self.get(name) {
            Some(Value::Array(list)) if !list.is_empty() && list.len() <= 16 => {
                let count = |value: &Value| value.as_u64().filter(|count| (1..=1 << 16).contains(count));
                list.iter().map(|value| count(value).map(|c| c as usize).ok_or_else(wrong)).collect()
            }
            Some(_) => Err(wrong()),
            None => Ok(default.to_vec()),
        }
    }

    /// Holds a field to the one value that is built here.
    pub(super) fn only(&self, name: &str, value: &Value) -> Result<(), LoadError> {
        match self.get(name) {
            Some(found) if found != value => Err(self.wrong(name, format!("{found} is not supported, only {value}"))),
            _ => Ok(()),
        }
    }
}
