//! What counts as so, at its edge: more is asked of what was recognised than of what is known for sure.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod common;
mod toy;

use ponder_core::fact::{Fact, REST_GAP_M, SEEN_DEEPER_M, measure};
use ponder_core::scene::Scene;
use toy::{id, object};

#[test]
fn what_was_recognised_must_lie_deeper_to_be_inside() {
    let is_in = |deep_m: f64, block_score: f64, bowl_score: f64| {
        let (mut block, mut bowl) = (object("red_block"), object("bowl"));
        (block.score, bowl.score) = (block_score, bowl_score);
        // A block as wide as it is high that stands deep_m below the rim, and a bowl that is deep enough.
        bowl.size_m.z = 0.08;
        block.world_from_object = bowl.world_from_object;
        block.world_from_object.translation.z = bowl.top_m() - deep_m + block.size_m.z * 0.5;
        let scene = Scene { objects: vec![block, bowl], ..Scene::default() };
        let found = measure(&Fact::In(id("red_block"), id("bowl")), &scene, None);
        assert!((found.value + deep_m).abs() < 1e-9, "{found:?}");
        found.holds
    };
    let between_m = REST_GAP_M + SEEN_DEEPER_M * 0.5;
    assert!(is_in(between_m, 1.0, 1.0), "known for sure");
    assert!(!is_in(between_m, 0.99, 1.0) && !is_in(between_m, 1.0, 0.99), "either recognised");
    assert!(is_in(REST_GAP_M + SEEN_DEEPER_M + 1e-4, 0.99, 0.99));
    assert!(!is_in(REST_GAP_M - 1e-4, 1.0, 1.0));
}

#[test]
fn what_is_held_stands_beside_nothing() {
    let left = |holding: Option<&str>| {
        let scene =
            Scene { objects: vec![object("red_block"), object("bowl")], holding: holding.map(id), ..Scene::default() };
        measure(&Fact::LeftOf(id("red_block"), id("bowl")), &scene, None).holds
    };
    assert!(left(None) && !left(Some("red_block")) && !left(Some("bowl")));
}
