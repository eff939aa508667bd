//! What lies flat is put where its colour ends. Depth says how high the floor is and nothing of where a mark on it begins;
//! from a camera low over the floor a pixel is a hand's breadth long, and colours are finer than the network's cells.

use ponder_core::image::CameraFrame;
use ponder_core::scene::SceneObject;
use ponder_core::{Pose, Vec3};

/// Farthest that it is looked for beside where it is said to be, of each half side.
const AROUND: f64 = 1.2;
/// A point seen farther than this from the plane of its upper side is of something else, metres.
const LEVEL_M: f64 = 0.02;
/// Colours nearer to each other than this are not told apart, of 255 in each of three.
const UNLIKE: f64 = 40.0;
/// Fewest pixels of it and of what is around it.
const FEWEST: usize = 12;
/// Length of a bin, of a side.
const BIN: f64 = 1.0 / 64.0;
/// What a side that is too long or too short by its own length costs, of all pixels.
const STIFF: f64 = 0.05;
/// Of the pixels where it is put so many are its own, and of its own so many are there; else it is left.
const PURE: f64 = 0.8;
/// Farthest that it is moved: what the network may be off by, of the picture's width.
const FARTHEST: f64 = 4.0 / 384.0;
/// Turns in which colours, and then sides, are found anew.
const TURNS: usize = 3;

/// A pixel that shows the plane of the thing's upper side.
struct Pixel {
    /// Where, from the thing's middle, as parts of its sides.
    at: [f64; 2],
    color: Vec3,
}

/// Moves a thing on its plane to where its colour is.
pub(super) fn settle(object: &mut SceneObject, frame: &CameraFrame) {
    let pixels = pixels(object, frame);
    let Some(is_its) = its(&pixels) else { return };
    let mut middle = [0.0; 2];
    for axis in [0, 1, 0, 1] {
        let across = 1 - axis;
        let beside = |pixel: &&(&Pixel, bool)| (pixel.0.at[across] - middle[across]).abs() < 0.5;
        let both: Vec<(&Pixel, bool)> = pixels.iter().zip(is_its.iter().copied()).collect();
        let along = both.iter().filter(beside).map(|(pixel, is)| (pixel.at[axis], *is));
        middle[axis] = span(along);
    }
    let is_there = |pixel: &Pixel| (0..2).all(|i| (pixel.at[i] - middle[i]).abs() < 0.5);
    let (mut there, mut own, mut both) = (0.0, 0.0, 0.0);
    for (pixel, is) in pixels.iter().zip(&is_its) {
        there += f64::from(u8::from(is_there(pixel)));
        own += f64::from(u8::from(*is));
        both += f64::from(u8::from(*is && is_there(pixel)));
    }
    let Pose { rotation, translation } = object.world_from_object;
    let by_m = Vec3::new(middle[0] * object.size_m.x, middle[1] * object.size_m.y, 0.0);
    // Along the line of sight a pixel is the longer, the farther off and the flatter it is seen.
    let way_m = translation.vector - frame.world_from_camera.translation.vector;
    let pixel_m = way_m.norm_squared() / way_m.z.abs().max(0.1) / frame.intrinsics.fx_px;
    if both < PURE * there || both < PURE * own || by_m.norm() > FARTHEST * frame.width_px as f64 * pixel_m {
        return;
    }
    object.world_from_object = Pose::from_parts((translation.vector + rotation * by_m).into(), rotation);
}

/// The pixels around it that show its plane.
fn pixels(object: &SceneObject, frame: &CameraFrame) -> Vec<Pixel> {
    let Some(depth_m) = frame.depth_m.as_deref() else { return Vec::new() };
    let object_from_camera = object.world_from_object.inverse() * frame.world_from_camera;
    let eye_m = object_from_camera.translation.vector;
    let top_m = object.size_m.z * 0.5;
    // Only where it may show: a corner behind the camera makes that all of the picture.
    let around_m = Vec3::new(2.0 * AROUND * object.size_m.x, 2.0 * AROUND * object.size_m.y, object.size_m.z);
    let (width, height) = (frame.width_px, frame.height_px);
    let bounds = frame.bounds_of(&object.world_from_object, &around_m);
    let px = |from: f64, to: f64, most: usize| from.floor().max(0.0) as usize..(to.ceil().max(0.0) as usize).min(most);
    let (columns, rows) =
        bounds.map_or((0..width, 0..height), |b| (px(b.left_px, b.right_px, width), px(b.top_px, b.bottom_px, height)));
    let all = rows.flat_map(|row| columns.clone().map(move |column| row * width + column));
    let mut pixels = Vec::new();
    for (i, depth_m) in all.filter_map(|i| Some((i, depth_m.get(i)?))).filter(|entry| entry.1.is_finite()) {
        let (x, y) = ((i % width) as f64, (i / width) as f64);
        let way = object_from_camera.rotation * frame.intrinsics.deproject(x, y, 1.0);
        let to_plane = (top_m - eye_m.z) / way.z;
        let at_m = eye_m + way * to_plane;
        let off_m = (f64::from(*depth_m) - to_plane) * way.z;
        let at = [at_m.x / object.size_m.x, at_m.y / object.size_m.y];
        if to_plane > 0.0 && off_m.abs() < LEVEL_M && at.iter().all(|at| at.abs() < AROUND) {
            let color = Vec3::from([0, 1, 2].map(|c| f64::from(frame.rgb.get(i * 3 + c).copied().unwrap_or_default())));
            pixels.push(Pixel { at, color });
        }
    }
    pixels
}

