//! The thread that encodes and writes pictures and point clouds. Of every topic only the newest waits: however slow
//! the writing is, memory does not grow.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rerun::time::TimeCell;
use rerun::{EncodedDepthImage, EncodedImage, RecordingStream};

use super::pen::TIMELINE;
use super::picture;
use super::points::Cloud;
use crate::ros::picture::Picture;

/// What is written.
pub enum What {
    /// A picture, still in its raw form.
    Picture(Picture),
    /// A picture that is encoded already.
    Encoded(EncodedImage),
    /// Depths that are encoded already.
    EncodedDepth(EncodedDepthImage),
    /// Points.
    Cloud(Cloud),
}

/// Something to write.
pub struct Job {
    /// Its entity.
    pub path: String,
    /// Its time.
    pub at: Option<TimeCell>,
    /// What it is.
    pub what: What,
}

#[derive(Default)]
struct Waiting {
    jobs: BTreeMap<String, Job>,
    /// Topics in the order in which they came.
    order: VecDeque<String>,
    failed: BTreeMap<String, String>,
    closing: bool,
}

#[derive(Default)]
struct Desk {
    waiting: Mutex<Waiting>,
    news: Condvar,
    painted: AtomicU64,
}

impl Desk {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread and what waits for it.
pub struct Painter {
    desk: Arc<Desk>,
    thread: JoinHandle<()>,
}

impl Painter {
    /// Starts it.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn new(rec: RecordingStream) -> std::io::Result<Self> {
        let desk = Arc::<Desk>::default();
        let at = desk.clone();
        let thread = std::thread::Builder::new().name("ponder-watch".to_owned());
        Ok(Self { desk, thread: thread.spawn(move || paint(&at, &rec))? })
    }

    /// Puts something to be written, in place of what still waits of the same topic.
    pub fn put(&self, topic: &str, job: Job) {
        let mut waiting = self.desk.waiting();
        if waiting.jobs.insert(topic.to_owned(), job).is_none() {
            waiting.order.push_back(topic.to_owned());
        }
        self.desk.news.notify_one();
    }

    /// Takes what could not be written: topic and reason.
    pub fn failed(&self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.desk.waiting().failed)
    }

    /// How many were written.
    pub fn painted(&self) -> u64 {
        self.desk.painted.load(Ordering::Relaxed)
    }

    /// Writes what waits, and ends.
    pub fn close(self) {
        self.desk.waiting().closing = true;
        self.desk.news.notify_one();
        drop(self.thread.join()); // were it dead, there would be nothing left to write
    }
}

fn paint(desk: &Desk, rec: &RecordingStream) {
    loop {
        let (topic, job) = {
            let mut waiting = desk.waiting();
            loop {
                if let Some(topic) = waiting.order.pop_front() {
                    match waiting.jobs.remove(&topic) {
                        Some(job) => break (topic, job),
                        None => continue,
                    }
                }
                if waiting.closing {
                    return;
                }
                waiting = desk.news.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
        };
        match job.at {
            Some(at) => rec.set_time(TIMELINE, at),
            None => rec.disable_timeline(TIMELINE),
        }
        match write(rec, &job) {
            Ok(()) => drop(desk.painted.fetch_add(1, Ordering::Relaxed)),
            Err(why) => drop(desk.waiting().failed.insert(topic, why)),
        }
    }
}

fn write(rec: &RecordingStream, job: &Job) -> Result<(), String> {
    let path = job.path.as_str();
    let written = match &job.what {
        What::Picture(picture) => rec.log(path, picture::encoded(picture)?.as_ref()),
        What::Encoded(image) => rec.log(path, image),
        What::EncodedDepth(image) => rec.log(path, image),
        What::Cloud(cloud) => rec.log(path, &cloud.points()),
    };
    written.map_err(|e| e.to_string())
}
