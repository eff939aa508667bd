//! A path of the tool through space, a line or an arc, turned into joint motion before it starts: postures are followed
//! along it with the redundant freedom eased towards comfort, joined by a cubic spline, and the fastest motion along
//! the spline that keeps every joint's velocity, acceleration and jerk in limits is worked out beforehand. So a path
//! that can't be done is refused while nothing moves, and a control period costs one look into a table.
//!
//! Path parametrisation after Bobrow, Dubowsky & Gibson 1985; cubic splines after de Boor 1978.

use super::ik::{Ik, TOLERANCE_M, TOLERANCE_RAD};
use super::profile::{Limits, State};
use crate::robot::{JointVec, MAX_JOINTS};
use crate::{Pose, Rotation, Vec3};

/// Most stretches of the table.
const MAX_STRETCHES: usize = 160;
/// Longest stretch, metres and radians.
const STRETCH: (f64, f64) = (0.006, 0.03);
/// A joint that turns further than this in one stretch has jumped to another branch, radians.
const JUMP_RAD: f64 = 0.35;
/// Share of the way to comfort per metre (or 3 rad) of path.
const EASE_PER_M: f64 = 2.0;

/// Where the tool shall be at each share of a path.
#[derive(Clone, Copy, Debug)]
pub struct Curve {
    from: Pose,
    /// Turn about `about_m` at the end: axis times angle, radians; zero for a line.
    turn_rad: Vec3,
    about_m: Vec3,
    /// What the turn leaves to the end pose, spread evenly: an offset in the world, and a rotation in the tool.
    rest_m: Vec3,
    rest_rad: Vec3,
}

impl Curve {
    /// A straight line, turning on the shortest way.
    pub fn line(from: Pose, to: &Pose) -> Self {
        Self::arc(from, to, Vec3::zeros(), Vec3::zeros())
    }

    /// A circle about an axis through `about_m`; what it leaves to the end pose is spread evenly over it.
    pub fn arc(from: Pose, to: &Pose, about_m: Vec3, turn_rad: Vec3) -> Self {
        let bare = Self {
            from,
            turn_rad,
            about_m,
            rest_m: Vec3::zeros(),
            rest_rad: Vec3::zeros(),
        };
        let end = bare.at(1.0);
        let rest_m = to.translation.vector - end.translation.vector;
        Self {
            rest_m,
            rest_rad: (end.rotation.inverse() * to.rotation).scaled_axis(),
            ..bare
        }
    }

    /// The tool's pose at a share of the path, 0 to 1.
    pub fn at(&self, share: f64) -> Pose {
        let turn = Rotation::from_scaled_axis(self.turn_rad * share);
        let radius_m = self.from.translation.vector - self.about_m;
        let place_m = self.about_m + turn * radius_m + self.rest_m * share;
        Pose::from_parts(
            place_m.into(),
            turn * self.from.rotation * Rotation::from_scaled_axis(self.rest_rad * share),
        )
    }

    /// No less than the path's length, metres.
    pub fn length_m(&self) -> f64 {
        let radius_m = (self.from.translation.vector - self.about_m)
            .cross(&self.turn_rad)
            .norm();
        radius_m + self.rest_m.norm()
    }

    /// No less than the angle turned on it, radians.
    pub fn angle_rad(&self) -> f64 {
        self.turn_rad.norm() + self.rest_rad.norm()
    }
}

/// A curve in joint space. Allocates nothing once made.
pub struct Path {
    /// Postures at equal shares of the path.
    knots: Vec<JointVec>,
    /// Second derivatives by the share, same places.
    bends: Vec<JointVec>,
}

impl Path {
    /// An empty path.
    pub fn new() -> Self {
        Self {
            knots: Vec::with_capacity(MAX_STRETCHES + 1),
            bends: Vec::with_capacity(MAX_STRETCHES + 1),
        }
    }

    /// Follows the curve from a posture. `false` where the joints can't.
    pub fn plan(&mut self, curve: &Curve, start_rad: &[f64], ik: &mut Ik) -> bool {
        let span = (curve.length_m() / STRETCH.0).max(curve.angle_rad() / STRETCH.1);
        if span.is_nan() || span > 20.0 * MAX_STRETCHES as f64 {
            return false;
        }
        let count = (span.ceil() as usize).clamp(6, MAX_STRETCHES);
        let stretch_m = curve.length_m().max(curve.angle_rad() / 3.0) / count as f64;
        let ease = (EASE_PER_M * stretch_m).min(0.1);
        self.knots.clear();
        self.knots.push(start_rad.iter().copied().collect());
        for i in 1..=count {
            let before = &self.knots[i - 1];
            let Some(next) = ik.follow(&curve.at(i as f64 / count as f64), before, ease) else {
                return false;
            };
            if next
                .iter()
                .zip(before)
                .any(|(a, b)| (a - b).abs() > JUMP_RAD)
            {
                return false;
            }
            self.knots.push(next);
        }
        self.bend();
        // Between the postures the spline must keep to the curve as well.
        (0..count).all(|i| {
            let share = (i as f64 + 0.5) / count as f64;
            let tool = ik.chain().world_from_tool(&self.at(share, 0.0, 0.0).pos);
            let want = curve.at(share);
            (tool.translation.vector - want.translation.vector).norm() <= 2.0 * TOLERANCE_M
                && tool.rotation.angle_to(&want.rotation) <= 2.0 * TOLERANCE_RAD
        })
    }

