//! Jerk-limited motions of several axes at once, from any state of motion to rest: what the arm's controller turns
//! joint targets, path lengths and stops into. A thin wrapper of `rsruckig`: Berscheid & Kröger, "Jerk-limited
//! Real-time Trajectory Generation with Arbitrary Target States", 2021.

use rsruckig::prelude::*;

use crate::robot::{JointVec, MAX_JOINTS};

/// Position, velocity and acceleration of every axis at one instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Positions, radians for joints.
    pub pos: JointVec,
    /// Velocities, per second.
    pub vel: JointVec,
    /// Accelerations, per second squared.
    pub acc: JointVec,
}

impl State {
    /// At rest.
    pub fn at_rest(pos: &[f64]) -> Self {
        let zeros: JointVec = pos.iter().map(|_| 0.0).collect();
        Self { pos: pos.iter().copied().collect(), vel: zeros.clone(), acc: zeros }
    }

    /// Does nothing move (beyond rounding)?
    pub fn is_at_rest(&self) -> bool {
        self.vel.iter().chain(&self.acc).all(|v| v.abs() < 1e-9)
    }
}

/// Largest velocity, acceleration and jerk of every axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// Per second.
    pub vel: JointVec,
    /// Per second squared.
    pub acc: JointVec,
    /// Per second cubed.
    pub jerk: JointVec,
}

/// A motion planned, and room to plan the next one without harm to it. Allocates nothing once made.
pub struct Profile {
    otg: Ruckig<0, ThrowErrorHandler>,
    input: InputParameter<0>,
    plan: Trajectory<0>,
    spare: Trajectory<0>,
    sample: [DataArrayOrVec<f64, 0>; 3],
}

impl Profile {
    /// For so many axes, at most [`MAX_JOINTS`].
    pub fn new(axes: usize) -> Self {
        let axes = Some(axes.min(MAX_JOINTS));
        Self {
            otg: Ruckig::new(axes, 0.01),
            input: InputParameter::new(axes),
            plan: Trajectory::new(axes),
            spare: Trajectory::new(axes),
            sample: std::array::from_fn(|_| DataArrayOrVec::new(axes, 0.0)),
        }
    }

    /// Plans a motion to rest at `to`, all axes arriving together, not sooner than `least_s`. `false`, with the former
    /// plan kept, where the library finds none.
    pub fn go(&mut self, from: &State, to: &[f64], limits: &Limits, least_s: f64) -> bool {
        self.input.control_interface = ControlInterface::Position;
        self.input.synchronization = Synchronization::Time;
        self.input.minimum_duration = (least_s > 0.0).then_some(least_s);
        fill(&mut self.input.target_position, to);
        self.plan(from, limits)
    }

    /// Plans a stop: the quickest of each axis for itself, or all coming to rest at once. `false`, with the former plan
    /// kept, where there is none.
    pub fn stop(&mut self, from: &State, limits: &Limits, together: bool) -> bool {
        let synchronization = [Synchronization::None, Synchronization::Time];
        self.input.control_interface = ControlInterface::Velocity;
        self.input.synchronization = synchronization[usize::from(together)];
        self.input.minimum_duration = None;
        self.plan(from, limits)
    }

    /// Length of the plan, seconds.
    pub fn duration_s(&self) -> f64 {
        self.plan.duration
    }

    /// State of the plan at a time since its start; at rest after its end.
    pub fn at(&mut self, time_s: f64, state: &mut State) {
        let [pos, vel, acc] = &mut self.sample;
        let time_s = time_s.clamp(0.0, self.plan.duration);
        self.plan.at_time(time_s, &mut Some(pos), &mut Some(vel), &mut Some(acc), &mut None, &mut None);
        for (into, from) in [(&mut state.pos, pos), (&mut state.vel, vel), (&mut state.acc, acc)] {
            into.clear();
            into.extend(from.iter().copied());
        }
        if time_s >= self.plan.duration {
            for rate in state.vel.iter_mut().chain(&mut state.acc) {
                *rate = 0.0;
            }
        }
    }

    /// Does the plan stay within these positions (or, where it starts outside, go no further out)?
    pub fn stays_within(&self, range: &[(f64, f64)]) -> bool {
        self.plan.profiles[0].iter().zip(range).zip(self.input.current_position.iter()).all(|((axis, range), start)| {
            let reached = axis.get_position_extrema();
            reached.min >= range.0.min(*start) - 1e-6 && reached.max <= range.1.max(*start) + 1e-6
        })
    }

    fn plan(&mut self, from: &State, limits: &Limits) -> bool {
        let input = &mut self.input;
        fill(&mut input.current_position, &from.pos);
        fill(&mut input.current_velocity, &from.vel);
        fill(&mut input.current_acceleration, &from.acc);
        fill(&mut input.max_velocity, &limits.vel);
        fill(&mut input.max_acceleration, &limits.acc);
        fill(&mut input.max_jerk, &limits.jerk);
        let planned = matches!(self.otg.calculate(&self.input, &mut self.spare), Ok(RuckigResult::Working))
            && self.spare.duration.is_finite();
        if planned {
            std::mem::swap(&mut self.plan, &mut self.spare);
        }
        planned
    }
}

fn fill(into: &mut DataArrayOrVec<f64, 0>, from: &[f64]) {
    for (into, from) in into.iter_mut().zip(from) {
        *into = *from;
    }
}
