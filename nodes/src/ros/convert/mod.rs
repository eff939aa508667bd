//! Messages to core's types and back, checked at the door: what comes in is finite, names only what core can hold, and
//! is of a bounded size, or it is refused with the reason. Both ways are tested to lose nothing.

mod plan;
mod scene;
mod space;
mod task;

pub use plan::{draft, evidence, fact_msg, plan_msg, step_text};
pub use scene::{scene, scene_msg};
pub use space::{point, point_msg, pose, pose_msg, stamp, time, transform, twist_msg, vector_msg};
pub use task::{outcome_code, outcome_msg, rejection_msg};

/// Why a message can't be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConvertError {
    /// A number is NaN or infinite, or a rotation none.
    #[error("{0} is not finite, or no rotation")]
    NotFinite(&'static str),
    /// A name that core has no room for.
    #[error("{what} `{name}` is longer than {most} bytes")]
    Long {
        /// What it names.
        what: &'static str,
        /// Its beginning.
        name: String,
        /// Most bytes.
        most: usize,
    },
    /// A word that nobody knows.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// What kind of word.
        what: &'static str,
        /// The word.
        name: String,
    },
    /// Two objects of one name.
    #[error("two objects are called `{0}`")]
    Twice(String),
    /// More of something than is taken.
    #[error("{got} {what}: at most {most} are taken")]
    Many {
        /// Of what.
        what: &'static str,
        /// How many came.
        got: usize,
        /// Most.
        most: usize,
    },
    /// A number outside of what makes sense.
    #[error("{what} is {value}: {want}")]
    Value {
        /// Which.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        want: &'static str,
    },
}

/// A name in core's fixed room.
fn named<const N: usize>(what: &'static str, name: &str) -> Result<arrayvec::ArrayString<N>, ConvertError> {
    arrayvec::ArrayString::from(name).map_err(|_| ConvertError::Long {
        what,
        name: name.chars().take(40).collect(),
        most: N,
    })
}

#[cfg(test)]
mod tests;
