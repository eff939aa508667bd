//! Finds a robot in a compiled model: addresses of its joints, the actuators that drive them, the sensors at its wrist,
//! and the checked [`RobotSpec`] for everything above the simulator.

use mujoco_rs::wrappers::mj_model::{MjModel, MjtBias, MjtGain, MjtJoint, MjtObjBase, MjtSensor, MjtTrn, MjtWrap};
use ponder_core::robot::{Gripper, RobotSpec};
use ponder_core::robot_file::{ArmFile, BaseFile, GripperFile, RobotFile};

use super::{ArmPorts, BasePorts, GripperDrive, GripperPorts, JointDrive, Ports, WrenchPorts, named_chain};
use crate::error::SimError;

/// Finds a robot in a model.
///
/// # Errors
/// [`SimError`] naming the element that is missing or does not fit.
pub fn bind(file: &RobotFile, model: &MjModel) -> Result<(Ports, RobotSpec), SimError> {
    let find = Finder { model, robot: &file.name };
    let arm = file.arm.as_ref().map(|arm| find.arm(arm)).transpose()?;
    let base = file.base.as_ref().map(|base| find.base(base)).transpose()?;
    let chain = match &arm {
        Some(arm) => Some(named_chain(model, arm.tool).map_err(|why| find.wrong(why))?),
        None => None,
    };
    Ok((Ports { arm, base }, file.clone().into_spec(chain)?))
}

struct Finder<'a> {
    model: &'a MjModel,
    robot: &'a str,
}

