//! A drawn scene becomes a MuJoCo model: surroundings (ours, or an MJCF file from outside with its own includes and
//! meshes), the robot attached to it, then every thing drafted into it. MuJoCo's own spec does the joining, so each file
//! keeps its own mesh folders and defaults.

mod assemble;
mod foreign;
mod ports;

use std::path::Path;
use std::sync::Arc;

use mujoco_rs::wrappers::mj_editing::MjSpec;
use mujoco_rs::wrappers::mj_model::MjModel;
use ponder_core::Vec3;
use ponder_core::geometry::Pose;
use ponder_core::robot::RobotSpec;
use ponder_core::scene::{Affordances, Color, Label, ObjectId};

use crate::draw::Drawn;
use crate::error::SimError;
use crate::robots::{Ports, RobotSource, bind};
use crate::scene::{Foreign, SceneSpec, SensorSpec, Surroundings};
use assemble::{attach, cameras, draft, lights};
use foreign::foreign_port;
use ports::{camera_ports, port};

/// A scene ready to run.
#[derive(Clone, Debug)]
pub struct Built {
    /// The model.
    pub model: Arc<MjModel>,
    /// The robot, checked.
    pub robot: Arc<RobotSpec>,
    /// Its addresses in the model.
    pub ports: Ports,
    /// Everything that counts as an object.
    pub objects: Vec<ObjectPort>,
    /// Every camera: the scene's, then the robot's.
    pub cameras: Vec<CameraPort>,
    /// What was drawn.
    pub drawn: Drawn,
    /// What is wrong with the senses.
    pub sensors: SensorSpec,
    /// Groups of geoms that are not drawn.
    pub hidden_groups: Vec<usize>,
    /// State of a foreign scene to start from: qpos, qvel.
    pub(crate) start: Option<(Vec<f64>, Vec<f64>)>,
}

/// An object's addresses in the model.
#[derive(Clone, Debug)]
pub struct ObjectPort {
    /// Its name.
    pub id: ObjectId,
    /// Its label.
    pub label: Label,
    /// Its colour.
    pub color: Option<Color>,
    /// Body whose pose it has.
    pub body: usize,
    /// Centre of its bounding box on that body.
    pub body_from_object: Pose,
    /// Extent of its bounding box, metres.
    pub size_m: Vec3,
    /// What can be done with it.
    pub affordances: Affordances,
    /// How its state is read.
    pub state: StatePort,
    /// Body and point of its handle, metres.
    pub handle: Option<(usize, Vec3)>,
    /// Height over its centre of the floor that things in it stand on, metres.
    pub floor_z_m: Option<f64>,
    /// Free joint in qpos and qvel.
    pub free: Option<(usize, usize)>,
    /// Which of [`Drawn::things`] it is a part of; `None` in foreign scenes.
    pub thing: Option<usize>,
}

/// How a state is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StatePort {
    /// It has none.
    Still,
    /// Open fraction of a joint between two positions.
    Opens {
        /// In qpos.
        qpos: usize,
        /// Closed.
        from: f64,
        /// Open.
        to: f64,
    },
    /// On from half-way between two positions.
    Turns {
        /// In qpos.
        qpos: usize,
        /// Off.
        from: f64,
        /// On.
        to: f64,
    },
    /// Toggled by presses.
    Toggles {
        /// In qpos.
        qpos: usize,
        /// Depth that counts as pressed, metres.
        travel_m: f64,
        /// Two numbers in userdata: on, and pressed at the last step.
        user: usize,
        /// Mocap index of its lamp.
        lamp: usize,
        /// Where the lamp is when it is off, metres.
        lamp_off_m: Vec3,
        /// How far it rises, metres.
        lamp_rise_m: f64,
    },
}

/// A camera's address in the model.
#[derive(Clone, Debug)]
pub struct CameraPort {
    /// What it is called.
    pub name: String,
    /// In the model.
    pub id: usize,
    /// Columns.
    pub width_px: usize,
    /// Rows.
    pub height_px: usize,
}

impl SceneSpec {
    /// Draws and builds the scene of a seed; relative paths start at `folder`.
    ///
    /// # Errors
    /// [`SimError`] naming the file or object and what is wrong.
    pub fn build(&self, seed: u64, folder: &Path) -> Result<Built, SimError> {
        crate::quiet::hush();
        let drawn = self.draw(seed)?;
        let source = RobotSource::load(&self.robot, folder)?;
        let foreign = if let Surroundings::Mjcf(foreign) = &self.world { Some(foreign) } else { None };
        let origin = foreign.map_or_else(|| self.robot.clone(), |f| f.file.display().to_string());
        let refused = |e: &dyn std::fmt::Display| SimError::model(&origin, e);

        let mut spec = match foreign {
            Some(foreign) => MjSpec::from_xml(folder.join(&foreign.file)).map_err(|e| refused(&e))?,
            None => MjSpec::from_xml_string(include_str!("../../worlds/common.xml")).map_err(|e| refused(&e))?,
        };
        if foreign.is_none_or(|f| !f.robot_inside) {
            attach(&mut spec, &source, &drawn.world_from_robot)?;
        }
        let mut buttons = 0;
        let parts = drawn
            .things
            .iter()
            .enumerate()
            .map(|(i, thing)| draft(&mut spec, thing, i, &mut buttons))
            .collect::<Result<Vec<_>, _>>()?;
        let user = spec.nuserdata().max(0);
        spec.set_nuserdata(user + 2 * buttons);
        if let (Surroundings::Tabletop, Some(floor)) = (&self.world, spec.geom_mut("floor")) {
            floor.with_pos([0.0, 0.0, -crate::kinds::table::HEIGHT_M]);
        }
        if foreign.is_none() {
            lights(&mut spec, &drawn, self.light.fine);
        }
        cameras(&mut spec, &drawn.cameras)?;
        let model = Arc::new(spec.compile().map_err(|e| refused(&e))?);

        let (ports, robot) = bind(&source.file, &model)?;
        let mut objects = Vec::new();
        let mut user = user as usize;
        for (i, (thing, parts)) in drawn.things.iter().zip(&parts).enumerate() {
            for part in parts {
                objects.push(port(&model, thing, i, part, &mut user)?);
            }
        }
        for object in foreign.map_or(&[][..], |f| &f.objects) {
            objects.push(foreign_port(&model, object)?);
        }
        let start = foreign.and_then(|f| f.states.as_ref()).map(|s| s.pick(&model, seed, folder)).transpose()?;
        let hidden_groups = foreign.map_or_else(Vec::new, |f: &Foreign| f.hidden_groups.clone());
        let cameras = camera_ports(&model, &drawn.cameras, &robot)?;
        let (robot, sensors) = (Arc::new(robot), self.sensors);
        Ok(Built { model, robot, ports, objects, cameras, drawn, sensors, hidden_groups, start })
    }
}