/// Which pixels are its own, by their colours; `None`: too few are seen or the colours are too much alike.
fn its(pixels: &[Pixel]) -> Option<Vec<bool>> {
    let mut is: Vec<bool> = pixels.iter().map(|p| p.at.iter().all(|at| at.abs() < 0.25)).collect();
    let mut not: Vec<bool> = pixels.iter().map(|p| p.at.iter().any(|at| at.abs() > 0.75)).collect();
    for _ in 0..TURNS {
        let (its, around) = (median(pixels, &is)?, median(pixels, &not)?);
        if (its - around).norm() < UNLIKE {
            return None;
        }
        is = pixels.iter().map(|p| (p.color - its).norm() < (p.color - around).norm()).collect();
        not = is.iter().map(|is| !is).collect();
    }
    Some(is)
}

/// The middle of some pixels' colours, channel by channel.
fn median(pixels: &[Pixel], which: &[bool]) -> Option<Vec3> {
    let mut channels: [Vec<f64>; 3] = Default::default();
    for (pixel, _) in pixels.iter().zip(which).filter(|entry| *entry.1) {
        (0..3).for_each(|c| channels[c].push(pixel.color[c]));
    }
    let middle = channels.map(|mut values| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().filter(|_| values.len() >= FEWEST)
    });
    Some(Vec3::new(middle[0]?, middle[1]?, middle[2]?))
}

/// The middle of the span that has most of its own pixels and fewest others; where an end is not in sight, its length tells.
fn span(pixels: impl Iterator<Item = (f64, bool)>) -> f64 {
    let bins = (2.0 * AROUND / BIN) as usize;
    let mut gain = vec![0.0; bins + 1];
    let mut count = 0.0;
    for (at, is) in pixels {
        let bin = (((at + AROUND) / BIN) as usize).min(bins - 1);
        gain[bin + 1] += if is { 1.0 } else { -1.0 };
        count += 1.0;
    }
    (0..bins).for_each(|i| gain[i + 1] += gain[i]);
    let mut best = (f64::MIN, 0.0);
    for from in 0..bins {
        for to in from + 1..=bins {
            let (low, high) = (from as f64 * BIN - AROUND, to as f64 * BIN - AROUND);
            let (middle, length) = (0.5 * (low + high), high - low);
            // Of equals the nearest counts.
            let worth = gain[to] - gain[from] - count * STIFF * ((length - 1.0).abs() + 0.02 * middle.abs());
            if worth > best.0 {
                best = (worth, middle);
            }
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::super::depth::tests::{object, seen};
    use super::*;

    /// A red zone on a grey floor, seen from a metre up; both lie where the depths say.
    fn view(zone: &SceneObject, color: [u8; 3]) -> CameraFrame {
        let floor = object("table", [20.0, 20.0, 0.01], [5.0, 0.0, -0.005], 0.0);
        let frame = seen(std::slice::from_ref(&floor));
        let depth_m = frame.depth_m.as_deref().unwrap_or_default();
        let paint = |i: usize| {
            let at = ((i % frame.width_px) as f64, (i / frame.width_px) as f64);
            let camera_m = frame.intrinsics.deproject(at.0, at.1, f64::from(depth_m[i]));
            let at_m = frame.world_from_camera.transform_point(&camera_m.into());
            let inside_m = zone.world_from_object.inverse_transform_point(&at_m).coords;
            if (0..2).all(|i| inside_m[i].abs() < zone.size_m[i] * 0.5) { color } else { [90, 92, 95] }
        };
        let rgb = (0..depth_m.len()).flat_map(paint).collect();
        CameraFrame { rgb, ..frame }
    }

    fn zone(at_m: [f64; 3], turn_rad: f64) -> SceneObject {
        object("zone", [0.6, 0.5, 0.002], at_m, turn_rad)
    }

    #[test]
    fn a_zone_is_put_where_its_colour_is() {
        for (at_m, off_m) in [([3.0, 0.2, -0.001], [0.12, 0.05]), ([2.2, -0.6, -0.001], [-0.06, 0.02])] {
            let truth = zone(at_m, 0.3);
            let frame = view(&truth, [200, 30, 30]);
            let mut said = zone([at_m[0] + off_m[0], at_m[1] + off_m[1], at_m[2]], 0.3);
            settle(&mut said, &frame);
            let after_m = (said.position_m() - truth.position_m()).norm();
            assert!(after_m < 0.4 * off_m[0].hypot(off_m[1]), "{after_m} of {off_m:?}");
        }
    }

    #[test]
    fn what_has_the_floors_colour_or_is_far_off_stays() {
        let truth = zone([3.0, 0.2, -0.001], 0.0);
        let off = zone([3.1, 0.2, -0.001], 0.0);
        for (frame, mut said) in [
            (view(&truth, [100, 100, 100]), off.clone()),
            (CameraFrame { depth_m: None, ..view(&truth, [200, 30, 30]) }, off),
            (view(&truth, [200, 30, 30]), zone([3.0, 1.2, -0.001], 0.0)),
        ] {
            let before = said.clone();
            settle(&mut said, &frame);
            assert_eq!(said, before);
        }
    }
}
