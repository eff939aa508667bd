//! Scenes.

use ponder_core::Vec3;
use ponder_core::scene::{Affordance, Affordances, Color, Scene, SceneObject};
use r2r::ponder_msgs::msg;
use r2r::std_msgs::msg::Header;

use super::{ConvertError, named, point, point_msg, pose, pose_msg, stamp, time, vector_msg};

/// Most objects in a scene that comes from outside.
const MOST_OBJECTS: usize = 256;

const SWITCH_NONE: u8 = msg::SceneObject::SWITCH_NONE as u8;
const SWITCH_OFF: u8 = msg::SceneObject::SWITCH_OFF as u8;
const SWITCH_ON: u8 = msg::SceneObject::SWITCH_ON as u8;

const AFFORDANCES: [(Affordance, u16); 8] = [
    (Affordance::Graspable, msg::SceneObject::GRASPABLE as u16),
    (Affordance::Container, msg::SceneObject::CONTAINER as u16),
    (Affordance::Surface, msg::SceneObject::SURFACE as u16),
    (Affordance::Openable, msg::SceneObject::OPENABLE as u16),
    (Affordance::Pressable, msg::SceneObject::PRESSABLE as u16),
    (Affordance::Turnable, msg::SceneObject::TURNABLE as u16),
    (Affordance::Place, msg::SceneObject::PLACE as u16),
    (Affordance::Fixed, msg::SceneObject::FIXED as u16),
];

/// A scene as a message, its places in `frame_id`.
pub fn scene_msg(scene: &Scene, frame_id: &str, perception: &str) -> msg::Scene {
    msg::Scene {
        header: Header { stamp: time(scene.stamp), frame_id: frame_id.to_owned() },
        observation_seq: scene.observation_seq,
        objects: scene.objects.iter().map(object_msg).collect(),
        holding: scene.holding.map(|id| id.to_string()).unwrap_or_default(),
        has_base: scene.world_from_base.is_some(),
        base: scene.world_from_base.map(|base| pose_msg(&base)).unwrap_or_default(),
        perception: perception.to_owned(),
    }
}

/// A message as a scene.
///
/// # Errors
/// [`ConvertError`]: the first thing in it that can't be.
pub fn scene(message: &msg::Scene) -> Result<Scene, ConvertError> {
    let got = message.objects.len();
    if got > MOST_OBJECTS {
        return Err(ConvertError::Many { what: "objects", got, most: MOST_OBJECTS });
    }
    let objects: Vec<SceneObject> = message.objects.iter().map(object).collect::<Result<_, _>>()?;
    let mut ids: Vec<&str> = objects.iter().map(|object| object.id.as_str()).collect();
    ids.sort_unstable();
    if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(ConvertError::Twice(twice[0].to_owned()));
    }
    let holding = match message.holding.as_str() {
        "" => None,
        id => Some(named("object", id)?),
    };
    let base = message.has_base.then(|| pose("base", &message.base)).transpose()?;
    Ok(Scene {
        stamp: stamp(&message.header.stamp),
        observation_seq: message.observation_seq,
        objects,
        holding,
        world_from_base: base,
    })
}

fn object_msg(object: &SceneObject) -> msg::SceneObject {
    let switch_state = match object.on {
        None => SWITCH_NONE,
        Some(false) => SWITCH_OFF,
        Some(true) => SWITCH_ON,
    };
    let affordances = AFFORDANCES.iter().filter(|(a, _)| object.can(*a)).map(|(_, bit)| bit).sum();
    msg::SceneObject {
        id: object.id.to_string(),
        label: object.label.to_string(),
        color: object.color.map(Color::name).unwrap_or_default().to_owned(),
        pose: pose_msg(&object.world_from_object),
        size: vector_msg(&object.size_m),
        score: object.score,
        seen: time(object.seen),
        open_fraction: object.open_fraction.unwrap_or(f64::NAN),
        switch_state,
        has_handle: object.handle_m.is_some(),
        handle: object.handle_m.map(|at_m| point_msg(&at_m)).unwrap_or_default(),
        affordances,
    }
}

fn object(message: &msg::SceneObject) -> Result<SceneObject, ConvertError> {
    let color = match message.color.as_str() {
        "" => None,
        name => {
            let known = Color::ALL.iter().find(|(_, known, _, _)| *known == name);
            let unknown = || ConvertError::Unknown { what: "colour", name: name.to_owned() };
            Some(known.ok_or_else(unknown)?.0)
        }
    };
    let size_m = Vec3::new(message.size.x, message.size.y, message.size.z);
    if !size_m.iter().all(|extent_m| extent_m.is_finite() && *extent_m >= 0.0) {
        return Err(ConvertError::NotFinite("size"));
    }
    let share = |what: &'static str, value: f64| {
        let want = "must be within 0 and 1";
        if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(ConvertError::Value { what, value, want }) }
    };
    let open = message.open_fraction;
    let members: Vec<Affordance> =
        AFFORDANCES.iter().filter(|(_, bit)| message.affordances & bit != 0).map(|(a, _)| *a).collect();
    Ok(SceneObject {
        id: named("object", &message.id)?,
        label: named("label", &message.label)?,
        color,
        world_from_object: pose("pose", &message.pose)?,
        size_m,
        score: share("score", message.score)?,
        seen: stamp(&message.seen),
        open_fraction: if open.is_nan() { None } else { Some(share("open_fraction", open)?) },
        on: match message.switch_state {
            SWITCH_OFF => Some(false),
            SWITCH_ON => Some(true),
            _ => None,
        },
        handle_m: message.has_handle.then(|| point("handle", &message.handle)).transpose()?,
        affordances: Affordances::of(&members),
    })
}
