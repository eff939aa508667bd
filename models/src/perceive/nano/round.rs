//! Is it a ball or a block? From farther off the two are a few pixels alike, but their depths are not: a ball's lie on a
//! sphere of its size (least squares, twice without the tenth that fits worst), a block's on two or three planes.

use ponder_core::image::CameraFrame;
use ponder_core::scene::SceneObject;
use ponder_core::{Pose, Vec3};

use super::code::KIND;
use super::kinds::numbered;

/// Points this far from the middle are its own, of its largest side.
const OWN: f64 = 0.62;
/// What lies lower beside its middle may be what it lies on, of its size: at first, when the middle itself may be too low,
/// and then.
const LOW: [f64; 2] = [0.0, -0.3];
/// What lies higher over its top is another thing's, metres.
const HIGH_M: f64 = 0.01;
/// Off the sphere by less than this, of its size, it is a ball.
const ROUND: f64 = 0.008;
/// By more than this it is none.
const ANGULAR: f64 = 0.012;
/// The first sphere's size beside what was said: what may be a ball, and what can't be one.
const LIKE: std::ops::Range<f64> = 0.7..1.4;
const UNLIKE: std::ops::Range<f64> = 0.5..1.8;
/// The second, of the points about the first, is of its size but for so much.
const SAME: f64 = 0.2;
/// Fewest points.
const FEWEST: usize = 16;
/// Share of points that stays in each turn but the last, and turns.
const KEPT: f64 = 0.9;
const TURNS: usize = 3;

/// By so much the kind that the depths tell is likelier than any other, logarithm.
const SURE: f32 = 4.0;

/// Makes of a ball or a block what its depths tell: by `again` where it is the other of the two, a ball where its sphere is.
pub(super) fn settle(
    object: SceneObject,
    said: &mut [f32],
    frame: &CameraFrame,
    again: impl Fn(&[f32]) -> Option<SceneObject>,
) -> SceneObject {
    let kinds = ["ball", "block"];
    let Some(is) = kinds.iter().position(|kind| object.label.as_str() == *kind) else { return object };
    let Some(shape) = shape(&object, frame) else { return object };
    let told = usize::from(shape.is_none());
    if let [Some(right), Some(wrong)] = [told, 1 - told].map(|i| numbered(kinds[i]))
        && let Some(most) = [right, wrong].iter().filter_map(|i| said.get(KIND + i).copied()).max_by(f32::total_cmp)
        && let Some(number) = said.get_mut(KIND + right)
    {
        *number = most + SURE;
    }
    let mut object = if told == is { object } else { again(said).unwrap_or(object) };
    if let (Some(ball), "ball") = (shape, object.label.as_str()) {
        object.world_from_object = Pose::from_parts(ball.middle_m.into(), object.world_from_object.rotation);
        object.size_m = Vec3::repeat(ball.size_m);
    }
    object
}

/// The sphere on which the depths lie where a thing of this size is said to be, or that they lie on none. `None`: too little
/// is seen, or neither is clear.
fn shape(object: &SceneObject, frame: &CameraFrame) -> Option<Option<Ball>> {
    let size_m = object.size_m.max();
    // What is said of a thing that is taken for another may be off: a sphere found says better where its points are.
    let first = Ball::about(&object.position_m(), size_m, LOW[0], frame)?;
    let ratio = first.size_m / size_m;
    if !LIKE.contains(&ratio) {
        return (!UNLIKE.contains(&ratio)).then_some(None);
    }
    let ball = Ball::about(&first.middle_m, first.size_m, LOW[1], frame)?;
    let is_same = (ball.size_m / first.size_m - 1.0).abs() < SAME;
    let is_round = is_same && ball.off_m < ROUND * ball.size_m;
    // Noise makes a ball less round, and no block rounder.
    let is_none = ball.off_m > ANGULAR * ball.size_m + 2.0 * ball.noise_m;
    (is_round || is_none).then_some(Some(ball).filter(|_| is_round))
}

/// A sphere through points that are seen.
struct Ball {
    middle_m: Vec3,
    size_m: f64,
    /// How far off it the points are, root of the mean square.
    off_m: f64,
    noise_m: f64,
}

impl Ball {
    /// The one that fits what is seen about a middle; `None`: too little is.
    fn about(middle_m: &Vec3, size_m: f64, low: f64, frame: &CameraFrame) -> Option<Self> {
        let (mut points_m, noise_m) = points(middle_m, size_m, low, frame)?;
        let mut ball = Self { middle_m: *middle_m, size_m: f64::INFINITY, off_m: f64::INFINITY, noise_m };
        for turn in 0..TURNS {
            if points_m.len() < FEWEST {
                return None;
            }
            let Some((from_m, radius_m)) = sphere(&points_m) else { break };
            let off = |p: &Vec3| ((p - from_m).norm() - radius_m).abs();
            let square = points_m.iter().map(|p| off(p).powi(2)).sum::<f64>() / points_m.len() as f64;
            ball = Self { middle_m: middle_m + from_m, size_m: 2.0 * radius_m, off_m: square.sqrt(), noise_m };
            if turn + 1 < TURNS {
                points_m.sort_by(|a, b| off(a).total_cmp(&off(b)));
                points_m.truncate((points_m.len() as f64 * KEPT).ceil() as usize);
            }
        }
        Some(ball)
    }
}

