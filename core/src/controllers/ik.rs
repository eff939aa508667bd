//! From a tool pose to joint angles, for the arm's controller: damped least squares on the geometric Jacobian, from the
//! present posture first and then from a fixed sequence of others, so that equal questions get equal answers.
//!
//! Damping: Nakamura & Hanafusa 1986 and Wampler 1986, with the squared error as damping after Sugihara, "Solvability-
//! Unconcerned Inverse Kinematics by the Levenberg–Marquardt Method", 2011; overview: Buss, "Introduction to Inverse
//! Kinematics with Jacobian Transpose, Pseudoinverse and Damped Least Squares Methods", 2004. What the spare
//! freedom of a redundant arm is used for, and where searches start, is up to [`super::comfort`].

use arrayvec::ArrayVec;
use nalgebra::{Matrix6, Matrix6xX, Vector6};

use super::comfort::Comfort;
use crate::kinematics::{Chain, Frames};
use crate::robot::{Arm, JointVec, MAX_JOINTS};
use crate::{Pose, Vec3};

/// A solution's tool is at most this far from the target, metres.
pub const TOLERANCE_M: f64 = 2e-4;
/// A solution's tool is at most turned this far from the target, radians.
pub const TOLERANCE_RAD: f64 = 2e-3;

/// Descent steps that one question may cost in all: it bounds the time.
const MAX_STEPS: usize = 700;
/// Postures to choose among when the first is far from the present one.
const ENOUGH_SOLUTIONS: usize = 4;
/// Turning a radian counts as much as moving this far, metres.
const METRES_PER_RAD: f64 = 0.3;
/// Largest change of a joint in one step, radians.
const MAX_STEP_RAD: f64 = 0.5;
/// Damping that always stays: small enough not to slow the last steps, large enough at singular postures.
const LEAST_DAMPING: f64 = 1e-6;
/// The first posture is good enough below this cost.
const GOOD_COST: f64 = 1.7;
/// Newton steps for one sample of a path.
const FOLLOW_STEPS: usize = 8;
/// Rounds of easing after a solution.
const RELAX_STEPS: usize = 4;

/// Inverse kinematics of one arm. Allocates nothing once made.
pub struct Ik {
    chain: Chain,
    comfort: Comfort,
    jacobian: Matrix6xX<f64>,
    reach_m: f64,
}

impl Ik {
    /// For an arm whose counts agree (see [`crate::robot::RobotSpec::checked`]).
    pub fn new(arm: &Arm) -> Self {
        let zeros = [0.0; MAX_JOINTS];
        let frames = arm.chain.frames(&zeros);
        let points = frames.iter().map(|f| f.translation.vector);
        let links_m = points.clone().zip(points.skip(1)).map(|(a, b)| (b - a).norm()).sum::<f64>();
        let last_m = frames
            .last()
            .map_or(0.0, |f| (arm.chain.tool_of(&frames).translation.vector - f.translation.vector).norm());
        Self {
            chain: arm.chain.clone(),
            comfort: Comfort::new(arm),
            jacobian: Matrix6xX::zeros(arm.chain.len()),
            reach_m: links_m + last_m,
        }
    }

    /// What the arm likes.
    pub fn comfort(&self) -> &Comfort {
        &self.comfort
    }

