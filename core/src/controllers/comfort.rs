//! Which postures an arm likes: away from its joints' limits, near the comfortable one, soon reached. Orders the answers
//! of the inverse kinematics and leads the spare freedom of redundant arms.
//!
//! Limit avoidance as a motion in the null space: Liégeois 1977. Starts spread over the ranges: Halton 1960.

use arrayvec::ArrayVec;

use crate::robot::{Arm, JointLimits, JointVec, MAX_JOINTS};

/// Postures keep this far from the joints' limits, radians: room for a stop at the limit.
pub const LIMIT_MARGIN_RAD: f64 = 0.01;
/// Nearer than this to a limit a joint is pushed back, radians.
const DISCOMFORT_RAD: f64 = 0.35;
/// Cost of a joint at its limit, seconds.
const CROWDED: f64 = 0.5;
/// Cost of a posture that is a second from the comfortable one in every joint: arms that fold over backwards are
/// chosen only where nothing else will do.
const STRANGE: f64 = 3.0;

/// What one arm likes.
pub struct Comfort {
    range_rad: ArrayVec<(f64, f64), MAX_JOINTS>,
    vel_rad_s: JointVec,
    home_rad: JointVec,
}

impl Comfort {
    /// For an arm whose counts agree (see [`crate::robot::RobotSpec::checked`]).
    pub fn new(arm: &Arm) -> Self {
        let range = |l: &JointLimits| {
            let margin_rad = LIMIT_MARGIN_RAD.min(0.1 * (l.max_rad - l.min_rad));
            (l.min_rad + margin_rad, l.max_rad - margin_rad)
        };
        Self {
            range_rad: arm.limits.iter().map(range).collect(),
            vel_rad_s: arm.limits.iter().map(|l| l.vel_rad_s).collect(),
            home_rad: arm.home_rad.clone(),
        }
    }

    /// Ranges of the joints less the margin, radians.
    pub fn range_rad(&self) -> &[(f64, f64)] {
        &self.range_rad
    }

    /// The `i`-th posture to search from: the given one, home, then postures spread over the ranges.
    pub fn start(&self, i: usize, near_rad: &[f64]) -> JointVec {
        let joints = self.range_rad.iter().enumerate();
        let one = |(joint, (min, max)): (usize, &(f64, f64))| {
            let pos = match i {
                0 => near_rad.get(joint).copied(),
                1 => self.home_rad.get(joint).copied(),
                _ => None,
            };
            pos.unwrap_or_else(|| min + (max - min) * halton(i, joint)).clamp(*min, *max)
        };
        joints.map(one).collect()
    }

    /// The joint motion that comfort asks for: a share of the way home, and away from limits that are close.
    pub fn pull(&self, pos_rad: &[f64], share: f64) -> JointVec {
        let joints = pos_rad.iter().zip(&self.home_rad).zip(&self.range_rad);
        let one = |((pos, home), (min, max)): ((&f64, &f64), &(f64, f64))| {
            share * (0.3 * (home - pos) + 0.6 * (crowd(pos - min) - crowd(max - pos)))
        };
        joints.map(one).collect()
    }

    /// How dear a posture is: seconds at full joint speed from `near_rad`, closeness to limits, and strangeness.
    pub fn cost(&self, pos_rad: &[f64], near_rad: &[f64]) -> f64 {
        let times_s = |from_rad: &[f64]| -> JointVec {
            let joints = pos_rad.iter().zip(from_rad).zip(&self.vel_rad_s);
            joints.map(|((a, b), vel)| (a - b).abs() / vel).collect()
        };
        let rooms = pos_rad.iter().zip(&self.range_rad);
        let crowded = rooms.map(|(pos, (min, max))| crowd((pos - min).min(max - pos))).sum::<f64>();
        let strange_s = times_s(&self.home_rad).iter().sum::<f64>() / pos_rad.len().max(1) as f64;
        times_s(near_rad).into_iter().fold(0.0, f64::max) + CROWDED * crowded + STRANGE * strange_s
    }
}

/// Discomfort of a joint with so much room to its limit, 0 to 1 (more beyond the limit).
fn crowd(room_rad: f64) -> f64 {
    (1.0 - room_rad / DISCOMFORT_RAD).max(0.0).powi(2)
}

/// Element `index` of the Halton sequence in the base of the `axis`-th prime, in (0, 1).
fn halton(mut index: usize, axis: usize) -> f64 {
    const PRIMES: [usize; MAX_JOINTS] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29];
    let base = PRIMES[axis % MAX_JOINTS];
    let (mut value, mut digit) = (0.0, 1.0);
    while index > 0 {
        digit /= base as f64;
        value += digit * (index % base) as f64;
        index /= base;
    }
    value
}
