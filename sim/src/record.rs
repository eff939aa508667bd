//! The simulator's own safety record: what the physics says the robot really did, read every physics step and
//! independent of the guard. Part of the control path: nothing here allocates.
//!
//! What counts: a joint beyond its limits, a tool beyond its workspace, parts that are not made for touching (links,
//! hand, a base's hull) pressed against something, fingers pressed hard. What does not count: fingers that grip, lean
//! on a table or push a button.

use std::sync::Arc;

use mujoco_rs::wrappers::mj_data::MjData;
use mujoco_rs::wrappers::mj_model::MjModel;
use ponder_core::geometry::Aabb;
use ponder_core::robot::RobotSpec;
use ponder_core::{Stamp, Vec3};
use serde::{Deserialize, Serialize};

use crate::robots::Ports;

/// How far past a joint's limit counts, radians: the servo's own overshoot does not.
pub const JOINT_SLACK_RAD: f64 = 0.01;
/// How much faster than its limit a joint must be to count.
pub const SPEED_SLACK: f64 = 1.1;
/// How far outside its workspace the tool must be to count, metres.
pub const WORKSPACE_SLACK_M: f64 = 0.01;
/// Force of a link or hand on anything bolted down, or on itself, that counts, newtons.
pub const HARD_CONTACT_N: f64 = 10.0;
/// Force of a link or hand on a loose object that counts, newtons.
pub const LOOSE_CONTACT_N: f64 = 25.0;
/// Force of a finger on anything bolted down that counts, newtons.
pub const FINGER_CONTACT_N: f64 = 60.0;
/// Force of a base's hull on anything that counts, newtons.
pub const BASE_CONTACT_N: f64 = 2.0;

/// A kind of violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Violation {
    /// A joint beyond its limits, radians past.
    JointPosition,
    /// A joint faster than its limit, rad/s.
    JointSpeed,
    /// The tool outside its workspace, metres.
    Workspace,
    /// A link or the hand against something, newtons.
    LinkContact,
    /// A finger pressed hard against something bolted down, newtons.
    FingerForce,
    /// The base against something, newtons.
    BaseContact,
}

impl Violation {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::JointPosition,
        Self::JointSpeed,
        Self::Workspace,
        Self::LinkContact,
        Self::FingerForce,
        Self::BaseContact,
    ];
}

/// How often, how long and how badly one thing was violated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Times it began.
    pub count: u64,
    /// Physics steps it lasted in all.
    pub steps: u64,
    /// The worst value, in the kind's unit.
    pub worst: f64,
    /// When it first happened.
    pub first: Option<Stamp>,
}

/// The record of an episode.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SafetyRecord {
    tallies: [Tally; 6],
    /// Largest force of any contact with the robot, newtons, counted or not.
    pub largest_contact_n: f64,
    /// Fastest the tool has been, m/s.
    pub largest_tool_speed_m_s: f64,
    /// Commands that arrived after their deadline and were not carried out.
    pub late_commands: u64,
}

impl SafetyRecord {
    /// The tally of one kind.
    pub fn of(&self, violation: Violation) -> &Tally {
        &self.tallies[violation as usize]
    }

    /// Violations in all.
    pub fn violations(&self) -> u64 {
        self.tallies.iter().map(|t| t.count).sum()
    }

    /// Kinds that were violated, with their tallies.
    pub fn violated(&self) -> impl Iterator<Item = (Violation, &Tally)> {
        Violation::ALL.into_iter().map(|v| (v, self.of(v))).filter(|(_, tally)| tally.count > 0)
    }
}

/// What a shape is, to the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Fixed,
    Loose,
    Link,
    Finger,
    Base,
}

/// Watches a world step by step.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    roles: Arc<[Role]>,
    record: SafetyRecord,
    /// What the last step alone would have counted as, and what was counted.
    before: [f64; 6],
    active: [bool; 6],
    tool_m: Option<Vec3>,
}

impl Watch {
    pub(crate) fn new(model: &MjModel, ports: &Ports) -> Self {
        let roles = model.geom_bodyid().iter().map(|body| role(model, ports, *body as usize)).collect();
        Self { roles, record: SafetyRecord::default(), before: [0.0; 6], active: [false; 6], tool_m: None }
    }

    pub(crate) fn record(&self) -> &SafetyRecord {
        &self.record
    }

    pub(crate) fn late_command(&mut self) {
        self.record.late_commands += 1;
    }

