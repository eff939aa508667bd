//! Where a network's tensors come from: candle's `VarBuilder`, and the precision in which matrices are to be kept. A
//! network asks by name and shape and cannot tell a checkpoint from a training run's variables or from a dry run.

use std::sync::Arc;

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Result, Shape, Tensor};
use candle_nn::VarBuilder;

/// Block format of matrices kept quantised (llama.cpp's formats, as candle implements them).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quant {
    /// 8 bits in blocks of 32: 8.5 bits a weight.
    Q8_0,
    /// 4 bits in super-blocks of 256: 4.5 bits a weight.
    Q4K,
}

impl Quant {
    /// The format for rows of `width` weights: this one, [`Quant::Q8_0`] where its blocks don't divide the row, or none.
    #[must_use]
    pub fn for_width(self, width: usize) -> Option<GgmlDType> {
        let fits = |dtype: &GgmlDType| width.is_multiple_of(dtype.block_size());
        match self {
            Quant::Q4K => [GgmlDType::Q4K, GgmlDType::Q8_0].into_iter().find(fits),
            Quant::Q8_0 => Some(GgmlDType::Q8_0).filter(fits),
        }
    }
}

/// Where matrices made into blocks before are kept, by their whole names: making them takes longer than reading them.
pub trait Shelf: Send + Sync {
    /// The matrix in this format, if it is there.
    ///
    /// # Errors
    /// It is there and can't be read.
    fn take(&self, name: &str, format: GgmlDType) -> Result<Option<QTensor>>;

    /// Keeps a matrix for the next time.
    fn keep(&self, name: &str, matrix: &Arc<QTensor>);
}

/// Matrices that come quantised, as a GGUF file has them.
pub trait Packed: Send + Sync {
    /// The matrix of that full name as it is kept, or `None` where it is not quantised.
    ///
    /// # Errors
    /// It can't be read.
    fn packed(&self, name: &str) -> Result<Option<Arc<QTensor>>>;
}

/// Tensors by name, under a prefix. Cheap to clone.
#[derive(Clone)]
pub struct Weights {
    vb: VarBuilder<'static>,
    quant: Option<Quant>,
    shelf: Option<Arc<dyn Shelf>>,
    packed: Option<Arc<dyn Packed>>,
}

impl From<VarBuilder<'static>> for Weights {
    fn from(vb: VarBuilder<'static>) -> Self {
        Self { vb, quant: None, shelf: None, packed: None }
    }
}

impl Weights {
    /// The same tensors, with the matrices of [`super::layers::Linear`] kept quantised from here down; `None` keeps all
    /// in [`Weights::dtype`].
    #[must_use]
    pub fn quantised(mut self, quant: Option<Quant>) -> Self {
        self.quant = quant;
        self
    }

    /// The same tensors, with matrices in blocks taken from a shelf where it has them, and kept there where not.
    #[must_use]
    pub fn shelved(mut self, shelf: Option<Arc<dyn Shelf>>) -> Self {
        self.shelf = shelf;
        self
    }

    /// The tensor `weight` [outputs, inputs] in blocks; none where matrices aren't kept so, or the width doesn't allow it.
    ///
    /// # Errors
    /// As [`Weights::get`], or the device can't make blocks.
    pub fn blocks(&self, (outputs, inputs): (usize, usize)) -> Result<Option<Arc<QTensor>>> {
        let Some(format) = self.quant.and_then(|quant| quant.for_width(inputs)) else { return Ok(None) };
        let name = format!("{}.weight", self.vb.prefix());
        let shelved = self.shelf.as_ref().map_or(Ok(None), |shelf| shelf.take(&name, format))?;
        if let Some(matrix) = shelved.filter(|matrix| matrix.shape().dims() == [outputs, inputs]) {
            return Ok(Some(Arc::new(matrix)));
        }
        let weight = self.get((outputs, inputs), "weight")?;
        let matrix = Arc::new(QTensor::quantize(&weight.to_dtype(DType::F32)?, format)?);
        if let Some(shelf) = &self.shelf {
            shelf.keep(&name, &matrix);
        }
        Ok(Some(matrix))
    }

    /// The same tensors, of which those that come quantised are kept as they come.
    #[must_use]
    pub fn with_packed(mut self, packed: Arc<dyn Packed>) -> Self {
        self.packed = Some(packed);
        self
    }

    /// The matrix `name` [outputs, inputs] as it comes, where it comes quantised.
    ///
    /// # Errors
    /// It can't be read, or is of another shape.
    pub fn packed(&self, shape: (usize, usize), name: &str) -> Result<Option<Arc<QTensor>>> {
        let Some(packed) = &self.packed else {
            return Ok(None);
        };
        let prefix = self.vb.prefix();
        let full = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        match packed.packed(&full)? {
            Some(matrix) if matrix.shape().dims2()? != shape => {
                candle_core::bail!("{full} is {:?}, {shape:?} is wanted", matrix.shape())
            }
            found => Ok(found),
        }
    }

    /// The same tensors in another dtype, from here down.
    #[must_use]
    pub fn set_dtype(mut self, dtype: DType) -> Self {
        self.vb = self.vb.set_dtype(dtype);
        self
    }

    /// Tensors below `name`.
    #[must_use]
    pub fn pp(&self, name: impl ToString) -> Self {
        Self { vb: self.vb.pp(name), ..self.clone() }
    }

    /// The tensor `name` of this shape, in [`Weights::dtype`].
    ///
    /// # Errors
    /// No such tensor, or one of another shape.
    pub fn get(&self, shape: impl Into<Shape>, name: &str) -> Result<Tensor> {
        self.vb.get(shape, name)
    }

    /// As [`Weights::get`]; where the tensors are variables of a training run that don't exist yet, they start by `init`.
    ///
    /// # Errors
    /// As [`Weights::get`].
    pub fn get_or(&self, shape: impl Into<Shape>, name: &str, init: candle_nn::Init) -> Result<Tensor> {
        self.vb.get_with_hints(shape, name, init)
    }

    /// Whether there is a tensor `name`.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.vb.contains_tensor(name)
    }

    /// In what matrices are to be kept.
    #[must_use]
    pub fn quant(&self) -> Option<Quant> {
        self.quant
    }

    /// Dtype of the tensors.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.vb.dtype()
    }

    /// Where the tensors live.
    #[must_use]
    pub fn device(&self) -> &Device {
        self.vb.device()
    }
}
