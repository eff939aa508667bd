//! Recordings for the rerun viewer (`.rrd`): a sink, so it stands outside the ring. Cameras, the robot and what it
//! believes in 3D with named frames, thought, plan, evidence, guard verdicts and curves, on two timelines: `sim_time`
//! and `turn`. What changes every turn is logged at a bounded rate, so that a recording stays small.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use ponder_core::event::Event;
use ponder_core::geometry::yaw_rad;
use ponder_core::image::CameraFrame;
use ponder_core::observation::{Observation, Truth};
use ponder_core::robot::RobotSpec;
use ponder_core::scene::{Scene, SceneObject};
use ponder_core::sink::Sink;
use ponder_core::{Pose, Stamp};
use ponder_sim::shapes::Shape;
use rerun::{AsComponents, RecordingStream, RecordingStreamBuilder, Scalars, SeriesLines, TextDocument, TextLog};

mod blueprint;
mod board;
mod draw;
mod words;

pub use board::call_text;

use board::Board;
use draw::Scenery;

/// Name of the application in the viewer; the blueprint goes with it.
const APPLICATION: &str = "ponder";
/// Shortest time between two entries of what changes every turn, seconds.
const PERIOD_S: f64 = 0.05;
/// Shortest time between two pictures of one camera, seconds.
const CAMERA_PERIOD_S: f64 = 0.2;
/// Shortest time between two entries of the tool's way, seconds, and how many of them it shows.
const TRAIL_PERIOD_S: f64 = 0.25;
const TRAIL: usize = 64;

/// Why there is no recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file or stream could not be opened or written.
    #[error("recording to {to}: {why}")]
    Failed {
        /// File or viewer.
        to: String,
        /// What rerun says.
        why: String,
    },
}

/// Writes a recording.
pub struct RerunSink {
    rec: RecordingStream,
    to: String,
    scenery: Scenery,
    board: Board,
    turn: i64,
    /// Last entries of what is bounded in rate.
    drawn: Option<Stamp>,
    trailed: Option<Stamp>,
    pictured: BTreeMap<String, Option<Stamp>>,
    trail: VecDeque<[f32; 3]>,
    /// Objects now shown, so that those gone are cleared and those at rest are not logged again.
    believed: BTreeMap<String, SceneObject>,
    /// Where objects really were last, if a simulator tells.
    true_poses: BTreeMap<String, Pose>,
    has_truth: bool,
    /// Width last asked of the gripper, metres.
    gripping: Option<f64>,
    error: Option<String>,
}

impl RerunSink {
    /// A recording into a file, and to a viewer that listens at a URL (`rerun+http://127.0.0.1:9876/proxy`) if one is
    /// given. Nothing else goes over the network.
    ///
    /// # Errors
    /// [`RecordError::Failed`] when the file can't be made or the URL is none.
    pub fn open(
        path: &Path,
        viewer: Option<&str>,
        robot: &Arc<RobotSpec>,
        shapes: &[Shape],
    ) -> Result<Self, RecordError> {
        let to = path.display().to_string();
        let fail = |why: String| RecordError::Failed { to: to.clone(), why };
        let rec = match viewer {
            None => builder().save(path).map_err(|e| fail(e.to_string()))?,
            Some(url) => {
                let file = rerun::sink::FileSink::new(path).map_err(|e| fail(e.to_string()))?;
                let url = url.parse().map_err(|e| fail(format!("{url}: {e}")))?;
                let live = rerun::sink::GrpcSink::new(url);
                builder().set_sinks((file, live)).map_err(|e| fail(e.to_string()))?
            }
        };
        Self::start(rec, to.clone(), robot, shapes)
    }

    fn start(rec: RecordingStream, to: String, robot: &Arc<RobotSpec>, shapes: &[Shape]) -> Result<Self, RecordError> {
        rec.set_log_tick_enabled(false);
        rec.set_log_time_enabled(false);
        let mut sink = Self {
            rec,
            to,
            scenery: Scenery::new(robot, shapes),
            board: Board::default(),
            turn: 0,
            drawn: None,
            trailed: None,
            pictured: BTreeMap::new(),
            trail: VecDeque::with_capacity(TRAIL),
            believed: BTreeMap::new(),
            true_poses: BTreeMap::new(),
            has_truth: false,
            gripping: None,
            error: None,
        };
        let laid_out = blueprint::send(&sink.rec, APPLICATION, robot);
        sink.keep(laid_out);
        sink.standing_parts();
        match sink.error.take() {
            None => Ok(sink),
            Some(why) => Err(RecordError::Failed { to: sink.to, why }),
        }
    }

