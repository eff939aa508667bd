//! The simulated world: the `World` stage of the ring. Steps MuJoCo between control periods, follows commands, reads the
//! senses, draws pictures on demand and keeps the safety record. Deterministic: the same seed and commands give the same
//! bits on the same machine.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use mujoco_rs::wrappers::mj_data::MjData;
use mujoco_rs::wrappers::mj_model::MjModel;
use ponder_core::Stamp;
use ponder_core::command::{Applied, Command};
use ponder_core::geometry::Pose;
use ponder_core::guard::Checked;
use ponder_core::observation::{Observation, SensorFault, Truth};
use ponder_core::robot::RobotSpec;
use ponder_core::scene::ObjectId;
use ponder_core::world::{Want, World, WorldError};

use crate::build::{Built, StatePort};
use crate::cameras::Cameras;
use crate::disturb::{Fault, Faults};
use crate::drive::Drive;
use crate::error::SimError;
use crate::record::{SafetyRecord, Watch};
use crate::render::STATE;
use crate::scene::SceneSpec;
use crate::sense::Senses;
use crate::{start, truth};

/// Commands come this many periods late under [`Fault::LateCommand`].
const LATE_PERIODS: usize = 34;

/// A simulated world with a robot in it.
#[derive(Debug)]
pub struct SimWorld {
    pub(crate) built: Arc<Built>,
    pub(crate) data: MjData<Arc<MjModel>>,
    pub(crate) drive: Drive,
    pub(crate) faults: Faults,
    senses: Senses,
    watch: Watch,
    cameras: Cameras,
    /// Physics steps since the start; a period's worth; nanoseconds each.
    steps: u64,
    steps_a_period: u64,
    step_ns: u64,
    seq: u64,
    /// Commands on a slow wire.
    delayed: VecDeque<Command>,
    commanded: bool,
    begin: Option<Arc<Snapshot>>,
}

/// Everything that makes a world go on as it would have.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Of the model that it is a state of.
    signature: u64,
    state: Box<[f64]>,
    drive: Drive,
    faults: Faults,
    senses: Senses,
    watch: Watch,
    cameras: crate::cameras::Memory,
    steps: u64,
    seq: u64,
    delayed: VecDeque<Command>,
    commanded: bool,
}

impl SimWorld {
    /// Builds a scene for a seed and stands at its beginning; relative paths start at `folder`.
    ///
    /// # Errors
    /// [`SimError`] naming the file or object and what is wrong.
    pub fn open(scene: &SceneSpec, seed: u64, folder: &Path) -> Result<Self, SimError> {
        Self::new(Arc::new(scene.build(seed, folder)?))
    }

    /// A world at the beginning of a built scene. Many worlds can share one.
    ///
    /// # Errors
    /// [`SimError`] when the scene can't stand still.
    pub fn new(built: Arc<Built>) -> Result<Self, SimError> {
        let (data, drive) = built.start()?;
        let step_ns = (built.model.opt().timestep * 1e9).round() as u64;
        let period_ns = (built.robot.timing.period_s * 1e9).round() as u64;
        if step_ns == 0 || !period_ns.is_multiple_of(step_ns) {
            let why =
                format!("the control period of {period_ns} ns is no multiple of the physics step of {step_ns} ns");
            return Err(SimError::Scene(why));
        }
        let senses = Senses::new(built.sensors, built.drawn.seed, &built.ports, &data);
        let mut world = Self {
            watch: Watch::new(&built.model, &built.ports),
            cameras: Cameras::new(&built),
            senses,
            data,
            drive,
            faults: Faults::default(),
            steps: 0,
            steps_a_period: period_ns / step_ns,
            step_ns,
            seq: 0,
            delayed: VecDeque::with_capacity(LATE_PERIODS + 1),
            commanded: false,
            begin: None,
            built,
        };
        world.begin = Some(Arc::new(world.snapshot()));
        Ok(world)
    }

    /// The scene it runs.
    pub fn built(&self) -> &Arc<Built> {
        &self.built
    }

    /// MuJoCo's data, to look at.
    pub fn data(&self) -> &MjData<Arc<MjModel>> {
        &self.data
    }

