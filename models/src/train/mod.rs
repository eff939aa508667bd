//! Learning: parameters, AdamW, checkpoints that resume to the bit, losses. It trains the very networks that answer
//! ([`crate::net`]), on gradients that candle computes and kernels of our own fill in. Outside the ring: what it makes, the
//! ring's stages load.
//!
//! ```
//! use candle_core::{Device, Tensor};
//! use ponder_models::net::decoder::{Config, Decoder};
//! use ponder_models::train::{Params, Recipe, Trainer, cross_entropy};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let params = Params::new(7, &Device::Cpu); // seed: the same one, the same run, to the bit
//! let network = Decoder::new(&Config::tiny(), params.weights())?; // its variables are made here
//! let recipe = Recipe { steps: 3, warmup: 1, ..Recipe::default() };
//! let mut trainer = Trainer::new(&params, recipe)?; // after all networks are built
//! while !trainer.is_done() {
//!     // Two micro-batches; each loss is made when the step asks for it, its graph is dropped before the next.
//!     let report = trainer.step((0..2u32).map(|i| {
//!         let ids = Tensor::new(&[[1 + i, 2, 3, 4]], &Device::Cpu)?;
//!         let targets = Tensor::new(&[[2u32, 3, 4, ponder_models::train::IGNORE]], &Device::Cpu)?;
//!         cross_entropy(&network.forward_ids(&ids, None)?, &targets, None)
//!     }))?;
//!     println!("{} {:.3} |g| {:.2} lr {:.1e}", report.step, report.loss, report.grad_norm, report.lr);
//! }
//! // To answer or to measure with the weights of now: a network of its own, on the fast kernels.
//! let answers = Decoder::new(&Config::tiny(), params.snapshot()?)?;
//! # drop(answers);
//! # Ok(())
//! # }
//! ```
//!
//! - **Keeping.** [`Trainer::save`] writes one safetensors file: parameters in Hugging Face names, AdamW's state, and a
//!   header with step, recipe and a JSON `cursor` of yours (place in the data, state of your random numbers).
//!   [`Trainer::resume`] gives the cursor back: k steps, a kill and n - k steps are n steps, to the bit, if your data are.
//!   [`checkpoint::header`] reads the header alone. [`Params::save`] writes weights alone. Either file is what
//!   [`Builder::load`](params::Builder::load) starts the next stage from.
//! - **No silent loss of gradients.** A trainer refuses its first step if any parameter gets no gradient, and names them.
//!   Freeze parts by [`Builder::frozen`](params::Builder::frozen); allow tasks that take turns by [`Trainer::may_idle`]. In
//!   code of your own use [`crate::net::layers`] and plain tensor operations: candle's fused softmax, norms and rope
//!   have no backward pass and don't say so.
//! - **Starts.** A network says how each parameter starts; linear maps are then drawn with variance 1 / inputs. Change it
//!   by [`Builder::init`](params::Builder::init). Parameters of your own: [`Params::get`], or layers made with
//!   `params.weights().pp("my.part")`.
//! - **Weights of losses.** [`cross_entropy`] takes [`IGNORE`] and a weight a token; [`Trainer::step_weighted`] weighs
//!   micro-batches, by their counts of tokens for example.
//! - **Threads.** Kernels take all cores. `kernel::pool::alone(|| ..)` around a step keeps them on this thread; candle's
//!   own operations heed `RAYON_NUM_THREADS=1`. Two runs of one thread each are the best use of two cores.

mod adamw;
pub mod checkpoint;
pub mod error;
pub mod imagine;
pub mod loss;
mod muon;
pub mod params;
pub mod recipe;
mod run;
pub use run::CHECKPOINT;
pub mod see;
pub mod think;
pub mod trainer;

pub use error::TrainError;
pub use loss::{IGNORE, cross_entropy};
pub use params::Params;
pub use recipe::Recipe;
pub use trainer::{StepReport, Trainer};
