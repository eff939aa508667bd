//! Drawing: words in, pictures out, code by code, with classifier-free guidance (Ho and Salimans, 2022): each code is
//! chosen from what the words make likelier than no words do.

use candle_core::{DType, Tensor};

use super::error::RunError;
use super::janus::Janus;
use super::prompt;
use super::sampling::{Sampler, Sampling};

/// Pictures drawn at once at most.
pub const MAX_COUNT: usize = 64;

/// How to draw.
#[derive(Clone, Debug)]
pub struct DrawOptions {
    /// How codes are chosen; each picture has chances of its own, the same whatever is drawn beside it.
    pub sampling: Sampling,
    /// How far to go from no words towards the words: 1 takes the words alone and is twice as fast.
    pub guidance: f32,
    /// Pictures to draw at once, 1 to [`MAX_COUNT`].
    pub count: usize,
}

impl Default for DrawOptions {
    fn default() -> Self {
        Self { sampling: Sampling { temperature: 1.0, ..Sampling::default() }, guidance: 5.0, count: 1 }
    }
}

/// Pictures drawn.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// Codes (u32) [count, image tokens], row by row.
    pub codes: Tensor,
    /// Pixels [count, channels, size, size], f32 in [-1, 1]: red, green, blue, and what else the model draws.
    pub pixels: Tensor,
}

impl Drawing {
    /// One picture's bytes, red, green and blue of each pixel, row by row: size · size · 3.
    ///
    /// # Errors
    /// [`RunError::Network`] for a picture that is not there.
    pub fn rgb(&self, index: usize) -> Result<Vec<u8>, RunError> {
        bytes(&self.pixels.get(index)?.narrow(0, 0, 3)?)
    }

    /// The same with every channel that the model draws: size · size · channels.
    ///
    /// # Errors
    /// [`RunError::Network`] for a picture that is not there.
    pub fn bytes(&self, index: usize) -> Result<Vec<u8>, RunError> {
        bytes(&self.pixels.get(index)?)
    }
}

/// Values [channels, height, width] in [-1, 1] as bytes [height, width, channels].
pub(crate) fn bytes(pixels: &Tensor) -> Result<Vec<u8>, RunError> {
    let pixels = ((pixels + 1.0)? * 127.5)?.clamp(0f32, 255f32)?;
    Ok(pixels.permute((1, 2, 0))?.to_dtype(DType::U8)?.flatten_all()?.to_vec1()?)
}

impl Janus {
    /// Draws pictures of what the words say. `progress` is told codes chosen and codes in all; `cancelled` is asked before
    /// every code and every picture.
    ///
    /// # Errors
    /// [`RunError::Cancelled`], nothing said, an option that is wrong, words beyond the context, or the network.
    pub fn draw(
        &self,
        words: &str,
        options: &DrawOptions,
        progress: &mut dyn FnMut(usize, usize),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Drawing, RunError> {
        let prompts = prompt::drawing(&self.tokenizer, &self.control, words)?;
        self.draw_from(&prompts, options, progress, cancelled)
    }

    /// As [`Janus::draw`], from tokens up to the one that opens the picture: with the words and without, of one length.
    ///
    /// # Errors
    /// As [`Janus::draw`].
    pub fn draw_from(
        &self,
        prompts: &[Vec<u32>; 2],
        options: &DrawOptions,
        progress: &mut dyn FnMut(usize, usize),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Drawing, RunError> {
        let (count, guidance) = (options.count, f64::from(options.guidance));
        if count == 0 || count > MAX_COUNT {
            return Err(RunError::Option { name: "count", value: count as f64, range: "from 1 to 64" });
        }
        if !(0.0..=100.0).contains(&guidance) {
            return Err(RunError::Option { name: "guidance", value: guidance, range: "from 0 to 100" });
        }
        let total = self.network.config().num_image_tokens();
        let tokens = prompts[0].len() + total;
        if tokens > self.context {
            return Err(RunError::TooLong { tokens, context: self.context });
        }
        let samplers = (0..count as u64).map(|row| Sampler::new(options.sampling, row));
        let mut samplers = samplers.collect::<Result<Vec<_>, _>>()?;

        // The words are read once, and once without; then each picture goes its own way from there.
        let guided = guidance != 1.0;
        let rows = if guided { &prompts[..] } else { &prompts[..1] };
        let language = &self.network.language;
        let mut start = language.cache();
        let hidden = language.forward(&self.network.embed(rows, u32::MAX, None)?, Some(&mut start))?;
        let order: Vec<usize> = (0..rows.len()).flat_map(|row| std::iter::repeat_n(row, count)).collect();
        let index: Vec<u32> = order.iter().map(|&row| row as u32).collect();
        let mut hidden = hidden.narrow(1, hidden.dim(1)? - 1, 1)?.contiguous()?;
        hidden = hidden.index_select(&Tensor::new(index, language.device())?, 0)?;
        let mut cache = start.select(&order)?;
        drop(start);

        let mut drawn: Vec<Vec<u32>> = vec![Vec::with_capacity(total); count];
        for step in 0..total {
            if cancelled() {
                return Err(RunError::Cancelled);
            }
            let mut logits = self.network.generation.logits(&hidden)?.squeeze(1)?.to_dtype(DType::F32)?;
            if guided {
                let (with, without) = (logits.narrow(0, 0, count)?, logits.narrow(0, count, count)?);
                logits = (&without + ((with - &without)? * guidance)?)?;
            }
            for ((row, sampler), codes) in logits.to_vec2::<f32>()?.iter_mut().zip(&mut samplers).zip(&mut drawn) {
                codes.push(sampler.choose(row, codes)?);
            }
            progress(step + 1, total);
            if step + 1 < total {
                let last: Vec<u32> = drawn.iter().filter_map(|codes| codes.last().copied()).collect();
                let last = Tensor::new(last.repeat(rows.len()), language.device())?.unsqueeze(1)?;
                hidden = language.forward(&self.network.generation.embed(&last)?, Some(&mut cache))?;
            }
        }
        let codes = Tensor::new(drawn, language.device())?;
        let mut pictures = Vec::with_capacity(count);
        for row in 0..count {
            if cancelled() {
                return Err(RunError::Cancelled);
            }
            pictures.push(self.network.generation.vq().decode(&codes.narrow(0, row, 1)?)?);
        }
        Ok(Drawing { pixels: Tensor::cat(&pictures, 0)?.clamp(-1f32, 1f32)?, codes })
    }
}
