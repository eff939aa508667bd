//! The objects of a recording: as the robot believes them, and as a simulator knows them where there is one.

use std::collections::BTreeMap;

use ponder_core::Pose;
use ponder_core::observation::Truth;
use ponder_core::scene::{Scene, SceneObject};

use super::draw::{self, Scenery};
use super::stream::Stream;

/// What is shown now, so that objects gone are cleared and those at rest are not logged again.
#[derive(Default)]
pub struct Objects {
    believed: BTreeMap<String, SceneObject>,
    known: BTreeMap<String, Pose>,
}

impl Objects {
    /// Boxes with names where the robot believes its objects to be. Without a simulator to tell, their shapes too.
    pub fn believed(&mut self, scene: &Scene, scenery: &Scenery, out: &mut Stream) {
        let path = |id: &str| format!("world/objects/{id}");
        self.believed.retain(|id, _| {
            let stays = scene.get(id).is_some();
            if !stays {
                out.log(&path(id), &rerun::Clear::recursive());
            }
            stays
        });
        for object in &scene.objects {
            let has_shape = scenery.draws(&object.id);
            let before = self.believed.insert(object.id.to_string(), object.clone());
            let looks = |o: &SceneObject| (o.size_m, o.color);
            if before.as_ref().map(looks) != Some(looks(object)) {
                out.log(&path(&object.id), &draw::belief(object, has_shape));
            }
            if before.map(|b| b.world_from_object) != Some(object.world_from_object) {
                let pose = draw::transform(&object.world_from_object);
                out.log(&path(&object.id), &pose);
                if has_shape && self.known.is_empty() {
                    out.log(&draw::true_path(&object.id), &pose);
                }
            }
        }
    }

    /// Shapes where a simulator knows the objects to be.
    pub fn known(&mut self, truth: &Truth, out: &mut Stream) {
        for object in &truth.objects {
            let pose = object.world_from_object;
            if self.known.insert(object.id.to_string(), pose) != Some(pose) {
                out.log(&draw::true_path(&object.id), &draw::transform(&pose));
            }
        }
    }
}
