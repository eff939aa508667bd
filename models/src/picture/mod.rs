//! Pictures in and out of models: files and bytes to RGB pixels as Pillow would read them, and pixels to the square
//! tensor that Janus's eye takes. Before the Perceiver in the ring, after the Imaginer; no network is in here.

mod decode;
mod jpeg;
mod prepare;
mod resample;

pub use decode::{MOST_BYTES, MOST_PIXELS, MOST_SIDE, PictureError, decode, read, write_png};
pub use ponder_core::imaginer::Picture;
pub use prepare::Prepare;
pub use resample::resize;
