//! A hand for the judges' tests: puts things where a condition wants them, and undoes it.

use super::super::{Trial, Verdict};
use super::DONE;
use crate::build::StatePort;
use crate::condition::{Condition, Each, IT};
use crate::disturb::Disturbance;
use crate::scenario::Scenario;
use crate::task::Task;
use ponder_core::command::{Command, GripperTarget};
use ponder_core::scene::ObjectId;
use ponder_core::world::World;
use ponder_core::{Pose, Rotation, Vec3};

/// A hand that puts things where a condition wants them.
pub struct Hand {
    pub trial: Trial,
    /// How many things it has put into something so far.
    pub put_in: usize,
}

impl Hand {
    pub fn new(scenario: &Scenario, task: &Task, seed: u64) -> Self {
        let mut staged = scenario.stage(task, seed).unwrap_or_else(|e| panic!("{}: {e}", task.id));
        staged.task.disturb.clear();
        Self { trial: Trial::begin(staged).expect("a world that was staged starts"), put_in: 0 }
    }

    pub fn disturb(&mut self, what: &Disturbance) {
        self.trial.world.disturb(what).unwrap_or_else(|e| panic!("{what:?}: {e}"));
    }

    pub fn wait(&mut self, seconds: f64) {
        let end = self.trial.world.now().plus_s(seconds);
        while self.trial.world.now() < end {
            self.trial.world.advance().expect("the physics holds");
            self.trial.watch().expect("the watch holds");
        }
    }

    pub fn verdict(&mut self) -> Verdict {
        self.trial.verdict(&DONE).expect("the judge can judge")
    }

    pub fn put(&mut self, object: &ObjectId, at_m: Vec3) {
        let yaw = self.trial.moment().get(object).map_or(0.0, |t| ponder_core::geometry::yaw_rad(&t.world_from_object));
        let (x_m, y_m, bottom_z_m) = (at_m.x, at_m.y, Some(at_m.z));
        self.disturb(&Disturbance::Move { object: object.to_string(), x_m, y_m, bottom_z_m, yaw_rad: yaw });
    }

    /// Opens or closes something, and takes along what is in it.
    pub fn set_open(&mut self, object: &ObjectId, fraction: f64) {
        let before = self.trial.moment();
        let holder = before.index(object).expect("the object is there");
        let inside: Vec<_> = (0..before.things.len())
            .filter(|i| before.things[*i].is_loose() && before.chain_share(*i, holder) > 0.5)
            .map(|i| before.things[i].id)
            .collect();
        self.disturb(&Disturbance::SetOpen { object: object.to_string(), fraction });
        let by_m = self.trial.moment().things[holder].position_m() - before.things[holder].position_m();
        for id in inside {
            let (object, dx_m, dy_m) = (id.to_string(), by_m.x, by_m.y);
            self.disturb(&Disturbance::Shift { object, dx_m, dy_m });
        }
    }

    pub fn switch(&mut self, object: &ObjectId, on: bool) {
        let port = self.trial.world.built.objects.iter().find(|o| o.id == *object).expect("the object is there");
        match port.state {
            StatePort::Turns { qpos, from, to } => {
                self.trial.world.data.qpos_mut()[qpos] = if on { from + (to - from) * 0.9 } else { from };
            }
            StatePort::Toggles { user, .. } => self.trial.world.data.userdata_mut()[user] = f64::from(on),
            _ => panic!("{object} has no switch"),
        }
    }

    /// A place on the ground with the most room around it.
    pub fn free_place(&self, besides: &ObjectId) -> Vec3 {
        let moment = self.trial.moment();
        let ground_m = self.trial.staged.lowest_m;
        let others: Vec<_> = moment.here().filter(|t| t.id != *besides && t.solid && t.size_m.x < 1.0).collect();
        let room_m = |at: &Vec3| {
            let gap = |t: &&crate::moment::Thing| (t.position_m() - at).xy().norm() - t.world_half_m().xy().norm();
            others.iter().map(gap).fold(f64::INFINITY, f64::min)
        };
        let spots = (0..9).flat_map(|i| (0..19).map(move |j| (i, j)));
        let spots = spots.map(|(i, j)| Vec3::new(0.3 + 0.05 * f64::from(i), 0.05 * f64::from(j) - 0.45, ground_m));
        spots.max_by(|a, b| room_m(a).total_cmp(&room_m(b))).expect("there are spots")
    }

