//! A node and the thread it turns on. [`Host`] is what a node's own code sees of ROS: publishers, subscriptions,
//! services, timers, parameters, clock and log. [`turn`] makes a node out of a [`NodeKind`], walks it through its
//! lifecycle and turns it until it is told to stop.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::executor::{LocalPool, LocalSpawner};
use futures::future::{AbortHandle, abortable};
use futures::task::LocalSpawnExt;
use ponder_core::Stamp;
use ponder_core::thinker::Cancel;
use r2r::{Publisher, QosProfile, ServiceRequest, WrappedServiceTypeSupport, WrappedTypesupport};

use super::clock::RosClock;
use super::lifecycle::{self, State};
use super::log::Logger;
use super::params::{Declared, Kind, Params};
use super::{health, memory, param_services};
use crate::urgency::{self, Urgency};

/// Namespace of nodes that are not told another.
const NAMESPACE: &str = "ponder";
/// Longest wait for the middleware, after which the stop signal and what other threads finished are looked at.
const WAIT: Duration = Duration::from_millis(5);
/// Longest time for a robot to come to rest before its node ends.
const REST: Duration = Duration::from_secs(4);

/// Why a node is not, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum RosError {
    /// The middleware would not.
    #[error("{what}: {source}")]
    Rcl {
        /// What was tried.
        what: String,
        /// What it said.
        source: r2r::Error,
    },
    /// ROS itself did not start: wrong `--ros-args`, no middleware, no network interface.
    #[error("ROS 2 did not start: {0}")]
    Start(String),
    /// A parameter does not fit.
    #[error("node `{node}`: {why}")]
    Params {
        /// Which node.
        node: String,
        /// Every reason.
        why: String,
    },
    /// The node could not begin.
    #[error("node `{node}`: {why}")]
    Begin {
        /// Which node.
        node: String,
        /// Why.
        why: String,
    },
}

impl RosError {
    /// From what r2r said.
    pub fn rcl(what: impl Into<String>) -> impl FnOnce(r2r::Error) -> Self {
        let what = what.into();
        move |source| Self::Rcl { what, source }
    }
}

/// What a node does at the steps of its life (REP-less but universal: the ROS 2 managed node's states). Called on the
/// node's own thread; services and actions are made once in [`NodeKind::make`] and ask [`Host::is_active`].
pub trait Managed {
    /// Reads what it needs and says why it can't.
    ///
    /// # Errors
    /// The reason, for people: which file, what is wrong, what to do. The node stays unconfigured.
    fn configure(&mut self, host: &Host) -> Result<(), String>;

    /// Begins to work.
    ///
    /// # Errors
    /// The reason. The node stays inactive.
    fn activate(&mut self, host: &Host) -> Result<(), String>;

    /// Stops working, quickly; a robot is at rest or braking when this returns.
    fn deactivate(&mut self, host: &Host);

    /// Is everything at rest that [`Self::deactivate`] brings to rest?
    fn is_at_rest(&self) -> bool {
        true
    }

    /// Lets go of what was configured.
    fn cleanup(&mut self, host: &Host);

    /// How it is, for `/diagnostics`, once a second.
    fn health(&mut self, host: &Host) -> health::Health;
}

/// A kind of node.
#[derive(Clone, Copy)]
pub struct NodeKind {
    /// Its name in the graph, unless remapped, and on the command line.
    pub name: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// Its parameters, beside those that every node has.
    pub params: &'static [Declared],
    /// Its threads come before all ordinary ones, where that is permitted: it must not wait for the busy.
    pub urgent: bool,
    /// Makes it, with the services and actions that it has all its life.
    pub make: fn(&Host) -> Result<Box<dyn Managed>, RosError>,
}

/// Parameters of every node.
const COMMON: [Declared; 2] = [
    Declared {
        name: "use_sim_time",
        about: "Live by /clock in place of the system's clock",
        kind: Kind::Flag(false),
        fixed: false,
    },
    Declared {
        name: "autostart",
        about: "Configure and activate by itself; false: a lifecycle manager does it",
        kind: Kind::Flag(true),
        fixed: false,
    },
];

/// Work on the node's thread that ends when this is dropped.
#[derive(Debug)]
pub struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A node as its own code sees it. Cheap to clone; all clones stay on the node's thread.
#[derive(Clone)]
pub struct Host {
    node: Rc<RefCell<r2r::Node>>,
    spawner: LocalSpawner,
    clock: Arc<RosClock>,
    params: Params,
    state: Rc<std::cell::Cell<State>>,
    full_name: Rc<str>,
    logger: Logger,
}

