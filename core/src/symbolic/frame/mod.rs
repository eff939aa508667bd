//! The frame of a clause: a deed and what stands around it, whatever the word order; and the wish that it makes. Both
//! grammars fill frames, so what a verb means is said once, here.

mod deeds;
use crate::state::Side;
use crate::symbolic::kinds::Kind;
use crate::symbolic::lexicon::{Particle, Verb};
use crate::symbolic::reading::{Condition, Count, Description, Heading, Missing, Relation, Spot, Wish};

/// Most readings of one clause.
const MOST_SPLITS: usize = 4;

/// How a clause ties a thing to its deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// A place by its relation.
    Rel(Relation),
    /// Towards it.
    To,
    /// Away from it.
    From,
}

/// A clause.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// The deed.
    pub verb: Option<Verb>,
    /// The words of the deed.
    pub said: String,
    /// What it is done to.
    pub what: Vec<Description>,
    /// Places and sources, in the order said.
    pub links: Vec<(Link, Description)>,
    /// Small words.
    pub particles: Vec<Particle>,
    /// It goes to the person.
    pub to_person: bool,
    /// Which way.
    pub heading: Option<Heading>,
    /// On which side.
    pub flank: Option<Spot>,
    /// How far, metres.
    pub distance_m: Option<f64>,
    /// How long, seconds.
    pub seconds: Option<f64>,
    /// On or off.
    pub switch: Option<bool>,
    /// The state it shall have.
    pub condition: Option<Condition>,
    /// Each by its colour.
    pub by_color: bool,
    /// It must not be done.
    pub negated: bool,
    /// The person says that they want it.
    pub wanted: bool,
}

impl Frame {
    /// A frame of a deed.
    pub fn of(verb: Verb, said: &str) -> Self {
        Self { verb: Some(verb), said: said.to_owned(), ..Self::default() }
    }

    fn has(&self, particle: Particle) -> bool {
        self.particles.contains(&particle)
    }

    fn incomplete(&self, missing: Missing) -> Wish {
        Wish::Incomplete(self.said.clone(), missing)
    }

    /// The things, or what was spoken of last.
    fn what_or_it(&mut self) -> Vec<Description> {
        self.tie_all();
        let what = std::mem::take(&mut self.what);
        if what.is_empty() { vec![Description::it()] } else { what }
    }

    /// Ties every link to the thing before it: `the cup | on the plate | next to the bowl`.
    fn tie_all(&mut self) {
        let links = std::mem::take(&mut self.links);
        if let Some(last) = self.what.last_mut() {
            tie(last, &links);
        }
    }

    /// Takes out the sources, tying them to what is meant: `the cup out of the drawer` is in it now.
    fn tie_sources(&mut self) -> Option<Description> {
        let (from, links): (Vec<_>, Vec<_>) = self.links.drain(..).partition(|(link, _)| *link == Link::From);
        self.links = links;
        let (_, source) = from.into_iter().next()?;
        for what in &mut self.what {
            if what.relation.is_none() && !what.pronoun {
                what.relation = Some((Relation::At, Box::new(source.clone())));
            }
        }
        Some(source)
    }

    /// Which way to push, from any wording.
    fn way(&self) -> Option<Heading> {
        let flank = match self.flank {
            Some(Spot::Left) => Some(Heading::Left),
            Some(Spot::Right) => Some(Heading::Right),
            Some(Spot::Back | Spot::Farthest) => Some(Heading::Away),
            Some(Spot::Front | Spot::Nearest) => Some(Heading::Toward),
            _ => None,
        };
        let away = self.has(Particle::Away).then_some(Heading::Away);
        let back = self.has(Particle::Back).then_some(Heading::Away);
        self.heading.or(flank).or(away).or(back)
    }

