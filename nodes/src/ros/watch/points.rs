//! Point clouds: places, and colours where there are some. What a message says of itself is checked first.

use r2r::sensor_msgs::msg::{PointCloud2, PointField};
use rerun::{Color, Points3D};

use super::painter::What;
use super::pen::Pen;
use super::space::frame;
use super::table::Topic;

/// Most points that are shown; of larger clouds every second, third, … one is.
const MOST: usize = 200_000;

const FLOAT32: u8 = PointField::FLOAT32 as u8;
const UINT32: u8 = PointField::UINT32 as u8;

/// A cloud whose fields fit its data.
#[derive(Debug)]
pub struct Cloud {
    xyz: [usize; 3],
    rgb: Option<usize>,
    big_endian: bool,
    width: usize,
    height: usize,
    point_step: usize,
    row_step: usize,
    data: Vec<u8>,
}

impl Cloud {
    /// Checks a message.
    ///
    /// # Errors
    /// For people.
    pub fn of(message: PointCloud2) -> Result<Self, String> {
        let (point_step, row_step) = (message.point_step as usize, message.row_step as usize);
        let at = |name: &str, types: &[u8]| {
            let field = message.fields.iter().find(|field| field.name == name && types.contains(&field.datatype))?;
            let offset = field.offset as usize;
            (offset + 4 <= point_step).then_some(offset)
        };
        let [Some(x), Some(y), Some(z)] = ["x", "y", "z"].map(|name| at(name, &[FLOAT32])) else {
            return Err("points need x, y and z as 32-bit floats within point_step".to_owned());
        };
        let (width, height) = (message.width as usize, message.height as usize);
        // Sizes are of 32 bits each: their products don't overflow.
        if row_step < width * point_step {
            return Err(format!("a row of {width} points of {point_step} bytes, and row_step is {row_step}"));
        }
        let want = if height == 0 || width == 0 { 0 } else { row_step * (height - 1) + width * point_step };
        if message.data.len() < want {
            return Err(format!("{width} x {height} points take {want} bytes, and {} came", message.data.len()));
        }
        let rgb = at("rgb", &[FLOAT32, UINT32]).or_else(|| at("rgba", &[FLOAT32, UINT32]));
        let big_endian = message.is_bigendian;
        Ok(Self { xyz: [x, y, z], rgb, big_endian, width, height, point_step, row_step, data: message.data })
    }

    fn word(&self, at: usize) -> [u8; 4] {
        let mut word = [0; 4];
        if let Some(bytes) = self.data.get(at..at + 4) {
            word.copy_from_slice(bytes);
        }
        if self.big_endian {
            word.reverse();
        }
        word
    }

    fn read(&self) -> (Vec<[f32; 3]>, Vec<Color>) {
        let all = self.width * self.height;
        let every = all.div_ceil(MOST).max(1);
        let (mut places, mut colors) = (Vec::with_capacity(all / every + 1), Vec::new());
        for i in (0..all).step_by(every) {
            let at = (i / self.width) * self.row_step + (i % self.width) * self.point_step;
            let place = self.xyz.map(|offset| f32::from_le_bytes(self.word(at + offset)));
            if !place.iter().all(|x| x.is_finite()) {
                continue; // no point there
            }
            places.push(place);
            if let Some(offset) = self.rgb {
                let [b, g, r, _] = self.word(at + offset);
                colors.push(Color::from_rgb(r, g, b));
            }
        }
        (places, colors)
    }

    /// As rerun takes it.
    pub fn points(&self) -> Points3D {
        let (places, colors) = self.read();
        let points = Points3D::new(places);
        if colors.is_empty() { points } else { points.with_colors(colors) }
    }
}

/// A cloud.
pub fn cloud(pen: &mut Pen, topic: &mut Topic, message: PointCloud2) {
    pen.at(topic, &message.header.stamp);
    let of = frame(&message.header.frame_id).to_owned();
    match Cloud::of(message) {
        Ok(cloud) => {
            pen.attach(&topic.path, &of);
            pen.paint(topic, What::Cloud(cloud));
        }
        Err(why) => pen.warn_once(&topic.name, &why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(points: &[[f32; 3]]) -> PointCloud2 {
        let field = |(i, name): (usize, &str)| PointField {
            name: name.to_owned(),
            offset: 4 * i as u32,
            datatype: FLOAT32,
            count: 1,
        };
        let mut message = PointCloud2 {
            fields: ["x", "y", "z", "rgb"].into_iter().enumerate().map(field).collect(),
            width: points.len() as u32,
            height: 1,
            point_step: 16,
            row_step: 16 * points.len() as u32,
            ..Default::default()
        };
        for point in points {
            message.data.extend(point.iter().flat_map(|x| x.to_le_bytes()));
            message.data.extend([3, 2, 1, 0]);
        }
        message
    }

    #[test]
    fn points_are_read_and_those_that_are_none_left_out() {
        let cloud = Cloud::of(message(&[[1.0, 2.0, 3.0], [f32::NAN, 0.0, 0.0]])).unwrap();
        assert_eq!(cloud.read(), (vec![[1.0, 2.0, 3.0]], vec![Color::from_rgb(1, 2, 3)]));
        assert!(Cloud::of(message(&[])).unwrap().read().0.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let whole = message(&[[0.0; 3]; 2]);
        let short = PointCloud2 { data: vec![0; 31], ..whole.clone() };
        assert!(Cloud::of(short).unwrap_err().contains("31 came"));
        assert!(Cloud::of(PointCloud2 { row_step: 31, ..whole.clone() }).is_err());
        assert!(Cloud::of(PointCloud2 { point_step: 11, ..whole.clone() }).is_err());
        assert!(Cloud::of(PointCloud2 { fields: Vec::new(), ..whole }).is_err());
    }
}
