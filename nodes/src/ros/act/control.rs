//! The control thread: one ring a task, turned at the robot's own rate, and nothing in it that waits for a model, a
//! disk or a message. Between tasks nothing is sent, so that others may move the robot.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures::channel::mpsc;
use ponder_core::command::BaseTwist;
use ponder_core::controllers::RobotController;
use ponder_core::goal::Goal as Wish;
use ponder_core::outcome::{Halt, Outcome};
use ponder_core::robot::RobotSpec;
use ponder_core::run::{Limits, Parts, Ring};
use ponder_core::world::Want;
use r2r::ServiceRequest;
use r2r::ponder_msgs::action::ExecuteTask;
use r2r::ponder_msgs::msg;
use r2r::ponder_msgs::srv::Resume;

use super::latch::Latch;
use super::report::{Board, Progress, Reporter};
use super::senses::Senses;
use super::slow::{Letter, Mail, Peer, RosEyes, RosMind};
use super::world::{RosWorld, Wire};
use crate::ros::action::{End, Goal};
use crate::ros::clock::RosClock;
use crate::ros::convert;
use crate::urgency::{self, Urgency};

/// Turns between two looks at who is alive.
const ROLL_CALL_TURNS: u32 = 5;
/// The stop flag is looked at this often between tasks.
const IDLE: Duration = Duration::from_millis(20);
/// Most turns from an outcome until what is sent stands still as well.
const EASE_TURNS: u32 = 50;
/// Longest time for them: a robot that is not heard any more turns slowly.
const EASE: Duration = Duration::from_secs(1);
/// Wait for the senses after a jump of the clock.
const SETTLE: Duration = Duration::from_millis(500);
/// Times a stage's longest silence that it gets to be heard of before a task.
const ROLL_CALLS: u32 = 3;
/// Turns that a robot gets to show that it may be released from an emergency stop.
const RESUME_TURNS: u32 = 10;

/// What the control thread is asked.
pub enum Order {
    /// Do this: the instruction, and how long it may take, seconds.
    Task(Box<Goal<ExecuteTask::Action>>, String, f64),
    /// Release the emergency stop.
    Resume(ServiceRequest<Resume::Service>),
}

/// All that it needs.
pub struct Setup {
    /// The robot.
    pub robot: Arc<RobotSpec>,
    /// The node's clock.
    pub clock: Arc<RosClock>,
    /// What is heard.
    pub senses: Senses,
    /// Where commands go.
    pub wire: Wire,
    /// Where things are told.
    pub board: Board,
    /// The emergency stop.
    pub latch: Latch,
    /// Who perceives.
    pub perceive: Peer,
    /// Who reasons.
    pub reason: Peer,
    /// Questions to the reasoner.
    pub letters: mpsc::Sender<Letter>,
    /// Called when the emergency stop was released.
    pub released: Box<dyn Fn() + Send>,
}

/// A handle on the thread; dropping it brings the robot to rest and ends the thread.
pub struct Control {
    orders: Option<SyncSender<Order>>,
    quit: Arc<AtomicBool>,
    busy: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Control {
    fn drop(&mut self) {
        self.quit.store(true, Ordering::Release);
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join()); // a thread that panicked moves nothing any more
        }
    }
}

impl Control {
    /// Starts the thread.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn start(setup: Setup, mail: Receiver<Mail>) -> Result<Self, String> {
        let (orders, inbox) = sync_channel(4);
        let (quit, busy) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (stops, works) = (quit.clone(), busy.clone());
        let thread = std::thread::Builder::new().name("ponder-control".to_owned());
        let thread = thread.spawn(move || {
            // Where it is not permitted, the node's own thread has said so.
            drop(urgency::raise(Urgency::Controls));
            Desk { setup, mail: Rc::new(mail), last: Rc::default(), jumps: Cell::default(), quit: stops, busy: works }
                .serve(&inbox)
        });
        let thread = thread.map_err(|e| format!("no control thread: {e}"))?;
        Ok(Self { orders: Some(orders), quit, busy, thread: Some(thread) })
    }

    /// Hands over an order; gives it back if the thread is busy with a task or gone.
    pub fn order(&self, order: Order) -> Result<(), Order> {
        let Some(orders) = &self.orders else { return Err(order) };
        if self.busy.swap(true, Ordering::AcqRel) {
            return Err(order);
        }
        orders.try_send(order).map_err(|error| {
            self.busy.store(false, Ordering::Release);
            match error {
                std::sync::mpsc::TrySendError::Full(order) | std::sync::mpsc::TrySendError::Disconnected(order) => {
                    order
                }
            }
        })
    }

    /// Ends the thread once the robot rests; who waits for that has to keep the senses coming.
    pub fn retire(mut self) -> Option<JoinHandle<()>> {
        self.quit.store(true, Ordering::Release);
        self.orders = None;
        self.thread.take()
    }

    /// Is a task being done?
    pub fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Acquire)
    }
}

