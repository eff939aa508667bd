//! The mailbox in front of slow stages: post a question, poll for an answer, cancel. Polling never waits. A stale
//! answer (to a question since cancelled or replaced) is dropped, never delivered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};

use crate::Stamp;

/// A flag that a worker looks at while it works.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the work to end.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Was it asked to end?
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What comes back from a thinker.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply<A> {
    /// A piece of thought.
    Piece(Arc<str>),
    /// The answer; the thinker is free again.
    Answer(A),
    /// The worker is gone (its thread died): there will be no answer.
    Lost,
}

/// A slow stage seen from the loop.
pub trait Thinker<Q, A> {
    /// Asks; whatever was asked before is cancelled and its answer dropped.
    fn post(&mut self, now: Stamp, question: Q);

    /// What has come since, one at a time; `None` when there is nothing yet.
    fn poll(&mut self, now: Stamp) -> Option<Reply<A>>;

    /// Drops the question in flight, if any.
    fn cancel(&mut self);

    /// Is a question in flight?
    fn is_busy(&self) -> bool;
}

/// A worker: question in, pieces out through the callback, answer back.
pub type Work<Q, A> = Box<dyn FnMut(&Q, &mut dyn FnMut(&str), &Cancel) -> A + Send>;

/// Works when it is polled: deterministic, for simulation and tests. The answer arrives `delay_s` of the loop's own
/// time after the question, so a slow mind can be simulated without waiting for it.
pub struct Inline<Q, A> {
    work: Work<Q, A>,
    delay_s: f64,
    pending: Option<(Stamp, Q)>,
    ready: std::collections::VecDeque<Reply<A>>,
}

impl<Q, A> Inline<Q, A> {
    /// A worker whose answers take `delay_s` of the loop's time.
    pub fn new(work: Work<Q, A>, delay_s: f64) -> Self {
        Self { work, delay_s, pending: None, ready: std::collections::VecDeque::new() }
    }
}

impl<Q, A> Thinker<Q, A> for Inline<Q, A> {
    fn post(&mut self, now: Stamp, question: Q) {
        self.cancel();
        self.pending = Some((now.plus_s(self.delay_s), question));
    }

    fn poll(&mut self, now: Stamp) -> Option<Reply<A>> {
        if let Some((_, question)) = self.pending.take_if(|(due, _)| now >= *due) {
            let ready = &mut self.ready;
            let mut say = |piece: &str| ready.push_back(Reply::Piece(piece.into()));
            let answer = (self.work)(&question, &mut say, &Cancel::default());
            self.ready.push_back(Reply::Answer(answer));
        }
        self.ready.pop_front()
    }

    fn cancel(&mut self) {
        self.pending = None;
        self.ready.clear();
    }

    fn is_busy(&self) -> bool {
        self.pending.is_some() || !self.ready.is_empty()
    }
}

/// Works on a thread of its own: for robots. The question slot holds one; replies travel over a bounded channel.
pub struct Threaded<Q, A> {
    questions: SyncSender<(u64, Cancel, Q)>,
    replies: Receiver<(u64, Reply<A>)>,
    waiting: Option<Q>,
    ticket: u64,
    cancel: Cancel,
    busy: bool,
}

impl<Q: Send + 'static, A: Send + 'static> Threaded<Q, A> {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn spawn(name: &str, mut work: Work<Q, A>) -> std::io::Result<Self> {
        let (questions, inbox) = sync_channel::<(u64, Cancel, Q)>(1);
        let (outbox, replies) = sync_channel::<(u64, Reply<A>)>(256);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            while let Ok((ticket, cancel, question)) = inbox.recv() {
                if cancel.is_cancelled() {
                    continue;
                }
                // A full outbox drops pieces of thought (they are for show), never the answer.
                let mut say = |piece: &str| drop(outbox.try_send((ticket, Reply::Piece(piece.into()))));
                let answer = work(&question, &mut say, &cancel);
                if outbox.send((ticket, Reply::Answer(answer))).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { questions, replies, waiting: None, ticket: 0, cancel: Cancel::default(), busy: false })
    }

    fn hand_over(&mut self) -> bool {
        let Some(question) = self.waiting.take() else {
            return true;
        };
        match self.questions.try_send((self.ticket, self.cancel.clone(), question)) {
            Ok(()) => true,
            Err(std::sync::mpsc::TrySendError::Full((_, _, question))) => {
                self.waiting = Some(question); // the worker is still leaving a cancelled question
                true
            }
            Err(std::sync::mpsc::TrySendError::Disconnected(_)) => false,
        }
    }
}

impl<Q: Send + 'static, A: Send + 'static> Thinker<Q, A> for Threaded<Q, A> {
    fn post(&mut self, _now: Stamp, question: Q) {
        self.cancel();
        self.ticket += 1;
        self.cancel = Cancel::default();
        self.waiting = Some(question);
        self.busy = true;
        self.hand_over(); // a lost worker is reported by the next poll
    }

    fn poll(&mut self, _now: Stamp) -> Option<Reply<A>> {
        if !self.busy {
            return None;
        }
        if !self.hand_over() {
            self.busy = false;
            return Some(Reply::Lost);
        }
        loop {
            match self.replies.try_recv() {
                Ok((ticket, _)) if ticket != self.ticket => {}
                Ok((_, reply)) => {
                    self.busy = matches!(reply, Reply::Piece(_));
                    return Some(reply);
                }
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => {
                    self.busy = false;
                    return Some(Reply::Lost);
                }
            }
        }
    }

    fn cancel(&mut self) {
        self.cancel.cancel();
        self.waiting = None;
        self.busy = false;
    }

    fn is_busy(&self) -> bool {
        self.busy
    }
}
