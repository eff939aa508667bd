//! The arm's controller: turns reaches, parking and holding into joint setpoints, one control period at a time. A new
//! action starts from the setpoint's present position, velocity and acceleration, so nothing jumps; lines and arcs
//! start from rest. In the ring: inside the Controller, between Action and Command.
//!
//! Joint motions are time-optimal within limits (see [`super::profile`]), stretched where the tool would be too fast;
//! lines and arcs are worked out whole before they start (see [`super::path`]).

use arrayvec::ArrayVec;

use super::ik::Ik;
use super::path::{Curve, Path};
use super::profile::{Limits, Profile, State};
use super::watch::{Contact, Measured, Settled, Tracking};
use crate::action::{self, Action, MotionRefusal, MotionState};
use crate::command::JointTarget;
use crate::observation::Observation;
use crate::robot::{Arm, JointVec, MAX_JOINTS};
use crate::{Pose, Vec3};

/// Share of full speed when parking.
const PARK_SPEED: f64 = 0.7;
/// Plans keep this share of a speed limit, so that rounding and sampling do not break it.
const KEEP: f64 = 0.96;
/// Places along a joint motion that are looked at.
const SAMPLES: usize = 24;

/// A stretch of motion, from rest, that waits for its turn.
#[derive(Clone, Debug)]
enum Leg {
    Joints(JointVec),
    Path,
}

/// What moves the setpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Rest,
    Joints,
    Path,
}

/// Controls one arm. Allocates nothing once made.
pub struct ArmController {
    arm: Arm,
    period_s: f64,
    range_rad: ArrayVec<(f64, f64), MAX_JOINTS>,
    full: Limits,
    ik: Ik,
    joints: Profile,
    along: Profile,
    path: Path,
    setpoint: Option<State>,
    share: State,
    stage: Stage,
    time_s: f64,
    legs: ArrayVec<Leg, 3>,
    action: Option<Action>,
    speed: f64,
    verdict: Option<MotionState>,
    tracking: Tracking,
    contact: Option<Contact>,
}

impl ArmController {
    /// For an arm whose counts agree (see [`crate::robot::RobotSpec::checked`]), turned every `period_s`.
    pub fn new(arm: &Arm, period_s: f64) -> Self {
        let each = |of: fn(&crate::robot::JointLimits) -> f64| arm.limits.iter().map(of).collect::<JointVec>();
        Self {
            period_s,
            range_rad: arm.limits.iter().map(|l| (l.min_rad, l.max_rad)).collect(),
            full: Limits { vel: each(|l| l.vel_rad_s), acc: each(|l| l.acc_rad_s2), jerk: each(|l| l.jerk_rad_s3) },
            ik: Ik::new(arm),
            joints: Profile::new(arm.limits.len()),
            along: Profile::new(1),
            path: Path::new(),
            setpoint: None,
            share: State::at_rest(&[0.0]),
            stage: Stage::Rest,
            time_s: 0.0,
            legs: ArrayVec::new(),
            action: None,
            speed: 1.0,
            verdict: None,
            tracking: Tracking::default(),
            contact: None,
            arm: arm.clone(),
        }
    }

    /// Forgets its setpoint; the next period takes the arm as it stands.
    pub fn reset(&mut self) {
        self.setpoint = None;
        self.action = None;
    }

    /// One period of `Hold`, `Park` or a `Reach` that was found well-formed; anything else holds. No target before the
    /// first valid joint states.
    pub fn tick(&mut self, action: &Action, observation: &Observation) -> (Option<JointTarget>, MotionState) {
        let measured = self.measured(observation);
        if self.setpoint.is_none() {
            let Some(measured) = &measured else { return (None, MotionState::Moving) };
            let within = measured.pos_rad.iter().zip(&self.range_rad).map(|(pos, (min, max))| pos.clamp(*min, *max));
            self.setpoint = Some(State::at_rest(&within.collect::<JointVec>()));
            self.stage = Stage::Rest;
        }
        // Blind, it holds; seeing again, it takes the action up anew.
        let wanted = if measured.is_some() { *action } else { Action::Hold };
        if self.action != Some(wanted) {
            self.action = Some(wanted);
            self.verdict = None;
            self.tracking = Tracking::default();
            self.contact = None;
            if let Err(refusal) = self.begin(&wanted, observation) {
                self.halt();
                self.verdict = Some(MotionState::Refused(refusal));
            }
        }
        self.advance();
        if let Some(measured) = &measured {
            self.judge(measured, observation);
        }
        let target = self.setpoint.as_ref().map(|s| JointTarget { pos_rad: s.pos.clone(), vel_rad_s: s.vel.clone() });
        let state = if measured.is_some() { self.verdict.unwrap_or_default() } else { MotionState::Moving };
        (target, state)
    }

