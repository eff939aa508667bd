//! Robots as MuJoCo has them, and as URDF files describe them. A robot file (`ponder_core::robot_file`) names joints and limits; everything else that a
//! simulator needs (actuators, sensors, the kinematic chain) is found in the model itself.

mod bind;
mod chain;
mod ports;
mod source;
pub mod urdf;

pub use bind::bind;
pub use chain::named_chain;
pub(crate) use chain::pose;
pub use ports::{ArmPorts, BasePorts, GripperDrive, GripperPorts, JointDrive, Ports, WrenchPorts};
pub use source::{BUILTIN, Builtin, RobotSource};
