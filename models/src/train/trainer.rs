//! The loop's inside: losses in, parameters moved, a report out. Gradients of micro-batches are summed, cut to a norm and
//! given to AdamW. Everything that fixes what comes next is in a checkpoint, so a run that was killed goes on to the bit.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use candle_core::{DType, Device, Tensor};

use super::adamw::Slot;
use super::checkpoint::{self, Header, STATE};
use super::error::TrainError;
use super::params::Params;
use super::recipe::Recipe;

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// Which step, from 0.
    pub step: u64,
    /// Mean loss of the micro-batches, by their weights.
    pub loss: f64,
    /// The gradient's norm over all parameters, before it was cut.
    pub grad_norm: f64,
    /// The learning rate.
    pub lr: f64,
    /// Wall time of the step, the making of its batches in the iterator included.
    pub took: Duration,
}

/// Has the allocator keep what a step frees for the next step. Otherwise glibc gives large blocks back to the system, and a
/// step spends its time having pages cleared anew. For the whole process, which a trainer fills anyhow.
fn keep_memory() {
    // The pool asks for less when it is made: that comes first.
    crate::kernel::Pool::shared();
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt takes any numbers, at any time.
    #[allow(unsafe_code)]
    unsafe {
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
    }
}

/// Parameters in training.
pub struct Trainer {
    params: Params,
    recipe: Recipe,
    slots: Vec<Slot>,
    step: u64,
    checked: bool,
    idle: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

impl Trainer {
    /// Starts at step 0. Build the networks from [`Params::weights`] first: parameters made later are not trained.
    ///
    /// # Errors
    /// The recipe makes no sense, or there is nothing to train.
    pub fn new(params: &Params, recipe: Recipe) -> Result<Self, TrainError> {
        recipe.check()?;
        keep_memory();
        let slots: Vec<_> = params.trained().into_iter().map(|(name, var)| Slot::new(name, var)).collect();
        if slots.is_empty() {
            let (name, range) = ("parameters", "more than none: build the network from Params::weights first");
            return Err(TrainError::Recipe { name, value: 0.0, range });
        }
        Ok(Self { params: params.clone(), recipe, slots, step: 0, checked: false, idle: Box::new(|_| false) })
    }

    /// Parameters that need not be reached by the first step's losses, as those of a task that comes up now and then.
    #[must_use]
    pub fn may_idle(mut self, rule: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.idle = Box::new(rule);
        self
    }

    /// One step over micro-batches of equal weight: each item is a loss (a scalar), made when it is asked for and let go
    /// before the next, so memory holds one graph at a time.
    ///
    /// # Errors
    /// As [`Trainer::step_weighted`].
    pub fn step(
        &mut self,
        losses: impl IntoIterator<Item = candle_core::Result<Tensor>>,
    ) -> Result<StepReport, TrainError> {
        self.step_weighted(losses.into_iter().map(|loss| Ok((loss?, 1.0))))
    }

    /// One step over micro-batches of different weights, as their counts of tokens: the step's loss is
    /// Σ weight · loss / Σ weight.
    ///
    /// # Errors
    /// A loss can't be computed; no micro-batch came; in this trainer's first step a parameter got no gradient; or the
    /// loss or the gradient is not finite. The parameters are then as before.
    pub fn step_weighted(
        &mut self,
        losses: impl IntoIterator<Item = candle_core::Result<(Tensor, f64)>>,
    ) -> Result<StepReport, TrainError> {
        let start = Instant::now();
        for slot in &mut self.slots {
            slot.reached = false;
        }
        let (mut loss, mut total) = (0.0, 0.0);
        for item in losses {
            let (tensor, weight) = item?;
            if !(weight > 0.0 && weight.is_finite()) {
                continue;
            }
            loss += weight * f64::from(tensor.to_dtype(DType::F32)?.to_scalar::<f32>()?);
            total += weight;
            let grads = tensor.backward()?;
            for slot in &mut self.slots {
                if let Some(grad) = grads.get(&slot.var) {
                    slot.add(grad, weight as f32)?;
                }
            }
        }
        if total == 0.0 {
            return Err(TrainError::Empty { step: self.step });
        }
        self.check_reached()?;
        let loss = loss / total;
        let reached = self.slots.iter().filter(|slot| slot.reached);
        let grad_norm = reached.map(Slot::size).sum::<f64>().sqrt() / total;
        for (what, value) in [("the loss", loss), ("the gradient's norm", grad_norm)] {
            if !value.is_finite() {
                return Err(TrainError::NotFinite { step: self.step, what, value });
            }
        }
        let lr = self.recipe.lr(self.step);
        let cut = self.recipe.clip.map_or(1.0, |most| (most / grad_norm.max(f64::MIN_POSITIVE)).min(1.0));
        for slot in self.slots.iter_mut().filter(|slot| slot.reached) {
            slot.update(&self.recipe, self.step + 1, lr, cut / total)?;
        }
        self.step += 1;
        Ok(StepReport { step: self.step - 1, loss, grad_norm, lr, took: start.elapsed() })
    }

