//! Launch files, good and bad.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::plan::{Given, Plan};
use super::{LaunchError, command, find};

/// A folder with files in it.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn plan_of(dir: &Path, given: &[(&str, &str)]) -> Result<Plan, LaunchError> {
    let given: Vec<_> = given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Plan::new(&dir.join("a.launch.yaml"), Path::new("/share"), &given, false)
}

#[track_caller]
fn refused(text: &str, parts: &[&str]) {
    let dir = folder(&[("a.launch.yaml", text)]);
    let why = plan_of(dir.path(), &[]).unwrap_err().to_string();
    assert!(why.contains("a.launch.yaml"), "the file is named: {why}");
    for part in parts {
        assert!(why.contains(part), "`{part}` in: {why}");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

#[test]
fn a_node_becomes_a_command_line() {
    let text = r#"
launch:
- arg: {name: "hz", default: "2.5", description: "x"}
- let: {name: "who", value: "wor$(var tail)"}
- group:
  - push_ros_namespace: {namespace: "left"}
  - node:
      pkg: ponder
      exec: act
      namespace: arm
      args: --ros-args --log-level debug
      respawn: "true"
      respawn_delay: 1.5
      output: both
      param:
      - from: p.yaml
      - {name: rate, value: $(var hz)}
      - {name: text, value: "it's $(var hz) m"}
      - {name: n, value: 3}
      - {name: on, value: true}
      remap: [{from: scene, to: /scene}]
- node: {pkg: ponder, exec: world, name: "$(var who)"}
"#;
    let dir = folder(&[("a.launch.yaml", text), ("p.yaml", "")]);
    let plan = plan_of(dir.path(), &[("tail", "ld")]);
    assert!(plan.unwrap_err().to_string().contains("no argument `tail`: "), "only declared arguments can be given");
    let text = text.replace("- let:", "- arg: {name: tail}\n- let:");
    let dir = folder(&[("a.launch.yaml", &text), ("p.yaml", "")]);
    let plan = plan_of(dir.path(), &[("tail", "ld"), ("hz", "7")]).unwrap();
    let said = command::shell(&command::words(&plan.jobs[0]))
        .replace(&dir.path().canonicalize().unwrap().display().to_string(), "D");
    let want = "node act --ros-args --log-level debug --ros-args -r __node:=act -r __ns:=/left/arm -r scene:=/scene \
                --params-file D/p.yaml -p rate:=7 -p 'text:='\\''it'\\'''\\''s 7 m'\\''' -p n:=3 -p on:=true";
    assert_eq!(said, want);
    assert_eq!(plan.jobs[0].respawn, Some(Duration::from_millis(1500)));
    assert_eq!(command::shell(&command::words(&plan.jobs[1])), "node world --ros-args -r __node:=world");
    assert_eq!(plan.jobs[1].respawn, None, "as ROS has it");
}

#[test]
fn one_process_gets_what_each_node_has() {
    let text = "launch:\n- node: {pkg: ponder, exec: world, namespace: x, param: [{from: p.yaml}]}\n- node: {pkg: ponder, exec: act, param: [{name: b, value: 'true'}]}\n";
    let params = "/**:\n  ros__parameters: {a: 1, deep: {er: 2.0}}\nother: {ros__parameters: {c: 1}}\nx: {world: {ros__parameters: {d: 'no'}}}\n";
    let dir = folder(&[("a.launch.yaml", text), ("p.yaml", params)]);
    let mut jobs = plan_of(dir.path(), &[]).unwrap().jobs;
    let want = "node world act --ros-args -r world:__node:=world -r world:__ns:=/x -p world:a:=1 -p world:deep.er:=2.0 \
                -p world:d:='no' -r act:__node:=act -p act:b:=true";
    assert_eq!(command::one_process(&jobs).unwrap().join(" "), want);
    let twin = jobs[0].clone();
    jobs.push(twin);
    assert!(command::one_process(&jobs).unwrap_err().contains("`world` is there twice"));
}

#[test]
fn what_is_set_stays_set_until_a_group_ends() {
    let files = [
        (
            "a.launch.yaml",
            "launch:\n- group:\n  - include: {file: $(dirname)/b.yaml, arg: [{name: x, value: one}]}\n- include: {file: b.yaml}\n",
        ),
        ("b.yaml", "launch:\n- arg: {name: x, default: two}\n- node: {pkg: ponder, exec: act, name: $(var x)}\n"),
    ];
    let plan = plan_of(folder(&files).path(), &[]).unwrap();
    let names: Vec<_> = plan.jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!(plan.args.len(), 1, "only what can be given is told: {:?}", plan.args);
}

#[test]
fn what_is_not_understood_is_refused_with_its_place() {
    refused("launch:\n- node: {pkg: ponder, exec: act, nmae: x}\n", &["unknown field `nmae`", "line 2"]);
    refused("launch:\n- timer: {period: 1.0}\n", &["unknown variant `timer`"]);
    refused("lunch: []\n", &["unknown field `lunch`"]);
    refused("launch:\n- node: {pkg: ponder}\n", &["missing field `exec`"]);
    refused("launch:\n- arg: {name: x, description: needed}\n", &["launch[0].arg: ", "x:=VALUE: needed"]);
    refused("launch:\n- group:\n  - let: {name: x, value: $(var y)}\n", &["launch[0].group[0].let: there is no `y`"]);
    refused("launch:\n- let: {name: x, value: $(eval 1)}\n", &["`$(eval 1)` is not understood"]);
    refused("launch:\n- node: {pkg: nav2, exec: act}\n", &["launch[0].node: ", "`nav2 act`"]);
    refused("launch:\n- node: {pkg: ponder, exec: sh}\n", &["`ponder sh`"]);
    refused("launch:\n- node: {pkg: ponder, exec: act, name: 'a b'}\n", &["`a b` is no name"]);
    refused("launch:\n- node: {pkg: ponder, exec: act, namespace: 'a//b'}\n", &["`a//b` is no namespace"]);
    refused("launch:\n- node: {pkg: ponder, exec: act, args: --force}\n", &["start with --ros-args"]);
    refused("launch:\n- node: {pkg: ponder, exec: act, respawn_delay: .nan}\n", &["`respawn_delay` is NaN"]);
    refused("launch:\n- node: {pkg: ponder, exec: act, respawn: maybe}\n", &["`respawn` is `maybe`"]);
    refused("launch:\n- node: {pkg: ponder, exec: act, param: [{name: x}]}\n", &["`name` and `value`, or `from`"]);
    refused("launch:\n- node: {pkg: ponder, exec: act, param: [{name: x, value: .inf}]}\n", &["no number"]);
    refused(
        "launch:\n- node: {pkg: ponder, exec: act, param: [{name: 'x:=1', value: 1}]}\n",
        &["no name for a parameter"],
    );
    refused("launch:\n- node: {pkg: ponder, exec: act, param: [{from: none.yaml}]}\n", &["there is no parameter file"]);
    refused("launch:\n- node: {pkg: ponder, exec: act, remap: [{from: a, to: 'b c'}]}\n", &["`b c` is no name"]);
    refused(
        "launch:\n- node: {pkg: ponder, exec: act}\n- node: {pkg: ponder, exec: act}\n",
        &["launch[1].node: there are two"],
    );
    refused("launch:\n- include: {file: none.yaml}\n", &["launch[0].include: there is no file"]);
}

#[test]
fn hostile_files_end_in_an_error() {
    refused("launch:\n- include: {file: a.launch.yaml}\n", &["includes itself"]);
    refused(": : [", &[]);
    refused("\u{0}", &[]);
    refused(&format!("launch: {}", "[".repeat(30_000)), &[]);
    refused(&"# long\n".repeat(5_000), &["longer than"]);
    // Aliases of aliases.
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for i in 1..40 {
        bomb += &format!("a{i}: &a{i} [*a{0}, *a{0}, *a{0}]\n", i - 1);
    }
    refused(&(bomb + "launch: *a39\n"), &[]);
    // Files that include the next one twice.
    let files: Vec<_> = (0..14)
        .map(|i| (format!("f{i}"), format!("launch:\n- include: {{file: f{0}}}\n- include: {{file: f{0}}}\n", i + 1)))
        .chain([
            ("f14".to_owned(), "launch: []\n".to_owned()),
            ("a.launch.yaml".to_owned(), "launch:\n- include: {file: f0}\n".to_owned()),
        ])
        .collect();
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert!(plan_of(folder(&files).path(), &[]).unwrap_err().to_string().contains("more than 128 files"));
}

#[test]
fn the_files_that_come_with_ponder_are_whole() {
    let share = root();
    let nodes = |name: &str, given: &[(&str, &str)]| {
        let file = find(name, Some(&share)).unwrap();
        let given: Vec<_> = given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let plan = Plan::new(&file, &share, &given, false).unwrap_or_else(|error| panic!("{error}"));
        assert!(plan.args.iter().all(|arg| !arg.description.is_empty()), "{name}: every argument is described");
        assert!(plan.jobs.iter().all(|job| job.respawn.is_some()), "{name}: nodes are started again");
        command::one_process(&plan.jobs).unwrap_or_else(|why| panic!("{name}: {why}"));
        plan.jobs
    };
    let names = |name: &str| nodes(name, &[]).into_iter().map(|job| job.exec).collect::<Vec<_>>();
    for all in ["tabletop", "mobile", "headless"] {
        assert_eq!(names(all), ["world", "act", "perceive", "reason"], "{all}");
    }
    assert_eq!(
        (names("control"), names("thinking")),
        (vec!["world".into(), "act".into()], vec!["perceive".into(), "reason".into()])
    );
    let real = nodes("real_arm", &[("robot", "/my/arm.yaml"), ("namespace", "left")]);
    assert!(real.iter().all(|job| job.namespace.as_deref() == Some("/left") && job.exec != "world"));
    let one = |key: &str, value: &str| Given::One(key.to_owned(), value.to_owned());
    assert!(real[0].params.contains(&one("robot", "'/my/arm.yaml'")));
    assert!(real.iter().all(|job| job.params.contains(&one("use_sim_time", "false"))));
    let headless = nodes("headless", &[("scene", "mobile"), ("robot", "rover")]);
    assert!(
        headless[0].params.contains(&one("camera_hz", "0.0")) && headless[0].params.contains(&one("scene", "'mobile'"))
    );
    assert!(headless[1].params.contains(&one("robot", "'rover'")));
    let unknown = find("no_such", Some(&share)).unwrap_err().to_string();
    assert!(unknown.contains("control, headless, mobile, real_arm, tabletop, thinking"), "{unknown}");
}

#[cfg(feature = "ros")]
#[test]
fn launch_files_name_only_parameters_that_nodes_have() {
    use crate::ros::NODES;
    assert_eq!(NODES.iter().map(|kind| kind.name).collect::<Vec<_>>(), super::NODES);
    let share = root();
    for name in ["tabletop", "mobile", "headless", "real_arm"] {
        let given = [("robot".to_owned(), "arm7".to_owned())];
        let plan = Plan::new(&find(name, Some(&share)).unwrap(), &share, &given, false).unwrap();
        for job in &plan.jobs {
            let kind = NODES.iter().find(|kind| kind.name == job.exec).unwrap();
            let known =
                |key: &str| ["use_sim_time", "autostart"].contains(&key) || kind.params.iter().any(|p| p.name == key);
            for param in &job.params {
                let keys = match param {
                    Given::One(key, _) => vec![key.clone()],
                    Given::File(path) => {
                        command::from_file(path, job).unwrap().into_iter().map(|(key, _)| key).collect()
                    }
                };
                assert!(!keys.is_empty(), "{name}: an empty file");
                for key in keys {
                    assert!(known(&key), "{name}: `{}` has no parameter `{key}`", job.exec);
                }
            }
        }
    }
}
