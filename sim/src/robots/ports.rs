//! Where a robot is in a compiled model: addresses for the control path.

use ponder_core::robot::Gripper;
use ponder_core::robot_file::WheelsFile;

/// Addresses of a robot in a model.
#[derive(Clone, Debug)]
pub struct Ports {
    /// The arm.
    pub arm: Option<ArmPorts>,
    /// The base.
    pub base: Option<BasePorts>,
}

/// Addresses of an arm, one entry a joint.
#[derive(Clone, Debug)]
pub struct ArmPorts {
    /// Joints.
    pub joint: Vec<usize>,
    /// Positions in qpos.
    pub qpos: Vec<usize>,
    /// Velocities in qvel.
    pub qvel: Vec<usize>,
    /// Controls in ctrl.
    pub ctrl: Vec<usize>,
    /// What the controls do.
    pub drive: Vec<JointDrive>,
    /// Tool site.
    pub tool: usize,
    /// Body the tool is on.
    pub hand: usize,
    /// Sensors at the wrist.
    pub wrench: Option<WrenchPorts>,
    /// Gripper.
    pub gripper: GripperPorts,
}

/// What a joint's control does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum JointDrive {
    /// A position servo; its damping over its stiffness, in seconds, feeds the wanted speed forward.
    Position {
        /// kv / kp, seconds.
        lead_s: f64,
    },
    /// A raw torque, N·m, within limits: the simulator adds a servo of its own, and what gravity and inertia ask for.
    Torque {
        /// Smallest and largest.
        limits_nm: [f64; 2],
    },
}

/// Sensors at the wrist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrenchPorts {
    /// Force in sensordata.
    pub force: usize,
    /// Torque in sensordata.
    pub torque: usize,
    /// Their site.
    pub site: usize,
    /// The body they carry, with everything on it.
    pub body: usize,
}

/// Addresses of a gripper.
#[derive(Clone, Debug)]
pub struct GripperPorts {
    /// Finger bodies.
    pub body: [usize; 2],
    /// Finger positions in qpos.
    pub qpos: [usize; 2],
    /// Finger position when closed, and the sign in which it opens.
    pub closed: [(f64, f64); 2],
    /// How it is driven.
    pub drive: GripperDrive,
    /// Limits.
    pub limits: Gripper,
}

/// How a gripper is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GripperDrive {
    /// One control: the force that opens the fingers, newtons.
    Force(usize),
    /// One position servo a finger.
    Position([usize; 2]),
}

/// Addresses of a base.
#[derive(Clone, Debug)]
pub struct BasePorts {
    /// Its body.
    pub body: usize,
    /// Its free joint in qpos and qvel.
    pub free: (usize, usize),
    /// Wheels in qpos, left and right.
    pub qpos: [usize; 2],
    /// Wheels in qvel.
    pub qvel: [usize; 2],
    /// Wheels in ctrl: velocities, rad/s.
    pub ctrl: [usize; 2],
    /// Size of the wheels.
    pub wheels: WheelsFile,
}