struct Desk {
    setup: Setup,
    mail: Rc<Receiver<Mail>>,
    last: Rc<Cell<u64>>,
    /// Jumps of the clock that what is heard has outlived.
    jumps: Cell<u64>,
    quit: Arc<AtomicBool>,
    busy: Arc<AtomicBool>,
}

impl Desk {
    fn serve(self, inbox: &Receiver<Order>) {
        while !self.quit.load(Ordering::Acquire) {
            match inbox.recv_timeout(IDLE) {
                Ok(Order::Task(goal, instruction, time_limit_s)) => self.task(*goal, &instruction, time_limit_s),
                Ok(Order::Resume(request)) => {
                    let response = self.resume();
                    drop(request.respond(response)); // whoever asked may be gone
                }
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.busy.store(false, Ordering::Release);
        }
    }

    /// A ring for one task, with the stop as it is latched; and what comes of it.
    fn ring(&self, progress: &Rc<RefCell<Progress>>) -> Ring {
        let setup = &self.setup;
        let mind = RosMind {
            letters: setup.letters.clone(),
            mail: self.mail.clone(),
            peer: setup.reason.clone(),
            last: self.last.clone(),
            asked: None,
        };
        let world = RosWorld::new(setup.robot.clone(), setup.clock.clone(), setup.senses.clone(), setup.wire.clone());
        let parts = Parts {
            world: Box::new(world),
            eyes: Box::new(RosEyes { senses: setup.senses.clone(), peer: setup.perceive.clone(), since: None }),
            wants: Want::default(),
            mind: Box::new(mind),
            controller: Box::new(RobotController::new(setup.robot.clone())),
            sinks: vec![Box::new(Reporter { board: setup.board.clone(), progress: progress.clone() })],
        };
        let mut ring = Ring::new(parts, Limits::default());
        if setup.latch.is_on() {
            ring.emergency_stop();
        }
        ring
    }

    fn task(&self, goal: Goal<ExecuteTask::Action>, instruction: &str, time_limit_s: f64) {
        let begun = self.setup.clock.now();
        let progress = Rc::new(RefCell::new(Progress::default()));
        let outcome = match Wish::new(0, instruction, begun, time_limit_s) {
            Ok(wish) => self.turn(&goal, wish, &progress),
            Err(error) => Err((msg::Outcome::BAD_INSTRUCTION as u16, "bad_instruction", error.to_string())),
        };
        let how = match &outcome {
            Ok(outcome) if matches!(**outcome, Outcome::Done { .. }) => End::Succeeded,
            Ok(outcome) if goal.is_cancel_asked() && matches!(**outcome, Outcome::Halted { halt: Halt::Cancelled }) => {
                End::Canceled
            }
            _ => End::Aborted,
        };
        let evidence = match outcome.as_deref() {
            Ok(Outcome::Done { evidence }) => evidence.iter().map(convert::evidence).collect(),
            _ => Vec::new(),
        };
        let outcome = match outcome {
            Ok(outcome) => convert::outcome_msg(&outcome),
            Err((code, name, text)) => msg::Outcome { code, name: name.to_owned(), text },
        };
        self.setup.board.outcome(&outcome);
        let took = self.setup.clock.now().since_s(begun);
        let plans = progress.borrow().plans;
        goal.end(how, ExecuteTask::Result { outcome, evidence, plans, took });
    }

    /// Turns the ring to the task's end.
    fn turn(
        &self,
        goal: &Goal<ExecuteTask::Action>,
        wish: Wish,
        progress: &Rc<RefCell<Progress>>,
    ) -> Result<Arc<Outcome>, (u16, &'static str, String)> {
        self.settle();
        self.await_peers(goal);
        let started = (self.setup.perceive.instance(), self.setup.reason.instance());
        let jumps = self.setup.clock.jumps();
        let mut ring = self.ring(progress);
        ring.start(wish);
        let mut turns: u32 = 0;
        let mut leaving = false;
        loop {
            if self.setup.clock.jumps() != jumps {
                drop(ring);
                // The arm's own controller holds at its last setpoint; a base is told to stand.
                drop(self.setup.wire.drive(&BaseTwist::default(), self.setup.clock.now()));
                let text = "the clock jumped: what was planned belongs to another time".to_owned();
                return Err((msg::Outcome::HALTED_CLOCK_JUMPED as u16, "halted:clock_jumped", text));
            }
            if self.setup.latch.is_on() && !ring.is_stopped() {
                ring.emergency_stop();
            }
            if goal.is_cancel_asked() {
                ring.cancel();
            }
            if !leaving && self.quit.load(Ordering::Acquire) {
                leaving = true;
                ring.halt(Halt::Cancelled);
            }
            if turns.is_multiple_of(ROLL_CALL_TURNS) {
                self.roll_call(&mut ring, &started);
            }
            turns = turns.wrapping_add(1);
            let ended = ring.turn();
            if let Some(feedback) = progress.borrow_mut().due() {
                goal.feedback(feedback);
            }
            if let Some(outcome) = ended {
                self.ease(&mut ring, progress, jumps);
                return match leaving {
                    true => {
                        let text = "the node was deactivated".to_owned();
                        Err((msg::Outcome::HALTED_DEACTIVATED as u16, "halted:deactivated", text))
                    }
                    false => Ok(outcome),
                };
            }
        }
    }

    /// The robot rests by its measured speed before the commands have come down to nothing: a base would go on at the
    /// last one.
    fn ease(&self, ring: &mut Ring, progress: &Rc<RefCell<Progress>>, jumps: u64) {
        let begun = Instant::now();
        for _ in 0..EASE_TURNS {
            if begun.elapsed() > EASE || progress.borrow().is_still || self.setup.clock.jumps() != jumps {
                break;
            }
            if self.setup.latch.is_on() && !ring.is_stopped() {
                ring.emergency_stop();
            }
            ring.turn();
        }
        if !progress.borrow().is_still {
            drop(self.setup.wire.drive(&BaseTwist::default(), self.setup.clock.now()));
        }
    }

    /// What was heard before the clock jumped is of another time: it is let go of, and what the robot says now is waited
    /// for.
    fn settle(&self) {
        let jumps = self.setup.clock.jumps();
        if self.jumps.replace(jumps) != jumps {
            self.setup.senses.forget();
            self.setup.senses.wait_for_all(SETTLE);
        }
    }

    /// Gives the slow stages and the robot's driver time to be heard of: `act` may be younger than they are, or they were
    /// just started again.
    fn await_peers(&self, goal: &Goal<ExecuteTask::Action>) {
        let (perceive, reason) = (&self.setup.perceive, &self.setup.reason);
        let begun = Instant::now();
        let waits = || {
            begun.elapsed() < perceive.within * ROLL_CALLS
                && !goal.is_cancel_asked()
                && !self.quit.load(Ordering::Acquire)
        };
        let fresh = Duration::from_secs_f64(self.setup.robot.timing.max_observation_age_s);
        let feels = || self.setup.senses.state().0.is_some_and(|age| age <= fresh);
        while !(perceive.is_alive() && reason.is_alive() && feels()) && waits() {
            std::thread::sleep(IDLE);
        }
    }

    /// Ends the task if a stage that it lives on is lost, or was lost and is another process now.
    fn roll_call(&self, ring: &mut Ring, started: &(Option<String>, Option<String>)) {
        let lost = |peer: &Peer, before: &Option<String>| before.is_none() || peer.instance() != *before;
        if lost(&self.setup.perceive, &started.0) {
            ring.halt(Halt::Perception(self.setup.perceive.lost()));
        } else if lost(&self.setup.reason, &started.1) {
            ring.halt(Halt::Reasoning(self.setup.reason.lost()));
        }
    }

    /// Releases the stop if a guard of the robot as it stands now would.
    fn resume(&self) -> r2r::ponder_msgs::srv::Resume::Response {
        let no = |message: String| r2r::ponder_msgs::srv::Resume::Response { success: false, message };
        if !self.setup.latch.is_on() {
            return Resume::Response { success: true, message: "it is not latched".to_owned() };
        }
        self.settle();
        let mut ring = self.ring(&Rc::default());
        for _ in 0..RESUME_TURNS {
            ring.turn();
        }
        if let Err(why) = ring.resume() {
            return no(format!("it stays latched: {why}"));
        }
        match self.setup.latch.release() {
            Ok(()) => {
                (self.setup.released)();
                Resume::Response { success: true, message: "released".to_owned() }
            }
            Err(why) => no(format!("it stays latched: {why}")),
        }
    }
}
