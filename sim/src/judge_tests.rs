//! The judges, judged: for every goal of every scenario file, things are put by hand until the goal is reached, and the
//! verdict must be yes; then one fact after the other is undone (moved away, held above, half closed, switched back) and
//! the verdict must be no. Nothing here is particular to a task.

use std::path::Path;

use ponder_core::command::{Command, GripperTarget};
use ponder_core::fact::Finding;
use ponder_core::outcome::Outcome;
use ponder_core::scene::ObjectId;
use ponder_core::world::World;
use ponder_core::{Pose, Rotation, Vec3};

use super::{Trial, Verdict};
use crate::build::StatePort;
use crate::condition::{Condition, Each, IT};
use crate::disturb::Disturbance;
use crate::scenario::Scenario;
use crate::task::Task;

const DONE: Outcome = Outcome::Done { evidence: Vec::<Finding>::new() };

/// A hand that puts things where a condition wants them.
struct Hand {
    trial: Trial,
    /// How many things it has put into something so far.
    put_in: usize,
}

impl Hand {
    fn new(scenario: &Scenario, task: &Task, seed: u64) -> Self {
        let mut staged = scenario.stage(task, seed).unwrap_or_else(|e| panic!("{}: {e}", task.id));
        staged.task.disturb.clear();
        Self { trial: Trial::begin(staged).expect("a world that was staged starts"), put_in: 0 }
    }

    fn disturb(&mut self, what: &Disturbance) {
        self.trial.world.disturb(what).unwrap_or_else(|e| panic!("{what:?}: {e}"));
    }

    fn wait(&mut self, seconds: f64) {
        let end = self.trial.world.now().plus_s(seconds);
        while self.trial.world.now() < end {
            self.trial.world.advance().expect("the physics holds");
            self.trial.watch().expect("the watch holds");
        }
    }

    fn verdict(&mut self) -> Verdict {
        self.trial.verdict(&DONE).expect("the judge can judge")
    }

    fn put(&mut self, object: &ObjectId, at_m: Vec3) {
        let yaw = self.trial.moment().get(object).map_or(0.0, |t| ponder_core::geometry::yaw_rad(&t.world_from_object));
        let (x_m, y_m, bottom_z_m) = (at_m.x, at_m.y, Some(at_m.z));
        self.disturb(&Disturbance::Move { object: object.to_string(), x_m, y_m, bottom_z_m, yaw_rad: yaw });
    }

