//! The slow stages as the ring sees them, when they are other nodes: mailboxes whose letters travel over the graph. A
//! stage that is lost answers with an error at once, so that the ring does not wait for the dead.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use futures::channel::mpsc;
use ponder_core::Stamp;
use ponder_core::perceiver::{Look, PerceiveError};
use ponder_core::reasoner::{Answer, Question, ReasonError};
use ponder_core::scene::Scene;
use ponder_core::thinker::{Reply, Thinker};

use super::senses::Senses;
use crate::ros::peers::Peers;

/// A scene may be ahead of the clock by this, which travels on a way of its own, seconds.
const AHEAD_S: f64 = 0.5;

/// Another node that this one lives on.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Who is alive.
    pub peers: Peers,
    /// Its name with namespace.
    pub name: String,
    /// Silence after which it is lost.
    pub within: Duration,
}

impl Peer {
    /// Is it there?
    pub fn is_alive(&self) -> bool {
        self.peers.is_alive(&self.name, self.within)
    }

    /// Which process it is.
    pub fn instance(&self) -> Option<String> {
        self.peers.instance(&self.name, self.within)
    }

    /// That it is lost, in words.
    pub fn lost(&self) -> String {
        format!("lost {}: no sign of life for {:.1} s", self.name, self.within.as_secs_f64())
    }
}

/// The perceiver in another node: it looks all the time, so a look is the first scene that is new enough.
pub struct RosEyes {
    /// Where scenes arrive.
    pub senses: Senses,
    /// Who makes them.
    pub peer: Peer,
    /// What was asked for: a scene of observations no older than this.
    pub since: Option<Stamp>,
}

impl Thinker<Look, Result<Scene, PerceiveError>> for RosEyes {
    fn post(&mut self, _now: Stamp, look: Look) {
        self.since = Some(look.observation.stamp);
    }

    fn poll(&mut self, now: Stamp) -> Option<Reply<Result<Scene, PerceiveError>>> {
        // A scene from the future is of a clock that has jumped since.
        let scene = self.senses.scene_since(self.since?).filter(|scene| scene.stamp <= now.plus_s(AHEAD_S));
        let answer = match scene {
            Some(scene) => Ok(scene.as_ref().clone()),
            None if !self.peer.is_alive() => Err(PerceiveError::Failed(self.peer.lost())),
            None => return None,
        };
        self.since = None;
        Some(Reply::Answer(answer))
    }

    fn cancel(&mut self) {
        self.since = None;
    }

    fn is_busy(&self) -> bool {
        self.since.is_some()
    }
}

/// What the mind tells the node's thread, which has the action client.
#[derive(Debug)]
pub enum Letter {
    /// A question, with its number.
    Ask(u64, Box<Question>),
    /// The question of that number is of no interest any more.
    Forget(u64),
}

/// What comes back.
pub type Mail = (u64, Reply<Result<Answer, ReasonError>>);

/// The reasoner in another node.
pub struct RosMind {
    /// To the node's thread.
    pub letters: mpsc::Sender<Letter>,
    /// From it; the next task's mind reads it too.
    pub mail: Rc<Receiver<Mail>>,
    /// Who answers.
    pub peer: Peer,
    /// The number of the last question of any task.
    pub last: Rc<Cell<u64>>,
    /// The number of the question in flight.
    pub asked: Option<u64>,
}

impl Thinker<Question, Result<Answer, ReasonError>> for RosMind {
    fn post(&mut self, _now: Stamp, question: Question) {
        self.cancel();
        let number = self.last.get() + 1;
        self.last.set(number);
        // Where nobody takes letters, the ring's own limit on thinking ends this.
        self.asked = self.letters.try_send(Letter::Ask(number, Box::new(question))).is_ok().then_some(number);
    }

    fn poll(&mut self, _now: Stamp) -> Option<Reply<Result<Answer, ReasonError>>> {
        let number = self.asked?;
        loop {
            match self.mail.try_recv() {
                Ok((of, _)) if of != number => {}
                Ok((_, reply)) => {
                    if !matches!(reply, Reply::Piece(_)) {
                        self.asked = None;
                    }
                    return Some(reply);
                }
                Err(TryRecvError::Disconnected) => {
                    self.asked = None;
                    return Some(Reply::Lost);
                }
                Err(TryRecvError::Empty) if !self.peer.is_alive() => {
                    self.asked = None;
                    return Some(Reply::Answer(Err(ReasonError::Failed(self.peer.lost()))));
                }
                Err(TryRecvError::Empty) => return None,
            }
        }
    }

    fn cancel(&mut self) {
        if let Some(number) = self.asked.take() {
            drop(self.letters.try_send(Letter::Forget(number))); // a question nobody waits for does no harm
        }
    }

    fn is_busy(&self) -> bool {
        self.asked.is_some()
    }
}
