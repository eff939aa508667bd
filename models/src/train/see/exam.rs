//! The examination: an eye looks at lessons it never learned from, and what it says is held against what is there. A thing
//! in sight is found when something of its kind and colour is said to be near it, or of its kind where nothing of its
//! colour shows; what is said where nothing is, or said twice, is made up.

use std::collections::BTreeMap;
use std::time::Instant;

use ponder_core::lesson::{Lesson, Sighting};
use ponder_core::scene::SceneObject;

use super::batch::{is_visible, shows_color};
use super::lessons::Lessons;
use crate::perceive::nano::{Eye, EyeError};

/// A find within this of a thing, or within half of its extent, may be that thing, metres.
const NEAR_M: f64 = 0.05;

/// Shares of a thing in sight, from 0 to 1, up to which its row goes; less than 30 % counts of drawers only.
pub const SHARES: [(f64, &str); 4] = [(0.3, "shut"), (0.5, "30-50 %"), (0.9, "50-90 %"), (f64::INFINITY, "90 % on")];

/// What was found of one kind, or of all.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Things in sight.
    pub there: usize,
    /// Found, of the right kind and colour.
    pub found: usize,
    /// Found, of another kind or colour.
    pub misnamed: usize,
    /// Said where nothing is, or twice.
    pub made_up: usize,
    /// Distances of the middles of those found, metres.
    pub off_m: Vec<f64>,
    /// Relative errors of their largest extent.
    pub size: Vec<f64>,
    /// Errors of how far they are open.
    pub open: Vec<f64>,
    /// Switches found, and those whose state was right.
    pub switches: (usize, usize),
    /// Errors of their turns, radians, for kinds that have one.
    pub turn_rad: Vec<f64>,
}

/// An examination's result.
#[derive(Clone, Debug, Default)]
pub struct Exam {
    /// Everything.
    pub all: Marks,
    /// By label.
    pub kinds: BTreeMap<String, Marks>,
    /// By camera.
    pub cameras: BTreeMap<String, Marks>,
    /// By how much of a thing is in sight, as [`SHARES`] has it.
    pub shares: [Marks; SHARES.len()],
    /// Pictures looked at.
    pub pictures: usize,
    /// Pictures in which every thing in sight was found and nothing made up.
    pub perfect: usize,
    /// Times a picture, milliseconds.
    pub ms: Vec<f64>,
    /// Things of which no colour showed, which were found by their kind alone.
    pub colorless: Marks,
    /// How often what was taken for what: kind and colour, or nothing.
    pub taken: BTreeMap<(String, String), usize>,
}

/// Rows of what was taken for what, at most.
const MOST_TAKEN: usize = 8;

/// The value below which a share of the values lies.
#[must_use]
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

impl Exam {
    /// Lets an eye look at every `every`-th lesson of which `which` says so.
    ///
    /// # Errors
    /// [`EyeError`].
    pub fn of(eye: &Eye, lessons: &Lessons, every: usize, which: impl Fn(&Lesson) -> bool) -> Result<Self, EyeError> {
        let mut exam = Self::default();
        let side_px = lessons.shelf().width_px;
        for (number, lesson) in lessons.all().iter().enumerate().step_by(every.max(1)).filter(|entry| which(entry.1)) {
            let Some(frame) = lessons.frame(number) else { continue };
            let start = Instant::now();
            let said = eye.see(&frame)?;
            exam.ms.push(start.elapsed().as_secs_f64() * 1e3);
            exam.pictures += 1;
            exam.mark(lesson, &said, side_px);
        }
        Ok(exam)
    }

    fn mark(&mut self, lesson: &Lesson, said: &[SceneObject], side_px: usize) {
        let camera = lesson.camera.to_string();
        let truth = &lesson.objects;
        let mut pairs: Vec<(bool, f64, usize, usize)> = Vec::new();
        for (i, sighting) in truth.iter().enumerate().filter(|entry| entry.1.visible_px > 0.0) {
            let object = &sighting.object;
            for (j, find) in said.iter().enumerate() {
                let off_m = (find.position_m() - object.position_m()).norm();
                if off_m < NEAR_M.max(object.size_m.max() * 0.5) {
                    pairs.push((!alike(find, sighting, side_px), off_m, i, j));
                }
            }
        }
        // Right ones first, then the nearest.
        pairs.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let (mut taken, mut used) = (vec![None; truth.len()], vec![false; said.len()]);
        for (_, _, i, j) in pairs {
            if taken[i].is_none() && !used[j] {
                (taken[i], used[j]) = (Some(j), true);
            }
        }
        let mut perfect = true;
        for (i, sighting) in truth.iter().enumerate().filter(|entry| is_visible(entry.1, side_px)) {
            let object = &sighting.object;
            let find = taken[i].map(|j| &said[j]);
            let is_right = find.is_some_and(|find| alike(find, sighting, side_px));
            perfect &= is_right;
            if !is_right {
                let name =
                    |o: &SceneObject| o.color.map_or(o.label.to_string(), |c| format!("{} {}", c.name(), o.label));
                *self.taken.entry((name(object), find.map_or("nothing".to_owned(), name))).or_default() += 1;
            }
            for marks in self.rows(&object.label, &camera) {
                marks.add(object, find, is_right);
            }
            if !shows_color(sighting, side_px) && object.color.is_some() {
                self.colorless.add(object, find, is_right);
            }
            let share = sighting.visible_px / sighting.whole_px.max(1.0);
            let row = SHARES.iter().position(|(most, _)| share < *most).unwrap_or(SHARES.len() - 1);
            self.shares[row].add(object, find, is_right);
        }
        for (find, _) in said.iter().zip(&used).filter(|entry| !entry.1) {
            perfect = false;
            self.rows(&find.label, &camera).into_iter().for_each(|marks| marks.made_up += 1);
        }
        self.perfect += usize::from(perfect);
    }