    /// Opens or closes something, and takes along what is in it.
    fn set_open(&mut self, object: &ObjectId, fraction: f64) {
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

    fn switch(&mut self, object: &ObjectId, on: bool) {
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
    fn free_place(&self, besides: &ObjectId) -> Vec3 {
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
    fn hold(&mut self, object: &ObjectId) {
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

    fn drive_to(&mut self, place: &ObjectId, off_m: f64) {
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
    fn fulfil(&mut self, condition: &Condition) {
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
    fn spoil(&mut self, fact: &Condition, how: usize) -> bool {
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

    fn undo(&mut self, condition: &Condition) {
        assert!(self.spoil(condition, 0), "can't undo {condition}");
        self.wait(0.3);
    }

    fn members(&self, each: &Each) -> Vec<Condition> {
        let moment = self.trial.moment();
        let fits = |t: &&crate::moment::Thing| {
            each.label.is_none_or(|l| l == t.label) && each.color.is_none_or(|c| Some(c) == t.color)
        };
        let bound = |t: &crate::moment::Thing| each.is.renamed(&|name| if name.as_str() == IT { t.id } else { *name });
        moment.here().filter(fits).map(bound).collect()
    }

    fn put_inside(&mut self, a: &ObjectId, b: &ObjectId) {
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

    fn put_beside(&mut self, a: &ObjectId, b: &ObjectId, way: Vec3) {
        let moment = self.trial.moment();
        let (thing, other) = (moment.get(a).expect("the object is there"), moment.get(b).expect("so is this"));
        let mut at_m = other.position_m();
        let far_m = way.abs().dot(&(thing.world_half_m() + other.world_half_m())) + 0.03 * way.norm();
        at_m += way.normalize() * far_m;
        at_m.z = self.trial.staged.lowest_m.max(0.0) + 0.002;
        self.put(a, at_m);
    }

    fn topple(&mut self, object: &ObjectId) {
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

/// The facts that must all hold for the condition to hold.
fn musts(condition: &Condition, hand: &Hand) -> Vec<Condition> {
    match condition {
        Condition::All(list) => list.iter().flat_map(|c| musts(c, hand)).collect(),
        Condition::Every(each) => hand.members(each).iter().flat_map(|c| musts(c, hand)).collect(),
        Condition::Any(list) => musts(&list[0], hand),
        Condition::Not(_) | Condition::HandEmpty => Vec::new(),
        fact => vec![fact.clone()],
    }
}

fn fulfilled(scenario: &Scenario, task: &Task, seed: u64) -> Hand {
    let mut hand = Hand::new(scenario, task, seed);
    let staged = hand.trial.staged.task.clone();
    staged.through.iter().for_each(|c| hand.fulfil(c));
    hand.fulfil(staged.goal.as_ref().expect("a goal"));
    hand
}

fn scenarios() -> Vec<Scenario> {
    let external = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/external/kitchen.yaml");
    let mut all = Scenario::built_in().expect("built-in scenarios load");
    all.push(Scenario::load(&external).expect("the external scenario loads"));
    all
}

/// Runs `check` on every goal of every scenario file.
fn each_goal(check: impl Fn(&Scenario, &Task)) {
    for scenario in scenarios() {
        for task in scenario.tasks.iter().filter(|task| task.goal.is_some()) {
            check(&scenario, task);
        }
    }
}

fn show(verdict: &Verdict) -> String {
    let lines = verdict.rulings.iter().map(ToString::to_string).chain(verdict.violations.iter().cloned());
    lines.collect::<Vec<_>>().join("\n  ")
}

#[test]
fn nothing_done_is_no_success() {
    each_goal(|scenario, task| {
        let mut hand = Hand::new(scenario, task, 3);
        hand.wait(0.2);
        let verdict = hand.verdict();
        assert!(!verdict.success, "{}: success without a move\n  {}", task.id, show(&verdict));
    });
}

#[test]
fn fulfilled_goals_are_successes() {
    each_goal(|scenario, task| {
        let verdict = fulfilled(scenario, task, 3).verdict();
        // A hand from outside may knock on what it must not; the facts are what counts here.
        assert!(verdict.reached, "{}: not reached\n  {}", task.id, show(&verdict));
    });
}

#[test]
fn spoiled_goals_are_no_successes() {
    each_goal(|scenario, task| {
        let count = {
            let hand = fulfilled(scenario, task, 3);
            musts(hand.trial.staged.task.goal.as_ref().expect("a goal"), &hand).len()
        };
        assert!(count > 0 || task.goal.is_some());
        for index in 0..count {
            for how in 0.. {
                let mut hand = fulfilled(scenario, task, 3);
                let fact = musts(hand.trial.staged.task.goal.as_ref().expect("a goal"), &hand)[index].clone();
                if !hand.spoil(&fact, how) {
                    assert!(how > 0, "{}: no way to spoil {fact}", task.id);
                    break;
                }
                let verdict = hand.verdict();
                assert!(
                    !verdict.reached,
                    "{}: still reached, {fact} spoiled in way {how}\n  {}",
                    task.id,
                    show(&verdict)
                );
            }
        }
    });
}

fn find(id: &str) -> (Scenario, Task) {
    let scenarios = scenarios();
    let mut all = scenarios.iter().flat_map(|s| s.tasks.iter().map(move |t| (s, t)));
    let (scenario, task) = all.find(|(_, task)| task.id == id).unwrap_or_else(|| panic!("no task {id}"));
    (scenario.clone(), task.clone())
}

#[test]
fn broken_invariants_and_falls_spoil_a_success() {
    let (scenario, task) = find("leftmost_block_in_bowl");
    assert!(fulfilled(&scenario, &task, 5).verdict().success, "it can succeed");

    let mut hand = fulfilled(&scenario, &task, 5);
    hand.disturb(&Disturbance::Shift { object: "big_cup".to_owned(), dx_m: 0.05, dy_m: 0.0 });
    hand.wait(0.1);
    // Putting it back does not undo it.
    hand.disturb(&Disturbance::Shift { object: "big_cup".to_owned(), dx_m: -0.05, dy_m: 0.0 });
    let verdict = hand.verdict();
    assert!(verdict.reached && !verdict.success, "{}", show(&verdict));
    assert!(verdict.violations.iter().any(|v| v.contains("moved(big_cup)")), "{}", show(&verdict));

    let mut hand = fulfilled(&scenario, &task, 5);
    hand.put(&ObjectId::from("pear").expect("a short name"), Vec3::new(1.3, 0.0, 0.1));
    hand.wait(1.0);
    let verdict = hand.verdict();
    assert!(verdict.reached && !verdict.success, "{}", show(&verdict));
    assert!(verdict.violations.iter().any(|v| v.contains("pear fell")), "{}", show(&verdict));
}

#[test]
fn stations_count_only_in_order() {
    let (scenario, task) = find("blue_then_green_then_dock");
    let (goal, through) = (task.goal.clone().expect("a goal"), task.through.clone());
    let drive = |stations: &[&Condition]| {
        let mut hand = Hand::new(&scenario, &task, 1);
        stations.iter().for_each(|c| hand.fulfil(c));
        hand.verdict()
    };
    assert!(drive(&[&through[0], &through[1], &goal]).reached);
    for wrong in [vec![&goal], vec![&through[1], &through[0], &goal], vec![&through[0], &through[1]]] {
        let verdict = drive(&wrong);
        assert!(!verdict.reached, "{wrong:?}\n  {}", show(&verdict));
    }
}

#[test]
fn refusals_are_judged_by_their_reason_and_by_what_was_left_alone() {
    use ponder_core::outcome::RefusalReason::{self, NotThere, Unsafe};
    let (scenario, task) = find("absent_purple_block");
    let refused = |reason: RefusalReason| Outcome::Refused { reason, text: String::new() };
    let verdict = |outcome: &Outcome, dx_m: f64| {
        let mut hand = Hand::new(&scenario, &task, 1);
        hand.disturb(&Disturbance::Shift { object: "red_block".to_owned(), dx_m, dy_m: 0.0 });
        hand.trial.verdict(outcome).expect("the judge can judge")
    };
    assert!(verdict(&refused(NotThere), 0.0).success);
    assert!(!verdict(&refused(Unsafe), 0.0).success, "the wrong reason");
    assert!(!verdict(&DONE, 0.0).success, "done, though it can't be");
    assert!(!verdict(&Outcome::Asked { question: String::new() }, 0.0).success, "asked instead");
    assert!(!verdict(&refused(NotThere), 0.05).success, "refused, but moved something");
}