impl Host {
    /// Name with namespace, such as `/ponder/act`.
    pub fn full_name(&self) -> &str {
        &self.full_name
    }

    /// Its parameters.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Its clock.
    pub fn clock(&self) -> &Arc<RosClock> {
        &self.clock
    }

    /// The time on its clock.
    pub fn now(&self) -> Stamp {
        self.clock.now()
    }

    /// Is the node active?
    pub fn is_active(&self) -> bool {
        self.state.get() == State::Active
    }

    /// Where in its life the node is.
    pub fn state(&self) -> State {
        self.state.get()
    }

    pub(super) fn set_state(&self, state: State) {
        self.state.set(state);
    }

    /// A publisher; may be moved to another thread.
    ///
    /// # Errors
    /// [`RosError::Rcl`] for a name or type that the middleware does not take.
    pub fn publisher<T: WrappedTypesupport + 'static>(
        &self,
        topic: &str,
        qos: QosProfile,
    ) -> Result<Publisher<T>, RosError> {
        let made = self.node.borrow_mut().create_publisher(topic, qos);
        made.map_err(RosError::rcl(format!("can't publish on {topic}")))
    }

    /// Lets a publisher go.
    pub fn retire<T: WrappedTypesupport + 'static>(&self, publisher: Publisher<T>) {
        self.node.borrow_mut().destroy_publisher(publisher);
    }

    /// Hears a topic until the task is dropped.
    ///
    /// # Errors
    /// [`RosError::Rcl`].
    pub fn subscribe<T: WrappedTypesupport + 'static>(
        &self,
        topic: &str,
        qos: QosProfile,
        mut heard: impl FnMut(T) + 'static,
    ) -> Result<Task, RosError> {
        let made = self.node.borrow_mut().subscribe::<T>(topic, qos);
        let mut stream = made.map_err(RosError::rcl(format!("can't subscribe to {topic}")))?;
        self.spawn(async move {
            while let Some(message) = stream.next().await {
                heard(message);
            }
        })
    }

    /// Serves a service for the node's whole life; the request may be answered at once or kept and answered later.
    ///
    /// # Errors
    /// [`RosError::Rcl`].
    pub fn serve<S: WrappedServiceTypeSupport + 'static>(
        &self,
        name: &str,
        mut asked: impl FnMut(ServiceRequest<S>) + 'static,
    ) -> Result<(), RosError> {
        let made = self.node.borrow_mut().create_service::<S>(name, QosProfile::services_default());
        let mut stream = made.map_err(RosError::rcl(format!("can't serve {name}")))?;
        let task = self.spawn(async move {
            while let Some(request) = stream.next().await {
                asked(request);
            }
        })?;
        std::mem::forget(task); // it ends with the node
        Ok(())
    }

    /// A service client.
    ///
    /// # Errors
    /// [`RosError::Rcl`].
    pub fn client<S: WrappedServiceTypeSupport + 'static>(&self, name: &str) -> Result<r2r::Client<S>, RosError> {
        let made = self.node.borrow_mut().create_client::<S>(name, QosProfile::services_default());
        made.map_err(RosError::rcl(format!("can't call {name}")))
    }

    /// An action client.
    ///
    /// # Errors
    /// [`RosError::Rcl`].
    pub fn action_client<A: r2r::WrappedActionTypeSupport + 'static>(
        &self,
        name: &str,
    ) -> Result<r2r::ActionClient<A>, RosError> {
        let made = self.node.borrow_mut().create_action_client::<A>(name);
        made.map_err(RosError::rcl(format!("can't use the action {name}")))
    }

    /// Calls back every so often, on the steady clock, until the task is dropped.
    ///
    /// # Errors
    /// [`RosError::Rcl`].
    pub fn every(&self, period: Duration, mut ring: impl FnMut() + 'static) -> Result<Task, RosError> {
        let made = self.node.borrow_mut().create_wall_timer(period);
        let mut timer = made.map_err(RosError::rcl("no timer"))?;
        self.spawn(async move {
            while timer.tick().await.is_ok() {
                ring();
            }
        })
    }

    /// Runs something on the node's thread until it ends or the task is dropped.
    ///
    /// # Errors
    /// [`RosError::Start`] when the node is going away.
    pub fn spawn(&self, work: impl Future<Output = ()> + 'static) -> Result<Task, RosError> {
        let (work, handle) = abortable(work);
        let spawned = self.spawner.spawn_local(async move {
            let _ended_or_aborted = work.await;
        });
        spawned.map_err(|e| RosError::Start(e.to_string()))?;
        Ok(Task(handle))
    }

    /// Runs something with the node itself, for what has no method here.
    pub fn with_node<R>(&self, f: impl FnOnce(&mut r2r::Node) -> R) -> R {
        f(&mut self.node.borrow_mut())
    }

    /// Its voice, for other threads.
    pub fn logger(&self) -> Logger {
        self.logger.clone()
    }

    /// Says something to the log and `/rosout`.
    pub fn info(&self, text: impl std::fmt::Display) {
        self.logger.info(text);
    }

    /// Warns.
    pub fn warn(&self, text: impl std::fmt::Display) {
        self.logger.warn(text);
    }

    /// Says what failed.
    pub fn error(&self, text: impl std::fmt::Display) {
        self.logger.error(text);
    }
}

