//! A model that several ask: it works on a thread of its own, one question after the other, and each who asks waits for
//! the answer to their own. (Not a lock: a thread of a pool that waits for one may be given a task that wants it too.)

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use ponder_core::thinker::{Cancel, Reply, Work};

/// Questions that wait.
const MOST_WAITING: usize = 64;
/// A cancelled question is left at the latest after this.
const SLICE: Duration = Duration::from_millis(10);

type Job<Q, A> = (Q, Cancel, SyncSender<Reply<A>>);

/// Where questions are put. Clones lead to the same thread, which ends with the last of them.
pub struct Desk<Q, A>(SyncSender<Job<Q, A>>);

impl<Q, A> Clone for Desk<Q, A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// What became of a question.
pub enum Asked<A> {
    /// It was answered.
    Answer(A),
    /// It was cancelled.
    Cancelled,
    /// The thread has died.
    Gone,
}

impl<Q: Send + 'static, A: Send + 'static> Desk<Q, A> {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn open(name: &str, mut work: Work<Q, A>) -> std::io::Result<Self> {
        let (jobs, inbox): (SyncSender<Job<Q, A>>, Receiver<Job<Q, A>>) = sync_channel(MOST_WAITING);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            for (question, cancel, outbox) in inbox {
                if cancel.is_cancelled() {
                    continue;
                }
                // Whoever asked may have left.
                let mut say = |piece: &str| drop(outbox.send(Reply::Piece(piece.into())));
                let answer = work(&question, &mut say, &cancel);
                drop(outbox.send(Reply::Answer(answer)));
            }
        })?;
        Ok(Self(jobs))
    }

    /// Asks and waits.
    pub fn ask(&self, question: Q, say: &mut dyn FnMut(&str), cancel: &Cancel) -> Asked<A> {
        let (outbox, replies) = sync_channel(256);
        if self.0.send((question, cancel.clone(), outbox)).is_err() {
            return Asked::Gone;
        }
        loop {
            match replies.recv_timeout(SLICE) {
                Ok(Reply::Piece(piece)) => say(&piece),
                Ok(Reply::Answer(answer)) => return Asked::Answer(answer),
                Err(RecvTimeoutError::Timeout) if !cancel.is_cancelled() => {}
                Err(_) if cancel.is_cancelled() => return Asked::Cancelled,
                Ok(Reply::Lost) | Err(_) => return Asked::Gone,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)] // a test may stop where it stands

    use super::*;

    #[test]
    fn each_gets_their_own_answer() {
        let double = |question: &u32, say: &mut dyn FnMut(&str), _: &Cancel| {
            say(&question.to_string());
            question * 2
        };
        let desk = Desk::open("test", Box::new(double)).unwrap();
        let ask = |n: u32| {
            let desk = desk.clone();
            move || {
                let mut said = String::new();
                let Asked::Answer(answer) = desk.ask(n, &mut |piece| said += piece, &Cancel::default()) else {
                    panic!("no answer")
                };
                assert_eq!((answer, said), (2 * n, n.to_string()));
            }
        };
        let all: Vec<_> = (0..20).map(|n| std::thread::spawn(ask(n))).collect();
        all.into_iter().for_each(|thread| thread.join().unwrap());
    }

    #[test]
    fn who_cancels_waits_no_longer_and_who_dies_is_missed() {
        let (free, held) = sync_channel::<()>(0);
        let wait = move |question: &bool, _: &mut dyn FnMut(&str), _: &Cancel| {
            assert!(*question);
            assert!(held.recv().is_err());
        };
        let desk = Desk::open("test", Box::new(wait)).unwrap();
        let cancel = Cancel::default();
        let (other, flag) = (desk.clone(), cancel.clone());
        let asking = std::thread::spawn(move || matches!(other.ask(true, &mut |_| (), &flag), Asked::Cancelled));
        cancel.cancel();
        assert!(asking.join().unwrap());
        drop(free);
        assert!(matches!(desk.ask(false, &mut |_| (), &Cancel::default()), Asked::Gone));
    }
}
