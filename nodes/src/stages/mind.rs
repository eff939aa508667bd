//! Who reasons: the symbolic baseline, a model in this process, or one that is served elsewhere.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, PoisonError};

use ponder_core::reasoner::{Answer, Question, ReasonError, Reasoner};
use ponder_core::symbolic::{self, Symbolic};
use ponder_core::thinker::Cancel;
use ponder_models::engine::open::{self, TextLlm};
use ponder_models::engine::{LoadError, write::TextModel};
use ponder_models::reason::reasoner::{LlmReasoner, Options};

use super::desk::{Asked, Desk};
use super::tally::{Counted, Shared, Tally};
use super::weights;
use crate::hub::{HubError, Store};
use crate::remote::{Backed, Breaker, Client, Key, Patience, Server, ServerError};

/// Who is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The baseline.
    Symbolic,
    /// A model at a server.
    Remote,
    /// A model in this process: a name, a GGUF file or a folder.
    Local(String),
}

impl Who {
    /// The one that comes with Ponder.
    pub fn shipped() -> Self {
        Self::Local("reasoner-nano".to_owned())
    }
}

impl FromStr for Who {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "symbolic" => Self::Symbolic,
            "remote" => Self::Remote,
            other => Self::Local(other.to_owned()),
        })
    }
}

/// What is wished for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Who.
    pub who: Who,
    /// Address of the server.
    pub url: Option<String>,
    /// Name of the model there.
    pub model: Option<String>,
    /// Who thinks when the server does not; nobody if none.
    pub fallback: Option<Who>,
    /// How long things at the server may take.
    pub patience: Patience,
    /// How a model thinks.
    pub options: Options,
    /// Longest context of a model in this process, tokens.
    pub context: usize,
}

impl Wish {
    /// Somebody, and all else as usual.
    pub fn of(who: Who) -> Self {
        let (fallback, context) = (Some(Who::Symbolic), open::Options::default().context);
        let (patience, options) = (Patience::default(), Options::default());
        Self { who, url: None, model: None, fallback, patience, options, context }
    }
}

/// Why nobody can reason as wished.
#[derive(Debug, thiserror::Error)]
pub enum MindError {
    /// Nobody is known by that name.
    #[error(
        "there is no reasoner `{0}`: give symbolic, reasoner-nano, remote, a name from `ponder models`, a GGUF file or a folder"
    )]
    Unknown(String),
    /// The model is not here.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The model can't be opened.
    #[error("{path}: {source}", path = .path.display())]
    Load {
        /// Which.
        path: PathBuf,
        /// Why.
        source: LoadError,
    },
    /// It is of another sort.
    #[error("{path} sees and draws, it does not plan: give a model that thinks in words", path = .0.display())]
    Sees(PathBuf),
    /// Several files, and none is named.
    #[error("{folder} holds {count} GGUF files: name one of them", folder = .folder.display())]
    Several {
        /// Where.
        folder: PathBuf,
        /// How many.
        count: usize,
    },
    /// No address.
    #[error(
        "a remote reasoner needs an address, such as http://localhost:8000/v1 (vLLM), http://localhost:11434/v1 (Ollama), \
         http://localhost:8080/v1 (llama.cpp) or https://api.deepseek.com/v1"
    )]
    NoUrl,
    /// The server can't be asked.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The system gives no thread.
    #[error("no thread to think on: {0}")]
    Thread(std::io::Error),
}

type Make = dyn Fn() -> Box<dyn Reasoner> + Send + Sync;

/// Somebody who reasons, opened.
#[derive(Clone)]
pub struct Mind {
    name: String,
    make: Arc<Make>,
    tally: Shared,
    weights: Vec<PathBuf>,
    is_slow: bool,
}

impl Default for Mind {
    fn default() -> Self {
        Self::symbolic()
    }
}

impl Mind {
    /// The baseline.
    pub fn symbolic() -> Self {
        let tally = Shared::default();
        let shared = tally.clone();
        let make = move || -> Box<dyn Reasoner> { Box::new(Counted { inner: Symbolic, tally: shared.clone() }) };
        let name = symbolic::NAME.to_owned();
        Self { name, make: Arc::new(make), tally, weights: Vec::new(), is_slow: false }
    }

    /// Whoever is wished for: loads a model, or makes sure that the server is there.
    ///
    /// # Errors
    /// [`MindError`], saying what to do.
    pub fn open(wish: &Wish) -> Result<Self, MindError> {
        match &wish.who {
            Who::Symbolic => Ok(Self::symbolic()),
            Who::Local(meant) => Self::local(meant, wish),
            Who::Remote => Self::remote(wish),
        }
    }