    fn begin(&mut self, action: &Action, observation: &Observation) -> Result<(), MotionRefusal> {
        let Some(setpoint) = self.setpoint.clone() else { return Ok(()) };
        match *action {
            Action::Park => {
                self.speed = PARK_SPEED;
                let home_rad = self.arm.home_rad.clone();
                self.aim(home_rad, None);
            }
            Action::Reach { world_from_tool, path, speed, until_contact_n } => {
                if until_contact_n.is_some() && observation.wrench.is_none() {
                    return Err(MotionRefusal::NoSuchPart);
                }
                if !self.arm.workspace.grown(1e-6).contains(&world_from_tool.translation.vector) {
                    return Err(MotionRefusal::Unreachable);
                }
                self.speed = speed;
                self.contact = until_contact_n.map(Contact::new);
                let curve = match path {
                    action::Path::Joint => {
                        let found = self.ik.solve(&world_from_tool, &setpoint.pos);
                        self.aim(found.ok_or(MotionRefusal::Unreachable)?, Some(world_from_tool));
                        return Ok(());
                    }
                    action::Path::Straight => None,
                    action::Path::Arc { about_m, axis, angle_rad } => Some((about_m, axis.normalize() * angle_rad)),
                };
                self.halt();
                let rest_rad = self.rest_rad();
                let here = self.ik.chain().world_from_tool(&rest_rad);
                let curve = match curve {
                    None => Curve::line(here, &world_from_tool),
                    Some((about_m, turn_rad)) => Curve::arc(here, &world_from_tool, about_m, turn_rad),
                };
                if !self.follow(&curve, &rest_rad) {
                    return Err(MotionRefusal::PathLeavesReach);
                }
                self.legs.push(Leg::Path);
            }
            _ => self.halt(),
        }
        Ok(())
    }

    /// Sets out for a posture: straight away if that stays in limits and clear of what the robot file forbids, else by
    /// stopping first, in a straight line of the tool, or by way of home.
    fn aim(&mut self, to_rad: JointVec, world_from_tool: Option<Pose>) {
        self.legs.clear();
        if self.set_out(&to_rad) && self.is_clear() {
            return;
        }
        self.halt();
        let rest_rad = self.rest_rad();
        let rest = State::at_rest(&rest_rad);
        if self.is_way_clear(&rest_rad, &to_rad) {
            self.legs.push(Leg::Joints(to_rad));
            return;
        }
        if let Some(to) = &world_from_tool {
            let curve = Curve::line(self.ik.chain().world_from_tool(&rest.pos), to);
            if self.follow(&curve, &rest_rad)
                && (0..=SAMPLES).all(|i| self.is_allowed(&self.path.at(part(i), 0.0, 0.0).pos))
            {
                self.legs.push(Leg::Path);
                return;
            }
        }
        let home_rad = self.arm.home_rad.clone();
        if self.is_way_clear(&rest_rad, &home_rad) && self.is_way_clear(&home_rad, &to_rad) {
            self.legs.push(Leg::Joints(home_rad));
        }
        // If no way was found clear, the guard has the last word on this one.
        self.legs.push(Leg::Joints(to_rad));
    }

