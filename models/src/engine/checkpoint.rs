//! From a folder to a network. The network is first built dry, on tensors that take no memory, which tells what it needs;
//! names, shapes and memory are checked against the files; then it is built for good, one tensor at a time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use candle_core::{DType, Device, Result as CandleResult, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};

use super::error::LoadError;
use super::files::Files;
use super::hf_config::{self, ModelConfig};
use super::memory;
use super::names::{Layout, Source};
use super::shelf::FileShelf;
use crate::net::decoder::Decoder;
use crate::net::layers::{Quant, Shelf, Weights};

/// How a model is loaded.
#[derive(Clone, Debug)]
pub struct Options {
    /// What tensors are converted to: f32, bf16 or f16. Codes of pictures are always in f32.
    pub dtype: DType,
    /// In what the matrices of linear maps are kept; none: in `dtype`.
    pub quant: Option<Quant>,
    /// Where the model lives.
    pub device: Device,
    /// Longest context to find memory for, in tokens; the model's own bound holds too.
    pub context: usize,
    /// Bytes that may be taken; none: what the system has.
    pub free: Option<u64>,
    /// A folder where quantised matrices are kept for the next time, one file a model; none: they are made each time.
    pub shelf: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { dtype: DType::F32, quant: None, device: Device::Cpu, context: 4096, free: None, shelf: None }
    }
}

/// A tensor a network asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    /// Its name in the network.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// What it is kept in.
    pub dtype: DType,
}

impl Need {
    /// Numbers in it.
    #[must_use]
    pub fn elements(&self) -> u64 {
        self.shape.iter().map(|&dim| dim as u64).product()
    }
}

/// What a network asks for, found by building it dry.
///
/// # Errors
/// What the network says of its shape.
pub fn needs<N>(dtype: DType, make: impl Fn(Weights) -> CandleResult<N>) -> CandleResult<Vec<Need>> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let dry = VarBuilder::from_backend(Box::new(Dry(Arc::clone(&asked))), dtype, Device::Cpu);
    make(Weights::from(dry))?;
    let mut asked = asked.lock().map_err(|_| candle_core::Error::msg("a network was given up half built"))?;
    Ok(std::mem::take(&mut *asked))
}

/// Gives tensors that take no memory and keeps a list.
struct Dry(Arc<Mutex<Vec<Need>>>);

impl SimpleBackend for Dry {
    fn get(&self, shape: Shape, name: &str, _: Init, dtype: DType, device: &Device) -> CandleResult<Tensor> {
        if let Ok(mut asked) = self.0.lock() {
            asked.push(Need { name: name.to_owned(), shape: shape.dims().to_vec(), dtype });
        }
        Tensor::zeros((), dtype, device)?.broadcast_as(shape)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> CandleResult<Tensor> {
        candle_core::bail!("{name} was asked for without a shape")
    }

    fn contains_tensor(&self, _: &str) -> bool {
        true
    }
}

/// A folder's weights, under the networks' names.
#[derive(Clone)]
pub struct Checkpoint {
    folder: PathBuf,
    files: Arc<Files>,
    layout: Layout,
}

impl Checkpoint {
    /// Opens a folder: its files' tables of contents are read and held against their lengths; no tensor is read yet.
    ///
    /// # Errors
    /// [`LoadError`]: no weights, a file missing, cut short or corrupt, or names in no known layout.
    pub fn open(folder: &Path) -> Result<Self, LoadError> {
        let files = Files::open(folder)?;
        let mark = "embed_tokens.weight";
        let layouts = [
            (format!("language_model.model.{mark}"), Layout::Own),
            (format!("model.language_model.{mark}"), Layout::Transformers),
            (format!("model.{mark}"), Layout::Own),
        ];
        let Some((_, layout)) = layouts.iter().find(|(name, _)| files.find(name).is_some()) else {
            let wanted = layouts.map(|(name, _)| name).join(" or ");
            return Err(LoadError::Layout { path: files.root().to_owned(), wanted });
        };
        Ok(Self { folder: folder.to_owned(), layout: *layout, files: Arc::new(files) })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whose names its files use.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Whether the network's tensor `name` is there.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.layout.source(name).names().iter().all(|name| self.files.find(name).is_some())
    }

