//! Things of ours and the robot's place, with ranges.

use ponder_core::scene::Color;
use serde::{Deserialize, Serialize};

use crate::error::SimError;
use crate::rng::Range;

/// Where the robot's base stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RobotAt {
    /// Forward of the origin, metres.
    pub x_m: Range,
    /// Left of the origin, metres.
    pub y_m: Range,
    /// Height of its base's foot, metres.
    pub z_m: f64,
    /// Heading, radians.
    pub yaw_rad: Range,
}

/// A thing of ours, with ranges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectSpec {
    /// What it is called; left out: colour and kind, `red_block`, then `red_block_2`.
    #[serde(default)]
    pub id: Option<String>,
    /// Which kind of [`crate::kinds::KINDS`].
    pub kind: String,
    /// Colours to choose from; left out: the kind's usual one.
    #[serde(default)]
    pub color: Colors,
    /// Extents of its bounding box, metres; left out: the kind's usual ones.
    #[serde(default)]
    pub size_m: Option<[Range; 3]>,
    /// Factor on all three extents.
    #[serde(default = "one")]
    pub scale: Range,
    /// Where it is.
    #[serde(default)]
    pub at: At,
    /// How far it is open at the start, 0…1, for what opens.
    #[serde(default)]
    pub open: Range,
    /// Is it switched on at the start, for what is switched?
    #[serde(default)]
    pub on: bool,
    /// Kept out of sight until a disturbance brings it in.
    #[serde(default)]
    pub spare: bool,
}

fn one() -> Range {
    Range::Exactly(1.0)
}

/// Colours to choose from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a colour (red, green, blue, …) or a list of colours")]
pub enum Colors {
    /// This one.
    One(Color),
    /// One of these.
    OneOf(Vec<Color>),
    /// The kind's usual one.
    #[default]
    Usual,
}

/// Where a thing is: on the ground (z = 0) unless it is on or in another; then x and y are offsets from its centre.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct At {
    /// x, metres.
    pub x_m: Range,
    /// y, metres.
    pub y_m: Range,
    /// Height of its lowest point, metres.
    pub bottom_z_m: f64,
    /// Turn about the vertical, radians.
    pub yaw_rad: Range,
    /// The thing it stands on, which must come before it.
    pub on: Option<String>,
    /// The thing it lies in, which must come before it.
    #[serde(rename = "in")]
    pub inside: Option<String>,
}

impl ObjectSpec {
    /// A thing of a kind at a place, everything else as usual.
    pub fn new(kind: &str, x_m: f64, y_m: f64) -> Self {
        let at = At { x_m: Range::Exactly(x_m), y_m: Range::Exactly(y_m), ..At::default() };
        let (color, scale, open) = (Colors::Usual, one(), Range::default());
        Self { id: None, kind: kind.to_owned(), color, size_m: None, scale, at, open, on: false, spare: false }
    }

    pub(super) fn check(&self) -> Result<(), SimError> {
        let name = self.id.as_deref().unwrap_or(&self.kind);
        let must = |ok: bool, why: &str| {
            if ok { Ok(()) } else { Err(SimError::object(name, why)) }
        };
        if let Some(id) = &self.id {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            must(
                !id.is_empty() && id.len() <= 24 && id.chars().all(plain),
                "an `id` has 1…24 lower-case letters, digits and `_`",
            )?;
        }
        if crate::kinds::kind(&self.kind).is_none() {
            let known: Vec<&str> = crate::kinds::KINDS.iter().map(|k| k.label).collect();
            return Err(SimError::object(name, format!("no kind `{}`; there are: {}", self.kind, known.join(", "))));
        }
        must(self.size_m.iter().flatten().all(|r| r.within(0.001, 50.0)), "`size_m` must be 0.001…50 m, min ≤ max")?;
        must(self.scale.within(0.1, 10.0), "`scale` must be 0.1…10, min ≤ max")?;
        must(self.open.within(0.0, 1.0), "`open` must be 0…1, min ≤ max")?;
        let At { x_m, y_m, yaw_rad, bottom_z_m, on, inside } = &self.at;
        must(x_m.within(-50.0, 50.0) && y_m.within(-50.0, 50.0), "`x_m` and `y_m` must be within 50 m, min ≤ max")?;
        must(yaw_rad.within(-7.0, 7.0), "`yaw_rad` must be within ±7, min ≤ max")?;
        must((-2.0..=5.0).contains(bottom_z_m), "`bottom_z_m` must be -2…5 m")?;
        must(on.is_none() || inside.is_none(), "can't be both `on` and `in`")?;
        must(!matches!(&self.color, Colors::OneOf(list) if list.is_empty()), "an empty list of colours")
    }
}