    /// Plans joint motion from the present setpoint and starts it. `false` (and nothing sound planned) where it would
    /// leave the joints' range or run the tool too fast.
    fn set_out(&mut self, to_rad: &[f64]) -> bool {
        let Some(setpoint) = self.setpoint.clone() else { return false };
        let mut limits = self.full.clone();
        limits.vel.iter_mut().for_each(|vel| *vel *= self.speed * KEEP);
        let now_m_s = self.ik.tool_velocity_m_s(&setpoint.pos, &setpoint.vel).norm();
        let most_m_s = (self.arm.tool_speed_m_s * self.speed * KEEP).max(now_m_s);
        let mut least_s = 0.0;
        for _ in 0..6 {
            if !self.joints.go(&setpoint, to_rad, &limits, least_s) || !self.joints.stays_within(&self.range_rad) {
                return false;
            }
            let peak_m_s = self.peak_tool_speed_m_s();
            if peak_m_s <= most_m_s {
                self.stage = Stage::Joints;
                self.time_s = 0.0;
                return true;
            }
            least_s = 1.02 * self.joints.duration_s() * peak_m_s / most_m_s;
        }
        false
    }

    fn peak_tool_speed_m_s(&mut self) -> f64 {
        let mut state = State::default();
        let mut peak_m_s = 0.0_f64;
        for i in 0..=SAMPLES {
            self.joints.at(part(i) * self.joints.duration_s(), &mut state);
            peak_m_s = peak_m_s.max(self.ik.tool_velocity_m_s(&state.pos, &state.vel).norm());
        }
        peak_m_s
    }

    /// Works out a path of the tool from rest at a posture.
    fn follow(&mut self, curve: &Curve, rest_rad: &[f64]) -> bool {
        if !self.path.plan(curve, rest_rad, &mut self.ik) {
            return false;
        }
        let mut limits = self.full.clone();
        limits.vel.iter_mut().for_each(|vel| *vel *= self.speed * KEEP);
        let tool_m_s = self.arm.tool_speed_m_s * self.speed * KEEP;
        let limits = self.path.limits(&limits, tool_m_s, curve.length_m());
        self.along.go(&State::at_rest(&[0.0]), &[1.0], &limits, 0.0)
    }

    /// Stops as quickly as the joints may, whatever is going on.
    fn halt(&mut self) {
        self.legs.clear();
        self.time_s = 0.0;
        self.stage = Stage::Rest;
        let Some(setpoint) = &mut self.setpoint else { return };
        if setpoint.is_at_rest() {
            *setpoint = State::at_rest(&setpoint.pos);
        } else if self.joints.stop(setpoint, &self.full) {
            self.stage = Stage::Joints;
        } else {
            *setpoint = State::at_rest(&setpoint.pos);
        }
    }

    /// Where the stop that is going on ends.
    fn rest_rad(&mut self) -> JointVec {
        let mut end = State::default();
        match (self.stage, &self.setpoint) {
            (Stage::Joints, _) => self.joints.at(self.joints.duration_s(), &mut end),
            (_, Some(setpoint)) => end.pos.clone_from(&setpoint.pos),
            _ => {}
        }
        end.pos
    }

    /// Moves the setpoint by one period.
    fn advance(&mut self) {
        if self.stage == Stage::Rest && !self.legs.is_empty() {
            let leg = self.legs.remove(0);
            self.time_s = 0.0;
            match leg {
                Leg::Path => self.stage = Stage::Path,
                Leg::Joints(to_rad) => {
                    if !self.set_out(&to_rad) {
                        self.halt();
                        self.verdict = Some(MotionState::Refused(MotionRefusal::Unreachable));
                    }
                }
            }
        }
        let Some(setpoint) = &mut self.setpoint else { return };
        self.time_s += self.period_s;
        let plan = match self.stage {
            Stage::Rest => return,
            Stage::Joints => {
                self.joints.at(self.time_s, setpoint);
                &self.joints
            }
            Stage::Path => {
                self.along.at(self.time_s, &mut self.share);
                *setpoint = self.path.at(self.share.pos[0], self.share.vel[0], self.share.acc[0]);
                &self.along
            }
        };
        if self.time_s >= plan.duration_s() {
            self.stage = Stage::Rest;
        }
    }

