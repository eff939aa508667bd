//! Which server: its address, made sure of, and the model there. Asked once before anything moves: is it there, does it
//! take the key, does it have the model?

use std::time::Duration;

use serde_json::Value;

use super::key::{KEY, Key};

/// Longest wait for the list of models.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest list read, bytes.
const MAX_LIST_BYTES: u64 = 4 << 20;
/// Models named in a message.
const MOST_NAMED: usize = 8;

/// Why a server can't be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// No address that can be used.
    #[error("`{url}` is no server's address: {why}; give one like http://localhost:8000/v1")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The key can't be used.
    #[error("{0}")]
    Key(String),
    /// Nobody answers.
    #[error("no server answers at {url}: {why}")]
    Silent {
        /// Where.
        url: String,
        /// Why, in the system's words.
        why: String,
    },
    /// It wants a key, or another one.
    #[error("{url} refuses ({status}): set {KEY} to a key that it takes")]
    Denied {
        /// Where.
        url: String,
        /// The answer.
        status: u16,
    },
    /// It does not have the model.
    #[error("{url} has no model `{model}`: it has {known}")]
    NoModel {
        /// Where.
        url: String,
        /// The model asked for.
        model: String,
        /// Those it has.
        known: String,
    },
    /// It has several, and none was named.
    #[error("{url} has several models: name one with --model: {known}")]
    Which {
        /// Where.
        url: String,
        /// Those it has.
        known: String,
    },
    /// It does not say which it has, and none was named.
    #[error("{url} does not say which models it has: name one with --model")]
    Unnamed {
        /// Where.
        url: String,
    },
}

/// A server and a model there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Address up to and without `/chat/completions`.
    pub url: String,
    /// Name of the model there.
    pub model: String,
    /// The key to show.
    pub key: Key,
}

impl Server {
    /// A server that is there and has the model; without a name, the one it has.
    ///
    /// # Errors
    /// [`ServerError`]
    pub fn find(url: &str, model: Option<&str>, key: Key) -> Result<Self, ServerError> {
        let url = address(url)?;
        let mut request = agent(&url, PATIENCE, PATIENCE).get(format!("{url}/models"));
        if let Some(bearer) = key.bearer() {
            request = request.header("Authorization", bearer);
        }
        let silent = |why: String| ServerError::Silent { url: url.clone(), why: key.hide(&why) };
        let mut response = request.call().map_err(|error| silent(error.to_string()))?;
        let known = match response.status().as_u16() {
            200 => {
                let text = response.body_mut().with_config().limit(MAX_LIST_BYTES).read_to_string();
                listed(&text.map_err(|error| silent(error.to_string()))?)
            }
            status @ (401 | 403) => return Err(ServerError::Denied { url, status }),
            status @ 500.. => return Err(silent(format!("it answers {status}"))),
            _ => None, // not every server has the list
        };
        let model = chosen(&url, model, known)?;
        Ok(Self { url, model, key })
    }

    /// For banners and records.
    pub fn name(&self) -> String {
        format!("{} at {}", self.model, self.url)
    }
}

/// A client of servers: no redirects, which could lead the key elsewhere, and no proxy on the way to this machine.
pub(super) fn agent(url: &str, connect: Duration, silence: Duration) -> ureq::Agent {
    let host = url.split("://").nth(1).unwrap_or_default();
    let near = ["localhost", "127.", "[::1]"].iter().any(|name| host.starts_with(name));
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(connect))
        .timeout_resolve(Some(connect))
        .timeout_recv_response(Some(silence))
        .timeout_per_read(Some(silence))
        .user_agent(concat!("ponder/", env!("CARGO_PKG_VERSION")));
    let config = if near { config.proxy(None) } else { config };
    config.build().new_agent()
}

/// The address in the form that requests are made from.
fn address(given: &str) -> Result<String, ServerError> {
    // What looks like a name and a password is not shown.
    let shown = || if given.contains('@') { "…".to_owned() } else { given.chars().take(200).collect() };
    let wrong = |why| ServerError::Url { url: shown(), why };
    let url = given.trim().trim_end_matches('/');
    let url = url.strip_suffix("/chat/completions").unwrap_or(url);
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let rest = rest.ok_or_else(|| wrong("it starts with neither http:// nor https://"))?;
    if rest.contains('@') {
        return Err(wrong("a key belongs into PONDER_API_KEY, not into the address"));
    }
    if rest.is_empty() || rest.starts_with(['/', ':']) || rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(wrong("it names no host"));
    }
    if rest.contains(['?', '#']) {
        return Err(wrong("it goes on after its path"));
    }
    Ok(if rest.contains('/') { url.to_owned() } else { format!("{url}/v1") })
}

