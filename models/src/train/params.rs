//! A network's parameters while it learns: variables by name, made when the network first asks for them, each from its
//! own stream of random numbers (by seed and name, so one more parameter changes no other). The training side's source
//! behind [`Weights`]: a network cannot tell it from a checkpoint.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use candle_core::{DType, Device, Result, Shape, Tensor, Var};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder, init::NonLinearity};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use super::checkpoint;
use super::error::TrainError;
use crate::net::layers::Weights;

/// How a parameter starts, from its name, its shape and what the network suggests.
pub type InitRule = dyn Fn(&str, &Shape, Init) -> Init + Send + Sync;

/// Named variables in f32. Cheap to clone; clones share the variables.
#[derive(Clone)]
pub struct Params(Arc<Inner>);

struct Inner {
    seed: u64,
    device: Device,
    init: Box<InitRule>,
    frozen: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Values that parameters start from instead.
    start: HashMap<String, Tensor>,
    made: Mutex<BTreeMap<String, Var>>,
}

/// What sets up [`Params`].
pub struct Builder(Inner);

impl Builder {
    /// How parameters start; without it as [`suggested`] has it.
    #[must_use]
    pub fn init(mut self, rule: impl Fn(&str, &Shape, Init) -> Init + Send + Sync + 'static) -> Self {
        self.0.init = Box::new(rule);
        self
    }

    /// Which parameters, by name, stay as they are: they get no gradient and no update, and are saved with the others.
    #[must_use]
    pub fn frozen(mut self, rule: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.0.frozen = Box::new(rule);
        self
    }

    /// Parameters of these names start from these values; may be called for several files.
    ///
    /// # Errors
    /// The file can't be read. A tensor of another shape than the network asks for is an error when it asks.
    pub fn load(mut self, path: &Path) -> std::result::Result<Self, TrainError> {
        self.0.start.extend(checkpoint::read_params(path)?);
        Ok(self)
    }

    /// The same from tensors at hand.
    #[must_use]
    pub fn start(mut self, tensors: impl IntoIterator<Item = (String, Tensor)>) -> Self {
        self.0.start.extend(tensors);
        self
    }

    /// The parameters, none made yet.
    #[must_use]
    pub fn build(self) -> Params {
        Params(Arc::new(self.0))
    }
}

/// As the network suggests, but linear maps by a normal of variance 1 / inputs: the networks' suggestion is for rectifiers.
#[must_use]
pub fn suggested(_: &str, shape: &Shape, init: Init) -> Init {
    match init {
        Init::Kaiming { dist, fan, .. } if shape.rank() == 2 => {
            Init::Kaiming { dist, fan, non_linearity: NonLinearity::Linear }
        }
        init => init,
    }
}

impl Params {
    /// Fresh parameters on a device, started by [`suggested`].
    #[must_use]
    pub fn new(seed: u64, device: &Device) -> Self {
        Self::builder(seed, device).build()
    }

    /// Parameters with more to say about how they start.
    #[must_use]
    pub fn builder(seed: u64, device: &Device) -> Builder {
        Builder(Inner {
            seed,
            device: device.clone(),
            init: Box::new(suggested),
            frozen: Box::new(|_| false),
            start: HashMap::new(),
            made: Mutex::default(),
        })
    }

    /// What a network is made from: each tensor it asks for becomes a variable, or is the one of that name.
    #[must_use]
    pub fn weights(&self) -> Weights {
        let device = self.0.device.clone();
        Weights::from(VarBuilder::from_backend(Box::new(Trained(self.clone())), DType::F32, device))
    }

    /// Copies of the variables as they are now, for a network that only answers: it runs on the fast kernels and does not
    /// change when training goes on. Evaluate and sample with it.
    ///
    /// # Errors
    /// No memory for the copies.
    pub fn snapshot(&self) -> Result<Weights> {
        let tensors = self.tensors()?.into_iter().map(|(name, tensor)| Ok((name, tensor.copy()?)));
        let tensors = tensors.collect::<Result<HashMap<_, _>>>()?;
        Ok(Weights::from(VarBuilder::from_tensors(tensors, DType::F32, &self.0.device)))
    }

