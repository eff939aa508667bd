//! The symbolic reasoner, from words to plans that pass the checker.

mod scenes;

use ponder_core::check;
use ponder_core::outcome::RefusalReason;
use ponder_core::plan::Draft;
use ponder_core::reasoner::{Question, Reasoner};
use ponder_core::scene::Color::*;
use ponder_core::symbolic::Symbolic;
use ponder_core::thinker::Cancel;
use scenes::{Builder, arm_robot, goal};

fn answer(text: &str, scene: &Builder) -> Draft {
    let question = Question {
        goal: goal(text),
        scene: scene.scene(),
        robot: arm_robot(),
        attempts: Vec::new(),
    };
    let draft = Symbolic
        .think(&question, &mut |_| {}, &Cancel::default())
        .unwrap()
        .draft;
    if let Draft::Do { .. } = draft {
        check::check(&draft, &question.scene, &question.robot).unwrap();
    }
    draft
}

#[test]
fn a_block_goes_into_a_bowl_in_both_languages() {
    let scene = Builder::table().block(Red, 0.4, 0.1).bowl(Green, 0.5, -0.2);
    for text in [
        "put the red block in the green bowl",
        "把红色方块放进绿色的碗里",
    ] {
        let Draft::Do { steps, goal } = answer(text, &scene) else {
            panic!("no plan for {text}")
        };
        let skills: Vec<&str> = steps.iter().map(|s| s.skill.as_str()).collect();
        assert_eq!(skills, ["pick", "place_in"], "{text}");
        assert_eq!(goal.len(), 1, "{text}");
    }
    let refused = answer("throw the red block", &scene);
    assert!(matches!(
        refused,
        Draft::Refuse {
            reason: RefusalReason::Unsafe,
            ..
        }
    ));
}
