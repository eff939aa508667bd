//! A world of kinematics: joints follow exactly, fingers stop on what is between them, what is let go falls straight
//! down. Enough to turn the loop; physics is `ponder-sim`'s.
#![allow(dead_code)] // each test binary uses its part

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use ponder_core::command::Applied;
use ponder_core::controllers::RobotController;
use ponder_core::event::Event;
use ponder_core::fact::Fact;
use ponder_core::guard::Checked;
use ponder_core::observation::{Observation, Truth, Wrench};
use ponder_core::perceiver::{Look, PerceiveError};
use ponder_core::plan::{Draft, DraftArg, DraftCall};
use ponder_core::reasoner::{Answer, Question};
use ponder_core::robot::{JointVec, RobotSpec};
use ponder_core::run::{Limits, Parts, Ring};
use ponder_core::scene::{Affordance, Affordances, Label, ObjectId, Scene, SceneObject};
use ponder_core::sink::Sink;
use ponder_core::thinker::{Inline, Reply, Thinker};
use ponder_core::thought::Thought;
use ponder_core::world::{Want, World, WorldError};
use ponder_core::{Pose, Stamp, Vec3};

use crate::common;

/// An object's name.
pub fn id(name: &str) -> ObjectId {
    ObjectId::from(name).unwrap()
}

/// A thing of the toy table by name.
pub fn object(name: &str) -> SceneObject {
    use Affordance::*;
    let (label, at, size, can): (&str, [f64; 3], [f64; 3], &[Affordance]) = match name {
        "table" => ("table", [0.5, 0.0, -0.02], [0.9, 1.4, 0.04], &[Surface, Fixed]),
        "bowl" => ("bowl", [0.5, -0.2, 0.025], [0.15, 0.15, 0.05], &[Container]),
        _ => ("block", [0.45, 0.15, 0.02], [0.04, 0.04, 0.04], &[Graspable, Surface]),
    };
    SceneObject {
        id: id(name),
        label: Label::from(label).unwrap(),
        color: None,
        world_from_object: Pose::translation(at[0], at[1], at[2]),
        size_m: Vec3::from(size),
        score: 1.0,
        seen: Stamp::default(),
        open_fraction: None,
        on: None,
        handle_m: None,
        affordances: Affordances::of(can),
    }
}

/// A draft from skills and arguments.
pub fn plan(steps: &[(&str, &[(&str, &str)])], goal: Vec<Fact>) -> Draft {
    let call = |(skill, args): &(&str, &[(&str, &str)])| DraftCall {
        skill: (*skill).to_owned(),
        args: args.iter().map(|(k, v)| ((*k).to_owned(), DraftArg::Word((*v).to_owned()))).collect(),
    };
    Draft::Do { steps: steps.iter().map(call).collect(), goal }
}

type Change = Box<dyn FnOnce(&mut Toy) + Send>;

/// The world.
pub struct Toy {
    robot: Arc<RobotSpec>,
    now: Stamp,
    seq: u64,
    joints: JointVec,
    speeds: JointVec,
    width_m: f64,
    target_m: f64,
    objects: Vec<SceneObject>,
    held: Option<(usize, Pose)>,
    held_since: Option<Stamp>,
    at: Vec<(f64, Change)>,
    when_held: Option<(f64, Change)>,
    /// What is out of sight once it was let go of, unless the arm is at home.
    pub behind_the_arm: Option<&'static str>,
    /// What is out of sight once it was let go of, unless the hand looks down on it.
    pub deep_down: Option<&'static str>,
    /// What is out of sight.
    pub out_of_sight: Option<&'static str>,
    /// No joint states from then on.
    pub silent_from_s: Option<f64>,
}

impl Toy {
    /// A world with the arm at home.
    pub fn new(objects: Vec<SceneObject>) -> Self {
        let robot = common::arm7();
        let joints = robot.arm.as_ref().unwrap().home_rad.clone();
        Self {
            speeds: joints.iter().map(|_| 0.0).collect(),
            joints,
            robot,
            now: Stamp::default(),
            seq: 0,
            width_m: 0.04,
            target_m: 0.04,
            objects,
            held: None,
            held_since: None,
            at: Vec::new(),
            when_held: None,
            behind_the_arm: None,
            deep_down: None,
            out_of_sight: None,
            silent_from_s: None,
        }
    }

