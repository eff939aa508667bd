//! The client of `act`'s action: what is heard of a goal, in order, and whether `act` is still there.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use futures::StreamExt;
use futures::executor::LocalPool;
use ponder_core::thinker::Cancel;
use ponder_nodes::ros::host::{self, Host, Task};
use ponder_nodes::ros::peers::Peers;
use r2r::ponder_msgs::action::ExecuteTask;
use r2r::{ActionClient, ActionClientGoal, GoalStatus};

/// The action, in the namespace of the graph.
const ACTION: &str = "execute_task";
/// Who serves it there.
const ACT: &str = "act";
/// Silence after which it counts as lost.
const SILENT: Duration = Duration::from_secs(2);
/// Longest wait for the middleware at once.
const WAIT: Duration = Duration::from_millis(20);

/// What is heard of a goal.
pub enum Heard {
    /// It was taken up.
    Taken,
    /// It was not.
    Refused(String),
    /// How far it is.
    Feedback(ExecuteTask::Feedback),
    /// It ended.
    Ended(GoalStatus, ExecuteTask::Result),
    /// It ended, and its result is lost.
    NoResult(String),
    /// It could not be cancelled.
    NoCancel(String),
}

/// Names in the graph, absolute.
struct Names {
    action: String,
    act: String,
}

/// A client with the node that it stands on.
pub struct Client {
    host: Host,
    pool: LocalPool,
    action: ActionClient<ExecuteTask::Action>,
    names: Names,
    peers: Peers,
    /// The process of `act` that was heard first.
    instance: Option<String>,
    heard: Rc<RefCell<VecDeque<Heard>>>,
    goal: Rc<RefCell<Option<ActionClientGoal<ExecuteTask::Action>>>>,
    tasks: Vec<Task>,
}

impl Client {
    /// A node of this process's own name, with a client on it. `namespace`: absolute.
    pub fn new(namespace: &str) -> anyhow::Result<Self> {
        let (host, pool) = host::plain(&format!("do_{}", std::process::id()), &[])?;
        let namespace = namespace.trim_end_matches('/');
        let names = Names { action: format!("{namespace}/{ACTION}"), act: format!("{namespace}/{ACT}") };
        let action = host.action_client(&names.action)?;
        let (peers, task) = Peers::listen(&host)?;
        let (heard, goal) = Default::default();
        Ok(Self { host, pool, action, names, peers, instance: None, heard, goal, tasks: vec![task] })
    }

    /// The action's name, for people.
    pub fn action_name(&self) -> &str {
        &self.names.action
    }

    /// Waits for the server; false if it does not come in time.
    pub fn wait(&mut self, longest: Duration, stop: &Cancel) -> anyhow::Result<bool> {
        let available = r2r::Node::is_available(&self.action).context("the action's client does not work")?;
        let there = Rc::new(Cell::new(false));
        let told = there.clone();
        let _task = self.host.spawn(async move { told.set(available.await.is_ok()) })?;
        let begun = Instant::now();
        while !there.get() && begun.elapsed() <= longest {
            if stop.is_cancelled() {
                return Err(anyhow!("interrupted before {} was found", self.names.action));
            }
            host::turn_once(&self.host, &mut self.pool, WAIT);
        }
        Ok(there.get())
    }

    /// Sends the goal.
    pub fn send(&mut self, instruction: &str, time_limit_s: f64) -> anyhow::Result<()> {
        let goal = ExecuteTask::Goal { instruction: instruction.to_owned(), time_limit: time_limit_s };
        let answer = self.action.send_goal_request(goal).context("the goal can't be sent")?;
        let (heard, held, host) = (self.heard.clone(), self.goal.clone(), self.host.clone());
        let task = self.host.spawn(async move {
            let (goal, result, feedback) = match answer.await {
                Ok(taken) => taken,
                Err(error) => return heard.borrow_mut().push_back(Heard::Refused(error.to_string())),
            };
            *held.borrow_mut() = Some(goal);
            heard.borrow_mut().push_back(Heard::Taken);
            let told = heard.clone();
            let mut feedback = feedback;
            let listening = host.spawn(async move {
                while let Some(feedback) = feedback.next().await {
                    told.borrow_mut().push_back(Heard::Feedback(feedback));
                }
            });
            let ended = match result.await {
                Ok((status, result)) => Heard::Ended(status, result),
                Err(error) => Heard::NoResult(error.to_string()),
            };
            heard.borrow_mut().push_back(ended);
            drop(listening);
        })?;
        self.tasks.push(task);
        Ok(())
    }

    /// Turns once; what was heard is drained every time, so it stays short.
    pub fn turn(&mut self) -> VecDeque<Heard> {
        host::turn_once(&self.host, &mut self.pool, WAIT);
        std::mem::take(&mut *self.heard.borrow_mut())
    }

    /// Asks for the goal's end.
    pub fn cancel(&mut self) -> anyhow::Result<()> {
        let Some(goal) = self.goal.borrow().clone() else {
            return Ok(());
        };
        let answer = goal.cancel().context("the task can't be cancelled")?;
        let heard = self.heard.clone();
        let task = self.host.spawn(async move {
            if let Err(error) = answer.await {
                heard.borrow_mut().push_back(Heard::NoCancel(error.to_string()));
            }
        })?;
        self.tasks.push(task);
        Ok(())
    }

    /// Was `act` heard before, and is silent or another process now?
    pub fn is_lost(&mut self) -> bool {
        let now = self.peers.instance(&self.names.act, SILENT);
        match &self.instance {
            Some(_) => now != self.instance,
            None => {
                self.instance = now;
                false
            }
        }
    }
}
