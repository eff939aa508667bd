//! A short hand for drafting bodies out of primitives. Sets everything that matters on each geom, so that a thing
//! behaves the same in a scene of ours and in a foreign scene with defaults of its own.

use mujoco_rs::error::MjEditError;
use mujoco_rs::wrappers::mj_editing::{MjsBody, MjsGeom, MjsJoint, SpecItem};
use mujoco_rs::wrappers::mj_model::{MjtGeomBase, MjtJoint};
use ponder_core::{Rotation, Vec3};

/// Joint friction that holds without creeping (MuJoCo's solimp).
pub(super) const STIFF: [f64; 5] = [0.99, 0.999, 0.001, 0.5, 2.0];

/// How a surface looks and weighs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finish {
    /// Colour, linear 0…1, with opacity.
    pub rgba: [f32; 4],
    /// Density, kg/m³; 0 for scenery that is drawn and touches nothing.
    pub density_kg_m3: f64,
}

impl Finish {
    /// Something that is only looked at.
    pub const fn drawn(rgba: [f32; 4]) -> Self {
        Self { rgba, density_kg_m3: 0.0 }
    }
}

/// A body being drafted.
pub struct Draft<'a> {
    body: &'a mut MjsBody,
    id: &'a str,
    children: Vec<String>,
    /// The thing's own colour.
    pub rgba: [f32; 4],
}

impl<'a> Draft<'a> {
    /// Drafts into a body; names get `id/` in front.
    pub fn new(body: &'a mut MjsBody, id: &'a str, rgba: [f32; 4]) -> Self {
        Self { body, id, children: Vec::new(), rgba }
    }

    /// Names of the child bodies drafted so far.
    pub fn take_children(self) -> Vec<String> {
        self.children
    }

    /// The thing's colour at a density in kg/m³.
    pub fn own(&self, density_kg_m3: f64) -> Finish {
        Finish { rgba: self.rgba, density_kg_m3 }
    }

    /// The thing's colour, darker or lighter by a factor, at a density in kg/m³.
    pub fn shade(&self, factor: f32, density_kg_m3: f64) -> Finish {
        let [r, g, b, a] = self.rgba;
        let scaled = |channel: f32| (channel * factor).min(1.0);
        Finish { rgba: [scaled(r), scaled(g), scaled(b), a], density_kg_m3 }
    }

    /// A box by its centre and half extents, metres.
    pub fn cuboid(&mut self, center_m: [f64; 3], half_m: [f64; 3], finish: Finish) -> &mut MjsGeom {
        self.geom(MjtGeomBase::mjGEOM_BOX, center_m, half_m, finish)
    }

    /// A cylinder about z by its centre, radius and half height, metres.
    pub fn cylinder(&mut self, center_m: [f64; 3], radius_m: f64, half_m: f64, finish: Finish) -> &mut MjsGeom {
        self.geom(MjtGeomBase::mjGEOM_CYLINDER, center_m, [radius_m, half_m, 0.0], finish)
    }

    /// A ball by its centre and radius, metres.
    pub fn sphere(&mut self, center_m: [f64; 3], radius_m: f64, finish: Finish) -> &mut MjsGeom {
        self.geom(MjtGeomBase::mjGEOM_SPHERE, center_m, [radius_m, 0.0, 0.0], finish)
    }

    /// A rod along y with rounded ends by its centre, radius and half length, metres.
    pub fn rod_y(&mut self, center_m: [f64; 3], radius_m: f64, half_m: f64, finish: Finish) -> &mut MjsGeom {
        let geom = self.geom(MjtGeomBase::mjGEOM_CAPSULE, center_m, [radius_m, half_m, 0.0], finish);
        turn(geom, Rotation::from_axis_angle(&Vec3::x_axis(), std::f64::consts::FRAC_PI_2))
    }

    /// A ring of slanted boxes between two circles at two heights: the wall of bowls, plates and cups.
    pub fn ring(&mut self, ring: Ring, finish: Finish) {
        let Ring { low, high, thick_m, count } = ring;
        let step_rad = std::f64::consts::TAU / count as f64;
        let slope_m = Vec3::new(high.0 - low.0, 0.0, high.1 - low.1);
        let tilt_rad = slope_m.x.atan2(slope_m.z);
        let half_width_m = low.0.max(high.0) * (step_rad * 0.5).tan();
        for i in 0..count {
            let about = Rotation::from_axis_angle(&Vec3::z_axis(), step_rad * i as f64);
            let center_m = about * Vec3::new((low.0 + high.0) * 0.5, 0.0, (low.1 + high.1) * 0.5);
            let half_m = [thick_m * 0.5, half_width_m, slope_m.norm() * 0.5];
            let geom = self.cuboid(center_m.into(), half_m, finish);
            turn(geom, about * Rotation::from_axis_angle(&Vec3::y_axis(), tilt_rad));
        }
    }

