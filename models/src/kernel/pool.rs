//! The threads beneath the kernels. Workers sleep when there is nothing to do, work is handed out in small pieces, and
//! whoever asks works too: a core that is busy with the simulator or a sensor takes fewer pieces instead of holding the
//! others up at a barrier. A piece must never wait for another piece.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle, Thread};

/// How often a thread looks again before it sleeps: a few microseconds.
const LOOKS: usize = 200;
/// More threads than this are never started.
const MOST_THREADS: usize = 64;

thread_local! {
    /// Whether this thread is inside a piece: what it asks for then runs on the spot.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` with all its kernels on this thread, for whoever has one core to give.
pub fn alone<T>(f: impl FnOnce() -> T) -> T {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            INSIDE.set(self.0);
        }
    }
    let _back = Back(INSIDE.replace(true));
    f()
}

/// Threads that share out the pieces of one job at a time, or of several when several callers ask.
pub struct Pool {
    desk: Arc<Desk>,
    workers: Vec<JoinHandle<()>>,
}

/// Where jobs are laid for the workers.
struct Desk {
    jobs: Mutex<Jobs>,
    wake: Condvar,
    /// Goes up with every job laid down, so that a worker can look without the lock.
    laid: AtomicUsize,
}

#[derive(Default)]
struct Jobs {
    open: Vec<Arc<Job>>,
    asleep: usize,
    closing: bool,
}

/// What to run for each index; valid until the job's last piece is done, as the caller waits for that.
struct Call(*const (dyn Fn(usize) + Sync));

// SAFETY: the closure behind the pointer is Sync, and is only called while its owner waits in `Pool::run`.
#[allow(unsafe_code)]
unsafe impl Send for Call {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Sync for Call {}

struct Job {
    call: Call,
    pieces: usize,
    /// The next piece nobody has taken.
    next: AtomicUsize,
    /// Pieces not yet done.
    left: AtomicUsize,
    failed: AtomicBool,
    failure: Mutex<Option<Box<dyn Any + Send>>>,
    caller: Thread,
}

impl Pool {
    /// A pool in which `threads` threads work, the caller among them: `threads - 1` are started, at most 63. Where the
    /// system refuses a thread the pool goes on with those it got.
    pub fn new(threads: usize) -> Self {
        let desk = Arc::new(Desk { jobs: Mutex::default(), wake: Condvar::new(), laid: AtomicUsize::new(0) });
        let workers = (1..threads.clamp(1, MOST_THREADS))
            .map_while(|i| {
                let desk = Arc::clone(&desk);
                thread::Builder::new().name(format!("kernel-{i}")).spawn(move || desk.work()).ok()
            })
            .collect();
        Self { desk, workers }
    }

    /// The pool of this process, with a thread for every available core.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Pool> = OnceLock::new();
        SHARED.get_or_init(|| {
            super::memory::keep();
            Self::new(thread::available_parallelism().map_or(1, usize::from))
        })
    }

