//! Scenes that were not written here, and which of their bodies count as objects.

use std::path::PathBuf;

use ponder_core::Vec3;
use ponder_core::scene::{Affordances, Color};
use serde::{Deserialize, Serialize};

/// An MJCF scene that was not written here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Foreign {
    /// The file; relative paths start at the file that names it.
    pub file: PathBuf,
    /// Is the robot already in it? Otherwise the robot's MJCF is attached.
    #[serde(default)]
    pub robot_inside: bool,
    /// Its objects that count.
    #[serde(default)]
    pub objects: Vec<ForeignObject>,
    /// Initial states to choose from by the seed.
    #[serde(default)]
    pub states: Option<ForeignStates>,
    /// Groups of geoms that are not drawn (collision shapes).
    #[serde(default)]
    pub hidden_groups: Vec<usize>,
}

/// Initial states in a JSON file: a list of lists of numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignStates {
    /// The file.
    pub file: PathBuf,
    /// What each list holds.
    pub layout: StateLayout,
}

/// What a list of numbers that is a state holds, in MuJoCo's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateLayout {
    /// Positions.
    Qpos,
    /// Positions, then velocities.
    QposQvel,
    /// Time, positions, velocities (robosuite).
    TimeQposQvel,
}

/// An object of a foreign scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignObject {
    /// What it is called here.
    pub id: String,
    /// Its label.
    pub label: String,
    /// Its colour, if it has one that people would name.
    #[serde(default)]
    pub color: Option<Color>,
    /// Its body in the MJCF.
    pub body: String,
    /// What can be done with it.
    #[serde(default)]
    pub affordances: Affordances,
    /// Centre of its bounding box in the body's frame and extent, metres; measured from its shapes when left out.
    #[serde(default)]
    pub bounds: Option<ForeignBounds>,
    /// Opens with a joint: positions when closed and open.
    #[serde(default)]
    pub opens: Option<ForeignJoint>,
    /// Switches with a joint: positions when off and on; on from half-way.
    #[serde(default)]
    pub turns: Option<ForeignJoint>,
    /// Centre of its handle, in a body's frame.
    #[serde(default)]
    pub handle: Option<ForeignHandle>,
}

/// A bounding box in a body's frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignBounds {
    /// Centre, metres.
    pub center_m: Vec3,
    /// Extent, metres.
    pub size_m: Vec3,
}

/// A joint whose position is a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignJoint {
    /// Its name in the MJCF.
    pub joint: String,
    /// Position when closed or off.
    pub from: f64,
    /// Position when open or on.
    pub to: f64,
}

/// A point on a body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignHandle {
    /// Body in the MJCF.
    pub body: String,
    /// Point in its frame, metres.
    pub at_m: Vec3,
}
