//! A second opinion on the guard, written from its promises and not from its code: it follows what is sent period by
//! period, with kinematics of its own (4 × 4 matrices from the Denavit–Hartenberg table), and says what is wrong.
#![allow(dead_code, clippy::neg_cmp_op_on_partial_ord)] // what is no number must fail too

mod space;

use ponder_core::Stamp;
use ponder_core::command::{BaseTwist, Command, GripperTarget};
use ponder_core::guard::{Checked, RejectCode};
use ponder_core::observation::Observation;
use ponder_core::robot::{Braking, EmergencyStop, RobotSpec};

pub use space::{breaches, points_m};

/// What the guard grants: 5 % on speeds of a step, 20 % on accelerations of what it passes, none on its own braking,
/// 0.02 rad between the measured joints and a first setpoint.
const STEP: f64 = 1.05;
const ACC: f64 = 1.2;
const START_RAD: f64 = 0.02;
/// Rounding, radians.
const EPS: f64 = 2e-6;
/// Between the postures that the guard looks at on the way to rest, metres.
const BETWEEN_M: f64 = 1e-3;

/// Follows what a guard sends.
pub struct Oracle {
    robot: RobotSpec,
    now: Option<Stamp>,
    pos_rad: Option<Vec<f64>>,
    vel_rad_s: Vec<f64>,
    stopped_before: bool,
    /// Still braking from the speed it was found at: it may not be able to stop in time.
    rolling: bool,
    /// At the last setpoint, and at the last one that passed.
    breaches: [f64; 3],
    breaches_passed: [f64; 3],
    gripper: Option<GripperTarget>,
    base: Option<BaseTwist>,
}

impl Oracle {
    pub fn new(robot: &RobotSpec) -> Self {
        Self {
            robot: robot.clone(),
            now: None,
            pos_rad: None,
            vel_rad_s: Vec::new(),
            stopped_before: true,
            rolling: false,
            breaches: [0.0; 3],
            breaches_passed: [0.0; 3],
            gripper: None,
            base: None,
        }
    }

    /// The stop was released: the next setpoint starts from what is measured.
    pub fn resumed(&mut self, observation: &Observation) {
        self.stopped_before = true;
        if let Some(arm) = &self.robot.arm {
            self.pos_rad = Some(observation.joint_pos_rad.to_vec());
            self.vel_rad_s = vec![0.0; arm.limits.len()];
            self.breaches = breaches(arm, &observation.joint_pos_rad);
            self.breaches_passed = self.breaches;
            self.rolling = false;
        }
    }

    /// Speed of the last joint setpoint, largest of all joints, rad/s.
    pub fn arm_speed(&self) -> f64 {
        self.vel_rad_s.iter().fold(0.0, |most, v| v.abs().max(most))
    }

    /// Last joint setpoint.
    pub fn pos_rad(&self) -> Option<&Vec<f64>> {
        self.pos_rad.as_ref()
    }

    /// Its velocity.
    pub fn vel_rad_s(&self) -> &[f64] {
        &self.vel_rad_s
    }

    /// Last gripper target.
    pub fn gripper(&self) -> Option<GripperTarget> {
        self.gripper
    }

    /// Last base twist.
    pub fn base(&self) -> BaseTwist {
        self.base.unwrap_or_default()
    }

    /// Judges one answer of the guard.
    pub fn follow(&mut self, now: Stamp, wish: &Command, senses: &Observation, got: &Checked) -> Result<(), String> {
        let sent = got.command();
        let gap_s = self.now.map_or(0.0, |last| now.since_s(last));
        if gap_s > self.robot.timing.max_observation_age_s {
            self.vel_rad_s.iter_mut().for_each(|vel| *vel = 0.0);
            self.stopped_before = true;
        }
        self.now = Some(now);
        if let Some(rejection) = got.rejected() {
            let said = rejection.to_string();
            if !(rejection.value.is_finite() && rejection.limit.is_finite() && said.len() < 200) {
                return Err(format!("unexplained: {rejection:?}"));
            }
            if got.clipped().is_some() || sent.stamp != now || sent.deadline < now {
                return Err("a stop is neither clipped nor late".to_owned());
            }
        }
        self.follow_gripper(wish, got)?;
        self.follow_base(wish, senses, got)?;
        self.follow_arm(wish, senses, got)?;
        self.stopped_before = got.rejected().is_some() || wish.arm.is_none();
        Ok(())
    }