/// A model as a list has it: name and owner.
type Known = Vec<(String, String)>;

fn listed(text: &str) -> Option<Known> {
    let value: Value = serde_json::from_str(text).ok()?;
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let entry = |entry: &Value| entry["id"].as_str().map(|id| (id.to_owned(), text(entry, "owned_by")));
    value["data"].as_array().map(|all| all.iter().filter_map(entry).collect())
}

fn chosen(url: &str, model: Option<&str>, known: Option<Known>) -> Result<String, ServerError> {
    let url = url.to_owned();
    let names = |known: &Known| {
        let names: Vec<String> = known.iter().take(MOST_NAMED).map(|(id, _)| id.chars().take(80).collect()).collect();
        let more =
            if known.len() > MOST_NAMED { format!(" and {} more", known.len() - MOST_NAMED) } else { String::new() };
        let none = if names.is_empty() { "none" } else { "" };
        format!("{none}{}{more}", names.join(", "))
    };
    match (model, known) {
        (Some(model), Some(known)) => {
            // Ollama's tag may be left out; llama.cpp's server takes any name for the one model it has.
            let is = |(id, owner): &(String, String)| {
                id == model || id.strip_suffix(":latest") == Some(model) || owner == "llamacpp"
            };
            if known.iter().any(is) {
                Ok(model.to_owned())
            } else {
                Err(ServerError::NoModel { url, model: model.to_owned(), known: names(&known) })
            }
        }
        (Some(model), None) => Ok(model.to_owned()),
        (None, Some(known)) => match known.as_slice() {
            [(one, _)] => Ok(one.clone()),
            _ => Err(ServerError::Which { url, known: names(&known) }),
        },
        (None, None) => Err(ServerError::Unnamed { url }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop where it stands

    use super::*;

    #[test]
    fn addresses_are_made_sure_of() {
        for (given, want) in [
            ("http://localhost:8000/v1", "http://localhost:8000/v1"),
            (" http://localhost:8000 ", "http://localhost:8000/v1"),
            ("https://api.deepseek.com/v1/", "https://api.deepseek.com/v1"),
            ("http://[::1]:1/v1/chat/completions", "http://[::1]:1/v1"),
        ] {
            assert_eq!(address(given).unwrap(), want);
        }
        for bad in ["localhost:8000", "ftp://x/v1", "http://", "http:///v1", "http://a b/v1", "http://a/v1?key=x", ""] {
            assert!(matches!(address(bad), Err(ServerError::Url { .. })), "{bad}");
        }
        let error = address("http://me:sk-secret@host/v1").unwrap_err().to_string();
        assert!(error.contains("PONDER_API_KEY") && !error.contains("sk-secret"), "{error}");
    }

    #[test]
    fn models_are_chosen_by_what_is_there() {
        let known =
            |names: &[(&str, &str)]| Some(names.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect());
        let choose = |model, known| chosen("there", model, known).map_err(|error| error.to_string());
        assert_eq!(choose(Some("r1"), None).unwrap(), "r1");
        assert_eq!(choose(None, known(&[("r1", "vllm")])).unwrap(), "r1");
        assert_eq!(choose(Some("r1"), known(&[("r1:latest", "library")])).unwrap(), "r1");
        assert_eq!(choose(Some("any"), known(&[("a/b.gguf", "llamacpp")])).unwrap(), "any");
        assert!(choose(Some("r1"), known(&[("v3", "x")])).unwrap_err().contains("it has v3"));
        assert!(choose(Some("r1"), known(&[])).unwrap_err().contains("it has none"));
        assert!(choose(None, known(&[("a", ""), ("b", "")])).unwrap_err().contains("a, b"));
        assert!(choose(None, None).unwrap_err().contains("--model"));
        assert_eq!(listed("{}"), None);
        assert_eq!(listed(r#"{"data": [{"id": "a"}]}"#), known(&[("a", "")]));
    }
}
