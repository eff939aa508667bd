//! A hand to move the arm with in tests: joint targets from MuJoCo's own Jacobian, at a bounded speed.

use std::path::Path;

use nalgebra::{DMatrix, DVector};
use ponder_core::command::{Command, GripperTarget, JointTarget};
use ponder_core::robot::JointVec;
use ponder_core::scene::SceneObject;
use ponder_core::world::World;
use ponder_core::{Rotation, Stamp, Vec3};

use crate::{SceneSpec, SimWorld};

/// A world and where its arm is told to be.
pub struct Hand {
    pub world: SimWorld,
    joints_rad: JointVec,
    sent_rad: JointVec,
    width_m: f64,
    force_n: f64,
}

/// Tool pointing down; the fingers close along `yaw` + 90° in the world.
pub fn down(yaw_rad: f64) -> Rotation {
    Rotation::from_axis_angle(&Vec3::z_axis(), yaw_rad)
        * Rotation::from_axis_angle(&Vec3::x_axis(), std::f64::consts::PI)
}

impl Hand {
    pub fn new(yaml: &str, seed: u64) -> Self {
        let scene = SceneSpec::parse(yaml, "test").unwrap();
        let world = SimWorld::open(&scene, seed, Path::new(".")).unwrap();
        let arm = world.robot().arm.as_ref().unwrap();
        let (joints_rad, width_m) = (arm.home_rad.clone(), arm.gripper.max_width_m);
        Self { world, sent_rad: joints_rad.clone(), joints_rad, width_m, force_n: 40.0 }
    }

    pub fn object(&mut self, id: &str) -> SceneObject {
        let truth = self.world.truth();
        truth.objects.iter().find(|o| o.id.as_str() == id).unwrap_or_else(|| panic!("no {id}")).clone()
    }

    pub fn tool_m(&self) -> Vec3 {
        self.world.tool_m().unwrap()
    }

    /// Moves the tool along a line at a speed in m/s, slower where a joint would be too fast, and waits for it.
    pub fn move_to(&mut self, to_m: Vec3, rotation: Rotation, speed_m_s: f64) {
        let chain = self.world.robot().arm.as_ref().unwrap().chain.clone();
        let from = chain.world_from_tool(&self.joints_rad);
        let start_rad = self.joints_rad.clone();
        self.solve(&chain, to_m, rotation);
        let turned_rad = start_rad.iter().zip(&self.joints_rad).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        self.joints_rad = start_rad;
        // The smooth start and stop make the middle half as fast again.
        let seconds = ((to_m - from.translation.vector).norm() / speed_m_s).max(turned_rad / 0.5);
        let periods = (seconds / 0.01).ceil().max(1.0) as usize;
        for i in 1..=periods {
            let part = i as f64 / periods as f64;
            let smooth = part * part * (3.0 - 2.0 * part);
            let at_m = from.translation.vector.lerp(&to_m, smooth);
            let turned = from.rotation.try_slerp(&rotation, smooth, 1e-9).unwrap_or(rotation);
            self.solve(&chain, at_m, turned);
            self.tick(1);
        }
        self.tick(15);
    }

    fn solve(&mut self, chain: &ponder_core::kinematics::Chain, to_m: Vec3, rotation: Rotation) {
        for _ in 0..60 {
            let frames = chain.frames(&self.joints_rad);
            let tool = chain.tool_of(&frames);
            let moved = to_m - tool.translation.vector;
            let turned = (rotation * tool.rotation.inverse()).scaled_axis();
            let error = DVector::from_iterator(6, moved.iter().chain(turned.iter()).copied());
            if error.norm() < 1e-6 {
                break;
            }
            let mut jacobian = nalgebra::Matrix6xX::zeros(7);
            chain.jacobian_into(&frames, &mut jacobian);
            let damped = &jacobian * jacobian.transpose() + DMatrix::identity(6, 6) * 1e-4;
            let step = jacobian.transpose() * damped.try_inverse().unwrap() * error;
            for (q, dq) in self.joints_rad.iter_mut().zip(step.iter()) {
                *q += dq.clamp(-0.1, 0.1);
            }
        }
    }

    pub fn grip(&mut self, width_m: f64, force_n: f64) {
        (self.width_m, self.force_n) = (width_m, force_n);
        self.tick(60);
    }

    /// Tells one joint to be elsewhere at once.
    pub fn jump(&mut self, joint: usize, to_rad: f64) {
        self.joints_rad[joint] = to_rad;
        self.sent_rad = self.joints_rad.clone();
        self.tick(30);
    }

    /// Lets periods pass with the targets as they are.
    pub fn tick(&mut self, periods: usize) {
        for _ in 0..periods {
            let now = self.world.now();
            let speeds = self.joints_rad.iter().zip(&self.sent_rad).map(|(a, b)| (a - b) / 0.01);
            let vel_rad_s = speeds.collect();
            self.sent_rad = self.joints_rad.clone();
            let command = Command {
                stamp: now,
                deadline: Stamp(now.0 + 50_000_000),
                arm: Some(JointTarget { pos_rad: self.joints_rad.clone(), vel_rad_s }),
                gripper: Some(GripperTarget { width_m: self.width_m, force_n: self.force_n }),
                base: None,
            };
            self.world.send(&command);
            self.world.period().unwrap();
        }
    }
}
