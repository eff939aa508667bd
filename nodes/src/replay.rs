//! Replay: the same loop turned again from a journal. World and slow stages are played from the tape, everything else
//! (checker, executive, skills, controller, guard) runs anew, and every event it makes is compared to the recorded one,
//! bit for bit. Needs neither simulator nor models.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ponder_core::Stamp;
use ponder_core::command::Applied;
use ponder_core::controllers::RobotController;
use ponder_core::event::Event;
use ponder_core::guard::Checked;
use ponder_core::observation::Observation;
use ponder_core::perceiver::{Look, PerceiveError};
use ponder_core::reasoner::{Answer, Question, ReasonError};
use ponder_core::robot::RobotSpec;
use ponder_core::run::{Parts, Ring};
use ponder_core::scene::Scene;
use ponder_core::sink::Sink;
use ponder_core::thinker::{Reply, Thinker};
use ponder_core::world::{Want, World, WorldError};
use ponder_sim::Fault;

use crate::journal::{Ending, Entry, Journal, JournalError};
use crate::stack::{Breakage, What};

mod tape;

pub use tape::Difference;

use tape::Tape;

/// How a replay went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Turns of the loop that were compared.
    pub turns: u64,
    /// Events that were equal to the bit.
    pub events: u64,
    /// The first difference, if there is one.
    pub difference: Option<Difference>,
    /// How the journal ends; `None` if the replay left it before its end.
    pub ending: Option<Ending>,
}

type Shared = Rc<RefCell<Tape>>;

struct ReplayWorld {
    robot: Arc<RobotSpec>,
    late_wire: bool,
    tape: Shared,
}

impl World for ReplayWorld {
    fn robot(&self) -> &Arc<RobotSpec> {
        &self.robot
    }

    fn observe(&mut self, _want: Want, into: &mut Observation) -> Result<(), WorldError> {
        match self.tape.borrow().head() {
            Some(Event::Observed(observation)) => {
                into.clone_from(observation);
                Ok(())
            }
            Some(Event::WorldFailed(error)) => Err(error.clone()),
            _ => Err(WorldError::End),
        }
    }

    fn apply(&mut self, command: &Checked) -> Result<Applied, WorldError> {
        let tape = self.tape.borrow();
        if let Some(Event::WorldFailed(error)) = tape.head() {
            return Err(error.clone());
        }
        // When it was sent is the recorded world's to say, and what, where its wire was made to delay commands; else
        // what must be sent is what the guard let through, for the sinks to compare.
        let (stamp, sent) = match tape.head() {
            Some(Event::Applied(applied)) if self.late_wire => (applied.stamp, &applied.sent),
            Some(Event::Applied(applied)) => (applied.stamp, command.command()),
            _ => (tape.stamp, command.command()),
        };
        let (clipped, rejected) = (command.clipped(), command.rejected());
        Ok(Applied { stamp, sent: sent.clone(), clipped, rejected })
    }

    fn advance(&mut self) -> Result<(), WorldError> {
        match self.tape.borrow().head() {
            // Within a turn this can only be the advance that failed: a failed observation comes with a later stamp.
            Some(Event::WorldFailed(error)) if self.tape.borrow().in_turn() => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn now(&self) -> Stamp {
        self.tape.borrow().stamp
    }
}

struct RecordedEyes(Shared);

impl Thinker<Look, Result<Scene, PerceiveError>> for RecordedEyes {
    fn post(&mut self, _now: Stamp, _look: Look) {}

    fn poll(&mut self, _now: Stamp) -> Option<Reply<Result<Scene, PerceiveError>>> {
        match self.0.borrow().head()? {
            Event::Looked(scene) => Some(Reply::Answer(Ok(scene.as_ref().clone()))),
            Event::LookFailed(why) => Some(Reply::Answer(Err(PerceiveError::Failed(why.to_string())))),
            _ => None,
        }
    }

    fn cancel(&mut self) {}

    fn is_busy(&self) -> bool {
        true
    }
}

struct RecordedMind(Shared);

impl Thinker<Question, Result<Answer, ReasonError>> for RecordedMind {
    fn post(&mut self, _now: Stamp, _question: Question) {}

    fn poll(&mut self, _now: Stamp) -> Option<Reply<Result<Answer, ReasonError>>> {
        match self.0.borrow().head()? {
            Event::ThoughtPiece(piece) => Some(Reply::Piece(piece.clone())),
            Event::Answered(answer) => Some(Reply::Answer(Ok(answer.as_ref().clone()))),
            Event::ThinkFailed(why) => Some(Reply::Answer(Err(ReasonError::Failed(why.to_string())))),
            _ => None,
        }
    }

    fn cancel(&mut self) {}

    fn is_busy(&self) -> bool {
        true
    }
}

struct Comparer(Shared);

impl Sink for Comparer {
    fn emit(&mut self, stamp: Stamp, event: &Event) {
        self.0.borrow_mut().compare(stamp, event);
    }
}

/// Turns the loop again and compares. `sinks` are told what the replay does. The replay stops at the first difference.
///
/// # Errors
/// [`JournalError`] when the journal is damaged; what comes before the damage was compared.
pub fn replay(journal: Journal, sinks: Vec<Box<dyn Sink>>) -> Result<Verdict, JournalError> {
    let robot = Arc::new(journal.header.robot);
    let late = |name: &String| name.parse::<Breakage>().is_ok_and(|b| b.what == What::Body(Fault::LateCommand));
    let late_wire = journal.header.faults.iter().any(late);
    let tape = Rc::new(RefCell::new(Tape::new(journal.records)));
    let mut all: Vec<Box<dyn Sink>> = vec![Box::new(Comparer(tape.clone()))];
    all.extend(sinks);
    let parts = Parts {
        world: Box::new(ReplayWorld { robot: robot.clone(), late_wire, tape: tape.clone() }),
        eyes: Box::new(RecordedEyes(tape.clone())),
        wants: journal.header.wants,
        mind: Box::new(RecordedMind(tape.clone())),
        controller: Box::new(RobotController::new(robot.clone())),
        sinks: all,
    };
    let mut ring = Ring::new(parts, journal.header.limits);
    loop {
        let (head, events) = {
            let tape = tape.borrow();
            if tape.difference.is_some() || tape.error.is_some() {
                break;
            }
            let Some((_, Entry::Event(head))) = &tape.head else {
                break;
            };
            (head.clone(), tape.events)
        };
        match head {
            Event::Goal(goal) => ring.start(goal.as_ref().clone()),
            Event::Cancelled => ring.cancel(),
            Event::Lost(why) => ring.halt(why.as_ref().clone()),
            Event::EmergencyStop(true) => ring.emergency_stop(),
            Event::EmergencyStop(false) => {
                let _refused = ring.resume(); // then nothing is emitted, which shows
            }
            _ => {
                ring.turn();
            }
        }
        if tape.borrow().events == events {
            tape.borrow_mut().strayed("nothing");
        }
    }
    let mut tape = tape.borrow_mut();
    if matches!(tape.head, Some((_, Entry::Lost(_)))) {
        tape.strayed("events that can't be compared: the journal is not whole");
    }
    match tape.error.take() {
        Some(error) => Err(error),
        None => Ok(Verdict {
            turns: tape.turns,
            events: tape.events,
            difference: tape.difference.take(),
            ending: tape.records.ending(),
        }),
    }
}
