//! What the arm's controller looks at while it moves: do the joints follow, are they there, does something push back?
//! Judges senses against setpoints and remembers for how long; moves nothing itself.

use super::profile::State;
use crate::Vec3;
use crate::robot::JointVec;

/// A joint lags by more than this, plus what its speed explains: it does not follow, radians.
const OFF_RAD: f64 = 0.05;
/// Delay between setpoint and joint that counts as following, seconds.
const LAG_S: f64 = 0.12;
/// So long off the setpoint is blocked, seconds.
const OFF_S: f64 = 0.3;
/// A joint this close to its end is there, radians.
const THERE_RAD: f64 = 0.01;
/// A joint slower than this is at rest, rad/s.
const REST_RAD_S: f64 = 0.05;
/// Time for the joints to come to rest after their setpoints did, seconds.
const SETTLE_S: f64 = 1.0;
/// Periods in a row that a force must last to be a contact.
const CONTACT_TICKS: u32 = 2;

/// Joint positions and velocities as sensed, one a joint, all finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Radians.
    pub pos_rad: JointVec,
    /// Radians a second.
    pub vel_rad_s: JointVec,
}

/// What the setpoints' end looks like from the sensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Not yet there.
    NotYet,
    /// There and at rest.
    There,
    /// Kept off for too long.
    Off,
}

/// Judges following and arriving.
#[derive(Clone, Debug, Default)]
pub struct Tracking {
    off_s: f64,
    settle_s: f64,
}

impl Tracking {
    /// One period in motion. Have the joints been away from their setpoints for too long?
    pub fn is_lost(&mut self, setpoint: &State, measured: &Measured, period_s: f64) -> bool {
        let joints = setpoint.pos.iter().zip(&setpoint.vel).zip(&measured.pos_rad);
        let off = joints.into_iter().any(|((pos, vel), is)| (pos - is).abs() > OFF_RAD + LAG_S * vel.abs());
        self.off_s = if off { self.off_s + period_s } else { 0.0 };
        self.off_s > OFF_S
    }

    /// One period after the setpoints' end.
    pub fn settle(&mut self, setpoint: &State, measured: &Measured, period_s: f64) -> Settled {
        self.settle_s += period_s;
        let near = setpoint.pos.iter().zip(&measured.pos_rad).all(|(a, b)| (a - b).abs() <= THERE_RAD);
        let still = measured.vel_rad_s.iter().all(|vel| vel.abs() <= REST_RAD_S);
        match (near, still || self.settle_s > SETTLE_S) {
            (true, true) => Settled::There,
            (false, _) if self.settle_s > SETTLE_S => Settled::Off,
            _ => Settled::NotYet,
        }
    }
}

/// Judges whether the tool has met something.
#[derive(Clone, Debug)]
pub struct Contact {
    limit_n: f64,
    at_start_n: Option<Vec3>,
    ticks: u32,
}

impl Contact {
    /// Met when the force along the motion differs by more than this from what it was at the start, newtons, and is
    /// more than half of that itself: a hand that was strained and is so no more has met nothing.
    pub fn new(limit_n: f64) -> Self {
        Self { limit_n, at_start_n: None, ticks: 0 }
    }

    /// One period in motion: force at the wrist and velocity of the tool, both in the world. In the world, because
    /// what the hand weighs stays the same there however it turns. Its sign is left open: sensors differ in it.
    pub fn is_met(&mut self, force_n: Vec3, tool_m_s: Vec3) -> bool {
        let at_start_n = *self.at_start_n.get_or_insert(force_n);
        let along = |force_n: Vec3| tool_m_s.try_normalize(1e-4).map_or(0.0, |way| force_n.dot(&way).abs());
        let is_felt = along(force_n - at_start_n) > self.limit_n && along(force_n) > self.limit_n * 0.5;
        self.ticks = if is_felt { self.ticks + 1 } else { 0 };
        self.ticks >= CONTACT_TICKS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_is_a_contact_and_a_strain_that_passes_is_none() {
        let down = Vec3::new(0.0, 0.0, -0.1);
        let met = |forces_n: &[f64]| {
            let mut contact = Contact::new(8.0);
            forces_n.iter().any(|force_n| contact.is_met(Vec3::new(0.0, 0.0, *force_n), down))
        };
        assert!(met(&[0.0, 9.0, 9.0]) && met(&[0.0, -9.0, -9.0]), "either sign");
        assert!(!met(&[0.0, 9.0, 0.0, 9.0]), "one period alone");
        assert!(met(&[-20.0, -11.0, -11.0]), "what the hand carries comes to rest");
        assert!(!met(&[43.0, 10.0, 3.0, 3.0, -3.0, 0.0]), "fingers strained on a handle come free");
        assert!(met(&[43.0, 3.0, -5.0, -5.0]), "and then meet something");
    }
}