    /// A variable of your own beside the network's, made at the first call.
    ///
    /// # Errors
    /// It was made with another shape, or its starting value has one.
    pub fn get(&self, name: &str, shape: impl Into<Shape>, init: Init) -> Result<Tensor> {
        let (shape, inner) = (shape.into(), &*self.0);
        let mut made = self.made();
        let var = match made.get(name) {
            Some(var) => var,
            None => {
                let values = match inner.start.get(name) {
                    Some(tensor) => tensor.to_dtype(DType::F32)?.to_device(&inner.device)?.copy()?,
                    None => {
                        let init = (inner.init)(name, &shape, init);
                        Tensor::from_vec(draw(inner.seed, name, &shape, init), &shape, &inner.device)?
                    }
                };
                made.entry(name.to_owned()).or_insert(Var::from_tensor(&values)?)
            }
        };
        if var.shape() != &shape {
            candle_core::bail!("parameter {name} is {:?}, the network wants {shape:?}", var.shape());
        }
        Ok(if (inner.frozen)(name) { var.as_detached_tensor() } else { var.as_tensor().clone() })
    }

    /// The variables that learn, by name, in order.
    #[must_use]
    pub fn trained(&self) -> Vec<(String, Var)> {
        let made = self.made();
        made.iter().filter(|(name, _)| !(self.0.frozen)(name)).map(|(name, var)| (name.clone(), var.clone())).collect()
    }

    /// All variables, frozen ones too, by name, in order.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Var)> {
        self.made().iter().map(|(name, var)| (name.clone(), var.clone())).collect()
    }

    /// How many numbers there are in all variables, frozen ones too.
    #[must_use]
    pub fn count(&self) -> usize {
        self.made().values().map(|var| var.elem_count()).sum()
    }

    /// The values by name, which share memory with the variables.
    ///
    /// # Errors
    /// None but candle's own.
    pub fn tensors(&self) -> Result<BTreeMap<String, Tensor>> {
        Ok(self.all().into_iter().map(|(name, var)| (name, var.as_detached_tensor())).collect())
    }

    /// Writes all values as a safetensors file in the networks' names (those of Hugging Face), whole or not at all.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn save(&self, path: &Path) -> std::result::Result<(), TrainError> {
        checkpoint::write(path, &self.tensors()?, None)
    }

    /// Where the variables live.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.0.device
    }

    /// The seed they started from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    fn made(&self) -> MutexGuard<'_, BTreeMap<String, Var>> {
        self.0.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The source behind [`Params::weights`].
struct Trained(Params);

impl SimpleBackend for Trained {
    fn get(&self, shape: Shape, name: &str, init: Init, dtype: DType, _: &Device) -> Result<Tensor> {
        self.0.get(name, shape, init)?.to_dtype(dtype)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, _: &Device) -> Result<Tensor> {
        match self.0.made().get(name) {
            Some(var) => var.to_dtype(dtype),
            None => candle_core::bail!("parameter {name} was asked for without a shape, and is not there yet"),
        }
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.0.made().contains_key(name) || self.0.0.start.contains_key(name)
    }
}

/// Starting values, from a stream of random numbers of this seed and name alone.
fn draw(seed: u64, name: &str, shape: &Shape, init: Init) -> Vec<f32> {
    let count = shape.elem_count();
    let hash = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(name.as_bytes()).finalize();
    let mut rng = ChaCha8Rng::from_seed(hash.into());
    let mut uniform = |low: f64, high: f64| (0..count).map(|_| rng.random_range(low..=high) as f32).collect();
    match init {
        Init::Const(value) => vec![value as f32; count],
        Init::Uniform { lo, up } => uniform(lo, up),
        Init::Randn { mean, stdev } => normal(&mut rng, count, mean, stdev),
        Init::Kaiming { dist, fan, non_linearity } => {
            let stdev = non_linearity.gain() / (fan.for_shape(shape) as f64).sqrt();
            match dist {
                candle_nn::init::NormalOrUniform::Uniform => uniform(-stdev * 3f64.sqrt(), stdev * 3f64.sqrt()),
                candle_nn::init::NormalOrUniform::Normal => normal(&mut rng, count, 0.0, stdev),
            }
        }
    }
}

/// Normal numbers, two from two uniform ones (Box and Muller, 1958).
fn normal(rng: &mut ChaCha8Rng, count: usize, mean: f64, stdev: f64) -> Vec<f32> {
    let mut all = Vec::with_capacity(count + 1);
    while all.len() < count {
        let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
        let (size, (sin, cos)) = ((-2.0 * u.ln()).sqrt(), (std::f64::consts::TAU * v).sin_cos());
        all.extend([(mean + stdev * size * cos) as f32, (mean + stdev * size * sin) as f32]);
    }
    all.truncate(count);
    all
}