    fn follow_gripper(&mut self, wish: &Command, got: &Checked) -> Result<(), String> {
        let sent = got.command().gripper;
        if let (Some(_), None) = (sent, &self.robot.arm) {
            return Err("a gripper that is not there".to_owned());
        }
        if let (Some(sent), Some(arm)) = (sent, &self.robot.arm) {
            let width = (0.0..=arm.gripper.max_width_m).contains(&sent.width_m);
            if !(width && (0.0..=arm.gripper.max_force_n).contains(&sent.force_n)) {
                return Err(format!("gripper out of range: {sent:?}"));
            }
        }
        if got.rejected().is_some() {
            return if sent == self.gripper { Ok(()) } else { Err("a stop lets go".to_owned()) };
        }
        let close = |a: f64, b: f64, by: f64| (a - b).abs() <= by;
        match (wish.gripper, sent) {
            (None, None) => {}
            (Some(w), Some(s)) if w == s => {}
            (Some(w), Some(s))
                if got.clipped().is_some()
                    && close(w.width_m, s.width_m, 0.0051)
                    && close(w.force_n, s.force_n, 7.1) => {}
            other => return Err(format!("gripper changed: {other:?}")),
        }
        self.gripper = sent.or(self.gripper);
        Ok(())
    }

    fn follow_base(&mut self, wish: &Command, senses: &Observation, got: &Checked) -> Result<(), String> {
        let sent = got.command().base;
        let Some(base) = &self.robot.base else {
            return if sent.is_none() { Ok(()) } else { Err("a base that is not there".to_owned()) };
        };
        let Some(sent) = sent else {
            return Err("a base is told its speed every period".to_owned());
        };
        let last = self.base.unwrap_or_else(|| senses.base.map_or(BaseTwist::default(), |b| b.twist));
        let period_s = self.robot.timing.period_s;
        let axes = [
            (sent.linear_m_s, last.linear_m_s, base.linear_m_s, base.linear_m_s2),
            (sent.angular_rad_s, last.angular_rad_s, base.angular_rad_s, base.angular_rad_s2),
        ];
        for (sent, last, speed, acc) in axes {
            if !(sent.abs() <= speed.max(last.abs()) * (1.0 + 1e-9)) {
                return Err(format!("base at {sent}, limit {speed}"));
            }
            if is_emergency(got) && base.emergency_stop == EmergencyStop::AtOnce {
                if sent != 0.0 {
                    return Err(format!("{sent} in an emergency, zero at once was asked for"));
                }
                continue;
            }
            if !((sent - last).abs() <= acc * period_s * (1.0 + 1e-6) + 1e-12) {
                return Err(format!("base from {last} to {sent} in a period"));
            }
            let slower = sent.abs() <= (last.abs() - acc * period_s).max(0.0) + 1e-9 && sent * last >= 0.0;
            if (got.rejected().is_some() || wish.base.is_none()) && !slower {
                return Err(format!("a stop takes the base from {last} to {sent}"));
            }
        }
        if let (Some(wish), None, None) = (wish.base, got.rejected(), got.clipped()) {
            let off = (wish.linear_m_s - sent.linear_m_s).abs() + (wish.angular_rad_s - sent.angular_rad_s).abs();
            if off > 0.02 {
                return Err(format!("shortened in silence: {wish:?} to {sent:?}"));
            }
        }
        self.base = Some(sent);
        Ok(())
    }

