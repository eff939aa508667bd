//! Scenes of lessons, laid out like the simulator's suites: things on a table before an arm, zones and pillars around a
//! rover. Drawn from a seed; no simulator is needed, for plans are judged on symbolic states.

use ponder_core::scene::{Affordance, Affordances, Color, ObjectId, Scene, SceneObject};
use ponder_core::{Pose, Stamp, Vec3};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::kinds::{is_reserved, kind};

mod more;

/// How a scene is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A bowl, a plate, some blocks, a ball, a cup.
    Tabletop,
    /// Blocks alike among other things, a loaded plate.
    Clutter,
    /// Blocks to stack, and a ball.
    Stack,
    /// A tower, another block, a bin or bowl.
    Restack,
    /// Coloured bins and blocks of their colours.
    Sort,
    /// A drawer and things for it.
    Drawer,
    /// A box with a lid and things for it.
    Lidded,
    /// A button and a knob.
    Switches,
    /// Many blocks and a bowl.
    Many,
    /// A room for a rover.
    Room,
}

/// A scene in the making.
pub struct Builder<'a> {
    /// What it has so far.
    pub scene: Scene,
    rng: &'a mut ChaCha8Rng,
    reserved: bool,
}

impl<'a> Builder<'a> {
    /// A scene of this layout. `reserved`: colours of kinds that are kept for the hard split may come too, and more often.
    pub fn layout(layout: Layout, reserved: bool, rng: &'a mut ChaCha8Rng) -> Scene {
        let mut b = Self { scene: Scene::default(), rng, reserved };
        if layout != Layout::Room {
            b.put("table", "table", None, [0.55, 0.0, -0.02], 1.0);
        }
        match layout {
            Layout::Tabletop => b.tabletop(),
            Layout::Clutter => b.clutter(),
            Layout::Stack => b.stack(),
            Layout::Restack => b.restack(),
            Layout::Sort => b.sort(),
            Layout::Drawer => b.drawer(),
            Layout::Lidded => b.lidded(),
            Layout::Switches => b.switches(),
            Layout::Many => b.many(),
            Layout::Room => b.room(),
        }
        let mut scene = b.scene;
        // A perceiver lists things in no order.
        for i in (1..scene.objects.len()).rev() {
            let j = rng_below(b.rng, i + 1);
            scene.objects.swap(i, j);
        }
        scene
    }

    fn color(&mut self, label: &str) -> Option<Color> {
        let colors = kind(label).map_or(&[][..], |kind| kind.colors);
        for _ in 0..40 {
            let color = colors.choose(self.rng).copied();
            if !is_reserved(color, label) || self.reserved {
                return color;
            }
        }
        colors.first().copied()
    }

    /// A colour that no thing of this kind has yet, mostly.
    fn fresh_color(&mut self, label: &str) -> Option<Color> {
        let reserved: Vec<Color> =
            super::kinds::RESERVED.iter().filter(|(_, l)| *l == label).map(|(color, _)| *color).collect();
        if self.reserved && self.rng.random_bool(0.35) && !reserved.is_empty() {
            return reserved.first().copied();
        }
        for _ in 0..20 {
            let color = self.color(label);
            if !self.scene.objects.iter().any(|o| o.label.as_str() == label && o.color == color) {
                return color;
            }
        }
        self.color(label)
    }

    fn put(&mut self, id: &str, label: &str, color: Option<Color>, center_m: [f64; 3], scale: f64) {
        let Some(kind) = kind(label) else { return };
        let (Ok(id), Ok(label)) = (ObjectId::from(id), label.try_into()) else { return };
        let can = |affordance| kind.can.contains(&affordance);
        self.scene.objects.push(SceneObject {
            id,
            label,
            color,
            world_from_object: Pose::translation(center_m[0], center_m[1], center_m[2]),
            size_m: Vec3::from(kind.size_m) * scale,
            score: 1.0,
            seen: Stamp(0),
            open_fraction: can(Affordance::Openable).then_some(0.0),
            on: (can(Affordance::Turnable) || can(Affordance::Pressable)).then_some(false),
            handle_m: None,
            affordances: Affordances::of(kind.can),
        });
    }

