//! Something found, with how likely it is of each kind and colour: what several pictures say of one thing is added up
//! before anything is believed (naive Bayes).

use ponder_core::Vec3;
use ponder_core::scene::{Affordance, Color, Label, SceneObject};

use super::code::{COLOR, COLORS, KIND};
use super::kinds::{KINDS, numbered};

/// How much one look counts for kind and colour: pictures of one thing are alike, so that they are not worth as much as
/// independent ones.
const WORTH: f32 = 0.5;

/// Two finds that look the same and share this much of their room are one.
const SHARED: f64 = 0.35;

/// Of its lesser side, for what is said a little too large.
const ROOM: f64 = 0.9;

/// Logarithms of how likely the kinds and colours are, up to a constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Likely {
    kinds: [f32; KINDS.len()],
    colors: [f32; COLORS],
}

/// Something found.
#[derive(Clone, Debug)]
pub struct Find {
    /// As it seems, without a name.
    pub object: SceneObject,
    /// Slot that it was found in.
    pub slot: usize,
    /// What it may be.
    pub likely: Likely,
    /// How far off its place may be, beside other looks at it: the less, the better.
    pub doubt: f64,
}

impl Find {
    /// From the numbers said of it.
    pub(super) fn new(object: SceneObject, slot: usize, said: &[f32]) -> Self {
        let part = |from: usize, i: usize| said.get(from + i).copied().unwrap_or(f32::MIN);
        let mut likely = Likely {
            kinds: std::array::from_fn(|i| if KINDS[i].slot == slot { part(KIND, i) } else { -30.0 }),
            colors: std::array::from_fn(|i| part(COLOR, i)),
        };
        even(&mut likely.kinds);
        even(&mut likely.colors);
        let doubt = 1.0 - object.score;
        Self { object, slot, likely, doubt }
    }

    /// The same, seen by a camera there: what stands about is out by a pixel more, the farther off and the flatter it is seen.
    pub(super) fn seen_from(mut self, eye_m: &Vec3) -> Self {
        if self.object.can(Affordance::Place) {
            let way_m = self.object.position_m() - eye_m;
            self.doubt = way_m.norm_squared() / way_m.z.abs().max(0.1);
        }
        self
    }
}

/// Shifts logarithms so that the largest is 0, and none is below what one look may rule out.
fn even(logs: &mut [f32]) {
    let most = logs.iter().copied().fold(f32::MIN, f32::max);
    logs.iter_mut().for_each(|log| *log = (*log - most).max(-8.0));
}

impl Likely {
    /// With what another look says.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut both = Self {
            kinds: std::array::from_fn(|i| self.kinds[i] + other.kinds[i] * WORTH),
            colors: std::array::from_fn(|i| self.colors[i] + other.colors[i] * WORTH),
        };
        for logs in [&mut both.kinds[..], &mut both.colors[..]] {
            let most = logs.iter().copied().fold(f32::MIN, f32::max);
            logs.iter_mut().for_each(|log| *log -= most);
        }
        both
    }

    /// Makes an object what is likeliest.
    pub fn name(&self, object: &mut SceneObject) {
        let best = |logs: &[f32]| (0..logs.len()).max_by(|a, b| logs[*a].total_cmp(&logs[*b]));
        if let Some(kind) = best(&self.kinds).map(|i| &KINDS[i])
            && object.label.as_str() != kind.label
            && let Ok(label) = Label::from(kind.label)
        {
            let (opens, switched) = (kind.opens(), kind.is_switched());
            object.label = label;
            object.affordances = kind.affordances;
            object.open_fraction = object.open_fraction.or(Some(0.0)).filter(|_| opens);
            object.handle_m = object.handle_m.or(Some(object.position_m())).filter(|_| opens);
            object.on = object.on.or(Some(false)).filter(|_| switched);
        }
        object.color = best(&self.colors).and_then(|i| Color::ALL.get(i)).map(|entry| entry.0);
    }
}

/// Slot of an object's kind.
pub(super) fn slot_of(object: &SceneObject) -> Option<usize> {
    numbered(&object.label).map(|number| KINDS[number].slot)
}

/// Does each middle lie within the other's box, or beside it by a tenth of its length?
pub(super) fn overlap(a: &SceneObject, b: &SceneObject) -> bool {
    let within = |a: &SceneObject, b: &SceneObject| {
        let inside_m = b.world_from_object.inverse_transform_point(&a.position_m().into()).coords;
        (0..3).all(|i| inside_m[i].abs() < b.size_m[i] * 0.5 + b.size_m.max() * 0.1)
    };
    within(a, b) && within(b, a)
}

/// Two of a kind are no nearer to each other than this, metres: what stands about does not go through its like.
pub(super) fn room_m(object: &SceneObject) -> f64 {
    if object.can(Affordance::Place) { ROOM * object.size_m.xy().min() } else { 0.0 }
}

/// Do these look like one thing?
pub(super) fn alike(a: &SceneObject, b: &SceneObject) -> bool {
    a.label == b.label && a.color == b.color
}

/// Are these two finds one thing? Two that look the same may not share much room either: things don't go through each
/// other.
pub(super) fn is_one(a: &SceneObject, b: &SceneObject) -> bool {
    overlap(a, b) || (alike(a, b) && shared(a, b) > SHARED)
}

/// Room that two boxes along the world's axes share, as a share of the smaller.
fn shared(a: &SceneObject, b: &SceneObject) -> f64 {
    let (half_a, half_b) = (a.world_half_extents_m(), b.world_half_extents_m());
    let apart_m = (a.position_m() - b.position_m()).abs();
    let along_m = |i: usize| (half_a[i] + half_b[i] - apart_m[i]).clamp(0.0, 2.0 * half_a[i].min(half_b[i]));
    let volume = |half: &Vec3| 8.0 * half.product();
    (0..3).map(along_m).product::<f64>() / volume(&half_a).min(volume(&half_b)).max(1e-12)
}
