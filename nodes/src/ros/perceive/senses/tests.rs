//! What is heard and what is refused of it.

use ponder_sim::robots::RobotSource;
use r2r::builtin_interfaces::msg::Time;
use r2r::std_msgs::msg::Header;

use super::*;

fn arm7() -> RobotFile {
    RobotSource::load("arm7", std::path::Path::new(".")).unwrap().file
}

/// Joint states of the arm, the fingers first and with a joint that is nobody's.
fn states() -> JointState {
    let arm = (1..=7).map(|i| format!("joint{i}"));
    let name: Vec<_> = ["finger_left", "finger_right", "lamp"].map(str::to_owned).into_iter().chain(arm).collect();
    let position = vec![0.01, 0.02, 9.0, 0.1, 0.2, 0.3, -0.4, 0.5, 0.6, 0.7];
    JointState { name, position, ..Default::default() }
}

fn scene(frame_id: &str) -> Scene {
    let header = Header { stamp: Time { sec: 3, nanosec: 5 }, frame_id: frame_id.to_owned() };
    Scene { header, observation_seq: 8, ..Default::default() }
}

#[test]
fn a_look_has_the_joints_by_name_and_the_opening_of_both_fingers() {
    let (file, mut senses) = (arm7(), Senses::default());
    assert!(senses.is_silent() && senses.look(&file).unwrap_err().contains("no ground truth yet"));
    senses.hear_truth(&file, &scene("world"));
    assert!(senses.look(&file).unwrap_err().contains("no joint states yet"));
    senses.hear_joints(&file, &states());
    let look = senses.look(&file).unwrap().observation;
    assert_eq!(look.joint_pos_rad.as_slice(), [0.1, 0.2, 0.3, -0.4, 0.5, 0.6, 0.7]);
    assert!((look.gripper_width_m.unwrap() - 0.03).abs() < 1e-12);
    assert_eq!((look.seq, look.truth.unwrap().stamp.0), (8, 3_000_000_005));
    assert!(senses.fresh && !senses.is_silent());
}

#[test]
fn what_is_bad_takes_the_place_of_what_was_good() {
    let (file, mut senses) = (arm7(), Senses::default());
    senses.hear_truth(&file, &scene("world"));
    senses.hear_joints(&file, &states());
    let mut bad = states();
    bad.position[4] = f64::NAN;
    senses.hear_joints(&file, &bad);
    assert!(senses.look(&file).unwrap_err().contains("`joint2` is not a number"));
    bad = states();
    bad.name[0] = "thumb".to_owned();
    senses.hear_joints(&file, &bad);
    assert!(senses.look(&file).unwrap_err().contains("no joint `finger_left`"));
    bad = states();
    bad.position.truncate(5);
    senses.hear_joints(&file, &bad);
    assert!(senses.look(&file).unwrap_err().contains("has no value"));
    senses.hear_joints(&file, &states());
    senses.hear_truth(&file, &scene("map"));
    assert!(senses.look(&file).unwrap_err().contains("frame `map`, not in `world`"));
    let objects = vec![Default::default(); 300];
    senses.hear_truth(&file, &Scene { objects, ..scene("world") });
    assert!(senses.look(&file).unwrap_err().contains("300 objects"));
}
