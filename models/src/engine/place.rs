//! Where and how finely a model works, as a person says it.

use candle_core::{DType, Device};

use super::catalog::Precision;
use super::checkpoint::Options;
use crate::net::weights::Quant;

/// Where a model works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// On the processor.
    #[default]
    Cpu,
    /// On the first NVIDIA card.
    Cuda,
}

/// Why a place can't be had.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// No card, no driver, or a build without CUDA.
    #[error("no NVIDIA card can be used ({0}): work on the processor")]
    Cuda(candle_core::Error),
}

impl Options {
    /// The options for a place and a precision.
    ///
    /// # Errors
    /// [`PlaceError`] when the place can't be had.
    pub fn of(place: Place, precision: Precision) -> Result<Self, PlaceError> {
        let device = match place {
            Place::Cpu => Device::Cpu,
            Place::Cuda => Device::new_cuda(0).map_err(PlaceError::Cuda)?,
        };
        let (dtype, quant) = match precision {
            Precision::F32 => (DType::F32, None),
            Precision::Bf16 => (DType::BF16, None),
            Precision::Q8 => (DType::F32, Some(Quant::Q8_0)),
            Precision::Q4 => (DType::F32, Some(Quant::Q4K)),
        };
        Ok(Self { dtype, quant, device, ..Self::default() })
    }
}
