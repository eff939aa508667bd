//! The simulated robot's own controllers, as ros2_control would run them: a joint trajectory controller, a gripper
//! action, a velocity controller that stops when it hears nothing. They know their robot's limits and nothing of tasks.

use ponder_core::Stamp;
use ponder_core::command::{BaseTwist, Command, GripperTarget, JointTarget};
use ponder_core::robot::{JointVec, RobotSpec};
use r2r::control_msgs::action::{FollowJointTrajectory, GripperCommand};
use r2r::trajectory_msgs::msg::JointTrajectory;

use crate::ros::action::{End, Goal};

/// A base stops when it has heard nothing for so long (diff_drive_controller's default), simulated seconds.
const CMD_VEL_TIMEOUT_S: f64 = 0.5;
/// Most points of a trajectory.
const MOST_POINTS: usize = 10_000;
/// This close to its target a gripper has reached it, metres.
const REACHED_M: f64 = 0.002;
/// Slower than this a gripper stands, metres a period.
const STANDS_M: f64 = 5e-5;
/// Standing for so long, it is stalled, seconds.
const STALLED_S: f64 = 0.3;

const SUCCESSFUL: i32 = FollowJointTrajectory::Result::SUCCESSFUL as i32;
const INVALID_GOAL: i32 = FollowJointTrajectory::Result::INVALID_GOAL as i32;
const INVALID_JOINTS: i32 = FollowJointTrajectory::Result::INVALID_JOINTS as i32;

/// Why a trajectory is not followed: control_msgs' number, and in words.
pub type Refusal = (i32, String);

#[derive(Clone, Debug)]
struct Point {
    at_s: f64,
    pos_rad: JointVec,
    vel_rad_s: Option<JointVec>,
}

/// A trajectory that was checked, in the robot file's joint order.
#[derive(Clone, Debug)]
pub struct Trajectory(Vec<Point>);

impl Trajectory {
    /// Checks a message.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn parse(message: &JointTrajectory, robot: &RobotSpec) -> Result<Self, Refusal> {
        let arm = robot.arm.as_ref().ok_or((INVALID_JOINTS, "this robot has no arm".to_owned()))?;
        let find = |name: &String| message.joint_names.iter().position(|given| given == name);
        let places: Option<Vec<usize>> = arm.joint_names.iter().map(find).collect();
        let places = places.filter(|_| message.joint_names.len() == arm.joint_names.len());
        let Some(places) = places else {
            let why = format!("the joints are {}: all of them are wanted", arm.joint_names.join(", "));
            return Err((INVALID_JOINTS, why));
        };
        if message.points.len() > MOST_POINTS {
            return Err((INVALID_GOAL, format!("{} points: at most {MOST_POINTS} are taken", message.points.len())));
        }
        let mut points: Vec<Point> = Vec::with_capacity(message.points.len());
        for (i, point) in message.points.iter().enumerate() {
            let bad = |why: &str| (INVALID_GOAL, format!("point {i}: {why}"));
            let pick = |values: &[f64]| -> Option<JointVec> {
                let picked: JointVec = places.iter().filter_map(|place| values.get(*place).copied()).collect();
                (values.len() == places.len() && picked.iter().all(|x| x.is_finite())).then_some(picked)
            };
            let pos_rad = pick(&point.positions).ok_or_else(|| bad("needs a finite position for every joint"))?;
            let vel_rad_s = match point.velocities.is_empty() {
                true => None,
                false => Some(pick(&point.velocities).ok_or_else(|| bad("has velocities that are no numbers"))?),
            };
            for ((rad, limits), name) in pos_rad.iter().zip(&arm.limits).zip(&arm.joint_names) {
                if *rad < limits.min_rad || *rad > limits.max_rad {
                    return Err(bad(&format!(
                        "{name} at {rad:.3} rad: its limits are {:.3} and {:.3}",
                        limits.min_rad, limits.max_rad
                    )));
                }
            }
            let from_start = &point.time_from_start;
            let at_s = f64::from(from_start.sec) + f64::from(from_start.nanosec) * 1e-9;
            if at_s < 0.0 || points.last().is_some_and(|last| at_s <= last.at_s) {
                return Err(bad("times must increase"));
            }
            points.push(Point { at_s, pos_rad, vel_rad_s });
        }
        Ok(Self(points))
    }
}

/// Ends a goal that was not taken up.
pub fn refuse_follow(goal: FollowGoal, (error_code, error_string): Refusal) {
    goal.end(End::Aborted, FollowJointTrajectory::Result { error_code, error_string });
}

/// Why a goal is not taken up that has nothing wrong with it.
pub fn not_now(why: &str) -> Refusal {
    (INVALID_GOAL, why.to_owned())
}

type FollowGoal = Goal<FollowJointTrajectory::Action>;
type GripGoal = Goal<GripperCommand::Action>;