    /// Speed, acceleration and jerk of the share that keep the joints within `joints` and the tool within
    /// `tool_m_s` on a path of `length_m`.
    pub fn limits(&self, joints: &Limits, tool_m_s: f64, length_m: f64) -> Limits {
        let mut vel = tool_m_s / length_m.max(1e-6);
        for (i, rate, bend, twist) in self.derivatives() {
            vel = vel
                .min(joints.vel[i] / rate)
                .min((0.5 * joints.acc[i] / bend).sqrt());
            vel = vel.min((0.25 * joints.jerk[i] / twist).cbrt());
        }
        let mut acc = f64::INFINITY;
        for (i, rate, bend, _) in self.derivatives() {
            let left = joints.acc[i] - bend * vel * vel;
            acc = acc
                .min(left / rate)
                .min(joints.jerk[i] / (12.0 * bend * vel));
        }
        let mut jerk = f64::INFINITY;
        for (i, rate, bend, twist) in self.derivatives() {
            let left = joints.jerk[i] - twist * vel.powi(3) - 3.0 * bend * vel * acc;
            jerk = jerk.min(left / rate);
        }
        let one = |value: f64| JointVec::from_iter([value]);
        Limits {
            vel: one(vel),
            acc: one(acc),
            jerk: one(jerk),
        }
    }

    /// Joint state at a share of the path that moves with `vel` and `acc` (shares per second).
    pub fn at(&self, share: f64, vel: f64, acc: f64) -> State {
        let last = self.knots.len().saturating_sub(2);
        let place = share.clamp(0.0, 1.0) * (last + 1) as f64;
        let k = (place as usize).min(last);
        let (width, right) = (1.0 / (last + 1) as f64, place - k as f64);
        let left = 1.0 - right;
        let mut state = State::default();
        let pairs = self.knots[k]
            .iter()
            .zip(&self.knots[k + 1])
            .zip(self.bends[k].iter().zip(&self.bends[k + 1]));
        for ((a, b), (bend_a, bend_b)) in pairs {
            let cubic = |x: f64| (x * x * x - x) * width * width / 6.0;
            let slope = |x: f64| (3.0 * x * x - 1.0) * width / 6.0;
            let rate = (b - a) / width - slope(left) * bend_a + slope(right) * bend_b;
            let bend = left * bend_a + right * bend_b;
            state
                .pos
                .push(left * a + right * b + cubic(left) * bend_a + cubic(right) * bend_b);
            state.vel.push(rate * vel);
            state.acc.push(rate * acc + bend * vel * vel);
        }
        state
    }

    /// Posture at the end.
    pub fn end(&self) -> Option<&JointVec> {
        self.knots.last()
    }

    /// Second derivatives of the spline with parabolic ends: a tridiagonal system a joint, solved by elimination.
    fn bend(&mut self) {
        let last = self.knots.len() - 1;
        let width = 1.0 / last as f64;
        self.bends.clear();
        self.bends.extend(
            self.knots
                .iter()
                .map(|knot| knot.iter().map(|_| 0.0).collect::<JointVec>()),
        );
        let mut above = [0.0; MAX_STRETCHES + 1];
        for joint in 0..self.knots[0].len() {
            for k in 1..last {
                let kink = self.knots[k - 1][joint] - 2.0 * self.knots[k][joint]
                    + self.knots[k + 1][joint];
                let ends = if k == 1 || k == last - 1 { 5.0 } else { 4.0 };
                let pivot = ends - above[k - 1];
                above[k] = 1.0 / pivot;
                self.bends[k][joint] =
                    (6.0 * kink / (width * width) - self.bends[k - 1][joint]) / pivot;
            }
            for k in (1..last - 1).rev() {
                self.bends[k][joint] -= above[k] * self.bends[k + 1][joint];
            }
            self.bends[0][joint] = self.bends[1][joint];
            self.bends[last][joint] = self.bends[last - 1][joint];
        }
    }

    /// Largest first, second and third derivative by the share, of every joint in every stretch.
    fn derivatives(&self) -> impl Iterator<Item = (usize, f64, f64, f64)> + '_ {
        let width = 1.0 / (self.knots.len() - 1) as f64;
        self.knots
            .windows(2)
            .zip(self.bends.windows(2))
            .flat_map(move |(knots, bends)| {
                (0..knots[0].len().min(MAX_JOINTS)).map(move |i| {
                    let (bend_a, bend_b) = (bends[0][i], bends[1][i]);
                    let chord = (knots[1][i] - knots[0][i]) / width;
                    let rate_a = chord - width * (2.0 * bend_a + bend_b) / 6.0;
                    let rate_b = chord + width * (bend_a + 2.0 * bend_b) / 6.0;
                    // Within the stretch the rate leaves its ends by no more than an eighth of the bend's change.
                    let twist = (bend_b - bend_a).abs() / width;
                    let rate = rate_a.abs().max(rate_b.abs()) + width * width * twist / 8.0;
                    (
                        i,
                        rate.max(1e-9),
                        bend_a.abs().max(bend_b.abs()).max(1e-9),
                        twist.max(1e-9),
                    )
                })
            })
    }
}

impl Default for Path {
    fn default() -> Self {
        Self::new()
    }
}
