//! From a description to the objects it means: every word of it narrows what the scene offers; what is left must fit
//! the number said.

use crate::fact::{self, Fact};
use crate::scene::{Affordance, Scene};
use crate::state::{State, Support};
use crate::symbolic::reading::{Condition, Count, Description, Relation, Size, Spot};

/// What the wish will do with the thing: says which of several is meant, never that a named thing is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// To be picked up or moved.
    Thing,
    /// To put things in or on.
    Holder,
    /// To open or close.
    Opens,
    /// To press or switch.
    Switches,
    /// To drive to.
    Place,
    /// To stand beside, or to tell another thing by.
    Reference,
}

/// Why a description means nothing here.
#[derive(Clone, Debug, PartialEq)]
pub enum Lost {
    /// Nothing fits; these come nearest.
    NotThere(Description, Vec<usize>),
    /// More fit than one.
    Ambiguous(Description, Vec<usize>),
    /// Fewer are there than said.
    TooFew(Description, Vec<usize>),
    /// `it`, but nothing was spoken of.
    NothingMeant,
}

/// How it was found, for the thought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Only it fits.
    Only,
    /// It was spoken of before.
    Spoken,
    /// It is the extreme one, or in the place named.
    Picked,
    /// Of all that fit only with it there is something to do.
    Useful,
    /// Any will do.
    Any,
    /// All that fit.
    All,
}

/// What was spoken of so far, oldest first, and what the last wish was about.
#[derive(Clone, Debug, Default)]
pub struct Spoken {
    things: Vec<usize>,
    group: Vec<usize>,
    /// Objects already handled for this goal, preferred where any will do.
    pub begun: Vec<usize>,
    /// Objects that gave trouble, last where any will do.
    pub troubled: Vec<usize>,
}

impl Spoken {
    /// Remembers what a wish was about: the thing itself is thought of before the place.
    pub fn remember(&mut self, what: &[usize], places: &[usize]) {
        for index in places.iter().chain(what) {
            self.things.retain(|i| i != index);
            self.things.push(*index);
        }
        if !what.is_empty() {
            self.group = what.to_vec();
        }
    }

    /// Leaves these out of what `it` can stand for.
    pub fn forget(&mut self, what: &[usize]) {
        self.things.retain(|i| !what.contains(i));
        self.group.retain(|i| !what.contains(i));
    }
}

/// Finds objects in a scene.
pub struct Resolver<'a> {
    /// The scene.
    pub scene: &'a Scene,
    /// Its symbolic state.
    pub state: &'a State,
}