struct Following {
    since: Stamp,
    points: Vec<Point>,
    goal: Option<FollowGoal>,
}

struct Gripping {
    target: GripperTarget,
    goal: GripGoal,
    width_m: f64,
    stood_s: f64,
    factor: f64,
}

/// The controllers of one robot.
pub struct Driver {
    arm: Option<(JointVec, JointVec)>,
    following: Option<Following>,
    target: Option<GripperTarget>,
    gripping: Option<Gripping>,
    twist: Option<(BaseTwist, Stamp)>,
    period_s: f64,
}

impl Driver {
    /// Holds the robot where it stands.
    pub fn new(robot: &RobotSpec, pos_rad: &JointVec) -> Self {
        let still: JointVec = pos_rad.iter().map(|_| 0.0).collect();
        Self {
            arm: robot.arm.as_ref().map(|_| (pos_rad.clone(), still)),
            following: None,
            target: None,
            gripping: None,
            twist: None,
            period_s: robot.timing.period_s,
        }
    }

    /// Follows a trajectory from the present setpoint on; what was followed before ends. No points: hold.
    pub fn follow(&mut self, now: Stamp, trajectory: Trajectory, goal: Option<FollowGoal>) {
        self.hold("another trajectory came");
        let Some((pos_rad, vel_rad_s)) = self.arm.clone() else { return };
        let mut points = vec![Point { at_s: 0.0, pos_rad, vel_rad_s: Some(vel_rad_s) }];
        points.extend(trajectory.0.into_iter().map(|point| Point { at_s: point.at_s.max(1e-3), ..point }));
        self.following = Some(Following { since: now, points, goal });
    }

    /// Ends what is followed: the arm holds at its setpoint.
    fn hold(&mut self, why: &str) {
        if let Some(Following { goal: Some(goal), .. }) = self.following.take() {
            let result = FollowJointTrajectory::Result { error_code: INVALID_GOAL, error_string: why.to_owned() };
            let how = if goal.is_cancel_asked() { End::Canceled } else { End::Aborted };
            goal.end(how, result);
        }
    }

    /// Ends all that is done for somebody: arm and gripper hold, the base stops.
    pub fn rest(&mut self, why: &str) {
        self.hold(why);
        self.twist = None;
        if let Some(Gripping { goal, .. }) = self.gripping.take() {
            goal.end(End::Aborted, GripperCommand::Result::default());
        }
    }

    /// Opens or closes; `factor`: what the message's position has to be multiplied by for the opening.
    pub fn grip(&mut self, goal: GripGoal, factor: f64, robot: &RobotSpec) {
        let Some(limits) = robot.arm.as_ref().map(|arm| arm.gripper) else {
            return goal.end(End::Aborted, GripperCommand::Result::default());
        };
        let (position, effort) = (goal.goal.command.position, goal.goal.command.max_effort);
        if !position.is_finite() || !effort.is_finite() {
            return goal.end(End::Aborted, GripperCommand::Result::default());
        }
        let force_n = if effort > 0.0 { effort.min(limits.max_force_n) } else { limits.max_force_n * 0.5 };
        let target = GripperTarget { width_m: (position * factor).clamp(0.0, limits.max_width_m), force_n };
        if let Some(before) = self.gripping.take() {
            before.goal.end(End::Aborted, GripperCommand::Result::default());
        }
        self.target = Some(target);
        self.gripping = Some(Gripping { target, goal, width_m: f64::NAN, stood_s: 0.0, factor });
    }

    /// Takes a velocity, as fast as the base goes.
    pub fn drive(&mut self, now: Stamp, twist: BaseTwist, robot: &RobotSpec) {
        let Some(base) = &robot.base else { return };
        if twist.linear_m_s.is_finite() && twist.angular_rad_s.is_finite() {
            let linear_m_s = twist.linear_m_s.clamp(-base.linear_m_s, base.linear_m_s);
            let angular_rad_s = twist.angular_rad_s.clamp(-base.angular_rad_s, base.angular_rad_s);
            self.twist = Some((BaseTwist { linear_m_s, angular_rad_s }, now));
        }
    }

    /// What the actuators get for the period that begins now.
    pub fn command(&mut self, now: Stamp) -> Command {
        let mut command = Command::nothing(now, now.plus_s(self.period_s));
        if self.following.as_ref().and_then(|f| f.goal.as_ref()).is_some_and(Goal::is_cancel_asked) {
            self.hold("cancelled");
        }
        if let Some(following) = &self.following {
            let t_s = now.since_s(following.since) + self.period_s;
            let (setpoint, over) = sample(&following.points, t_s);
            self.arm = Some(setpoint);
            if over && let Some(Following { goal: Some(goal), .. }) = self.following.take() {
                goal.end(
                    End::Succeeded,
                    FollowJointTrajectory::Result { error_code: SUCCESSFUL, error_string: String::new() },
                );
            }
        } else if let Some((_, vel_rad_s)) = &mut self.arm {
            vel_rad_s.iter_mut().for_each(|vel| *vel = 0.0);
        }
        command.arm = self.arm.as_ref().map(|(pos, vel)| JointTarget { pos_rad: pos.clone(), vel_rad_s: vel.clone() });
        command.gripper = self.target;
        let fresh = |(_, heard): &&(BaseTwist, Stamp)| now.since_s(*heard) <= CMD_VEL_TIMEOUT_S;
        command.base = Some(self.twist.as_ref().filter(fresh).map(|(twist, _)| *twist).unwrap_or_default());
        command
    }

