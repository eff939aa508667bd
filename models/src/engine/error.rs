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
