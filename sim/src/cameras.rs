//! Cameras: frames on demand, some of them lost on the way as asked, and the driver's watch over frames that do not
//! change.

use std::sync::Arc;

use mujoco_rs::wrappers::mj_data::MjData;
use mujoco_rs::wrappers::mj_model::MjModel;
use ponder_core::Stamp;
use ponder_core::image::{CameraFrame, CameraName};
use ponder_core::observation::{Observation, SensorFault};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::build::Built;
use crate::disturb::{Fault, Faults};
use crate::error::SimError;
use crate::render::{Eyes, Picture, STATE, intrinsics};
use crate::rng::{Stream, stream};
use crate::world::SimWorld;

/// So many repeats of a frame in a row make a frozen camera.
const FROZEN_AFTER: u32 = 3;

/// What the cameras remember from look to look.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    rng: ChaCha8Rng,
    last: Vec<Option<CameraFrame>>,
    repeats: Vec<u32>,
}

/// All cameras of a world.
#[derive(Debug)]
pub(crate) struct Cameras {
    eyes: Option<Eyes>,
    memory: Memory,
}

impl Cameras {
    pub(crate) fn new(built: &Built) -> Self {
        let count = built.cameras.len();
        let rng = stream(built.drawn.seed, Stream::Frames);
        Self { eyes: None, memory: Memory { rng, last: vec![None; count], repeats: vec![0; count] } }
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(crate) fn recall(&mut self, memory: &Memory) {
        self.memory.clone_from(memory);
    }

    /// Frames of every camera into an observation. The first look starts the renderer.
    pub(crate) fn look(
        &mut self,
        built: &Built,
        data: &MjData<Arc<MjModel>>,
        now: Stamp,
        faults: Faults,
        into: &mut Observation,
    ) -> Result<(), SimError> {
        if built.cameras.is_empty() {
            return Ok(());
        }
        if faults.has(Fault::SilentCamera) {
            into.faults.push(SensorFault::CameraSilent);
            return Ok(());
        }
        let Memory { rng, last, repeats } = &mut self.memory;
        let frozen = faults.has(Fault::FrozenCamera);
        let drop = built.sensors.frame_drop;
        let mut wanted = Vec::with_capacity(built.cameras.len());
        for (i, frame) in last.iter().enumerate() {
            let lost = drop > 0.0 && rng.random_bool(drop);
            if frame.is_none() || !(frozen || lost) {
                wanted.push(i);
            }
        }
        if !wanted.is_empty() {
            let eyes = match &mut self.eyes {
                Some(eyes) => eyes,
                none => {
                    none.insert(Eyes::open(built.model.clone(), built.cameras.clone(), built.hidden_groups.clone())?)
                }
            };
            let fill = |state: &mut Vec<f64>| {
                state.resize(built.model.state_size(STATE), 0.0);
                data.read_state_into(STATE, state);
            };
            let pictures = eyes.shoot(fill, wanted.clone())?;
            repeats.iter_mut().for_each(|r| *r += 1);
            for (i, picture) in wanted.into_iter().zip(pictures) {
                repeats[i] = 0;
                last[i] = Some(frame(built, i, picture, now)?);
            }
        } else {
            repeats.iter_mut().for_each(|r| *r += 1);
        }
        into.cameras.extend(last.iter().flatten().take(into.cameras.remaining_capacity()).cloned());
        if repeats.iter().any(|r| *r >= FROZEN_AFTER) {
            into.faults.push(SensorFault::CameraFrozen);
        }
        Ok(())
    }
}

/// A picture as a frame of the camera with that place in the list.
pub(crate) fn frame(built: &Built, camera: usize, picture: Picture, stamp: Stamp) -> Result<CameraFrame, SimError> {
    let port = &built.cameras[camera];
    let name = CameraName::from(&port.name)
        .map_err(|_| SimError::Scene(format!("camera name `{}` is too long", port.name)))?;
    Ok(CameraFrame {
        name,
        stamp,
        width_px: port.width_px,
        height_px: port.height_px,
        rgb: picture.rgb,
        depth_m: Some(picture.depth_m),
        intrinsics: intrinsics(&built.model, port),
        world_from_camera: picture.world_from_camera,
    })
}

/// Takes pictures of a world that goes on meanwhile: what was ordered is drawn on the renderer's thread and fetched when
/// it is there.
#[derive(Debug)]
pub struct Photographer {
    built: Arc<Built>,
    eyes: Eyes,
    ordered: Option<Stamp>,
    /// What was ordered is not wanted any more.
    discarded: bool,
}

impl Photographer {
    /// Starts a renderer for a scene.
    ///
    /// # Errors
    /// [`SimError::NoGl`], naming what to install.
    pub fn open(built: Arc<Built>) -> Result<Self, SimError> {
        let eyes = Eyes::open(built.model.clone(), built.cameras.clone(), built.hidden_groups.clone())?;
        Ok(Self { built, eyes, ordered: None, discarded: false })
    }

    /// Orders a picture of every camera of the world as it is now, unless the last order is still being drawn.
    ///
    /// # Errors
    /// [`SimError::Render`].
    pub fn order(&mut self, world: &SimWorld) -> Result<(), SimError> {
        if self.ordered.is_some() {
            return Ok(());
        }
        let data = world.data();
        let fill = |state: &mut Vec<f64>| {
            state.resize(data.model().state_size(STATE), 0.0);
            data.read_state_into(STATE, state);
        };
        self.eyes.order(fill, (0..self.built.cameras.len()).collect())?;
        self.ordered = Some(ponder_core::world::World::now(world));
        Ok(())
    }

    /// Lets go of what is still being drawn: the world has jumped to another time.
    pub fn discard(&mut self) {
        self.discarded = self.ordered.is_some();
    }

    /// What was ordered, once it is there; stamped with the time of the order.
    ///
    /// # Errors
    /// [`SimError::Render`].
    pub fn fetch(&mut self) -> Result<Option<Vec<CameraFrame>>, SimError> {
        let Some(stamp) = self.ordered else { return Ok(None) };
        let Some(pictures) = self.eyes.delivered()? else { return Ok(None) };
        self.ordered = None;
        if std::mem::take(&mut self.discarded) {
            return Ok(None);
        }
        let frames = pictures.into_iter().enumerate().map(|(i, picture)| frame(&self.built, i, picture, stamp));
        frames.collect::<Result<_, _>>().map(Some)
    }
}
