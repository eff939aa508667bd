//! What can go wrong in building or running a simulated world. Every message says what, where and what to do.

use std::path::PathBuf;

/// A failure of the simulator.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// A file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file or text does not parse.
    #[error("{origin}: {why}")]
    Parse {
        /// File or name of the text.
        origin: String,
        /// Where and why.
        why: String,
    },
    /// MuJoCo refused a model.
    #[error("MuJoCo refuses the scene ({origin}): {why}")]
    Model {
        /// File or files it was made of.
        origin: String,
        /// MuJoCo's words.
        why: String,
    },
    /// A robot file and its MJCF disagree.
    #[error("robot `{robot}`: the MJCF has no {what} named `{name}`; it has: {known}")]
    NoSuchPart {
        /// Robot's name.
        robot: String,
        /// Kind of element.
        what: &'static str,
        /// The name looked for.
        name: String,
        /// Names that exist.
        known: String,
    },
    /// A robot file that does not make sense.
    #[error(transparent)]
    Robot(#[from] ponder_core::robot::RobotError),
    /// A robot file that does not make sense with its MJCF.
    #[error("robot `{robot}`: {why}")]
    RobotFile {
        /// Robot's name.
        robot: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// No built-in robot of that name and no such file.
    #[error("no robot `{name}`: built in are {known}; anything else must be the path of a robot file")]
    UnknownRobot {
        /// The name looked for.
        name: String,
        /// Built-in names.
        known: String,
    },
    /// Something in a scene that does not make sense.
    #[error("object `{object}`: {why}")]
    Object {
        /// Its id.
        object: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// Something in a scene that does not make sense.
    #[error("scene: {0}")]
    Scene(String),
    /// Objects could not be placed without touching.
    #[error(
        "object `{object}` found no free place in {tries} tries over the whole scene: make its region larger, the \
         objects smaller, or `min_gap_m` less"
    )]
    NoRoom {
        /// Which object.
        object: String,
        /// How often it was tried.
        tries: usize,
    },
    /// Pictures were asked for where none can be drawn.
    #[error(
        "no pictures: {0}. Headless rendering needs EGL: install `libegl1` and `libgl1-mesa-dri` (Debian and Ubuntu), or \
         run with the ground-truth perception and no cameras"
    )]
    NoGl(String),
    /// The renderer failed.
    #[error("rendering failed: {0}")]
    Render(String),
    /// A disturbance that can't be carried out.
    #[error("disturbance: {0}")]
    Disturb(String),
    /// A state that does not fit this world.
    #[error("state: {0}")]
    State(String),
}

impl SimError {
    pub(crate) fn object(object: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Object { object: object.into(), why: why.into() }
    }

    pub(crate) fn model(origin: &str, why: impl std::fmt::Display) -> Self {
        Self::Model { origin: origin.to_owned(), why: why.to_string() }
    }
}

impl From<SimError> for ponder_core::world::WorldError {
    fn from(error: SimError) -> Self {
        Self::Broken(error.to_string())
    }
}
