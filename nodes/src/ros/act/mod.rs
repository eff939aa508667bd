//! `act`: executive, controller and guard around a robot in the graph. It does what the task action asks, with the
//! scenes of `perceive` and the plans of `reason`, on any robot whose file names its interfaces; it holds the emergency
//! stop, and ends a task when a stage that it lives on is lost.

mod control;
mod described;
mod latch;
mod post;
mod report;
mod senses;
mod slow;
mod world;

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use futures::channel::mpsc;
use ponder_core::robot::RobotSpec;
use ponder_core::robot_file::RobotFile;
use ponder_sim::robots::RobotSource;
use r2r::ServiceRequest;
use r2r::geometry_msgs::msg::WrenchStamped;
use r2r::nav_msgs::msg::Odometry;
use r2r::ponder_msgs::action::ExecuteTask;
use r2r::ponder_msgs::msg;
use r2r::ponder_msgs::srv::{Resume, Stop};
use r2r::sensor_msgs::msg::JointState;
use r2r::std_msgs::msg::Bool;

use self::control::{Control, Order, Setup};
use self::described::Described;
use self::latch::Latch;
use self::report::Board;
use self::senses::{Names, Senses};
use self::slow::Peer;
use self::world::{Drive, Wire};
use super::action::{self, End, Goal};
use super::health::{Health, Level};
use super::host::{Host, Managed, NodeKind, RosError, Task};
use super::params::{Declared, Kind};
use super::peers::Peers;
use super::topics;

/// Letters and targets on the way to the node's thread; replies on the way back.
const OUTBOX: usize = 8;
const MAILBOX: usize = 1024;

/// The kind of node.
pub const KIND: NodeKind = NodeKind {
    name: "act",
    about: "does tasks: executive, controller, guard, emergency stop",
    params: &[
        Declared {
            name: "robot",
            about: "Robot file, or the name of one that comes built in",
            kind: Kind::Text("arm7"),
            fixed: true,
        },
        Declared {
            name: "robot_namespace",
            about: "Put before the names of the robot's interfaces that have no leading /",
            kind: Kind::Text("/"),
            fixed: true,
        },
        Declared {
            name: "time_limit_s",
            about: "How long a task may take that says nothing of it, seconds",
            kind: Kind::Number { default: 120.0, min: 1.0, max: 86_400.0 },
            fixed: false,
        },
        Declared {
            name: "lost_after_s",
            about: "Silence after which perceive or reason counts as lost, seconds",
            kind: Kind::Number { default: 1.0, min: 0.3, max: 30.0 },
            fixed: true,
        },
        Declared {
            name: "state_dir",
            about: "Where an emergency stop is remembered; empty: with this user's other programs' state",
            kind: Kind::Text(""),
            fixed: true,
        },
        Declared {
            name: "check_description",
            about: "Hold the robot file against the URDF on robot_description, and do nothing when it does not fit",
            kind: Kind::Flag(true),
            fixed: true,
        },
    ],
    urgent: true,
    make,
};

struct Robot {
    file: RobotFile,
    spec: Arc<RobotSpec>,
    senses: Senses,
    board: Board,
    peers: Peers,
    wire: Wire,
    gripper: Option<Task>,
    described: Described,
    _heard: Vec<Task>,
}

#[derive(Default)]
struct Inner {
    robot: Option<Robot>,
    control: Option<Control>,
    letters: Option<Task>,
}

struct Act {
    inner: Rc<RefCell<Inner>>,
    latch: Latch,
    released: Arc<dyn Fn() + Send + Sync>,
}