    fn follow_arm(&mut self, wish: &Command, senses: &Observation, got: &Checked) -> Result<(), String> {
        let sent = &got.command().arm;
        let Some(arm) = &self.robot.arm else {
            return if sent.is_none() { Ok(()) } else { Err("an arm that is not there".to_owned()) };
        };
        let period_s = self.robot.timing.period_s;
        let Some(sent) = sent else {
            if wish.arm.is_some() && self.pos_rad.is_some() {
                return Err("the arm is told nothing".to_owned());
            }
            return if self.arm_speed() == 0.0 { Ok(()) } else { Err("a moving arm is left alone".to_owned()) };
        };
        let passed = got.rejected().is_none() && wish.arm.is_some();
        if passed && wish.arm.as_ref() != Some(sent) {
            return Err("an arm target was changed".to_owned());
        }
        let count = arm.limits.len();
        let numbers = || sent.pos_rad.iter().chain(&sent.vel_rad_s);
        if sent.pos_rad.len() != count || sent.vel_rad_s.len() != count || !numbers().all(|n| n.is_finite()) {
            return Err(format!("not {count} numbers: {sent:?}"));
        }
        let measured = senses.joint_pos_rad.to_vec();
        let first = self.pos_rad.is_none();
        let last = self.pos_rad.clone().unwrap_or_else(|| measured.clone());
        if first {
            let moving = senses.joint_vel_rad_s.iter().any(|v| v.abs() > 0.1);
            self.vel_rad_s = if moving { senses.joint_vel_rad_s.to_vec() } else { vec![0.0; count] };
            self.breaches = breaches(arm, &measured);
            self.breaches_passed = self.breaches;
            self.rolling = moving;
        }
        let slack = if passed { ACC } else { 1.0 };
        let follows = (0..count).all(|i| {
            let (limit, step) = (&arm.limits[i], sent.pos_rad[i] - last[i]);
            let bend = (step - self.vel_rad_s[i] * period_s).abs();
            let bend_most = |vel| {
                let acc_rad_s2 = match is_emergency(got) {
                    true => limit.brake_rad_s2(Braking::Emergency),
                    false => limit.acc_between_rad_s2(self.vel_rad_s[i], vel),
                };
                acc_rad_s2 * period_s.powi(2)
            };
            let speed = (limit.vel_rad_s * STEP).max(if passed { 0.0 } else { self.vel_rad_s[i].abs() });
            step.abs() <= speed * period_s + EPS
                && bend <= bend_most(step / period_s) * slack + EPS
                && (sent.vel_rad_s[i] * period_s - step).abs() <= bend_most(sent.vel_rad_s[i]) * ACC + EPS
        });
        let at_rest = senses.joint_vel_rad_s.iter().all(|v| v.abs() <= 0.1) && self.arm_speed() == 0.0;
        let near = sent.pos_rad.iter().zip(&measured).all(|(p, m)| (p - m).abs() <= START_RAD + EPS);
        let started = passed && !follows && self.stopped_before && at_rest && near;
        if !(follows || started) {
            return Err(format!("a jump: {last:?} at {:?} to {sent:?}, measured {measured:?}", self.vel_rad_s));
        }
        if !passed {
            for (i, (now, before)) in sent.vel_rad_s.iter().zip(&self.vel_rad_s).enumerate() {
                if !(now.abs() <= before.abs() + 1e-12 && now * before >= 0.0) {
                    return Err(format!("a stop takes joint {i} from {before} to {now} rad/s"));
                }
            }
        }
        let tool_m = |pos: &[f64]| points_m(pos)[count];
        let speed_m_s = (tool_m(&sent.pos_rad) - tool_m(&last)).norm() / period_s;
        if passed && !started && speed_m_s > arm.tool_speed_m_s * STEP + 1e-6 {
            return Err(format!("the tool at {speed_m_s} m/s"));
        }
        let now = breaches(arm, &sent.pos_rad);
        let was = match (passed, started) {
            (true, true) => {
                let measured = breaches(arm, &measured);
                std::array::from_fn(|i| measured[i].max(self.breaches[i]))
            }
            (true, false) => self.breaches,
            (false, _) => self.breaches_passed,
        };
        let grant = if passed { [EPS, EPS, 1e-5] } else { [EPS, BETWEEN_M, BETWEEN_M] };
        for (i, what) in ["joint range", "workspace", "keep-out"].into_iter().enumerate() {
            if !self.rolling && now[i] > was[i].max(0.0) + grant[i] {
                return Err(format!("{what} broken by {}, before {}: {sent:?}", now[i], was[i]));
            }
        }
        self.breaches = now;
        if passed || self.rolling {
            self.breaches_passed = now;
        }
        self.vel_rad_s = match (passed, started) {
            (true, true) => sent.vel_rad_s.to_vec(),
            (true, false) => sent.pos_rad.iter().zip(&last).map(|(p, l)| (p - l) / period_s).collect(),
            (false, _) => sent.vel_rad_s.to_vec(),
        };
        if passed {
            let still = sent.pos_rad.iter().zip(&last).all(|(p, l)| (p - l).abs() <= 1e-12);
            if still && !started {
                self.vel_rad_s.iter_mut().for_each(|v| *v = 0.0);
            }
        }
        self.rolling &= self.arm_speed() > 0.0;
        self.pos_rad = Some(sent.pos_rad.to_vec());
        Ok(())
    }
}

/// Was this sent because the emergency stop is latched?
fn is_emergency(got: &Checked) -> bool {
    code(got) == Some(RejectCode::EmergencyStop)
}

/// The codes that a rejection may have.
pub fn code(got: &Checked) -> Option<RejectCode> {
    got.rejected().map(|rejection| rejection.code)
}
