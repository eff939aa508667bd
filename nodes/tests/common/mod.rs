//! What the tests of this package share.

use ponder_core::Vec3;
use ponder_core::geometry::Aabb;
use ponder_core::robot::{Base, RobotSpec, Timing};
use ponder_core::run::Limits;
use ponder_nodes::journal::{FORMAT, Header};

/// A robot that drives.
pub fn rover() -> RobotSpec {
    let area = Aabb { min_m: Vec3::new(-3.0, -3.0, -1.0), max_m: Vec3::new(3.0, 3.0, 1.0) };
    let base = Base {
        radius_m: 0.25,
        linear_m_s: 0.8,
        angular_rad_s: 2.0,
        linear_m_s2: 1.0,
        angular_rad_s2: 4.0,
        emergency_stop: Default::default(),
        area,
    };
    let timing = Timing { period_s: 0.02, max_observation_age_s: 0.1, max_scene_age_s: 1.0, max_think_s: 5.0 };
    RobotSpec { name: "rover".to_owned(), arm: None, base: Some(base), cameras: Vec::new(), timing }
}

/// A header for it.
pub fn header() -> Header {
    Header {
        ponder_journal: FORMAT,
        ponder: "0.0.0-test".to_owned(),
        scene: "room".to_owned(),
        scene_sha256: String::new(),
        seed: 7,
        instruction: "drive to the door".to_owned(),
        robot_sha256: String::new(),
        perceiver: "none".to_owned(),
        reasoner: "none".to_owned(),
        weights_sha256: Default::default(),
        faults: Vec::new(),
        limits: Limits::default(),
        wants: Default::default(),
        robot: rover(),
        shapes: Vec::new(),
    }
}
