//! The robot, objects and cameras as rerun's archetypes. Entity paths are the names of the frames.

use std::collections::BTreeMap;
use std::sync::Arc;

use image::ImageEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use ponder_core::image::CameraFrame;
use ponder_core::observation::Observation;
use ponder_core::robot::RobotSpec;
use ponder_core::scene::{Affordance, SceneObject};
use ponder_core::{Pose, Vec3};
use ponder_sim::shapes::{Form, Mount, Shape};
use rerun::components::{FillMode, MediaType};
use rerun::{
    Boxes3D, Capsules3D, Color, Cylinders3D, Ellipsoids3D, EncodedDepthImage, EncodedImage,
    Pinhole, Quaternion, Transform3D,
};

/// Quality of the colour pictures, 1 to 100.
const JPEG_QUALITY: u8 = 80;
/// Depths are written in millimetres.
const DEPTH_UNITS_PER_M: f32 = 1000.0;

/// A vector as rerun takes it.
pub fn vec3(v: &Vec3) -> [f32; 3] {
    [v.x as f32, v.y as f32, v.z as f32]
}

/// A rotation as rerun takes it.
fn quaternion(pose: &Pose) -> Quaternion {
    let q = pose.rotation.coords;
    Quaternion::from_xyzw([q.x as f32, q.y as f32, q.z as f32, q.w as f32])
}

/// A pose as rerun takes it.
pub fn transform(parent_from_child: &Pose) -> Transform3D {
    Transform3D::from_translation(vec3(&parent_from_child.translation.vector))
        .with_quaternion(quaternion(parent_from_child))
}

/// Everything with a shape: what stands still, what moves with the robot, what is an object.
pub struct Scenery {
    spec: Arc<RobotSpec>,
    links: BTreeMap<String, Mount>,
    /// Entity path and primitive.
    primitives: Vec<(String, Shape)>,
}

/// Entity path of an object's true shape.
pub fn true_path(id: &str) -> String {
    format!("world/sim/{id}")
}

impl Scenery {
    /// A robot in its surroundings; there may be no shapes.
    pub fn new(spec: &Arc<RobotSpec>, shapes: &[Shape]) -> Self {
        let mut links = BTreeMap::new();
        let mut primitives = Vec::with_capacity(shapes.len());
        for (i, shape) in shapes.iter().enumerate() {
            let path = match shape.mount {
                Mount::World => format!("world/surroundings/{}/{i}", shape.link),
                Mount::Object(id) => format!("{}/{i}", true_path(&id)),
                Mount::Base | Mount::Joint(_) | Mount::Finger(_) => {
                    links.insert(shape.link.clone(), shape.mount);
                    format!("world/robot/{}/{i}", shape.link)
                }
            };
            primitives.push((path, shape.clone()));
        }
        Self {
            spec: spec.clone(),
            links,
            primitives,
        }
    }

    /// The robot.
    pub fn spec(&self) -> &RobotSpec {
        &self.spec
    }

    /// Entity paths and primitives.
    pub fn primitives(&self) -> &[(String, Shape)] {
        &self.primitives
    }

    /// Has the object of this name shapes?
    pub fn draws(&self, id: &str) -> bool {
        let of_it =
            |shape: &Shape| matches!(shape.mount, Mount::Object(object) if object.as_str() == id);
        self.primitives.iter().any(|(_, shape)| of_it(shape))
    }

    /// Entity paths and poses in the world of the robot's links, by its own kinematics.
    pub fn links(&self, observation: &Observation) -> Vec<(String, Pose)> {
        let frames = self
            .spec
            .arm
            .as_ref()
            .map(|arm| arm.chain.frames(&observation.joint_pos_rad));
        let frame = |i: usize| frames.as_ref().and_then(|frames| frames.get(i)).copied();
        let last = frames
            .as_ref()
            .and_then(|frames| frames.last())
            .copied()
            .unwrap_or_else(Pose::identity);
        let width_m = observation.gripper_width_m.unwrap_or(0.0);
        let pose = |mount: Mount| match mount {
            Mount::World | Mount::Object(_) => Pose::identity(),
            Mount::Base => observation
                .base
                .map_or_else(Pose::identity, |base| base.world_from_base),
            Mount::Joint(i) => frame(i).unwrap_or_else(Pose::identity),
            Mount::Finger(opens) => {
                last * Pose::translation(opens.x * width_m, opens.y * width_m, opens.z * width_m)
            }
        };
        self.links
            .iter()
            .map(|(name, mount)| (format!("world/robot/{name}"), pose(*mount)))
            .collect()
    }

    /// Pose of the tool in the world.
    pub fn tool(&self, observation: &Observation) -> Option<Pose> {
        self.spec
            .arm
            .as_ref()
            .map(|arm| arm.chain.world_from_tool(&observation.joint_pos_rad))
    }
}

