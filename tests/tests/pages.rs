//! The pages tell the truth about the tree: what they link to is there, and what they tell a reader to
//! `make` can be made.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::{fs, path::Path};

const PAGES: [&str; 2] = ["README.md", "ARCHITECTURE.md"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package stands in the workspace")
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Where the Markdown links of a page lead, those to other sites left out.
fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next())
        .filter(|to| !to.contains("://") && !to.is_empty())
}

/// The words after `make ` where a line of code or a code span starts with it.
fn made(page: &str) -> impl Iterator<Item = &str> {
    let starts = page.lines().chain(page.split('`'));
    starts.filter_map(|text| text.strip_prefix("make ")).filter_map(|rest| rest.split_whitespace().next())
}

#[test]
fn every_link_leads_somewhere() {
    for page in PAGES {
        let text = read(page);
        for to in links(&text) {
            assert!(root().join(to).exists(), "{page} links to {to}, which is not there");
        }
    }
}

#[test]
fn every_make_command_exists() {
    let makefile = read("Makefile");
    for page in PAGES {
        for target in made(&read(page)) {
            let rule = format!("\n{target}: ");
            assert!(makefile.contains(&rule), "{page} says `make {target}`; the Makefile has no such rule");
        }
    }
}

#[test]
fn links_and_commands_are_found() {
    let page = "See [a](x/y.rs#part), ![b](p.png), [c](https://there).\nmake run  # starts\nUse `make test-fast`; what we make up is no rule.";
    assert_eq!(links(page).collect::<Vec<_>>(), ["x/y.rs", "p.png"]);
    assert_eq!(made(page).collect::<Vec<_>>(), ["run", "test-fast"]);
}
