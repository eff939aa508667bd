//! The robot's frames, as its URDF has them: which never move, and which follow the joints.

use ponder_core::robot::RobotSpec;
use ponder_core::robot_file::RobotFile;
use ponder_core::{Pose, Rotation, Stamp};
use ponder_sim::robots::urdf::{TOOL, link_of};
use r2r::geometry_msgs::msg::{Transform, TransformStamped};
use r2r::std_msgs::msg::Header;

use crate::ros::convert;

/// A transform as a message.
pub fn transform(stamp: Stamp, parent: &str, child: &str, parent_from_child: &Pose) -> TransformStamped {
    TransformStamped {
        header: Header { stamp: convert::time(stamp), frame_id: parent.to_owned() },
        child_frame_id: child.to_owned(),
        transform: Transform {
            translation: convert::vector_msg(&parent_from_child.translation.vector),
            rotation: convert::pose_msg(parent_from_child).orientation,
        },
    }
}

/// Frames that never move: an arm's base in the world, the tool on the last link. What drives has none.
pub fn fixed(file: &RobotFile, spec: &RobotSpec) -> Vec<TransformStamped> {
    let (Some(arm), Some(last)) = (&spec.arm, spec.arm.as_ref().and_then(|arm| arm.joint_names.last())) else {
        return Vec::new();
    };
    let (world, base) = (&file.ros.world_frame, &file.ros.base_frame);
    let bolted = (base != world).then(|| transform(Stamp(0), world, base, &Pose::identity()));
    let tool = transform(Stamp(0), &link_of(last), TOOL, arm.chain.last_from_tool());
    bolted.into_iter().chain([tool]).collect()
}

/// An arm's links, each in the one before it; none for positions that are no numbers.
pub fn links(file: &RobotFile, spec: &RobotSpec, pos_rad: &[f64], stamp: Stamp) -> Vec<TransformStamped> {
    let Some(arm) = &spec.arm else { return Vec::new() };
    if pos_rad.len() != arm.chain.len() || !pos_rad.iter().all(|rad| rad.is_finite()) {
        return Vec::new();
    }
    let mut parent = file.ros.base_frame.clone();
    let turned = arm.chain.joints().iter().zip(&arm.joint_names).zip(pos_rad).map(|((joint, name), rad)| {
        let child = link_of(name);
        let at = joint.parent_from_joint * Rotation::from_axis_angle(&joint.axis, *rad);
        let transform = transform(stamp, &parent, &child, &at);
        parent = child;
        transform
    });
    turned.collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ponder_sim::robots::RobotSource;
    use r2r::geometry_msgs::msg::{Point, Pose as PoseMsg};

    use super::*;

    #[test]
    fn frames_lead_from_the_world_to_the_tool() {
        let source = RobotSource::load("arm7", Path::new(".")).unwrap();
        let spec = source.checked().unwrap();
        let pos_rad = [0.3, -0.7, 1.1, -2.0, 0.4, 1.5, -0.9];
        let all = [fixed(&source.file, &spec), links(&source.file, &spec, &pos_rad, Stamp(5))].concat();
        let (mut here, mut world_from_here) = ("world".to_owned(), Pose::identity());
        while here != "tool" {
            let next = all.iter().find(|step| step.header.frame_id == here).unwrap();
            let t = &next.transform.translation;
            let at =
                PoseMsg { position: Point { x: t.x, y: t.y, z: t.z }, orientation: next.transform.rotation.clone() };
            world_from_here *= convert::pose("test", &at).unwrap();
            here = next.child_frame_id.clone();
        }
        let want = spec.arm.as_ref().unwrap().chain.world_from_tool(&pos_rad);
        assert!((want.translation.vector - world_from_here.translation.vector).norm() < 1e-9);
        assert!(links(&source.file, &spec, &[f64::NAN; 7], Stamp(0)).is_empty());
    }
}
