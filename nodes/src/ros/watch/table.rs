//! Every type that is shown, a line each: its name in the graph, how surely it must arrive, what its stamps tell,
//! its message, and what writes it.

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

/// What stamps tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// The time, and where they step back, that the clock has jumped.
    Jumps,
    /// The time: there may be several of one message, in no order.
    Time,
    /// Nothing: they may be of another clock than the graph's.
    Nothing,
}

/// A topic that is heard.
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its entity: its name without the leading `/`.
    pub path: String,
    /// How many publish it.
    pub publishers: Rc<Cell<usize>>,
    /// What its stamps tell.
    pub tells: Tells,
    /// Run of its last message.
    pub run: u32,
    /// Its last stamp in that run.
    pub last: Option<Stamp>,
    /// When its last picture was taken.
    pub painted: Option<Instant>,
    /// Run and time of the last entry of every curve.
    pub curves: BTreeMap<String, (u32, Stamp)>,
    /// The joints first heard of.
    pub joints: Vec<String>,
    /// Text so far, where it comes in pieces, and which attempt it is of.
    pub text: (u32, String),
}

impl Topic {
    /// Nothing was heard yet.
    pub fn new(name: &str, publishers: Rc<Cell<usize>>, tells: Tells) -> Self {
        Self {
            name: name.to_owned(),
            path: name.trim_start_matches('/').to_owned(),
            publishers,
            tells,
            run: 0,
            last: None,
            painted: None,
            curves: BTreeMap::new(),
            joints: Vec::new(),
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
    /// What its stamps tell.
    pub tells: Tells,
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
    ($name:literal, $need:ident, $tells:ident, $message:ty, $write:path) => {
        Row {
            name: $name,
            need: Need::$need,
            tells: Tells::$tells,
            hear: |host, topic, qos, pen| hear::<$message>(host, topic, qos, pen, $write),
        }
    };
}

/// The types.
pub static TYPES: [Row; 21] = [
    row!("sensor_msgs/msg/Image", Newest, Jumps, Image, space::image),
    row!("sensor_msgs/msg/CompressedImage", Newest, Jumps, CompressedImage, space::compressed),
    row!("sensor_msgs/msg/CameraInfo", Newest, Jumps, CameraInfo, space::camera),
    row!("sensor_msgs/msg/PointCloud2", Newest, Jumps, PointCloud2, points::cloud),
    row!("sensor_msgs/msg/JointState", Stream, Jumps, JointState, curves::joints),
    row!("tf2_msgs/msg/TFMessage", Stream, Time, TFMessage, space::transforms),
    row!("nav_msgs/msg/Odometry", Stream, Jumps, Odometry, space::odometry),
    row!("geometry_msgs/msg/PoseStamped", Stream, Jumps, PoseStamped, space::pose),
    row!("geometry_msgs/msg/WrenchStamped", Stream, Jumps, WrenchStamped, curves::wrench),
    row!("geometry_msgs/msg/Twist", Stream, Nothing, Twist, curves::twist),
    row!("geometry_msgs/msg/TwistStamped", Stream, Jumps, TwistStamped, curves::twist_stamped),
    row!("vision_msgs/msg/Detection2DArray", Stream, Jumps, Detection2DArray, boxes::flat),
    row!("vision_msgs/msg/Detection3DArray", Stream, Jumps, Detection3DArray, boxes::solid),
    row!("ponder_msgs/msg/Scene", Stream, Jumps, Scene, boxes::scene),
    row!("ponder_msgs/msg/Thought", All, Nothing, Thought, words::thought),
    row!("ponder_msgs/msg/Plan", All, Nothing, Plan, words::plan),
    row!("ponder_msgs/msg/Evidence", All, Nothing, Evidence, words::evidence),
    row!("ponder_msgs/msg/Verdict", All, Nothing, Verdict, words::verdict),
    row!("ponder_msgs/msg/Outcome", All, Nothing, Outcome, words::outcome),
    row!("rcl_interfaces/msg/Log", All, Nothing, Log, words::log),
    row!("diagnostic_msgs/msg/DiagnosticArray", Stream, Nothing, DiagnosticArray, words::status),
];

/// What is known of a type.
pub fn row(name: &str) -> Option<&'static Row> {
    TYPES.iter().find(|row| row.name == name)
}
