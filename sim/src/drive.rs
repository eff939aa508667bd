//! From commands to actuators: the setpoints that the robot's joints, gripper and wheels follow between two control
//! periods. Part of the control path: nothing here allocates.

use std::sync::Arc;

use mujoco_rs::wrappers::mj_data::MjData;
use mujoco_rs::wrappers::mj_model::MjModel;
use ponder_core::command::Command;
use ponder_core::robot::MAX_JOINTS;

use crate::robots::{ArmPorts, GripperDrive, GripperPorts, JointDrive, Ports};

/// Stiffness of a gripper's width servo, N/m: a millimetre of error makes four newtons.
const GRIPPER_STIFFNESS_N_M: f64 = 4000.0;
/// Bandwidth of the servo around raw torques, rad/s.
const SERVO_RAD_S: f64 = 40.0;

/// Where the actuators are told to be, from the last period's end to this one's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Drive {
    from_rad: [f64; MAX_JOINTS],
    to_rad: [f64; MAX_JOINTS],
    from_rad_s: [f64; MAX_JOINTS],
    to_rad_s: [f64; MAX_JOINTS],
    /// Inertia that each joint feels in the starting posture, kg·m², for raw torques.
    inertia_kg_m2: [f64; MAX_JOINTS],
    /// Opening that the servo holds now; moves towards the target at the gripper's own speed.
    width_m: f64,
    target_m: f64,
    force_n: f64,
    /// Physics steps for which the fingers open by themselves.
    limp_steps: u64,
    wheel_from_rad_s: [f64; 2],
    wheel_to_rad_s: [f64; 2],
}

impl Drive {
    /// Holds the robot as it stands; `data` must be up to date.
    pub(crate) fn new(ports: &Ports, data: &MjData<Arc<MjModel>>) -> Self {
        let zero = [0.0; MAX_JOINTS];
        let mut drive = Self {
            from_rad: zero,
            to_rad: zero,
            from_rad_s: zero,
            to_rad_s: zero,
            inertia_kg_m2: zero,
            width_m: 0.0,
            target_m: 0.0,
            force_n: 0.0,
            limp_steps: 0,
            wheel_from_rad_s: [0.0; 2],
            wheel_to_rad_s: [0.0; 2],
        };
        if let Some(arm) = &ports.arm {
            let nv = data.qvel().len();
            let mut inertia = vec![0.0; nv * nv];
            // The buffer has exactly the size that is asked for; without it torques stay at gravity's.
            let known = data.full_m(&mut inertia).is_ok();
            for i in 0..arm.joint.len() {
                drive.from_rad[i] = data.qpos()[arm.qpos[i]];
                drive.inertia_kg_m2[i] = if known { inertia[arm.qvel[i] * (nv + 1)] } else { 0.0 };
            }
            drive.to_rad = drive.from_rad;
            drive.width_m = width_m(&arm.gripper, data);
            drive.target_m = drive.width_m;
            drive.force_n = arm.gripper.limits.max_force_n * 0.5;
        }
        drive
    }

    /// Takes a command for the next period; parts it leaves out come to a stop (wheels) or hold (joints, gripper).
    pub(crate) fn take(&mut self, ports: &Ports, command: Option<&Command>) {
        (self.from_rad, self.from_rad_s) = (self.to_rad, self.to_rad_s);
        self.wheel_from_rad_s = self.wheel_to_rad_s;
        self.to_rad_s = [0.0; MAX_JOINTS];
        self.wheel_to_rad_s = [0.0; 2];
        let Some(command) = command else { return };
        if let Some(target) = &command.arm {
            for (to, rad) in self.to_rad.iter_mut().zip(&target.pos_rad) {
                *to = *rad;
            }
            for (to, rad_s) in self.to_rad_s.iter_mut().zip(&target.vel_rad_s) {
                *to = *rad_s;
            }
        }
        if let (Some(target), Some(arm)) = (&command.gripper, &ports.arm) {
            self.target_m = target.width_m.clamp(0.0, arm.gripper.limits.max_width_m);
            self.force_n = target.force_n.clamp(0.0, arm.gripper.limits.max_force_n);
        }
        if let (Some(twist), Some(base)) = (&command.base, &ports.base) {
            let spread_m_s = twist.angular_rad_s * base.wheels.track_m * 0.5;
            let wheels_m_s = [twist.linear_m_s - spread_m_s, twist.linear_m_s + spread_m_s];
            self.wheel_to_rad_s = wheels_m_s.map(|v| v / base.wheels.radius_m);
        }
    }