    /// In the first step every parameter must be reached, or be allowed not to be.
    fn check_reached(&mut self) -> Result<(), TrainError> {
        if !self.checked {
            let missed = self.slots.iter().filter(|slot| !slot.reached && !(self.idle)(&slot.name));
            let names: Vec<_> = missed.map(|slot| slot.name.clone()).collect();
            if !names.is_empty() {
                return Err(TrainError::NoGradient { names });
            }
            self.checked = true;
        }
        Ok(())
    }

    /// Steps done.
    #[must_use]
    pub fn steps_done(&self) -> u64 {
        self.step
    }

    /// Whether the recipe's steps are done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.step >= self.recipe.steps
    }

    /// How it learns.
    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// What it trains.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Writes a checkpoint, whole or not at all; `cursor` is whatever the caller needs to go on with the same data.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn save(&self, path: &Path, cursor: serde_json::Value) -> Result<(), TrainError> {
        let mut tensors: BTreeMap<String, Tensor> = self.params.tensors()?;
        for slot in &self.slots {
            for (state, values) in STATE.iter().zip([&slot.mean, &slot.square]) {
                let tensor = Tensor::from_slice(values, slot.var.shape(), &Device::Cpu)?;
                tensors.insert(format!("{state}{}", slot.name), tensor);
            }
        }
        checkpoint::write(path, &tensors, Some(&Header { step: self.step, recipe: self.recipe.clone(), cursor }))
    }

    /// Goes on from a checkpoint: parameters, AdamW's state and the step become those of the file; gives back the cursor.
    /// Networks already built see the new values.
    ///
    /// # Errors
    /// The file can't be read, was made by another recipe, or belongs to other parameters; nothing is changed then.
    pub fn resume(&mut self, path: &Path) -> Result<serde_json::Value, TrainError> {
        let Header { step, recipe, cursor } = checkpoint::header(path)?;
        if recipe != self.recipe {
            let json = |recipe: &Recipe| serde_json::to_string(recipe).unwrap_or_default();
            let (there, here) = (json(&recipe), json(&self.recipe));
            return Err(TrainError::OtherRecipe { path: path.to_owned(), there, here });
        }
        let tensors = checkpoint::read(path)?;
        let find = |name: &str, like: &Tensor| {
            let mismatch = |what| TrainError::Mismatch { path: path.to_owned(), what };
            let found = tensors.get(name).ok_or_else(|| mismatch(format!("{name} is missing")))?;
            match (found.dtype(), found.shape() == like.shape()) {
                (DType::F32, true) => Ok(found.clone()),
                (dtype, _) => Err(mismatch(format!("{name} is {:?} {dtype:?}, not {:?}", found.shape(), like.shape()))),
            }
        };
        let all = self.params.all();
        let values = all.iter().map(|(name, var)| find(name, var)).collect::<Result<Vec<_>, _>>()?;
        let states = self.slots.iter().map(|slot| {
            let state = |i: usize| -> Result<Vec<f32>, TrainError> {
                let tensor = find(&format!("{}{}", STATE[i], slot.name), &slot.var)?;
                Ok(tensor.flatten_all()?.to_vec1()?)
            };
            Ok((state(0)?, state(1)?))
        });
        let states = states.collect::<Result<Vec<_>, TrainError>>()?;
        for ((_, var), value) in all.iter().zip(values) {
            var.set(&value.to_device(var.device())?)?;
        }
        for (slot, (mean, square)) in self.slots.iter_mut().zip(states) {
            (slot.mean, slot.square) = (mean, square);
        }
        self.step = step;
        Ok(cursor)
    }
}
