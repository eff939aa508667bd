//! From things found to objects of a scene: what can be done with each by its kind, names that stay from look to look,
//! things out of view that are remembered, and what the hand holds.

use ponder_core::fact::EMPTY_WIDTH_M;
use ponder_core::image::CameraFrame;
use ponder_core::observation::Observation;
use ponder_core::robot::RobotSpec;
use ponder_core::scene::{Affordance, Affordances, ObjectId, Scene, SceneObject};
use ponder_core::symbolic::kinds::Kind;
use ponder_core::{Stamp, Vec3};

use super::grounding::Found;
use super::locate::Located;

/// A thing seen again is within this of where it was, metres.
const AGAIN_M: f64 = 0.25;
/// Two finds this near that are of one kind and colour are one thing that two cameras see, metres.
const SAME_M: f64 = 0.04;
/// The tool's point may lie this far outside of the box of what is held, metres.
const HOLD_SLACK_M: f64 = 0.02;

use Affordance::{Container, Fixed, Graspable, Openable, Place, Pressable, Surface, Turnable};

/// What can be done with kinds of things, by their first English word in core's list of nouns. A kind that is not here
/// affords nothing: the robot leaves alone what it doesn't know.
const AFFORDANCES: &[(&[&str], Affordances)] = &[
    (&["block"], Affordances::of(&[Graspable, Surface])),
    (&["cup", "pot", "pan"], Affordances::of(&[Graspable, Container])),
    (&["ball", "book", "bottle", "can", "spoon", "fork", "apple", "banana"], Affordances::of(&[Graspable])),
    (&["cream cheese", "butter", "milk", "ketchup", "ring", "cylinder"], Affordances::of(&[Graspable])),
    (&["bowl", "bin", "sink"], Affordances::of(&[Container])),
    (&["plate"], Affordances::of(&[Surface])),
    (&["drawer"], Affordances::of(&[Container, Openable, Fixed])),
    (&["box"], Affordances::of(&[Container, Openable])),
    (&["button"], Affordances::of(&[Pressable, Fixed])),
    (&["knob", "switch"], Affordances::of(&[Turnable, Fixed])),
    (&["table", "shelf", "cabinet"], Affordances::of(&[Surface, Fixed])),
    (&["zone", "dock", "pillar"], Affordances::of(&[Place, Fixed])),
    (&["wall", "door", "fridge", "oven", "window"], Affordances::of(&[Fixed])),
];

fn affordances(label: &str) -> Affordances {
    let kind = Kind::named(label).map_or("", |kind| kind.entry().en[0]);
    AFFORDANCES.iter().find(|(kinds, _)| kinds.contains(&kind)).map_or_else(Affordances::default, |(_, set)| *set)
}

/// A thing found, as an object that has no name yet.
pub(super) fn object(found: &Found, at: &Located, seen: Stamp) -> SceneObject {
    SceneObject {
        id: ObjectId::default(),
        label: found.label,
        color: found.color,
        world_from_object: at.world_from_object,
        size_m: at.size_m,
        score: at.measured,
        seen,
        open_fraction: None,
        on: None,
        handle_m: None,
        affordances: affordances(&found.label),
    }
}

fn alike(a: &SceneObject, b: &SceneObject) -> bool {
    a.label == b.label && a.color == b.color
}

fn apart_m(a: &SceneObject, b: &SceneObject) -> f64 {
    (a.position_m() - b.position_m()).norm()
}

/// Adds what one camera found to what others found.
pub(super) fn merge(objects: &mut Vec<SceneObject>, more: Vec<SceneObject>) {
    for object in more {
        let same = |other: &&mut SceneObject| alike(other, &object) && apart_m(other, &object) < SAME_M;
        match objects.iter_mut().find(same) {
            // The better measured counts.
            Some(other) if other.score < object.score => *other = object,
            Some(_) => {}
            None => objects.push(object),
        }
    }
}

/// Gives every object its name: that of the nearest alike in the scene before, each once, else a new one.
pub(super) fn name(objects: &mut [SceneObject], before: Option<&Scene>) {
    let old: &[SceneObject] = before.map_or(&[], |scene| &scene.objects);
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (i, object) in objects.iter().enumerate() {
        let near = old.iter().enumerate().filter(|(_, other)| alike(object, other));
        pairs.extend(near.map(|(j, other)| (apart_m(object, other), i, j)).filter(|pair| pair.0 < AGAIN_M));
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut taken: Vec<ObjectId> = Vec::new();
    for (_, i, j) in pairs {
        if objects[i].id.is_empty() && !taken.contains(&old[j].id) {
            objects[i].id = old[j].id;
            taken.push(old[j].id);
        }
    }
    // A name that was another's is not given again while that may come back.
    taken.extend(old.iter().map(|other| other.id));
    for object in objects.iter_mut().filter(|object| object.id.is_empty()) {
        if let Some(id) = new_name(object, &taken) {
            object.id = id;
            taken.push(id);
        }
    }
}

/// A name for an object that nothing else has.
pub(super) fn new_name(object: &SceneObject, taken: &[ObjectId]) -> Option<ObjectId> {
    let color = object.color.map(|color| format!("{}_", color.name())).unwrap_or_default();
    let stem = format!("{color}{}", object.label);
    let names = std::iter::once(stem.clone()).chain((2..).map(|n| format!("{stem}_{n}")));
    // The longest colour, `_` and label are 31 letters; a number that does not fit takes the label's end.
    let ids = names.filter_map(|name| ObjectId::from(&name).or_else(|_| ObjectId::from(&name[name.len() - 28..])).ok());
    ids.take(1000).find(|id| !taken.contains(id))
}

/// What was believed before and is in no camera's view now.
pub(super) fn remembered(before: &Scene, now: &[SceneObject], frames: &[CameraFrame]) -> Vec<SceneObject> {
    let seen = |object: &SceneObject| now.iter().any(|other| other.id == object.id);
    let in_view = |object: &SceneObject| {
        frames.iter().any(|frame| frame.bounds_of(&object.world_from_object, &object.size_m).is_some())
    };
    before.objects.iter().filter(|object| !seen(object) && !in_view(object)).cloned().collect()
}

/// What the closed fingers hold: the nearest graspable thing around the tool's point.
pub(super) fn held(objects: &[SceneObject], observation: &Observation, robot: &RobotSpec) -> Option<ObjectId> {
    let (arm, width_m) = (robot.arm.as_ref()?, observation.gripper_width_m?);
    if width_m <= EMPTY_WIDTH_M || observation.joint_pos_rad.len() != arm.chain.len() {
        return None;
    }
    let tool_m = arm.chain.world_from_tool(&observation.joint_pos_rad).translation.vector;
    let around = |object: &&SceneObject| {
        let inside_m: Vec3 = object.world_from_object.inverse_transform_vector(&(tool_m - object.position_m()));
        let half_m = object.size_m * 0.5;
        let near = (0..3).all(|i| inside_m[i].abs() <= half_m[i] + HOLD_SLACK_M);
        // Fingers that stand wider than the thing is are open around it.
        near && object.can(Graspable) && width_m <= object.size_m.x.max(object.size_m.y) + HOLD_SLACK_M
    };
    let distance_m = |object: &&SceneObject| (object.position_m() - tool_m).norm();
    let nearest = objects.iter().filter(around).min_by(|a, b| distance_m(a).total_cmp(&distance_m(b)));
    nearest.map(|object| object.id)
}
