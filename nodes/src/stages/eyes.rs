//! Who perceives: the ground-truth baseline, an eye that was trained here, or a Janus: the latter two look at pictures.

use std::path::PathBuf;
use std::sync::Arc;

use ponder_core::perceiver::{Look, PerceiveError, Perceiver};
use ponder_core::robot::RobotSpec;
use ponder_core::scene::Scene;
use ponder_core::thinker::Cancel;
use ponder_core::world::Want;
use ponder_models::engine::{LoadError, Options};
use ponder_models::perceive::nano::{Eye, EyeError, NanoPerceiver};
use ponder_models::perceive::{JanusPerceiver, Sight};
use ponder_sim::GroundTruth;

use super::desk::{Asked, Desk};
use super::weights;
use crate::hub::HubError;

/// Why nobody can perceive as wished.
#[derive(Debug, thiserror::Error)]
pub enum EyesError {
    /// Nobody is known by that name.
    #[error(
        "there is no perceiver `{0}`: give ground-truth, eye-nano, or a Janus: a name from `ponder models`, or a folder"
    )]
    Unknown(String),
    /// The model is not here.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// It is of another sort.
    #[error(
        "{path} is no Janus and no eye, so it does not see: give ground-truth, eye-nano, or a model that sees",
        path = .0.display()
    )]
    Blind(PathBuf),
    /// It is no eye that was trained here.
    #[error("{path} is no eye: give eye-nano, or a folder that `ponder train see` wrote", path = .0.display())]
    NoEye(PathBuf),
    /// The model can't be opened.
    #[error("{path}: {source}", path = .path.display())]
    Load {
        /// Which.
        path: PathBuf,
        /// Why.
        source: LoadError,
    },
    /// The eye can't be opened.
    #[error(transparent)]
    Eye(#[from] EyeError),
    /// The system gives no thread.
    #[error("no thread to see on: {0}")]
    Thread(std::io::Error),
}

/// The folder of an eye: one that comes with Ponder by its name, or any.
///
/// # Errors
/// [`EyesError`]: nobody is known by that name, or it is no eye.
pub fn eye_folder(who: &str) -> Result<PathBuf, EyesError> {
    let path = found(who)?;
    if weights::is_eye(&path) { Ok(path) } else { Err(EyesError::NoEye(path)) }
}

fn found(who: &str) -> Result<PathBuf, EyesError> {
    weights::find(who).map_err(|error| match error {
        HubError::Name(name) => EyesError::Unknown(name),
        error => error.into(),
    })
}

type Make = dyn Fn() -> Box<dyn Perceiver> + Send + Sync;

/// Somebody who perceives, opened.
#[derive(Clone)]
pub struct Eyes {
    name: String,
    wants: Want,
    make: Arc<Make>,
    weights: Vec<PathBuf>,
    is_slow: bool,
}

impl Default for Eyes {
    fn default() -> Self {
        Self::ground_truth()
    }
}

impl Eyes {
    /// The baseline.
    pub fn ground_truth() -> Self {
        let (name, wants) = (GroundTruth.name().to_owned(), GroundTruth.wants());
        let make = || -> Box<dyn Perceiver> { Box::new(GroundTruth) };
        Self { name, wants, make: Arc::new(make), weights: Vec::new(), is_slow: false }
    }

    /// `ground-truth` (or `truth`), `eye-nano`, the name of a model, or a folder of an eye or a model.
    ///
    /// # Errors
    /// [`EyesError`], saying what to do.
    pub fn open(who: &str) -> Result<Self, EyesError> {
        if matches!(who, "ground-truth" | "truth") {
            return Ok(Self::ground_truth());
        }
        let path = found(who)?;
        if weights::is_eye(&path) {
            // Small enough to answer where it is asked; all share the weights.
            let eye = Arc::new(Eye::open(&path)?);
            let (name, wants) = {
                let first = NanoPerceiver::new(eye.clone());
                (first.name().to_owned(), first.wants())
            };
            let make = move || -> Box<dyn Perceiver> { Box::new(NanoPerceiver::new(eye.clone())) };
            return Ok(Self { name, wants, make: Arc::new(make), weights: vec![path], is_slow: true });
        }
        if !weights::sees(&path) {
            return Err(EyesError::Blind(path));
        }
        let load = |source| EyesError::Load { path: path.clone(), source };
        let mut janus = JanusPerceiver::new(Sight::open(&path, &Options::default()).map_err(load)?);
        let (name, wants) = (janus.name().to_owned(), janus.wants());
        let work = move |(look, robot): &(Look, RobotSpec), _: &mut dyn FnMut(&str), cancel: &Cancel| {
            janus.perceive(look, robot, cancel)
        };
        let desk = Desk::open("eyes", Box::new(work)).map_err(EyesError::Thread)?;
        let by = name.clone();
        let make = move || -> Box<dyn Perceiver> { Box::new(Asking { name: by.clone(), wants, desk: desk.clone() }) };
        Ok(Self { name, wants, make: Arc::new(make), weights: vec![path], is_slow: true })
    }

    /// For banners and records.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it needs in an observation.
    pub fn wants(&self) -> Want {
        self.wants
    }

    /// One more perceiver of this kind.
    pub fn perceiver(&self) -> Box<dyn Perceiver> {
        (self.make)()
    }

    /// Files and folders of weights that it uses.
    pub fn weights(&self) -> &[PathBuf] {
        &self.weights
    }

    /// Does it take its time, so that a loop must not wait for it?
    pub fn is_slow(&self) -> bool {
        self.is_slow
    }
}

/// Asks a model that others ask too.
struct Asking {
    name: String,
    wants: Want,
    desk: Desk<(Look, RobotSpec), Result<Scene, PerceiveError>>,
}

impl Perceiver for Asking {
    fn name(&self) -> &str {
        &self.name
    }

    fn wants(&self) -> Want {
        self.wants
    }

    fn perceive(&mut self, look: &Look, robot: &RobotSpec, cancel: &Cancel) -> Result<Scene, PerceiveError> {
        match self.desk.ask((look.clone(), robot.clone()), &mut |_| (), cancel) {
            Asked::Answer(scene) => scene,
            Asked::Cancelled => Err(PerceiveError::Cancelled),
            Asked::Gone => Err(PerceiveError::Failed("the thread of the model has died".to_owned())),
        }
    }
}