    /// Exact poses and states of all objects in sight.
    pub fn truth(&mut self) -> Truth {
        self.data.forward_kinematics();
        truth::truth(&self.built, &self.data, self.stamp())
    }

    /// The loose object that both fingers touch, if there is one.
    pub fn held(&self) -> Option<ObjectId> {
        truth::held(&self.built, &self.data)
    }

    /// Where the tool really is, metres, if there is an arm.
    pub fn tool_m(&self) -> Option<ponder_core::Vec3> {
        self.built.ports.arm.as_ref().map(|arm| truth::tool_m(arm, &self.data))
    }

    /// Where the base really is, if there is one.
    pub fn world_from_base(&self) -> Option<Pose> {
        self.built.ports.base.as_ref().map(|base| crate::sense::base_pose(base, &self.data))
    }

    /// The safety record since the beginning.
    pub fn record(&self) -> &SafetyRecord {
        self.watch.record()
    }

    /// Everything that makes this world go on as it would.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            signature: self.data.model().signature(),
            state: self.data.state(STATE),
            drive: self.drive,
            faults: self.faults,
            senses: self.senses.clone(),
            watch: self.watch.clone(),
            cameras: self.cameras.memory().clone(),
            steps: self.steps,
            seq: self.seq,
            delayed: self.delayed.clone(),
            commanded: self.commanded,
        }
    }

    /// Goes back (or over) to a snapshot of a world of the same scene.
    ///
    /// # Errors
    /// [`SimError::State`] when it is of another scene.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), SimError> {
        if snapshot.signature != self.data.model().signature() {
            return Err(SimError::State("the snapshot is of another scene".to_owned()));
        }
        // Twice: computing what follows from the state may touch the solver's warm start, which is a part of it.
        for _ in 0..2 {
            self.data.set_state(&snapshot.state, STATE).map_err(|e| SimError::State(e.to_string()))?;
            self.data.forward();
        }
        self.data.set_state(&snapshot.state, STATE).map_err(|e| SimError::State(e.to_string()))?;
        self.drive = snapshot.drive;
        self.faults = snapshot.faults;
        self.senses = snapshot.senses.clone();
        self.watch = snapshot.watch.clone();
        self.cameras.recall(&snapshot.cameras);
        (self.steps, self.seq) = (snapshot.steps, snapshot.seq);
        self.delayed.clone_from(&snapshot.delayed);
        self.commanded = snapshot.commanded;
        Ok(())
    }

    /// Goes back to the beginning of the episode.
    ///
    /// # Errors
    /// As [`Self::restore`].
    pub fn reset(&mut self) -> Result<(), SimError> {
        self.begin.clone().map_or(Ok(()), |begin| self.restore(&begin))
    }

    /// Sets the clock; what is on its way belongs to another time.
    pub(crate) fn set_time(&mut self, to: Stamp) {
        self.steps = to.0 / self.step_ns;
        self.delayed.clear();
        self.senses.restamp(&self.built.ports, &self.data, self.stamp());
    }

    /// Is this fault there now?
    pub fn has_fault(&self, fault: Fault) -> bool {
        self.faults.has(fault)
    }

    fn stamp(&self) -> Stamp {
        Stamp(self.steps * self.step_ns)
    }

    /// What a simulated robot's own driver does with commands that come from other programs: keeps joints within their
    /// limits and hands the rest to the actuators. The guard sits before it, in the program that commands; a world that
    /// a ring turns takes commands by [`World::apply`] alone.
    pub fn drive_unguarded(&mut self, command: &Command) {
        let mut command = command.clone();
        if let (Some(target), Some(arm)) = (&mut command.arm, &self.built.robot.arm) {
            for (rad, limits) in target.pos_rad.iter_mut().zip(&arm.limits) {
                *rad = rad.clamp(limits.min_rad, limits.max_rad);
            }
        }
        self.send(&command);
    }

    /// Hands a command to the actuators, or to the slow wire in front of them; says what they got.
    pub(crate) fn send(&mut self, command: &Command) -> Option<Command> {
        let arrived = if self.faults.has(Fault::LateCommand) {
            self.delayed.push_back(command.clone());
            let due = self.delayed.len() > LATE_PERIODS;
            let late = if due { self.delayed.pop_front() } else { None };
            let in_time = late.filter(|c| c.deadline >= self.stamp());
            if due && in_time.is_none() {
                self.watch.late_command();
            }
            in_time
        } else {
            self.delayed.clear();
            Some(command.clone())
        };
        self.drive.take(&self.built.ports, arrived.as_ref());
        self.commanded = true;
        arrived
    }

    /// Lets one control period pass.
    pub(crate) fn period(&mut self) -> Result<(), SimError> {
        if !self.commanded {
            self.drive.take(&self.built.ports, None);
        }
        self.commanded = false;
        let Self { built, data, drive, watch, .. } = self;
        for step in 1..=self.steps_a_period {
            drive.write(&built.ports, data, step as f64 / self.steps_a_period as f64);
            data.step();
            self.steps += 1;
            switches(built, data);
            watch.tick(&built.robot, &built.ports, data, Stamp(self.steps * self.step_ns));
        }
        if start::blown_up(&self.data) {
            return Err(SimError::State(format!("the physics blew up at {}", self.stamp())));
        }
        self.senses.tick(&self.built.ports, &self.data, self.stamp());
        Ok(())
    }
}

