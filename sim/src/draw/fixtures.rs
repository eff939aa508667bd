//! What surroundings bring along by themselves: a table, walls, a camera.

use crate::rng::Range;
use crate::scene::{At, CameraSpec, ObjectSpec, Surroundings};

/// The camera of a scene that names none: over a table from in front of the robot, over a room from behind and above.
pub(super) fn usual_camera(world: &Surroundings) -> CameraSpec {
    let usual = CameraSpec::default();
    match world {
        Surroundings::Room { size_m } => {
            let far_m = size_m[0].max(size_m[1]);
            let eye_m = [-0.85 * far_m, 0.0, 0.95 * far_m].map(Range::Exactly);
            CameraSpec { eye_m, target_m: [-0.04 * far_m, 0.0, 0.0].map(Range::Exactly), ..usual }
        }
        _ => usual,
    }
}

/// What the surroundings bring along.
pub(super) fn fixtures(world: &Surroundings) -> Vec<ObjectSpec> {
    let fixed = |kind: &str, id: String, x_m: f64, y_m: f64, bottom_z_m: f64| {
        let spec = ObjectSpec::new(kind, x_m, y_m);
        ObjectSpec { id: Some(id), at: At { bottom_z_m, ..spec.at.clone() }, ..spec }
    };
    match world {
        Surroundings::Tabletop => vec![fixed("table", "table".to_owned(), 0.35, 0.0, -0.04)],
        Surroundings::Room { size_m: [x_m, y_m] } => {
            let thick_m = 0.1;
            let walls = [
                (0.0, y_m * 0.5, *x_m, 0.0),
                (0.0, -y_m * 0.5, *x_m, 0.0),
                (x_m * 0.5, 0.0, *y_m, 1.0),
                (-x_m * 0.5, 0.0, *y_m, 1.0),
            ];
            let wall = |(i, (x, y, long_m, quarter)): (usize, (f64, f64, f64, f64))| {
                let out_m = |v: f64| v + v.signum() * thick_m * 0.5 * f64::from(u8::from(v != 0.0));
                let mut spec = fixed("wall", format!("wall_{}", i + 1), out_m(x), out_m(y), 0.0);
                spec.size_m = Some([long_m + 2.0 * thick_m, thick_m, 0.8].map(Range::Exactly));
                spec.at.yaw_rad = Range::Exactly(quarter * std::f64::consts::FRAC_PI_2);
                spec
            };
            walls.into_iter().enumerate().map(wall).collect()
        }
        Surroundings::Floor | Surroundings::Mjcf(_) => Vec::new(),
    }
}
