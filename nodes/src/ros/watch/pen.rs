//! What writes the recording: it knows the time, the frames, and whom it has complained about. Used on the node's
//! thread; pictures and clouds are handed on to a thread of their own ([`super::painter`]).

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use ponder_core::Stamp;
use r2r::builtin_interfaces::msg::Time;
use rerun::time::TimeCell;
use rerun::{AsComponents, CoordinateFrame, EntityPath, EntityPathPart, TextDocument};

use super::painter::{Job, Painter, What};
use super::recording::{Recording, Targets};
use super::space::Frames;
use super::table::{Tells, Topic};
use super::times::{Times, Told};
use crate::ros::convert;
use crate::ros::health::{Health, Level};
use crate::ros::host::Host;

/// The timeline of stamps; `log_time` is when a message was written.
pub const TIMELINE: &str = "ros_time";
/// Jumps within this time after the last are the same one, told by another topic.
const SAME_JUMP: Duration = Duration::from_secs(2);
/// Shortest time between two entries of a curve, seconds.
const CURVE_S: f64 = 0.02;

/// Writes a run.
pub struct Pen {
    host: Host,
    targets: Targets,
    out: Option<Recording>,
    painter: Option<Painter>,
    times: Times,
    begun: Instant,
    at: Option<TimeCell>,
    /// Frames and cameras of this run.
    pub frames: Frames,
    /// What was last said of what, so that it is not said again.
    said: BTreeMap<String, String>,
    /// What is written once a run, and was.
    written: BTreeSet<String>,
    attached: BTreeMap<String, String>,
    /// Texts that grow, each with the time of its newest piece.
    growing: BTreeMap<String, (Option<TimeCell>, String)>,
    complained: BTreeSet<String>,
    messages: u64,
    failed: Option<String>,
}

impl Pen {
    /// Opens the first recording.
    ///
    /// # Errors
    /// For people.
    pub fn begin(host: &Host, targets: Targets) -> Result<Self, String> {
        let mut pen = Self {
            host: host.clone(),
            targets,
            out: None,
            painter: None,
            times: Times::default(),
            begun: Instant::now(),
            at: None,
            frames: Frames::default(),
            said: BTreeMap::new(),
            written: BTreeSet::new(),
            attached: BTreeMap::new(),
            growing: BTreeMap::new(),
            complained: BTreeSet::new(),
            messages: 0,
            failed: None,
        };
        pen.open()?;
        Ok(pen)
    }

    fn open(&mut self) -> Result<(), String> {
        let out = self.targets.next()?;
        self.host.info(format_args!("run {} goes into {}", self.targets.runs, out.to));
        self.painter = Some(Painter::new(out.rec.clone()).map_err(|e| format!("no thread for pictures: {e}"))?);
        self.out = Some(out);
        (self.times, self.at, self.begun) = (self.times.anew(), None, Instant::now());
        self.said.clear();
        self.written.clear();
        self.attached.clear();
        self.frames.new_run();
        Ok(())
    }

    /// Closes the recording.
    ///
    /// # Errors
    /// The first that went wrong.
    pub fn end(mut self) -> (Targets, Result<(), String>) {
        let closed = self.close();
        let failed = self.failed.take();
        (self.targets, failed.map_or(closed, Err))
    }

    fn close(&mut self) -> Result<(), String> {
        self.write_growing();
        if let Some(painter) = self.painter.take() {
            painter.close();
        }
        self.complain();
        self.out.take().map_or(Ok(()), Recording::close)
    }

    /// Begins a new run: the clock has jumped back.
    fn turn_over(&mut self) {
        if self.begun.elapsed() < SAME_JUMP {
            self.times = self.times.anew();
            return;
        }
        self.host.warn("the clock has jumped back: a new run begins");
        let opened = self.close().and_then(|()| self.open());
        if let Err(why) = opened {
            self.host.error(format_args!("nothing is recorded any more: {why}"));
            self.failed.get_or_insert(why);
        }
        Frames::write_known(self);
    }

    /// Does anybody publish `/clock`?
    pub fn expect_clock(&mut self, clock: bool) {
        self.times.expect(clock);
    }

    /// `/clock` has told the time.
    pub fn tick(&mut self, now: Stamp) {
        if self.times.tick(now) {
            self.turn_over();
            self.times.tick(now);
        }
    }

    /// Sets the time of what is written next: a message of this topic with this stamp.
    pub fn at(&mut self, topic: &mut Topic, stamp: &Time) {
        let stamp = convert::stamp(stamp);
        if topic.run != self.targets.runs {
            (topic.run, topic.last) = (self.targets.runs, None);
        }
        let last = topic.last.filter(|_| topic.tells == Tells::Jumps && topic.publishers.get() == 1);
        let told = match self.times.of(stamp, last) {
            _ if topic.tells == Tells::Nothing => self.times.near(stamp),
            Told::Back => {
                self.turn_over();
                topic.run = self.targets.runs;
                self.times.of(stamp, None)
            }
            told => told,
        };
        let at = match told {
            Told::At(at) => Some(at),
            Told::Unknown | Told::Back => None,
            Told::Off(clock) => {
                let off_s = stamp.since_s(clock);
                let why = format!("its stamps are {off_s:.0} s from /clock, whose time is taken: use_sim_time?");
                self.warn_once(&topic.name, &why);
                Some(clock)
            }
        };
        self.set(at);
        if stamp.0 > 0 {
            topic.last = Some(stamp);
            if topic.tells != Tells::Nothing && matches!(told, Told::At(_)) {
                self.times.take(stamp);
            }
        }
    }

