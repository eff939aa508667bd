//! A lid that someone left half open is opened all the way before a hand goes in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use ponder_sim::harness::{baselines, run_episode};
use ponder_sim::scenario::Scenario;

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

#[test]
fn a_half_open_lid_is_pushed_back_first() {
    for (open, side) in [("0.4", "-0.1"), ("0.55", "0.0"), ("0.7", "0.1")] {
        let text = HALF_OPEN.replace("OPEN", open).replace("SIDE", side);
        let scenario = Scenario::parse(&text, "half_open.yaml").expect("the scenario loads");
        let task = scenario.task("into_it").expect("there is a task");
        let episode = run_episode(&scenario, task, &task.wordings.en[0], 3, &baselines).expect("an episode runs");
        assert!(episode.success && episode.violations.is_empty(), "{open}: {episode:?}");
    }
}