    /// Writes the rest out and tells how the writing went.
    ///
    /// # Errors
    /// [`RecordError::Failed`], the first that was met.
    pub fn finish(mut self) -> Result<(), RecordError> {
        let flushed = self.rec.flush_blocking().map_err(|e| e.to_string());
        match self.error.take().map_or(flushed, Err) {
            Ok(()) => Ok(()),
            Err(why) => Err(RecordError::Failed { to: self.to, why }),
        }
    }

    fn keep<T, E: std::fmt::Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|e| self.error.get_or_insert_with(|| e.to_string())).ok()
    }

    fn log<A: AsComponents + ?Sized>(&mut self, path: &str, what: &A) {
        let logged = self.rec.log(path, what);
        self.keep(logged);
    }

    fn log_static<A: AsComponents + ?Sized>(&mut self, path: &str, what: &A) {
        let logged = self.rec.log_static(path, what);
        self.keep(logged);
    }

    fn say(&mut self, path: &str, level: &'static str, text: impl Into<String>) {
        self.log(path, &TextLog::new(text.into()).with_level(level));
    }

    /// What does not change: axes, the robot's shapes, names of curves.
    fn standing_parts(&mut self) {
        self.log_static("world", &rerun::ViewCoordinates::RIGHT_HAND_Z_UP());
        let shapes = self.scenery.primitives().iter();
        let shapes: Vec<_> = shapes.map(|(path, shape)| (path.clone(), draw::primitive(shape))).collect();
        for (path, shape) in shapes {
            self.log_static(&path, shape.as_ref());
        }
        let arm = self.scenery.spec().arm.as_ref();
        if let Some(names) = arm.map(|arm| arm.joint_names.clone()) {
            self.log_static("world/robot/tool", &rerun::TransformAxes3D::new(0.08));
            for path in ["curves/joint_pos_rad", "curves/joint_vel_rad_s"] {
                self.log_static(path, &SeriesLines::new().with_names(names.clone()));
            }
            self.log_static("curves/gripper_mm", &SeriesLines::new().with_names(["measured", "asked"]));
            self.log_static("curves/wrist_force_n", &SeriesLines::new().with_names(["x", "y", "z"]));
        }
        if self.scenery.spec().base.is_some() {
            let names = ["x, m", "y, m", "heading, rad", "forward, m/s", "turning, rad/s"];
            self.log_static("curves/base", &SeriesLines::new().with_names(names));
        }
    }

    fn observed(&mut self, stamp: Stamp, observation: &Observation) {
        for frame in &observation.cameras {
            self.picture(stamp, frame);
        }
        if !due(&mut self.drawn, stamp, PERIOD_S) {
            return;
        }
        let poses = self.scenery.links(observation);
        for (path, pose) in poses {
            self.log(&path, &draw::transform(&pose));
        }
        if let Some(truth) = &observation.truth {
            self.truth(truth);
        }
        if self.scenery.spec().arm.is_some() {
            self.arm(stamp, observation);
        }
        if let Some(base) = &observation.base {
            let at = base.world_from_base.translation.vector;
            let yaw = yaw_rad(&base.world_from_base);
            let values = [at.x, at.y, yaw, base.twist.linear_m_s, base.twist.angular_rad_s];
            self.log("curves/base", &Scalars::new(values));
        }
    }

    fn arm(&mut self, stamp: Stamp, observation: &Observation) {
        self.log("curves/joint_pos_rad", &Scalars::new(observation.joint_pos_rad.iter().copied()));
        self.log("curves/joint_vel_rad_s", &Scalars::new(observation.joint_vel_rad_s.iter().copied()));
        if let Some(width_m) = observation.gripper_width_m {
            let asked_m = self.gripping.unwrap_or(width_m);
            self.log("curves/gripper_mm", &Scalars::new([width_m * 1e3, asked_m * 1e3]));
        }
        if let Some(wrench) = &observation.wrench {
            self.log("curves/wrist_force_n", &Scalars::new(wrench.force_n.iter().copied()));
        }
        let Some(tool) = self.scenery.tool(observation) else {
            return;
        };
        self.log("world/robot/tool", &draw::transform(&tool));
        if due(&mut self.trailed, stamp, TRAIL_PERIOD_S) {
            if self.trail.len() == TRAIL {
                self.trail.pop_front();
            }
            self.trail.push_back(draw::vec3(&tool.translation.vector));
            let strip = rerun::LineStrips3D::new([self.trail.iter().copied().collect::<Vec<_>>()])
                .with_colors([rerun::Color::from_rgb(255, 170, 0)])
                .with_radii([0.0015]);
            self.log("world/robot/tool_path", &strip);
        }
    }

    fn picture(&mut self, stamp: Stamp, frame: &CameraFrame) {
        let last = self.pictured.entry(frame.name.to_string()).or_default();
        if !due(last, stamp, CAMERA_PERIOD_S) {
            return;
        }
        let path = format!("world/cameras/{}", frame.name);
        self.log(&path, &draw::transform(&frame.world_from_camera));
        self.log(&path, &draw::pinhole(frame));
        if let Some(colours) = self.keep(draw::colours(frame)) {
            self.log(&format!("{path}/rgb"), &colours);
        }
        if let Some(depths) = self.keep(draw::depths(frame)).flatten() {
            self.log(&format!("{path}/depth"), &depths);
        }
    }

    /// Objects as the robot believes them: see-through boxes with their names.
    fn scene(&mut self, scene: &Scene) {
        let gone: Vec<_> = self.believed.keys().filter(|id| scene.get(id).is_none()).cloned().collect();
        for id in gone {
            self.log(&format!("world/objects/{id}"), &rerun::Clear::recursive());
            self.believed.remove(&id);
        }
        for object in &scene.objects {
            let id = object.id.to_string();
            let path = format!("world/objects/{id}");
            let has_shape = self.scenery.draws(&id);
            let before = self.believed.insert(id, object.clone());
            let looks = |o: &SceneObject| (o.size_m, o.color);
            if before.as_ref().map(looks) != Some(looks(object)) {
                self.log(&path, &draw::belief(object, has_shape));
            }
            if before.map(|b| b.world_from_object) != Some(object.world_from_object) {
                let pose = draw::transform(&object.world_from_object);
                self.log(&path, &pose);
                if has_shape && !self.has_truth {
                    self.log(&draw::true_path(&object.id), &pose);
                }
            }
        }
    }

    /// Objects as the simulator knows them, where it tells.
    fn truth(&mut self, truth: &Truth) {
        self.has_truth = true;
        for object in &truth.objects {
            let id = object.id.to_string();
            let path = draw::true_path(&id);
            if self.true_poses.insert(id, object.world_from_object) != Some(object.world_from_object) {
                self.log(&path, &draw::transform(&object.world_from_object));
            }
        }
    }
}

