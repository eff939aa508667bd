//! The simulation by hand, for whoever runs it from outside: where things are and how they move, loose things put
//! anywhere, spare ones brought in from the store and put back, and a way back to the beginning in parts.

use ponder_core::geometry::Pose;
use ponder_core::scene::{Affordance, SceneObject};
use ponder_core::world::World;
use ponder_core::{Stamp, Vec3};

use crate::build::ObjectPort;
use crate::error::SimError;
use crate::start::{object_pose, place};
use crate::truth::{self, KEPT_AWAY_M};
use crate::world::SimWorld;

/// Where a deleted thing is kept: this far beyond where it was, metres.
const AWAY_M: f64 = 80.0;

/// Velocities of a thing, in the world's axes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Motion {
    /// Of its centre, m/s.
    pub linear_m_s: Vec3,
    /// rad/s.
    pub angular_rad_s: Vec3,
}

/// Something that may be asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// As the truth has it.
    pub object: SceneObject,
    /// How it moves; bolted things do not.
    pub motion: Motion,
    /// It may be moved by hand.
    pub loose: bool,
    /// It is kept out of sight.
    pub stored: bool,
}

impl SimWorld {
    /// Every object, in the store as well, as it is now.
    pub fn entities(&mut self) -> Vec<Entity> {
        self.data.forward_kinematics();
        let stamp = self.now();
        let entity = |port: &ObjectPort| {
            let object = truth::object(port, &self.data, stamp);
            Entity {
                motion: self.motion(port, &object.world_from_object),
                loose: port.free.is_some() && !object.can(Affordance::Fixed),
                stored: object.world_from_object.translation.x >= KEPT_AWAY_M,
                object,
            }
        };
        self.built.objects.iter().map(entity).collect()
    }

    fn motion(&self, port: &ObjectPort, world_from_object: &Pose) -> Motion {
        let Some((_, qvel)) = port.free else { return Motion::default() };
        // MuJoCo's free joint: linear in the world's axes, of the body's origin; angular in the body's.
        let v = &self.data.qvel()[qvel..qvel + 6];
        let world_from_body = world_from_object * port.body_from_object.inverse();
        let angular_rad_s = world_from_body.rotation * Vec3::new(v[3], v[4], v[5]);
        let arm_m = world_from_object.translation.vector - world_from_body.translation.vector;
        Motion { linear_m_s: Vec3::new(v[0], v[1], v[2]) + angular_rad_s.cross(&arm_m), angular_rad_s }
    }

    /// Puts a loose thing anywhere, moving as told.
    ///
    /// # Errors
    /// [`SimError::Disturb`] for what is not there, is bolted down, or would be nowhere.
    pub fn put(&mut self, object: &str, world_from_object: &Pose, motion: &Motion) -> Result<(), SimError> {
        let port = self.find(object)?.clone();
        let bolted = || SimError::Disturb(format!("`{object}` is bolted down: it can't be moved"));
        let (qpos, qvel) = port.free.ok_or_else(bolted)?;
        let at_m = world_from_object.translation.vector;
        let numbers = at_m.iter().chain(motion.linear_m_s.iter()).chain(motion.angular_rad_s.iter());
        if !numbers.into_iter().all(|x| x.is_finite()) {
            return Err(SimError::Disturb(format!("`{object}`: its new place is not a number")));
        }
        if at_m.iter().any(|x| x.abs() >= KEPT_AWAY_M) {
            return Err(SimError::Disturb(format!("`{object}`: nobody sees anything beyond {KEPT_AWAY_M} m")));
        }
        let world_from_body = world_from_object * port.body_from_object.inverse();
        let arm_m = at_m - world_from_body.translation.vector;
        let linear = motion.linear_m_s - motion.angular_rad_s.cross(&arm_m);
        let angular = world_from_body.rotation.inverse() * motion.angular_rad_s;
        place(&mut self.data, qpos, &world_from_body);
        self.data.qvel_mut()[qvel..qvel + 6]
            .copy_from_slice(&[linear.x, linear.y, linear.z, angular.x, angular.y, angular.z]);
        self.data.forward_kinematics();
        Ok(())
    }

    /// Puts a loose thing into the store, out of sight; what is there stays.
    ///
    /// # Errors
    /// [`SimError::Disturb`] for what is not there or is bolted down.
    pub fn store(&mut self, object: &str) -> Result<(), SimError> {
        self.data.forward_kinematics();
        let x_m = object_pose(&self.data, self.find(object)?).translation.x;
        self.relocate(object, |pose, _| {
            let by_m = if x_m < KEPT_AWAY_M { AWAY_M } else { 0.0 };
            nalgebra::Translation3::new(by_m, 0.0, 0.0) * pose
        })
    }

    /// Back to the beginning: its time, its state, or both. A state without its time goes on from now.
    ///
    /// # Errors
    /// As [`SimWorld::restore`].
    pub fn reset_parts(&mut self, time: bool, state: bool) -> Result<(), SimError> {
        let now = self.now();
        if state {
            self.reset()?;
        }
        if time != state {
            self.set_time(if time { Stamp(0) } else { now });
        }
        Ok(())
    }

    /// The robot's own place: of its base, or where it is bolted down.
    pub fn world_from_robot(&self) -> Pose {
        self.world_from_base().unwrap_or(self.built.drawn.world_from_robot)
    }
}
