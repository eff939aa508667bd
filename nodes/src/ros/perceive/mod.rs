//! `perceive`: hears the robot's joints, its odometry, its cameras and what the simulator knows; makes scenes of it on a
//! thread of its own, as often as told and whenever `see` asks. Bad input makes no scene: health says why.

mod cameras;
mod drawing;
mod senses;
mod sight;

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ponder_sim::robots::RobotSource;
use r2r::ServiceRequest;
use r2r::ponder_msgs::srv::See;

use super::health::{Health, Level};
use super::host::{Host, Managed, NodeKind, RosError, Task};
use super::params::{Declared, Kind};
use super::topics;
use crate::stages::Eyes;
use cameras::Cameras;
use drawing::Outlet;
use sight::{Outlets, Sight, Waiting};

/// Between two looks at what has come.
const TICK: Duration = Duration::from_millis(10);
/// Time for `see` where none is given, seconds.
const SEE_S: f64 = 5.0;

/// The node.
pub const KIND: NodeKind = NodeKind {
    name: "perceive",
    about: "Makes scenes out of what the robot senses",
    params: &[
        Declared {
            name: "robot",
            about: "A built-in robot by its name, or a robot file by its path",
            kind: Kind::Text("arm7"),
            fixed: true,
        },
        Declared {
            name: "robot_namespace",
            about: "Namespace of the robot's own topics",
            kind: Kind::Text("/"),
            fixed: true,
        },
        Declared {
            name: "perception",
            about: "Who perceives: eye-nano, trained here, looks at pictures; ground-truth is the baseline that believes what a \
                    simulator knows; or a Janus: a name or a folder",
            kind: Kind::Text("eye-nano"),
            fixed: true,
        },
        Declared {
            name: "rate_hz",
            about: "Scenes a second, at most",
            kind: Kind::Number { default: 10.0, min: 0.5, max: 30.0 },
            fixed: false,
        },
    ],
    urgent: false,
    make,
};

/// The sight of an active node is there; otherwise there is none.
type Shared = Rc<RefCell<Option<Sight>>>;

struct Perceive {
    sight: Shared,
    robot: Option<RobotSource>,
    chosen: Option<Eyes>,
    tasks: Vec<Task>,
}

fn make(host: &Host) -> Result<Box<dyn Managed>, RosError> {
    let sight = Shared::default();
    let (asked, at) = (sight.clone(), host.clone());
    host.serve(topics::SEE, move |request: ServiceRequest<See::Service>| {
        let timeout_s = match request.message.timeout {
            0.0 => SEE_S,
            given => given,
        };
        let message = match asked.borrow_mut().as_mut() {
            None => "perceive is not active".to_owned(),
            Some(_) if !(timeout_s > 0.0 && timeout_s <= 600.0) => {
                format!("the timeout is {timeout_s} s: it must be above 0 and at most 600")
            }
            Some(sight) => match sight.wait(Waiting::new(request, at.now(), timeout_s)) {
                Ok(()) => return,
                Err(request) => return sight::refuse(request, "too many are waiting to see".to_owned()),
            },
        };
        sight::refuse(request, message);
    })?;
    Ok(Box::new(Perceive { sight, robot: None, chosen: None, tasks: Vec::new() }))
}

impl Managed for Perceive {
    fn configure(&mut self, host: &Host) -> Result<(), String> {
        let robot = RobotSource::load(&host.params().text("robot"), Path::new("."));
        let robot = robot.map_err(|e| e.to_string())?;
        self.chosen = Some(Eyes::open(&host.params().text("perception")).map_err(|e| e.to_string())?);
        self.robot = Some(robot);
        Ok(())
    }

    fn activate(&mut self, host: &Host) -> Result<(), String> {
        let robot = self.robot.as_ref().ok_or("it is not configured")?;
        let spec = Arc::new(robot.checked().map_err(|e| e.to_string())?);
        let file = Rc::new(robot.file.clone());
        let say = |e: RosError| e.to_string();
        let namespace = host.params().text("robot_namespace");
        let topic = |name: &str| super::within(&namespace, name);
        let cameras = Cameras::new(host, &file, &topic).map_err(say)?;
        let outlets = Outlets {
            drawings: cameras.names().map(|name| Outlet::new(host, name)).collect::<Result<_, _>>().map_err(say)?,
            scenes: host.publisher(topics::SCENE, topics::latched()).map_err(say)?,
            detections: host.publisher(topics::DETECTIONS_3D, topics::sensor()).map_err(say)?,
        };
        let chosen = self.chosen.as_ref().ok_or("it is not configured")?;
        let (eyes, name) = (chosen.perceiver(), chosen.name().to_owned());
        let sight =
            Sight::new(file.clone(), spec, eyes, cameras, outlets).map_err(|e| format!("no thread to see on: {e}"))?;
        *self.sight.borrow_mut() = Some(sight);

        let (shared, of) = (self.sight.clone(), file.clone());
        let joints = host.subscribe(&topic(&file.ros.joint_states), topics::sensor(), move |message| {
            with(&shared, |sight| sight.senses.hear_joints(&of, &message));
        });
        let shared = self.sight.clone();
        let odom = host.subscribe(&topic(&file.ros.odom), topics::sensor(), move |message| {
            with(&shared, |sight| sight.senses.hear_odom(&message));
        });
        let (shared, of) = (self.sight.clone(), file.clone());
        let truth = host.subscribe(topics::TRUTH, topics::sensor(), move |message| {
            with(&shared, |sight| sight.senses.hear_truth(&of, &message));
        });
        let (shared, of) = (self.sight.clone(), host.clone());
        let tick = host.every(TICK, move || with(&shared, |sight| sight.turn(&of)));
        let tasks = [joints, odom, truth, tick].into_iter().collect::<Result<_, _>>().map_err(say);
        self.tasks = tasks.inspect_err(|_| drop(self.sight.borrow_mut().take()))?;
        host.info(format_args!("{} sees by {name}", file.name));
        Ok(())
    }

    fn deactivate(&mut self, host: &Host) {
        self.tasks.clear();
        if let Some(sight) = self.sight.borrow_mut().take() {
            sight.close(host);
        }
    }

    fn cleanup(&mut self, _host: &Host) {
        (self.robot, self.chosen) = (None, None);
    }

    fn health(&mut self, host: &Host) -> Health {
        let none = || Health { level: Level::Error, message: "there is no sight".to_owned(), values: Vec::new() };
        self.sight.borrow().as_ref().map_or_else(none, |sight| sight.health(host.now()))
    }
}

fn with(shared: &Shared, work: impl FnOnce(&mut Sight)) {
    if let Some(sight) = shared.borrow_mut().as_mut() {
        work(sight);
    }
}