    fn rows(&mut self, label: &str, camera: &str) -> [&mut Marks; 3] {
        let Self { all, kinds, cameras, .. } = self;
        [all, kinds.entry(label.to_owned()).or_default(), cameras.entry(camera.to_owned()).or_default()]
    }
}

fn alike(find: &SceneObject, sighting: &Sighting, side_px: usize) -> bool {
    let object = &sighting.object;
    find.label == object.label && (find.color == object.color || !shows_color(sighting, side_px))
}

impl Marks {
    fn add(&mut self, object: &SceneObject, find: Option<&SceneObject>, is_right: bool) {
        self.there += 1;
        let Some(find) = find else { return };
        if !is_right {
            self.misnamed += 1;
            return;
        }
        self.found += 1;
        self.off_m.push((find.position_m() - object.position_m()).norm());
        self.size.push((find.size_m.max() / object.size_m.max() - 1.0).abs());
        if let (Some(said), Some(is)) = (find.open_fraction, object.open_fraction) {
            self.open.push((said - is).abs());
        }
        if let (Some(said), Some(is)) = (find.on, object.on) {
            self.switches.0 += 1;
            self.switches.1 += usize::from(said == is);
        }
        let turns = crate::perceive::nano::kinds::numbered(&object.label)
            .map_or(0, |k| crate::perceive::nano::kinds::KINDS[k].turns);
        if turns > 0 {
            let way = |o: &SceneObject| o.world_from_object.rotation * ponder_core::Vec3::x();
            let (a, b) = (way(find), way(object));
            let part = std::f64::consts::TAU / f64::from(turns);
            let off = a.y.atan2(a.x) - b.y.atan2(b.x);
            self.turn_rad.push((off - (off / part).round() * part).abs());
        }
    }
}

impl std::fmt::Display for Exam {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{:<10} {:>6} {:>7} {:>8} {:>8} | {:>7} {:>7} | {:>6} {:>6} {:>6} {:>6}",
            "", "there", "found", "misnamed", "made up", "p50", "p95", "size", "turn", "open", "switch"
        )?;
        let named = |map: &BTreeMap<String, Marks>| map.clone().into_iter().collect::<Vec<_>>();
        let shares = SHARES.iter().zip(&self.shares).map(|(share, marks)| (share.1.to_owned(), marks.clone()));
        let parts = named(&self.kinds).into_iter().chain(named(&self.cameras)).chain(shares);
        let rows =
            parts.chain([("no colour".to_owned(), self.colorless.clone()), ("all".to_owned(), self.all.clone())]);
        for (name, marks) in rows.filter(|(name, marks)| name == "all" || marks.there + marks.made_up > 0) {
            let there = marks.there.max(1) as f64;
            let or = |values: &[f64], scale: f64, unit: &str| {
                if values.is_empty() { "-".to_owned() } else { format!("{:.1}{unit}", quantile(values, 0.5) * scale) }
            };
            let switches = match marks.switches {
                (0, _) => "-".to_owned(),
                (all, right) => format!("{:.1}%", right as f64 / all as f64 * 100.0),
            };
            writeln!(
                f,
                "{name:<10} {:>6} {:>6.1}% {:>7.1}% {:>7.1}% | {:>5.1}cm {:>5.1}cm | {:>6} {:>6} {:>6} {:>6}",
                marks.there,
                marks.found as f64 / there * 100.0,
                marks.misnamed as f64 / there * 100.0,
                marks.made_up as f64 / there * 100.0,
                quantile(&marks.off_m, 0.5) * 100.0,
                quantile(&marks.off_m, 0.95) * 100.0,
                or(&marks.size, 100.0, "%"),
                or(&marks.turn_rad, 180.0 / std::f64::consts::PI, "°"),
                or(&marks.open, 1.0, ""),
                switches,
            )?;
        }
        let mut taken: Vec<_> = self.taken.iter().collect();
        taken.sort_by_key(|entry| std::cmp::Reverse(entry.1));
        for ((is, said), times) in taken.into_iter().take(MOST_TAKEN) {
            writeln!(f, "{times:>6} times {is} was taken for {said}")?;
        }
        let perfect = self.perfect as f64 / self.pictures.max(1) as f64 * 100.0;
        let (p50, p95) = (quantile(&self.ms, 0.5), quantile(&self.ms, 0.95));
        write!(f, "{} pictures, {perfect:.1}% without any fault; {p50:.0} ms a picture (p95 {p95:.0})", self.pictures)
    }
}