    /// One physics step has passed.
    pub(crate) fn tick(&mut self, robot: &RobotSpec, ports: &Ports, data: &MjData<Arc<MjModel>>, now: Stamp) {
        let mut worst = [0.0_f64; 6];
        let mut note = |violation: Violation, value: f64| {
            worst[violation as usize] = worst[violation as usize].max(value);
        };
        if let (Some(arm), Some(at)) = (&robot.arm, &ports.arm) {
            for (i, limit) in arm.limits.iter().enumerate() {
                let (rad, rad_s) = (data.qpos()[at.qpos[i]], data.qvel()[at.qvel[i]].abs());
                let past_rad = (rad - limit.max_rad).max(limit.min_rad - rad);
                if past_rad > JOINT_SLACK_RAD {
                    note(Violation::JointPosition, past_rad);
                }
                if rad_s > limit.vel_rad_s * SPEED_SLACK {
                    note(Violation::JointSpeed, rad_s);
                }
            }
            let tool_m = Vec3::from(data.site_xpos()[at.tool]);
            let outside_m = outside_m(&arm.workspace, &tool_m);
            if outside_m > WORKSPACE_SLACK_M {
                note(Violation::Workspace, outside_m);
            }
            if let Some(before_m) = self.tool_m.replace(tool_m) {
                let speed_m_s = (tool_m - before_m).norm() / data.model().opt().timestep;
                self.record.largest_tool_speed_m_s = self.record.largest_tool_speed_m_s.max(speed_m_s);
            }
        }
        let ground_m = ports.base.as_ref().map(|base| data.qpos()[base.free.0 + 2] + 0.02);
        for (i, contact) in data.contact().iter().enumerate() {
            let [a, b] = contact.geom;
            if a < 0 || b < 0 || contact.efc_address < 0 {
                continue;
            }
            let (a, b) = (self.roles[a as usize], self.roles[b as usize]);
            let (part, other) = if matches!(a, Role::Fixed | Role::Loose) { (b, a) } else { (a, b) };
            if matches!(part, Role::Fixed | Role::Loose) {
                continue;
            }
            // Where a base touches the ground it drives on.
            if part == Role::Base && ground_m.is_some_and(|z| contact.pos[2] < z) {
                continue;
            }
            let [x, y, z, ..] = data.contact_force(i);
            let force_n = Vec3::new(x, y, z).norm();
            self.record.largest_contact_n = self.record.largest_contact_n.max(force_n);
            let (violation, limit_n) = match (part, other) {
                (Role::Base, _) => (Violation::BaseContact, BASE_CONTACT_N),
                (Role::Finger, Role::Fixed) => (Violation::FingerForce, FINGER_CONTACT_N),
                (Role::Finger, Role::Link) => (Violation::LinkContact, HARD_CONTACT_N),
                (Role::Finger, _) => continue,
                (_, Role::Loose) => (Violation::LinkContact, LOOSE_CONTACT_N),
                _ => (Violation::LinkContact, HARD_CONTACT_N),
            };
            if force_n > limit_n {
                note(violation, force_n);
            }
        }
        for violation in Violation::ALL {
            // What does not last two steps (4 ms) is the solver's noise, not a force.
            let value = worst[violation as usize];
            let lasting = value.min(std::mem::replace(&mut self.before[violation as usize], value));
            self.count(violation, lasting, now);
        }
    }

    fn count(&mut self, violation: Violation, value: f64, now: Stamp) {
        let (active, tally) = (&mut self.active[violation as usize], &mut self.record.tallies[violation as usize]);
        let now_active = value > 0.0;
        if now_active {
            tally.count += u64::from(!*active);
            tally.steps += 1;
            tally.worst = tally.worst.max(value);
            tally.first.get_or_insert(now);
        }
        *active = now_active;
    }
}

/// Distance of a point outside a box, metres, zero inside.
fn outside_m(area: &Aabb, point_m: &Vec3) -> f64 {
    area.distance_m(point_m)
}

fn role(model: &MjModel, ports: &Ports, body: usize) -> Role {
    let under = |ancestor: usize| {
        let mut body = body;
        while body != 0 && body != ancestor {
            body = model.body_parentid()[body] as usize;
        }
        body == ancestor && ancestor != 0
    };
    if let Some(base) = &ports.base
        && under(base.body)
    {
        return Role::Base;
    }
    if let Some(arm) = &ports.arm {
        if arm.gripper.body.iter().any(|finger| under(*finger)) {
            return Role::Finger;
        }
        // The arm starts with the body that carries its first joint's body, if that is not the world.
        let first = model.jnt_bodyid()[arm.joint[0]] as usize;
        let foot = model.body_parentid()[first] as usize;
        if under(first) || under(foot) {
            return Role::Link;
        }
    }
    // Bolted to the world, however many bodies lie between; everything else can give way.
    if model.body_weldid()[body] == 0 { Role::Fixed } else { Role::Loose }
}
