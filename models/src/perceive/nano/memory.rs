//! From finds to a scene that stays: names that last, places and looks averaged over several looks, what is hidden
//! remembered, what is looked through dropped unless it may have slid in what it lay in, what is held moved with the hand.

use ponder_core::image::CameraFrame;
use ponder_core::perceiver::Look;
use ponder_core::robot::RobotSpec;
use ponder_core::scene::{Affordance, ObjectId, SceneObject};
use ponder_core::{Pose, Vec3};

use super::find::{Find, Likely, alike, is_one, overlap, room_m, slot_of};
use super::hand::{BELOW_M, Body, Held, fallen, gripped, hand};
use super::hidden::{is_open, seen_through, tucked};
use crate::perceive::track::new_name;

/// Two finds this near of one kind and colour are one thing that two cameras see, metres.
const SAME_M: f64 = 0.04;
/// The same for what is large, as a share of its length.
const SAME_SHARE: f64 = 0.5;
/// A find from here on is believed against another camera.
const CERTAIN: f64 = 0.6;
/// A thing seen again is within this of where it was, metres.
const AGAIN_M: f64 = 0.25;
/// What is seen this near of where something was is that, if it may be, metres.
const STILL_M: f64 = 0.03;
/// What a find of another kind or colour must be nearer, to be the same thing, metres.
const UNLIKE_M: f64 = 0.12;
/// What the hand carried comes after all nearer pairs: farther than things are from each other on a table, metres.
const CARRIED_M: f64 = 3.0;
/// How far a drawer slides, metres.
const SLIDE_M: f64 = 0.2;
/// Heights of one drawer differ by less than this, metres.
const LEVEL_M: f64 = 0.04;
/// What seems to stand this near to a drawer's handle is the handle, metres.
const HANDLE_M: f64 = 0.035;
/// Places this near are averaged, metres.
const CALM_M: f64 = 0.015;
/// A find of which so much is looked through is none, and what was there is gone.
const THROUGH: f64 = 0.5;
/// The same for what is hollow.
const THROUGH_HOLLOW: f64 = 0.85;
/// Lower than so many times a thing, a holder does not keep what falls on others in it.
const SHALLOW: f64 = 1.6;
/// What was seen in so many looks is no mistake.
const OFTEN: u32 = 3;

/// What is known of an object beyond the scene.
#[derive(Clone, Debug)]
struct Known {
    id: ObjectId,
    likely: Likely,
    looks: u32,
    misses: u32,
}

/// What stays from look to look.
#[derive(Debug, Default)]
pub(super) struct Memory {
    known: Vec<Known>,
    held: Option<Held>,
    /// What the hand let go of, and where; nobody has found it since.
    let_go: Option<(ObjectId, Pose)>,
}

/// Do cameras look through the place of a thing, so that it can't be there? What does not move by itself is not doubted.
fn is_gone(object: &SceneObject, frames: &[CameraFrame]) -> bool {
    let limit = if object.can(Affordance::Container) { THROUGH_HOLLOW } else { THROUGH };
    object.can(Affordance::Graspable) && seen_through(object, frames) > limit
}

/// Is it among others in something shallow, so that where it came to lie is anyone's guess?
fn is_heaped(index: usize, objects: &[SceneObject]) -> bool {
    let object = &objects[index];
    let others = || objects.iter().filter(|other| other.can(Affordance::Graspable) && other.id != object.id);
    let shallow = |o: &&SceneObject| o.can(Affordance::Container) && o.size_m.z < SHALLOW * object.size_m.z;
    objects.iter().filter(shallow).any(|holder| {
        let is_over = |o: &SceneObject| {
            let at_m = holder.world_from_object.inverse_transform_point(&o.position_m().into()).coords;
            at_m.z > -holder.size_m.z && (0..2).all(|k| at_m[k].abs() <= holder.size_m[k] * 0.5)
        };
        holder.id != object.id && is_over(object) && others().any(is_over)
    })
}

/// Does it slide in and out, and otherwise stay where it is?
fn slides(object: &SceneObject) -> bool {
    object.can(Affordance::Openable) && object.can(Affordance::Fixed)
}

