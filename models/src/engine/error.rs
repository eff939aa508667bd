//! Why a model can't be loaded: each names the file, what in it, and what to do.

use std::path::{Path, PathBuf};

use candle_core::Shape;

/// Why a model can't be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file can't be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A folder without weights.
    #[error(
        "{}: no weights here; a model's folder holds model.safetensors, model.safetensors.index.json, pytorch_model.bin \
         or pytorch_model.bin.index.json", .0.display()
    )]
    NoWeights(PathBuf),
    /// A configuration that is no JSON object, or has a field missing or out of range.
    #[error("{}: {field}: {why}", path.display())]
    Config {
        /// Which file.
        path: PathBuf,
        /// Which field, from the outermost object.
        field: String,
        /// What is wrong with it.
        why: String,
    },
    /// A model of another kind.
    #[error("{}: this is a {found} model, {wanted} is wanted here", path.display())]
    Kind {
        /// Which file.
        path: PathBuf,
        /// What the file says it is.
        found: String,
        /// What could be loaded.
        wanted: &'static str,
    },
    /// A Janus without an eye where one is to look.
    #[error("{}: this model draws only and does not see; eye-nano is the eye: ponder run --perception eye-nano", .0.display())]
    Blind(PathBuf),
    /// Names of tensors as no layout known here has them.
    #[error("{}: the tensors have neither DeepSeek's names nor transformers': there is no {wanted}", path.display())]
    Layout {
        /// Which folder.
        path: PathBuf,
        /// The tensors looked for, of which one must be there.
        wanted: String,
    },
    /// A tensor that the configuration calls for is in none of the files.
    #[error("{}: tensor {tensor} is missing; is a file of the model left out, or the config.json of another?", path.display())]
    Missing {
        /// Its name, as the files would have it.
        tensor: String,
        /// The file, index or folder that should hold it.
        path: PathBuf,
    },
    /// A tensor of a shape that the configuration rules out.
    #[error("{}: tensor {tensor} is {found:?}, config.json calls for {wanted:?}", path.display())]
    Shape {
        /// Its name, as in the file.
        tensor: String,
        /// The file it is in.
        path: PathBuf,
        /// Its shape.
        found: Shape,
        /// The shape wanted.
        wanted: Shape,
    },
    /// A file that ends too early.
    #[error("{}: the file ends at {found} bytes, its tensors need {wanted}: copy or download it again", path.display())]
    Truncated {
        /// Which file.
        path: PathBuf,
        /// Bytes there.
        found: u64,
        /// Bytes needed.
        wanted: u64,
    },
    /// A file of weights that can't be understood.
    #[error("{}: {why}", path.display())]
    Corrupt {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The model is larger than the memory that is free.
    #[error("needs {}, {} free: {advice}", gigabytes(*needs), gigabytes(*free))]
    Memory {
        /// Bytes needed.
        needs: u64,
        /// Bytes free.
        free: u64,
        /// What would make it fit.
        advice: &'static str,
    },
    /// A tokenizer that can't be used.
    #[error("{}: {why}", path.display())]
    Tokenizer {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The network can't be built from what was read.
    #[error("the network can't be built: {0}")]
    Network(#[from] candle_core::Error),
}

impl LoadError {
    /// From the system's word on a file.
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

/// Bytes as people read them.
fn gigabytes(bytes: u64) -> String {
    if bytes < 100_000_000 { format!("{:.1} MB", bytes as f64 / 1e6) } else { format!("{:.1} GB", bytes as f64 / 1e9) }
}

/// Why a model that is loaded can't answer.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Nothing to answer or to draw.
    #[error("nothing was said: give at least one message, or words of what to draw")]
    Empty,
    /// An option out of its range.
    #[error("{name} is {value}, it must be {range}")]
    Option {
        /// Which option.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// A prompt that leaves no room for an answer.
    #[error("the prompt takes {tokens} tokens of a context of {context}: say less, or show fewer pictures")]
    TooLong {
        /// Tokens of the prompt, and of the picture where one is drawn.
        tokens: usize,
        /// Tokens that fit.
        context: usize,
    },
    /// A picture of another size or with values that are none.
    #[error("picture {index} is {found}, it must be 3x{size}x{size} with values in [-1, 1]")]
    Picture {
        /// Which, in the order of the prompt, from 0.
        index: usize,
        /// What it is.
        found: String,
        /// Side wanted, in pixels.
        size: usize,
    },
    /// Words that can't be cut into tokens, or tokens that make no words.
    #[error("the tokenizer failed: {0}")]
    Tokenizer(String),
    /// The network gives no numbers: broken weights, or a dtype too narrow for them.
    #[error("the model's logits are not finite: are its weights whole? f16 is too narrow for some, bf16 is not")]
    NotFinite,
    /// A picture was shown to a model without an eye.
    #[error("this model draws only and does not see: eye-nano is the eye")]
    Blind,
    /// Stopped from outside.
    #[error("cancelled")]
    Cancelled,
    /// The network can't run.
    #[error("the network can't run: {0}")]
    Network(#[from] candle_core::Error),
}
