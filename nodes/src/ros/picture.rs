//! Pictures as messages bring them: what a message says of itself is checked before a pixel is read, so that nothing it
//! says can go wrong later, whatever its size.

use r2r::sensor_msgs::msg::Image;

/// Millimetres in a metre.
const MM_PER_M: f32 = 1000.0;
/// Widest and highest that a JPEG takes.
const MOST: usize = 65_535;
/// Most pixels.
const MOST_PIXELS: usize = 1 << 26;

/// What its pixels are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Colours of `bytes` each, the first three of them red, green, blue, or (swapped) blue, green, red.
    Rgb {
        /// Blue comes first.
        swapped: bool,
        /// Bytes of a pixel.
        bytes: usize,
    },
    /// A byte of brightness.
    Grey,
    /// Depths as REP-118's raw form has them, u16.
    Millimetres,
    /// Depths as REP-118 has them, f32.
    Metres,
}

impl Form {
    fn of(encoding: &str) -> Option<Self> {
        Some(match encoding {
            "rgb8" => Self::Rgb { swapped: false, bytes: 3 },
            "bgr8" => Self::Rgb { swapped: true, bytes: 3 },
            "rgba8" => Self::Rgb { swapped: false, bytes: 4 },
            "bgra8" => Self::Rgb { swapped: true, bytes: 4 },
            "mono8" | "8UC1" => Self::Grey,
            "16UC1" | "mono16" => Self::Millimetres,
            "32FC1" => Self::Metres,
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::Rgb { bytes, .. } => bytes,
            Self::Grey => 1,
            Self::Millimetres => 2,
            Self::Metres => 4,
        }
    }
}

/// A picture whose size and form fit its data.
#[derive(Debug)]
pub struct Picture {
    form: Form,
    width: usize,
    height: usize,
    step: usize,
    big_endian: bool,
    data: Vec<u8>,
}

impl Picture {
    /// Checks a message.
    ///
    /// # Errors
    /// For people: an encoding that is not known, or sizes that don't fit.
    pub fn of(message: Image) -> Result<Self, String> {
        let known = "rgb8, bgr8, rgba8, bgra8, mono8, 16UC1 and 32FC1 are known";
        let encoding: String = message.encoding.chars().take(40).collect();
        let form = Form::of(&message.encoding).ok_or_else(|| format!("encoding `{encoding}`: {known}"))?;
        let (width, height, step) = (message.width as usize, message.height as usize, message.step as usize);
        if width == 0 || height == 0 || width > MOST || height > MOST || width * height > MOST_PIXELS {
            return Err(format!("a picture of {width} x {height} pixels"));
        }
        let row = width * form.bytes();
        if step < row {
            return Err(format!("a row of {width} {encoding} pixels takes {row} bytes, and step is {step}"));
        }
        // The last row may do without its padding.
        let want = step * (height - 1) + row;
        if message.data.len() < want {
            return Err(format!(
                "{width} x {height} {encoding} pixels in steps of {step} are {want} bytes, and {} came",
                message.data.len()
            ));
        }
        Ok(Self { form, width, height, step, big_endian: message.is_bigendian != 0, data: message.data })
    }

    /// Its pixels' bytes without padding, row by row.
    fn rows(&self) -> impl Iterator<Item = &[u8]> {
        let row = self.width * self.form.bytes();
        self.data.chunks(self.step).take(self.height).filter_map(move |bytes| bytes.get(..row))
    }

    /// Brightness, row by row; `None`: it has more or other than that.
    pub fn grey(&self) -> Option<Vec<u8>> {
        (self.form == Form::Grey).then(|| self.rows().flatten().copied().collect())
    }

    /// Columns and rows.
    pub fn size_px(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Red, green, blue, row by row; `None`: it has depths.
    pub fn rgb(&self) -> Option<Vec<u8>> {
        let mut rgb = Vec::with_capacity(self.width * self.height * 3);
        match self.form {
            Form::Rgb { swapped: false, bytes: 3 } => self.rows().for_each(|row| rgb.extend_from_slice(row)),
            Form::Rgb { swapped, bytes } => {
                for pixel in self.rows().flat_map(|row| row.chunks_exact(bytes)) {
                    let [a, b, c] = [pixel[0], pixel[1], pixel[2]];
                    rgb.extend_from_slice(&if swapped { [c, b, a] } else { [a, b, c] });
                }
            }
            Form::Grey => self.rows().flatten().for_each(|&grey| rgb.extend_from_slice(&[grey; 3])),
            Form::Millimetres | Form::Metres => return None,
        }
        Some(rgb)
    }

    /// Depths in metres, row by row, NaN where there is none (REP-117); `None`: it has colours.
    pub fn depths_m(&self) -> Option<Vec<f32>> {
        match self.form {
            Form::Rgb { .. } | Form::Grey => None,
            Form::Millimetres => {
                let metres = |mm: u16| if mm == 0 { f32::NAN } else { f32::from(mm) / MM_PER_M };
                Some(self.depths_mm()?.into_iter().map(metres).collect())
            }
            Form::Metres => {
                let usable = |depth_m: f32| if depth_m.is_finite() && depth_m > 0.0 { depth_m } else { f32::NAN };
                let pixels = self.rows().flat_map(|row| row.chunks_exact(4));
                Some(pixels.map(|bytes| usable(self.metres(bytes))).collect())
            }
        }
    }

    /// Depths in millimetres, row by row, 0 where there is none; `None`: it has colours.
    pub fn depths_mm(&self) -> Option<Vec<u16>> {
        let pixels = self.rows().flat_map(|row| row.chunks_exact(self.form.bytes()));
        match self.form {
            Form::Rgb { .. } | Form::Grey => None,
            Form::Millimetres => {
                let number = |b: &[u8]| {
                    let b = [b[0], b[1]];
                    if self.big_endian { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) }
                };
                Some(pixels.map(number).collect())
            }
            // No number is no depth; what is further than the form reaches is at its end.
            Form::Metres => {
                let in_mm = |b: &[u8]| (self.metres(b) * MM_PER_M).round().clamp(0.0, f32::from(u16::MAX)) as u16;
                Some(pixels.map(in_mm).collect())
            }
        }
    }

    fn metres(&self, b: &[u8]) -> f32 {
        let b = [b[0], b[1], b[2], b[3]];
        if self.big_endian { f32::from_be_bytes(b) } else { f32::from_le_bytes(b) }
    }
}

#[cfg(test)]
mod tests;
