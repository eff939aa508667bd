//! AdamW (Loshchilov and Hutter, 2019): each parameter with its gradient's mean and square in one pass over memory, in
//! place. The state lives on the CPU wherever the parameter does.

use std::cell::RefCell;

use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Result, Storage, Tensor, Var};

use super::muon;
use super::recipe::Recipe;

/// Floats in a piece of work.
const PIECE: usize = 1 << 14;

/// One parameter's mean and square of the gradient, and the gradient summed up for the next step.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub name: String,
    pub var: Var,
    pub mean: Vec<f32>,
    pub square: Vec<f32>,
    pub grad: Vec<f32>,
    /// Whether a gradient has arrived since the last step.
    pub reached: bool,
}

impl Slot {
    pub(super) fn new(name: String, var: Var) -> Self {
        let zeros = || vec![0f32; var.elem_count()];
        let (mean, square, grad) = (zeros(), zeros(), zeros());
        Self { name, var, mean, square, grad, reached: false }
    }

    /// Adds `weight` times a gradient.
    pub(super) fn add(&mut self, grad: &Tensor, weight: f32) -> Result<()> {
        let grad = grad.to_device(&Device::Cpu)?.to_dtype(candle_core::DType::F32)?.contiguous()?;
        let (storage, layout) = grad.storage_and_layout();
        let Storage::Cpu(storage) = &*storage else { candle_core::bail!("a gradient that is not on the CPU") };
        let grad = crate::kernel::floats(storage, layout)?;
        if grad.len() != self.grad.len() {
            candle_core::bail!("a gradient of {} values for {}", grad.len(), self.name);
        }
        match (self.reached, weight == 1.0) {
            (false, true) => self.grad.copy_from_slice(grad),
            (false, false) => self.grad.iter_mut().zip(grad).for_each(|(sum, x)| *sum = weight * x),
            (true, _) => self.grad.iter_mut().zip(grad).for_each(|(sum, x)| *sum += weight * x),
        }
        self.reached = true;
        Ok(())
    }

    /// Sum of the squares of the gradient, in f64 over stretches of f32 sums.
    pub(super) fn size(&self) -> f64 {
        let stretch = |part: &[f32]| {
            let mut sums = [0f32; 16];
            let (whole, rest) = part.split_at(part.len() / 16 * 16);
            for chunk in whole.chunks_exact(16) {
                sums.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += x * x);
            }
            sums.iter().map(|x| f64::from(*x)).sum::<f64>() + rest.iter().map(|x| f64::from(x * x)).sum::<f64>()
        };
        self.grad.chunks(4096).map(stretch).sum()
    }

    /// One update; `step` counts from 1, the gradient is taken times `scale`.
    pub(super) fn update(&mut self, recipe: &Recipe, step: u64, lr: f64, scale: f64) -> Result<()> {
        if recipe.muon && muon::takes(&self.name, self.var.dims()) {
            return self.turn(recipe, lr, scale);
        }
        let decays = self.var.rank() > 1;
        let power = i32::try_from(step).unwrap_or(i32::MAX);
        let numbers = Numbers {
            scale: scale as f32,
            keep: (1.0 - if decays { lr * recipe.weight_decay } else { 0.0 }) as f32,
            beta1: recipe.beta1 as f32,
            beta2: recipe.beta2 as f32,
            rate: (lr / (1.0 - recipe.beta1.powi(power))) as f32,
            unbias: (1.0 / (1.0 - recipe.beta2.powi(power))) as f32,
            eps: recipe.eps as f32,
        };
        let state = RefCell::new((&mut self.mean[..], &mut self.square[..]));
        let op = Update { numbers, grad: &self.grad, state };
        if self.var.device().is_cpu() {
            return self.var.inplace_op1(&op);
        }
        let here = self.var.to_device(&Device::Cpu)?.copy()?;
        here.inplace_op1(&op)?;
        self.var.set(&here.to_device(self.var.device())?)
    }

    /// One update by Muon with Nesterov's momentum.
    fn turn(&mut self, recipe: &Recipe, lr: f64, scale: f64) -> Result<()> {
        let (keep, scale) = (recipe.beta1 as f32, scale as f32);
        let ahead = self.mean.iter_mut().zip(&self.grad).map(|(mean, grad)| {
            *mean = keep * *mean + (1.0 - keep) * grad * scale;
            keep * *mean + (1.0 - keep) * grad * scale
        });
        let direction = muon::direction(&ahead.collect::<Vec<_>>(), self.var.dims2()?)?;
        let step = Tensor::from_vec(direction, self.var.shape(), &Device::Cpu)?.to_device(self.var.device())?;
        let kept = (self.var.as_tensor().detach() * (1.0 - lr * recipe.weight_decay))?;
        self.var.set(&(kept - (step * lr)?)?)
    }
}

#[derive(Clone, Copy)]
struct Numbers {
    scale: f32,
    keep: f32,
    beta1: f32,
    beta2: f32,
    rate: f32,
    unbias: f32,
    eps: f32,
}

struct Update<'a> {
    numbers: Numbers,
    grad: &'a [f32],
    state: RefCell<(&'a mut [f32], &'a mut [f32])>,
}

impl InplaceOp1 for Update<'_> {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let CpuStorage::F32(values) = storage else { candle_core::bail!("adamw updates f32 parameters alone") };
        let Some((start, end)) = layout.contiguous_offsets().filter(|(a, b)| b - a == self.grad.len()) else {
            candle_core::bail!("adamw: a parameter of {:?} with {} gradients", layout.shape(), self.grad.len())
        };
        let mut state = self.state.borrow_mut();
        let (mean, square) = &mut *state;
        let parts = values[start..end].chunks_mut(PIECE).zip(self.grad.chunks(PIECE));
        for ((values, grad), (mean, square)) in parts.zip(mean.chunks_mut(PIECE).zip(square.chunks_mut(PIECE))) {
            self.numbers.part(values, grad, mean, square);
        }
        Ok(())
    }
}

impl Numbers {
    fn part(self, values: &mut [f32], grad: &[f32], mean: &mut [f32], square: &mut [f32]) {
        for ((value, grad), (mean, square)) in values.iter_mut().zip(grad).zip(mean.iter_mut().zip(square.iter_mut())) {
            let grad = grad * self.scale;
            *mean = self.beta1 * *mean + (1.0 - self.beta1) * grad;
            *square = self.beta2 * *square + (1.0 - self.beta2) * grad * grad;
            *value = self.keep * *value - self.rate * *mean / ((*square * self.unbias).sqrt() + self.eps);
        }
    }
}
