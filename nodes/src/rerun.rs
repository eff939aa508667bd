//! Recordings for the rerun viewer (`.rrd`): a sink, so it stands outside the ring. Cameras, the robot and what it
//! believes in 3D with named frames, thought, plan, evidence, guard verdicts and curves, on two timelines: `sim_time`
//! and `turn`. What changes every turn is logged at a bounded rate, so that a recording stays small.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use ponder_core::Stamp;
use ponder_core::event::Event;
use ponder_core::geometry::yaw_rad;
use ponder_core::image::CameraFrame;
use ponder_core::observation::Observation;
use ponder_core::robot::RobotSpec;
use ponder_core::sink::Sink;
use ponder_sim::shapes::Shape;
use rerun::{Scalars, SeriesLines, TextDocument};

mod blueprint;
mod board;
mod curves;
mod draw;
mod objects;
mod stream;
mod words;

pub use board::call_text;
pub use curves::Curves;
pub use stream::{RecordError, viewer_sink};

use board::Board;
use draw::Scenery;
use objects::Objects;
use stream::{APPLICATION, Stream};

/// Shortest time between two entries of what changes every turn, seconds.
const PERIOD_S: f64 = 0.05;
/// Shortest time between two pictures of one camera, seconds.
const CAMERA_PERIOD_S: f64 = 0.2;
/// Shortest time between two entries of the tool's way, seconds, and how many of them it shows.
const TRAIL_PERIOD_S: f64 = 0.25;
const TRAIL: usize = 64;

