//! A lid that someone left half open is opened all the way before a hand goes in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use ponder_core::controllers::RobotController;
use ponder_core::perceiver::{Look, Perceiver};
use ponder_core::reasoner::{Question, Reasoner};
use ponder_core::run::{Limits, Parts, Ring};
use ponder_core::sink::Sink;
use ponder_core::symbolic::Symbolic;
use ponder_core::thinker::{Cancel, Inline};
use ponder_core::world::World;
use ponder_sim::GroundTruth;
use ponder_sim::harness::run_episode;
use ponder_sim::scenario::Scenario;
use ponder_sim::trial::Shared;

const HALF_OPEN: &str = "
name: half_open
about: a box whose lid stands half open, and a block
suite: drawer
scene:
  objects:
    - {id: box, kind: box, open: OPEN, at: {x_m: 0.5, y_m: SIDE, yaw_rad: 3.14159}}
    - {id: block, kind: block, color: red, at: {x_m: 0.45, y_m: 0.28}}
tasks:
  - id: into_it
    wordings:
      en: [put the red block in the box, put the block in the box, place the red block in the box]
      zh: [把红色方块放进盒子里, 把方块放进盒子里, 请把方块放进盒子里]
    goal: {in: [block, box]}
";

/// The baselines, but that handles are seen too high, as an eye may see those of a lid that stands half open.
fn misjudging(world: Shared, sinks: Vec<Box<dyn Sink>>) -> Result<Ring, String> {
    let robot = world.robot().clone();
    let controller = Box::new(RobotController::new(robot.clone()));
    let wants = GroundTruth.wants();
    let see = move |look: &Look, _: &mut dyn FnMut(&str), cancel: &Cancel| {
        let mut scene = GroundTruth.perceive(look, &robot, cancel)?;
        scene.objects.iter_mut().filter_map(|object| object.handle_m.as_mut()).for_each(|handle| handle.z += 0.05);
        Ok(scene)
    };
    let think = |question: &Question, say: &mut dyn FnMut(&str), cancel: &Cancel| Symbolic.think(question, say, cancel);
    let (eyes, mind) = (Box::new(Inline::new(Box::new(see), 0.0)), Box::new(Inline::new(Box::new(think), 0.0)));
    Ok(Ring::new(Parts { world: Box::new(world), eyes, wants, mind, controller, sinks }, Limits::default()))
}

#[test]
fn a_half_open_lid_is_pushed_back_first() {
    for (open, side) in [("0.4", "-0.1"), ("0.55", "0.0"), ("0.7", "0.1")] {
        let text = HALF_OPEN.replace("OPEN", open).replace("SIDE", side);
        let scenario = Scenario::parse(&text, "half_open.yaml").expect("the scenario loads");
        let task = scenario.task("into_it").expect("there is a task");
        let episode = run_episode(&scenario, task, &task.wordings.en[0], 3, &misjudging).expect("an episode runs");
        assert!(episode.success && episode.violations.is_empty(), "{open}: {episode:?}");
    }
}
