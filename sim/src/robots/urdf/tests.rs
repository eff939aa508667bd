//! What is written reads back as the same chain, and what does not fit is told.

use std::path::Path;

use super::*;
use crate::robots::RobotSource;

fn arm7() -> (RobotSource, ponder_core::robot::RobotSpec) {
    let source = RobotSource::load("arm7", Path::new(".")).unwrap();
    let spec = source.checked().unwrap();
    (source, spec)
}

#[test]
fn what_is_written_reads_back_as_the_same_chain() {
    let (source, spec) = arm7();
    let urdf = Urdf::parse(&write(&source.file, &spec)).unwrap();
    let arm = spec.arm.unwrap();
    let read = urdf.chain_to(TOOL).unwrap();
    assert_eq!(read.joint_names, arm.joint_names);
    for pos_rad in [[0.0; 7], [0.3, -0.7, 1.1, -2.0, 0.4, 1.5, -0.9]] {
        let (a, b) = (arm.chain.world_from_tool(&pos_rad), read.chain.world_from_tool(&pos_rad));
        assert!((a.translation.vector - b.translation.vector).norm() < 1e-9, "{a} {b}");
        assert!(a.rotation.angle_to(&b.rotation) < 1e-7, "{a} {b}");
    }
    urdf.fits(&source.file).unwrap();
    let rover = RobotSource::load("rover", Path::new(".")).unwrap();
    let described = Urdf::parse(&write(&rover.file, &rover.checked().unwrap())).unwrap();
    described.fits(&rover.file).unwrap();
}

#[test]
fn what_does_not_fit_is_told() {
    let (source, spec) = arm7();
    let text = write(&source.file, &spec);
    let urdf = Urdf::parse(&text).unwrap();
    let why = |change: &dyn Fn(&mut Vec<JointFile>)| {
        let mut file = source.file.clone();
        change(&mut file.arm.as_mut().unwrap().joints);
        urdf.fits(&file).unwrap_err()
    };
    assert!(why(&|joints| joints[2].name = "elbow".to_owned()).contains("`elbow`"));
    assert!(why(&|joints| joints[1].max_rad = 3.0).contains("may go from"));
    assert!(why(&|joints| joints[1].vel_rad_s = 3.0).contains("may turn at 3 rad/s"));
    assert!(why(&|joints| joints.swap(3, 4)).contains("right after"));
    assert!(why(&|joints| drop(joints.remove(3))).contains("`joint5` does not come right after `joint3`"));
    assert!(why(&|joints| joints[0].name = "finger_left".to_owned()).contains("does not turn"));
    let wheel = text.replace("type=\"revolute\"", "type=\"continuous\"");
    Urdf::parse(&wheel).unwrap().fits(&source.file).unwrap();
    assert!(Urdf::parse("<robot").unwrap_err().contains("no URDF"));
    assert!(urdf.chain_to("hand").unwrap_err().contains("no link `hand`"));
}

#[test]
fn a_robot_file_may_name_a_urdf() {
    let (source, spec) = arm7();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("arm.urdf"), write(&source.file, &spec)).unwrap();
    let mut file = source.file;
    file.model = "arm.urdf".to_owned();
    std::fs::write(folder.path().join("arm.json"), serde_json::to_string(&file).unwrap()).unwrap();
    let read = RobotSource::load("arm.json", folder.path()).unwrap();
    let arm = read.checked().unwrap().arm.unwrap();
    let (home, want) = (&arm.home_rad, spec.arm.unwrap());
    let off = arm.chain.world_from_tool(home).translation.vector - want.chain.world_from_tool(home).translation.vector;
    assert!(off.norm() < 1e-9);
    assert!(read.spec().unwrap_err().to_string().contains("MJCF"), "it can't be simulated, and says so");
}
