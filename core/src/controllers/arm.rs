//! The arm's controller: turns reaches, parking and holding into joint setpoints, one control period at a time, and
//! says how they get on: there, blocked, touching something, or not possible. In the ring: inside the Controller,
//! between Action and Command. What moves the setpoint is in [`super::motion`], what judges the senses in
//! [`super::watch`].

use super::curve::Curve;
use super::motion::Motion;
use super::watch::{Contact, Measured, Settled, Tracking};
use crate::action::{Action, MotionRefusal, MotionState, Path};
use crate::command::JointTarget;
use crate::observation::Observation;
use crate::robot::{Arm, JointVec};

/// Share of full speed when parking.
const PARK_SPEED: f64 = 0.7;

/// Controls one arm. Allocates nothing once made.
pub struct ArmController {
    arm: Arm,
    period_s: f64,
    motion: Motion,
    /// The setpoint means something: joints were seen since the start or the last reset.
    awake: bool,
    action: Option<Action>,
    verdict: Option<MotionState>,
    tracking: Tracking,
    contact: Option<Contact>,
}

impl ArmController {
    /// For an arm whose counts agree (see [`crate::robot::RobotSpec::checked`]), turned every `period_s`.
    pub fn new(arm: &Arm, period_s: f64) -> Self {
        Self {
            arm: arm.clone(),
            period_s,
            motion: Motion::new(arm, period_s),
            awake: false,
            action: None,
            verdict: None,
            tracking: Tracking::default(),
            contact: None,
        }
    }

    /// Forgets its setpoint; the next period takes the arm as it stands.
    pub fn reset(&mut self) {
        (self.awake, self.action) = (false, None);
    }

    /// One period of `Hold`, `Park` or a `Reach` that was found well-formed; anything else holds. No target before the
    /// first valid joint states.
    pub fn tick(&mut self, action: &Action, observation: &Observation) -> (Option<JointTarget>, MotionState) {
        let measured = Measured::of(observation, self.arm.limits.len());
        if let (false, Some(measured)) = (self.awake, &measured) {
            self.motion.stand(&measured.pos_rad);
            self.awake = true;
        }
        if !self.awake {
            return (None, MotionState::Moving);
        }
        // Blind, it holds; seeing again, it takes the action up anew.
        let wanted = if measured.is_some() { *action } else { Action::Hold };
        if self.action != Some(wanted) {
            self.action = Some(wanted);
            self.verdict = None;
            self.tracking = Tracking::default();
            self.contact = None;
            if let Err(refusal) = self.begin(&wanted, observation) {
                self.motion.halt();
                self.verdict = Some(MotionState::Refused(refusal));
            }
        }
        if !self.motion.advance() {
            self.verdict = Some(MotionState::Refused(MotionRefusal::Unreachable));
        }
        let state = match &measured {
            Some(measured) => self.judge(&wanted, measured, observation),
            None => MotionState::Moving,
        };
        let setpoint = self.motion.setpoint();
        let target = JointTarget { pos_rad: setpoint.pos.clone(), vel_rad_s: setpoint.vel.clone() };
        (Some(target), state)
    }

    fn begin(&mut self, action: &Action, observation: &Observation) -> Result<(), MotionRefusal> {
        let Action::Reach { world_from_tool, path, speed, until_contact_n } = *action else {
            match action {
                Action::Park => self.motion.aim(self.arm.home_rad.clone(), PARK_SPEED),
                _ => self.motion.halt(),
            }
            return Ok(());
        };
        if until_contact_n.is_some() && observation.wrench.is_none() {
            return Err(MotionRefusal::NoSuchPart);
        }
        if !self.arm.workspace.grown(1e-6).contains(&world_from_tool.translation.vector) {
            return Err(MotionRefusal::Unreachable);
        }
        self.contact = until_contact_n.map(Contact::new);
        let followed = match path {
            Path::Joint => {
                let to_rad = self.motion.solve(&world_from_tool).ok_or(MotionRefusal::Unreachable)?;
                self.motion.aim(to_rad, speed);
                true
            }
            Path::Straight => self.motion.trace(|from| Curve::line(from, &world_from_tool), speed),
            Path::Arc { about_m, axis, angle_rad } => {
                let turn_rad = axis.normalize() * angle_rad;
                self.motion.trace(|from| Curve::arc(from, &world_from_tool, about_m, turn_rad), speed)
            }
        };
        if followed { Ok(()) } else { Err(MotionRefusal::PathLeavesReach) }
    }

    /// Holds the setpoint against the senses: contact, being blocked, having arrived. What was once decided stays.
    fn judge(&mut self, action: &Action, measured: &Measured, observation: &Observation) -> MotionState {
        if self.verdict.is_none() {
            self.verdict = self.find(action, measured, observation);
            match self.verdict {
                Some(MotionState::Blocked) => self.motion.give_way(&measured.pos_rad),
                Some(_) if self.motion.is_underway() => self.motion.halt(), // contact
                _ => {}
            }
        }
        self.verdict.unwrap_or_default()
    }

    fn find(&mut self, action: &Action, measured: &Measured, observation: &Observation) -> Option<MotionState> {
        let setpoint = self.motion.setpoint();
        if *action == Action::Hold {
            return (!self.motion.is_underway()).then_some(MotionState::Reached);
        }
        if !self.motion.is_underway() {
            return match self.tracking.settle(setpoint, measured, self.period_s) {
                Settled::NotYet => None,
                Settled::There => Some(MotionState::Reached),
                Settled::Off => Some(MotionState::Blocked),
            };
        }
        if self.tracking.is_lost(setpoint, measured, self.period_s) {
            return Some(MotionState::Blocked);
        }
        // The stop before a path is not yet the motion that feels for contact.
        let (contact, wrench) = (self.contact.as_mut()?, observation.wrench?);
        let hand = self.motion.world_from_tool(&measured.pos_rad).rotation;
        (self.motion.is_last_leg() && contact.is_met(hand * wrench.force_n, self.motion.tool_velocity_m_s()))
            .then_some(MotionState::Reached)
    }
}

impl Measured {
    /// The joint states of an observation; `None` unless there is one a joint and all are numbers.
    fn of(observation: &Observation, joints: usize) -> Option<Self> {
        let sound = |values: &JointVec| values.len() == joints && values.iter().all(|v| v.is_finite());
        let (pos_rad, vel_rad_s) = (&observation.joint_pos_rad, &observation.joint_vel_rad_s);
        (sound(pos_rad) && sound(vel_rad_s)).then(|| Self { pos_rad: pos_rad.clone(), vel_rad_s: vel_rad_s.clone() })
    }
}
