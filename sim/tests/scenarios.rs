//! Every scenario file loads, builds on several seeds, and speaks only of what is in its scene; wrong files are refused
//! with the place and the reason.

use ponder_sim::scenario::{Scenario, Suite};

#[test]
fn built_in_files_load_and_cover_the_suites() {
    let all = Scenario::built_in().expect("built-in scenarios load");
    let tasks = || {
        all.iter().flat_map(|scenario| {
            scenario
                .tasks
                .iter()
                .map(move |task| (scenario.suite, task))
        })
    };
    let mut ids: Vec<_> = tasks().map(|(_, task)| task.id.as_str()).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "task ids are unique over all scenarios");
    assert!(
        tasks().filter(|(_, task)| task.goal.is_some()).count() >= 24,
        "goals to reach"
    );
    assert!(
        tasks().filter(|(_, task)| task.expect.is_some()).count() >= 10,
        "goals to refuse"
    );
    for (suite, name) in Suite::ALL {
        assert!(
            tasks().any(|(s, task)| s == suite && task.goal.is_some()),
            "{name} has goals to reach"
        );
        assert!(
            tasks().any(|(s, task)| s == suite && task.expect.is_some()),
            "{name} has goals to refuse"
        );
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