    /// Changes the world at a time.
    pub fn at(&mut self, time_s: f64, change: impl FnOnce(&mut Toy) + Send + 'static) {
        self.at.push((time_s, Box::new(change)));
    }

    /// Changes the world some time after something was first taken hold of.
    pub fn when_held(&mut self, after_s: f64, change: impl FnOnce(&mut Toy) + Send + 'static) {
        self.when_held = Some((after_s, Box::new(change)));
    }

    /// An object by name.
    pub fn object(&mut self, name: &str) -> &mut SceneObject {
        self.objects.iter_mut().find(|o| o.id.as_str() == name).unwrap()
    }

    /// What is held falls and the fingers close on nothing.
    pub fn drop_held(&mut self) {
        if let Some((held, _)) = self.held.take() {
            self.fall(held);
            self.width_m = 0.0;
        }
    }

    fn tool(&self) -> Pose {
        self.robot.arm.as_ref().unwrap().chain.world_from_tool(&self.joints)
    }

    fn in_sight(&self) -> Vec<SceneObject> {
        let home = &self.robot.arm.as_ref().unwrap().home_rad;
        let is_home = home.iter().zip(&self.joints).all(|(a, b)| (a - b).abs() < 0.05);
        let was_held = self.held.is_none() && self.held_since.is_some();
        let shows = |o: &&SceneObject| {
            let over_m = self.tool().translation.vector - o.position_m();
            let from_above = over_m.xy().norm() < 0.05 && (0.2..0.35).contains(&over_m.z);
            let hidden = was_held
                && (!is_home && self.behind_the_arm == Some(o.id.as_str())
                    || !from_above && self.deep_down == Some(o.id.as_str()));
            !hidden && self.out_of_sight != Some(o.id.as_str())
        };
        self.objects.iter().filter(shows).cloned().collect()
    }

    fn fall(&mut self, falling: usize) {
        let at_m = self.objects[falling].position_m();
        let under = self.objects.iter().enumerate().filter(|(i, o)| {
            let local = o.world_from_object.inverse_transform_point(&at_m.into());
            *i != falling && local.x.abs() < o.size_m.x / 2.0 && local.y.abs() < o.size_m.y / 2.0
        });
        let floor = |o: &SceneObject| {
            if o.can(Affordance::Container) { o.bottom_m() + 0.005 } else { o.top_m() }
        };
        let floor_m = under.map(|(_, o)| floor(o)).fold(-1.0, f64::max);
        let object = &mut self.objects[falling];
        object.world_from_object.translation.z = floor_m + object.size_m.z / 2.0;
    }

    fn move_fingers(&mut self) {
        let step_m = 0.001;
        let wish_m = self.width_m + (self.target_m - self.width_m).clamp(-step_m, step_m);
        let tool = self.tool();
        let between = self
            .objects
            .iter()
            .position(|o| o.can(Affordance::Graspable) && (o.position_m() - tool.translation.vector).norm() < 0.02);
        match (self.held, between) {
            (None, Some(i)) if wish_m <= self.objects[i].size_m.y && wish_m < self.width_m => {
                self.held = Some((i, tool.inverse() * self.objects[i].world_from_object));
                self.held_since.get_or_insert(self.now);
            }
            (Some((i, _)), _) if self.target_m > self.objects[i].size_m.y => {
                self.held = None;
                self.fall(i);
                self.width_m = wish_m;
            }
            (Some(_), _) => {}
            (None, _) => self.width_m = wish_m,
        }
    }
}

impl World for Toy {
    fn robot(&self) -> &Arc<RobotSpec> {
        &self.robot
    }

    fn observe(&mut self, want: Want, into: &mut Observation) -> Result<(), WorldError> {
        if let Some(from_s) = self.silent_from_s.filter(|from_s| self.now.as_s() > *from_s) {
            return Err(WorldError::Silent { age_s: self.now.as_s() - from_s });
        }
        self.seq += 1;
        (into.stamp, into.seq) = (self.now, self.seq);
        into.joint_pos_rad.clone_from(&self.joints);
        into.joint_vel_rad_s.clone_from(&self.speeds);
        into.gripper_width_m = Some(self.width_m);
        into.wrench = Some(Wrench { force_n: Vec3::zeros(), torque_nm: Vec3::zeros() });
        into.truth = want.truth.then(|| Arc::new(Truth { stamp: self.now, objects: self.in_sight() }));
        Ok(())
    }

