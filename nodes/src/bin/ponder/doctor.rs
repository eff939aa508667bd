//! `ponder doctor`: what is here, what is missing, what to install. Everything is tried for real where that is possible.

use std::fs::read_to_string;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use ponder_core::observation::Observation;
use ponder_core::world::{Want, World};
use ponder_nodes::terminal::{BAD, DIM, GOOD, HEAD, WARN};
use ponder_nodes::viewer;
use ponder_sim::{Scenario, SimError, SimWorld};
use serde::Serialize;

use crate::args::DoctorArgs;

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
/// What `ponder run` takes, GiB, with room.
const MEMORY_GIB: f64 = 1.0;
const DISK_GIB: f64 = 0.5;
/// Periods of physics that are tried.
const PERIODS: u32 = 250;
/// Pictures of every camera that are tried.
const PICTURES: u32 = 5;

/// How something stands.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    /// `ponder run` can't work without it.
    Missing,
    /// Something else can't.
    Optional,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    state: State,
    found: String,
    remedy: Option<String>,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, state: State::Ok, found: found.into(), remedy: None }
    }

    fn missing(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, state: State::Missing, found: found.into(), remedy: Some(remedy.into()) }
    }

    fn optional(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, state: State::Optional, found: found.into(), remedy: Some(remedy.into()) }
    }
}

/// Looks at everything and prints it.
pub fn doctor(args: &DoctorArgs) -> anyhow::Result<u8> {
    let mut checks = vec![processor(), memory(), disk()];
    checks.extend(simulation());
    checks.extend([rerun_viewer(), ros(), gpu()]);
    let works = checks.iter().all(|check| check.state != State::Missing);
    let mut out = anstream::stdout().lock();
    if args.json {
        let all = serde_json::json!({"works": works, "ponder": env!("CARGO_PKG_VERSION"), "checks": checks});
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(u8::from(!works));
    }
    writeln!(out, "{HEAD}Ponder {}{HEAD:#}", env!("CARGO_PKG_VERSION"))?;
    for Check { name, state, found, remedy } in &checks {
        let (word, style) = match state {
            State::Ok => ("ok", GOOD),
            State::Missing => ("missing", BAD),
            State::Optional => ("not here", WARN),
        };
        writeln!(out, "{style}{word:<9}{style:#} {name:<12} {found}")?;
        if let Some(remedy) = remedy {
            writeln!(out, "{:22} {DIM}{remedy}{DIM:#}", "")?;
        }
    }
    let verdict =
        if works { format!("{GOOD}can work here{GOOD:#}") } else { format!("{BAD}can't work here yet{BAD:#}") };
    writeln!(out, "\n`ponder run` {verdict}")?;
    Ok(u8::from(!works))
}

fn processor() -> Check {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1));
    Check::ok("processor", format!("{} × {}", cores, model.unwrap_or(std::env::consts::ARCH)))
}

fn memory() -> Check {
    let info = read_to_string("/proc/meminfo").unwrap_or_default();
    let gib = |field: &str| {
        let line = info.lines().find(|line| line.starts_with(field))?;
        let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib * 1024.0 / GIB)
    };
    let (Some(total), Some(free)) = (gib("MemTotal:"), gib("MemAvailable:")) else {
        return Check::optional("memory", "unknown: /proc/meminfo can't be read", "have at least 1 GiB free");
    };
    let found = format!("{free:.1} GiB free of {total:.1} GiB");
    if free >= MEMORY_GIB {
        Check::ok("memory", found)
    } else {
        Check::missing("memory", found, "have at least 1 GiB free")
    }
}

fn disk() -> Check {
    let Ok(stat) = rustix::fs::statvfs(".") else {
        return Check::missing("disk", "this folder can't be read", "go to another");
    };
    let gib = stat.f_bavail as f64 * stat.f_frsize as f64 / GIB;
    let found = format!("{gib:.1} GiB free here");
    if gib >= DISK_GIB {
        Check::ok("disk", found)
    } else {
        Check::missing("disk", found, "have at least 0.5 GiB free for recordings and journals")
    }
}