    /// Holds what a network needs against the files.
    ///
    /// # Errors
    /// [`LoadError::Missing`] or [`LoadError::Shape`], of the first tensor that is wrong.
    pub fn check(&self, needs: &[Need]) -> Result<(), LoadError> {
        for need in needs {
            let source = self.layout.source(&need.name);
            for name in source.names() {
                let Some((path, found)) = self.files.find(name) else {
                    return Err(LoadError::Missing { tensor: name.clone(), path: self.files.root().to_owned() });
                };
                let wanted = source.shape(&need.shape);
                if found.dims() != wanted {
                    let (tensor, path) = (name.clone(), path.to_owned());
                    return Err(LoadError::Shape { tensor, path, found, wanted: wanted.into() });
                }
            }
        }
        Ok(())
    }

    /// The tensors, for a network to be built from.
    #[must_use]
    pub fn weights(&self, options: &Options) -> Weights {
        let vb = VarBuilder::from_backend(Box::new(self.clone()), options.dtype, options.device.clone());
        Weights::from(vb).quantised(options.quant)
    }

    /// Builds a network once names, shapes and memory are found good. `more`: bytes to be had beside the weights.
    ///
    /// # Errors
    /// [`LoadError`] as in [`Checkpoint::check`], [`LoadError::Memory`], or what the network says.
    pub fn build<N>(
        &self,
        options: &Options,
        more: u64,
        make: impl Fn(Weights) -> CandleResult<N>,
    ) -> Result<N, LoadError> {
        let needs = needs(options.dtype, &make)?;
        self.check(&needs)?;
        let bytes = memory::weights(&needs, options.quant) + more;
        memory::check(bytes, options.free.or_else(memory::free), options.quant, options.dtype)?;
        let shelf = match (&options.shelf, options.quant) {
            // What is read from a shelf lies in the processor's memory.
            (Some(folder), Some(quant)) if options.device.is_cpu() => {
                Some(Arc::new(FileShelf::open(folder, quant, &self.files.mark())))
            }
            _ => None,
        };
        let network = make(self.weights(options).shelved(shelf.clone().map(|shelf| shelf as Arc<dyn Shelf>)))?;
        if let Some(shelf) = shelf {
            shelf.write();
        }
        Ok(network)
    }
}

impl SimpleBackend for Checkpoint {
    fn get(&self, shape: Shape, name: &str, _: Init, dtype: DType, device: &Device) -> CandleResult<Tensor> {
        let tensor = self.get_unchecked(name, dtype, device)?;
        if tensor.shape() != &shape {
            candle_core::bail!("tensor {name} is {:?}, {shape:?} is wanted", tensor.shape());
        }
        Ok(tensor)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> CandleResult<Tensor> {
        let read = |name: &String| self.files.read(name, device)?.to_dtype(dtype);
        match self.layout.source(name) {
            Source::Same(name) => read(&name),
            Source::Row(name) => read(&name)?.unsqueeze(0),
            Source::Three(names) => Tensor::cat(&[read(&names[0])?, read(&names[1])?, read(&names[2])?], 0),
        }
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.contains(name)
    }
}

/// Loads a folder's Llama, Qwen2 or Qwen3.
///
/// # Errors
/// [`LoadError`].
pub fn decoder(folder: &Path, options: &Options) -> Result<Decoder, LoadError> {
    let ModelConfig::Decoder(cfg) = hf_config::read(folder)? else {
        let path = folder.join("config.json");
        return Err(LoadError::Kind { path, found: "Janus".into(), wanted: "Llama, Qwen2 or Qwen3" });
    };
    let context = options.context.min(cfg.max_positions);
    let cache = memory::cache(&cfg, context, 1, options.dtype);
    Checkpoint::open(folder)?.build(options, cache, |weights| Decoder::new(&cfg, weights))
}

/// Loads the networks of a folder's Janus, in either layout, and tells what its configuration says.
///
/// # Errors
/// [`LoadError`].
pub fn networks(
    folder: &Path,
    options: &Options,
) -> Result<(crate::net::janus::Janus, hf_config::JanusConfig), LoadError> {
    let ModelConfig::Janus(mut cfg) = hf_config::read(folder)? else {
        let path = folder.join("config.json");
        return Err(LoadError::Kind { path, found: "decoder".into(), wanted: "Janus" });
    };
    let checkpoint = Checkpoint::open(folder)?;
    let language = &mut cfg.network.language;
    language.tie_embeddings &= !checkpoint.contains("language_model.lm_head.weight");
    // A picture is drawn in two rows: with the words and without.
    let cache = memory::cache(language, options.context.min(language.max_positions), 2, options.dtype);
    let network = checkpoint.build(options, cache, |weights| crate::net::janus::Janus::new(&cfg.network, weights))?;
    Ok((network, *cfg))
}
