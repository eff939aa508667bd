//! Places the things of a scene, one try at a time.

use ponder_core::Vec3;
use ponder_core::geometry::Pose;
use ponder_core::scene::{Color, ObjectId};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::{Rest, TRIES_PER_OBJECT, Thing, upright};
use crate::error::SimError;
use crate::kinds::{Kind, kind};
use crate::scene::{At, Colors, ObjectSpec, SceneSpec};

impl SceneSpec {
    /// One try at the whole scene: the things, or the name of the one that found no place.
    pub(super) fn place(
        &self,
        specs: &[ObjectSpec],
        rng: &mut ChaCha8Rng,
    ) -> Result<Result<Vec<Thing>, String>, SimError> {
        // What has a fixed place is placed first, so that the rest can avoid it.
        let mut order: Vec<usize> = (0..specs.len()).collect();
        order.sort_by_key(|i| !(specs[*i].at.x_m.is_exact() && specs[*i].at.y_m.is_exact()));
        let mut things: Vec<Option<Thing>> = vec![None; specs.len()];
        for i in order {
            let spec = &specs[i];
            let Some(kind) = kind(&spec.kind) else {
                continue;
            };
            let color = self.color(spec, kind, &things, rng)?;
            let scale = spec.scale.draw(rng);
            let size_m = Vec3::from(spec.size_m.map_or(kind.size_m, |size| size.map(|r| r.draw(rng)))) * scale;
            let id = name(spec, kind, color, &things)?;
            let rest = rest(&id, &spec.at, kind, specs)?;
            let (open, on, spare) = (spec.open.draw(rng), spec.on, spec.spare);
            let mut thing = Thing { id, kind, color, size_m, pose: Pose::identity(), rest, open, on, spare };
            let free = (0..TRIES_PER_OBJECT).any(|_| {
                thing.pose = pose(&spec.at, size_m, rng);
                spec.at.x_m.is_exact() && spec.at.y_m.is_exact() && spec.at.yaw_rad.is_exact()
                    || things.iter().flatten().all(|other| !touch(&thing, other, self.min_gap_m))
            });
            if !free {
                return Ok(Err(thing.id.to_string()));
            }
            things[i] = Some(thing);
        }
        Ok(Ok(things.into_iter().flatten().collect()))
    }

    fn color(
        &self,
        spec: &ObjectSpec,
        kind: &Kind,
        things: &[Option<Thing>],
        rng: &mut ChaCha8Rng,
    ) -> Result<Option<Color>, SimError> {
        match &spec.color {
            Colors::One(color) => Ok(Some(*color)),
            Colors::Usual => Ok(kind.color),
            Colors::OneOf(list) => {
                let taken =
                    |c: &Color| things.iter().flatten().any(|t| t.kind.label == kind.label && t.color == Some(*c));
                let left: Vec<Color> = list.iter().filter(|c| self.repeat_colors || !taken(c)).copied().collect();
                let color = left.choose(rng).copied().ok_or_else(|| {
                    SimError::object(&spec.kind, "no colour left: give more colours or set `repeat_colors`")
                })?;
                Ok(Some(color))
            }
        }
    }
}

fn pose(at: &At, size_m: Vec3, rng: &mut impl Rng) -> Pose {
    let position_m = Vec3::new(at.x_m.draw(rng), at.y_m.draw(rng), at.bottom_z_m + size_m.z * 0.5);
    upright(position_m, at.yaw_rad.draw(rng))
}

/// The id as given, or colour and kind, numbered when taken.
fn name(spec: &ObjectSpec, kind: &Kind, color: Option<Color>, things: &[Option<Thing>]) -> Result<ObjectId, SimError> {
    let taken = |name: &str| things.iter().flatten().any(|t| t.id.as_str() == name);
    let long = |name: &str| SimError::object(name, "its name is too long");
    if let Some(id) = &spec.id {
        if taken(id) {
            return Err(SimError::object(id, "two objects have this id"));
        }
        return ObjectId::from(id).map_err(|_| long(id));
    }
    let base = color.map_or_else(|| kind.label.to_owned(), |c| format!("{}_{}", c.name(), kind.label));
    let numbered = std::iter::once(base.clone()).chain((2..).map(|n| format!("{base}_{n}")));
    let free = numbered.into_iter().find(|name| !taken(name)).unwrap_or(base);
    ObjectId::from(&free).map_err(|_| long(&free))
}

fn rest(id: &str, at: &At, kind: &Kind, specs: &[ObjectSpec]) -> Result<Rest, SimError> {
    let (rest, other) = match (&at.on, &at.inside) {
        (Some(other), _) => (Rest::On(other.clone()), other),
        (_, Some(other)) => (Rest::In(other.clone()), other),
        _ => return Ok(Rest::Ground),
    };
    if kind.fixed {
        return Err(SimError::object(
            id,
            format!("a {} is bolted down: it can't start on or in another thing", kind.label),
        ));
    }
    // Parts of a thing (a drawer's cabinet) can be named too.
    let known = |spec: &ObjectSpec| spec.id.as_deref().is_some_and(|known| other.starts_with(known));
    if !specs.iter().any(known) {
        return Err(SimError::object(id, format!("`{other}` must be the `id` of another object of the scene")));
    }
    Ok(rest)
}

/// Do two footprints come closer than the gap? Things that are on, in or spare are in nobody's way; neither are things at
/// different heights.
fn touch(a: &Thing, b: &Thing, gap_m: f64) -> bool {
    let aside = |t: &Thing| t.spare || t.rest != Rest::Ground;
    let apart_z = (a.pose.translation.z - b.pose.translation.z).abs() >= (a.size_m.z + b.size_m.z) * 0.5 - 1e-6;
    if aside(a) || aside(b) || apart_z {
        return false;
    }
    // Separating axes of two rectangles: the sides of both.
    let side = |t: &Thing, i: usize| t.pose.rotation * Vec3::ith(i, 1.0);
    let center_m = |t: &Thing| t.pose.translation.vector + side(t, 0) * (t.kind.front_m * 0.5);
    let offset_m = center_m(b) - center_m(a);
    let reach_m = |t: &Thing, axis: &Vec3| {
        let half_m = [(t.size_m.x + t.kind.front_m) * 0.5, t.size_m.y * 0.5];
        (0..2).map(|i| side(t, i).dot(axis).abs() * half_m[i]).sum::<f64>()
    };
    let axes = [side(a, 0), side(a, 1), side(b, 0), side(b, 1)];
    axes.iter().all(|axis| offset_m.dot(axis).abs() < reach_m(a, axis) + reach_m(b, axis) + gap_m)
}