/// What lies in a drawer that is seen to have slid went with it.
fn slide(old: &mut [SceneObject], finds: &[Find], same: &[(usize, usize)]) {
    let slid: Vec<(usize, usize)> = same.iter().copied().filter(|(i, _)| slides(&old[*i])).collect();
    for (i, j) in slid {
        let (drawer, by_m) = (old[i].clone(), finds[j].object.position_m() - old[i].position_m());
        let inside = |o: &SceneObject| {
            let at_m = drawer.world_from_object.inverse_transform_point(&o.position_m().into()).coords;
            o.can(Affordance::Graspable) && (0..3).all(|k| at_m[k].abs() <= drawer.size_m[k] * 0.5)
        };
        for (k, object) in old.iter_mut().enumerate().filter(|(_, o)| inside(o)) {
            if !same.iter().any(|(other, _)| *other == k) {
                object.world_from_object.translation.vector += by_m;
            }
        }
    }
}

/// Are both at one height?
fn is_level(a: &SceneObject, b: &SceneObject) -> bool {
    (a.position_m().z - b.position_m().z).abs() < LEVEL_M
}

/// Is the one below the other, or above?
fn is_below(a: &SceneObject, b: &SceneObject) -> bool {
    (a.position_m() - b.position_m()).xy().norm() < BELOW_M
}

fn half_alike(a: &SceneObject, b: &SceneObject) -> bool {
    a.label == b.label || a.color == b.color
}

fn apart_m(a: &SceneObject, b: &SceneObject) -> f64 {
    (a.position_m() - b.position_m()).norm()
}

/// Pairs of the nearest, each taken once.
fn pairs(mut near: Vec<(f64, usize, usize)>) -> Vec<(usize, usize)> {
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for (_, i, j) in near {
        if !taken.iter().any(|(a, b)| *a == i || *b == j) {
            taken.push((i, j));
        }
    }
    taken
}

/// Adds what one camera finds to what others found; of one thing the less doubtful find tells the place.
/// What only the later one finds, where the `earlier` ones have an open view, must be certain.
pub(super) fn merge(finds: &mut Vec<Find>, more: Vec<Find>, earlier: &[CameraFrame]) {
    let mut near = Vec::new();
    for (i, a) in finds.iter().enumerate() {
        for (j, b) in more.iter().enumerate().filter(|(_, b)| a.slot == b.slot) {
            let off_m = apart_m(&a.object, &b.object);
            if is_one(&a.object, &b.object)
                || (alike(&a.object, &b.object)
                    && off_m < SAME_M.max(SAME_SHARE * a.object.size_m.max()).max(room_m(&a.object)))
            {
                near.push((off_m, i, j));
            }
        }
    }
    let same = pairs(near);
    for (j, find) in more.into_iter().enumerate() {
        match same.iter().find(|(_, other)| *other == j) {
            Some((i, _)) => {
                let known = &mut finds[*i];
                known.likely = known.likely.and(&find.likely);
                if find.doubt < known.doubt {
                    (known.object, known.doubt) = (find.object, find.doubt);
                }
                known.likely.name(&mut known.object);
            }
            None if find.object.score < CERTAIN && is_open(&find.object, earlier) => {}
            None => finds.push(find),
        }
    }
}