/// Makes a host for code that is no managed node of ours (a client, a bench), and the pool that turns it.
///
/// # Errors
/// [`RosError`].
pub fn plain(name: &str, declared: &[Declared]) -> Result<(Host, LocalPool), RosError> {
    memory::keep();
    let mut node = r2r::Node::create(super::context::context()?, name, NAMESPACE).map_err(RosError::rcl("no node"))?;
    let full_name = node.fully_qualified_name().map_err(RosError::rcl("no name"))?;
    let given: Vec<_> = match node.params.lock() {
        Ok(params) => params.iter().map(|(name, param)| (name.clone(), param.value.clone())).collect(),
        Err(_) => Vec::new(),
    };
    let params = Params::new(COMMON.iter().chain(declared), &given)
        .map_err(|why| RosError::Params { node: full_name.clone(), why })?;
    let logger = Logger::new(&mut node);
    let pool = LocalPool::new();
    let host = Host {
        node: Rc::new(RefCell::new(node)),
        spawner: pool.spawner(),
        clock: Arc::new(RosClock::default()),
        params,
        state: Rc::new(std::cell::Cell::new(State::Unconfigured)),
        full_name: full_name.into(),
        logger,
    };
    follow_clock(&host)?;
    Ok((host, pool))
}

/// Hears `/clock` all its life; whether it counts is a parameter that may change at any time.
fn follow_clock(host: &Host) -> Result<(), RosError> {
    let clock = host.clock.clone();
    clock.simulate(host.params.flag("use_sim_time"));
    let qos = QosProfile::default().keep_last(1).best_effort();
    let task = host.subscribe("/clock", qos, move |message: r2r::rosgraph_msgs::msg::Clock| {
        clock.hear(super::convert::stamp(&message.clock));
    })?;
    std::mem::forget(task);
    Ok(())
}

/// Turns the node once: waits for the middleware for at most `wait`, then lets callbacks run.
pub fn turn_once(host: &Host, pool: &mut LocalPool, wait: Duration) {
    host.node.borrow_mut().spin_once(wait);
    pool.run_until_stalled();
}

/// Makes a node of this kind and turns it until `stop`; then it is shut down in order.
///
/// # Errors
/// [`RosError`] when it can't begin; afterwards it lives, and says what is wrong in the ROS way.
pub fn turn(kind: &NodeKind, stop: &Cancel) -> Result<(), RosError> {
    // Before the node is made, so that the middleware's threads, which take messages in, have it too.
    let urgent = if kind.urgent { urgency::raise(Urgency::Hears) } else { Ok(()) };
    let (host, mut pool) = plain(kind.name, kind.params)?;
    if let Err(why) = urgent {
        host.warn(why);
    }
    param_services::serve(&host)?;
    let life = lifecycle::begin(&host, (kind.make)(&host)?)?;
    let _health = health::begin(&host, life.clone())?;
    if host.params.flag("autostart") {
        life.autostart();
    }
    while !stop.is_cancelled() {
        turn_once(&host, &mut pool, WAIT);
    }
    life.rest();
    let begun = std::time::Instant::now();
    while !life.is_at_rest() && begun.elapsed() < REST {
        turn_once(&host, &mut pool, WAIT);
    }
    life.shut_down();
    // What was said last (a result, a state) leaves the process before the node does.
    for _ in 0..10 {
        turn_once(&host, &mut pool, WAIT);
    }
    Ok(())
}
