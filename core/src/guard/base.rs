//! The guard's part for a driving base: speeds, accelerations, and room to stop inside its area.

use super::verdict::{Clip, RejectCode, Rejection};
use super::{REST_BASE, ROUNDING, STEP_TOLERANCE};
use crate::Vec3;
use crate::command::BaseTwist;
use crate::geometry::yaw_rad;
use crate::observation::Observation;
use crate::robot::{Base, Braking, EmergencyStop};

/// Speeds above the limit by no more than this share are scaled down.
const SPEED_CLIP: f64 = 0.25;
/// Steps that the way to rest is looked at in.
const STOP_STEPS: usize = 24;

/// What was sent to the base last; before that, what was measured.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Speeds {
    sent: Option<BaseTwist>,
}

impl Speeds {
    /// A base that was moving already is braked from its measured speed.
    pub(super) fn begin(&mut self, observation: &Observation) {
        if let (None, Some(base)) = (self.sent, &observation.base) {
            self.sent = Some(base.twist);
        }
    }

    fn last(&self) -> BaseTwist {
        self.sent.unwrap_or_default()
    }

    /// The speeds to send, or why not. The wish is finite. `delay_s`: age of the observation and one period.
    pub(super) fn judge(
        &self,
        base: &Base,
        wish: &BaseTwist,
        observation: &Observation,
        step_s: f64,
        delay_s: f64,
    ) -> Result<(BaseTwist, Option<Clip>), Rejection> {
        let over = [wish.linear_m_s.abs() / base.linear_m_s, wish.angular_rad_s.abs() / base.angular_rad_s];
        let worst = usize::from(over[1] > over[0]);
        let (asked, limit) =
            if worst == 0 { (wish.linear_m_s, base.linear_m_s) } else { (wish.angular_rad_s, base.angular_rad_s) };
        if over[worst] > 1.0 + SPEED_CLIP {
            return Err(Rejection::new(RejectCode::BaseSpeed, worst, asked, limit));
        }
        let scale = if over[worst] > 1.0 { 1.0 / over[worst] } else { 1.0 };
        let scaled = BaseTwist { linear_m_s: wish.linear_m_s * scale, angular_rad_s: wish.angular_rad_s * scale };
        let sent = ramp(base, self.last(), scaled, step_s);
        let clip = |asked: f64, sent: f64, limit: f64| {
            let shown = (asked - sent).abs() > STEP_TOLERANCE * limit * step_s;
            shown.then_some(Clip { code: RejectCode::BaseSpeed, asked, sent })
        };
        let ramped = || {
            clip(wish.linear_m_s, sent.linear_m_s, base.linear_m_s2)
                .or_else(|| clip(wish.angular_rad_s, sent.angular_rad_s, base.angular_rad_s2))
        };
        let clipped = match scale < 1.0 {
            true => Some(Clip { code: RejectCode::BaseSpeed, asked, sent: asked * scale }),
            false => ramped(),
        };
        // What brakes as hard as it may passes: nothing better could be sent in its place.
        let brakes = sent.linear_m_s == ramp(base, self.last(), BaseTwist::default(), step_s).linear_m_s;
        if !brakes {
            room_to_stop(base, sent, observation, delay_s, After::Turning)?;
            if base.emergency_stop == EmergencyStop::AtOnce && sent.angular_rad_s != 0.0 {
                room_to_stop(base, sent, observation, delay_s, After::Straight)?;
            }
        }
        Ok((sent, clipped))
    }

    /// Remembers what is sent.
    pub(super) fn take(&mut self, twist: BaseTwist) -> BaseTwist {
        self.sent = Some(twist);
        twist
    }

    /// One period slower; at rest at once in an emergency stop of a base that brakes itself.
    pub(super) fn brake(&mut self, base: &Base, braking: Braking, step_s: f64) -> BaseTwist {
        let slower = match (braking, base.emergency_stop) {
            (Braking::Emergency, EmergencyStop::AtOnce) => BaseTwist::default(),
            _ => ramp(base, self.last(), BaseTwist::default(), step_s),
        };
        self.take(slower)
    }