impl Memory {
    /// The objects after a look, and what is held.
    pub(super) fn take(
        &mut self,
        finds: Vec<Find>,
        look: &Look,
        robot: &RobotSpec,
    ) -> (Vec<SceneObject>, Option<ObjectId>) {
        let frames = &look.observation.cameras[..];
        let mut old: Vec<SceneObject> = look.before.as_ref().map_or_else(Vec::new, |scene| scene.objects.clone());
        self.known.retain(|known| old.iter().any(|object| object.id == known.id));
        let hand = hand(&look.observation, robot);
        let still = |held: &Held| hand.as_ref().is_some_and(|h| held.is_held(h)) && old.iter().any(|o| o.id == held.id);
        let before = self.held.take();
        self.held = before.clone().filter(still);
        if let (None, Some(before), Some(hand)) = (&self.held, &before, &hand) {
            self.let_go = Some((before.id, before.pose(hand)));
        }
        let body = Body::of(&look.observation, robot);
        let mut heaped = None;
        if let Some((id, from)) = &self.let_go
            && let Some(i) = old.iter().position(|object| object.id == *id)
        {
            // It fell from where the hand is, or was before it rose, if it is not there any more. Behind the arm that is
            // no more than a guess: it counts as where it was until the view is free.
            let place = fallen(i, from, &old);
            old[i].world_from_object = *from;
            if is_gone(&old[i], frames) && !body.hides(&place.translation.vector, frames) {
                old[i].world_from_object = place;
            }
            heaped = is_heaped(i, &old).then_some(*id);
        }
        if let (Some(held), Some(hand)) = (&self.held, &hand) {
            old.iter_mut().filter(|o| o.id == held.id).for_each(|o| o.world_from_object = held.pose(hand));
        }
        let seen = finds.iter().map(|find| &find.object);
        let handles_m: Vec<Vec3> = seen.chain(&old).filter(|o| slides(o)).filter_map(|o| o.handle_m).collect();
        let is_handle = |o: &SceneObject| {
            o.can(Affordance::Graspable) && handles_m.iter().any(|m| (m - o.position_m()).norm() < HANDLE_M)
        };
        let real = |o: &SceneObject| !is_gone(o, frames) && !body.holds(o) && !is_handle(o);
        let finds: Vec<Find> = finds.into_iter().filter(|find| real(&find.object)).collect();
        let grips = hand.as_ref().filter(|_| self.held.is_none());
        let gripped = grips.and_then(|hand| gripped(finds.iter().map(|find| &find.object), hand, robot));
        let same = self.again(&old, &finds, frames, (self.let_go.map(|(id, _)| id), gripped));
        slide(&mut old, &finds, &same);
        self.let_go = self.let_go.filter(|(id, _)| !same.iter().any(|(i, _)| old[*i].id == *id));
        let mut taken: Vec<ObjectId> = old.iter().map(|object| object.id).collect();
        let (mut objects, mut new) = (Vec::<SceneObject>::new(), Vec::<SceneObject>::new());
        for (j, find) in finds.into_iter().enumerate() {
            match same.iter().find(|(_, other)| *other == j) {
                Some((i, _)) => objects.push(self.seen(&old[*i], find)),
                None => {
                    let mut object = find.object;
                    let Some(id) = new_name(&object, &taken) else { continue };
                    object.id = id;
                    taken.push(id);
                    self.known.push(Known { id, likely: find.likely, looks: 1, misses: 0 });
                    new.push(object);
                }
            }
        }
        if let (None, None, Some(hand)) = (&self.held, gripped, &hand) {
            // The fingers may hide what they took away.
            let lost = |o: &&mut SceneObject| !objects.iter().any(|other| other.id == o.id) && is_gone(o, frames);
            let lost: Vec<&mut SceneObject> = old.iter_mut().filter(lost).collect();
            self.held = Held::lifted(lost, hand, robot);
        }
        for object in old {
            // What is seen where it was may have taken its place; what is known to be another thing has not.
            let is_found = objects.iter().any(|o| o.id == object.id)
                || new.iter().any(|o| slot_of(o) == slot_of(&object) && is_one(o, &object));
            let is_falling = self.let_go.is_some_and(|(id, from)| id == object.id && from == object.world_from_object);
            if !is_found && (is_falling || self.is_believed(&object, frames, heaped == Some(object.id))) {
                objects.push(object);
            } else if !is_found && self.is_well_known(&object) && is_gone(&object, frames) {
                let holders = objects.iter().filter(|o| o.can(Affordance::Container) && o.id != object.id);
                let place = tucked(&object, holders, frames, THROUGH);
                objects.extend(place.map(|world_from_object| SceneObject { world_from_object, ..object }));
            }
        }
        objects.append(&mut new);
        if self.held.is_none() {
            self.held = hand.as_ref().and_then(|hand| Held::find(&objects, hand, robot));
        }
        self.let_go = self.let_go.filter(|(id, _)| self.held.as_ref().is_none_or(|held| held.id != *id));
        let held = self.held.as_ref().map(|held| held.id).filter(|id| objects.iter().any(|o| o.id == *id));
        (objects, held)
    }

    fn is_held(&self, object: &SceneObject) -> bool {
        self.held.as_ref().is_some_and(|held| held.id == object.id)
    }