    /// Puts a thing between the fingers in the air and closes them.
    pub fn hold(&mut self, object: &ObjectId) {
        let arm = self.trial.world.built.robot.arm.clone().expect("a robot with an arm");
        for period in 0..200 {
            if period < 60 {
                let tool_m = self.trial.world.tool_m().expect("a tool");
                let moment = self.trial.moment();
                let thing = moment.get(object).expect("the object is there");
                let (half_m, tool) = (thing.size_m.z * 0.5, Vec3::new(tool_m.x, tool_m.y, tool_m.z));
                let low_m = tool - Vec3::z() * half_m;
                let (x_m, y_m, bottom_z_m) = (low_m.x, low_m.y, Some(low_m.z));
                self.disturb(&Disturbance::Move { object: object.to_string(), x_m, y_m, bottom_z_m, yaw_rad: 0.0 });
            }
            let now = self.trial.world.now();
            let grip = GripperTarget { width_m: 0.0, force_n: arm.gripper.max_force_n * 0.5 };
            let command = Command { gripper: Some(grip), ..Command::nothing(now, now.plus_s(0.02)) };
            self.trial.world.send(&command);
            self.trial.world.advance().expect("the physics holds");
        }
    }

    pub fn drive_to(&mut self, place: &ObjectId, off_m: f64) {
        let at_m = self.trial.moment().get(place).expect("the place is there").position_m();
        let tall = self.trial.moment().get(place).is_some_and(|t| t.size_m.z > 0.05);
        let aside_m = if tall { 0.55 } else { 0.0 };
        let base = self.trial.world.built.ports.base.clone().expect("a robot that drives");
        let qpos = self.trial.world.data.qpos_mut();
        (qpos[base.free.0], qpos[base.free.0 + 1]) = (at_m.x - aside_m - off_m, at_m.y);
        self.trial.world.data.qvel_mut().fill(0.0);
        self.trial.world.data.forward();
        self.wait(0.2);
    }

    /// Makes a condition true.
    pub fn fulfil(&mut self, condition: &Condition) {
        match condition {
            Condition::All(list) => list.iter().for_each(|c| self.fulfil(c)),
            Condition::Any(list) => self.fulfil(&list[0]),
            Condition::Every(each) => self.members(each).iter().for_each(|c| self.fulfil(c)),
            Condition::Exists(each) => self.fulfil(&self.members(each)[0]),
            Condition::Not(one) => self.undo(one),
            Condition::In(a, b) => self.put_inside(a, b),
            Condition::On(a, b) => {
                let moment = self.trial.moment();
                let (under, room) = (moment.get(b).expect("the object is there"), moment.get(a).expect("so is this"));
                // What lies on it already is taken off first, unless it is wide enough.
                let taken = moment.here().find(|t| {
                    t.id != *a
                        && t.is_loose()
                        && moment.index(&t.id).is_some_and(|i| {
                            moment.index(b).is_some_and(|j| moment.share(i, crate::moment::Carrier::Thing(j)) > 0.5)
                        })
                });
                if let Some(taken) = taken.map(|t| t.id).filter(|_| under.size_m.x < room.size_m.x * 3.0 + 0.3) {
                    let free_m = self.free_place(&taken);
                    self.put(&taken, free_m);
                    self.wait(0.3);
                }
                let moment = self.trial.moment();
                let under = moment.get(b).expect("the object is there");
                // A plate's floor lies deeper than its rim: fall the rest.
                let top_m = Vec3::new(under.position_m().x, under.position_m().y, under.top_m() + 0.001);
                self.put(a, top_m);
                self.wait(0.5);
            }
            Condition::Open(a) => self.set_open(a, 1.0),
            Condition::Closed(a) => self.set_open(a, 0.0),
            Condition::TurnedOn(a) => self.switch(a, true),
            Condition::TurnedOff(a) => self.switch(a, false),
            Condition::RobotAt(a) => self.drive_to(a, 0.0),
            Condition::Held(a) => self.hold(a),
            Condition::Upright(_) | Condition::HandEmpty => {}
            Condition::LeftOf(a, b) => self.put_beside(a, b, Vec3::y()),
            Condition::RightOf(a, b) => self.put_beside(a, b, -Vec3::y()),
            Condition::InFrontOf(a, b) | Condition::Near(a, b) => self.put_beside(a, b, -Vec3::x()),
            Condition::Behind(a, b) => self.put_beside(a, b, Vec3::x()),
            Condition::Moved(_) | Condition::Touched(_) => panic!("no goal: {condition}"),
        }
    }