    /// An open box by its centre, half extents and the thickness of its walls, metres.
    pub fn tray(&mut self, center_m: [f64; 3], half_m: Vec3, wall_m: f64, wall: Finish, floor: Finish) {
        let [x_m, y_m, z_m] = center_m;
        let half_wall_m = wall_m * 0.5;
        self.cuboid([x_m, y_m, z_m + half_wall_m - half_m.z], [half_m.x, half_m.y, half_wall_m], floor);
        let height_m = half_m.z - half_wall_m;
        for side in [-1.0, 1.0] {
            let front_m = [x_m + side * (half_m.x - half_wall_m), y_m, z_m + half_wall_m];
            let side_m = [x_m, y_m + side * (half_m.y - half_wall_m), z_m + half_wall_m];
            self.cuboid(front_m, [half_wall_m, half_m.y, height_m], wall);
            self.cuboid(side_m, [half_m.x - wall_m, half_wall_m, height_m], wall);
        }
    }

    /// A child body at a place in this one.
    ///
    /// # Errors
    /// A name that is taken.
    pub fn child(&mut self, name: &str, center_m: [f64; 3]) -> Result<Draft<'_>, MjEditError> {
        let body = self.body.add_body().with_pos(center_m);
        let name = format!("{}/{name}", self.id);
        body.set_name(&name)?;
        self.children.push(name);
        Ok(Draft { body, id: self.id, children: Vec::new(), rgba: self.rgba })
    }

    /// Lets this body slide along an axis from 0 to `range_m`.
    ///
    /// # Errors
    /// A name that is taken.
    pub fn slide(&mut self, name: &str, axis: [f64; 3], range_m: f64) -> Result<&mut MjsJoint, MjEditError> {
        self.joint(name, MjtJoint::mjJNT_SLIDE, axis, [0.0; 3], [0.0, range_m])
    }

    /// Lets this body turn about an axis through a point, over a range in radians.
    ///
    /// # Errors
    /// A name that is taken.
    pub fn hinge(
        &mut self,
        name: &str,
        axis: [f64; 3],
        at_m: [f64; 3],
        range_rad: [f64; 2],
    ) -> Result<&mut MjsJoint, MjEditError> {
        self.joint(name, MjtJoint::mjJNT_HINGE, axis, at_m, range_rad)
    }

    fn joint(
        &mut self,
        name: &str,
        kind: MjtJoint,
        axis: [f64; 3],
        at: [f64; 3],
        range: [f64; 2],
    ) -> Result<&mut MjsJoint, MjEditError> {
        let joint = self.body.add_joint().with_type(kind).with_axis(axis).with_pos(at).with_range(range);
        joint.with_limited(mujoco_rs::wrappers::mj_editing::MjtLimited::mjLIMITED_TRUE);
        joint.set_name(&format!("{}/{name}", self.id))?;
        Ok(joint)
    }

    fn geom(&mut self, shape: MjtGeomBase, at_m: [f64; 3], size_m: [f64; 3], finish: Finish) -> &mut MjsGeom {
        let solid = finish.density_kg_m3 > 0.0;
        let bit = i32::from(solid);
        let geom = self.body.add_geom().with_type(shape).with_pos(at_m).with_size(size_m).with_rgba(finish.rgba);
        geom.with_contype(bit).with_conaffinity(bit).with_group(if solid { 1 } else { 2 });
        geom.with_density(finish.density_kg_m3).with_condim(4).with_friction([0.8, 0.01, 0.0002]);
        geom.with_solref([0.01, 1.0]).with_solimp([0.95, 0.99, 0.001, 0.5, 2.0])
    }
}

/// A wall between two circles: (radius, height) in metres, low and high, of so many boxes.
#[derive(Clone, Copy, Debug)]
pub struct Ring {
    /// Lower circle: radius and height, metres.
    pub low: (f64, f64),
    /// Upper circle: radius and height, metres.
    pub high: (f64, f64),
    /// Thickness of the wall, metres.
    pub thick_m: f64,
    /// Number of boxes.
    pub count: usize,
}

fn turn(geom: &mut MjsGeom, rotation: Rotation) -> &mut MjsGeom {
    let q = rotation.quaternion();
    geom.with_quat([q.w, q.i, q.j, q.k])
}
