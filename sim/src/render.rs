//! Pictures. MuJoCo's renderer is bound to the thread that made it, so each world that looks has a thread with an EGL
//! context of its own, started at the first look, fed through bounded channels, and drawing only when asked.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;

use mujoco_rs::prelude::{MjvCamera, MjvOption};
use mujoco_rs::renderer::MjRenderer;
use mujoco_rs::wrappers::mj_data::{MjData, MjtState};
use mujoco_rs::wrappers::mj_model::MjModel;
use ponder_core::geometry::Pose;
use ponder_core::image::Intrinsics;
use ponder_core::{Rotation, Vec3};

use crate::build::CameraPort;
use crate::error::SimError;

/// What one camera saw.
#[derive(Clone, Debug)]
pub struct Picture {
    /// RGB, u8, `[h, w, 3]`.
    pub rgb: Arc<[u8]>,
    /// Depth along the optical axis, metres, `[h, w]`; NaN where nothing is.
    pub depth_m: Arc<[f32]>,
    /// Pose of the optical frame (x right, y down, z forward) in the world.
    pub world_from_camera: Pose,
}

/// A state to draw from some cameras (by their place in the world's list).
struct Order {
    state: Vec<f64>,
    cameras: Vec<usize>,
}

type Delivery = (Vec<f64>, Result<Vec<Picture>, SimError>);

/// A renderer on its own thread.
#[derive(Debug)]
pub(crate) struct Eyes {
    /// Taken away to end the thread.
    orders: Option<SyncSender<Order>>,
    deliveries: Receiver<Delivery>,
    /// Memory of the last order's state, for the next.
    spare: Vec<f64>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Eyes {
    /// Waits for the thread: a GL context must be gone before the process is.
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to wait for.
            drop(thread.join());
        }
    }
}

/// The part of a state that pictures depend on, and a little more.
pub(crate) const STATE: u32 = MjtState::mjSTATE_INTEGRATION as u32;