    /// Lets the fingers open by themselves for a while, as if what they hold slipped out.
    pub(crate) fn slip(&mut self, seconds: f64) {
        self.limp_steps = (seconds * 500.0) as u64;
    }

    /// Writes the controls for one physics step; `part` of the period has passed at its end.
    pub(crate) fn write(&mut self, ports: &Ports, data: &mut MjData<Arc<MjModel>>, part: f64) {
        if let Some(arm) = &ports.arm {
            self.write_arm(arm, data, part);
            self.write_gripper(&arm.gripper, data);
        }
        if let Some(base) = &ports.base {
            for i in 0..2 {
                data.ctrl_mut()[base.ctrl[i]] = between(self.wheel_from_rad_s[i], self.wheel_to_rad_s[i], part);
            }
        }
    }

    fn write_arm(&self, arm: &ArmPorts, data: &mut MjData<Arc<MjModel>>, part: f64) {
        for i in 0..arm.joint.len() {
            let rad = between(self.from_rad[i], self.to_rad[i], part);
            let rad_s = between(self.from_rad_s[i], self.to_rad_s[i], part);
            let control = match arm.drive[i] {
                JointDrive::Position { lead_s } => rad + rad_s * lead_s,
                JointDrive::Torque { limits_nm: [min_nm, max_nm] } => {
                    let (error_rad, error_rad_s) = (rad - data.qpos()[arm.qpos[i]], rad_s - data.qvel()[arm.qvel[i]]);
                    let wanted_rad_s2 = SERVO_RAD_S * (SERVO_RAD_S * error_rad + 2.0 * error_rad_s);
                    (self.inertia_kg_m2[i] * wanted_rad_s2 + data.qfrc_bias()[arm.qvel[i]]).clamp(min_nm, max_nm)
                }
            };
            data.ctrl_mut()[arm.ctrl[i]] = control;
        }
    }

    fn write_gripper(&mut self, gripper: &GripperPorts, data: &mut MjData<Arc<MjModel>>) {
        let step_m = gripper.limits.speed_m_s * data.model().opt().timestep;
        let target_m = if self.limp_steps > 0 { gripper.limits.max_width_m } else { self.target_m };
        self.limp_steps = self.limp_steps.saturating_sub(1);
        self.width_m += (target_m - self.width_m).clamp(-step_m, step_m);
        match gripper.drive {
            GripperDrive::Force(control) => {
                let error_m = self.width_m - width_m(gripper, data);
                data.ctrl_mut()[control] = (GRIPPER_STIFFNESS_N_M * error_m).clamp(-self.force_n, self.force_n);
            }
            GripperDrive::Position(controls) => {
                for (control, (closed_m, sign)) in controls.iter().zip(gripper.closed) {
                    data.ctrl_mut()[*control] = closed_m + sign * self.width_m * 0.5;
                }
            }
        }
    }
}

/// Opening between the fingers, metres.
pub(crate) fn width_m(gripper: &GripperPorts, data: &MjData<Arc<MjModel>>) -> f64 {
    let opened = |i: usize| (data.qpos()[gripper.qpos[i]] - gripper.closed[i].0) * gripper.closed[i].1;
    opened(0) + opened(1)
}

fn between(from: f64, to: f64, part: f64) -> f64 {
    from + (to - from) * part
}