/// Writes a recording.
pub struct RerunSink {
    out: Stream,
    scenery: Scenery,
    board: Board,
    turn: i64,
    /// Last entries of what is bounded in rate.
    drawn: Option<Stamp>,
    trailed: Option<Stamp>,
    pictured: BTreeMap<String, Option<Stamp>>,
    trail: VecDeque<[f32; 3]>,
    objects: Objects,
    /// Width last asked of the gripper, metres.
    gripping: Option<f64>,
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
        let out = Stream::open(path, viewer)?;
        let mut sink = Self {
            out,
            scenery: Scenery::new(robot, shapes),
            board: Board::default(),
            turn: 0,
            drawn: None,
            trailed: None,
            pictured: BTreeMap::new(),
            trail: VecDeque::with_capacity(TRAIL),
            objects: Objects::default(),
            gripping: None,
        };
        let laid_out = blueprint::send(sink.out.rec(), APPLICATION, robot);
        sink.out.keep(laid_out);
        sink.standing_parts();
        sink.out.check()?;
        Ok(sink)
    }

    /// Writes the rest out and tells how the writing went.
    ///
    /// # Errors
    /// [`RecordError::Failed`], the first that was met.
    pub fn finish(mut self) -> Result<(), RecordError> {
        self.out.flush();
        self.out.check()
    }

    /// What does not change: axes, the robot's shapes, names of curves.
    fn standing_parts(&mut self) {
        self.out.log_static("world", &rerun::ViewCoordinates::RIGHT_HAND_Z_UP());
        let shapes = self.scenery.primitives().iter();
        let shapes: Vec<_> = shapes.map(|(path, shape)| (path.clone(), draw::primitive(shape))).collect();
        for (path, shape) in shapes {
            self.out.log_static(&path, shape.as_ref());
        }
        let arm = self.scenery.spec().arm.as_ref();
        if let Some(names) = arm.map(|arm| arm.joint_names.clone()) {
            self.out.log_static("world/robot/tool", &rerun::TransformAxes3D::new(0.08));
            for path in ["curves/joint_pos_rad", "curves/joint_vel_rad_s"] {
                self.out.log_static(path, &SeriesLines::new().with_names(names.clone()));
            }
            self.out.log_static("curves/gripper_mm", &SeriesLines::new().with_names(["measured", "asked"]));
            self.out.log_static("curves/wrist_force_n", &SeriesLines::new().with_names(["x", "y", "z"]));
        }
        if self.scenery.spec().base.is_some() {
            let names = ["x, m", "y, m", "heading, rad", "forward, m/s", "turning, rad/s"];
            self.out.log_static("curves/base", &SeriesLines::new().with_names(names));
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
            self.out.log(&path, &draw::transform(&pose));
        }
        if let Some(truth) = &observation.truth {
            self.objects.known(truth, &mut self.out);
        }
        if self.scenery.spec().arm.is_some() {
            self.arm(stamp, observation);
        }
        if let Some(base) = &observation.base {
            let at = base.world_from_base.translation.vector;
            let yaw = yaw_rad(&base.world_from_base);
            let values = [at.x, at.y, yaw, base.twist.linear_m_s, base.twist.angular_rad_s];
            self.out.log("curves/base", &Scalars::new(values));
        }
    }

    fn arm(&mut self, stamp: Stamp, observation: &Observation) {
        self.out.log("curves/joint_pos_rad", &Scalars::new(observation.joint_pos_rad.iter().copied()));
        self.out.log("curves/joint_vel_rad_s", &Scalars::new(observation.joint_vel_rad_s.iter().copied()));
        if let Some(width_m) = observation.gripper_width_m {
            let asked_m = self.gripping.unwrap_or(width_m);
            self.out.log("curves/gripper_mm", &Scalars::new([width_m * 1e3, asked_m * 1e3]));
        }
        if let Some(wrench) = &observation.wrench {
            self.out.log("curves/wrist_force_n", &Scalars::new(wrench.force_n.iter().copied()));
        }
        let Some(tool) = self.scenery.tool(observation) else {
            return;
        };
        self.out.log("world/robot/tool", &draw::transform(&tool));
        if due(&mut self.trailed, stamp, TRAIL_PERIOD_S) {
            if self.trail.len() == TRAIL {
                self.trail.pop_front();
            }
            self.trail.push_back(draw::vec3(&tool.translation.vector));
            let strip = rerun::LineStrips3D::new([self.trail.iter().copied().collect::<Vec<_>>()])
                .with_colors([rerun::Color::from_rgb(255, 170, 0)])
                .with_radii([0.0015]);
            self.out.log("world/robot/tool_path", &strip);
        }
    }

    fn picture(&mut self, stamp: Stamp, frame: &CameraFrame) {
        let last = self.pictured.entry(frame.name.to_string()).or_default();
        if !due(last, stamp, CAMERA_PERIOD_S) {
            return;
        }
        let path = format!("world/cameras/{}", frame.name);
        self.out.log(&path, &draw::transform(&frame.world_from_camera));
        self.out.log(&path, &draw::pinhole(frame));
        if let Some(colours) = self.out.keep(draw::colours(frame)) {
            self.out.log(&format!("{path}/rgb"), &colours);
        }
        if let Some(depths) = self.out.keep(draw::depths(frame)).flatten() {
            self.out.log(&format!("{path}/depth"), &depths);
        }
    }
}

impl Sink for RerunSink {
    fn emit(&mut self, stamp: Stamp, event: &Event) {
        if matches!(event, Event::Observed(_)) {
            self.turn += 1;
        }
        self.out.set_time(stamp.as_s(), self.turn);
        self.board.note(event);
        if let Some((path, level, text)) = words::of(event) {
            self.out.say(path, level, text);
        }
        match event {
            Event::Observed(observation) => {
                self.observed(stamp, observation);
                if let Some(text) = self.board.thought() {
                    self.out.log("thought", &TextDocument::from_markdown(text));
                }
            }
            Event::Looked(scene) => self.objects.believed(scene, &self.scenery, &mut self.out),
            Event::Applied(applied) => {
                self.gripping = applied.sent.gripper.map(|gripper| gripper.width_m).or(self.gripping);
            }
            _ => {}
        }
        if let Some(text) = self.board.plan() {
            self.out.log("plan", &TextDocument::from_markdown(text));
        }
    }

    fn flush(&mut self) {
        self.out.flush();
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
