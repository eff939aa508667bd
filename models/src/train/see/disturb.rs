//! Other light, a noisy camera, and depth as real sensors give it: off by a little, with holes. One weather for a picture
//! and its close-ups.

use ponder_core::image::CameraFrame;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// What is wrong with a camera.
pub struct Weather {
    gains: [f32; 3],
    noise: f32,
    depth_noise: f32,
    holes: f32,
}

impl Weather {
    /// Drawn at random.
    pub fn draw(rng: &mut ChaCha8Rng) -> Self {
        let light = rng.random_range(0.85..1.15_f32);
        Self {
            gains: [0; 3].map(|_| light * rng.random_range(0.96..1.04_f32)),
            noise: rng.random_range(0.0..5.0_f32),
            depth_noise: rng.random_range(0.0..0.0015_f32),
            holes: rng.random_range(0.0..0.01_f32),
        }
    }

    /// Changes a frame.
    pub fn disturb(&self, frame: &mut CameraFrame, rng: &mut ChaCha8Rng) {
        let mut rough = |by: f32| (rng.random::<f32>() + rng.random::<f32>() - 1.0) * 2.5 * by;
        let lit =
            |(i, v): (usize, &u8)| (f32::from(*v) * self.gains[i % 3] + rough(self.noise)).clamp(0.0, 255.0) as u8;
        frame.rgb = frame.rgb.iter().enumerate().map(lit).collect();
        if let Some(depth_m) = &frame.depth_m {
            let mut seen = |d: &f32| {
                let off = (rng.random::<f32>() + rng.random::<f32>() - 1.0) * 2.0 * self.depth_noise;
                if rng.random::<f32>() < self.holes { f32::NAN } else { d + off * d }
            };
            frame.depth_m = Some(depth_m.iter().map(&mut seen).collect());
        }
    }
}
