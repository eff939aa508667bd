//! Towers: which block is where in them.

use crate::fact::Fact;
use crate::scene::Affordance;
use crate::state::Support;
use crate::symbolic::intent::{Interpreter, Step};
use crate::symbolic::kinds::Kind;
use crate::symbolic::reading::{Count, Description, Relation, Spot};
use crate::symbolic::resolve::Role;
use crate::symbolic::why::Why;

impl Interpreter<'_> {
    pub(super) fn tower(&mut self, base: Option<&Description>, layers: &[Description]) -> Step {
        self.arm()?;
        if let (Some(Description { reflexive: true, .. }), Some(it)) = (base, layers.first()) {
            return Err(Why::Itself(self.one(it, Role::Thing)?));
        }
        let base = base.map(|b| self.one(b, Role::Holder)).transpose()?;
        // Those named one by one keep their order; groups fill the rest, the largest lowest.
        let (mut bottom, mut named, mut group, mut top) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let blocks = [Description { count: Count::All, kind: Kind::named("block"), ..Description::default() }];
        let layers = if layers.is_empty() { &blocks } else { layers };
        let single = layers.iter().filter(|it| !it.count.is_plural()).count();
        for it in layers {
            // `the three blocks, red at the bottom, …`: where all are named, the number says nothing new.
            if matches!(it.count, Count::Any(n) | Count::Exactly(n) if n > 1 && single >= n) {
                continue;
            }
            let label =
                it.spot.filter(|spot| matches!(spot, Spot::Top | Spot::Bottom | Spot::Middle) && layers.len() > 1);
            let it = if label.is_some() { Description { spot: None, ..it.clone() } } else { it.clone() };
            let mut found = self.find(&it, Role::Thing)?;
            match (base, found.as_slice()) {
                (Some(base), [only]) if base == *only => return Err(Why::Itself(base)),
                _ => found.retain(|i| Some(*i) != base),
            }
            match label {
                Some(Spot::Bottom) => bottom.extend(found),
                Some(Spot::Top) => top.extend(found),
                _ if found.len() > 1 => group.extend(found),
                _ => named.extend(found),
            }
        }
        let volume = |i: usize| self.state().objects()[i].size_m.product();
        let steady = |i: usize| self.can(i, Affordance::Surface);
        let height = |i: usize| self.state().objects()[i].position_m().z;
        group.sort_by(|a, b| {
            // Sizes within about a tenth are alike.
            let size = |i: usize| (volume(i).max(1e-12).ln() / 0.12).round() as i64;
            steady(*b)
                .cmp(&steady(*a))
                .then(size(*b).cmp(&size(*a)))
                .then(height(*a).total_cmp(&height(*b)))
                .then(a.cmp(b))
        });
        self.keep_stacked(&mut group);
        let mut tower: Vec<usize> = Vec::new();
        for index in bottom.into_iter().chain(named).chain(group.clone()) {
            if !tower.contains(&index) && !top.contains(&index) {
                tower.push(index);
            }
        }
        tower.extend(top);
        tower = self.graspable_layers(tower)?;
        if tower.len() < 2 && base.is_none() {
            return Err(match tower.first() {
                Some(one) => Why::NoDestination(*one),
                None => Why::HowToShare,
            });
        }
        let mut facts = Vec::new();
        match (base, tower.first()) {
            (Some(base), Some(first)) => facts.push(self.place_fact(*first, Relation::On, base)?),
            (None, Some(first)) => {
                let inside = matches!(self.state().situations[*first].support, Support::In(_) | Support::Hand);
                if let (true, Some(table)) = (inside, self.table()) {
                    facts.push(Fact::On(self.id(*first), self.id(table)));
                }
            }
            _ => {}
        }
        for pair in tower.windows(2) {
            facts.push(self.place_fact(pair[1], Relation::On, pair[0])?);
        }
        if facts.is_empty() {
            return Err(Why::HowToShare);
        }
        self.spoken.remember(&tower, &base.into_iter().collect::<Vec<_>>());
        self.reach(facts);
        Ok(())
    }

    /// Brings what is stacked on each other already to the front, if the sizes allow it.
    pub(super) fn keep_stacked(&self, group: &mut Vec<usize>) {
        let objects = self.state().objects();
        let carries =
            |under: usize| group.iter().copied().find(|i| self.state().situations[*i].support == Support::On(under));
        let chain = |from: usize| {
            let mut chain = vec![from];
            while let Some(next) = chain.last().and_then(|last| carries(*last)).filter(|next| !chain.contains(next)) {
                chain.push(next);
            }
            chain
        };
        let alike = |a: usize, b: usize| (objects[a].size_m.product() / objects[b].size_m.product() - 1.0).abs() < 0.1;
        let steady = |i: &usize| self.can(*i, Affordance::Surface);
        if group.windows(2).all(|pair| alike(pair[0], pair[1])) && group.iter().all(steady) {
            let longest = group.iter().rev().map(|i| chain(*i)).max_by_key(Vec::len).filter(|chain| chain.len() > 1);
            if let Some(chain) = longest {
                group.retain(|i| !chain.contains(i));
                group.splice(0..0, chain);
            }
        }
    }

    pub(super) fn graspable_layers(&self, tower: Vec<usize>) -> Step<Vec<usize>> {
        let lifted = tower.get(1..).unwrap_or_default();
        self.graspable(lifted)?;
        Ok(tower)
    }
}
