//! Scenes and robots that were not written here: MJCF files with includes, mesh folders and defaults of their own, arms
//! with raw torques, initial states.

use std::path::Path;

use ponder_core::command::{Command, GripperTarget, JointTarget};
use ponder_core::observation::Observation;
use ponder_core::world::{Want, World};

use crate::{SceneSpec, SimWorld};

const KITCHEN: &str = r#"<mujoco>
  <compiler meshdir="meshes" angle="radian"/>
  <option timestep="0.002"/>
  <default><geom contype="0" conaffinity="0" rgba="1 0 1 1"/></default>
  <include file="parts/stove.xml"/>
  <asset><mesh name="wedge" file="wedge.obj"/></asset>
  <worldbody>
    <light pos="0 0 3"/>
    <geom type="plane" size="2 2 0.1" contype="1" conaffinity="1"/>
    <body name="wedge" pos="0.5 0.2 0.05"><freejoint/><geom type="mesh" mesh="wedge" contype="1" conaffinity="1"/></body>
    <camera name="agentview" pos="1.5 0 1" xyaxes="0 1 0 -0.5 0 0.8"/>
  </worldbody>
</mujoco>"#;

const STOVE: &str = r#"<mujoco><worldbody>
  <body name="stove" pos="0.6 -0.3 0.1">
    <geom type="box" size="0.1 0.1 0.1" contype="1" conaffinity="1"/>
    <body name="stove_knob" pos="-0.11 0 0"><joint name="stove_knob" axis="1 0 0" range="0 2" damping="0.1"/>
      <geom type="cylinder" size="0.02 0.01"/></body>
  </body>
</worldbody></mujoco>"#;

const WEDGE: &str = "v 0 0 0\nv 0.06 0 0\nv 0 0.06 0\nv 0 0 0.06\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n";

/// Two links with raw torques and two fingers with position servos, a mesh folder of its own.
const ROBOT: &str = r#"<mujoco>
  <compiler meshdir="looks" angle="radian" autolimits="true"/>
  <default><default class="heavy"><geom density="900"/></default></default>
  <asset><mesh name="cap" file="cap.obj"/></asset>
  <worldbody>
    <body name="foot">
      <geom type="mesh" mesh="cap" contype="0" conaffinity="0"/>
      <body name="upper" pos="0 0 0.3" childclass="heavy">
        <joint name="shoulder" axis="0 1 0" range="-2 2" damping="0.5"/>
        <geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.03"/>
        <body name="lower" pos="0.3 0 0">
          <joint name="elbow" axis="0 1 0" range="-2.5 2.5" damping="0.5" ref="0.3"/>
          <geom type="capsule" fromto="0 0 0 0.25 0 0" size="0.025"/>
          <site name="grip_site" pos="0.3 0 0" euler="0 1.5708 0"/>
          <body name="f1" pos="0.26 0 0"><joint name="f1" type="slide" axis="0 1 0" range="0 0.04" damping="5"/>
            <geom type="box" size="0.03 0.005 0.01" pos="0.03 0.005 0"/></body>
          <body name="f2" pos="0.26 0 0"><joint name="f2" type="slide" axis="0 1 0" range="-0.04 0" damping="5"/>
            <geom type="box" size="0.03 0.005 0.01" pos="0.03 -0.005 0"/></body>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator>
    <motor name="m1" joint="shoulder" ctrlrange="-80 80"/>
    <motor name="m2" joint="elbow" ctrlrange="-80 80"/>
    <position name="p1" joint="f1" kp="500" kv="10" ctrlrange="0 0.04"/>
    <position name="p2" joint="f2" kp="500" kv="10" ctrlrange="-0.04 0"/>
  </actuator>
</mujoco>"#;

const ROBOT_FILE: &str = "
name: twig
model: twig.xml
arm:
  tool: grip_site
  joints:
    - {name: shoulder, min_rad: -1.9, max_rad: 1.9, vel_rad_s: 2, acc_rad_s2: 10, jerk_rad_s3: 100, home_rad: -0.5}
    - {name: elbow, min_rad: -2.4, max_rad: 2.4, vel_rad_s: 2, acc_rad_s2: 10, jerk_rad_s3: 100, home_rad: 1.0}
  link_radius_m: 0.04
  workspace: {min_m: [-1, -1, 0], max_m: [1, 1, 1]}
  tool_speed_m_s: 1.0
  gripper: {fingers: [f1, f2], max_width_m: 0.08, max_force_n: 20, speed_m_s: 0.2, finger_depth_m: 0.01}
timing: {period_s: 0.02, max_observation_age_s: 0.1, max_scene_age_s: 2.0, max_think_s: 30.0}
";

const SCENE: &str = "
world:
  kind: mjcf
  file: scene/kitchen.xml
  states: {file: scene/states.json, layout: qpos}
  hidden_groups: [3]
  objects:
    - {id: wedge, label: wedge, body: wedge, color: green, affordances: [graspable]}
    - {id: stove, label: stove, body: stove, turns: {joint: stove_knob, from: 0, to: 2}, handle: {body: stove_knob, at_m: [-0.01, 0, 0]}}
robot: robots/twig.yaml
cameras: [{name: scene, mjcf: agentview, width_px: 64, height_px: 48}]
objects: [{kind: block, id: block, at: {x_m: 0.4, y_m: -0.1}}]
";