    /// The kinematics it solves.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// A posture with margin to all limits that puts the tool at the pose: of those found, the one that is soonest
    /// reached from `near_rad` and comfortable. Postures that are not `allowed` are passed over. `None` if none was
    /// found in a bounded search.
    pub fn solve(
        &mut self,
        world_from_tool: &Pose,
        near_rad: &[f64],
        allowed: impl Fn(&[f64]) -> bool,
    ) -> Option<JointVec> {
        let base_m = self.chain.frames(near_rad).first()?.translation.vector;
        let away_m = (world_from_tool.translation.vector - base_m).norm();
        if away_m.is_nan() || away_m > self.reach_m {
            return None;
        }
        let mut best: Option<(f64, JointVec)> = None;
        let mut found = 0;
        let mut steps = MAX_STEPS;
        for restart in 0.. {
            let mut pos_rad = self.comfort.start(restart, near_rad);
            let met = self.descend(world_from_tool, &mut pos_rad, &mut steps);
            if met {
                self.relax(world_from_tool, &mut pos_rad);
                steps = steps.saturating_sub(4 * RELAX_STEPS);
            }
            if met && allowed(&pos_rad) {
                let cost = self.comfort.cost(&pos_rad, near_rad);
                found += 1;
                if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                    best = Some((cost, pos_rad));
                }
                if found == ENOUGH_SOLUTIONS || (restart == 0 && cost < GOOD_COST) {
                    break;
                }
            }
            if steps == 0 {
                break;
            }
        }
        best.map(|(_, pos_rad)| pos_rad)
    }

    /// The next posture along a path of the tool: near `from_rad`, and with as much of the motion `wish_rad` as leaves
    /// the tool alone. `None` where the joints can't follow to within the tolerances.
    pub fn follow(&mut self, world_from_tool: &Pose, from_rad: &[f64], wish_rad: &JointVec) -> Option<JointVec> {
        let mut pos_rad: JointVec = from_rad.iter().copied().collect();
        for step in 0..FOLLOW_STEPS {
            let frames = self.chain.frames(&pos_rad);
            let error = error(world_from_tool, &self.chain.tool_of(&frames));
            // Far below the tolerance, or the path's velocities would carry the solver's noise.
            if step > 0 && within(&error, 1e-4) {
                return Some(pos_rad);
            }
            let wish = (step == 0).then_some(wish_rad);
            self.step(&frames, &error, wish, from_rad, &mut pos_rad);
        }
        let error = error(world_from_tool, &self.chain.world_from_tool(&pos_rad));
        within(&error, 1.0).then_some(pos_rad)
    }

    /// Velocity of the tool's point, m/s in the world, for joint velocities.
    pub fn tool_velocity_m_s(&mut self, pos_rad: &[f64], vel_rad_s: &[f64]) -> Vec3 {
        let frames = self.chain.frames(pos_rad);
        self.chain.jacobian_into(&frames, &mut self.jacobian);
        let columns = self.jacobian.fixed_rows::<3>(0);
        columns.column_iter().zip(vel_rad_s).fold(Vec3::zeros(), |sum, (column, vel)| sum + column * *vel)
    }

    /// Steps towards the pose until it is met, progress ends or the budget is spent.
    fn descend(&mut self, target: &Pose, pos_rad: &mut JointVec, steps: &mut usize) -> bool {
        let (mut least, mut stalled) = (f64::INFINITY, 0);
        while *steps > 0 && stalled < 5 {
            *steps -= 1;
            let frames = self.chain.frames(pos_rad);
            let error = error(target, &self.chain.tool_of(&frames));
            if within(&error, 0.02) {
                return true;
            }
            let size = weighted(&error).norm_squared();
            stalled = if size < 0.8 * least { 0 } else { stalled + 1 };
            least = least.min(size);
            self.step(&frames, &error, None, &[], pos_rad);
        }
        false
    }

    /// Moves a redundant arm's posture towards comfort while the tool stays, as far as that succeeds.
    fn relax(&mut self, target: &Pose, pos_rad: &mut JointVec) {
        if self.chain.len() <= 6 {
            return;
        }
        for _ in 0..RELAX_STEPS {
            let wish_rad = self.comfort.pull(pos_rad, 0.3);
            match self.follow(target, pos_rad, &wish_rad) {
                Some(eased) => *pos_rad = eased,
                None => return,
            }
        }
    }

    /// One damped least-squares step with limits: joints that would leave their range are held and the others go
    /// again. `pull` is a joint motion wished for, of which the part that leaves the tool alone is carried out.
    /// Joints of `from_rad` that are out of the range already may stay so, but go no further.
    fn step(
        &mut self,
        frames: &Frames,
        error: &Vector6<f64>,
        pull: Option<&JointVec>,
        from_rad: &[f64],
        pos_rad: &mut JointVec,
    ) {
        let error = weighted(error);
        self.chain.jacobian_into(frames, &mut self.jacobian);
        self.jacobian.fixed_rows_mut::<3>(3).scale_mut(METRES_PER_RAD);
        let mut range_rad = ArrayVec::<(f64, f64), MAX_JOINTS>::new();
        range_rad.extend(self.comfort.range_rad().iter().copied());
        for ((min, max), from) in range_rad.iter_mut().zip(from_rad) {
            (*min, *max) = (min.min(*from), max.max(*from));
        }
        let mut held = [false; MAX_JOINTS];
        let mut delta_rad = [0.0; MAX_JOINTS];
        for _ in 0..3 {
            let wish = |i: usize| pull.filter(|_| !held[i]).map_or(0.0, |pull| pull[i]);
            let mut square = Matrix6::from_diagonal_element(0.5 * error.norm_squared() + LEAST_DAMPING);
            let mut rest = error;
            for (i, column) in self.jacobian.column_iter().enumerate().filter(|(i, _)| !held[*i]) {
                let column = column.clone_owned();
                square.ger(1.0, &column, &column, 1.0);
                rest -= column * wish(i);
            }
            let Some(factor) = square.cholesky() else {
                return;
            };
            let twist = factor.solve(&rest);
            for (i, column) in self.jacobian.column_iter().enumerate() {
                delta_rad[i] = if held[i] { 0.0 } else { wish(i) + column.dot(&twist) };
            }
            let mut again = false;
            for (i, (min, max)) in range_rad.iter().enumerate() {
                let outward = (pos_rad[i] <= *min && delta_rad[i] < 0.0) || (pos_rad[i] >= *max && delta_rad[i] > 0.0);
                again |= outward && !held[i];
                held[i] |= outward;
            }
            if !again {
                break;
            }
        }
        let largest = delta_rad.iter().fold(0.0_f64, |largest, d| largest.max(d.abs()));
        let scale = if largest > MAX_STEP_RAD { MAX_STEP_RAD / largest } else { 1.0 };
        for ((pos, (min, max)), delta) in pos_rad.iter_mut().zip(&range_rad).zip(delta_rad) {
            *pos = (*pos + scale * delta).clamp(*min, *max);
        }
    }
}

/// What is left to the target: metres, then radians about the world's axes.
fn error(target: &Pose, tool: &Pose) -> Vector6<f64> {
    let offset = target.translation.vector - tool.translation.vector;
    let turn = (target.rotation * tool.rotation.inverse()).scaled_axis();
    Vector6::new(offset.x, offset.y, offset.z, turn.x, turn.y, turn.z)
}

fn weighted(error: &Vector6<f64>) -> Vector6<f64> {
    let mut error = *error;
    error.fixed_rows_mut::<3>(3).scale_mut(METRES_PER_RAD);
    error
}

/// Is the error within `share` of the tolerances?
fn within(error: &Vector6<f64>, share: f64) -> bool {
    error.fixed_rows::<3>(0).norm() <= share * TOLERANCE_M && error.fixed_rows::<3>(3).norm() <= share * TOLERANCE_RAD
}
