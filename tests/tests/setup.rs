//! The set-up in a checkout of its own: it gets the pinned MuJoCo, mends a broken one, refuses what
//! it cannot use, and names the same versions as the manifests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package stands in the workspace")
}

fn checkout() -> TempDir {
    let dir = TempDir::new().expect("a temporary folder");
    for file in ["setup.sh", "rust-toolchain.toml"] {
        fs::copy(root().join(file), dir.path().join(file)).expect("a copy");
    }
    dir
}

fn set_up(checkout: &TempDir, adjust: impl FnOnce(&mut Command)) -> (Output, String) {
    // By its interpreter: a file that was just written can't be executed while another test's thread is between
    // fork and exec and so still holds it open for writing.
    let mut command = Command::new("bash");
    adjust(command.arg(checkout.path().join("setup.sh")).env_remove("MUJOCO_DYNAMIC_LINK_DIR"));
    let output = command.output().expect("bash starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, said)
}

#[test]
#[ignore = "downloads 26 MB: make test"]
fn a_bare_checkout_gets_the_library_and_a_broken_one_is_mended() {
    let checkout = checkout();
    let (output, said) = set_up(&checkout, |_| ());
    if said.contains("could not be had") {
        eprintln!("skipped, no network: {said}");
        return;
    }
    assert!(output.status.success(), "{said}");
    let folder = checkout.path().join(".deps/mujoco");
    let library = folder.join("libmujoco.so.3.17.0");
    let pinned = fs::read(&library).expect("the library");
    assert_eq!(fs::read(folder.join("libmujoco.so")).expect("what the linker looks for"), pinned);

    let (output, said) = set_up(&checkout, |_| ());
    assert!(output.status.success() && said.is_empty(), "the second time there is nothing to do: {said}");

    fs::write(&library, &pinned[..pinned.len() / 2]).expect("half a library");
    let (output, said) = set_up(&checkout, |_| ());
    assert!(output.status.success() && said.contains("getting mujoco"), "{said}");
    assert_eq!(fs::read(&library).expect("the library again"), pinned);
    let left_over = fs::read_dir(checkout.path().join(".deps")).expect("a listing").count();
    assert_eq!(left_over, 2, "only mujoco and the lock stay");
}

#[test]
#[ignore = "asks for 26 MB where there is no network: make test"]
fn without_the_package_nothing_is_left_that_looks_like_one() {
    let checkout = checkout();
    let (output, said) = set_up(&checkout, |command| {
        command.envs([("PIP_NO_INDEX", "1"), ("PIP_FIND_LINKS", "")]);
    });
    assert!(!output.status.success());
    assert!(said.contains("mujoco 3.17.0 could not be had"), "{said}");
    assert!(!checkout.path().join(".deps/mujoco/libmujoco.so").exists());
}

#[test]
fn a_mujoco_of_ones_own_must_be_the_right_one() {
    let checkout = checkout();
    for folder in ["relative", "/nowhere"] {
        let (output, said) = set_up(&checkout, |command| {
            command.env("MUJOCO_DYNAMIC_LINK_DIR", folder);
        });
        assert!(!output.status.success() && said.contains(folder) && said.contains("unset it"), "{said}");
    }
    let own = TempDir::new().expect("a temporary folder");
    for name in ["libmujoco.so", "libmujoco.so.3.17.0"] {
        fs::write(own.path().join(name), "").expect("a file");
    }
    let (output, said) = set_up(&checkout, |command| {
        command.env("MUJOCO_DYNAMIC_LINK_DIR", own.path());
    });
    assert!(output.status.success(), "{said}");
}

#[test]
fn every_file_names_the_same_versions() {
    let read = |file: &str| fs::read_to_string(root().join(file)).expect("a file");
    let (setup, workspace, lock) = (read("setup.sh"), read("Cargo.toml"), read("Cargo.lock"));
    let pinned = |name: &str| {
        let line = setup.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.and_then(|line| line.split(' ').next()).expect("a pin in setup.sh").to_owned()
    };
    let rust = pinned("RUST");
    assert!(read("rust-toolchain.toml").contains(&format!("channel = \"{rust}\"")));
    assert!(
        rust.starts_with(workspace.split_once("rust-version = \"").expect("a version").1.split('"').next().unwrap())
    );
    assert!(workspace.contains(&format!("rerun = {{ version = \"={}\"", pinned("RERUN"))));
    assert!(lock.contains(&format!("+mj-{}\"", pinned("MUJOCO"))));
    assert!(read("sim/build.rs").contains(&format!("libmujoco.so.{}\"", pinned("MUJOCO"))));
}