    fn apply(&mut self, checked: &Checked) -> Result<Applied, WorldError> {
        let sent = checked.command().clone();
        if let Some(arm) = &sent.arm {
            self.joints.clone_from(&arm.pos_rad);
            self.speeds.clone_from(&arm.vel_rad_s);
        }
        if let Some(gripper) = &sent.gripper {
            self.target_m = gripper.width_m;
        }
        Ok(Applied { stamp: self.now, sent, clipped: checked.clipped(), rejected: checked.rejected() })
    }

    fn advance(&mut self) -> Result<(), WorldError> {
        self.move_fingers();
        if let Some((held, tool_from_object)) = self.held {
            self.objects[held].world_from_object = self.tool() * tool_from_object;
        }
        let due: Vec<Change> =
            self.at.extract_if(.., |(time_s, _)| self.now.as_s() >= *time_s).map(|(_, c)| c).collect();
        due.into_iter().for_each(|change| change(self));
        if self.held_since.zip(self.when_held.as_ref()).is_some_and(|(t, (after, _))| self.now.since_s(t) > *after) {
            let (_, change) = self.when_held.take().unwrap();
            change(self);
        }
        self.now = self.now.plus_s(self.robot.timing.period_s);
        Ok(())
    }

    fn now(&self) -> Stamp {
        self.now
    }
}

fn see(look: &Look) -> Result<Scene, PerceiveError> {
    let truth = look.observation.truth.as_ref().ok_or(PerceiveError::Missing("truth"))?;
    let arm = common::arm7();
    let tool = arm.arm.as_ref().unwrap().chain.world_from_tool(&look.observation.joint_pos_rad);
    let gripped = look.observation.gripper_width_m.is_some_and(|w| w > 0.02);
    let held = truth
        .objects
        .iter()
        .find(|o| o.can(Affordance::Graspable) && gripped && (o.position_m() - tool.translation.vector).norm() < 0.02);
    Ok(Scene {
        stamp: look.observation.stamp,
        observation_seq: look.observation.seq,
        objects: truth.objects.clone(),
        holding: held.map(|o| o.id),
        world_from_base: None,
    })
}

/// Answers the drafts in order, then never again.
struct Script(VecDeque<Draft>, bool);

impl Thinker<Question, Result<Answer, ponder_core::reasoner::ReasonError>> for Script {
    fn post(&mut self, _now: Stamp, _question: Question) {
        self.1 = true;
    }
    fn poll(&mut self, _now: Stamp) -> Option<Reply<Result<Answer, ponder_core::reasoner::ReasonError>>> {
        let draft = if self.1 {
            self.0.pop_front()?
        } else {
            return None;
        };
        self.1 = false;
        Some(Reply::Answer(Ok(Answer { thought: Thought::default(), draft })))
    }
    fn cancel(&mut self) {
        self.1 = false;
    }
    fn is_busy(&self) -> bool {
        self.1
    }
}

/// Every event, in order.
pub type Events = Arc<Mutex<Vec<(Stamp, Event)>>>;

struct Keep(Events);
impl Sink for Keep {
    fn emit(&mut self, stamp: Stamp, event: &Event) {
        if !matches!(event, Event::Observed(_) | Event::Commanded(_) | Event::Applied(_)) {
            println!("{stamp} {event:?}"); // shown when a test fails
        }
        self.0.lock().unwrap().push((stamp, event.clone()));
    }
}

/// A ring around these objects and a reasoner that answers these drafts.
pub fn ring(objects: Vec<SceneObject>, drafts: Vec<Draft>) -> (Ring, Events) {
    ring_with(Toy::new(objects), drafts)
}

/// A ring around a prepared world.
pub fn ring_with(world: Toy, drafts: Vec<Draft>) -> (Ring, Events) {
    let events = Events::default();
    let parts = parts(world, drafts, vec![Box::new(Keep(events.clone()))]);
    (Ring::new(parts, Limits::default()), events)
}

/// The parts of a ring, with these sinks.
pub fn parts(world: Toy, drafts: Vec<Draft>, sinks: Vec<Box<dyn Sink>>) -> Parts {
    let controller = Box::new(RobotController::new(world.robot.clone()));
    let eyes = Box::new(Inline::new(Box::new(|look: &Look, _: &mut dyn FnMut(&str), _: &_| see(look)), 0.0));
    let wants = Want { cameras: false, truth: true };
    Parts { world: Box::new(world), eyes, wants, mind: Box::new(Script(drafts.into(), false)), controller, sinks }
}
