//! What happens to a robot that it did not do: things moved, pushed, dropped, brought in its way; and faults of its
//! senses and its wires. All by name, so that tests and people can ask for them.

use ponder_core::geometry::Pose;
use ponder_core::{Rotation, Vec3};
use serde::{Deserialize, Serialize};

use crate::build::StatePort;
use crate::error::SimError;
use crate::start::place;
use crate::world::SimWorld;

/// Something that someone does to the scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Disturbance {
    /// A loose thing is put elsewhere, upright; a spare one is brought in. It keeps its height unless one is given.
    Move {
        /// Its id.
        object: String,
        /// Where to, metres.
        x_m: f64,
        /// Where to, metres.
        y_m: f64,
        /// Height of its lowest point, metres.
        #[serde(default)]
        bottom_z_m: Option<f64>,
        /// Its heading, radians.
        #[serde(default)]
        yaw_rad: f64,
    },
    /// A loose thing is shifted as it stands.
    Shift {
        /// Its id.
        object: String,
        /// By how much, metres.
        dx_m: f64,
        /// By how much, metres.
        dy_m: f64,
    },
    /// A loose thing is taken out of sight.
    Remove {
        /// Its id.
        object: String,
    },
    /// A drawer or lid is opened or closed.
    SetOpen {
        /// Its id.
        object: String,
        /// How far, 0…1.
        fraction: f64,
    },
    /// The fingers lose their grip for a moment, and with it what they hold.
    Slip {
        /// How long, seconds.
        seconds: f64,
    },
}

/// Something that breaks in the robot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// All cameras deliver their last frame again and again.
    FrozenCamera,
    /// All cameras deliver nothing.
    SilentCamera,
    /// One joint's position is not a number.
    NanJoint,
    /// Joint states stop coming.
    SensorSilence,
    /// Commands arrive a third of a second late, after their deadline.
    LateCommand,
}

impl Fault {
    /// Every fault with its name.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::FrozenCamera, "frozen_camera"),
        (Self::SilentCamera, "silent_camera"),
        (Self::NanJoint, "nan_joint"),
        (Self::SensorSilence, "sensor_silence"),
        (Self::LateCommand, "late_command"),
    ];

    /// The fault of that name.
    ///
    /// # Errors
    /// [`SimError::Disturb`] listing the names that exist.
    pub fn named(name: &str) -> Result<Self, SimError> {
        let known = || Self::ALL.map(|(_, name)| name).join(", ");
        let found = Self::ALL.iter().find(|(_, n)| *n == name).map(|(fault, _)| *fault);
        found.ok_or_else(|| SimError::Disturb(format!("no fault `{name}`; there are: {}", known())))
    }
}

/// Which faults are there now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults(u8);

impl Faults {
    pub(crate) fn has(self, fault: Fault) -> bool {
        self.0 & (1 << fault as u8) != 0
    }

    pub(crate) fn set(&mut self, fault: Fault, there: bool) {
        let bit = 1 << fault as u8;
        self.0 = if there { self.0 | bit } else { self.0 & !bit };
    }
}

impl SimWorld {
    /// Breaks something (`there`) or mends it.
    pub fn inject(&mut self, fault: Fault, there: bool) {
        self.faults.set(fault, there);
    }

    /// Does something to the scene, between two control periods.
    ///
    /// # Errors
    /// [`SimError::Disturb`] for objects that are not there or can't be treated so.
    pub fn disturb(&mut self, disturbance: &Disturbance) -> Result<(), SimError> {
        match disturbance {
            Disturbance::Move { object, x_m, y_m, bottom_z_m, yaw_rad } => {
                let turned = Rotation::from_axis_angle(&Vec3::z_axis(), *yaw_rad);
                self.relocate(object, |pose, size_m| {
                    let z_m = bottom_z_m.map_or(pose.translation.z, |z| z + size_m.z * 0.5);
                    Pose::from_parts(Vec3::new(*x_m, *y_m, z_m).into(), turned)
                })
            }
            Disturbance::Shift { object, dx_m, dy_m } => {
                self.relocate(object, |pose, _| nalgebra::Translation3::new(*dx_m, *dy_m, 0.0) * pose)
            }
            Disturbance::Remove { object } => {
                self.relocate(object, |pose, _| nalgebra::Translation3::new(80.0, 0.0, 0.0) * pose)
            }
            Disturbance::SetOpen { object, fraction } => {
                let port = self.find(object)?;
                let StatePort::Opens { qpos, from, to } = port.state else {
                    return Err(SimError::Disturb(format!("`{object}` does not open")));
                };
                if !(0.0..=1.0).contains(fraction) {
                    return Err(SimError::Disturb(format!("fraction {fraction} is not 0…1")));
                }
                self.data.qpos_mut()[qpos] = from + (to - from) * fraction;
                self.data.forward_kinematics();
                Ok(())
            }
            Disturbance::Slip { seconds } => {
                if !(0.0..=10.0).contains(seconds) {
                    return Err(SimError::Disturb(format!("{seconds} s is not 0…10 s")));
                }
                self.drive.slip(*seconds);
                Ok(())
            }
        }
    }

    pub(crate) fn find(&self, object: &str) -> Result<&crate::build::ObjectPort, SimError> {
        let port = self.built.objects.iter().find(|o| o.id.as_str() == object);
        port.ok_or_else(|| SimError::Disturb(format!("no object `{object}` in the scene")))
    }

    pub(crate) fn relocate(&mut self, object: &str, to: impl FnOnce(Pose, Vec3) -> Pose) -> Result<(), SimError> {
        let port = self.find(object)?.clone();
        let (qpos, qvel) =
            port.free.ok_or_else(|| SimError::Disturb(format!("`{object}` is bolted down: it can't be moved")))?;
        self.data.forward_kinematics();
        let pose = to(crate::start::object_pose(&self.data, &port), port.size_m);
        if !pose.translation.vector.iter().all(|v| v.is_finite()) {
            return Err(SimError::Disturb(format!("`{object}`: the new place is not a number")));
        }
        place(&mut self.data, qpos, &(pose * port.body_from_object.inverse()));
        self.data.qvel_mut()[qvel..qvel + 6].fill(0.0);
        self.data.forward_kinematics();
        Ok(())
    }
}
