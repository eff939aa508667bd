//! Makes what links MuJoCo find it again when it starts, wherever Cargo's target folder is: the
//! run-time path is the absolute folder that the set-up filled, then the binary's own folder, so
//! that `ponder` can be shipped with the library beside it. A link argument reaches only its own
//! package's binaries, tests and benches: hence every package that links sim names this script.

use std::{env, path::PathBuf};

const LIBRARY: &str = "libmujoco.so.3.17.0";

fn main() {
    println!("cargo::rerun-if-env-changed=MUJOCO_DYNAMIC_LINK_DIR");
    let dir = PathBuf::from(env::var_os("MUJOCO_DYNAMIC_LINK_DIR").unwrap_or_default());
    let library = dir.join(LIBRARY);
    println!("cargo::rerun-if-changed={}", library.display());
    if library.is_file() {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{}:$ORIGIN", dir.display());
    } else {
        println!("cargo::error={} is missing: run `make setup`", library.display());
    }
}