    /// A name as scenes have them: colour and label, or the label alone, or a letter after it.
    fn name(&mut self, label: &str, color: Option<Color>) -> String {
        let taken = |name: &str, scene: &Scene| scene.get(name).is_some();
        let style = self.rng.random_range(0..10);
        if style < 3 && !taken(label, &self.scene) {
            return label.to_owned();
        }
        if style == 3 {
            for letter in ["a", "b", "c", "d", "e"] {
                let name = format!("{label}_{letter}");
                if !taken(&name, &self.scene) {
                    return name;
                }
            }
        }
        let stem = color.map_or(label.to_owned(), |color| format!("{}_{label}", color.name()));
        let mut name = stem.clone();
        for n in 2..20 {
            if !taken(&name, &self.scene) {
                break;
            }
            name = format!("{stem}_{n}");
        }
        name
    }

    /// Something standing free on the table.
    fn stand(&mut self, label: &str, color: Option<Color>, scale: f64) -> usize {
        let size = kind(label).map_or([0.05; 3], |kind| kind.size_m).map(|s| s * scale);
        let (mut x, mut y) = (0.5, 0.0);
        for _ in 0..200 {
            x = self.rng.random_range(0.35..0.63);
            y = self.rng.random_range(-0.36..0.36);
            let free = self.scene.objects.iter().filter(|o| o.label.as_str() != "table").all(|o| {
                let at = o.position_m();
                let gap = (0.5 * (size[0] + o.size_m.x) + 0.02).max(0.05);
                (at.x - x).abs() > gap || (at.y - y).abs() > 0.5 * (size[1] + o.size_m.y) + 0.02
            });
            if free {
                break;
            }
        }
        let name = self.name(label, color);
        self.put(&name, label, color, [x, y, size[2] * 0.5], scale);
        self.scene.objects.len() - 1
    }

    fn stand_any(&mut self, label: &str) -> usize {
        let color = self.fresh_color(label);
        let scale = if label == "block" { self.rng.random_range(0.85..1.15) } else { self.rng.random_range(0.9..1.1) };
        self.stand(label, color, scale)
    }

    /// Puts the object on top of another.
    fn onto(&mut self, index: usize, under: usize) {
        let (at, top) = (self.scene.objects[under].position_m(), self.scene.objects[under].top_m());
        let half = self.scene.objects[index].size_m.z * 0.5;
        self.scene.objects[index].world_from_object = Pose::translation(at.x, at.y, top + half);
    }

    /// Puts the object into another.
    fn into(&mut self, index: usize, holder: usize) {
        let (at, bottom) = (self.scene.objects[holder].position_m(), self.scene.objects[holder].bottom_m());
        let half = self.scene.objects[index].size_m.z * 0.5;
        self.scene.objects[index].world_from_object = Pose::translation(at.x, at.y, bottom + 0.005 + half);
    }

    fn maybe(&mut self, p: f64) -> bool {
        self.rng.random_bool(p)
    }

    fn tabletop(&mut self) {
        self.stand_any("bowl");
        if self.maybe(0.85) {
            self.stand_any("plate");
        }
        if self.maybe(0.15) {
            self.stand_any("bowl");
        }
        for _ in 0..self.rng.random_range(1..5) {
            self.stand_any("block");
        }
        if self.maybe(0.7) {
            self.stand_any("ball");
        }
        if self.maybe(0.7) {
            self.stand_any("cup");
        }
        if self.maybe(0.06) {
            self.hold_one();
        }
    }

    /// Something is in the hand already.
    fn hold_one(&mut self) {
        let graspable: Vec<usize> =
            (0..self.scene.objects.len()).filter(|i| self.scene.objects[*i].can(Affordance::Graspable)).collect();
        if let Some(index) = graspable.choose(self.rng).copied() {
            self.scene.objects[index].world_from_object = Pose::translation(0.45, 0.0, 0.3);
            self.scene.holding = Some(self.scene.objects[index].id);
        }
    }

    fn clutter(&mut self) {
        let bowl = self.stand_any("bowl");
        let plate = self.stand_any("plate");
        if self.maybe(0.6) {
            let label = if self.maybe(0.6) { "ball" } else { "block" };
            let top = self.stand_any(label);
            self.onto(top, plate);
        }
        for _ in 0..self.rng.random_range(2..5) {
            let color = self.color("block");
            let scale = self.rng.random_range(0.75..1.25);
            self.stand("block", color, scale);
        }
        if self.maybe(0.25) {
            let inside = self.stand_any("block");
            self.into(inside, bowl);
        }
        if self.maybe(0.7) {
            self.stand_any("cup");
        }
    }