impl Sink for RerunSink {
    fn emit(&mut self, stamp: Stamp, event: &Event) {
        if matches!(event, Event::Observed(_)) {
            self.turn += 1;
        }
        self.rec.set_duration_secs("sim_time", stamp.as_s());
        self.rec.set_time_sequence("turn", self.turn);
        self.board.note(event);
        if let Some((path, level, text)) = words::of(event) {
            self.say(path, level, text);
        }
        match event {
            Event::Observed(observation) => {
                self.observed(stamp, observation);
                if let Some(text) = self.board.thought() {
                    self.log("thought", &TextDocument::from_markdown(text));
                }
            }
            Event::Looked(scene) => self.scene(scene),
            Event::Applied(applied) => {
                self.gripping = applied.sent.gripper.map(|gripper| gripper.width_m).or(self.gripping);
            }
            _ => {}
        }
        if let Some(text) = self.board.plan() {
            self.log("plan", &TextDocument::from_markdown(text));
        }
    }

    fn flush(&mut self) {
        let flushed = self.rec.flush_blocking();
        self.keep(flushed);
    }
}

/// Is the next entry due? If so, it counts as made.
fn due(last: &mut Option<Stamp>, now: Stamp, period_s: f64) -> bool {
    let due = last.is_none_or(|last| now.since_s(last) >= period_s - 1e-9);
    if due {
        *last = Some(now);
    }
    due
}

fn builder() -> RecordingStreamBuilder {
    // Enabled whatever the environment says: what was asked for is written.
    RecordingStreamBuilder::new(APPLICATION).enabled(true)
}
