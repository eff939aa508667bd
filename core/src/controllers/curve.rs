//! The way of the tool through space: a line, or a turn about an axis, by the share of it that is done.

use crate::{Pose, Rotation, Vec3};

/// Where the tool shall be at each share of a path.
#[derive(Clone, Copy, Debug)]
pub struct Curve {
    from: Pose,
    /// Turn about `about_m` at the end: axis times angle, radians; zero for a line.
    turn_rad: Vec3,
    about_m: Vec3,
    /// What the turn leaves to the end pose, spread evenly: an offset in the world, and a rotation in the tool.
    rest_m: Vec3,
    rest_rad: Vec3,
}

impl Curve {
    /// A straight line, turning on the shortest way.
    pub fn line(from: Pose, to: &Pose) -> Self {
        Self::arc(from, to, Vec3::zeros(), Vec3::zeros())
    }

    /// A circle about an axis through `about_m`; what it leaves to the end pose is spread evenly over it.
    pub fn arc(from: Pose, to: &Pose, about_m: Vec3, turn_rad: Vec3) -> Self {
        let bare = Self { from, turn_rad, about_m, rest_m: Vec3::zeros(), rest_rad: Vec3::zeros() };
        let end = bare.at(1.0);
        let rest_m = to.translation.vector - end.translation.vector;
        Self { rest_m, rest_rad: (end.rotation.inverse() * to.rotation).scaled_axis(), ..bare }
    }

    /// The tool's pose at a share of the path, 0 to 1.
    pub fn at(&self, share: f64) -> Pose {
        let turn = Rotation::from_scaled_axis(self.turn_rad * share);
        let radius_m = self.from.translation.vector - self.about_m;
        let place_m = self.about_m + turn * radius_m + self.rest_m * share;
        Pose::from_parts(place_m.into(), turn * self.from.rotation * Rotation::from_scaled_axis(self.rest_rad * share))
    }

    /// No less than the path's length, metres.
    pub fn length_m(&self) -> f64 {
        let radius_m = (self.from.translation.vector - self.about_m).cross(&self.turn_rad).norm();
        radius_m + self.rest_m.norm()
    }

    /// No less than the angle turned on it, radians.
    pub fn angle_rad(&self) -> f64 {
        self.turn_rad.norm() + self.rest_rad.norm()
    }
}
