//! One door to a model that writes: a GGUF file, or a folder as Hugging Face has it. What it needs of memory and context
//! is held against what there is before anything is loaded.

use std::path::Path;

use candle_core::DType;
use serde_json::Value;

use super::checkpoint::{self, Checkpoint};
use super::error::LoadError;
use super::gguf::Gguf;
use super::gguf_shape::ModelShape;
use super::house::House;
use super::network::{Limited, Liquid, Llama, Network};
use super::talk::{CHATML, Chat};
use super::text::{LFM2, Style, Writer};
use super::{lfm2_config, memory};
use crate::net::decoder::Decoder;
use crate::net::layers::Quant;
use crate::net::lfm2::{self, Lfm2};

/// A language model that is loaded and can be asked.
pub type TextLlm = Writer;

/// How a model is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Longest context, in tokens; the model's own bound holds too.
    pub context: usize,
    /// In what the matrices of a folder's model are kept; a GGUF's stay as they are.
    pub quant: Option<Quant>,
    /// How it writes; none: as the model's makers advise.
    pub style: Option<Style>,
    /// Bytes that may be taken; none: what the system has.
    pub free: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self { context: 8192, quant: Some(Quant::Q8_0), style: None, free: None }
    }
}

impl Writer {
    /// Opens `FILE.gguf` or a folder with `config.json`, `tokenizer.json` and weights.
    ///
    /// # Errors
    /// [`LoadError`]: what is missing, wrong or too large, in which file, and what to do.
    pub fn open(path: &Path, options: &Options) -> Result<Self, LoadError> {
        let house = if path.is_dir() { House::read(path)? } else { None };
        // A model of our own is small enough to be kept as it is.
        let options = &Options { quant: options.quant.filter(|_| house.is_none()), ..*options };
        let (net, chat, is_lfm2) = if path.is_dir() { folder(path, options)? } else { file(path, options)? };
        let style = if is_lfm2 { Style { thought: LFM2, ..Style::default() } } else { Style::default() };
        let style = house.as_ref().map_or(style, House::style);
        let style = options.style.unwrap_or(style);
        let net = Box::new(Limited::new(net, options.context));
        let bound = net.context();
        if style.answer_tokens + MARGIN > bound {
            let why = format!("holds {bound} tokens, an answer alone may take {}: give more", style.answer_tokens);
            return Err(LoadError::Config { path: path.to_owned(), field: "context".to_owned(), why });
        }
        let name = path.file_stem().map_or_else(|| "model".to_owned(), |name| name.to_string_lossy().into_owned());
        let unfit = |error: super::grammar::VocabError| unusable(path, error.to_string());
        let house = house.unwrap_or_default();
        Ok(Self::new(name, net, chat, style).map_err(unfit)?.housed(house))
    }
}

/// The network of a model by itself, to read and speak tokens with.
///
/// # Errors
/// [`LoadError`]
pub fn network(path: &Path, options: &Options) -> Result<Box<dyn Network>, LoadError> {
    let (net, ..) = if path.is_dir() { folder(path, options)? } else { file(path, options)? };
    Ok(net)
}

/// Tokens beside the answer's that a context must have room for, at least.
const MARGIN: usize = 64;

fn unusable(path: &Path, why: String) -> LoadError {
    LoadError::Tokenizer { path: path.to_owned(), why }
}

type Parts = (Box<dyn Network>, Chat, bool);

fn file(path: &Path, options: &Options) -> Result<Parts, LoadError> {
    let gguf = Gguf::open(path)?;
    let tokenizer = gguf.tokenizer()?;
    let template = gguf.text("tokenizer.chat_template").unwrap_or(CHATML);
    let bos = gguf.token("tokenizer.ggml.bos_token_id").unwrap_or("");
    let eos = gguf.token("tokenizer.ggml.eos_token_id").unwrap_or("");
    let chat = Chat::new(tokenizer, template, bos, eos).map_err(|error| unusable(path, error.to_string()))?;
    let free = options.free.or_else(memory::free);
    let fits = |cache: u64| memory::check(gguf.bytes() + cache, free, Some(Quant::Q4K), DType::F32);
    match gguf.shape() {
        ModelShape::Decoder { config, .. } => {
            fits(memory::cache(config, options.context.min(config.max_positions), 1, DType::F32))?;
            let net = Decoder::new(config, gguf.weights(DType::F32))?;
            Ok((Box::new(Llama::new(net)), chat, false))
        }
        ModelShape::Lfm2(config) => {
            fits(lfm2_cache(config, options.context))?;
            let net = Lfm2::new(config, gguf.weights(DType::F32))?;
            Ok((Box::new(Liquid::new(net)), chat, true))
        }
    }
}

fn lfm2_cache(config: &lfm2::Config, context: usize) -> u64 {
    let attending = config.attends.iter().filter(|attends| **attends).count();
    let token = 2 * attending * config.num_kv_heads * config.head_dim() * DType::F32.size_in_bytes();
    token as u64 * context.min(config.max_positions) as u64
}

fn folder(path: &Path, options: &Options) -> Result<Parts, LoadError> {
    let load = checkpoint::Options {
        quant: options.quant,
        context: options.context,
        free: options.free,
        ..checkpoint::Options::default()
    };
    let config_path = path.join("config.json");
    let text = std::fs::read_to_string(&config_path).map_err(LoadError::io(&config_path))?;
    let kind: Option<Value> = serde_json::from_str(&text).ok();
    let is_lfm2 = kind.as_ref().and_then(|value| value.get("model_type")?.as_str()) == Some("lfm2");
    let net: Box<dyn Network> = if is_lfm2 {
        let wrong = |error: lfm2_config::ConfigError| LoadError::Config {
            path: config_path.clone(),
            field: "LFM2".to_owned(),
            why: error.to_string(),
        };
        let config = lfm2_config::read(&text).map_err(wrong)?;
        let cache = lfm2_cache(&config, options.context);
        let net = Checkpoint::open(path)?.build(&load, cache, |weights| Lfm2::new(&config, weights))?;
        Box::new(Liquid::new(net))
    } else {
        Box::new(Llama::new(checkpoint::decoder(path, &load)?))
    };
    Ok((net, chat(path)?, is_lfm2))
}

/// Tokenizer and template of a folder.
fn chat(path: &Path) -> Result<Chat, LoadError> {
    let file = path.join("tokenizer.json");
    let bytes = std::fs::read(&file).map_err(LoadError::io(&file))?;
    let tokenizer =
        tokenizers::Tokenizer::from_bytes(bytes).map_err(|error| unusable(&file, format!("can't be used: {error}")))?;
    let config_file = path.join("tokenizer_config.json");
    let config: Value = match std::fs::read_to_string(&config_file) {
        Ok(text) => serde_json::from_str(&text).map_err(|error| unusable(&config_file, error.to_string()))?,
        Err(_) => Value::Null, // not every folder has one
    };
    // A token stands as its text or as an object with it.
    let token = |key: &str| {
        let value = config.get(key);
        value.and_then(|value| value.as_str().or_else(|| value.get("content")?.as_str())).unwrap_or("").to_owned()
    };
    let alone = std::fs::read_to_string(path.join("chat_template.jinja")).ok();
    let inside = config.get("chat_template").and_then(Value::as_str).map(str::to_owned);
    let template = alone.or(inside).unwrap_or_else(|| CHATML.to_owned());
    Chat::new(tokenizer, &template, &token("bos_token"), &token("eos_token"))
        .map_err(|error| unusable(&config_file, error.to_string()))
}
