//! Many things at once: cleared away, sorted by colour, exchanged.

use crate::fact::Fact;
use crate::scene::Affordance;
use crate::state::{Side, Support};
use crate::symbolic::intent::{Interpreter, Stage, Step};
use crate::symbolic::kinds::Kind;
use crate::symbolic::reading::{Count, Description, Relation};
use crate::symbolic::resolve::{Lost, Role};
use crate::symbolic::why::Why;

impl Interpreter<'_> {
    pub(super) fn clear(&mut self, place: &Description, into: Option<&Description>) -> Step {
        self.arm()?;
        let from = self.find(place, Role::Holder)?;
        let into = into.map(|it| self.one(it, Role::Holder)).transpose()?;
        if let [one] = from[..]
            && !self.resolver.suits(one, Role::Holder)
        {
            return Err(Why::NotAPlace(one));
        }
        let surface = from.iter().all(|i| self.can(*i, Affordance::Fixed) && self.can(*i, Affordance::Surface));
        let into = match into {
            Some(into) => into,
            None if surface => self.bin(place, &from)?,
            None => self.table().ok_or(Why::NoDestination(from[0]))?,
        };
        let rests = |i: usize| {
            let mut at = i;
            for _ in 0..self.state().situations.len() {
                match self.state().situations[at].support {
                    Support::On(j) | Support::In(j) if from.contains(&j) => return true,
                    Support::On(j) => at = j,
                    _ => return false,
                }
            }
            false
        };
        let objects = self.state().objects();
        let mut things: Vec<usize> =
            (0..objects.len()).filter(|i| *i != into && self.can(*i, Affordance::Graspable) && rests(*i)).collect();
        if surface {
            // Dishes that do not fit into what the rest goes into stay.
            let fits = |i: usize| {
                objects[i].size_m.x.min(objects[i].size_m.y) < objects[into].size_m.x.min(objects[into].size_m.y)
            };
            let dish = |i: usize| self.can(i, Affordance::Container);
            things.retain(|i| !dish(*i) || fits(*i) && !self.can(into, Affordance::Graspable));
        }
        things.retain(|i| !self.intent.avoid.contains(i));
        for except in &place.except {
            let kept = self.resolver.fitting(except, Role::Thing, &self.spoken);
            things.retain(|i| !kept.contains(i));
        }
        self.spoken.remember(&things, &from);
        let facts: Vec<Fact> = things.iter().map(|i| self.place_fact(*i, Relation::At, into)).collect::<Step<_>>()?;
        if facts.is_empty() {
            // It is clear already: nothing to do, and the hand is empty at the end.
            self.reach(vec![Fact::HandEmpty]);
            return Ok(());
        }
        self.reach(facts);
        Ok(())
    }

    /// Where things go that are cleared away: a bin, else a box, else the only container.
    pub(super) fn bin(&self, place: &Description, from: &[usize]) -> Step<usize> {
        let objects = self.state().objects();
        let containers: Vec<usize> =
            (0..objects.len()).filter(|i| self.can(*i, Affordance::Container) && !from.contains(i)).collect();
        for name in ["bin", "box"] {
            let named: Vec<usize> = containers
                .iter()
                .copied()
                .filter(|i| Kind::named(&objects[*i].label).is_some_and(|kind| kind.entry().en[0] == name))
                .collect();
            match named[..] {
                [] => {}
                [one] => return Ok(one),
                _ => return Err(Why::WhichPlace(place.clone(), named)),
            }
        }
        match containers[..] {
            [one] => Ok(one),
            [] => Err(Why::NoDestination(from.first().copied().unwrap_or(0))),
            _ => Err(Why::WhichPlace(place.clone(), containers)),
        }
    }

    pub(super) fn sort(&mut self, what: &[Description], into: Option<&(Relation, Description)>) -> Step {
        self.arm()?;
        let blocks = Description { count: Count::All, kind: Kind::named("block"), ..Description::default() };
        let things = if what.is_empty() { self.find(&blocks, Role::Thing)? } else { self.find_all(what, Role::Thing)? };
        let objects = self.state().objects();
        let (relation, places) = match into {
            Some((relation, place)) => {
                let all = Description { count: Count::All, same_color: false, ..place.clone() };
                (*relation, self.find(&all, Role::Holder)?)
            }
            None => {
                let holds = |i: &usize| {
                    !things.contains(i) && self.resolver.suits(*i, Role::Holder) && objects[*i].color.is_some()
                };
                (Relation::At, (0..objects.len()).filter(holds).collect())
            }
        };
        let things: Vec<usize> =
            things.into_iter().filter(|i| !places.contains(i) && self.can(*i, Affordance::Graspable)).collect();
        let mut facts = Vec::new();
        for thing in &things {
            let same: Vec<usize> = places
                .iter()
                .copied()
                .filter(|p| objects[*p].color == objects[*thing].color && objects[*p].color.is_some())
                .collect();
            // A bowl before the plate under it, a container before a surface.
            let best = same.iter().copied().find(|p| self.can(*p, Affordance::Container)).or(same.first().copied());
            let place = best.ok_or(Why::NoColorPlace(*thing))?;
            facts.push(self.place_fact(*thing, relation, place)?);
        }
        self.spoken.remember(&things, &places);
        if facts.is_empty() {
            return Err(Why::Lost(Lost::NotThere(blocks, Vec::new())));
        }
        self.reach(facts);
        Ok(())
    }

    pub(super) fn swap(&mut self, what: &[Description]) -> Step {
        self.arm()?;
        let found = self.find_all(what, Role::Thing)?;
        let things = self.graspable(&found)?;
        let [a, b] = things[..] else {
            return Err(Why::HowToShare);
        };
        self.spoken.remember(&things, &[]);
        let at = |i: usize| self.state().situations[i].support;
        let fact = |i: usize, support: Support| match support {
            Support::In(j) => Some(Fact::In(self.id(i), self.id(j))),
            Support::On(j) => Some(Fact::On(self.id(i), self.id(j))),
            Support::Hand | Support::Ground => None,
        };
        if at(a) != at(b) {
            let facts: Vec<Fact> = fact(a, at(b)).into_iter().chain(fact(b, at(a))).collect();
            if facts.is_empty() {
                return Err(Why::NoWay);
            }
            self.intent.stages.push(Stage::Reach(facts));
            return Ok(());
        }
        // On the same surface: each comes to the other side of the other.
        let offset = self.state().objects()[a].position_m() - self.state().objects()[b].position_m();
        let side = match (offset.x.abs() > offset.y.abs(), offset.x > 0.0, offset.y > 0.0) {
            (true, true, _) => Side::Front,
            (true, false, _) => Side::Behind,
            (false, _, true) => Side::Right,
            (false, _, false) => Side::Left,
        };
        let fact = side.fact(self.id(a), self.id(b));
        self.intent.stages.push(Stage::Reach(vec![fact]));
        Ok(())
    }
}