    /// Sets the time of what is written next: of a message without a stamp.
    pub fn at_now(&mut self) {
        self.set(self.times.now());
    }

    fn set(&mut self, at: Option<Stamp>) {
        self.messages += 1;
        self.at = at.map(|at| self.times.cell(at));
        self.apply(self.at);
    }

    fn apply(&self, at: Option<TimeCell>) {
        match (&self.out, at) {
            (Some(out), Some(at)) => out.rec.set_time(TIMELINE, at),
            (Some(out), None) => out.rec.disable_timeline(TIMELINE),
            (None, _) => {}
        }
    }

    /// Is the next entry of one of the topic's curves due? If so, it counts as made.
    pub fn due(&self, topic: &mut Topic, curve: &str) -> bool {
        let Some(now) = topic.last.or_else(|| self.times.now()) else { return true };
        let (run, last) = topic.curves.get(curve).copied().unwrap_or((0, now));
        let due = run != self.targets.runs || !(0.0..CURVE_S).contains(&now.since_s(last));
        if due && (topic.curves.len() < 256 || topic.curves.contains_key(curve)) {
            topic.curves.insert(curve.to_owned(), (self.targets.runs, now));
        }
        due
    }

    /// Writes at the time that was set.
    pub fn write(&mut self, path: impl Into<EntityPath>, what: &dyn AsComponents) {
        let written = self.out.as_ref().map_or(Ok(()), |out| out.rec.log(path, what));
        self.keep(written);
    }

    /// Writes for all times of this run.
    pub fn write_static(&mut self, path: impl Into<EntityPath>, what: &dyn AsComponents) {
        let written = self.out.as_ref().map_or(Ok(()), |out| out.rec.log_static(path, what));
        self.keep(written);
    }

    fn keep<E: std::fmt::Display>(&mut self, result: Result<(), E>) {
        if let Err(error) = result {
            self.failed.get_or_insert(error.to_string());
        }
    }

    /// Is it the first time in this run that this is asked of this name?
    pub fn first(&mut self, name: &str) -> bool {
        self.written.insert(name.to_owned())
    }

    /// Is this something else than what was last said of this name? At most so many names are kept in mind.
    pub fn news(&mut self, name: &str, text: &str, most: usize) -> bool {
        if self.said.get(name).is_some_and(|said| said == text) {
            return false;
        }
        if self.said.len() < most || self.said.contains_key(name) {
            self.said.insert(name.to_owned(), text.to_owned());
        }
        true
    }

    /// Attaches an entity to a frame by name, for the whole run.
    pub fn attach(&mut self, path: &str, frame: &str) {
        if frame.is_empty() || self.attached.get(path).is_some_and(|known| known == frame) {
            return;
        }
        self.attached.insert(path.to_owned(), frame.to_owned());
        self.write_static(path, &CoordinateFrame::new(frame));
    }

    /// Hands something large to the thread that writes such things; it takes the place of one that still waits.
    pub fn paint(&mut self, topic: &mut Topic, what: What) {
        let every_s = self.host.params().number("image_every_s");
        let due = topic.painted.is_none_or(|last| last.elapsed().as_secs_f64() >= every_s * 0.95);
        if let Some(painter) = self.painter.as_ref().filter(|_| due) {
            topic.painted = Some(Instant::now());
            painter.put(&topic.name, Job { path: topic.path.clone(), at: self.at, what });
        }
    }

    /// Puts a text that grows to be written with the next tick, as Markdown.
    pub fn grow(&mut self, path: &str, text: String) {
        self.growing.insert(path.to_owned(), (self.at, text));
    }

    /// Writes the texts that have grown.
    pub fn write_growing(&mut self) {
        for (path, (at, text)) in std::mem::take(&mut self.growing) {
            self.apply(at);
            self.write(path, &TextDocument::from_markdown(text));
        }
    }

    /// Warns of a topic, once for all.
    pub fn warn_once(&mut self, topic: &str, why: &str) {
        if self.complained.insert(topic.to_owned()) {
            self.host.warn(format_args!("{topic}: {why} (said once)"));
        }
    }

    /// Warns of what could not be painted.
    pub fn complain(&mut self) {
        let failed = self.painter.as_ref().map(Painter::failed).unwrap_or_default();
        for (topic, why) in failed {
            self.warn_once(&topic, &why);
        }
    }

    /// How it goes.
    pub fn health(&self, topics: usize) -> Health {
        let values = vec![
            ("topics", topics.to_string()),
            ("messages", self.messages.to_string()),
            ("pictures", self.painter.as_ref().map_or(0, Painter::painted).to_string()),
            ("run", self.targets.runs.to_string()),
            ("to", self.out.as_ref().map(|out| out.to.clone()).unwrap_or_default()),
            ("complaints", self.complained.iter().cloned().collect::<Vec<_>>().join(", ")),
        ];
        let health = Health::ok(values);
        let health = health.unless(!self.complained.is_empty(), Level::Warn, "some topics can't be shown: see the log");
        match &self.failed {
            Some(why) => health.unless(true, Level::Error, why.as_str()),
            None => health,
        }
    }
}

/// A path out of fixed words and one name from outside, which may hold anything.
pub fn below(words: &str, name: &str) -> EntityPath {
    EntityPath::from(words) / EntityPathPart::from(name)
}
