//! `watch`: any ROS 2 graph into rerun, ours or not. Every second it looks at the graph and hears each topic of a type
//! in its table ([`table`]); what it hears goes into a recording file, a viewer, or both, with the transforms' frames
//! kept by their names. It never speaks to anybody but `/diagnostics`, and nobody waits for it.
//!
//! A recording holds one run: when the clock jumps back, the next recording begins (`x.rrd`, then `x-2.rrd`).

mod boxes;
mod curves;
mod graph;
mod painter;
mod pen;
mod picture;
mod points;
mod recording;
mod space;
mod table;
mod times;
mod words;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use self::graph::Graph;
use self::pen::Pen;
use self::recording::Targets;
use super::health::{Health, Level};
use super::host::{Host, Managed, NodeKind, RosError, Task};
use super::params::{Declared, Kind};

/// Between two looks at the graph.
const LOOK: Duration = Duration::from_secs(1);
/// Between two entries of text that grows.
const TICK: Duration = Duration::from_millis(100);

/// The node.
pub const KIND: NodeKind = NodeKind {
    name: "watch",
    about: "Records any ROS 2 graph for the rerun viewer",
    urgent: false,
    params: &[
        Declared { name: "save", about: "File to record into, .rrd; empty: none", kind: Kind::Text(""), fixed: true },
        Declared {
            name: "connect",
            about: "URL of a viewer that listens, such as rerun+http://127.0.0.1:9876/proxy; empty: none",
            kind: Kind::Text(""),
            fixed: true,
        },
        Declared { name: "view", about: "Open the viewer", kind: Kind::Flag(false), fixed: true },
        Declared {
            name: "image_every_s",
            about: "Shortest time between two pictures or point clouds of one topic, seconds; 0: every one",
            kind: Kind::Number { default: 0.2, min: 0.0, max: 60.0 },
            fixed: false,
        },
    ],
    make,
};

/// The pen of an active node is there; otherwise there is none.
type Shared = Rc<RefCell<Option<Pen>>>;

#[derive(Default)]
struct Watch {
    pen: Shared,
    targets: Option<Targets>,
    graph: Rc<RefCell<Graph>>,
    tasks: Vec<Task>,
}

fn make(_host: &Host) -> Result<Box<dyn Managed>, RosError> {
    Ok(Box::new(Watch::default()))
}

fn with(shared: &Shared, work: impl FnOnce(&mut Pen)) {
    if let Some(pen) = shared.borrow_mut().as_mut() {
        work(pen);
    }
}

impl Managed for Watch {
    fn configure(&mut self, host: &Host) -> Result<(), String> {
        let params = host.params();
        let given = |name: &str| Some(params.text(name)).filter(|text| !text.is_empty());
        let (save, connect, view) = (given("save"), given("connect"), params.flag("view"));
        if save.is_none() && connect.is_none() && !view {
            let why =
                "there is nothing to record into: name a file with `save`, a viewer with `connect`, or set `view`";
            return Err(why.to_owned());
        }
        let mut viewers: Vec<String> = connect.into_iter().collect();
        if view {
            viewers.push(crate::viewer::start().map_err(|e| e.to_string())?);
        }
        let written = self.targets.as_ref().map_or(0, |before| before.runs);
        let targets = Targets { save: save.map(PathBuf::from), viewers, runs: written };
        targets.check()?;
        self.targets = Some(targets);
        Ok(())
    }

    fn activate(&mut self, host: &Host) -> Result<(), String> {
        let targets = self.targets.as_ref().ok_or("it is not configured")?;
        let say = |e: RosError| e.to_string();
        *self.pen.borrow_mut() = Some(Pen::begin(host, targets.clone())?);
        let (shared, graph, at) = (self.pen.clone(), self.graph.clone(), host.clone());
        let look = move || {
            graph.borrow_mut().look(&at, &shared);
            with(&shared, Pen::complain);
        };
        look();
        let shared = self.pen.clone();
        let tasks = [host.every(LOOK, look), host.every(TICK, move || with(&shared, Pen::write_growing))];
        let tasks = tasks.into_iter().collect::<Result<_, _>>().map_err(say);
        self.tasks = tasks.inspect_err(|_| {
            self.graph.borrow_mut().leave();
            drop(self.pen.borrow_mut().take());
        })?;
        Ok(())
    }

    fn deactivate(&mut self, host: &Host) {
        self.tasks.clear();
        self.graph.borrow_mut().leave();
        if let Some(pen) = self.pen.borrow_mut().take() {
            let (targets, ended) = pen.end();
            self.targets = Some(targets);
            match ended {
                Ok(()) => host.info("the recording is complete"),
                Err(why) => host.error(format_args!("the recording is not complete: {why}")),
            }
        }
    }

    fn cleanup(&mut self, _host: &Host) {
        self.graph.borrow_mut().leave();
    }

    fn health(&mut self, _host: &Host) -> Health {
        let none = || Health { level: Level::Error, message: "there is no recording".to_owned(), values: Vec::new() };
        let topics = self.graph.borrow().heard();
        self.pen.borrow().as_ref().map_or_else(none, |pen| pen.health(topics))
    }
}