    /// The wish that the clause says.
    pub fn wish(mut self) -> Wish {
        let verb = match self.verb {
            Some(verb) => verb,
            None => return self.without_verb(),
        };
        match verb {
            Verb::Put | Verb::Move | Verb::Leave if self.to_person => self.give(),
            Verb::Put | Verb::Move => self.put(verb),
            Verb::Leave if self.links.iter().any(|(link, _)| *link != Link::From) => self.put(verb),
            Verb::Touch if !self.negated => Wish::Unable(self.said),
            Verb::Leave | Verb::Touch => Wish::Avoid(self.what_or_it()),
            Verb::Bring | Verb::Take | Verb::TakeOut | Verb::Pick | Verb::Return => self.take(verb),
            Verb::Give => self.give(),
            Verb::Open => Wish::Open(self.what_or_it()),
            Verb::Close => Wish::Close(self.what_or_it()),
            Verb::Press => Wish::Press(self.what_or_it()),
            Verb::Turn if self.what.is_empty() && self.way().is_some() => Wish::Unable(self.said.clone()),
            Verb::Turn => {
                let switch = self.switch;
                Wish::Switch(self.what_or_it(), switch)
            }
            Verb::TurnOn => Wish::Switch(self.what_or_it(), Some(true)),
            Verb::TurnOff => Wish::Switch(self.what_or_it(), Some(false)),
            Verb::Push | Verb::Pull => self.push(verb),
            Verb::Stack => self.tower(),
            Verb::Sort => self.sort(),
            Verb::Clear | Verb::Empty if self.by_color => self.sort(),
            Verb::Clear | Verb::Empty => self.clear(),
            Verb::Swap => {
                let links = std::mem::take(&mut self.links);
                self.what.extend(links.into_iter().map(|(_, thing)| thing));
                if self.what.is_empty() { Wish::Swap(vec![them()]) } else { Wish::Swap(std::mem::take(&mut self.what)) }
            }
            Verb::Go => self.go(),
            Verb::GoInto => match (self.said.clone(), self.go()) {
                (said, Wish::GoTo(places)) => Wish::GoInto(places, said),
                (_, other) => other,
            },
            Verb::Park => Wish::Park,
            Verb::Wait => Wish::Wait(self.seconds.unwrap_or(2.0)),
            Verb::Look => Wish::Look,
            Verb::Release if self.what.iter().all(|w| w.pronoun) && self.links.is_empty() => Wish::Release,
            Verb::Release => {
                self.particles.push(Particle::Down);
                self.put(Verb::Put)
            }
            Verb::Discard => {
                self.tie_sources();
                self.put_in(Description { kind: Kind::named("bin"), ..Description::default() })
            }
            Verb::Unsafe => Wish::Unsafe(self.said.clone()),
            Verb::Unable => Wish::Unable(self.said.clone()),
        }
    }

    fn without_verb(mut self) -> Wish {
        match (self.condition, self.switch) {
            (Some(Condition::Open), _) => return Wish::Open(self.what_or_it()),
            (Some(Condition::Closed), _) => return Wish::Close(self.what_or_it()),
            (Some(Condition::Empty), _) => return self.clear(),
            (_, Some(on)) => return Wish::Switch(self.what_or_it(), Some(on)),
            _ => {}
        }
        if self.has(Particle::Together) {
            return self.tower();
        }
        if self.links.is_empty() && !self.by_color {
            return if self.wanted || self.to_person { self.give() } else { self.incomplete(Missing::Where) };
        }
        self.put(Verb::Put)
    }

    fn give(mut self) -> Wish {
        self.tie_sources();
        match self.links.iter().rposition(|(link, _)| *link == Link::To) {
            Some(_) if !self.to_person => self.put(Verb::Put),
            _ => Wish::Give(self.what_or_it()),
        }
    }

    fn put_in(mut self, place: Description) -> Wish {
        let what = self.what_or_it();
        Wish::Put { what, relation: Relation::At, place }
    }

