//! Every type that is shown, a line each: its name in the graph, how surely it must arrive, whether its stamps tell
//! the time, its message, and what writes it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;

use ponder_core::Stamp;
use r2r::diagnostic_msgs::msg::DiagnosticArray;
use r2r::geometry_msgs::msg::{PoseStamped, Twist, TwistStamped, WrenchStamped};
use r2r::nav_msgs::msg::Odometry;
use r2r::ponder_msgs::msg::{Evidence, Outcome, Plan, Scene, Thought, Verdict};
use r2r::rcl_interfaces::msg::Log;
use r2r::sensor_msgs::msg::{CameraInfo, CompressedImage, Image, JointState, PointCloud2};
use r2r::tf2_msgs::msg::TFMessage;
use r2r::vision_msgs::msg::{Detection2DArray, Detection3DArray};
use r2r::{QosProfile, WrappedTypesupport};

use super::pen::Pen;
use super::{Shared, boxes, curves, points, space, with, words};
use crate::ros::host::{Host, RosError, Task};

/// How surely a message must arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The newest counts.
    Newest,
    /// Most of them do.
    Stream,
    /// All.
    All,
}

/// A topic that is heard.
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its entity: its name without the leading `/`.
    pub path: String,
    /// How many publish it.
    pub publishers: Rc<Cell<usize>>,
    /// Do its stamps tell the time, and its jumps?
    pub tells_time: bool,
    /// Run of its last message.
    pub run: u32,
    /// Its last stamp in that run.
    pub last: Option<Stamp>,
    /// When its last picture was taken.
    pub painted: Option<Instant>,
    /// Run and time of the last entry of every curve.
    pub curves: BTreeMap<String, (u32, Stamp)>,
    /// Text so far, where it comes in pieces, and which attempt it is of.
    pub text: (u32, String),
}

impl Topic {
    /// Nothing was heard yet.
    pub fn new(name: &str, publishers: Rc<Cell<usize>>, tells_time: bool) -> Self {
        Self {
            name: name.to_owned(),
            path: name.trim_start_matches('/').to_owned(),
            publishers,
            tells_time,
            run: 0,
            last: None,
            painted: None,
            curves: BTreeMap::new(),
            text: (0, String::new()),
        }
    }

    /// An entity below the topic's own.
    pub fn below(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }
}

/// A type that is shown.
pub struct Row {
    /// Its name in the graph.
    pub name: &'static str,
    /// How surely it must arrive.
    pub need: Need,
    /// Do its stamps tell the time?
    pub tells_time: bool,
    /// Hears a topic of this type.
    pub hear: fn(&Host, Topic, QosProfile, Shared) -> Result<Task, RosError>,
}

fn hear<T: WrappedTypesupport + 'static>(
    host: &Host,
    mut topic: Topic,
    qos: QosProfile,
    pen: Shared,
    write: fn(&mut Pen, &mut Topic, T),
) -> Result<Task, RosError> {
    let name = topic.name.clone();
    host.subscribe(&name, qos, move |message: T| with(&pen, |pen| write(pen, &mut topic, message)))
}

macro_rules! row {
    ($name:literal, $need:ident, $tells_time:literal, $message:ty, $write:path) => {
        Row {
            name: $name,
            need: Need::$need,
            tells_time: $tells_time,
            hear: |host, topic, qos, pen| hear::<$message>(host, topic, qos, pen, $write),
        }
    };
}

/// The types.
pub static TYPES: [Row; 21] = [
    row!("sensor_msgs/msg/Image", Newest, true, Image, space::image),
    row!("sensor_msgs/msg/CompressedImage", Newest, true, CompressedImage, space::compressed),
    row!("sensor_msgs/msg/CameraInfo", Newest, true, CameraInfo, space::camera),
    row!("sensor_msgs/msg/PointCloud2", Newest, true, PointCloud2, points::cloud),
    row!("sensor_msgs/msg/JointState", Stream, true, JointState, curves::joints),
    row!("tf2_msgs/msg/TFMessage", Stream, false, TFMessage, space::transforms),
    row!("nav_msgs/msg/Odometry", Stream, true, Odometry, space::odometry),
    row!("geometry_msgs/msg/PoseStamped", Stream, true, PoseStamped, space::pose),
    row!("geometry_msgs/msg/WrenchStamped", Stream, true, WrenchStamped, curves::wrench),
    row!("geometry_msgs/msg/Twist", Stream, false, Twist, curves::twist),
    row!("geometry_msgs/msg/TwistStamped", Stream, true, TwistStamped, curves::twist_stamped),
    row!("vision_msgs/msg/Detection2DArray", Stream, true, Detection2DArray, boxes::flat),
    row!("vision_msgs/msg/Detection3DArray", Stream, true, Detection3DArray, boxes::solid),
    row!("ponder_msgs/msg/Scene", Stream, true, Scene, boxes::scene),
    row!("ponder_msgs/msg/Thought", All, false, Thought, words::thought),
    row!("ponder_msgs/msg/Plan", All, false, Plan, words::plan),
    row!("ponder_msgs/msg/Evidence", All, false, Evidence, words::evidence),
    row!("ponder_msgs/msg/Verdict", All, false, Verdict, words::verdict),
    row!("ponder_msgs/msg/Outcome", All, false, Outcome, words::outcome),
    row!("rcl_interfaces/msg/Log", All, false, Log, words::log),
    row!("diagnostic_msgs/msg/DiagnosticArray", Stream, false, DiagnosticArray, words::status),
];

/// What is known of a type.
pub fn row(name: &str) -> Option<&'static Row> {
    TYPES.iter().find(|row| row.name == name)
}