    fn local(meant: &str, wish: &Wish) -> Result<Self, MindError> {
        let path = language_model(meant)?;
        let options = open::Options { context: wish.context, ..open::Options::default() };
        let model = TextLlm::open(&path, &options).map_err(|source| MindError::Load { path: path.clone(), source })?;
        // Without a folder for it, the beginning of a prompt is computed anew by every process.
        let model = match Store::of_environment() {
            Ok(store) => model.keeping(&store.beginnings(), &path),
            Err(_) => model,
        };
        let bound = wish.options.ask_below.unwrap_or_else(|| model.asks_below());
        let again = wish.options.second_thoughts.unwrap_or_else(|| model.second_thoughts());
        let llm = LlmReasoner::new(model, wish.options);
        let (name, tally) = (named(llm.name(), &wish.options, bound, again), Shared::default());
        let mut llm = Counted { inner: llm, tally: tally.clone() };
        let work =
            move |question: &Question, say: &mut dyn FnMut(&str), cancel: &Cancel| llm.think(question, say, cancel);
        let desk = Desk::open("mind", Box::new(work)).map_err(MindError::Thread)?;
        let by = name.clone();
        let make = move || -> Box<dyn Reasoner> { Box::new(Asking { name: by.clone(), desk: desk.clone() }) };
        Ok(Self { name, make: Arc::new(make), tally, weights: vec![path], is_slow: true })
    }

    fn remote(wish: &Wish) -> Result<Self, MindError> {
        let url = wish.url.as_deref().ok_or(MindError::NoUrl)?;
        let key = Key::of_environment().map_err(ServerError::Key)?;
        let fallback = match &wish.fallback {
            Some(Who::Remote) | None => None,
            Some(who) => Some(Self::open(&Wish { who: who.clone(), ..wish.clone() })?),
        };
        let server = Server::find(url, wish.model.as_deref(), key)?;
        let client = Client::new(server, wish.patience);
        let (options, breaker, tally) = (wish.options, Breaker::default(), Shared::default());
        let (counts, behind) = (tally.clone(), fallback.clone());
        let make = move || -> Box<dyn Reasoner> {
            let first = LlmReasoner::new(client.clone(), options);
            let second = behind.as_ref().map(Self::reasoner);
            let both = Backed::new(Box::new(first), second, breaker.clone());
            Box::new(Counted { inner: both, tally: counts.clone() })
        };
        let name = named(make().name(), &wish.options, 0.0, 0);
        let weights = fallback.map(|mind| mind.weights).unwrap_or_default();
        Ok(Self { name, make: Arc::new(make), tally, weights, is_slow: true })
    }

    /// For banners and records.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One more reasoner of this kind.
    pub fn reasoner(&self) -> Box<dyn Reasoner> {
        (self.make)()
    }

    /// What all its reasoners were asked so far.
    pub fn tally(&self) -> Tally {
        *self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Files and folders of weights that it uses.
    pub fn weights(&self) -> &[PathBuf] {
        &self.weights
    }

    /// Does it take its time, so that a loop must not wait for it?
    pub fn is_slow(&self) -> bool {
        self.is_slow
    }
}

/// Where the weights are of a model that thinks in words: a name, a GGUF file or a folder.
///
/// # Errors
/// [`MindError`], saying what to do.
pub fn language_model(meant: &str) -> Result<PathBuf, MindError> {
    let path = weights::find(meant).map_err(|error| match error {
        HubError::Name(name) => MindError::Unknown(name),
        error => error.into(),
    })?;
    if weights::sees(&path) {
        return Err(MindError::Sees(path));
    }
    let mut files = weights::ggufs(&path);
    Ok(match (files.pop(), files.len()) {
        (Some(file), 0) => file,
        (Some(_), more) => return Err(MindError::Several { folder: path, count: more + 1 }),
        (None, _) => path, // where it is no model, the engine says what is missing
    })
}

/// The name with what was left out.
fn named(name: &str, options: &Options, ask_below: f32, again: usize) -> String {
    let thought = if options.thought_tokens == 0 { ", without thought" } else { "" };
    let grammar = if options.grammar { "" } else { ", without grammar" };
    let again = if again > 0 { "thinking again and " } else { "" };
    let doubt = if ask_below > 0.0 { format!(", {again}asking back below {ask_below}") } else { String::new() };
    format!("{name}{thought}{grammar}{doubt}")
}

/// Asks a model that others ask too.
struct Asking {
    name: String,
    desk: Desk<Question, Result<Answer, ReasonError>>,
}

impl Reasoner for Asking {
    fn name(&self) -> &str {
        &self.name
    }

    fn think(
        &mut self,
        question: &Question,
        say: &mut dyn FnMut(&str),
        cancel: &Cancel,
    ) -> Result<Answer, ReasonError> {
        match self.desk.ask(question.clone(), say, cancel) {
            Asked::Answer(answer) => answer,
            Asked::Cancelled => Err(ReasonError::Cancelled),
            Asked::Gone => Err(ReasonError::Failed("the thread of the model has died".to_owned())),
        }
    }
}