    /// Makes a fact false, in the way numbered `how`; `false` when there are no more ways.
    pub fn spoil(&mut self, fact: &Condition, how: usize) -> bool {
        match (fact, how) {
            (Condition::In(a, _) | Condition::On(a, _), 0) | (Condition::Held(a), 0) => {
                let free_m = self.free_place(a);
                self.put(a, free_m);
            }
            (Condition::In(a, _) | Condition::On(a, _), 1) if self.trial.world.built.robot.arm.is_some() => {
                self.hold(a)
            }
            (Condition::In(a, b), 2) => {
                // Over the rim, just about to fall in beside everything else: on the edge of the table's far side.
                let moment = self.trial.moment();
                let holder = moment.get(b).expect("the object is there");
                let beside_m = holder.position_m() + Vec3::new(0.0, holder.world_half_m().y + 0.06, 0.0);
                self.put(a, Vec3::new(beside_m.x, beside_m.y, self.trial.staged.lowest_m.max(0.0)));
            }
            (Condition::Open(a), 0) => self.set_open(a, 0.3),
            (Condition::Closed(a), 0) => self.set_open(a, 0.5),
            (Condition::TurnedOn(a), 0) => self.switch(a, false),
            (Condition::TurnedOff(a), 0) => self.switch(a, true),
            (Condition::RobotAt(a), 0) => self.drive_to(a, 1.0),
            (Condition::LeftOf(a, b), 0) => self.put_beside(a, b, -Vec3::y()),
            (Condition::RightOf(a, b), 0) => self.put_beside(a, b, Vec3::y()),
            (Condition::InFrontOf(a, b) | Condition::Near(a, b), 0) => self.put_beside(a, b, Vec3::x() * 3.0),
            (Condition::Behind(a, b), 0) => self.put_beside(a, b, -Vec3::x()),
            (Condition::Upright(a), 0) => self.topple(a),
            _ => return false,
        }
        true
    }

    pub fn undo(&mut self, condition: &Condition) {
        assert!(self.spoil(condition, 0), "can't undo {condition}");
        self.wait(0.3);
    }

    pub fn members(&self, each: &Each) -> Vec<Condition> {
        let moment = self.trial.moment();
        let fits = |t: &&crate::moment::Thing| {
            each.label.is_none_or(|l| l == t.label) && each.color.is_none_or(|c| Some(c) == t.color)
        };
        let bound = |t: &crate::moment::Thing| each.is.renamed(&|name| if name.as_str() == IT { t.id } else { *name });
        moment.here().filter(fits).map(bound).collect()
    }

    pub fn put_inside(&mut self, a: &ObjectId, b: &ObjectId) {
        if self.trial.moment().get(b).is_some_and(|t| t.open.is_some_and(|open| open < 0.9)) {
            self.set_open(b, 1.0);
        }
        let moment = self.trial.moment();
        let inner = moment.get(b).and_then(|t| t.inner).expect("a container has an inside");
        let radius_m = (inner.half_m.x.min(inner.half_m.y) - 0.045).clamp(0.0, 0.055);
        let angle = 2.4 * self.put_in as f64;
        self.put_in += 1;
        let spot = Vec3::new(radius_m * angle.cos(), radius_m * angle.sin(), 0.0);
        let mut at_m = (inner.world_from_inner * nalgebra::Point3::from(spot)).coords;
        at_m.z = inner.world_from_inner.translation.z - inner.half_m.z + 0.004;
        self.put(a, at_m);
        self.wait(0.5);
    }

    pub fn put_beside(&mut self, a: &ObjectId, b: &ObjectId, way: Vec3) {
        let moment = self.trial.moment();
        let (thing, other) = (moment.get(a).expect("the object is there"), moment.get(b).expect("so is this"));
        let mut at_m = other.position_m();
        let far_m = way.abs().dot(&(thing.world_half_m() + other.world_half_m())) + 0.03 * way.norm();
        at_m += way.normalize() * far_m;
        at_m.z = self.trial.staged.lowest_m.max(0.0) + 0.002;
        self.put(a, at_m);
    }

    pub fn topple(&mut self, object: &ObjectId) {
        let port =
            self.trial.world.built.objects.iter().find(|o| o.id == *object).expect("the object is there").clone();
        let pose = crate::start::object_pose(&self.trial.world.data, &port);
        let lying = Rotation::from_axis_angle(&Vec3::x_axis(), std::f64::consts::FRAC_PI_2);
        let pose = Pose::from_parts(pose.translation, lying * pose.rotation);
        let qpos = port.free.expect("a loose thing").0;
        crate::start::place(&mut self.trial.world.data, qpos, &(pose * port.body_from_object.inverse()));
        self.trial.world.data.forward();
    }
}