    /// How many threads work on a job, the caller's included.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `piece` once with every index below `pieces`, in any order and on any thread, and returns when all are
    /// done. Called from within a piece it runs all on the spot. A panic in a piece comes out here, after the others.
    pub fn run(&self, pieces: usize, piece: impl Fn(usize) + Sync) {
        if pieces <= 1 || self.workers.is_empty() || INSIDE.get() {
            return (0..pieces).for_each(piece);
        }
        let call: &(dyn Fn(usize) + Sync) = &piece;
        // SAFETY: only the lifetime is dropped. The pointer is followed only for a piece taken from `next`, and this
        // function does not return before `left` says that every piece is done.
        #[allow(unsafe_code)]
        let call =
            Call(unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(call) });
        let job = Arc::new(Job {
            call,
            pieces,
            next: AtomicUsize::new(0),
            left: AtomicUsize::new(pieces),
            failed: AtomicBool::new(false),
            failure: Mutex::new(None),
            caller: thread::current(),
        });
        self.desk.lay(Arc::clone(&job), self.workers.len().min(pieces - 1));
        job.take_part();
        self.desk.clear(&job);
        let mut looks = 0;
        while job.left.load(Ordering::Acquire) != 0 {
            looks += 1;
            if looks < LOOKS { std::hint::spin_loop() } else { thread::park() }
        }
        if job.failed.load(Ordering::Acquire)
            && let Some(failure) = lock(&job.failure).take()
        {
            resume_unwind(failure);
        }
    }

    /// Cuts `out` into chunks of `len` (the last may be shorter) and calls `fill` with each chunk and its number.
    pub fn chunks<T: Send>(&self, out: &mut [T], len: usize, fill: impl Fn(usize, &mut [T]) + Sync) {
        let (len, whole) = (len.max(1), out.len());
        let base = Shared(out.as_mut_ptr());
        self.run(whole.div_ceil(len), |i| {
            let start = i * len;
            // SAFETY: chunk i is [i * len, i * len + len) within `out`, which is borrowed mutably here; each index is
            // handed out once, so no two chunks overlap.
            #[allow(unsafe_code)]
            let chunk = unsafe { std::slice::from_raw_parts_mut(base.at(start), len.min(whole - start)) };
            fill(i, chunk);
        });
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        lock(&self.desk.jobs).closing = true;
        self.desk.wake.notify_all();
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

/// A pointer into an output that several pieces write, each its own part.
pub(crate) struct Shared<T>(pub *mut T);

// SAFETY: a pointer alone does nothing; whoever writes through it must show that parts do not overlap.
#[allow(unsafe_code)]
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// The pointer `offset` elements on, which may only be followed within the output.
    pub(crate) fn at(&self, offset: usize) -> *mut T {
        self.0.wrapping_add(offset)
    }
}

impl Desk {
    /// Lays a job down and wakes up to `hands` workers.
    fn lay(&self, job: Arc<Job>, hands: usize) {
        let mut jobs = lock(&self.jobs);
        jobs.open.push(job);
        let asleep = jobs.asleep;
        drop(jobs);
        self.laid.fetch_add(1, Ordering::Release);
        for _ in 0..hands.min(asleep) {
            self.wake.notify_one();
        }
    }

    /// Takes a job away again, once no piece of it is left to take.
    fn clear(&self, job: &Arc<Job>) {
        lock(&self.jobs).open.retain(|open| !Arc::ptr_eq(open, job));
    }

    /// What a worker does until the pool closes.
    fn work(&self) {
        INSIDE.set(true);
        while let Some(job) = self.wait() {
            job.take_part();
        }
    }

    /// The next job with pieces to take, or nothing when the pool closes.
    fn wait(&self) -> Option<Arc<Job>> {
        let seen = self.laid.load(Ordering::Acquire);
        let mut jobs = lock(&self.jobs);
        if jobs.open.iter().all(|job| job.is_taken()) && !jobs.closing {
            drop(jobs);
            for _ in 0..LOOKS {
                if self.laid.load(Ordering::Acquire) != seen {
                    break;
                }
                std::hint::spin_loop();
            }
            jobs = lock(&self.jobs);
        }
        loop {
            if let Some(job) = jobs.open.iter().find(|job| !job.is_taken()) {
                return Some(Arc::clone(job));
            }
            if jobs.closing {
                return None;
            }
            jobs.asleep += 1;
            jobs = self.wake.wait(jobs).unwrap_or_else(PoisonError::into_inner);
            jobs.asleep -= 1;
        }
    }
}

impl Job {
    fn is_taken(&self) -> bool {
        self.next.load(Ordering::Relaxed) >= self.pieces
    }

    /// Takes pieces until none is left to take.
    fn take_part(&self) {
        let outer = INSIDE.replace(true);
        let mut done = 0;
        loop {
            let i = self.next.fetch_add(1, Ordering::Relaxed);
            if i >= self.pieces {
                break;
            }
            // SAFETY: piece i was not done, so the caller still waits and its closure lives.
            #[allow(unsafe_code)]
            let call = unsafe { &*self.call.0 };
            if let Err(failure) = catch_unwind(AssertUnwindSafe(|| call(i))) {
                lock(&self.failure).get_or_insert(failure);
                self.failed.store(true, Ordering::Release);
            }
            done += 1;
        }
        INSIDE.set(outer);
        if done > 0 && self.left.fetch_sub(done, Ordering::AcqRel) == done {
            self.caller.unpark();
        }
    }
}

/// The data behind a lock; what a panicking thread left behind is whole, as no lock is held across a piece.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