impl Resolver<'_> {
    /// The objects that a description means. `useful` says with which of them there is anything to do.
    ///
    /// # Errors
    /// [`Lost`] where it means none, or more than one thing.
    pub fn resolve(
        &self,
        it: &Description,
        role: Role,
        spoken: &Spoken,
        useful: &dyn Fn(usize) -> bool,
    ) -> Result<(Vec<usize>, Found), Lost> {
        if it.pronoun {
            return self.pronoun(it, role, spoken).map(|found| (found, Found::Spoken));
        }
        if matches!(it.count, Count::Exactly(n) if n == spoken.group.len()) && it.is_bare() {
            return Ok((spoken.group.clone(), Found::Spoken)); // `the two`
        }
        let mut found = self.fitting(it, role, spoken);
        let picked = it.size.is_some() || it.spot.is_some() || it.ordinal.is_some();
        if matches!(it.count, Count::Other | Count::Rest) {
            found.retain(|i| !spoken.things.contains(i));
        }
        if found.is_empty() {
            return Err(Lost::NotThere(it.clone(), self.nearest(it)));
        }
        match it.count {
            Count::All | Count::Rest => Ok((found, Found::All)),
            Count::Exactly(n) if found.len() == n => Ok((found, Found::All)),
            Count::Exactly(n) if found.len() < n => Err(Lost::TooFew(it.clone(), found)),
            Count::Exactly(_) => {
                let suited: Vec<usize> = found.iter().copied().filter(|i| self.suits(*i, role) && useful(*i)).collect();
                if Count::Exactly(suited.len()) == it.count {
                    Ok((suited, Found::Useful))
                } else {
                    Err(Lost::Ambiguous(it.clone(), found))
                }
            }
            Count::Any(n) if found.len() < n => Err(Lost::TooFew(it.clone(), found)),
            Count::Any(n) => {
                let only = found.len() == n;
                let cost = |i: &usize| {
                    let trouble = spoken.troubled.contains(i);
                    let begun = spoken.begun.contains(i);
                    let covered = self.state.is_covered(*i).is_some() || self.state.shut_in(*i).is_some();
                    (trouble, !begun, !self.suits(*i, role), !useful(*i), covered, *i)
                };
                found.sort_by_key(cost);
                found.truncate(n);
                Ok((found, if only { Found::Only } else { Found::Any }))
            }
            Count::The | Count::Other => self.only(it, found, role, spoken, useful, picked),
        }
    }

    fn only(
        &self,
        it: &Description,
        found: Vec<usize>,
        role: Role,
        spoken: &Spoken,
        useful: &dyn Fn(usize) -> bool,
        picked: bool,
    ) -> Result<(Vec<usize>, Found), Lost> {
        if let [one] = found[..] {
            return Ok((vec![one], if picked { Found::Picked } else { Found::Only }));
        }
        let narrowed = |keep: &dyn Fn(usize) -> bool| {
            let mut kept = found.iter().copied().filter(|i| keep(*i));
            kept.next().filter(|_| kept.next().is_none())
        };
        if let Some(one) = narrowed(&|i| spoken.things.contains(&i)) {
            return Ok((vec![one], Found::Spoken));
        }
        if let Some(one) = narrowed(&|i| self.suits(i, role)) {
            return Ok((vec![one], Found::Useful));
        }
        if let Some(one) = narrowed(&|i| self.suits(i, role) && useful(i)) {
            return Ok((vec![one], Found::Useful));
        }
        Err(Lost::Ambiguous(it.clone(), found))
    }

    fn pronoun(&self, it: &Description, role: Role, spoken: &Spoken) -> Result<Vec<usize>, Lost> {
        if it.count == Count::All && !spoken.group.is_empty() {
            return Ok(spoken.group.clone());
        }
        let suited = spoken.things.iter().rev().find(|i| self.suits(**i, role));
        let last = suited.or(spoken.things.last()).copied();
        last.or(self.state.holding).map(|i| vec![i]).ok_or(Lost::NothingMeant)
    }

    /// Does the object afford what the role needs?
    pub fn suits(&self, index: usize, role: Role) -> bool {
        let object = &self.state.objects()[index];
        let can = |affordance| object.can(affordance);
        match role {
            Role::Thing => can(Affordance::Graspable),
            Role::Holder => can(Affordance::Container) || can(Affordance::Surface),
            Role::Opens => can(Affordance::Openable),
            Role::Switches => can(Affordance::Pressable) || can(Affordance::Turnable),
            Role::Place => can(Affordance::Place),
            Role::Reference => true,
        }
    }

    /// All objects that every word of the description fits, in the scene's order.
    pub fn fitting(&self, it: &Description, role: Role, spoken: &Spoken) -> Vec<usize> {
        let objects = self.state.objects();
        let mut found: Vec<usize> = self.of_kind(it, role);
        if let Some(color) = it.color {
            found.retain(|i| objects[*i].color == Some(color));
        }
        if let Some((relation, other)) = &it.relation {
            self.related(&mut found, *relation, other, spoken);
        }
        if let Some(condition) = it.condition {
            let open = matches!(condition, Condition::Open | Condition::Closed);
            let fits: Vec<usize> = found.iter().copied().filter(|i| self.is_in(*i, condition)).collect();
            // `the open drawer` where the only drawer is closed: it can be opened.
            if !(open && fits.is_empty() && found.len() == 1) {
                found = fits;
            }
        }
        for except in &it.except {
            let not_meant = if except.pronoun {
                self.pronoun(except, role, spoken).unwrap_or_default()
            } else {
                self.fitting(except, role, spoken)
            };
            found.retain(|i| !not_meant.contains(i));
        }
        if let Some(size) = it.size {
            self.sized(&mut found, size, it.count.is_plural());
        }
        if it.spot.is_some() || it.ordinal.is_some() {
            self.placed(&mut found, it);
        }
        found
    }

    fn of_kind(&self, it: &Description, role: Role) -> Vec<usize> {
        let objects = self.state.objects();
        let all = 0..objects.len();
        let named = |i: &usize| {
            let name = |text: &str| text.to_lowercase().replace(['_', '-'], " ");
            let (id, label) = (name(&objects[*i].id), name(&objects[*i].label));
            let whole = |text: &str, word: &str| text == word || text.split(' ').any(|part| part == word);
            it.words.iter().all(|word| {
                let word = word.replace('_', " ");
                let single = word.strip_suffix('s').unwrap_or(&word);
                [id.as_str(), label.as_str()]
                    .iter()
                    .any(|text| *text == word || whole(text, &word) || whole(text, single))
            })
        };
        let Some(kind) = it.kind.filter(|kind| !kind.is_anything()) else {
            if !it.words.is_empty() {
                return all.filter(named).collect();
            }
            return all.filter(|i| self.suits(*i, role)).collect();
        };
        if kind.is_tower() {
            let lifted = |i: usize| matches!(self.state.situations[i].support, Support::On(j) if objects[j].can(Affordance::Graspable));
            return all.filter(|i| lifted(*i) && self.state.is_covered(*i).is_none()).collect();
        }
        let fits: Vec<u8> = objects.iter().map(|o| kind.fits(o)).collect();
        let best = all
            .clone()
            .filter(|i| it.color.is_none() || objects[*i].color == it.color)
            .map(|i| fits[i])
            .max()
            .unwrap_or(0);
        let best = best.max(fits.iter().copied().max().unwrap_or(0).min(2));
        // By the very word if there is one, else by any synonym, else by what stands in.
        let best = if best == 3 && it.count.is_plural() { 2 } else { best };
        all.filter(|i| fits[*i] >= best.max(1) && named(i)).collect()
    }

    fn related(&self, found: &mut Vec<usize>, relation: Relation, other: &Description, spoken: &Spoken) {
        let objects = self.state.objects();
        let others = if other.pronoun {
            self.pronoun(other, Role::Reference, spoken).unwrap_or_default()
        } else {
            let role = if matches!(relation, Relation::In | Relation::On | Relation::At) {
                Role::Holder
            } else {
                Role::Reference
            };
            self.fitting(other, role, spoken)
        };
        let distance = |i: usize| {
            others
                .iter()
                .map(|j| (objects[i].position_m() - objects[*j].position_m()).norm())
                .fold(f64::INFINITY, f64::min)
        };
        if matches!(relation, Relation::Nearest | Relation::Farthest) {
            let sign = if relation == Relation::Nearest { 1.0 } else { -1.0 };
            found.retain(|i| !others.contains(i));
            let nearest = found.iter().copied().min_by(|a, b| (sign * distance(*a)).total_cmp(&(sign * distance(*b))));
            found.retain(|i| Some(*i) == nearest);
            return;
        }
        let holds = |fact: Fact| fact::measure(&fact, self.scene, None).holds;
        found.retain(|i| {
            others.iter().filter(|j| *j != i).any(|j| {
                let (a, b) = (objects[*i].id, objects[*j].id);
                let support = self.state.situations[*i].support;
                match relation {
                    Relation::In => support == Support::In(*j),
                    Relation::On => support == Support::On(*j),
                    Relation::At => support == Support::In(*j) || support == Support::On(*j),
                    Relation::Under => self.state.situations[*j].support == Support::On(*i),
                    Relation::Near => holds(Fact::Near(a, b)),
                    Relation::Beside(side) => holds(side.fact(a, b)),
                    Relation::Nearest | Relation::Farthest => false,
                }
            })
        });
    }

    fn is_in(&self, index: usize, condition: Condition) -> bool {
        let situation = &self.state.situations[index];
        let holds_any =
            self.state.situations.iter().any(|s| s.support == Support::In(index) || s.support == Support::On(index));
        match condition {
            Condition::Open => situation.open == Some(true),
            Condition::Closed => situation.open == Some(false),
            Condition::Empty => !holds_any,
            Condition::Full => holds_any,
            Condition::On => situation.on == Some(true),
            Condition::Off => situation.on == Some(false),
            Condition::Held => self.state.holding == Some(index),
        }
    }

    fn sized(&self, found: &mut Vec<usize>, size: Size, plural: bool) {
        let volume = |i: usize| self.state.objects()[i].size_m.product();
        let largest = found.iter().map(|i| volume(*i)).fold(f64::MIN, f64::max);
        let smallest = found.iter().map(|i| volume(*i)).fold(f64::MAX, f64::min);
        if found.len() < 2 || largest < 1.1 * smallest {
            return; // all alike: the word tells nothing
        }
        let middle = (largest * smallest).sqrt();
        found.retain(|i| {
            let volume = volume(*i);
            match (size, plural) {
                (Size::Big, true) => volume >= middle,
                (Size::Small, true) => volume < middle,
                (Size::Big, false) => volume > largest * 0.95,
                (Size::Small, false) => volume < smallest * 1.05,
            }
        });
    }

    fn placed(&self, found: &mut Vec<usize>, it: &Description) {
        let base_m = self.scene.world_from_base.map_or_else(crate::Vec3::zeros, |base| base.translation.vector);
        let spot = it.spot.unwrap_or(Spot::Left);
        let key = |i: usize| {
            let at_m = self.state.objects()[i].position_m();
            match spot {
                Spot::Left | Spot::Middle => -at_m.y,
                Spot::Right => at_m.y,
                Spot::Front => at_m.x,
                Spot::Back => -at_m.x,
                Spot::Top => -at_m.z,
                Spot::Bottom => at_m.z,
                Spot::Nearest => (at_m - base_m).xy().norm(),
                Spot::Farthest => -(at_m - base_m).xy().norm(),
            }
        };
        if found.len() < 2 {
            return;
        }
        if it.count.is_plural() && it.ordinal.is_none() {
            let mean = found.iter().map(|i| key(*i)).sum::<f64>() / found.len() as f64;
            found.retain(|i| key(*i) < mean);
            return;
        }
        let mut sorted = found.clone();
        sorted.sort_by(|a, b| key(*a).total_cmp(&key(*b)));
        let one = match (it.ordinal, spot) {
            (Some(n), _) => sorted.get(n.wrapping_sub(1)).copied(),
            (None, Spot::Middle) => (sorted.len() % 2 == 1).then(|| sorted[sorted.len() / 2]),
            (None, _) => sorted.first().copied(),
        };
        match (one, spot) {
            (None, Spot::Middle) => {}
            _ => found.retain(|i| Some(*i) == one),
        }
    }

    /// What comes nearest to a description that nothing fits: of its kind, else of its colour.
    fn nearest(&self, it: &Description) -> Vec<usize> {
        let objects = self.state.objects();
        let kind = |i: &usize| it.kind.is_some_and(|kind| !kind.is_anything() && kind.fits(&objects[*i]) > 0);
        let color = |i: &usize| it.color.is_some() && objects[*i].color == it.color;
        let of_kind: Vec<usize> = (0..objects.len()).filter(kind).collect();
        if of_kind.is_empty() { (0..objects.len()).filter(color).collect() } else { of_kind }
    }
}
