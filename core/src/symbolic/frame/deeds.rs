//! What the deeds other than putting make of their frame.

use crate::symbolic::frame::{Frame, Link, relation_of, tie};
use crate::symbolic::kinds::Kind;
use crate::symbolic::lexicon::{Particle, Verb};
use crate::symbolic::reading::{Condition, Count, Description, Heading, Missing, Wish};

impl Frame {
    pub(super) fn take(mut self, verb: Verb) -> Wish {
        if self.to_person {
            return self.give();
        }
        let out = verb == Verb::TakeOut || self.has(Particle::Out);
        let source = self.tie_sources();
        let has_place = self.links.iter().any(|(link, _)| *link == Link::To) || out || verb != Verb::Pick;
        if !self.links.is_empty() && has_place && !self.what.is_empty() {
            let hold = (verb == Verb::Take || out).then(|| {
                // `take the cup on the plate`: no place is meant if nothing says `to`.
                let mut frame = self.clone();
                if out {
                    Wish::TakeOff { what: frame.what_or_it(), from: source.clone() }
                } else {
                    Wish::Hold(frame.what_or_it())
                }
            });
            let only_at = self.links.iter().all(|(link, _)| matches!(link, Link::Rel(_)));
            return match hold {
                Some(hold) if only_at && !out => hold,
                _ => self.put(Verb::Put),
            };
        }
        if self.has(Particle::Away) || out || (source.is_some() && verb != Verb::Pick) {
            return Wish::TakeOff { what: self.what_or_it(), from: source };
        }
        match verb {
            Verb::Bring => self.give(),
            Verb::Return if self.what.is_empty() => Wish::Park,
            Verb::Return => self.incomplete(Missing::Where),
            _ => Wish::Hold(self.what_or_it()),
        }
    }

    pub(super) fn push(mut self, verb: Verb) -> Wish {
        match self.condition {
            Some(Condition::Closed) => return Wish::Close(self.what_or_it()),
            Some(Condition::Open) => return Wish::Open(self.what_or_it()),
            _ => {}
        }
        if self.links.iter().any(|(link, _)| *link == Link::From) && self.way().is_none() {
            return Wish::Unsafe(format!("{} off", self.said)); // it would fall
        }
        if verb == Verb::Pull && self.has(Particle::Out) {
            return Wish::Open(self.what_or_it());
        }
        let heading = self.way().or((verb == Verb::Pull && self.has(Particle::Here)).then_some(Heading::Toward));
        let distance_m = self.distance_m;
        if heading.is_none() && !self.links.is_empty() {
            return self.put(Verb::Put);
        }
        let what = self.what_or_it();
        if verb == Verb::Pull && heading.is_none() {
            // Pulling a drawer opens it; anything else comes nearer.
            let nearer = Wish::Push { what: what.clone(), heading: Some(Heading::Toward), distance_m };
            return Wish::Either(vec![Wish::Open(what), nearer]);
        }
        Wish::Push { what, heading, distance_m }
    }

    pub(super) fn tower(mut self) -> Wish {
        let mut base = None;
        self.tie_sources();
        let links = std::mem::take(&mut self.links);
        let mut layers = std::mem::take(&mut self.what);
        // `A on B on C`: the last is the lowest.
        let mut below: Vec<Description> = links.into_iter().rev().map(|(_, thing)| thing).collect();
        if !below.is_empty() {
            base = Some(below.remove(0));
        }
        if self.has(Particle::TopDown) {
            layers.reverse();
        }
        if let ([only], None) = (layers.as_mut_slice(), &base)
            && only.count == Count::The
            && !only.pronoun
            && only.spot.is_none()
        {
            only.count = Count::All; // 把方块叠成塔
        }
        below.extend(layers);
        Wish::Tower { base, layers: below }
    }

    pub(super) fn sort(mut self) -> Wish {
        for what in self.what.iter_mut().filter(|w| w.count == Count::The && !w.pronoun) {
            what.count = Count::All; // 按颜色给方块分类
        }
        let links = std::mem::take(&mut self.links);
        let into = links.into_iter().rev().find(|(link, _)| *link != Link::From);
        let into = into.map(|(link, place)| (relation_of(link), place));
        Wish::SortByColor { what: std::mem::take(&mut self.what), into }
    }

    pub(super) fn clear(mut self) -> Wish {
        if self.links.iter().any(|(link, _)| *link == Link::From) {
            // `clear the blocks off the table`
            self.verb = Some(Verb::TakeOut);
            return self.take(Verb::TakeOut);
        }
        let links = std::mem::take(&mut self.links);
        let into = links.into_iter().next_back().map(|(_, place)| place);
        let table = Description { kind: Kind::named("table"), ..Description::default() };
        let place = self.what.drain(..).next().unwrap_or(table);
        Wish::Clear { place, into }
    }

    pub(super) fn go(mut self) -> Wish {
        let mut places = std::mem::take(&mut self.what);
        for (link, place) in self.links.drain(..) {
            match (link, places.last_mut()) {
                (Link::From, _) => {}
                // `the zone left of the pillar`
                (Link::Rel(_), Some(last)) => tie(last, &[(link, place)]),
                _ => places.push(place),
            }
        }
        if !places.is_empty() {
            return Wish::GoTo(places);
        }
        match (self.way(), self.has(Particle::Back)) {
            (_, true) => Wish::Park,
            (Some(_), _) => Wish::Unable(self.said.clone()),
            _ => self.incomplete(Missing::Where),
        }
    }
}