    /// Was it seen often enough to be no mistake?
    fn is_well_known(&self, object: &SceneObject) -> bool {
        self.known.iter().any(|known| known.id == object.id && known.looks >= OFTEN)
    }

    /// Which finds are which of the objects that were there: numbers of an object and a find. What the hand has
    /// let go of since (an object) is somewhere, what it has closed around since (a find) was somewhere, however far.
    fn again(
        &self,
        old: &[SceneObject],
        finds: &[Find],
        frames: &[CameraFrame],
        (released, gripped): (Option<ObjectId>, Option<usize>),
    ) -> Vec<(usize, usize)> {
        let mut near = Vec::new();
        for (i, object) in old.iter().enumerate() {
            // Only what is gone from its place, or hidden there, can be at another.
            let is_away = || is_gone(object, frames) || !is_open(object, frames);
            let can_move = !self.is_held(object) && (!object.can(Affordance::Graspable) || is_away());
            for (j, find) in finds.iter().enumerate() {
                let off_m = apart_m(object, &find.object);
                let (fits, stays) =
                    (slot_of(object) == Some(find.slot), off_m < STILL_M || overlap(object, &find.object));
                let is_carried = fits && (released == Some(object.id) || gripped == Some(j));
                // What the fingers hide in part may look like anything, but comes from below them.
                let is_lifted = fits && gripped == Some(j) && is_gone(object, frames) && is_below(object, &find.object);
                let slid = slides(object) && object.label == find.object.label && is_level(object, &find.object);
                match alike(object, &find.object) {
                    _ if slid && off_m < SLIDE_M => near.push((off_m, i, j)),
                    true if stays || off_m < SAME_M || (can_move && off_m < AGAIN_M.max(room_m(object))) => {
                        near.push((off_m, i, j));
                    }
                    false if stays && fits => near.push((off_m + UNLIKE_M, i, j)),
                    _ if is_lifted => near.push((off_m + 0.5 * CARRIED_M, i, j)),
                    true if is_carried => near.push((off_m + CARRIED_M, i, j)),
                    false if is_carried && half_alike(object, &find.object) => {
                        near.push((off_m + 2.0 * CARRIED_M, i, j))
                    }
                    _ => {}
                }
            }
        }
        pairs(near)
    }

    /// An object that is seen again.
    fn seen(&mut self, old: &SceneObject, find: Find) -> SceneObject {
        let is_held = self.is_held(old);
        let mut object = find.object;
        object.id = old.id;
        let mut share = 0.5;
        match self.known.iter_mut().find(|known| known.id == old.id) {
            Some(known) => {
                known.likely = known.likely.and(&find.likely);
                (known.looks, known.misses) = (known.looks + 1, 0);
                share = (1.0 / f64::from(known.looks)).max(0.2);
                known.likely.name(&mut object);
            }
            None => self.known.push(Known { id: old.id, likely: find.likely, looks: 1, misses: 0 }),
        }
        object.size_m = old.size_m.lerp(&object.size_m, share);
        if is_held {
            object.world_from_object = old.world_from_object;
        } else if apart_m(old, &object) < CALM_M && old.label == object.label {
            let at_m: Vec3 = old.position_m().lerp(&object.position_m(), share);
            let (a, b) = (old.world_from_object.rotation, object.world_from_object.rotation);
            let turn = if a.angle_to(&b) < 0.35 { a.try_slerp(&b, share, 1e-6).unwrap_or(b) } else { b };
            object.world_from_object = Pose::from_parts(at_m.into(), turn);
        }
        object
    }

    /// Is an object that is not found still there? Not where one looks, if it is doubted.
    fn is_believed(&mut self, object: &SceneObject, frames: &[CameraFrame], is_doubted: bool) -> bool {
        if self.is_held(object) {
            return true;
        }
        if is_gone(object, frames) {
            return false;
        }
        if is_doubted && is_open(object, frames) {
            return false;
        }
        let Some(known) = self.known.iter_mut().find(|known| known.id == object.id) else { return true };
        known.misses += u32::from(is_open(object, frames));
        known.misses <= 1 + known.looks
    }
}

#[cfg(test)]
mod tests;
