//! Two more layouts: the room of a rover, and the many blocks of drills.

use ponder_core::Pose;
use rand::Rng;

use super::{Builder, kind};

impl Builder<'_> {
    pub(super) fn many(&mut self) {
        self.stand_any("bowl");
        for _ in 0..self.rng.random_range(3..8) {
            let (color, scale) = (self.color("block"), self.rng.random_range(0.75..1.25));
            self.stand("block", color, scale);
        }
    }

    pub(super) fn room(&mut self) {
        let (x, y) = (self.rng.random_range(-2.3..-1.7), self.rng.random_range(-0.5..0.5));
        self.scene.world_from_base = Some(Pose::translation(x, y, 0.0));
        let mut at = vec![[x, y]];
        let far = self.maybe(0.5);
        let labels = [
            ("dock", 0.9),
            ("zone", 1.0),
            ("zone", 1.0),
            ("zone", 0.7),
            ("pillar", 0.9),
            ("pillar", 0.6),
            ("crate", 0.8),
        ];
        for (label, p) in labels {
            if !self.maybe(p) {
                continue;
            }
            let mut spot = [0.0, 0.0];
            for _ in 0..100 {
                spot = [self.rng.random_range(-2.3..2.3), self.rng.random_range(-2.3..2.3)];
                if at.iter().all(|other| (other[0] - spot[0]).hypot(other[1] - spot[1]) > 1.1) {
                    break;
                }
            }
            at.push(spot);
            self.place(label, spot);
        }
        if self.maybe(0.8) {
            let away = self.rng.random_range(2.9..3.3);
            for (name, at) in [("a", [0.0, away]), ("b", [0.0, -away]), ("c", [away, 0.0]), ("d", [-away, 0.0])] {
                self.put(&format!("wall_{name}"), "wall", None, [at[0], at[1], 0.4], 1.0);
            }
        }
        if far {
            let spot = [self.rng.random_range(3.8..4.5), self.rng.random_range(-1.0..1.0)];
            self.place("zone", spot);
        }
    }

    fn place(&mut self, label: &str, at: [f64; 2]) {
        let color = self.fresh_color(label);
        let color = if label == "dock" { color.filter(|_| self.maybe(0.6)) } else { color };
        let name = self.name(label, color);
        let height = kind(label).map_or(0.0, |kind| kind.size_m[2]);
        self.put(&name, label, color, [at[0], at[1], height * 0.5], 1.0);
    }
}
