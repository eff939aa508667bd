//! Every `ponder` command that README.md tells a reader to type is typed, in the order of the page; but not those that
//! need a ROS 2 graph (`up`, `do`, `node`), which are left to the tests of the graph. Models come from a folder that has
//! a Janus of toy size under the name of the real one, and
//! the server of a remote reasoner is ours.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

#[path = "common/chat.rs"]
mod chat;

use std::path::Path;
use std::process::{Command, Stdio};

/// The commands of a page: its lines of code that start with `ponder `, without what follows a `#`, as words.
fn commands(page: &str) -> Vec<Vec<String>> {
    let code = page.split("```").skip(1).step_by(2).flat_map(str::lines);
    let typed = code.filter_map(|line| line.strip_prefix("ponder "));
    typed.map(|line| words(line.split(" # ").next().unwrap_or(line).trim())).collect()
}

/// Those that need a graph.
const OF_A_GRAPH: [&str; 3] = ["up", "do", "node"];

/// Words as a shell has them, double quotes holding together what stands in them.
fn words(line: &str) -> Vec<String> {
    let plain = |part: &str| part.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let parts = line.split('"').enumerate();
    parts.flat_map(|(i, part)| if i % 2 == 1 { vec![part.to_owned()] } else { plain(part) }).collect()
}

#[test]
#[ignore = "runs two hundred episodes: make test"]
fn every_command_of_the_readme_works() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let all: Vec<_> = commands(&page).into_iter().filter(|words| !OF_A_GRAPH.contains(&words[0].as_str())).collect();
    assert!(all.len() >= 6, "the page has commands: {all:?}");
    let dir = tempfile::tempdir().unwrap();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let model = dir.path().join("mirror/deepseek-ai/Janus-Pro-1B");
    std::fs::create_dir_all(&model).unwrap();
    for entry in std::fs::read_dir(sources.join("tests/parity/fixtures/janus_deepseek")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, model.join(path.file_name().unwrap())).unwrap();
    }
    let photo = sources.join("models/tests/fixtures/picture/photo_420.jpg");
    // Large enough for eye-nano to look at.
    let photo = image::open(photo).unwrap().resize_exact(325, 225, image::imageops::FilterType::Triangle);
    photo.save(dir.path().join("photo.jpg")).unwrap();
    let depth = image::ImageBuffer::from_pixel(photo.width(), photo.height(), image::Luma([1200u16]));
    depth.save(dir.path().join("depth.png")).unwrap();
    let server = chat::server(&[chat::Way::Reasons(chat::PLAN)]);
    for args in all {
        let here = |word: &String| if word == "http://localhost:8000/v1" { server.url.clone() } else { word.clone() };
        let args: Vec<String> = args.iter().map(here).collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ponder"));
        command.env("PONDER_MODELS", dir.path().join("models")).env("HF_ENDPOINT", dir.path().join("mirror"));
        let output = command.args(&args).current_dir(dir.path()).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "ponder {args:?} ended with {:?}: {said}", output.status.code());
    }
}

#[test]
fn commands_are_read_as_a_shell_would() {
    let page =
        "text ponder no\n```\nponder run \"a b\" --x 1   # why\nmake run\n```\nponder no\n```\nponder list skills\n```";
    let want = [vec!["run", "a b", "--x", "1"], vec!["list", "skills"]];
    assert_eq!(commands(page), want);
}
