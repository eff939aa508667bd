//! Things put somewhere: in, on or beside a place, one in each of several, off or out of where they are.

use crate::fact::Fact;
use crate::scene::Affordance;
use crate::symbolic::intent::{Interpreter, Stage, Step};
use crate::symbolic::kinds::Kind;
use crate::symbolic::reading::{Count, Description, Relation};
use crate::symbolic::resolve::{Lost, Role};
use crate::symbolic::search::free_surfaces;
use crate::symbolic::why::Why;

impl Interpreter<'_> {
    /// The fact that `a` is so to `b`.
    pub(super) fn place_fact(&self, a: usize, relation: Relation, b: usize) -> Step<Fact> {
        if a == b {
            return Err(Why::Itself(a));
        }
        let (x, y) = (self.id(a), self.id(b));
        let (container, surface) = (self.can(b, Affordance::Container), self.can(b, Affordance::Surface));
        match relation {
            Relation::In | Relation::At if container => Ok(Fact::In(x, y)),
            Relation::On if surface => Ok(Fact::On(x, y)),
            Relation::On if container => Ok(Fact::In(x, y)),
            Relation::In | Relation::At if surface => Ok(Fact::On(x, y)),
            Relation::On if self.can(b, Affordance::Graspable) => Err(Why::NotSteady(b)),
            Relation::On | Relation::In => Err(Why::NotAPlace(b)),
            Relation::Beside(side) => Ok(side.fact(x, y)),
            Relation::At | Relation::Near | Relation::Nearest | Relation::Farthest => Ok(Fact::Near(x, y)),
            Relation::Under => Err(Why::NotUnder(b)),
        }
    }

    pub(super) fn put(&mut self, what: &[Description], relation: Relation, place: &Description) -> Step {
        self.arm()?;
        if what.iter().all(|w| w.pronoun && w.count == Count::The) && place.pronoun && self.spoken_is_empty() {
            return Err(Why::Lost(Lost::NothingMeant));
        }
        let role = match relation {
            Relation::In | Relation::On | Relation::At => Role::Holder,
            _ => Role::Reference,
        };
        if !place.pronoun
            && let Err(lost @ Lost::Ambiguous(..)) = self.resolver.resolve(place, role, &self.spoken, &|_| true)
        {
            // Before it is asked where: is there something to put at all?
            let things = self.find_all(what, Role::Thing)?;
            self.graspable(&things)?;
            return Err(lost.into());
        }
        if place.reflexive {
            let things = self.find_all(what, Role::Thing)?;
            return Err(Why::Itself(things[0]));
        }
        // `the block nearest to the bowl into it`: the bowl, where nothing was spoken of before.
        let inner = what.iter().find_map(|w| w.relation.as_ref().map(|(_, other)| other));
        let place = match inner {
            Some(inner) if place.pronoun && !inner.pronoun => inner,
            _ => place,
        };
        let mut places = if place.pronoun && what.iter().all(|w| w.pronoun) {
            // `it … in it`: two things; what is moved was spoken of last.
            let things = self.find_all(what, Role::Thing)?;
            let spoken = self.spoken.clone();
            self.spoken.forget(&things);
            let places = self.find(place, role);
            self.spoken = spoken;
            places?
        } else {
            self.find(place, role)?
        };
        let mut things: Vec<usize> = Vec::new();
        for it in what {
            let near = self.near;
            let target = places.clone();
            let facts =
                |i: usize| target.iter().filter_map(|p| self.place_fact(i, relation, *p).ok()).collect::<Vec<_>>();
            let settled: Vec<bool> =
                (0..near.objects().len()).map(|i| facts(i).iter().any(|fact| near.holds(fact))).collect();
            let mut it = it.clone();
            if it.count.is_plural() && !it.pronoun && it.kind.is_none_or(Kind::is_anything)
                || places.len() == 1 && matches!(it.count, Count::Any(_))
            {
                // `everything`, `a block`: the place itself is not meant.
                it.except.push(place.clone());
            }
            for index in self.find_useful(&it, Role::Thing, &|i| !settled[i] && !target.contains(&i))? {
                if !things.contains(&index) {
                    things.push(index);
                }
            }
        }
        if what.iter().all(|w| w.count == Count::All && !w.pronoun) && things.len() > 1 {
            things.retain(|i| !places.contains(i));
            things.retain(|i| self.can(*i, Affordance::Graspable));
        }
        if let ([thing], [place]) = (&things[..], &places[..])
            && thing == place
            && self.can(*thing, Affordance::Openable)
            && what.iter().all(|w| !w.pronoun)
        {
            return self.openable(what, false); // `put the lid on the box`
        }
        let things = self.graspable(&things)?;
        if places.len() > 1 {
            if places.len() == things.len() {
                for (thing, place) in things.iter().zip(&places) {
                    let fact = self.place_fact(*thing, relation, *place)?;
                    self.reach(vec![fact]);
                }
                self.spoken.remember(&things, &places);
                return Ok(());
            }
            if place.count.is_plural() {
                return self.share(what, relation, &places);
            }
            places.truncate(1);
        }
        let facts: Vec<Fact> = things.iter().map(|i| self.place_fact(*i, relation, places[0])).collect::<Step<_>>()?;
        self.spoken.remember(&things, &places);
        self.reach(facts);
        Ok(())
    }

    pub(super) fn spoken_is_empty(&self) -> bool {
        self.state().holding.is_none() && self.intent.meanings.is_empty()
    }

    /// `one block in each bowl`.
    pub(super) fn share(&mut self, what: &[Description], relation: Relation, places: &[usize]) -> Step {
        let [it] = what else {
            return Err(Why::HowToShare);
        };
        let candidates = self.resolver.fitting(it, Role::Thing, &self.spoken);
        let free: Vec<usize> = candidates.into_iter().filter(|i| !places.contains(i)).collect();
        if it.count != Count::Any(1) {
            return Err(Why::HowToShare);
        }
        if free.len() < places.len() {
            let wanted = Description { count: Count::Any(places.len()), ..it.clone() };
            return Err(Why::Lost(Lost::TooFew(wanted, free)));
        }
        let mut free = free;
        let mut facts = Vec::new();
        for place in places {
            let there =
                free.iter().position(|i| self.place_fact(*i, relation, *place).is_ok_and(|f| self.near.holds(&f)));
            let thing = free.remove(there.unwrap_or(0));
            facts.push(self.place_fact(thing, relation, *place)?);
        }
        self.reach(facts);
        Ok(())
    }

    /// The table: where things go that have no other place.
    pub(super) fn table(&self) -> Option<usize> {
        free_surfaces(self.state()).first().copied()
    }

    pub(super) fn take_off(&mut self, what: &[Description], from: Option<&Description>) -> Step {
        self.arm()?;
        if let Some(from) = from {
            self.find(from, Role::Holder)?;
        }
        let found = self.find_all(what, Role::Thing)?;
        let things = self.graspable(&found)?;
        let mut facts = Vec::new();
        for index in &things {
            let table = self.table().ok_or(Why::NoDestination(*index))?;
            facts.push(Fact::On(self.id(*index), self.id(table)));
        }
        self.spoken.remember(&things, &[]);
        self.intent.stages.push(Stage::Out(facts));
        Ok(())
    }
}
