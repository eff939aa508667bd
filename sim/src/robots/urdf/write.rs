//! A robot's URDF, out of its robot file and its chain: a link after each joint, one for the tool, one a finger or wheel.

use std::fmt::Write as _;

use ponder_core::geometry::Pose;
use ponder_core::robot::{Arm, RobotSpec};
use ponder_core::robot_file::{ArmFile, BaseFile, RobotFile};

/// The URDF of a robot. The root is the world's frame for an arm and the base's for what drives; limits are the robot
/// file's. Visuals are a tube from joint to joint, as thick as the guard takes the links to be.
pub fn write(file: &RobotFile, spec: &RobotSpec) -> String {
    let mut out = format!("<?xml version=\"1.0\"?>\n<robot name=\"{}\">\n", escaped(&file.name));
    let base = &file.ros.base_frame;
    match (&file.arm, &spec.arm, &file.base) {
        (Some(arm_file), Some(arm), _) => {
            let world = &file.ros.world_frame;
            link(&mut out, world, None);
            if base != world {
                link(&mut out, base, None);
                joint(&mut out, "base_joint", "fixed", [world, base], &Pose::identity(), "");
            }
            write_arm(&mut out, arm_file, arm, base);
        }
        (_, _, Some(wheels)) => write_base(&mut out, wheels, base),
        _ => link(&mut out, base, None),
    }
    out += "</robot>\n";
    out
}

/// The link that a joint moves.
pub fn link_of(joint: &str) -> String {
    format!("{joint}_link")
}

fn write_arm(out: &mut String, file: &ArmFile, arm: &Arm, base: &str) {
    let mut parent = base.to_owned();
    let next = arm.chain.joints().iter().skip(1).map(|joint| Some(&joint.parent_from_joint)).chain([None]);
    for ((of, kinematics), next) in file.joints.iter().zip(arm.chain.joints()).zip(next) {
        let child = link_of(&of.name);
        let to = next.unwrap_or(arm.chain.last_from_tool()).translation.vector;
        let tube = (to.norm() > 1e-6).then(|| {
            let turned = ponder_core::Rotation::rotation_between(&ponder_core::Vec3::z(), &to).unwrap_or_else(|| {
                ponder_core::Rotation::from_axis_angle(&ponder_core::Vec3::x_axis(), std::f64::consts::PI)
            });
            let middle = Pose::from_parts((to * 0.5).into(), turned);
            format!(
                "{}<geometry><cylinder radius=\"{}\" length=\"{}\"/></geometry>",
                origin(&middle),
                arm.link_radius_m,
                to.norm()
            )
        });
        link(out, &child, tube.as_deref());
        let [x, y, z] = kinematics.axis.into_inner().into();
        let rest = format!(
            "<axis xyz=\"{x} {y} {z}\"/><limit lower=\"{}\" upper=\"{}\" velocity=\"{}\" effort=\"0\"/>",
            of.min_rad, of.max_rad, of.vel_rad_s
        );
        joint(out, &of.name, "revolute", [&parent, &child], &kinematics.parent_from_joint, &rest);
        parent = child;
    }
    link(out, TOOL, None);
    joint(out, "tool_joint", "fixed", [&parent, TOOL], arm.chain.last_from_tool(), "");
    // Fingers open along the tool's y, one to either side.
    let fingers = &file.gripper.fingers;
    for (i, finger) in fingers.iter().enumerate() {
        let child = link_of(finger);
        link(out, &child, None);
        let y = if i % 2 == 0 { 1.0 } else { -1.0 };
        let rest = format!(
            "<axis xyz=\"0 {y} 0\"/><limit lower=\"0\" upper=\"{}\" velocity=\"{}\" effort=\"{}\"/>",
            file.gripper.max_width_m / fingers.len() as f64,
            file.gripper.speed_m_s,
            file.gripper.max_force_n
        );
        joint(out, finger, "prismatic", [TOOL, &child], &Pose::identity(), &rest);
    }
}

fn write_base(out: &mut String, file: &BaseFile, base: &str) {
    link(out, base, None);
    let wheels = &file.wheels;
    for (wheel, side) in [(&wheels.left, 0.5), (&wheels.right, -0.5)] {
        let child = link_of(wheel);
        let lying = ponder_core::Rotation::from_axis_angle(&ponder_core::Vec3::x_axis(), std::f64::consts::FRAC_PI_2);
        let lying = Pose::from_parts(Default::default(), lying);
        let drawn = format!(
            "{}<geometry><cylinder radius=\"{}\" length=\"0.03\"/></geometry>",
            origin(&lying),
            wheels.radius_m
        );
        link(out, &child, Some(&drawn));
        let at = Pose::translation(0.0, wheels.track_m * side, wheels.radius_m);
        joint(out, wheel, "continuous", [base, &child], &at, "<axis xyz=\"0 1 0\"/>");
    }
}

/// Frame and link of the tool.
pub const TOOL: &str = "tool";

fn link(out: &mut String, name: &str, visual: Option<&str>) {
    // Writing to a text can't fail.
    let _ = match visual {
        Some(visual) => writeln!(out, "  <link name=\"{}\"><visual>{visual}</visual></link>", escaped(name)),
        None => writeln!(out, "  <link name=\"{}\"/>", escaped(name)),
    };
}

fn joint(out: &mut String, name: &str, kind: &str, [parent, child]: [&str; 2], at: &Pose, rest: &str) {
    let (name, parent, child) = (escaped(name), escaped(parent), escaped(child));
    let _ = writeln!(
        out,
        "  <joint name=\"{name}\" type=\"{kind}\"><parent link=\"{parent}\"/><child link=\"{child}\"/>{}{rest}</joint>",
        origin(at)
    );
}

fn origin(pose: &Pose) -> String {
    let m = pose.translation.vector;
    let (roll, pitch, yaw) = pose.rotation.euler_angles();
    format!("<origin xyz=\"{} {} {}\" rpy=\"{roll} {pitch} {yaw}\"/>", m.x, m.y, m.z)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