/// One primitive, in its mount's frame.
pub fn primitive(shape: &Shape) -> Box<dyn rerun::AsComponents> {
    let at = [vec3(&shape.mount_from_shape.translation.vector)];
    let turned = [quaternion(&shape.mount_from_shape)];
    let [r, g, b, a] = shape.rgba;
    let color = [Color::from_unmultiplied_rgba(r, g, b, a)];
    match shape.form {
        Form::Box(half_m) => Box::new(
            Boxes3D::from_centers_and_half_sizes(at, [vec3(&half_m)])
                .with_quaternions(turned)
                .with_colors(color)
                .with_fill_mode(FillMode::Solid),
        ),
        Form::Ellipsoid(half_m) => Box::new(
            Ellipsoids3D::from_centers_and_half_sizes(at, [vec3(&half_m)])
                .with_quaternions(turned)
                .with_colors(color)
                .with_fill_mode(FillMode::Solid),
        ),
        Form::Cylinder { radius_m, length_m } => Box::new(
            Cylinders3D::from_lengths_and_radii([length_m as f32], [radius_m as f32])
                .with_centers(at)
                .with_quaternions(turned)
                .with_colors(color)
                .with_fill_mode(FillMode::Solid),
        ),
        Form::Capsule { radius_m, length_m } => {
            // Capsules start at their origin and reach along +z.
            let start = shape.mount_from_shape * Pose::translation(0.0, 0.0, -length_m / 2.0);
            Box::new(
                Capsules3D::from_lengths_and_radii([length_m as f32], [radius_m as f32])
                    .with_translations([vec3(&start.translation.vector)])
                    .with_quaternions(turned)
                    .with_colors(color)
                    .with_fill_mode(FillMode::Solid),
            )
        }
    }
}

/// An object as believed: a see-through box with its name, drawn over its shape where that is known.
pub fn belief(object: &SceneObject, has_shape: bool) -> Boxes3D {
    let [r, g, b] = object
        .color
        .map_or([170, 165, 155], ponder_core::scene::Color::rgb);
    let (fill, opacity) = if has_shape {
        (FillMode::MajorWireframe, 255)
    } else {
        (FillMode::TransparentFillMajorWireframe, 140)
    };
    Boxes3D::from_half_sizes([vec3(&(object.size_m / 2.0))])
        .with_colors([Color::from_unmultiplied_rgba(r, g, b, opacity)])
        .with_fill_mode(fill)
        .with_labels([object.id.as_str()])
        .with_show_labels(!object.can(Affordance::Fixed))
}

/// A camera's pinhole.
pub fn pinhole(frame: &CameraFrame) -> Pinhole {
    let i = frame.intrinsics;
    Pinhole::from_focal_length_and_resolution(
        [i.fx_px as f32, i.fy_px as f32],
        [frame.width_px as f32, frame.height_px as f32],
    )
    .with_principal_point([i.cx_px as f32, i.cy_px as f32])
    .with_camera_xyz(rerun::components::ViewCoordinates::RDF)
    .with_image_plane_distance(0.12)
}

/// Its colours as JPEG.
///
/// # Errors
/// When the pixels are not as many as the size says.
pub fn colours(frame: &CameraFrame) -> Result<EncodedImage, image::ImageError> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY).write_image(
        &frame.rgb,
        frame.width_px as u32,
        frame.height_px as u32,
        image::ExtendedColorType::Rgb8,
    )?;
    Ok(EncodedImage::new(jpeg).with_media_type(MediaType::JPEG))
}

/// Its depths as PNG, 16 bits, millimetres; 0 where there is none.
///
/// # Errors
/// When the pixels are not as many as the size says.
pub fn depths(frame: &CameraFrame) -> Result<Option<EncodedDepthImage>, image::ImageError> {
    let Some(depth_m) = &frame.depth_m else {
        return Ok(None);
    };
    let bytes: Vec<u8> = depth_m
        .iter()
        .flat_map(|m| {
            ((m * DEPTH_UNITS_PER_M)
                .round()
                .clamp(0.0, f32::from(u16::MAX)) as u16)
                .to_ne_bytes()
        })
        .collect();
    let mut png = Vec::new();
    PngEncoder::new_with_quality(&mut png, CompressionType::Default, FilterType::Up).write_image(
        &bytes,
        frame.width_px as u32,
        frame.height_px as u32,
        image::ExtendedColorType::L16,
    )?;
    Ok(Some(
        EncodedDepthImage::new(png)
            .with_media_type(MediaType::PNG)
            .with_meter(DEPTH_UNITS_PER_M),
    ))
}
