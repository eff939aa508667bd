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
use crate::stages::{Mind as Chosen, Who, Wish};
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
            about: "Who reasons: reasoner-nano, trained here; symbolic is the baseline, remote a server; or a model: a name, a \
                    GGUF file or a folder",
            kind: Kind::Text("reasoner-nano"),
            fixed: true,
        },
        Declared {
            name: "url",
            about: "Server of a remote reasoner, such as http://localhost:8000/v1; its key is in PONDER_API_KEY",
            kind: Kind::Text(""),
            fixed: true,
        },
        Declared {
            name: "model",
            about: "Name of the model at the server; empty: the one it has",
            kind: Kind::Text(""),
            fixed: true,
        },
        Declared {
            name: "fallback",
            about: "Who reasons when the server does not answer: as `reasoner`, or none",
            kind: Kind::Text("symbolic"),
            fixed: true,
        },
        Declared {
            name: "thought_tokens",
            about: "Most tokens of a model's thought",
            kind: Kind::Count { default: 512, min: 0, max: 32768 },
            fixed: true,
        },
        Declared {
            name: "seed",
            about: "Seed of a model's chances: the same question gets the same answer",
            kind: Kind::Count { default: 0, min: 0, max: i64::MAX },
            fixed: true,
        },
        Declared {
            name: "ask_below",
            about: "What is less probable than this a model thinks about again, then asks back; -1: its own bound",
            kind: Kind::Number { default: -1.0, min: -1.0, max: 1.0 },
            fixed: true,
        },
        Declared {
            name: "second_thoughts",
            about: "How often it thinks again before it asks back; -1: as often as the model itself says",
            kind: Kind::Count { default: -1, min: -1, max: 32 },
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
    chosen: Option<Chosen>,
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
    Ok(Box::new(Reason { mind: shared, robot: None, chosen: None, tasks: Vec::new() }))
}

/// Who reasons, by the parameters.
fn wish(host: &Host) -> Result<Wish, String> {
    let params = host.params();
    let (url, model) = (params.text("url"), params.text("model"));
    let who =
        |name: &str| -> Result<Who, String> { name.parse().map_err(|never: std::convert::Infallible| match never {}) };
    let fallback = match params.text("fallback").as_str() {
        "none" => None,
        "remote" => return Err("fallback can't be remote: name another reasoner, or none".to_owned()),
        other => Some(who(other)?),
    };
    let mut wish = Wish::of(who(&params.text("reasoner"))?);
    wish.options.thought_tokens = usize::try_from(params.count("thought_tokens")).unwrap_or_default();
    wish.options.seed = u64::try_from(params.count("seed")).unwrap_or_default();
    wish.options.ask_below = bound(params.number("ask_below"), &wish.who)?;
    wish.options.second_thoughts = usize::try_from(params.count("second_thoughts")).ok();
    let given = |text: String| (!text.is_empty()).then_some(text);
    Ok(Wish { url: given(url), model: given(model), fallback, ..wish })
}

/// Below which probability it asks back; `None`: its own bound.
fn bound(ask_below: f64, who: &Who) -> Result<Option<f32>, String> {
    if ask_below < 0.0 {
        return Ok(None);
    }
    match who {
        Who::Symbolic | Who::Remote => {
            Err("ask_below is for a model in this process: how sure another one is isn't known; -1 leaves it out"
                .to_owned())
        }
        Who::Local(_) => Ok(Some(ask_below as f32)),
    }
}

impl Managed for Reason {
    fn configure(&mut self, host: &Host) -> Result<(), String> {
        let robot = RobotSource::load(&host.params().text("robot"), Path::new("."));
        let robot = robot.map_err(|e| e.to_string())?;
        self.chosen = Some(Chosen::open(&wish(host)?).map_err(|e| e.to_string())?);
        self.robot = Some(robot);
        Ok(())
    }

    fn activate(&mut self, host: &Host) -> Result<(), String> {
        let say = |e: RosError| e.to_string();
        let robot = self.robot.as_ref().ok_or("it is not configured")?;
        let spec = robot.checked().map_err(|e| e.to_string())?;
        let asker = Asker { robot: Arc::new(spec), world_frame: robot.file.ros.world_frame.clone() };
        let thoughts = host.publisher(topics::THOUGHT, topics::reliable()).map_err(say)?;
        let reasoner = self.chosen.as_ref().ok_or("it is not configured")?.reasoner();
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
        (self.robot, self.chosen) = (None, None);
    }

    fn health(&mut self, _host: &Host) -> Health {
        let none = || Health { level: Level::Error, message: "there is no mind".to_owned(), values: Vec::new() };
        self.mind.borrow().as_ref().map_or_else(none, Mind::health)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_can_tell_how_sure_it_is_gets_a_bound() {
        let nano = Who::shipped();
        assert_eq!(bound(-1.0, &nano), Ok(None), "its own");
        assert_eq!(bound(0.0, &nano), Ok(Some(0.0)), "never asks");
        assert_eq!(bound(0.5, &nano), Ok(Some(0.5)));
        assert_eq!(bound(-1.0, &Who::Remote), Ok(None));
        for who in [Who::Symbolic, Who::Remote] {
            assert!(bound(0.5, &who).unwrap_err().contains("ask_below"), "{who:?}");
        }
    }
}