    fn put(mut self, verb: Verb) -> Wish {
        if self.has(Particle::Together)
            || self.what.iter().any(|w| matches!(w.spot, Some(Spot::Top | Spot::Bottom)) && self.what.len() > 1)
        {
            return self.tower();
        }
        let source = self.tie_sources();
        if source.is_some() && self.said == "drop" && self.links.is_empty() {
            return Wish::Unsafe("drop off".to_owned());
        }
        if self.by_color || self.links.iter().any(|(_, place)| place.same_color) {
            return self.sort();
        }
        if self.links.is_empty() {
            if self.has(Particle::Out) || source.is_some() {
                return Wish::TakeOff { what: self.what_or_it(), from: source };
            }
            if verb == Verb::Move && self.way().is_some() {
                return self.push(verb);
            }
            if self.has(Particle::Here) && !self.what.is_empty() {
                self.links.push((Link::To, Description::it())); // `put it there`
                return self.put(verb);
            }
            if self.has(Particle::Down) {
                let table = Description { kind: Kind::named("table"), ..Description::default() };
                return match self.what.as_slice() {
                    [] => Wish::Release,
                    [one] if one.pronoun => Wish::Release,
                    _ => Wish::Put { what: self.what, relation: Relation::On, place: table },
                };
            }
            if self.what.is_empty() {
                return self.incomplete(Missing::What);
            }
            return self.incomplete(Missing::Where);
        }
        if self.what.is_empty() {
            self.what.push(Description::it());
        }
        let links = std::mem::take(&mut self.links);
        let mut splits: Vec<Wish> = (0..links.len()).rev().take(MOST_SPLITS).map(|i| self.split(&links, i)).collect();
        if splits.len() == 1 { splits.remove(0) } else { Wish::Either(splits) }
    }

    /// The reading in which link `i` is where it goes: those before tell which thing, those after which place.
    fn split(&self, links: &[(Link, Description)], i: usize) -> Wish {
        let mut what = self.what.clone();
        if let Some(last) = what.last_mut() {
            tie(last, &links[..i]);
        }
        let (link, mut place) = links[i].clone();
        tie(&mut place, &links[i + 1..]);
        if let Some(last) = what.last_mut()
            && !place.count.is_plural()
        {
            last.except.append(&mut place.except); // `all blocks in the bowl except the red one`
        }
        Wish::Put { what, relation: relation_of(link), place }
    }
}

fn relation_of(link: Link) -> Relation {
    match link {
        Link::Rel(relation) => relation,
        Link::To | Link::From => Relation::At,
    }
}

/// `the cup | on the plate | in the drawer`: each link tells of the thing before it.
fn tie(thing: &mut Description, links: &[(Link, Description)]) {
    let Some(((link, first), rest)) = links.split_first() else {
        return;
    };
    if let Some((_, other)) = &mut thing.relation {
        return tie(other, links);
    }
    thing.said = told(&thing.said, relation_of(*link), &first.said);
    let mut other = first.clone();
    tie(&mut other, rest);
    thing.relation = Some((relation_of(*link), Box::new(other)));
}

fn them() -> Description {
    Description { count: Count::All, ..Description::it() }
}

/// The words of a thing with the words of what it is tied to.
fn told(thing: &str, relation: Relation, other: &str) -> String {
    if !thing.is_ascii() {
        return thing.to_owned(); // in Chinese what tells a thing stands before it and is in its words
    }
    let word = match relation {
        Relation::In => "in",
        Relation::On => "on",
        Relation::At => "at",
        Relation::Near => "next to",
        Relation::Under => "under",
        Relation::Nearest => "nearest to",
        Relation::Farthest => "farthest from",
        Relation::Beside(Side::Left) => "left of",
        Relation::Beside(Side::Right) => "right of",
        Relation::Beside(Side::Front) => "in front of",
        Relation::Beside(Side::Behind) => "behind",
    };
    format!("{thing} {word} {other}")
}
