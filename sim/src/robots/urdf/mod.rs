//! URDF, the ROS world's description of a robot: an arm's chain is read from one, a robot file is held against one, and
//! one is written of a robot that has none. (wiki.ros.org/urdf/XML: z-y-x angles, joint frames at the child's origin.)

mod write;

use nalgebra::Unit;
use ponder_core::geometry::Pose;
use ponder_core::kinematics::{Chain, Joint};
use ponder_core::robot_file::{JointFile, NamedChain, RobotFile};
use ponder_core::{Rotation, Vec3};
use urdf_rs::JointType;

pub use write::{TOOL, link_of, write};

/// Longest description that is read, bytes.
const MOST_BYTES: usize = 16 << 20;
/// Limits may differ by rounding, radians and radians a second.
const ROUNDING: f64 = 1e-6;

/// A description that was read.
#[derive(Clone, Debug)]
pub struct Urdf(urdf_rs::Robot);

impl Urdf {
    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MOST_BYTES {
            return Err(format!("the URDF has {} bytes: at most {MOST_BYTES} are read", text.len()));
        }
        let robot = urdf_rs::read_from_string(text).map_err(|error| format!("it is no URDF: {error}"))?;
        Ok(Self(robot))
    }

    /// Joints from the root to a link, root first; `None` if there is no such link.
    fn path_to(&self, link: &str) -> Result<Vec<&urdf_rs::Joint>, String> {
        if !self.0.links.iter().any(|known| known.name == link) {
            let known: Vec<&str> = self.0.links.iter().map(|link| link.name.as_str()).collect();
            return Err(format!("the URDF has no link `{link}`; there are {}", known.join(", ")));
        }
        let mut path: Vec<&urdf_rs::Joint> = Vec::new();
        let mut here = link;
        while let Some(joint) = self.0.joints.iter().find(|joint| joint.child.link == here) {
            if path.len() > self.0.joints.len() {
                return Err(format!("the URDF's links go round in a circle at `{here}`"));
            }
            path.push(joint);
            here = &joint.parent.link;
        }
        path.reverse();
        Ok(path)
    }

    /// The chain from the root link, taken for the world, to the tool's link.
    ///
    /// # Errors
    /// In words: no such link, a moving joint between that does not turn, an axis of no length.
    pub fn chain_to(&self, tool: &str) -> Result<NamedChain, String> {
        let (mut joint_names, mut joints) = (Vec::new(), Vec::new());
        let mut last_from_here = Pose::identity();
        for joint in self.path_to(tool)? {
            last_from_here *= origin(&joint.origin);
            match joint.joint_type {
                JointType::Fixed => {}
                JointType::Revolute | JointType::Continuous => {
                    let axis = Unit::try_new(Vec3::from(joint.axis.xyz.0), 1e-9)
                        .ok_or_else(|| format!("the axis of joint `{}` has no length", joint.name))?;
                    joints.push(Joint { parent_from_joint: last_from_here, axis });
                    joint_names.push(joint.name.clone());
                    last_from_here = Pose::identity();
                }
                _ => return Err(format!("joint `{}` between the root and `{tool}` does not turn", joint.name)),
            }
        }
        let chain = Chain::new(joints, last_from_here).map_err(|error| error.to_string())?;
        Ok(NamedChain { joint_names, chain })
    }

    /// Does a robot file fit: its joints are there, turn, follow each other along the chain, and go no further and no
    /// faster than described; so are its fingers and wheels.
    ///
    /// # Errors
    /// The first thing that does not fit, in words.
    pub fn fits(&self, file: &RobotFile) -> Result<(), String> {
        let joint = |name: &str| {
            let found = self.0.joints.iter().find(|joint| joint.name == name);
            found.ok_or_else(|| format!("joint `{name}` of the robot file is not in the URDF"))
        };
        if let Some(arm) = &file.arm {
            for wanted in &arm.joints {
                within(joint(&wanted.name)?, wanted)?;
            }
            for pair in arm.joints.windows(2) {
                let (before, after) = (&pair[0].name, &pair[1].name);
                let path = self.path_to(&joint(after)?.child.link)?;
                let moving = path.iter().rev().skip(1).find(|joint| joint.joint_type != JointType::Fixed);
                if moving.is_none_or(|moving| moving.name != *before) {
                    return Err(format!("joint `{after}` does not come right after `{before}` in the URDF"));
                }
            }
            for finger in &arm.gripper.fingers {
                joint(finger)?;
            }
        }
        if let Some(base) = &file.base {
            for wheel in [&base.wheels.left, &base.wheels.right] {
                joint(wheel)?;
            }
        }
        Ok(())
    }
}

fn within(described: &urdf_rs::Joint, wanted: &JointFile) -> Result<(), String> {
    let (name, limit) = (&wanted.name, &described.limit);
    match described.joint_type {
        JointType::Continuous => {}
        JointType::Revolute => {
            if wanted.min_rad < limit.lower - ROUNDING || wanted.max_rad > limit.upper + ROUNDING {
                return Err(format!(
                    "joint `{name}` may go from {} to {} rad by the robot file, from {} to {} by the URDF",
                    wanted.min_rad, wanted.max_rad, limit.lower, limit.upper
                ));
            }
        }
        _ => return Err(format!("joint `{name}` of the robot file does not turn in the URDF")),
    }
    // A continuous joint may come without limits, which reads as a speed of zero.
    let said = described.joint_type == JointType::Revolute || limit.velocity > 0.0;
    if said && wanted.vel_rad_s > limit.velocity + ROUNDING {
        return Err(format!(
            "joint `{name}` may turn at {} rad/s by the robot file, at {} by the URDF",
            wanted.vel_rad_s, limit.velocity
        ));
    }
    Ok(())
}

fn origin(pose: &urdf_rs::Pose) -> Pose {
    let [roll, pitch, yaw] = pose.rpy.0;
    Pose::from_parts(Vec3::from(pose.xyz.0).into(), Rotation::from_euler_angles(roll, pitch, yaw))
}

#[cfg(test)]
mod tests;