/// MuJoCo, the scenes and the pictures, each really tried.
fn simulation() -> Vec<Check> {
    let mut checks = vec![Check::ok("MuJoCo", format!("{}, loaded", ponder_sim::mujoco_version()))];
    let open = || {
        let scenario = Scenario::find("tabletop")?;
        SimWorld::open(&scenario.scene, 1, &scenario.folder)
    };
    let mut world = match open() {
        Ok(world) => world,
        Err(error) => {
            checks.push(Check::missing("physics", error.to_string(), "this is a fault of Ponder: please report it"));
            return checks;
        }
    };
    checks.push(physics(&mut world).unwrap_or_else(|e| Check::missing("physics", e.to_string(), "please report it")));
    checks.push(pictures(&mut world));
    checks
}

fn physics(world: &mut SimWorld) -> Result<Check, SimError> {
    let (begun, start) = (Instant::now(), world.now());
    for _ in 0..PERIODS {
        world.advance().map_err(|e| SimError::State(e.to_string()))?;
    }
    let speed = world.now().since_s(start) / begun.elapsed().as_secs_f64();
    Ok(Check::ok("physics", format!("the tabletop scene runs at {speed:.0} × real time on one core")))
}

fn pictures(world: &mut SimWorld) -> Check {
    let want = Want { cameras: true, truth: false };
    let mut observation = Observation::default();
    let mut shoot = || world.observe(want, &mut observation).map(|()| observation.cameras.len());
    let cameras = match shoot() {
        Ok(cameras) => cameras as u32,
        Err(error) => {
            let remedy = "install EGL with a driver (Debian, Ubuntu: libegl1 libgl1-mesa-dri), or run with --no-camera";
            return Check::optional("pictures", error.to_string(), remedy);
        }
    };
    let begun = Instant::now();
    let worked = (0..PICTURES).all(|_| shoot().is_ok());
    let each_ms = begun.elapsed().as_secs_f64() * 1e3 / f64::from(PICTURES * cameras.max(1));
    if worked {
        Check::ok("pictures", format!("RGB and depth of {cameras} cameras, {each_ms:.1} ms a picture"))
    } else {
        Check::optional("pictures", "the second picture failed", "run with --no-camera")
    }
}

fn rerun_viewer() -> Check {
    match viewer::find() {
        Ok(path) => Check::ok("viewer", format!("rerun {} ({})", viewer::VERSION, path.display())),
        Err(error) => Check::optional("viewer", error.to_string(), "needed for --view only: `make viewer`"),
    }
}

/// Found, sourced, built?
fn ros() -> Check {
    const NAME: &str = "ROS 2";
    if cfg!(feature = "ros") {
        let distro = std::env::var("ROS_DISTRO").unwrap_or_else(|_| "sourced".to_owned());
        return Check::ok(NAME, format!("{distro}, and this `ponder` has its nodes"));
    }
    let remedy = "needed for ROS nodes only: `make ros` in the source tree, then `source .deps/ros/setup.sh`";
    if std::env::var_os("AMENT_PREFIX_PATH").is_some_and(|prefix| !prefix.is_empty()) {
        return Check::optional(NAME, "sourced, but this `ponder` was built without it", remedy);
    }
    let installed = std::fs::read_dir("/opt/ros").into_iter().flatten().flatten();
    let installed: Vec<String> = installed.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    match installed.as_slice() {
        [] => Check::optional(NAME, "none", format!("{remedy}; it fetches ROS 2 Jazzy")),
        all => Check::optional(NAME, format!("{} installed, not sourced", all.join(", ")), remedy),
    }
}

fn gpu() -> Check {
    let driver = read_to_string("/proc/driver/nvidia/version").ok();
    let list = Command::new("nvidia-smi")
        .args(["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"])
        .output()
        .ok()
        .filter(|output| output.status.success());
    let cards = list.map(|output| String::from_utf8_lossy(&output.stdout).trim().replace('\n', "; "));
    let toolkit = ["/usr/local/cuda", "/opt/cuda"].iter().any(|dir| Path::new(dir).is_dir());
    let toolkit = if toolkit { "CUDA toolkit here" } else { "no CUDA toolkit" };
    match (cards, driver) {
        (Some(cards), _) => Check::ok("GPU", format!("{cards}; {toolkit}")),
        (None, Some(_)) => {
            Check::optional("GPU", "a driver, but nvidia-smi does not answer", "reinstall the NVIDIA driver's tools")
        }
        (None, None) => Check::optional("GPU", "no NVIDIA driver", "needed for fast learned models only"),
    }
}
