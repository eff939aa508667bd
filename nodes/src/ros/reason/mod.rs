//! `reason`: thinks about an instruction in a scene and proposes a plan, on a thread of its own, one question at a time.
//! The action `think` is for `act`; the service `make_plan` is a dry run for people and tools.

mod mind;
mod question;
mod work;

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ponder_sim::robots::RobotSource;
use r2r::ServiceRequest;
use r2r::ponder_msgs::action::Think;
use r2r::ponder_msgs::srv::MakePlan;

use super::action::{self, Goal};
use super::health::{Health, Level};
use super::host::{Host, Managed, NodeKind, RosError, Task};
use super::params::{Declared, Kind};
use super::topics;
use crate::stack::Planner;
use mind::Mind;
use question::Asker;
use work::{Asked, Dry, Ending};

/// Between two looks at what was thought.
const TICK: Duration = Duration::from_millis(10);

/// The node.
pub const KIND: NodeKind = NodeKind {
    name: "reason",
    about: "Thinks and proposes plans",
    params: &[
        Declared {
            name: "robot",
            about: "A built-in robot by its name, or a robot file by its path",
            kind: Kind::Text("arm7"),
            fixed: true,
        },
        Declared {
            name: "reasoner",
            about: "Who reasons: symbolic is the baseline that searches over the skills",
            kind: Kind::Choice(&["symbolic"]),
            fixed: true,
        },
        Declared {
            name: "max_think_s",
            about: "Longest thought",
            kind: Kind::Number { default: 30.0, min: 0.5, max: 600.0 },
            fixed: false,
        },
        Declared {
            name: "hang_s",
            about: "Takes so long before it answers, to test what waits for it",
            kind: Kind::Number { default: 0.0, min: 0.0, max: 600.0 },
            fixed: false,
        },
    ],
    urgent: false,
    make,
};

/// The mind of an active node is there; otherwise there is none.
type Shared = Rc<RefCell<Option<Mind>>>;

struct Reason {
    mind: Shared,
    robot: Option<RobotSource>,
    tasks: Vec<Task>,
}

fn make(host: &Host) -> Result<Box<dyn Managed>, RosError> {
    let shared = Shared::default();
    let (asked, at) = (shared.clone(), host.clone());
    action::serve(host, topics::THINK, move |goal: Goal<Think::Action>| match asked.borrow_mut().as_mut() {
        Some(mind) => mind.think(&at, goal),
        None => Asked::Think(goal).end(Ending::failed("reason is not active")),
    })?;
    let (asked, at) = (shared.clone(), host.clone());
    host.serve(topics::MAKE_PLAN, move |request: ServiceRequest<MakePlan::Service>| {
        let given = request.message.scene.clone();
        let dry = |scene| Dry { request, scene };
        match asked.borrow_mut().as_mut() {
            None => Asked::Dry(dry(given)).end(Ending::failed("reason is not active")),
            Some(mind) if !given.header.frame_id.is_empty() => mind.plan(&at, dry(given)),
            Some(mind) => match mind.scene.clone() {
                Some(heard) => mind.plan(&at, dry(heard)),
                None => {
                    let why = "no scene was given and none was heard: is `perceive` up?";
                    Asked::Dry(dry(given)).end(Ending::failed(why));
                }
            },
        }
    })?;
    Ok(Box::new(Reason { mind: shared, robot: None, tasks: Vec::new() }))
}

impl Managed for Reason {
    fn configure(&mut self, host: &Host) -> Result<(), String> {
        let robot = RobotSource::load(&host.params().text("robot"), Path::new("."));
        self.robot = Some(robot.map_err(|e| e.to_string())?);
        Ok(())
    }

    fn activate(&mut self, host: &Host) -> Result<(), String> {
        let say = |e: RosError| e.to_string();
        let robot = self.robot.as_ref().ok_or("it is not configured")?;
        let spec = robot.checked().map_err(|e| e.to_string())?;
        let asker = Asker { robot: Arc::new(spec), world_frame: robot.file.ros.world_frame.clone() };
        let thoughts = host.publisher(topics::THOUGHT, topics::reliable()).map_err(say)?;
        // The one choice there is.
        let reasoner = Planner::Symbolic.reasoner();
        let mind = Mind::new(asker, reasoner, thoughts).map_err(|e| format!("no thread to think on: {e}"))?;
        let name = mind.by.clone();
        *self.mind.borrow_mut() = Some(mind);
        let shared = self.mind.clone();
        let scenes = host.subscribe(topics::SCENE, topics::latched(), move |scene| {
            if let Some(mind) = shared.borrow_mut().as_mut() {
                mind.scene = Some(scene);
            }
        });
        let (shared, at) = (self.mind.clone(), host.clone());
        let tick = host.every(TICK, move || {
            if let Some(mind) = shared.borrow_mut().as_mut() {
                mind.turn(&at);
            }
        });
        let tasks = [scenes, tick].into_iter().collect::<Result<_, _>>().map_err(say);
        self.tasks = tasks.inspect_err(|_| drop(self.mind.borrow_mut().take()))?;
        host.info(format_args!("{name} thinks for {}", robot.file.name));
        Ok(())
    }

    fn deactivate(&mut self, host: &Host) {
        self.tasks.clear();
        if let Some(mind) = self.mind.borrow_mut().take() {
            mind.close(host);
        }
    }

    fn cleanup(&mut self, _host: &Host) {
        self.robot = None;
    }

    fn health(&mut self, _host: &Host) -> Health {
        let none = || Health { level: Level::Error, message: "there is no mind".to_owned(), values: Vec::new() };
        self.mind.borrow().as_ref().map_or_else(none, Mind::health)
    }
}
