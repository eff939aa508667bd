//! Many parameters as one argument: candle's operators take three tensors at most. A chain of links, one a parameter, ends
//! in a token that an operator takes as an argument; on the way back the operator leaves the gradients in the slots, and
//! each link hands its own to candle. So they flow through candle's graph as any gradient does.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp2, DType, Device, Layout, Result, Shape, Tensor};

/// Where an operator leaves the gradients, a slot a parameter.
#[derive(Clone)]
pub(super) struct Slots(Arc<Mutex<Vec<Option<Tensor>>>>);

impl Slots {
    /// Leaves the gradients, in the parameters' order.
    pub(super) fn fill(&self, grads: Vec<Tensor>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = grads.into_iter().map(Some).collect();
    }

    fn take(&self, slot: usize) -> Result<Tensor> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = slots.get_mut(slot).and_then(Option::take);
        found.ok_or_else(|| candle_core::Error::msg("a parameter's gradient was asked for before it was computed"))
    }
}

/// A token that stands for the parameters, and the slots for their gradients.
pub(super) fn bundle(params: &[&Tensor]) -> Result<(Tensor, Slots)> {
    let slots = Slots(Arc::default());
    let mut token = Tensor::zeros(1, DType::F32, &Device::Cpu)?;
    for (slot, param) in params.iter().enumerate().filter(|(_, param)| param.track_op()) {
        token = token.apply_op2(param, Link { slot, slots: slots.clone() })?;
    }
    Ok((token, slots))
}

struct Link {
    slot: usize,
    slots: Slots,
}

impl CustomOp2 for Link {
    fn name(&self) -> &'static str {
        "parameter of a bundle"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(vec![0.0]), Shape::from(1)))
    }

    fn bwd(&self, token: &Tensor, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((token.track_op().then(|| grad.clone()), Some(self.slots.take(self.slot)?)))
    }
}
