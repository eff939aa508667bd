//! What the writer needs of a language network, whatever its kind: read tokens, give logits, forget back to a point.

use std::collections::HashMap;

use candle_core::{DType, Device, Result, Tensor};

use crate::net::decoder::{Cache, Decoder};
use crate::net::lfm2::{Lfm2, Point, State};

/// A language network with what it has read of one text.
pub trait Network: Send {
    /// Width of the logits.
    fn vocab(&self) -> usize;

    /// Most tokens that it can hold.
    fn context(&self) -> usize;

    /// Tokens it holds.
    fn held(&self) -> usize;

    /// Reads tokens after those it holds and gives the logits after the last, `vocab` of them. After an error it holds
    /// what it held before.
    ///
    /// # Errors
    /// A token is beyond the vocabulary, the context is full, or the device failed; or no token was given.
    fn read(&mut self, tokens: &[u32]) -> Result<Vec<f32>>;

    /// Forgets what is beyond the first `len` tokens, or more where it can't go back to just there; what it holds then is
    /// [`Network::held`].
    fn rewind(&mut self, len: usize);

    /// Remembers this point as one to go back to. Networks that can go back anywhere need not.
    fn mark(&mut self) {}

    /// What it holds, to be put aside; nothing where that can't be done.
    ///
    /// # Errors
    /// The device has no memory for it.
    fn put_aside(&self) -> Result<HashMap<String, Tensor>> {
        Ok(HashMap::new())
    }

    /// Takes back what it held of `len` tokens, in place of what it holds.
    ///
    /// # Errors
    /// It is none of this network's: then it holds nothing.
    fn take_back(&mut self, _held: &HashMap<String, Tensor>, _len: usize) -> Result<()> {
        candle_core::bail!("this network takes nothing back")
    }
}

/// A decoder of the Llama family and its cache.
pub struct Llama {
    net: Decoder,
    cache: Cache,
}

impl Llama {
    /// Holds nothing yet.
    #[must_use]
    pub fn new(net: Decoder) -> Self {
        let cache = net.cache();
        Self { net, cache }
    }
}

/// The ids as a row, checked.
pub(crate) fn row(tokens: &[u32], vocab: usize, device: &Device) -> Result<Tensor> {
    if let Some(token) = tokens.iter().find(|token| **token as usize >= vocab) {
        candle_core::bail!("token {token} is beyond the vocabulary of {vocab}");
    }
    if tokens.is_empty() {
        candle_core::bail!("no token was given to read");
    }
    Tensor::from_slice(tokens, (1, tokens.len()), device)
}

/// The last token's hidden state of [1, tokens, hidden].
pub(crate) fn last(hidden: &Tensor) -> Result<Tensor> {
    hidden.narrow(1, hidden.dim(1)?.saturating_sub(1), 1)
}

/// Logits as numbers.
pub(crate) fn numbers(logits: &Tensor) -> Result<Vec<f32>> {
    logits.flatten_all()?.to_dtype(DType::F32)?.to_vec1()
}

impl Network for Llama {
    fn vocab(&self) -> usize {
        self.net.config().vocab_size
    }

    fn context(&self) -> usize {
        self.net.config().max_positions
    }

    fn held(&self) -> usize {
        self.cache.len()
    }

    fn read(&mut self, tokens: &[u32]) -> Result<Vec<f32>> {
        let ids = row(tokens, self.vocab(), self.net.device())?;
        let hidden = self.net.forward(&self.net.embed(&ids)?, Some(&mut self.cache))?;
        numbers(&self.net.logits(&last(&hidden)?)?)
    }

    fn rewind(&mut self, len: usize) {
        self.cache.truncate(len);
    }

    fn put_aside(&self) -> Result<HashMap<String, Tensor>> {
        self.cache.tensors()
    }

    fn take_back(&mut self, held: &HashMap<String, Tensor>, len: usize) -> Result<()> {
        let config = self.net.config();
        self.cache.restore(held, (config.num_kv_heads, len, config.head_dim))
    }
}

/// An LFM2 and its state. It goes back to its mark, or to nothing.
pub struct Liquid {
    net: Lfm2,
    state: State,
    mark: Option<Point>,
}

impl Liquid {
    /// Holds nothing yet.
    #[must_use]
    pub fn new(net: Lfm2) -> Self {
        let state = net.state();
        Self { net, state, mark: None }
    }
}

impl Network for Liquid {
    fn vocab(&self) -> usize {
        self.net.config().vocab_size
    }

    fn context(&self) -> usize {
        self.net.config().max_positions
    }

    fn held(&self) -> usize {
        self.state.len()
    }

    fn read(&mut self, tokens: &[u32]) -> Result<Vec<f32>> {
        let ids = row(tokens, self.vocab(), self.net.device())?;
        let hidden = self.net.forward(&ids, Some(&mut self.state))?;
        numbers(&self.net.logits(&last(&hidden)?)?)
    }

    fn rewind(&mut self, len: usize) {
        if len >= self.state.len() {
            return;
        }
        match &self.mark {
            Some(point) if point.len() <= len => self.state.rewind(point),
            _ => {
                self.state.clear();
                self.mark = None;
            }
        }
    }

    fn mark(&mut self) {
        self.mark = Some(self.state.point());
    }

    fn put_aside(&self) -> Result<HashMap<String, Tensor>> {
        self.state.tensors()
    }

    fn take_back(&mut self, held: &HashMap<String, Tensor>, len: usize) -> Result<()> {
        self.mark = None;
        let config = self.net.config();
        let tail = [config.conv_taps - 1, config.hidden_size];
        self.state.restore(held, (config.num_kv_heads, len, config.head_dim()), tail, &config.attends)
    }
}

/// A network whose context is held shorter than it could be.
pub struct Limited {
    net: Box<dyn Network>,
    context: usize,
}

impl Limited {
    /// At most `context` tokens.
    #[must_use]
    pub fn new(net: Box<dyn Network>, context: usize) -> Self {
        let context = context.min(net.context());
        Self { net, context }
    }
}

impl Network for Limited {
    fn vocab(&self) -> usize {
        self.net.vocab()
    }

    fn context(&self) -> usize {
        self.context
    }

    fn held(&self) -> usize {
        self.net.held()
    }

    fn read(&mut self, tokens: &[u32]) -> Result<Vec<f32>> {
        let (held, more) = (self.held(), tokens.len());
        if held + more > self.context {
            candle_core::bail!("{held} + {more} tokens: the context is {}", self.context);
        }
        self.net.read(tokens)
    }

    fn rewind(&mut self, len: usize) {
        self.net.rewind(len);
    }

    fn mark(&mut self) {
        self.net.mark();
    }

    fn put_aside(&self) -> Result<HashMap<String, Tensor>> {
        self.net.put_aside()
    }

    fn take_back(&mut self, held: &HashMap<String, Tensor>, len: usize) -> Result<()> {
        self.net.take_back(held, len)
    }
}
