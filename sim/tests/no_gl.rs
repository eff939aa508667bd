//! Without GL the error says what to install, and everything but pictures goes on. The test runs itself again in a
//! process that can't find any EGL vendor.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use ponder_core::observation::Observation;
use ponder_core::world::{Want, World};
use ponder_sim::{SceneSpec, SimWorld};

const VENDORS: &str = "__EGL_VENDOR_LIBRARY_FILENAMES";
const NOWHERE: &str = "/dev/null";

#[test]
fn pictures_need_gl_and_nothing_else_does() {
    if std::env::var(VENDORS).is_ok_and(|v| v == NOWHERE) {
        return without_gl();
    }
    let again = Command::new(std::env::current_exe().unwrap()).env(VENDORS, NOWHERE).output().unwrap();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stdout));
}

fn without_gl() {
    let scene = SceneSpec::parse("objects: [{kind: block, at: {x_m: 0.5}}]", "test").unwrap();
    let mut world = SimWorld::open(&scene, 1, Path::new(".")).unwrap();
    let mut seen = Observation::default();
    let look = Want { cameras: true, truth: false };
    let error = world.observe(look, &mut seen).unwrap_err().to_string();
    assert!(error.contains("libegl1") && error.contains("no pictures"), "{error}");
    world.observe(Want { cameras: false, truth: true }, &mut seen).unwrap();
    assert_eq!(seen.truth.as_ref().unwrap().objects.len(), 2);
    world.advance().unwrap();
    assert!(world.observe(look, &mut seen).is_err(), "and says so again");
}