    fn stack(&mut self) {
        let n = self.rng.random_range(2..5);
        let mut blocks = Vec::new();
        for _ in 0..n {
            blocks.push(self.stand_any("block"));
        }
        if self.maybe(0.8) {
            self.stand_any("ball");
        }
        if self.maybe(0.3) {
            self.stand_any("plate");
        }
        if n > 2 && self.maybe(0.2) {
            self.onto(blocks[0], blocks[1]);
        }
    }

    fn restack(&mut self) {
        let (a, b) = (self.stand_any("block"), self.stand_any("block"));
        self.onto(b, a);
        if self.maybe(0.25) {
            let c = self.stand_any("block");
            self.onto(c, b);
        }
        self.stand_any("block");
        let label = if self.maybe(0.6) { "bin" } else { "bowl" };
        self.stand_any(label);
        if self.maybe(0.3) {
            self.stand_any("plate");
        }
    }

    fn sort(&mut self) {
        let label = if self.maybe(0.7) { "bin" } else { "bowl" };
        let mut colors = Vec::new();
        for _ in 0..2 {
            let holder = self.stand_any(label);
            colors.extend(self.scene.objects[holder].color);
        }
        for _ in 0..self.rng.random_range(2..6) {
            let color = colors.choose(self.rng).copied();
            if !is_reserved(color, "block") || self.reserved {
                let scale = self.rng.random_range(0.85..1.05);
                self.stand("block", color, scale);
            }
        }
        if self.maybe(0.7) {
            self.stand_any("ball");
        }
    }

    fn drawer(&mut self) {
        let color = self.fresh_color("drawer");
        let open = self.maybe(0.35);
        let y = self.rng.random_range(0.10..0.24) * if self.maybe(0.5) { 1.0 } else { -1.0 };
        let x = self.rng.random_range(0.60..0.64);
        let name = if self.maybe(0.6) { "drawer".to_owned() } else { self.name("drawer", color) };
        let out = if open { self.rng.random_range(0.11..0.15) } else { 0.0 };
        self.put(&name, "drawer", color, [x - out, y, 0.055], 1.0);
        let drawer = self.scene.objects.len() - 1;
        self.scene.objects[drawer].open_fraction = Some(if open { 0.9 } else { 0.0 });
        self.put(&format!("{name}_cabinet"), "cabinet", None, [x, y, 0.06], 1.0);
        if open && self.maybe(0.7) || self.maybe(0.15) {
            let inside = self.stand_any("block");
            self.into(inside, drawer);
        }
        for (label, p) in [("block", 0.85), ("cup", 0.7), ("bowl", 0.6), ("plate", 0.4), ("ball", 0.3), ("block", 0.3)]
        {
            if self.maybe(p) {
                self.stand_any(label);
            }
        }
    }

    fn lidded(&mut self) {
        let color = self.fresh_color("box");
        let boxed = self.stand("box", color, 1.0);
        if self.maybe(0.3) {
            self.scene.objects[boxed].open_fraction = Some(1.0);
        } else if self.maybe(0.2) {
            let top = self.stand_any("block");
            self.onto(top, boxed);
        }
        self.stand_any("block");
        for (label, p) in [("ball", 0.8), ("block", 0.4), ("cup", 0.3), ("plate", 0.2)] {
            if self.maybe(p) {
                self.stand_any(label);
            }
        }
    }

    fn switches(&mut self) {
        for (label, p) in [("button", 0.95), ("knob", 0.9), ("button", 0.2), ("block", 0.7), ("bowl", 0.3)] {
            if self.maybe(p) {
                let index = self.stand_any(label);
                if self.maybe(0.5) && self.scene.objects[index].on.is_some() {
                    self.scene.objects[index].on = Some(true);
                }
            }
        }
        if self.scene.objects.len() < 3 {
            self.stand_any("knob");
        }
    }
}

fn rng_below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    rng.random_range(0..n)
}
