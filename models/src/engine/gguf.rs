//! GGUF files: metadata, tokenizer and tensors in one, matrices quantised in blocks (llama.cpp's format, version 2 and 3).
//! Matrices stay as they are in the file; what is small is unpacked. Names are turned into those of Hugging Face, and the
//! rows of Llama's q and k back into the order that its rotary halves want.

use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::tokenizer::TokenizerFromGguf;
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{DType, Device, Result as CandleResult, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};

use super::error::LoadError;
use super::gguf_shape::{self, ModelShape};
use super::gguf_words;
use crate::net::layers::Weights;
use crate::net::weights::Packed;

/// An open GGUF file: its table of contents is read, its tensors are not.
#[derive(Clone)]
pub struct Gguf(Arc<Inner>);

struct Inner {
    path: PathBuf,
    content: Content,
    file: Mutex<File>,
    shape: ModelShape,
}

impl Gguf {
    /// Opens a file and reads what is in it: llama, qwen2, qwen3 or lfm2.
    ///
    /// # Errors
    /// [`LoadError::Io`], [`LoadError::Corrupt`], [`LoadError::Truncated`], [`LoadError::Kind`], or [`LoadError::Config`]
    /// naming the key.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        let mut file = File::open(path).map_err(LoadError::io(path))?;
        let corrupt = |why: String| LoadError::Corrupt { path: path.to_owned(), why };
        // The reader divides by the alignment that the file gives, which may be nought.
        let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Content::read(&mut file)));
        let content = read
            .map_err(|_| corrupt("this is no GGUF file".to_owned()))?
            .map_err(|error| corrupt(format!("this is no GGUF file: {error}")))?;
        let found = file.metadata().map_err(LoadError::io(path))?.len();
        let ends = content.tensor_infos.values().map(|info| {
            let blocks = info.shape.elem_count() / info.ggml_dtype.block_size();
            let bytes = (blocks as u64).saturating_mul(info.ggml_dtype.type_size() as u64);
            content.tensor_data_offset.saturating_add(info.offset).saturating_add(bytes)
        });
        let wanted = ends.max().unwrap_or(0);
        if wanted > found {
            return Err(LoadError::Truncated { path: path.to_owned(), found, wanted });
        }
        let factors = content.tensor_infos.contains_key("rope_freqs.weight").then(|| {
            let tensor = content.tensor(&mut file, "rope_freqs.weight", &Device::Cpu)?;
            tensor.dequantize(&Device::Cpu)?.flatten_all()?.to_vec1::<f32>()
        });
        let factors = factors.transpose().map_err(|error| corrupt(error.to_string()))?;
        let shape = gguf_shape::read(path, &content, factors.as_deref())?;
        Ok(Self(Arc::new(Inner { path: path.to_owned(), content, file: Mutex::new(file), shape })))
    }

    /// What the network is.
    #[must_use]
    pub fn shape(&self) -> &ModelShape {
        &self.0.shape
    }

    /// Bytes that its tensors take as they are kept.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let size = |dtype: GgmlDType, elements: usize| (elements / dtype.block_size() * dtype.type_size()) as u64;
        self.0.content.tensor_infos.values().map(|info| size(info.ggml_dtype, info.shape.elem_count())).sum()
    }

    /// The tokenizer.
    ///
    /// # Errors
    /// [`LoadError::Tokenizer`]: the file has none, or one of a kind that isn't built here.
    pub fn tokenizer(&self) -> Result<tokenizers::Tokenizer, LoadError> {
        let refused = |error: String| LoadError::Tokenizer {
            path: self.0.path.clone(),
            why: format!("its tokenizer can't be used: {error}"),
        };
        let tokenizer = tokenizers::Tokenizer::from_gguf(&self.0.content);
        let mut tokenizer = tokenizer.map_err(|error| refused(error.to_string()))?;
        let cut = gguf_words::cut(self.text("tokenizer.ggml.pre")).map_err(|error| refused(error.to_string()))?;
        if let Some(cut) = cut {
            tokenizer.with_pre_tokenizer(Some(cut));
        }
        Ok(tokenizer)
    }

    /// A text of the metadata.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.content.metadata.get(key)?.to_string().ok().map(String::as_str)
    }

    /// The spelling of the token whose id stands under the key.
    #[must_use]
    pub fn token(&self, key: &str) -> Option<&str> {
        let id = usize::try_from(self.0.content.metadata.get(key)?.to_u64().ok()?).ok()?;
        match self.0.content.metadata.get("tokenizer.ggml.tokens")? {
            Value::Array(tokens) => tokens.get(id)?.to_string().ok().map(String::as_str),
            _ => None,
        }
    }

    /// The tensors, for a network to be built from; matrices stay quantised, the rest is in `dtype`.
    #[must_use]
    pub fn weights(&self, dtype: DType) -> Weights {
        self.unpacked(dtype).with_packed(Arc::new(self.clone()))
    }

    /// The tensors, all unpacked into `dtype`.
    #[must_use]
    pub fn unpacked(&self, dtype: DType) -> Weights {
        Weights::from(VarBuilder::from_backend(Box::new(self.clone()), dtype, Device::Cpu))
    }

    /// A tensor by its name in the network.
    ///
    /// # Errors
    /// It is not there or can't be read.
    pub fn tensor(&self, name: &str) -> CandleResult<QTensor> {
        let Some(there) = self.find(name) else {
            candle_core::bail!("{}: there is no tensor for {name}", self.0.path.display());
        };
        let mut file = self.0.file.lock().map_err(|_| candle_core::Error::msg("a file was given up half read"))?;
        let tensor = self.0.content.tensor(&mut *file, &there, &Device::Cpu)?;
        drop(file);
        match &self.0.shape {
            ModelShape::Decoder { config, turned: true } if name.contains(".q_proj.") => {
                halves(tensor, config.num_heads)
            }
            ModelShape::Decoder { config, turned: true } if name.contains(".k_proj.") => {
                halves(tensor, config.num_kv_heads)
            }
            _ => Ok(tensor),
        }
    }

    /// The file's name of a tensor, if it is there.
    fn find(&self, name: &str) -> Option<String> {
        let there = |name: &String| self.0.content.tensor_infos.contains_key(name);
        gguf_shape::names(name).into_iter().find(there)
    }
}

