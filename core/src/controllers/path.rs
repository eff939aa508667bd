//! A path of the tool through space, a line or an arc, turned into joint motion before it starts: postures are followed
//! along it with the redundant freedom eased towards comfort, joined by a cubic spline, and the fastest motion along
//! the spline that keeps every joint's velocity, acceleration and jerk in limits is worked out beforehand. So a path
//! that can't be done is refused while nothing moves, and a control period costs one look into a table.
//!
//! Path parametrisation after Bobrow, Dubowsky & Gibson 1985; cubic splines after de Boor 1978.

use super::curve::Curve;
use super::ik::{Ik, TOLERANCE_M, TOLERANCE_RAD};
use super::profile::{Limits, State};
use crate::robot::{JointVec, MAX_JOINTS};

/// Most stretches of the table.
const MAX_STRETCHES: usize = 160;
/// Longest stretch, metres and radians.
const STRETCH: (f64, f64) = (0.006, 0.03);
/// A joint that turns further than this in one stretch has jumped to another branch, radians.
const JUMP_RAD: f64 = 0.35;
/// Share of the way to the posture that leads to the end's, in each stretch.
const LEAD: f64 = 0.5;
/// Share of the way to comfort per metre (or 3 rad) of path.
const EASE_PER_M: f64 = 2.0;

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
        Self { knots: Vec::with_capacity(MAX_STRETCHES + 1), bends: Vec::with_capacity(MAX_STRETCHES + 1) }
    }

    /// Follows the curve from a posture: with the spare freedom eased towards comfort; where that runs into a limit, led
    /// to a posture that suits the end; and where that is too swift for the table, in shorter stretches. `false` where
    /// the joints can't.
    pub fn plan(&mut self, curve: &Curve, start_rad: &[f64], ik: &mut Ik) -> bool {
        let span = (curve.length_m() / STRETCH.0).max(curve.angle_rad() / STRETCH.1);
        if span.is_nan() || span > 20.0 * MAX_STRETCHES as f64 {
            return false;
        }
        let count = span.ceil() as usize;
        if self.follow(curve, start_rad, None, count, ik) {
            return true;
        }
        let Some(end_rad) = ik.solve(&curve.at(1.0), start_rad, |_| true) else {
            return false;
        };
        [1, 3].iter().any(|finer| self.follow(curve, start_rad, Some(&end_rad), finer * count, ik))
    }

    fn follow(
        &mut self,
        curve: &Curve,
        start_rad: &[f64],
        end_rad: Option<&JointVec>,
        count: usize,
        ik: &mut Ik,
    ) -> bool {
        let count = count.clamp(6, MAX_STRETCHES);
        let part = |i: f64| i / count as f64;
        let stretch_m = part(curve.length_m().max(curve.angle_rad() / 3.0));
        let ease = (EASE_PER_M * stretch_m).min(0.1);
        self.knots.clear();
        self.knots.push(start_rad.iter().copied().collect());
        for i in 1..=count {
            let (before, share) = (&self.knots[i - 1], part(i as f64));
            let wish = match end_rad {
                None => ik.comfort().pull(before, ease),
                Some(end_rad) => {
                    let ends = start_rad.iter().zip(end_rad).zip(before);
                    ends.map(|((start, end), pos)| LEAD * (start + share * (end - start) - pos)).collect()
                }
            };
            let Some(next) = ik.follow(&curve.at(share), before, &wish) else {
                return false;
            };
            if next.iter().zip(before).any(|(a, b)| (a - b).abs() > JUMP_RAD) {
                return false;
            }
            self.knots.push(next);
        }
        self.bend();
        // Between the postures the spline must keep to the curve as well.
        (0..count).all(|i| {
            let share = part(i as f64 + 0.5);
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
            vel = vel.min(joints.vel[i] / rate).min((0.5 * joints.acc[i] / bend).sqrt());
            vel = vel.min((0.25 * joints.jerk[i] / twist).cbrt());
        }
        let mut acc = f64::INFINITY;
        for (i, rate, bend, _) in self.derivatives() {
            let left = joints.acc[i] - bend * vel * vel;
            acc = acc.min(left / rate).min(joints.jerk[i] / (12.0 * bend * vel));
        }
        let mut jerk = f64::INFINITY;
        for (i, rate, bend, twist) in self.derivatives() {
            let left = joints.jerk[i] - twist * vel.powi(3) - 3.0 * bend * vel * acc;
            jerk = jerk.min(left / rate);
        }
        let one = |value: f64| JointVec::from_iter([value]);
        Limits { vel: one(vel), acc: one(acc), jerk: one(jerk) }
    }

    /// Joint state at a share of the path that moves with `vel` and `acc` (shares per second).
    pub fn at(&self, share: f64, vel: f64, acc: f64) -> State {
        let last = self.knots.len().saturating_sub(2);
        let place = share.clamp(0.0, 1.0) * (last + 1) as f64;
        let k = (place as usize).min(last);
        let (width, right) = (1.0 / (last + 1) as f64, place - k as f64);
        let left = 1.0 - right;
        let mut state = State::default();
        let pairs = self.knots[k].iter().zip(&self.knots[k + 1]).zip(self.bends[k].iter().zip(&self.bends[k + 1]));
        for ((a, b), (bend_a, bend_b)) in pairs {
            let cubic = |x: f64| (x * x * x - x) * width * width / 6.0;
            let slope = |x: f64| (3.0 * x * x - 1.0) * width / 6.0;
            let rate = (b - a) / width - slope(left) * bend_a + slope(right) * bend_b;
            let bend = left * bend_a + right * bend_b;
            state.pos.push(left * a + right * b + cubic(left) * bend_a + cubic(right) * bend_b);
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
        self.bends.extend(self.knots.iter().map(|knot| knot.iter().map(|_| 0.0).collect::<JointVec>()));
        let mut above = [0.0; MAX_STRETCHES + 1];
        for joint in 0..self.knots[0].len() {
            for k in 1..last {
                let kink = self.knots[k - 1][joint] - 2.0 * self.knots[k][joint] + self.knots[k + 1][joint];
                let ends = if k == 1 || k == last - 1 { 5.0 } else { 4.0 };
                let pivot = ends - above[k - 1];
                above[k] = 1.0 / pivot;
                self.bends[k][joint] = (6.0 * kink / (width * width) - self.bends[k - 1][joint]) / pivot;
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
        self.knots.windows(2).zip(self.bends.windows(2)).flat_map(move |(knots, bends)| {
            (0..knots[0].len().min(MAX_JOINTS)).map(move |i| {
                let (bend_a, bend_b) = (bends[0][i], bends[1][i]);
                let chord = (knots[1][i] - knots[0][i]) / width;
                let rate_a = chord - width * (2.0 * bend_a + bend_b) / 6.0;
                let rate_b = chord + width * (bend_a + 2.0 * bend_b) / 6.0;
                // Within the stretch the rate leaves its ends by no more than an eighth of the bend's change.
                let twist = (bend_b - bend_a).abs() / width;
                let rate = rate_a.abs().max(rate_b.abs()) + width * width * twist / 8.0;
                (i, rate.max(1e-9), bend_a.abs().max(bend_b.abs()).max(1e-9), twist.max(1e-9))
            })
        })
    }
}

impl Default for Path {
    fn default() -> Self {
        Self::new()
    }
}
