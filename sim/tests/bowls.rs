//! Fingers that let go inside of a bowl don't press against its walls: pressed, they would lift it with them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::sync::Mutex;

use ponder_core::controllers::RobotController;
use ponder_core::event::Event;
use ponder_core::perceiver::{Look, Perceiver};
use ponder_core::reasoner::{Question, Reasoner};
use ponder_core::run::{Limits, Parts, Ring};
use ponder_core::sink::Sink;
use ponder_core::symbolic::Symbolic;
use ponder_core::thinker::{Cancel, Inline};
use ponder_core::world::World;
use ponder_core::{Stamp, Vec3};
use ponder_sim::GroundTruth;
use ponder_sim::harness::run_episode;
use ponder_sim::scenario::Scenario;
use ponder_sim::trial::Shared;

const BOWL: &str = "
name: bowl
about: a block and a bowl
suite: tabletop
scene:
  objects:
    - {id: bowl, kind: bowl, size_m: [WIDE, WIDE, 0.055], at: {x_m: 0.5, y_m: 0.2}}
    - {id: block, kind: block, color: red, at: {x_m: 0.45, y_m: -0.1, yaw_rad: 0.3}}
tasks:
  - id: into_it
    wordings:
      en: [put the red block in the bowl, put the block in the bowl, place the red block in the bowl]
      zh: [把红色方块放进碗里, 把方块放进碗里, 请把方块放进碗里]
    goal: {in: [block, bowl]}
";

/// Where the highest place of the bowl is written down.
struct Watch<'a>(&'a Mutex<f64>);

impl Sink for Watch<'_> {
    fn emit(&mut self, _: Stamp, event: &Event) {
        if let Event::Looked(scene) = event
            && let Some(bowl) = scene.objects.iter().find(|object| object.label.as_str() == "bowl")
        {
            let mut highest_m = self.0.lock().unwrap();
            *highest_m = highest_m.max(bowl.bottom_m());
        }
    }
}

#[test]
fn a_bowl_stays_where_it_is_when_something_is_put_in_it() {
    static HIGHEST_M: Mutex<f64> = Mutex::new(0.0);
    for (wide_m, off_m) in
        [(0.135, [0.0, 0.004]), (0.14, [0.004, 0.0]), (0.147, [-0.004, 0.004]), (0.15, [0.0, -0.006])]
    {
        // The baselines, but that the bowl is seen a little beside its place, as an eye may see it.
        let misplacing = |world: Shared, mut sinks: Vec<Box<dyn Sink>>| {
            sinks.push(Box::new(Watch(&HIGHEST_M)));
            let robot = world.robot().clone();
            let controller = Box::new(RobotController::new(robot.clone()));
            let wants = GroundTruth.wants();
            let see = move |look: &Look, _: &mut dyn FnMut(&str), cancel: &Cancel| {
                let mut scene = GroundTruth.perceive(look, &robot, cancel)?;
                let bowls = scene.objects.iter_mut().filter(|object| object.label.as_str() == "bowl");
                bowls.for_each(|bowl| bowl.world_from_object.translation.vector += Vec3::new(off_m[0], off_m[1], 0.0));
                Ok(scene)
            };
            let think =
                |question: &Question, say: &mut dyn FnMut(&str), cancel: &Cancel| Symbolic.think(question, say, cancel);
            let (eyes, mind) = (Box::new(Inline::new(Box::new(see), 0.0)), Box::new(Inline::new(Box::new(think), 0.0)));
            Ok(Ring::new(Parts { world: Box::new(world), eyes, wants, mind, controller, sinks }, Limits::default()))
        };
        let scenario = Scenario::parse(&BOWL.replace("WIDE", &wide_m.to_string()), "bowl.yaml").expect("it loads");
        let task = scenario.task("into_it").expect("there is a task");
        let episode = run_episode(&scenario, task, &task.wordings.en[0], 3, &misplacing).expect("an episode runs");
        assert!(episode.success && episode.violations.is_empty(), "{wide_m}: {episode:?}");
        let highest_m = *HIGHEST_M.lock().unwrap();
        assert!(highest_m < 0.01, "a bowl {wide_m} m wide was lifted by {highest_m} m");
    }
}