/// Toggles the buttons that were pressed in this step.
fn switches(built: &Built, data: &mut MjData<Arc<MjModel>>) {
    for object in &built.objects {
        let StatePort::Toggles { qpos, travel_m, user, lamp, lamp_off_m, lamp_rise_m } = object.state else {
            continue;
        };
        let depth_m = data.qpos()[qpos];
        let pressed = data.userdata()[user + 1] > 0.5;
        if !pressed && depth_m > travel_m {
            let on = 1.0 - data.userdata()[user];
            data.userdata_mut()[user] = on;
            data.userdata_mut()[user + 1] = 1.0;
            data.mocap_pos_mut()[lamp] = [lamp_off_m.x, lamp_off_m.y, lamp_off_m.z + lamp_rise_m * on];
        } else if pressed && depth_m < travel_m * 0.5 {
            data.userdata_mut()[user + 1] = 0.0;
        }
    }
}

impl World for SimWorld {
    fn robot(&self) -> &Arc<RobotSpec> {
        &self.built.robot
    }

    fn observe(&mut self, want: Want, into: &mut Observation) -> Result<(), WorldError> {
        let now = self.stamp();
        if self.faults.has(Fault::SensorSilence) {
            return Err(WorldError::Silent { age_s: now.since_s(into.stamp) });
        }
        let sample = self.senses.arrived();
        self.seq += 1;
        into.stamp = sample.stamp;
        into.seq = self.seq;
        into.joint_pos_rad.clone_from(&sample.joint_pos_rad);
        into.joint_vel_rad_s.clone_from(&sample.joint_vel_rad_s);
        into.gripper_width_m = sample.gripper_width_m;
        into.wrench = sample.wrench;
        into.base = sample.base;
        into.faults.clear();
        into.cameras.clear();
        into.truth = None;
        if self.faults.has(Fault::NanJoint)
            && let Some(joint) = into.joint_pos_rad.last_mut()
        {
            *joint = f64::NAN;
            into.faults.push(SensorFault::JointNotFinite);
        }
        if want.cameras {
            self.cameras.look(&self.built, &self.data, now, self.faults, into)?;
        }
        if want.truth {
            into.truth = Some(Arc::new(self.truth()));
        }
        Ok(())
    }

    fn apply(&mut self, command: &Checked) -> Result<Applied, WorldError> {
        let stamp = self.stamp();
        let sent = self.send(command.command());
        let sent = sent.unwrap_or_else(|| Command::nothing(stamp, stamp));
        Ok(Applied { stamp, sent, clipped: command.clipped(), rejected: command.rejected() })
    }

    fn advance(&mut self) -> Result<(), WorldError> {
        self.period().map_err(WorldError::from)
    }

    fn now(&self) -> Stamp {
        self.stamp()
    }
}