    /// Is the base at rest, by what was sent and by what is measured?
    pub(super) fn must_rest(&self, observation: &Observation) -> Result<(), Rejection> {
        let measured = observation.base.map_or(BaseTwist::default(), |base| base.twist);
        for twist in [self.last(), measured] {
            for (i, speed) in [twist.linear_m_s, twist.angular_rad_s].into_iter().enumerate() {
                Rejection::unless_within(RejectCode::BaseSpeed, i, speed, REST_BASE)?;
            }
        }
        Ok(())
    }
}

/// From one speed towards another, as far as a step's acceleration goes.
fn ramp(base: &Base, from: BaseTwist, to: BaseTwist, step_s: f64) -> BaseTwist {
    let towards = |from: f64, to: f64, acc: f64| from + (to - from).clamp(-acc * step_s, acc * step_s);
    BaseTwist {
        linear_m_s: towards(from.linear_m_s, to.linear_m_s, base.linear_m_s2),
        angular_rad_s: towards(from.angular_rad_s, to.angular_rad_s, base.angular_rad_s2),
    }
}

/// How a base goes on while it is braked.
#[derive(Clone, Copy, PartialEq)]
enum After {
    /// Its turn slows down as its speed does.
    Turning,
    /// Told zero at once, it may cease to turn before it ceases to go.
    Straight,
}

/// Does the whole way to rest stay in the area (or lead back to it)?
fn room_to_stop(
    base: &Base,
    twist: BaseTwist,
    observation: &Observation,
    delay_s: f64,
    after: After,
) -> Result<(), Rejection> {
    if twist.linear_m_s == 0.0 {
        return Ok(()); // a turn on the spot moves nothing out
    }
    let Some(state) = &observation.base else {
        return Err(Rejection::new(RejectCode::SensorFault, 0, 1.0, 0.0)); // nobody knows where it is
    };
    let flat = |mut at_m: Vec3| {
        at_m.z = base.area.min_m.z;
        at_m
    };
    let mut at_m = flat(state.world_from_base.translation.vector);
    let mut yaw = yaw_rad(&state.world_from_base);
    let outside_m = base.area.distance_m(&at_m).max(ROUNDING);
    // It may be faster than asked for, never assumed slower.
    let faster = |asked: f64, measured: f64| {
        if asked * measured > 0.0 && measured.abs() > asked.abs() { measured } else { asked }
    };
    let mut now =
        BaseTwist { linear_m_s: faster(twist.linear_m_s, state.twist.linear_m_s), angular_rad_s: twist.angular_rad_s };
    let step_s = now.linear_m_s.abs() / base.linear_m_s2 / STOP_STEPS as f64;
    for step in 0..=STOP_STEPS {
        // First on at this speed until something can be done about it, then slower and slower.
        let (next, step_s) = match step {
            0 => (now, delay_s),
            _ => (ramp(base, now, BaseTwist::default(), step_s), step_s),
        };
        let turn = 0.5 * (now.angular_rad_s + next.angular_rad_s) * step_s;
        let (sin, cos) = (yaw + 0.5 * turn).sin_cos();
        at_m += Vec3::new(cos, sin, 0.0) * (0.5 * (now.linear_m_s + next.linear_m_s) * step_s);
        (yaw, now) = (yaw + turn, next);
        if after == After::Straight {
            now.angular_rad_s = 0.0;
        }
        if base.area.distance_m(&at_m) > outside_m {
            let past = |i: usize| (base.area.min_m[i] - at_m[i]).max(at_m[i] - base.area.max_m[i]);
            let axis = usize::from(past(1) > past(0));
            let limit = at_m[axis].clamp(base.area.min_m[axis], base.area.max_m[axis]);
            return Err(Rejection::new(RejectCode::BaseArea, axis, at_m[axis], limit));
        }
    }
    Ok(())
}
