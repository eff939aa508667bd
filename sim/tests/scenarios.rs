//! Every scenario file loads, builds on several seeds, and speaks only of what is in its scene; wrong files are refused
//! with the place and the reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use ponder_sim::scenario::{Scenario, Suite};

#[test]
fn built_in_files_load_and_cover_the_suites() {
    let all = Scenario::built_in().expect("built-in scenarios load");
    let tasks = || all.iter().flat_map(|scenario| scenario.tasks.iter().map(move |task| (scenario.suite, task)));
    let mut ids: Vec<_> = tasks().map(|(_, task)| task.id.as_str()).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "task ids are unique over all scenarios");
    assert!(tasks().filter(|(_, task)| task.goal.is_some()).count() >= 24, "goals to reach");
    assert!(tasks().filter(|(_, task)| task.expect.is_some()).count() >= 10, "goals to refuse");
    for (suite, name) in Suite::ALL {
        assert!(tasks().any(|(s, task)| s == suite && task.goal.is_some()), "{name} has goals to reach");
        assert!(tasks().any(|(s, task)| s == suite && task.expect.is_some()), "{name} has goals to refuse");
    }
}

#[test]
fn built_in_scenes_build_on_many_seeds() {
    for scenario in Scenario::built_in().expect("built-in scenarios load") {
        for seed in 0..20 {
            if let Err(error) = scenario.scene.build(seed, &scenario.folder) {
                panic!("{} on seed {seed}: {error}", scenario.name);
            }
        }
    }
}

const SMALL: &str = "
name: small
about: a test
suite: tabletop
scene:
  objects: [{id: red_block, kind: block, at: {x_m: 0.45}}, {id: bowl, kind: bowl, at: {x_m: 0.45, y_m: 0.2}}]
tasks:
  - id: first
    wordings: {en: [a, b, c], zh: [一, 二, 三]}
    goal: {in: [red_block, bowl]}
";

#[test]
fn wrong_files_are_refused_with_place_and_reason() {
    let parse = |text: &str| Scenario::parse(text, "small.yaml");
    assert!(parse(SMALL).is_ok(), "{:?}", parse(SMALL).err());
    let cases = [
        ("in: [red_block, bowl]", "inn: [red_block, bowl]", "goal"),
        ("in: [red_block, bowl]", "in: [red_block]", "goal"),
        ("in: [red_block, bowl]", "in: [it, bowl]", "`it`"),
        ("in: [red_block, bowl]", "all: []", "at least one"),
        ("goal: {in: [red_block, bowl]}", "time_limit_s: 3", "`goal`"),
        ("goal: {in: [red_block, bowl]}", "goal: {in: [red_block, bowl]}\n    expect: ask", "both"),
        ("goal: {in: [red_block, bowl]}", "expect: {refuse: [because]}", "because"),
        ("goal: {in: [red_block, bowl]}", "goal: {in: [red_block, bowl]}\n    hurry: yes", "hurry"),
        ("en: [a, b, c]", "en: [a, b]", "wordings.en"),
        ("en: [a, b, c]", "en: [a, b, 三]", "wordings.en"),
        ("zh: [一, 二, 三]", "zh: [一, 二, c]", "wordings.zh"),
        ("id: first", "id: First one", "`id`"),
        ("kind: bowl", "kind: bowll", "bowll"),
        ("suite: tabletop", "suite: tabletopp", "tabletopp"),
        ("x_m: 0.45}}, {", "x_m: {min: 1, max: 0}}}, {", "x_m"),
    ];
    for (right, wrong, said) in cases {
        let error = parse(&SMALL.replacen(right, wrong, 1)).expect_err(wrong).to_string();
        assert!(error.contains("small.yaml") && error.contains(said), "{wrong}: {error}");
    }
}

#[test]
fn names_that_are_not_in_the_scene_are_refused() {
    let wrong = SMALL.replacen("in: [red_block, bowl]", "in: [red_block, bowel]", 1);
    let scenario = Scenario::parse(&wrong, "small.yaml").expect("it parses");
    let error = scenario.stage(&scenario.tasks[0], 1).expect_err("`bowel` is not there").to_string();
    assert!(error.contains("small") && error.contains("first") && error.contains("bowel"), "{error}");
    let error = Scenario::find("atlantis").expect_err("there is no such scenario").to_string();
    assert!(error.contains("atlantis") && error.contains("tabletop"), "{error}");
}
