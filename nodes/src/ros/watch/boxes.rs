//! What is believed to be where: boxes with labels, in the frame that the message names.

use ponder_core::scene::Color;
use r2r::geometry_msgs::msg::{Pose, Vector3};
use r2r::ponder_msgs::msg::Scene;
use r2r::vision_msgs::msg::{Detection2DArray, Detection3DArray, ObjectHypothesisWithPose};
use rerun::components::FillMode;
use rerun::{Boxes2D, Boxes3D};

use super::pen::Pen;
use super::space::{frame, quaternion, vec3};
use super::table::Topic;

/// Most boxes of one message that are shown.
const MOST: usize = 1024;
/// Colour of what has none.
const GREY: [u8; 3] = [170, 165, 155];

#[derive(Default)]
struct Boxes {
    centers: Vec<[f32; 3]>,
    halves: Vec<[f32; 3]>,
    turned: Vec<rerun::Quaternion>,
    labels: Vec<String>,
    colors: Vec<rerun::Color>,
}

impl Boxes {
    /// Adds one; what is not finite is left out.
    fn add(&mut self, pose: &Pose, size: &Vector3, label: String, color: [u8; 3]) {
        let (at, half) = (vec3(&pose.position), [size.x, size.y, size.z].map(|x| x as f32 / 2.0));
        if self.centers.len() >= MOST || !at.iter().chain(&half).all(|x| x.is_finite()) {
            return;
        }
        // A detector that knows no rotation leaves it at zeros.
        let turned = quaternion(&pose.orientation).unwrap_or([0.0, 0.0, 0.0, 1.0]);
        self.centers.push(at);
        self.halves.push(half);
        self.turned.push(rerun::Quaternion::from_xyzw(turned));
        self.labels.push(label);
        let [r, g, b] = color;
        self.colors.push(rerun::Color::from_rgb(r, g, b));
    }

    fn write(self, pen: &mut Pen, topic: &Topic, frame_id: &str) {
        pen.attach(&topic.path, frame(frame_id));
        let boxes = Boxes3D::from_centers_and_half_sizes(self.centers, self.halves)
            .with_quaternions(self.turned)
            .with_labels(self.labels)
            .with_colors(self.colors)
            .with_fill_mode(FillMode::MajorWireframe);
        pen.write(topic.path.as_str(), &boxes);
    }
}

/// A scene of ours.
pub fn scene(pen: &mut Pen, topic: &mut Topic, message: Scene) {
    pen.at(topic, &message.header.stamp);
    let mut boxes = Boxes::default();
    for object in &message.objects {
        let known = Color::ALL.iter().find(|(_, name, _, _)| *name == object.color);
        let held = if object.id == message.holding { " (held)" } else { "" };
        let color = known.map_or(GREY, |(color, ..)| color.rgb());
        boxes.add(&object.pose, &object.size, format!("{}{held}", object.id), color);
    }
    boxes.write(pen, topic, &message.header.frame_id);
}

/// Detections in space.
pub fn solid(pen: &mut Pen, topic: &mut Topic, message: Detection3DArray) {
    pen.at(topic, &message.header.stamp);
    let mut boxes = Boxes::default();
    for found in &message.detections {
        boxes.add(&found.bbox.center, &found.bbox.size, label(&found.id, &found.results), GREY);
    }
    boxes.write(pen, topic, &message.header.frame_id);
}

/// Detections in a picture.
pub fn flat(pen: &mut Pen, topic: &mut Topic, message: Detection2DArray) {
    pen.at(topic, &message.header.stamp);
    let (mut centers, mut halves, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for found in message.detections.iter().take(MOST) {
        let at = &found.bbox.center.position;
        let numbers = [at.x, at.y, found.bbox.size_x / 2.0, found.bbox.size_y / 2.0].map(|x| x as f32);
        if numbers.iter().all(|x| x.is_finite()) {
            let [x, y, half_width, half_height] = numbers;
            centers.push([x, y]);
            halves.push([half_width, half_height]);
            labels.push(label(&found.id, &found.results));
        }
    }
    let plane = pen.frames.of_picture(&topic.name, &message.header.frame_id);
    pen.attach(&topic.path, &plane);
    let boxes = Boxes2D::from_centers_and_half_sizes(centers, halves).with_labels(labels);
    pen.write(topic.path.as_str(), &boxes);
}

/// The likeliest of what it may be, with its name where it has one.
fn label(id: &str, results: &[ObjectHypothesisWithPose]) -> String {
    let best = results.iter().map(|result| &result.hypothesis).max_by(|a, b| a.score.total_cmp(&b.score));
    match best {
        None => id.to_owned(),
        Some(best) if id.is_empty() || id == best.class_id => format!("{} {:.2}", best.class_id, best.score),
        Some(best) => format!("{id}: {} {:.2}", best.class_id, best.score),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_tell_the_likeliest() {
        let of = |class: &str, score| {
            let mut result = ObjectHypothesisWithPose::default();
            (result.hypothesis.class_id, result.hypothesis.score) = (class.to_owned(), score);
            result
        };
        assert_eq!(label("", &[]), "");
        assert_eq!(label("", &[of("cup", 0.2), of("bowl", 0.7), of("hat", f64::NEG_INFINITY)]), "bowl 0.70");
        assert_eq!(label("3", &[of("cup", 0.2)]), "3: cup 0.20");
    }

    #[test]
    fn boxes_that_are_not_finite_are_left_out() {
        let mut boxes = Boxes::default();
        let size = Vector3 { x: 1.0, y: 1.0, z: 1.0 };
        boxes.add(&Pose::default(), &size, String::new(), GREY);
        boxes.add(&Pose::default(), &Vector3 { x: f64::NAN, ..size }, String::new(), GREY);
        assert_eq!(boxes.centers.len(), 1);
    }
}
