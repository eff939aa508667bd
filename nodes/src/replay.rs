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

use crate::journal::{Ending, Entry, Journal, JournalError, Record, Records, event_bytes};
use crate::stack::{Breakage, What};

/// Where a replay first left the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The loop's clock.
    pub stamp: Stamp,
    /// Turn, from 1.
    pub turn: u64,
    /// What the journal has there.
    pub recorded: String,
    /// What the replay made.
    pub replayed: String,
}

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

/// The journal as it is played: one record ahead.
struct Tape {
    records: Records,
    head: Option<Record>,
    /// Stamp of the last head: the clock.
    stamp: Stamp,
    /// Stamp of the last event that was equal.
    compared: Stamp,
    turns: u64,
    events: u64,
    difference: Option<Difference>,
    error: Option<JournalError>,
}

impl Tape {
    fn new(records: Records) -> Self {
        let stamp = Stamp::default();
        let mut tape =
            Self { records, head: None, stamp, compared: stamp, turns: 0, events: 0, difference: None, error: None };
        tape.wind();
        tape
    }

    fn wind(&mut self) {
        self.head = match self.records.next().transpose() {
            Ok(Some((_, Entry::End(_)))) | Ok(None) => None,
            Ok(record) => record,
            Err(error) => {
                self.error = Some(error);
                None
            }
        };
        if let Some((stamp, _)) = &self.head {
            self.stamp = *stamp;
        }
    }

    fn head(&self) -> Option<&Event> {
        match &self.head {
            Some((_, Entry::Event(event))) => Some(event),
            _ => None,
        }
    }

    /// Is the head of the turn that is being compared?
    fn in_turn(&self) -> bool {
        self.stamp == self.compared
    }

    /// Compares what the replay made with the record and goes on to the next.
    fn compare(&mut self, stamp: Stamp, event: &Event) {
        // After a difference nothing that follows means anything; after the end there is nothing to compare with.
        let (Some((at, entry)), None) = (&self.head, &self.difference) else {
            return;
        };
        let equal = match entry {
            Entry::Event(recorded) => *at == stamp && event_bytes(recorded) == event_bytes(event),
            Entry::Lost(_) | Entry::End(_) => false,
        };
        if equal {
            self.events += 1;
            self.compared = stamp;
            self.turns += u64::from(matches!(event, Event::Applied(_)));
            return self.wind();
        }
        let (recorded, replayed) = match entry {
            Entry::Event(recorded) => apart(&format!("{at} {recorded:?}"), &format!("{stamp} {event:?}")),
            Entry::Lost(n) => (format!("{n} events that a slow disk made the journal drop"), format!("{event:?}")),
            Entry::End(_) => ("the end".to_owned(), format!("{event:?}")),
        };
        self.difference = Some(Difference { stamp: *at, turn: self.turns + 1, recorded, replayed });
    }

    /// The replay went another way than the record, without an event of its own to show.
    fn strayed(&mut self, replayed: &str) {
        let Some((at, entry)) = &self.head else {
            return;
        };
        let recorded = format!("{entry:?}");
        let (stamp, turn) = (*at, self.turns + 1);
        self.difference.get_or_insert(Difference { stamp, turn, recorded, replayed: replayed.to_owned() });
    }
}

/// Two long texts cut down to where they part.
fn apart(a: &str, b: &str) -> (String, String) {
    const AROUND: usize = 60;
    let kind = |text: &str| text.split(['(', '{']).next().unwrap_or_default().trim().to_owned();
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let cut = |text: &str| {
        if text.chars().count() <= 3 * AROUND {
            return text.to_owned();
        }
        let part: String = text.chars().skip(same.saturating_sub(AROUND)).take(2 * AROUND).collect();
        format!("{}: …{part}…", kind(text))
    };
    (cut(a), cut(b))
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
