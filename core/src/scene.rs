//! What the robot believes is around it: objects with poses, sizes and states. Made by a perceiver; relations between
//! objects are computed from it (`fact`), the same way for every perceiver.

use arrayvec::ArrayString;
use serde::{Deserialize, Serialize};

use crate::{Pose, Stamp, Vec3};

/// Name of an object, unique within a scene, stable across looks: `red_block`, `red_block_2`.
pub type ObjectId = ArrayString<32>;
/// What kind of thing it is: `block`, `bowl`, `drawer`.
pub type Label = ArrayString<24>;

/// A colour that people name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Color {
    Red,
    Green,
    Blue,
    Yellow,
    Orange,
    Purple,
    Pink,
    Cyan,
    Brown,
    White,
    Gray,
    Black,
}

impl Color {
    /// Every colour: name, Chinese name (without 色), sRGB.
    pub const ALL: [(Self, &'static str, &'static str, [u8; 3]); 12] = [
        (Self::Red, "red", "红", [205, 35, 35]),
        (Self::Green, "green", "绿", [45, 155, 60]),
        (Self::Blue, "blue", "蓝", [40, 80, 205]),
        (Self::Yellow, "yellow", "黄", [240, 205, 40]),
        (Self::Orange, "orange", "橙", [240, 125, 25]),
        (Self::Purple, "purple", "紫", [125, 50, 165]),
        (Self::Pink, "pink", "粉", [245, 145, 185]),
        (Self::Cyan, "cyan", "青", [45, 195, 205]),
        (Self::Brown, "brown", "棕", [120, 75, 40]),
        (Self::White, "white", "白", [240, 240, 240]),
        (Self::Gray, "gray", "灰", [130, 130, 130]),
        (Self::Black, "black", "黑", [30, 30, 30]),
    ];

    /// English name.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Chinese name without 色.
    pub fn name_zh(self) -> &'static str {
        Self::ALL[self as usize].2
    }

    /// A typical sRGB value.
    pub fn rgb(self) -> [u8; 3] {
        Self::ALL[self as usize].3
    }
}

/// What can be done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u16)]
pub enum Affordance {
    /// Small and light enough to pick up.
    Graspable = 1,
    /// Things can be put in it.
    Container = 2,
    /// Things can be put on it.
    Surface = 4,
    /// Has a door, lid or drawer.
    Openable = 8,
    /// A button.
    Pressable = 16,
    /// A knob or dial.
    Turnable = 32,
    /// A place a base can drive to.
    Place = 64,
    /// Stays where it is.
    Fixed = 128,
}

/// A set of [`Affordance`]s; written as a list of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Affordance>", into = "Vec<Affordance>")]
pub struct Affordances(u16);

impl Affordances {
    const EVERY: [Affordance; 8] = [
        Affordance::Graspable,
        Affordance::Container,
        Affordance::Surface,
        Affordance::Openable,
        Affordance::Pressable,
        Affordance::Turnable,
        Affordance::Place,
        Affordance::Fixed,
    ];

    /// A set from its members.
    pub const fn of(members: &[Affordance]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < members.len() {
            bits |= members[i] as u16;
            i += 1;
        }
        Self(bits)
    }

    /// Is it in the set?
    pub const fn has(self, affordance: Affordance) -> bool {
        self.0 & affordance as u16 != 0
    }
}

impl From<Vec<Affordance>> for Affordances {
    fn from(members: Vec<Affordance>) -> Self {
        Self::of(&members)
    }
}

impl From<Affordances> for Vec<Affordance> {
    fn from(set: Affordances) -> Self {
        Affordances::EVERY.into_iter().filter(|a| set.has(*a)).collect()
    }
}

/// One object as believed.
///
/// Object frame: origin at the centre of the bounding box. Fixtures that open (drawers, boxes with lids) have x out of
/// their front: a drawer slides along +x, a lid's hinge lies along y at the back (−x) edge of its top.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SceneObject {
    /// Unique name.
    pub id: ObjectId,
    /// Kind.
    pub label: Label,
    /// Colour, where it has one.
    pub color: Option<Color>,
    /// Pose of the bounding box's centre.
    pub world_from_object: Pose,
    /// Extent along the object's own x, y, z, metres.
    pub size_m: Vec3,
    /// How sure the perceiver is, [0, 1].
    pub score: f64,
    /// When it was last really seen (an object out of view keeps its last pose).
    pub seen: Stamp,
    /// 0 closed … 1 open, for what opens.
    pub open_fraction: Option<f64>,
    /// On or off, for what is switched.
    pub on: Option<bool>,
    /// Centre of its handle in the world (where it is now), for what has one.
    pub handle_m: Option<Vec3>,
    /// What can be done with it.
    pub affordances: Affordances,
}

impl SceneObject {
    /// Position of the centre in the world, metres.
    pub fn position_m(&self) -> Vec3 {
        self.world_from_object.translation.vector
    }

    /// Half extents of the axis-aligned box in the world that holds the object's box, metres.
    pub fn world_half_extents_m(&self) -> Vec3 {
        self.world_from_object.rotation.to_rotation_matrix().matrix().abs() * self.size_m * 0.5
    }

    /// A box whose handle is over its top swings a lid; a drawer's handle is before its front.
    pub fn has_lid(&self) -> bool {
        self.label.as_str() != "drawer" && self.handle_m.is_some_and(|h| h.z > self.top_m() - 0.005)
    }

    /// Height of its highest point in the world, metres.
    pub fn top_m(&self) -> f64 {
        self.position_m().z + self.world_half_extents_m().z
    }

    /// Height of its lowest point in the world, metres.
    pub fn bottom_m(&self) -> f64 {
        self.position_m().z - self.world_half_extents_m().z
    }

    /// Does it afford this?
    pub fn can(&self, affordance: Affordance) -> bool {
        self.affordances.has(affordance)
    }
}

/// Everything believed to be around the robot at one instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// When the observation it was made from was taken.
    pub stamp: Stamp,
    /// Which observation that was.
    pub observation_seq: u64,
    /// The objects.
    pub objects: Vec<SceneObject>,
    /// What the gripper holds, by the perceiver's judgement of fingers and pose.
    pub holding: Option<ObjectId>,
    /// Where the base stands, for robots that drive.
    pub world_from_base: Option<Pose>,
}

impl Scene {
    /// The object of that name.
    pub fn get(&self, id: &str) -> Option<&SceneObject> {
        self.objects.iter().find(|o| o.id.as_str() == id)
    }
}
