//! Scenes as data: what they say is what is built, what is wrong with them is said.

use std::path::Path;

use ponder_core::observation::Observation;
use ponder_core::scene::Affordance;
use ponder_core::world::{Want, World};
use ponder_core::{Pose, Rotation, Vec3};

use crate::kinds::KINDS;
use crate::shapes::Mount;
use crate::{SceneSpec, SimWorld};

fn world(yaml: &str, seed: u64) -> SimWorld {
    SimWorld::open(&SceneSpec::parse(yaml, "test").unwrap(), seed, Path::new(".")).unwrap()
}

#[test]
fn every_kind_stands_still() {
    for kind in KINDS {
        let arm = kind.size_m.iter().all(|m| *m < 0.4);
        let surroundings =
            if arm { "world: {kind: tabletop}" } else { "{world: {kind: floor}, robot: rover, robot_at: {x_m: -5}" };
        let object = format!("objects: [{{id: it, kind: {}, at: {{x_m: 0.5, y_m: 0.1, yaw_rad: 0.3}}}}]", kind.label);
        let yaml = if arm { format!("{surroundings}\n{object}") } else { format!("{surroundings}, {object}}}") };
        let mut world = world(&yaml, 1);
        let pose = |w: &mut SimWorld| w.truth().objects.iter().find(|o| o.id.as_str() == "it").unwrap().clone();
        let before = pose(&mut world);
        for _ in 0..300 {
            world.period().unwrap();
        }
        let after = pose(&mut world);
        let moved_m = (after.position_m() - before.position_m()).norm();
        assert!(moved_m < 0.001, "{} moved {moved_m} m in 3 s", kind.label);
        let turned = before.world_from_object.rotation.angle_to(&after.world_from_object.rotation);
        assert!(turned < 0.01, "{} turned {turned} rad", kind.label);
        assert!(after.bottom_m() > -0.003, "{} sank to {}", kind.label, after.bottom_m());
        assert_eq!(before.open_fraction.is_some(), kind.affordances.has(Affordance::Openable), "{}", kind.label);
        let switched = kind.affordances.has(Affordance::Pressable) || kind.affordances.has(Affordance::Turnable);
        assert_eq!(before.on.is_some(), switched, "{}", kind.label);
    }
}

/// Shapes, posed by the robot's own kinematics and by the objects' poses, are where the simulator has them.
#[test]
fn shapes_follow_from_kinematics_and_objects() {
    for (robot, at_least) in [("arm7", 30), ("rover", 8)] {
        let mut world = world(
            &format!("{{world: {{kind: floor}}, robot: {robot}, objects: [{{kind: bowl}}, {{kind: drawer}}]}}"),
            1,
        );
        let truth = world.truth();
        let shapes = world.built().shapes().unwrap();
        assert!(shapes.len() >= at_least, "{robot} has {} shapes", shapes.len());
        let mut seen = Observation::default();
        world.observe(Want::default(), &mut seen).unwrap();
        let frames = world.robot().arm.as_ref().map(|arm| arm.chain.frames(&seen.joint_pos_rad));
        let model = world.built().model.clone();
        let objects = shapes.iter().filter(|s| matches!(s.mount, Mount::Object(_)));
        assert!(objects.count() >= 10, "bowl and drawer have many");
        for shape in &shapes {
            let world_from_mount = match shape.mount {
                Mount::World => Pose::identity(),
                Mount::Object(id) => {
                    let object = truth.objects.iter().find(|o| o.id == id).unwrap();
                    object.world_from_object
                }
                Mount::Base => seen.base.unwrap().world_from_base,
                Mount::Joint(joint) => frames.as_ref().unwrap()[joint],
                Mount::Finger(way) => {
                    frames.as_ref().unwrap().last().unwrap()
                        * Pose::from_parts((way * seen.gripper_width_m.unwrap()).into(), Rotation::identity())
                }
            };
            let at_m = (world_from_mount * shape.mount_from_shape).translation.vector;
            let near = (0..model.ngeom() as usize)
                .map(|g| (Vec3::from(world.data().geom_xpos()[g]) - at_m).norm())
                .fold(f64::INFINITY, f64::min);
            assert!(near < 1e-3, "{robot}: a shape of {} is {near} m off", shape.link);
        }
    }
}
