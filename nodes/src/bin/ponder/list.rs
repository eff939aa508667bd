//! `ponder list`: what there is, by name.

use std::io::Write;

use ponder_core::skill::{ParamKind, SkillSpec};
use ponder_core::skills::SKILLS;
use ponder_nodes::stages::{Eyes, Mind};
use ponder_nodes::terminal::{DIM, HEAD};
use ponder_sim::robots::{BUILTIN, RobotSource};
use ponder_sim::{Scenario, Suite};
use serde_json::{Value, json};

use crate::args::{ListArgs, Listing};

/// Prints a list.
pub fn list(args: &ListArgs) -> anyhow::Result<u8> {
    let entries = match args.what {
        Listing::Skills => SKILLS.iter().map(|skill| skill_entry(skill.spec())).collect(),
        Listing::Robots => robots()?,
        Listing::Scenes => Scenario::built_in()?.iter().map(scene_entry).collect(),
        Listing::Suites => suites()?,
        Listing::Models => models(),
    };
    let mut out = anstream::stdout().lock();
    if args.json {
        let all: Vec<Value> = entries.into_iter().map(|entry| entry.json).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(0);
    }
    for Entry { name, about, details, .. } in entries {
        writeln!(out, "{HEAD}{name}{HEAD:#}  {about}")?;
        for detail in details {
            writeln!(out, "    {DIM}{detail}{DIM:#}")?;
        }
    }
    Ok(0)
}

struct Entry {
    name: String,
    about: String,
    details: Vec<String>,
    json: Value,
}

fn skill_entry(spec: &SkillSpec) -> Entry {
    let kind = |kind: &ParamKind| match kind {
        ParamKind::Object(affordance) => format!("an object that is {affordance:?}").to_lowercase(),
        ParamKind::AnyObject => "an object".to_owned(),
        ParamKind::Number { min, max, unit } => format!("{min} to {max} {unit}"),
        ParamKind::Choice(words) => words.join(" | "),
    };
    let names: Vec<&str> = spec.params.iter().map(|param| param.name).collect();
    let details = spec.params.iter().map(|param| format!("{}: {} ({})", param.name, param.doc, kind(&param.kind)));
    let params: Vec<Value> = spec
        .params
        .iter()
        .map(|param| json!({"name": param.name, "takes": kind(&param.kind), "doc": param.doc}))
        .collect();
    let needs = format!("{:?}", spec.needs).to_lowercase();
    Entry {
        name: format!("{}({})", spec.name, names.join(", ")),
        about: spec.summary.to_owned(),
        details: details.collect(),
        json: json!({
            "name": spec.name, "summary": spec.summary, "params": params, "needs": needs,
            "timeout_s": spec.timeout_s, "retries": spec.retries,
        }),
    }
}

fn robots() -> anyhow::Result<Vec<Entry>> {
    let entry = |name: &str| {
        let source = RobotSource::load(name, std::path::Path::new("."))?;
        let robot = source.checked()?;
        let joints = robot.arm.as_ref().map_or(0, |arm| arm.joint_names.len());
        let arm = robot.arm.as_ref().map(|_| format!("an arm of {joints} joints with a gripper"));
        let base = robot.base.as_ref().map(|base| format!("a base, up to {} m/s", base.linear_m_s));
        let parts: Vec<String> = arm.into_iter().chain(base).collect();
        let period_ms = robot.timing.period_s * 1e3;
        anyhow::Ok(Entry {
            name: name.to_owned(),
            about: parts.join(" and "),
            details: vec![format!("a command every {period_ms} ms; cameras on it: {}", robot.cameras.join(", "))],
            json: json!({
                "name": name, "joints": joints, "has_base": robot.base.is_some(), "cameras": robot.cameras,
                "period_s": robot.timing.period_s,
            }),
        })
    };
    BUILTIN.iter().map(|builtin| entry(builtin.name)).collect()
}

fn scene_entry(scenario: &Scenario) -> Entry {
    let tasks = scenario.tasks.iter().map(|task| {
        let said = task.wordings.en.first().map_or("", String::as_str);
        let zh = task.wordings.zh.first().map_or("", String::as_str);
        format!("“{said}” · “{zh}”{}", if task.expect.is_some() { " (to be refused)" } else { "" })
    });
    let ids: Vec<&str> = scenario.tasks.iter().map(|task| task.id.as_str()).collect();
    Entry {
        name: scenario.name.clone(),
        about: format!("{} (suite {})", scenario.about, scenario.suite.name()),
        details: tasks.collect(),
        json: json!({
            "name": scenario.name, "about": scenario.about, "suite": scenario.suite.name(),
            "robot": scenario.scene.robot, "tasks": ids,
        }),
    }
}

fn suites() -> anyhow::Result<Vec<Entry>> {
    let scenarios = Scenario::built_in()?;
    let entry = |(suite, name): (Suite, &str)| {
        let mine = || scenarios.iter().filter(|scenario| scenario.suite == suite);
        let scenes: Vec<&str> = mine().map(|scenario| scenario.name.as_str()).collect();
        let tasks: usize = mine().map(|scenario| scenario.tasks.len()).sum();
        let refuse = mine().flat_map(|scenario| &scenario.tasks).filter(|task| task.expect.is_some()).count();
        Entry {
            name: name.to_owned(),
            about: format!("{tasks} tasks, {refuse} of them to be refused"),
            details: vec![format!("scenes: {}", scenes.join(", "))],
            json: json!({"name": name, "tasks": tasks, "to_refuse": refuse, "scenes": scenes}),
        }
    };
    Ok(Suite::ALL.into_iter().map(entry).collect())
}

fn models() -> Vec<Entry> {
    let entry = |kind: &str, option: &str, name: String| Entry {
        name: option.to_owned(),
        about: format!("{kind}: {name}"),
        details: Vec::new(),
        json: json!({"kind": kind, "option": option, "name": name}),
    };
    vec![
        entry("perception", "ground-truth", Eyes::ground_truth().name().to_owned()),
        entry("perception", "eye-nano", "trained here, looks at pictures".to_owned()),
        entry("reasoner", "symbolic", Mind::symbolic().name().to_owned()),
        entry("reasoner", "reasoner-nano", "trained here, thinks in words".to_owned()),
        entry("imaginer", "janus-nano", "trained here, draws what a camera would see of a table".to_owned()),
    ]
}