    /// Looks at the gripper after a period: there, or stalled on something?
    pub fn watch_gripper(&mut self, width_m: f64) {
        let Some(gripping) = &mut self.gripping else { return };
        let stands = (width_m - gripping.width_m).abs() < STANDS_M;
        gripping.stood_s = if stands { gripping.stood_s + self.period_s } else { 0.0 };
        gripping.width_m = width_m;
        let reached_goal = (width_m - gripping.target.width_m).abs() < REACHED_M;
        let stalled = !reached_goal && gripping.stood_s > STALLED_S;
        let canceled = gripping.goal.is_cancel_asked();
        if !(reached_goal || stalled || canceled) {
            return;
        }
        if let Some(Gripping { goal, target, factor, .. }) = self.gripping.take() {
            let result =
                GripperCommand::Result { position: width_m / factor, effort: target.force_n, stalled, reached_goal };
            if canceled {
                self.target = Some(GripperTarget { width_m, ..target });
            }
            goal.end(if canceled { End::Canceled } else { End::Succeeded }, result);
        }
    }
}

/// Where a trajectory is at a time, and whether that is its end: cubic where velocities are given, else linear; at rest
/// after the last point. (ros2_control's joint_trajectory_controller, "Spline interpolation".)
fn sample(points: &[Point], t_s: f64) -> ((JointVec, JointVec), bool) {
    let Some(next) = points.iter().position(|point| point.at_s >= t_s - 1e-9) else {
        let last = points.last().map(|point| point.pos_rad.clone()).unwrap_or_default();
        let still = last.iter().map(|_| 0.0).collect();
        return ((last, still), true);
    };
    let (a, b) = (&points[next.saturating_sub(1)], &points[next]);
    let over = next + 1 == points.len() && (b.at_s - t_s).abs() <= 1e-9 && b.vel_rad_s.is_none();
    let span_s = (b.at_s - a.at_s).max(1e-9);
    let s = ((t_s - a.at_s) / span_s).clamp(0.0, 1.0);
    let mut setpoint = (JointVec::new(), JointVec::new());
    for i in 0..b.pos_rad.len() {
        let (p0, p1) = (a.pos_rad[i], b.pos_rad[i]);
        let slope = (p1 - p0) / span_s;
        let (pos, vel) = match (&a.vel_rad_s, &b.vel_rad_s) {
            (Some(v0), Some(v1)) => {
                let (m0, m1) = (v0[i] * span_s, v1[i] * span_s);
                let (s2, s3) = (s * s, s * s * s);
                let pos = (2.0 * s3 - 3.0 * s2 + 1.0) * p0
                    + (s3 - 2.0 * s2 + s) * m0
                    + (3.0 * s2 - 2.0 * s3) * p1
                    + (s3 - s2) * m1;
                let vel =
                    ((6.0 * s2 - 6.0 * s) * (p0 - p1) + (3.0 * s2 - 4.0 * s + 1.0) * m0 + (3.0 * s2 - 2.0 * s) * m1)
                        / span_s;
                (pos, vel)
            }
            _ => (p0 + slope * (t_s - a.at_s), slope),
        };
        setpoint.0.push(pos);
        setpoint.1.push(vel);
    }
    (setpoint, over)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(at_s: f64, rad: f64, vel: Option<f64>) -> Point {
        let one = |x: f64| JointVec::from_iter([x]);
        Point { at_s, pos_rad: one(rad), vel_rad_s: vel.map(one) }
    }

    #[test]
    fn trajectories_pass_their_points_and_end_at_rest() {
        let cubic = [point(0.0, 0.0, Some(0.0)), point(1.0, 1.0, Some(0.0))];
        let ((pos, vel), over) = sample(&cubic, 0.5);
        assert!((pos[0] - 0.5).abs() < 1e-12 && (vel[0] - 1.5).abs() < 1e-12 && !over);
        let ((pos, vel), over) = sample(&cubic, 2.0);
        assert!((pos[0] - 1.0).abs() < 1e-12 && vel[0] == 0.0 && over);
        let linear = [point(0.0, 0.0, Some(0.0)), point(1.0, 1.0, None), point(2.0, 3.0, None)];
        assert!((sample(&linear, 1.5).0.0[0] - 2.0).abs() < 1e-12);
    }
}