/// The points seen about a middle, from there, and how noisy depths are at most: by how much they bend from pixel to pixel.
fn points(middle_m: &Vec3, size_m: f64, low: f64, frame: &CameraFrame) -> Option<(Vec<Vec3>, f64)> {
    let depth_m = frame.depth_m.as_deref()?;
    let camera_m = frame.world_from_camera.inverse_transform_point(&(*middle_m).into()).coords;
    if camera_m.z < 0.05 {
        return None;
    }
    let (column, row) = frame.intrinsics.project(&camera_m)?;
    let reach_px = frame.intrinsics.fx_px * size_m * OWN * 1.3 / camera_m.z;
    let span = |at: f64, of: usize| {
        (at - reach_px).floor().max(0.0) as usize..((at + reach_px).ceil().max(0.0) as usize + 1).min(of)
    };
    let (mut points_m, mut bends_m) = (Vec::new(), Vec::new());
    for y in span(row, frame.height_px) {
        for x in span(column, frame.width_px) {
            let at = |x: usize| depth_m.get(y * frame.width_px + x).copied().map(f64::from).filter(|m| m.is_finite());
            let Some(depth) = at(x) else { continue };
            let seen_m = frame.intrinsics.deproject(x as f64, y as f64, depth);
            let point_m = frame.world_from_camera.transform_point(&seen_m.into()).coords - middle_m;
            let is_level = (low * size_m..0.5 * size_m + HIGH_M).contains(&point_m.z);
            if is_level && point_m.norm() < OWN * size_m {
                points_m.push(point_m);
                if let (Some(left), Some(right)) = (x.checked_sub(1).and_then(at), at(x + 1)) {
                    bends_m.push((left - 2.0 * depth + right).abs());
                }
            }
        }
    }
    bends_m.sort_by(f64::total_cmp);
    // Of three like errors, one twice; half of all are within 0.67 of their spread.
    let noise_m = bends_m.get(bends_m.len() / 2).map_or(0.0, |bend| bend / (0.6745 * 6.0_f64.sqrt()));
    Some((points_m, noise_m))
}

/// The sphere that fits: about the points' mean `|q|² = 2 c·q + r² − |c|²` is linear in what is asked. `None`: they lie in
/// a plane.
fn sphere(points_m: &[Vec3]) -> Option<(Vec3, f64)> {
    let count = points_m.len() as f64;
    let mean_m = points_m.iter().sum::<Vec3>() / count;
    let about = || points_m.iter().map(|p| p - mean_m);
    let spread = about().map(|q| q * q.transpose()).reduce(|a, b| a + b)?;
    let middle_m = spread.try_inverse()? * about().map(|q| q * q.norm_squared()).sum::<Vec3>() * 0.5;
    let square = about().map(|q| q.norm_squared()).sum::<f64>() / count + middle_m.norm_squared();
    Some((mean_m + middle_m, square.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::super::code::OUTPUTS;
    use super::super::depth::tests::{object, seen};
    use super::*;

    /// Balls are seen as such, and blocks, turned this way and that, as none; of depths that jump nothing is said.
    #[test]
    fn depths_tell_balls_from_blocks() {
        for (x, y, z, turn) in [(0.15, 0.02, 0.95, 0.3), (0.17, -0.03, 0.94, 0.7), (0.14, 0.0, 0.96, 0.1)] {
            let ball = object("ball", [0.044; 3], [x, y, z], 0.0);
            let block = object("block", [0.04; 3], [x, y, z], turn);
            // Taken for a block, it is said to be smaller and lower than it is.
            let said = object("block", [0.041; 3], [x + 0.002, y - 0.001, z - 0.006], 0.1);
            let settled = |said: &SceneObject, frame: &CameraFrame| {
                settle(said.clone(), &mut [0.0; OUTPUTS], frame, |said| {
                    let is_ball = said[KIND + numbered("ball")?] > said[KIND + numbered("block")?];
                    Some(object(if is_ball { "ball" } else { "block" }, [0.041; 3], [x, y, z - 0.006], 0.1))
                })
            };
            let found = settled(&said, &seen(std::slice::from_ref(&ball)));
            assert_eq!(found.label.as_str(), "ball");
            assert!((found.position_m() - ball.position_m()).norm() < 1e-3 && (found.size_m.x - 0.044).abs() < 1e-3);
            let wrong = object("ball", [0.04; 3], [x, y, z], 0.0);
            assert_eq!(settled(&wrong, &seen(std::slice::from_ref(&block))).label.as_str(), "block");
            let mut rough = seen(std::slice::from_ref(&ball));
            let jumps = |(i, m): (usize, &f32)| m + [0.004, -0.003, 0.001][i % 3];
            rough.depth_m = rough.depth_m.map(|depth| depth.iter().enumerate().map(jumps).collect());
            for frame in [rough, seen(&[])] {
                assert_eq!(settled(&said, &frame), said);
            }
        }
    }
}
