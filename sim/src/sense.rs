//! The robot's senses: one sample of joints, gripper, wrist and base a control period, with noise and latency as asked.
//! Part of the control path: nothing here allocates after the start.

use std::sync::Arc;

use mujoco_rs::wrappers::mj_data::MjData;
use mujoco_rs::wrappers::mj_model::MjModel;
use ponder_core::command::BaseTwist;
use ponder_core::geometry::Pose;
use ponder_core::observation::{BaseState, Wrench};
use ponder_core::robot::JointVec;
use ponder_core::{Rotation, Stamp, Vec3};
use rand_chacha::ChaCha8Rng;

use crate::drive::width_m;
use crate::rng::{Stream, normal, stream};
use crate::robots::{ArmPorts, BasePorts, Ports, WrenchPorts};
use crate::scene::{BaseSensing, SensorSpec};

/// What is sensed in one period.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub stamp: Stamp,
    pub joint_pos_rad: JointVec,
    pub joint_vel_rad_s: JointVec,
    pub gripper_width_m: Option<f64>,
    pub wrench: Option<Wrench>,
    pub base: Option<BaseState>,
}

/// The senses' own state: samples on their way, noise, the odometer.
#[derive(Clone, Debug)]
pub(crate) struct Senses {
    spec: SensorSpec,
    /// A ring: the newest sample is at `newest`, the one after it is the oldest.
    ring: Vec<Sample>,
    newest: usize,
    rng: ChaCha8Rng,
    odometer: Odometer,
}

#[derive(Clone, Copy, Debug)]
struct Odometer {
    world_from_base: Pose,
    wheels_rad: [f64; 2],
}

impl Senses {
    /// Senses at the start of an episode: nothing is late yet.
    pub(crate) fn new(spec: SensorSpec, seed: u64, ports: &Ports, data: &MjData<Arc<MjModel>>) -> Self {
        let mut rng = stream(seed, Stream::Joints);
        let odometer =
            ports.base.as_ref().map_or(Odometer { world_from_base: Pose::identity(), wheels_rad: [0.0; 2] }, |base| {
                Odometer { world_from_base: base_pose(base, data), wheels_rad: base.qpos.map(|q| data.qpos()[q]) }
            });
        let first = take(&spec, &mut rng, &odometer, ports, data, Stamp(0));
        Self { ring: vec![first; spec.latency_periods + 1], newest: 0, rng, odometer, spec }
    }

    /// Takes the sample at the end of a period.
    pub(crate) fn tick(&mut self, ports: &Ports, data: &MjData<Arc<MjModel>>, now: Stamp) {
        if let Some(base) = &ports.base {
            self.odometer.turn(base, data);
        }
        self.newest = (self.newest + 1) % self.ring.len();
        self.ring[self.newest] = take(&self.spec, &mut self.rng, &self.odometer, ports, data, now);
    }

    /// All samples anew, as of now.
    pub(crate) fn restamp(&mut self, ports: &Ports, data: &MjData<Arc<MjModel>>, now: Stamp) {
        for _ in 0..self.ring.len() {
            self.tick(ports, data, now);
        }
    }

    /// The sample that has arrived by now.
    pub(crate) fn arrived(&self) -> &Sample {
        &self.ring[(self.newest + 1) % self.ring.len()]
    }
}

impl Odometer {
    /// Counts the wheels' turns since the last time, along the arc that they mean.
    fn turn(&mut self, base: &BasePorts, data: &MjData<Arc<MjModel>>) {
        let wheels_rad = base.qpos.map(|q| data.qpos()[q]);
        let rolled = |i: usize| (wheels_rad[i] - self.wheels_rad[i]) * base.wheels.radius_m;
        let (forward_m, turned_rad) = ((rolled(0) + rolled(1)) * 0.5, (rolled(1) - rolled(0)) / base.wheels.track_m);
        let half = Rotation::from_axis_angle(&Vec3::z_axis(), turned_rad * 0.5);
        self.world_from_base *= Pose::from_parts((half * Vec3::new(forward_m, 0.0, 0.0)).into(), half * half);
        self.wheels_rad = wheels_rad;
    }
}