/// Rows of each head from pairs, as llama.cpp turns them, to halves, as Hugging Face does: row i·2 + j to j·d/2 + i.
fn halves(tensor: QTensor, heads: usize) -> CandleResult<QTensor> {
    let shape = tensor.shape().clone();
    let rows = shape.dims().first().copied().unwrap_or(0);
    let width = shape.elem_count() / rows.max(1);
    let dtype = tensor.dtype();
    if heads == 0 || !rows.is_multiple_of(2 * heads) || shape.rank() > 1 && !width.is_multiple_of(dtype.block_size()) {
        candle_core::bail!("{rows} rows of {width} are not {heads} heads of pairs");
    }
    let data = tensor.data()?;
    let row_bytes = data.len() / rows;
    let half = rows / heads / 2;
    let mut turned = Vec::with_capacity(data.len());
    for head in 0..heads {
        for j in 0..2 {
            for i in 0..half {
                let from = (head * 2 * half + i * 2 + j) * row_bytes;
                turned.extend_from_slice(&data[from..from + row_bytes]);
            }
        }
    }
    QTensor::new(QStorage::from_data(Cow::Owned(turned), &Device::Cpu, dtype)?, shape)
}

impl Packed for Gguf {
    fn packed(&self, name: &str) -> CandleResult<Option<Arc<QTensor>>> {
        let dtype =
            self.find(name).and_then(|there| self.0.content.tensor_infos.get(&there)).map(|info| info.ggml_dtype);
        match dtype {
            None | Some(GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16) => Ok(None),
            Some(_) => self.tensor(name).map(|tensor| Some(Arc::new(tensor))),
        }
    }
}

impl SimpleBackend for Gguf {
    fn get(&self, shape: Shape, name: &str, _: Init, dtype: DType, device: &Device) -> CandleResult<Tensor> {
        let tensor = self.get_unchecked(name, dtype, device)?;
        // A convolution's kernel stands without the dimension that is 1.
        if tensor.elem_count() != shape.elem_count() || tensor.dims().last() != shape.dims().last() {
            candle_core::bail!("tensor {name} is {:?}, {shape:?} is wanted", tensor.shape());
        }
        tensor.reshape(shape)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> CandleResult<Tensor> {
        self.tensor(name)?.dequantize(device)?.to_dtype(dtype)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.find(name).is_some()
    }
}