fn make(host: &Host) -> Result<Box<dyn Managed>, RosError> {
    let begin = |why| RosError::Begin { node: host.full_name().to_owned(), why };
    let latch = Latch::open(&host.params().text("state_dir"), host.full_name()).map_err(begin)?;
    if latch.is_on() {
        host.warn("the emergency stop is latched since before: nothing moves until it is resumed");
    }
    let stopped = std::sync::Mutex::new(host.publisher::<Bool>(topics::STOPPED, topics::latched())?);
    let tell = {
        let latch = latch.clone();
        move || {
            if let Ok(stopped) = stopped.lock() {
                drop(stopped.publish(&Bool { data: latch.is_on() })); // a latched topic: it is read when it can be
            }
        }
    };
    tell();
    let released: Arc<dyn Fn() + Send + Sync> = Arc::new(tell);
    let inner = Rc::new(RefCell::new(Inner::default()));

    let (at, latched, told) = (host.clone(), latch.clone(), released.clone());
    host.serve(topics::STOP, move |request: ServiceRequest<Stop::Service>| {
        let kept = latched.set(&request.message.reason);
        told();
        at.warn(format_args!("emergency stop: {}", request.message.reason.chars().take(200).collect::<String>()));
        let message = kept.err().unwrap_or_else(|| "latched".to_owned());
        drop(request.respond(Stop::Response { success: true, message })); // it is latched, whoever hears it
    })?;
    let (shared, latched) = (inner.clone(), latch.clone());
    host.serve(topics::RESUME, move |request: ServiceRequest<Resume::Service>| {
        let inner = shared.borrow();
        let refused = match &inner.control {
            _ if !latched.is_on() => Some((request, "it is not latched")),
            None => Some((
                request,
                "it stays latched: the node is not active, and a robot that is not heard can't be \
                                    released",
            )),
            Some(control) => match control.order(Order::Resume(request)) {
                Err(Order::Resume(request)) => Some((request, "it stays latched: a task is still ending")),
                _ => None,
            },
        };
        if let Some((request, why)) = refused {
            let success = !latched.is_on();
            drop(request.respond(Resume::Response { success, message: why.to_owned() }));
        }
    })?;
    let (at, shared) = (host.clone(), inner.clone());
    action::serve::<ExecuteTask::Action>(host, topics::EXECUTE_TASK, move |goal| take(&at, &shared.borrow(), goal))?;
    Ok(Box::new(Act { inner, latch, released }))
}

/// A goal is taken up, or told at once why not.
fn take(host: &Host, inner: &Inner, goal: Goal<ExecuteTask::Action>) {
    let refuse = |goal: Goal<ExecuteTask::Action>, code: u16, name: &str, text: &str| {
        let outcome = msg::Outcome { code, name: name.to_owned(), text: text.to_owned() };
        goal.end(End::Aborted, ExecuteTask::Result { outcome, ..Default::default() });
    };
    let Some(control) = inner.control.as_ref() else {
        let text = format!("the node is {}: activate it first", host.state().label());
        return refuse(goal, msg::Outcome::HALTED_DEACTIVATED as u16, "halted:deactivated", &text);
    };
    if let Some(why) = inner.robot.as_ref().and_then(|robot| robot.described.problem()) {
        return refuse(goal, msg::Outcome::HALTED_BAD_ROBOT as u16, "halted:bad_robot", &why);
    }
    let limit_s = match goal.goal.time_limit {
        0.0 => host.params().number("time_limit_s"),
        given => given,
    };
    // What is far too long is not even copied to the control thread.
    let mut goal = goal;
    let instruction = std::mem::take(&mut goal.goal.instruction);
    if let Err(error) = ponder_core::goal::Goal::new(0, &instruction, host.now(), limit_s) {
        return refuse(goal, msg::Outcome::BAD_INSTRUCTION as u16, "bad_instruction", &error.to_string());
    }
    if let Err(Order::Task(goal, ..)) = control.order(Order::Task(Box::new(goal), instruction, limit_s)) {
        refuse(*goal, msg::Outcome::BUSY as u16, "busy", "another task is being done: cancel it first");
    }
}

impl Act {
    fn wire(host: &Host, file: &RobotFile, namespace: &str) -> Result<(Wire, Option<Task>), RosError> {
        let (targets, inbox) = mpsc::channel(OUTBOX);
        let name = |name: &str| super::within(namespace, name);
        let arm = match &file.arm {
            Some(_) => {
                let topic = format!("{}/joint_trajectory", name(&file.ros.arm_controller));
                Some(host.publisher(&topic, topics::command())?)
            }
            None => None,
        };
        let gripper = match &file.arm {
            Some(_) => {
                Some(post::carry_targets(host, &name(&file.ros.gripper_action), file.ros.gripper_position, inbox)?)
            }
            None => None,
        };
        let drive = match (&file.base, file.ros.cmd_vel_stamped) {
            (None, _) => Drive::None,
            (Some(_), false) => Drive::Plain(host.publisher(&name(&file.ros.cmd_vel), topics::command())?),
            (Some(_), true) => {
                let publisher = host.publisher(&name(&file.ros.cmd_vel), topics::command())?;
                Drive::Stamped(publisher, file.ros.base_frame.clone())
            }
        };
        let joints = file.arm.iter().flat_map(|arm| arm.joints.iter().map(|joint| joint.name.clone())).collect();
        Ok((Wire { arm, joints, gripper: targets, drive }, gripper))
    }

