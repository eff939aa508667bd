//! What of a scene shows in a camera's picture: boxes as `vision_msgs` has them, and the picture with them drawn in, for
//! people and tools that know no scenes. Made only while somebody hears it.

use std::convert::Infallible;

use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::ascii::FONT_6X10;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::{PrimitiveStyle, Rectangle};
use embedded_graphics::text::{Baseline, Text};
use ponder_core::image::{Bounds, CameraFrame};
use ponder_core::scene::Scene;
use r2r::Publisher;
use r2r::sensor_msgs::msg::Image;
use r2r::std_msgs::msg::Header;
use r2r::vision_msgs::msg::{Detection2D, Detection2DArray, ObjectHypothesisWithPose};

use crate::ros::convert;
use crate::ros::host::{Host, RosError};
use crate::ros::topics;

/// Colours of boxes, one object after the other.
const COLORS: [Rgb888; 6] = [
    Rgb888::new(255, 220, 0),
    Rgb888::new(0, 220, 255),
    Rgb888::new(255, 80, 200),
    Rgb888::new(120, 255, 80),
    Rgb888::new(255, 140, 40),
    Rgb888::new(180, 160, 255),
];

/// Where one camera's pictures go.
pub struct Outlet {
    /// Which camera.
    pub camera: String,
    boxes: Publisher<Detection2DArray>,
    annotated: Publisher<Image>,
}

impl Outlet {
    /// For a camera.
    ///
    /// # Errors
    /// [`RosError`].
    pub fn new(host: &Host, camera: &str) -> Result<Self, RosError> {
        Ok(Self {
            camera: camera.to_owned(),
            boxes: host.publisher(&format!("{camera}/{}", topics::DETECTIONS_2D), topics::sensor())?,
            annotated: host.publisher(&format!("{camera}/{}", topics::ANNOTATED), topics::sensor())?,
        })
    }

    /// Does anybody hear it?
    pub fn is_heard(&self) -> bool {
        let heard = |count: r2r::Result<usize>| count.map_or(true, |count| count > 0);
        heard(self.boxes.get_inter_process_subscription_count()) || self.draws()
    }

    fn draws(&self) -> bool {
        self.annotated.get_inter_process_subscription_count().map_or(true, |count| count > 0)
    }

    /// Tells what of a scene shows in a picture that was taken in a coordinate frame.
    pub fn tell(&self, scene: &Scene, frame: &CameraFrame, frame_id: String) {
        let shown: Vec<_> = scene
            .objects
            .iter()
            .filter_map(|object| Some((object, frame.bounds_of(&object.world_from_object, &object.size_m)?)))
            .collect();
        let header = Header { stamp: convert::time(frame.stamp), frame_id };
        let detection = |object: &ponder_core::scene::SceneObject, bounds: &Bounds| {
            let mut found = ObjectHypothesisWithPose::default();
            found.hypothesis.class_id = object.label.to_string();
            found.hypothesis.score = object.score;
            let mut detection = Detection2D { header: header.clone(), id: object.id.to_string(), ..Default::default() };
            detection.results.push(found);
            detection.bbox.center.position.x = (bounds.left_px + bounds.right_px) / 2.0;
            detection.bbox.center.position.y = (bounds.top_px + bounds.bottom_px) / 2.0;
            detection.bbox.size_x = bounds.right_px - bounds.left_px;
            detection.bbox.size_y = bounds.bottom_px - bounds.top_px;
            detection
        };
        let detections = shown.iter().map(|(object, bounds)| detection(object, bounds)).collect();
        drop(self.boxes.publish(&Detection2DArray { header: header.clone(), detections })); // another follows
        if self.draws() {
            let named = shown.iter().map(|(object, bounds)| (object.id.as_str(), *bounds));
            drop(self.annotated.publish(&draw(frame, header, named)));
        }
    }

    /// Lets the publishers go.
    pub fn close(self, host: &Host) {
        host.retire(self.boxes);
        host.retire(self.annotated);
    }
}

/// A picture's pixels as something to draw on.
struct Canvas {
    rgb: Vec<u8>,
    size: Size,
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        self.size
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, color) in pixels {
            let (Ok(column), Ok(row)) = (usize::try_from(at.x), usize::try_from(at.y)) else { continue };
            if column < self.size.width as usize && row < self.size.height as usize {
                let place = (row * self.size.width as usize + column) * 3;
                if let Some(pixel) = self.rgb.get_mut(place..place + 3) {
                    pixel.copy_from_slice(&[color.r(), color.g(), color.b()]);
                }
            }
        }
        Ok(())
    }
}

fn draw<'a>(frame: &CameraFrame, header: Header, boxes: impl Iterator<Item = (&'a str, Bounds)>) -> Image {
    let (width, height) = (frame.width_px as u32, frame.height_px as u32);
    let mut canvas = Canvas { rgb: frame.rgb.to_vec(), size: Size::new(width, height) };
    for ((name, bounds), color) in boxes.zip(COLORS.iter().cycle()) {
        let corner = Point::new(bounds.left_px as i32, bounds.top_px as i32);
        let end = Point::new(bounds.right_px as i32 - 1, bounds.bottom_px as i32 - 1);
        let outline = Rectangle::with_corners(corner, end).into_styled(PrimitiveStyle::with_stroke(*color, 1));
        let Ok(()) = outline.draw(&mut canvas);
        // Above its box, or in it where there is no room.
        let above = if corner.y >= 11 { corner - Point::new(0, 11) } else { corner + Point::new(2, 2) };
        let text = Text::with_baseline(name, above, MonoTextStyle::new(&FONT_6X10, *color), Baseline::Top);
        let Ok(_) = text.draw(&mut canvas);
    }
    Image { header, height, width, encoding: "rgb8".to_owned(), is_bigendian: 0, step: width * 3, data: canvas.rgb }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ponder_core::image::{CameraName, Intrinsics};
    use ponder_core::{Pose, Stamp};

    use super::*;

    #[test]
    fn boxes_and_names_are_drawn_and_nothing_beyond_the_edge() {
        let frame = CameraFrame {
            name: CameraName::from("test").unwrap(),
            stamp: Stamp(0),
            width_px: 60,
            height_px: 40,
            rgb: Arc::from(vec![0; 60 * 40 * 3]),
            depth_m: None,
            intrinsics: Intrinsics { fx_px: 1.0, fy_px: 1.0, cx_px: 0.0, cy_px: 0.0 },
            world_from_camera: Pose::identity(),
        };
        let bounds = Bounds { left_px: 10.0, top_px: 20.0, right_px: 60.0, bottom_px: 40.0 };
        let image = draw(&frame, Header::default(), [("a name too long for the picture", bounds)].into_iter());
        let lit = |column: usize, row: usize| image.data[(row * 60 + column) * 3] > 0;
        assert!(lit(10, 20) && lit(59, 39) && lit(30, 20) && !lit(30, 30), "an outline");
        assert!((9..20).any(|row| (10..60).any(|column| lit(column, row))), "a name above it");
        assert!(!(0..60).any(|column| (0..9).any(|row| lit(column, row))));
        assert_eq!(image.data.len(), 60 * 40 * 3);
    }
}