impl Eyes {
    /// Starts the thread; without GL the error names what to install.
    ///
    /// # Errors
    /// [`SimError::NoGl`].
    pub(crate) fn open(model: Arc<MjModel>, cameras: Vec<CameraPort>, hidden: Vec<usize>) -> Result<Self, SimError> {
        let (orders, inbox) = sync_channel::<Order>(1);
        let (outbox, deliveries) = sync_channel::<Delivery>(1);
        let (ready, opened) = sync_channel::<Result<(), SimError>>(1);
        let work = move || {
            let mut studio = match Studio::open(model, cameras, &hidden) {
                Ok(studio) => studio,
                Err(error) => return drop(ready.send(Err(error))),
            };
            if ready.send(Ok(())).is_err() {
                return;
            }
            while let Ok(order) = inbox.recv() {
                let pictures = order.cameras.iter().map(|c| studio.shoot(&order.state, *c)).collect();
                if outbox.send((order.state, pictures)).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("ponder-render".to_owned());
        let thread = thread.spawn(work).map_err(|e| SimError::Render(e.to_string()))?;
        let eyes = Self { orders: Some(orders), deliveries, spare: Vec::new(), thread: Some(thread) };
        let died = |_| SimError::NoGl("the render thread died while opening a GL context".to_owned());
        opened.recv().map_err(died)??;
        Ok(eyes)
    }

    /// Draws a state from cameras and waits for the pictures. `fill` writes the state into the buffer it is given.
    ///
    /// # Errors
    /// [`SimError::Render`].
    pub(crate) fn shoot(
        &mut self,
        fill: impl FnOnce(&mut Vec<f64>),
        cameras: Vec<usize>,
    ) -> Result<Vec<Picture>, SimError> {
        self.order(fill, cameras)?;
        let (state, pictures) = self.deliveries.recv().map_err(|_| died())?;
        self.spare = state;
        pictures
    }

    /// Orders pictures without waiting for them; one order at a time.
    ///
    /// # Errors
    /// [`SimError::Render`].
    pub(crate) fn order(&mut self, fill: impl FnOnce(&mut Vec<f64>), cameras: Vec<usize>) -> Result<(), SimError> {
        let mut state = std::mem::take(&mut self.spare);
        fill(&mut state);
        let orders = self.orders.as_ref().ok_or_else(died)?;
        orders.send(Order { state, cameras }).map_err(|_| died())
    }

    /// The pictures that were ordered, once they are there.
    ///
    /// # Errors
    /// [`SimError::Render`].
    pub(crate) fn delivered(&mut self) -> Result<Option<Vec<Picture>>, SimError> {
        match self.deliveries.try_recv() {
            Ok((state, pictures)) => {
                self.spare = state;
                pictures.map(Some)
            }
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(died()),
        }
    }
}

fn died() -> SimError {
    SimError::Render("the render thread has died".to_owned())
}

/// What lives on the render thread.
struct Studio {
    data: MjData<Arc<MjModel>>,
    cameras: Vec<CameraPort>,
    /// One renderer a picture size.
    renderers: Vec<MjRenderer>,
    far_m: f32,
}

impl Studio {
    fn open(model: Arc<MjModel>, cameras: Vec<CameraPort>, hidden: &[usize]) -> Result<Self, SimError> {
        let mut opts = MjvOption::default();
        for group in hidden {
            if let Some(shown) = opts.geomgroup.get_mut(*group) {
                *shown = 0;
            }
        }
        let mut sizes: Vec<(usize, usize)> = cameras.iter().map(|c| (c.width_px, c.height_px)).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let build = |(width, height): &(usize, usize)| {
            let builder = MjRenderer::builder().width(*width as u32).height(*height as u32).rgb(true).depth(true);
            builder.opts(opts.clone()).build(&model).map_err(|e| SimError::NoGl(chain(&e)))
        };
        let renderers = sizes.iter().map(build).collect::<Result<Vec<_>, _>>()?;
        let far_m = (model.vis().map.zfar as f64 * model.stat().extent) as f32;
        let data = MjData::try_new(model).map_err(|e| SimError::Render(e.to_string()))?;
        Ok(Self { data, cameras, renderers, far_m })
    }

    fn shoot(&mut self, state: &[f64], camera: usize) -> Result<Picture, SimError> {
        let failed = |e: &dyn std::error::Error| SimError::Render(chain(e));
        self.data.set_state(state, STATE).map_err(|e| failed(&e))?;
        // Poses only: pictures need no forces.
        self.data.forward_kinematics();
        self.data.camlight();
        let port = &self.cameras[camera];
        let fits =
            |r: &&mut MjRenderer| r.rgb_flat().is_some_and(|rgb| rgb.len() == port.width_px * port.height_px * 3);
        let renderer = self
            .renderers
            .iter_mut()
            .find(fits)
            .ok_or_else(|| SimError::Render("no renderer of that size".to_owned()))?;
        renderer.set_camera(MjvCamera::new_fixed(port.id));
        renderer.sync_data(&mut self.data).map_err(|e| failed(&e))?;
        renderer.render().map_err(|e| failed(&e))?;
        let (Some(rgb), Some(depth_m)) = (renderer.rgb_flat(), renderer.depth_flat()) else {
            return Err(SimError::Render("the renderer gave no picture".to_owned()));
        };
        let nothing_m = self.far_m * 0.99;
        let depth_m = depth_m.iter().map(|d| if *d < nothing_m { *d } else { f32::NAN }).collect();
        Ok(Picture { rgb: rgb.into(), depth_m, world_from_camera: optical(&self.data, port.id) })
    }
}

/// Pose of a camera's optical frame in the world (REP-103: z forward, x right, y down; MuJoCo's looks along −z, y up).
fn optical(data: &MjData<Arc<MjModel>>, camera: usize) -> Pose {
    let world_from_camera = nalgebra::Matrix3::from_row_slice(&data.cam_xmat()[camera]);
    let world_from_optical = world_from_camera * nalgebra::Matrix3::from_diagonal(&Vec3::new(1.0, -1.0, -1.0));
    let rotation = Rotation::from_rotation_matrix(&nalgebra::Rotation3::from_matrix_unchecked(world_from_optical));
    Pose::from_parts(Vec3::from(data.cam_xpos()[camera]).into(), rotation)
}

/// Pinhole model of a camera; the middle of the first pixel is (0, 0).
pub(crate) fn intrinsics(model: &MjModel, port: &CameraPort) -> Intrinsics {
    let (width, height) = (port.width_px as f64, port.height_px as f64);
    let focal_px = height * 0.5 / (model.cam_fovy()[port.id].to_radians() * 0.5).tan();
    Intrinsics { fx_px: focal_px, fy_px: focal_px, cx_px: (width - 1.0) * 0.5, cy_px: (height - 1.0) * 0.5 }
}

/// An error with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