fn take(
    spec: &SensorSpec,
    rng: &mut ChaCha8Rng,
    odometer: &Odometer,
    ports: &Ports,
    data: &MjData<Arc<MjModel>>,
    stamp: Stamp,
) -> Sample {
    let mut noisy = |value: f64, deviation: f64| {
        if deviation > 0.0 { value + deviation * normal(rng) } else { value }
    };
    let arm = ports.arm.as_ref();
    let joints = |of: fn(&ArmPorts) -> &[usize]| arm.map_or(&[][..], of).iter();
    Sample {
        stamp,
        joint_pos_rad: joints(|a| &a.qpos).map(|q| noisy(data.qpos()[*q], spec.joint_pos_noise_rad)).collect(),
        joint_vel_rad_s: joints(|a| &a.qvel).map(|v| noisy(data.qvel()[*v], spec.joint_vel_noise_rad_s)).collect(),
        gripper_width_m: arm.map(|arm| width_m(&arm.gripper, data).max(0.0)),
        wrench: arm.and_then(|arm| arm.wrench.map(|ports| wrench(&ports, arm.tool, data))),
        base: ports.base.as_ref().map(|base| match spec.base {
            BaseSensing::Localised => {
                BaseState { world_from_base: base_pose(base, data), twist: true_twist(base, data) }
            }
            BaseSensing::Odometry => {
                BaseState { world_from_base: odometer.world_from_base, twist: wheel_twist(base, data) }
            }
        }),
    }
}

/// Force and torque that the surroundings put on the hand, the weight of hand and fingers taken off, in the tool's axes.
fn wrench(ports: &WrenchPorts, tool: usize, data: &MjData<Arc<MjModel>>) -> Wrench {
    let model = data.model();
    let rotation = |xmat: &[f64; 9]| nalgebra::Matrix3::from_row_slice(xmat);
    let world_from_site = rotation(&data.site_xmat()[ports.site]);
    let tool_from_world = rotation(&data.site_xmat()[tool]).transpose();
    let at = |i: usize| Vec3::from_column_slice(&data.sensordata()[i..i + 3]);
    // MuJoCo's sensors read what the arm does to the hand: that carries its weight and withstands the surroundings.
    let force_n = world_from_site * at(ports.force);
    let torque_nm = world_from_site * at(ports.torque);
    let weight_n = Vec3::from(model.opt().gravity) * model.body_subtreemass()[ports.body];
    let lever_m = Vec3::from(data.subtree_com()[ports.body]) - Vec3::from(data.site_xpos()[ports.site]);
    Wrench {
        force_n: tool_from_world * -(force_n + weight_n),
        torque_nm: tool_from_world * -(torque_nm + lever_m.cross(&weight_n)),
    }
}

/// Pose of the base from its free joint.
pub(crate) fn base_pose(base: &BasePorts, data: &MjData<Arc<MjModel>>) -> Pose {
    let q = &data.qpos()[base.free.0..base.free.0 + 7];
    crate::robots::pose(&[q[0], q[1], q[2]], &[q[3], q[4], q[5], q[6]])
}

fn true_twist(base: &BasePorts, data: &MjData<Arc<MjModel>>) -> BaseTwist {
    let v = &data.qvel()[base.free.1..base.free.1 + 6];
    let forward = base_pose(base, data).rotation * Vec3::x();
    BaseTwist { linear_m_s: forward.dot(&Vec3::new(v[0], v[1], v[2])), angular_rad_s: v[5] }
}

fn wheel_twist(base: &BasePorts, data: &MjData<Arc<MjModel>>) -> BaseTwist {
    let [left, right] = base.qvel.map(|v| data.qvel()[v] * base.wheels.radius_m);
    BaseTwist { linear_m_s: (left + right) * 0.5, angular_rad_s: (right - left) / base.wheels.track_m }
}