    fn robot(host: &Host) -> Result<Robot, String> {
        let namespace = host.params().text("robot_namespace");
        let source =
            RobotSource::load(&host.params().text("robot"), Path::new(".")).map_err(|error| error.to_string())?;
        let spec = Arc::new(source.checked().map_err(|error| error.to_string())?);
        let file = source.file;
        let senses = Senses::new(Names::of(&file));
        let no = |error: RosError| error.to_string();
        let name = |name: &str| super::within(&namespace, name);
        let mut heard = Vec::new();
        let on = senses.clone();
        let sensor = topics::sensor();
        heard.push(
            host.subscribe(&name(&file.ros.joint_states), sensor.clone(), move |m: JointState| on.joints(&m))
                .map_err(no)?,
        );
        if file.base.is_some() {
            let on = senses.clone();
            heard.push(
                host.subscribe(&name(&file.ros.odom), sensor.clone(), move |m: Odometry| on.odometry(&m))
                    .map_err(no)?,
            );
        }
        if file.arm.is_some() {
            let on = senses.clone();
            heard.push(
                host.subscribe(&name(&file.ros.wrench), sensor, move |m: WrenchStamped| on.wrench(&m)).map_err(no)?,
            );
        }
        let on = senses.clone();
        heard.push(host.subscribe(topics::SCENE, topics::latched(), move |m: msg::Scene| on.scene(&m)).map_err(no)?);
        let described = Described::default();
        if host.params().flag("check_description") {
            heard.push(described.listen(host, &file, &name(&file.ros.robot_description)).map_err(no)?);
        }
        let (peers, listening) = Peers::listen(host).map_err(no)?;
        heard.push(listening);
        let board = Board::new(host, &file.ros.world_frame).map_err(no)?;
        let (wire, gripper) = Self::wire(host, &file, &namespace).map_err(no)?;
        Ok(Robot { file, spec, senses, board, peers, wire, gripper, described, _heard: heard })
    }

    fn control(&self, host: &Host, robot: &Robot) -> Result<(Control, Task), String> {
        let (letters, inbox) = mpsc::channel(OUTBOX);
        let (outbox, mail) = sync_channel(MAILBOX);
        let carrying = post::carry_questions(host, &robot.file.ros.world_frame, inbox, outbox);
        let carrying = carrying.map_err(|error| error.to_string())?;
        let namespace = host.full_name().rsplit_once('/').map_or("", |(namespace, _)| namespace);
        let peer = |name: &str| Peer {
            peers: robot.peers.clone(),
            name: format!("{namespace}/{name}"),
            within: Duration::from_secs_f64(host.params().number("lost_after_s")),
        };
        let released = self.released.clone();
        let setup = Setup {
            robot: robot.spec.clone(),
            clock: host.clock().clone(),
            senses: robot.senses.clone(),
            wire: robot.wire.clone(),
            board: robot.board.clone(),
            latch: self.latch.clone(),
            perceive: peer("perceive"),
            reason: peer("reason"),
            letters,
            released: Box::new(move || released()),
        };
        Ok((Control::start(setup, mail)?, carrying))
    }
}

impl Managed for Act {
    fn configure(&mut self, host: &Host) -> Result<(), String> {
        self.inner.borrow_mut().robot = Some(Self::robot(host)?);
        Ok(())
    }

    fn activate(&mut self, host: &Host) -> Result<(), String> {
        let mut inner = self.inner.borrow_mut();
        let robot = inner.robot.as_ref().ok_or("it is not configured")?;
        let (control, letters) = self.control(host, robot)?;
        (inner.control, inner.letters) = (Some(control), Some(letters));
        Ok(())
    }

    fn deactivate(&mut self, _host: &Host) {
        let mut inner = self.inner.borrow_mut();
        (inner.control, inner.letters) = (None, None); // waits until the robot rests
    }

    fn cleanup(&mut self, _host: &Host) {
        *self.inner.borrow_mut() = Inner::default();
    }

    fn health(&mut self, _host: &Host) -> Health {
        let inner = self.inner.borrow();
        let Some(robot) = &inner.robot else { return Health::default() };
        let (age, problem) = robot.senses.state();
        let age_s = age.map_or(f64::INFINITY, |age| age.as_secs_f64());
        let busy = inner.control.as_ref().is_some_and(Control::is_busy);
        let values = vec![
            ("robot", robot.spec.name.clone()),
            ("joint states age s", format!("{age_s:.3}")),
            ("emergency stop", self.latch.is_on().to_string()),
            ("busy", busy.to_string()),
            ("gripper", robot.gripper.is_some().to_string()),
            ("described", robot.described.is_heard().to_string()),
        ];
        let bad = robot.described.problem();
        Health::ok(values)
            .unless(self.latch.is_on(), Level::Warn, "the emergency stop is latched")
            .unless(bad.is_some(), Level::Error, bad.unwrap_or_default())
            .unless(problem.is_some(), Level::Error, problem.unwrap_or_default())
            .unless(age_s > 1.0, Level::Stale, "no joint states come")
    }
}
