//! The kinds of things a scene can hold. One kind a file, one line in [`KINDS`]. A kind is a recipe: from a colour and
//! the size of its bounding box it drafts MuJoCo bodies out of primitives, and says how its state is read.
//!
//! A body's origin is the centre of the bounding box (handles and posts stick out of it), z up when it stands as meant,
//! x out of the front of what opens.

mod ball;
mod bin;
mod block;
mod bowl;
pub(crate) mod button;
mod crate_;
mod cup;
mod dock;
mod draft;
mod drawer;
mod knob;
mod lidbox;
mod pad;
mod pillar;
mod plate;
mod shelf;
pub(crate) mod table;
mod wall;
mod zone;

pub use draft::{Draft, Finish};

use mujoco_rs::error::MjEditError;
use ponder_core::Vec3;
use ponder_core::scene::{Affordances, Color};

/// A recipe for one kind of thing.
pub struct Kind {
    /// What it is called in scene files, and the label its objects carry.
    pub label: &'static str,
    /// One line on what it is.
    pub about: &'static str,
    /// Usual size of its bounding box, metres.
    pub size_m: [f64; 3],
    /// Usual colour; `None` for fixtures whose colour nobody would name.
    pub color: Option<Color>,
    /// What can be done with it.
    pub affordances: Affordances,
    /// Bolted down, or free to move.
    pub fixed: bool,
    /// Room that it needs in front (+x) to open and be reached, metres.
    pub front_m: f64,
    /// Drafts it into a body; returns the parts that count as objects of their own.
    pub build: fn(&mut Draft<'_>, Vec3) -> Result<Vec<Part>, MjEditError>,
}

/// Every kind.
pub static KINDS: &[Kind] = &[
    block::KIND,
    ball::KIND,
    bowl::KIND,
    plate::KIND,
    cup::KIND,
    bin::KIND,
    lidbox::KIND,
    drawer::KIND,
    button::KIND,
    knob::KIND,
    shelf::KIND,
    table::KIND,
    pad::KIND,
    crate_::KIND,
    pillar::KIND,
    wall::KIND,
    zone::KIND,
    dock::KIND,
];

/// The kind of that label.
pub fn kind(label: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.label == label)
}

/// Something that counts as an object: most things have one part, a cabinet has itself and its drawer.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Added to the thing's id; empty for the main part.
    pub suffix: &'static str,
    /// Label.
    pub label: &'static str,
    /// Whose pose it has: a body's name without the thing's id, empty for the thing's own body.
    pub body: &'static str,
    /// Extent of its bounding box, metres.
    pub size_m: Vec3,
    /// What can be done with it.
    pub affordances: Affordances,
    /// Does it carry the thing's colour?
    pub colored: bool,
    /// How its state is read.
    pub reading: Reading,
    /// Its handle: a body's name without the thing's id, and the handle's centre there, metres.
    pub handle: Option<(&'static str, Vec3)>,
    /// Where things inside it stand: height of its floor over the box's centre, metres; `None` if it holds nothing.
    pub floor_z_m: Option<f64>,
}

/// How a state is read off joints; names are without the thing's id.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// It has no state.
    Still,
    /// Opens with a joint, from 0 to `open` (metres or radians).
    Opens {
        /// Joint.
        joint: &'static str,
        /// Position when wholly open.
        open: f64,
    },
    /// Each press past `travel_m` toggles it; a lamp shows it.
    Toggles {
        /// Joint.
        joint: &'static str,
        /// Depth that counts as pressed, metres.
        travel_m: f64,
        /// A mocap body that lights up.
        lamp: &'static str,
        /// How far the lamp rises when it is on, metres.
        lamp_rise_m: f64,
    },
    /// On when turned past an angle.
    Turns {
        /// Joint.
        joint: &'static str,
        /// Angle from which it is on, radians.
        on_rad: f64,
    },
}

impl Part {
    /// The usual single part: the thing itself, without state.
    pub fn whole(kind: &Kind, size_m: Vec3) -> Self {
        Self {
            suffix: "",
            label: kind.label,
            body: "",
            size_m,
            affordances: kind.affordances,
            colored: true,
            reading: Reading::Still,
            handle: None,
            floor_z_m: None,
        }
    }

    /// The same part with a floor that things inside stand on.
    pub fn with_floor(self, floor_z_m: f64) -> Self {
        Self { floor_z_m: Some(floor_z_m), ..self }
    }
}