    /// Holds the setpoint against the senses: contact, being blocked, having arrived.
    fn judge(&mut self, measured: &Measured, observation: &Observation) {
        let Some(setpoint) = self.setpoint.clone() else { return };
        if self.verdict.is_some() {
            return;
        }
        if self.action == Some(Action::Hold) {
            self.verdict = (self.stage == Stage::Rest).then_some(MotionState::Reached);
            return;
        }
        let underway = self.stage != Stage::Rest || !self.legs.is_empty();
        if !underway {
            match self.tracking.settle(&setpoint, measured, self.period_s) {
                Settled::NotYet => {}
                Settled::There => self.verdict = Some(MotionState::Reached),
                Settled::Off => self.give_way(measured),
            }
            return;
        }
        if self.tracking.is_lost(&setpoint, measured, self.period_s) {
            self.give_way(measured);
            return;
        }
        let force_n = observation
            .wrench
            .map(|wrench| self.ik.chain().world_from_tool(&measured.pos_rad).rotation * wrench.force_n);
        // The stop before a path is not yet the motion that feels for contact.
        if let (Some(contact), Some(force_n), true) = (&mut self.contact, force_n, self.legs.is_empty()) {
            let tool_m_s = self.ik.tool_velocity_m_s(&setpoint.pos, &setpoint.vel);
            if contact.is_met(force_n, tool_m_s) {
                self.halt();
                self.verdict = Some(MotionState::Reached);
            }
        }
    }

    /// Blocked: gives in to whatever is in the way and holds where the joints really are.
    fn give_way(&mut self, measured: &Measured) {
        self.verdict = Some(MotionState::Blocked);
        self.speed = 1.0;
        self.legs.clear();
        let within = measured.pos_rad.iter().zip(&self.range_rad).map(|(pos, (min, max))| pos.clamp(*min, *max));
        let within: JointVec = within.collect();
        if !self.set_out(&within) {
            self.halt();
            self.legs.push(Leg::Joints(within));
        }
    }

    fn measured(&self, observation: &Observation) -> Option<Measured> {
        let (pos_rad, vel_rad_s) = (&observation.joint_pos_rad, &observation.joint_vel_rad_s);
        let count = self.range_rad.len();
        let sound = pos_rad.len() == count && vel_rad_s.len() == count;
        (sound && pos_rad.iter().chain(vel_rad_s).all(|v| v.is_finite()))
            .then(|| Measured { pos_rad: pos_rad.clone(), vel_rad_s: vel_rad_s.clone() })
    }

    /// Is the joint motion that is planned clear of what the robot file forbids?
    fn is_clear(&mut self) -> bool {
        let mut state = State::default();
        (1..=SAMPLES).all(|i| {
            self.joints.at(part(i) * self.joints.duration_s(), &mut state);
            self.is_allowed(&state.pos)
        })
    }

    /// Is the straight way between two postures clear?
    fn is_way_clear(&self, from_rad: &[f64], to_rad: &[f64]) -> bool {
        (1..=SAMPLES).all(|i| {
            let between = from_rad.iter().zip(to_rad).map(|(a, b)| a + part(i) * (b - a));
            self.is_allowed(&between.collect::<JointVec>())
        })
    }

    /// Is the tool in its workspace and every link out of the keep-outs?
    fn is_allowed(&self, pos_rad: &[f64]) -> bool {
        let frames = self.ik.chain().frames(pos_rad);
        let tool_m = self.ik.chain().tool_of(&frames).translation.vector;
        let points: ArrayVec<Vec3, MAX_JOINTS> = frames.iter().map(|frame| frame.translation.vector).collect();
        let last_m = points.last().copied().unwrap_or(tool_m);
        let forbidden = |keep_out: &crate::geometry::Aabb| {
            let links = points.iter().skip(1).zip(points.iter().skip(2));
            links.into_iter().any(|(a, b)| near(keep_out, a, b, self.arm.link_radius_m, self.arm.link_radius_m))
                || near(keep_out, &last_m, &tool_m, self.arm.link_radius_m, 0.0)
        };
        self.arm.workspace.contains(&tool_m) && !self.arm.keep_out.iter().any(forbidden)
    }
}

/// Does a tube from `a` to `b`, with these radii at its ends, touch the box?
fn near(keep_out: &crate::geometry::Aabb, a: &Vec3, b: &Vec3, radius_a_m: f64, radius_b_m: f64) -> bool {
    (0..=4).any(|i| {
        let share = f64::from(i) * 0.25;
        keep_out.distance_m(&a.lerp(b, share)) < radius_a_m + share * (radius_b_m - radius_a_m)
    })
}

/// The `i`-th of [`SAMPLES`] parts, 0 to 1.
fn part(i: usize) -> f64 {
    i as f64 / SAMPLES as f64
}
