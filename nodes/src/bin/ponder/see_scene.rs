//! `ponder see --depth`: a picture with its depth picture, and the scene in it as the planner takes it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use image::{DynamicImage, ImageFormat, ImageReader, Limits};
use ponder_core::Stamp;
use ponder_core::image::{CameraFrame, CameraName, Intrinsics};
use ponder_core::observation::Observation;
use ponder_core::perceiver::{Look, PerceiveError};
use ponder_core::scene::Scene;
use ponder_core::thinker::Cancel;
use ponder_core::view::View;
use ponder_models::picture::{self, Picture};
use ponder_nodes::stages::Eyes;
use ponder_nodes::terminal::{DIM, HEAD};
use ponder_sim::robots::RobotSource;

use super::see::INTERRUPTED;
use crate::args::SeeArgs;

/// Most columns or rows of a depth picture.
const MOST_PX: u32 = 8192;

/// Looks, once, and tells what is where.
pub fn see(args: &SeeArgs, depth: &Path, stop: &Cancel) -> anyhow::Result<u8> {
    let frame = frame(args, depth)?;
    let robot = RobotSource::load(&args.camera.robot, Path::new("."))?.checked()?;
    let eyes = Eyes::open(args.model.as_deref().unwrap_or("eye-nano"))?;
    if eyes.wants().truth {
        bail!("{} believes what a simulator knows, and a photo has none: name an eye or a Janus", eyes.name());
    }
    let mut observation = Observation::default();
    let full = observation.cameras.try_push(frame).is_err();
    anyhow::ensure!(!full, "no room for a picture");
    let look = Look { observation, before: None };
    let scene = match eyes.perceiver().perceive(&look, &robot, stop) {
        Err(PerceiveError::Cancelled) => return Ok(INTERRUPTED),
        seen => seen?,
    };
    let text = serde_json::to_string_pretty(&scene)?;
    if let Some(path) = &args.camera.save_scene {
        std::fs::write(path, &text).with_context(|| format!("{} can't be written", path.display()))?;
    }
    if args.json {
        println!("{text}");
    } else {
        tell(eyes.name(), &scene)?;
    }
    Ok(0)
}

fn frame(args: &SeeArgs, depth: &Path) -> anyhow::Result<CameraFrame> {
    let picture = picture::read(&args.picture).with_context(|| args.picture.display().to_string())?;
    let depth_m = depths(depth, &picture).with_context(|| depth.display().to_string())?;
    let camera = &args.camera;
    // The command line asks for both beside a depth picture.
    let (eye_m, target_m) = camera.eye_m.zip(camera.target_m).context("where does the camera stand?")?;
    let pose = View { eye_m, target_m, ..View::TABLE }.world_from_camera();
    let world_from_camera = pose.context("the camera looks nowhere, or straight up or down")?;
    let focal_px = picture.height_px as f64 * 0.5 / (camera.fov_deg.to_radians() * 0.5).tan();
    let middle = |count: usize| (count as f64 - 1.0) * 0.5;
    Ok(CameraFrame {
        name: CameraName::from("scene").map_err(|_| anyhow::anyhow!("no such camera"))?,
        stamp: Stamp::default(),
        width_px: picture.width_px,
        height_px: picture.height_px,
        intrinsics: Intrinsics {
            fx_px: focal_px,
            fy_px: focal_px,
            cx_px: middle(picture.width_px),
            cy_px: middle(picture.height_px),
        },
        rgb: picture.rgb.into(),
        depth_m: Some(depth_m),
        world_from_camera,
    })
}

/// Millimetres in 16 bits, as depth cameras write them; 0 is none (REP-118).
fn depths(path: &Path, picture: &Picture) -> anyhow::Result<Arc<[f32]>> {
    let mut reader = ImageReader::open(path)?;
    reader.set_format(ImageFormat::Png);
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MOST_PX), Some(MOST_PX));
    reader.limits(limits);
    let DynamicImage::ImageLuma16(all) = reader.decode()? else {
        bail!("a depth picture is a PNG of one channel in 16 bits, millimetres");
    };
    let (width, height) = (all.width() as usize, all.height() as usize);
    if (width, height) != (picture.width_px, picture.height_px) {
        bail!("{width} × {height} depths for a picture of {} × {}", picture.width_px, picture.height_px);
    }
    let depth_m = |mm: u16| if mm == 0 { f32::NAN } else { f32::from(mm) * 1e-3 };
    Ok(all.into_raw().into_iter().map(depth_m).collect())
}

fn tell(name: &str, scene: &Scene) -> std::io::Result<()> {
    use std::io::Write;
    let mut out = anstream::stdout().lock();
    for object in &scene.objects {
        let (at_m, size_m) = (object.position_m(), object.size_m);
        let numbers = |v: &ponder_core::Vec3| format!("{:7.3} {:7.3} {:7.3}", v.x, v.y, v.z);
        writeln!(
            out,
            "{HEAD}{:<16}{HEAD:#} {:<10} at {} m {DIM}size {} m, score {:.2}{DIM:#}",
            object.id.as_str(),
            object.label.as_str(),
            numbers(&at_m),
            numbers(&size_m),
            object.score
        )?;
    }
    if scene.objects.is_empty() {
        writeln!(out, "nothing")?;
    }
    writeln!(out, "{DIM}{} things, by {name}{DIM:#}", scene.objects.len())
}