fn files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    // Positions: stove knob (its file is included first), wedge, arm, fingers, block.
    let state = |knob: f64| format!("[{knob}, 0.5,0.2,0.05,1,0,0,0, -0.5,1.0, 0.02,-0.02, 0.4,-0.1,0.02,1,0,0,0]");
    for (name, text) in [
        ("scene/kitchen.xml", KITCHEN.to_owned()),
        ("scene/parts/stove.xml", STOVE.to_owned()),
        ("scene/meshes/wedge.obj", WEDGE.to_owned()),
        ("scene/states.json", format!("[{},{}]", state(0.2), state(1.5))),
        ("robots/twig.yaml", ROBOT_FILE.to_owned()),
        ("robots/twig.xml", ROBOT.to_owned()),
        ("robots/looks/cap.obj", WEDGE.to_owned()),
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn open(scene: &str, seed: u64, folder: &Path) -> Result<SimWorld, crate::SimError> {
    SimWorld::open(&SceneSpec::parse(scene, "foreign.yaml").unwrap(), seed, folder)
}

#[test]
fn a_scene_and_a_robot_from_outside_work_together() {
    let folder = files();
    let mut world = open(SCENE, 0, folder.path()).unwrap();
    let truth = world.truth();
    let get = |id: &str| truth.objects.iter().find(|o| o.id.as_str() == id).unwrap();
    let wedge = get("wedge");
    assert!((wedge.size_m.x - 0.06).abs() < 0.012, "measured from its mesh: {}", wedge.size_m);
    assert_eq!(get("stove").on, Some(false));
    assert!((get("stove").size_m.z - 0.2).abs() < 1e-9);
    assert!((get("stove").handle_m.unwrap().x - 0.48).abs() < 1e-9);
    let other = open(SCENE, 1, folder.path()).unwrap().truth();
    assert_eq!(other.objects.iter().find(|o| o.id.as_str() == "stove").unwrap().on, Some(true), "the second state");

    // Raw torques follow joint targets, gravity and all.
    let mut seen = Observation::default();
    let goal = [0.1, 0.6];
    for i in 0..150 {
        let part = f64::from(i.min(100)) / 100.0;
        let now = world.now();
        let pos_rad = [-0.5 + 0.6 * part, 1.0 - 0.4 * part].into_iter().collect();
        world.send(&Command {
            arm: Some(JointTarget { pos_rad, vel_rad_s: Default::default() }),
            gripper: Some(GripperTarget { width_m: 0.06, force_n: 10.0 }),
            ..Command::nothing(now, now.plus_s(0.1))
        });
        world.period().unwrap();
    }
    world.observe(Want::default(), &mut seen).unwrap();
    for (rad, goal) in seen.joint_pos_rad.iter().zip(goal) {
        assert!((rad - goal).abs() < 0.01, "{:?}", seen.joint_pos_rad);
    }
    assert!((seen.gripper_width_m.unwrap() - 0.06).abs() < 0.003, "{:?}", seen.gripper_width_m);
    let tool = world.robot().arm.as_ref().unwrap().chain.world_from_tool(&seen.joint_pos_rad);
    assert!((tool.translation.vector - world.tool_m().unwrap()).norm() < 1e-3, "the chain is the model's");
    assert_eq!(world.now(), ponder_core::Stamp(3_000_000_000), "its own control period");

    world.observe(Want { cameras: true, truth: true }, &mut seen).unwrap();
    assert_eq!((seen.cameras.len(), seen.cameras[0].width_px), (1, 64));
    assert!(seen.truth.unwrap().objects.iter().any(|o| o.id.as_str() == "block"));
}

#[test]
fn what_is_wrong_with_foreign_files_is_said() {
    let folder = files();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let fails = |scene: &str| open(scene, 0, folder.path()).err().map_or(String::new(), |e| e.to_string());
    let says = |error: String, wanted: &[&str]| {
        assert!(wanted.iter().all(|w| error.contains(w)), "`{error}` should say {wanted:?}");
    };
    says(fails(&SCENE.replace("body: wedge", "body: wegde")), &["`wedge`", "no body named `wegde`"]);
    says(fails(&SCENE.replace("joint: stove_knob", "joint: knob")), &["`stove`", "no joint named `knob`"]);
    says(fails(&SCENE.replace("mjcf: agentview", "mjcf: topview")), &["no camera named `topview`"]);
    write("scene/states.json", "[[1, 2]]");
    says(fails(SCENE), &["states.json", "state 0 holds 2 numbers, the model wants 19"]);
    write("scene/states.json", "{}");
    says(fails(SCENE), &["states.json"]);
    std::fs::remove_file(folder.path().join("scene/meshes/wedge.obj")).unwrap();
    says(fails(SCENE), &["kitchen.xml", "wedge.obj"]);
    write("scene/kitchen.xml", "<mujoco><worldbody>");
    says(fails(SCENE), &["kitchen.xml"]);
    let plain = "robot: robots/twig.yaml";
    write("robots/twig.yaml", &ROBOT_FILE.replace("name: elbow", "name: elbo"));
    says(fails(plain), &["twig", "no joint named `elbo`", "shoulder, elbow, f1, f2"]);
    write("robots/twig.yaml", &ROBOT_FILE.replace("grip_site", "tip"));
    says(fails(plain), &["no site named `tip`", "grip_site"]);
    write("robots/twig.yaml", &ROBOT_FILE.replace("fingers: [f1, f2]", "fingers: [f1]"));
    says(fails(plain), &["a parallel gripper has two"]);
    write("robots/twig.yaml", &ROBOT_FILE.replace("period_s: 0.02", "period_s: 0.0251"));
    says(fails(plain), &["no multiple"]);
    write("robots/twig.yaml", ROBOT_FILE);
    write("robots/twig.xml", &ROBOT.replace(r#"<motor name="m2" joint="elbow" ctrlrange="-80 80"/>"#, ""));
    says(fails(plain), &["no actuator", "`elbow`"]);
    write("robots/twig.xml", &ROBOT.replace("cap.obj", "hat.obj"));
    says(fails(plain), &["hat.obj"]);
}