impl Finder<'_> {
    fn wrong(&self, why: String) -> SimError {
        SimError::RobotFile { robot: self.robot.to_owned(), why }
    }

    fn id(&self, what: &'static str, kind: MjtObjBase, name: &str) -> Result<usize, SimError> {
        self.model.name_to_id(kind, name).ok_or_else(|| {
            let count = if kind == MjtObjBase::mjOBJ_SITE { self.model.nsite() } else { self.model.njnt() };
            let known: Vec<&str> = (0..count as usize).filter_map(|i| self.model.id_to_name(kind, i)).collect();
            SimError::NoSuchPart { robot: self.robot.to_owned(), what, name: name.to_owned(), known: known.join(", ") }
        })
    }

    fn joint(&self, name: &str, kind: MjtJoint) -> Result<usize, SimError> {
        let joint = self.id("joint", MjtObjBase::mjOBJ_JOINT, name)?;
        if self.model.jnt_type()[joint] == kind {
            Ok(joint)
        } else {
            Err(self.wrong(format!("joint `{name}` is a {:?}, not a {kind:?}", self.model.jnt_type()[joint])))
        }
    }

    /// The actuator with one control that drives a joint directly.
    fn actuator(&self, joint: usize) -> Option<usize> {
        let model = self.model;
        (0..model.nactuator() as usize).find(|a| {
            model.actuator_trntype()[*a] == MjtTrn::mjTRN_JOINT
                && model.actuator_trnid()[*a][0] as usize == joint
                && model.actuator_ctrlnum()[*a] == 1
        })
    }

    fn driven(&self, joint: usize, name: &str) -> Result<usize, SimError> {
        let lacking = || self.wrong(format!("no actuator in the MJCF drives joint `{name}` with a single control"));
        self.actuator(joint).ok_or_else(lacking)
    }

    fn arm(&self, file: &ArmFile) -> Result<ArmPorts, SimError> {
        let model = self.model;
        let find = |j: &ponder_core::robot_file::JointFile| self.joint(&j.name, MjtJoint::mjJNT_HINGE);
        let joint = file.joints.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        let mut ctrl = Vec::with_capacity(joint.len());
        let mut drive = Vec::with_capacity(joint.len());
        for (file, joint) in file.joints.iter().zip(&joint) {
            let actuator = self.driven(*joint, &file.name)?;
            ctrl.push(model.actuator_ctrladr()[actuator] as usize);
            drive
                .push(self.drive(actuator, *joint).map_err(|why| self.wrong(format!("joint `{}`: {why}", file.name)))?);
        }
        let tool = self.id("site", MjtObjBase::mjOBJ_SITE, &file.tool)?;
        Ok(ArmPorts {
            qpos: joint.iter().map(|j| model.jnt_qposadr()[*j] as usize).collect(),
            qvel: joint.iter().map(|j| model.jnt_dofadr()[*j] as usize).collect(),
            joint,
            ctrl,
            drive,
            tool,
            hand: model.site_bodyid()[tool] as usize,
            wrench: self.wrench(tool),
            gripper: self.gripper(&file.gripper)?,
        })
    }

    fn drive(&self, actuator: usize, joint: usize) -> Result<JointDrive, &'static str> {
        let model = self.model;
        let (gain, bias) = (model.actuator_gainprm()[actuator], model.actuator_biasprm()[actuator]);
        let fixed = model.actuator_gaintype()[actuator] == MjtGain::mjGAIN_FIXED;
        match model.actuator_biastype()[actuator] {
            MjtBias::mjBIAS_AFFINE if fixed && gain[0] > 0.0 && bias[1] == -gain[0] => {
                Ok(JointDrive::Position { lead_s: -bias[2] / gain[0] })
            }
            MjtBias::mjBIAS_NONE if fixed && gain[0] == 1.0 => {
                let unlimited = [f64::NEG_INFINITY, f64::INFINITY];
                let control = if model.actuator_ctrllimited()[actuator] {
                    model.actuator_ctrlrange()[actuator]
                } else {
                    unlimited
                };
                let joint = if model.jnt_actfrclimited()[joint] { model.jnt_actfrcrange()[joint] } else { unlimited };
                Ok(JointDrive::Torque { limits_nm: [control[0].max(joint[0]), control[1].min(joint[1])] })
            }
            _ => Err("its actuator is neither a position servo nor a torque motor with gear 1"),
        }
    }

    /// Force and torque sensors on a site between the tool and the world.
    fn wrench(&self, tool: usize) -> Option<WrenchPorts> {
        let model = self.model;
        let mut body = model.site_bodyid()[tool] as usize;
        while body != 0 {
            let at = |kind: MjtSensor| {
                (0..model.nsensor() as usize).find(|s| {
                    let site = model.sensor_objid()[*s] as usize;
                    model.sensor_type()[*s] == kind && model.site_bodyid()[site] as usize == body
                })
            };
            if let (Some(force), Some(torque)) = (at(MjtSensor::mjSENS_FORCE), at(MjtSensor::mjSENS_TORQUE)) {
                let address = |s: usize| model.sensor_adr()[s] as usize;
                let site = model.sensor_objid()[force] as usize;
                return Some(WrenchPorts { force: address(force), torque: address(torque), site, body });
            }
            body = model.body_parentid()[body] as usize;
        }
        None
    }

    fn gripper(&self, file: &GripperFile) -> Result<GripperPorts, SimError> {
        let model = self.model;
        let [left, right] = &file.fingers[..] else {
            return Err(
                self.wrong(format!("{} `fingers`; a parallel gripper has two sliding joints", file.fingers.len()))
            );
        };
        let joints = [self.joint(left, MjtJoint::mjJNT_SLIDE)?, self.joint(right, MjtJoint::mjJNT_SLIDE)?];
        let drive = match self.tendon(joints) {
            Some(actuator) => GripperDrive::Force(actuator),
            None => GripperDrive::Position([self.servo(joints[0], left)?, self.servo(joints[1], right)?]),
        };
        // A finger is closed at the end of its range that is nearer to zero, and opens towards the other.
        let closed = joints.map(|j| {
            let [min, max] = model.jnt_range()[j];
            if min.abs() <= max.abs() { (min, 1.0) } else { (max, -1.0) }
        });
        Ok(GripperPorts {
            body: joints.map(|j| model.jnt_bodyid()[j] as usize),
            qpos: joints.map(|j| model.jnt_qposadr()[j] as usize),
            closed,
            drive,
            limits: Gripper {
                max_width_m: file.max_width_m,
                max_force_n: file.max_force_n,
                speed_m_s: file.speed_m_s,
                finger_depth_m: file.finger_depth_m,
            },
        })
    }

    /// Control of a force motor on a tendon that joins both fingers.
    fn tendon(&self, joints: [usize; 2]) -> Option<usize> {
        let model = self.model;
        (0..model.nactuator() as usize).find_map(|a| {
            let motor = model.actuator_biastype()[a] == MjtBias::mjBIAS_NONE && model.actuator_ctrlnum()[a] == 1;
            if model.actuator_trntype()[a] != MjtTrn::mjTRN_TENDON || !motor {
                return None;
            }
            let tendon = model.actuator_trnid()[a][0] as usize;
            let first = model.tendon_adr()[tendon] as usize;
            let wraps = first..first + model.tendon_num()[tendon] as usize;
            let holds = |joint: usize| {
                let is =
                    |w: usize| model.wrap_type()[w] == MjtWrap::mjWRAP_JOINT && model.wrap_objid()[w] as usize == joint;
                wraps.clone().any(is)
            };
            (holds(joints[0]) && holds(joints[1])).then(|| model.actuator_ctrladr()[a] as usize)
        })
    }

    fn servo(&self, joint: usize, name: &str) -> Result<usize, SimError> {
        let actuator = self.driven(joint, name)?;
        match self.drive(actuator, joint) {
            Ok(JointDrive::Position { .. }) => Ok(self.model.actuator_ctrladr()[actuator] as usize),
            _ => {
                Err(self
                    .wrong(format!("finger `{name}` needs a position servo, or a motor on a tendon that joins both")))
            }
        }
    }

    fn base(&self, file: &BaseFile) -> Result<BasePorts, SimError> {
        let model = self.model;
        let mut joints = [0; 2];
        let mut ctrl = [0; 2];
        for (i, name) in [&file.wheels.left, &file.wheels.right].into_iter().enumerate() {
            joints[i] = self.joint(name, MjtJoint::mjJNT_HINGE)?;
            ctrl[i] = model.actuator_ctrladr()[self.driven(joints[i], name)?] as usize;
        }
        let body = model.body_parentid()[model.jnt_bodyid()[joints[0]] as usize] as usize;
        let free = usize::try_from(model.body_jntadr()[body]).ok();
        let free = free.filter(|j| model.jnt_type()[*j] == MjtJoint::mjJNT_FREE);
        let free =
            free.ok_or_else(|| self.wrong("the body that carries the wheels must have a free joint".to_owned()))?;
        Ok(BasePorts {
            body,
            free: (model.jnt_qposadr()[free] as usize, model.jnt_dofadr()[free] as usize),
            qpos: joints.map(|j| model.jnt_qposadr()[j] as usize),
            qvel: joints.map(|j| model.jnt_dofadr()[j] as usize),
            ctrl,
            wheels: file.wheels.clone(),
        })
    }
}
