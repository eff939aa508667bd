//! What an instruction says, before it is held against a scene: wishes in the order they were said, each about things
//! described in words. The English and Chinese grammars both end here; nothing of the scene is in it.

use crate::goal::Language;
use crate::scene::Color;
use crate::state::Side;
use crate::symbolic::kinds::Kind;

/// An instruction, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Language it was said in.
    pub language: Language,
    /// Wishes, in the order they were said.
    pub wishes: Vec<Wish>,
    /// Words that were not understood, as they were said.
    pub unread: Vec<String>,
}

/// One thing that is wished.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// Things shall be somewhere.
    Put {
        /// What.
        what: Vec<Description>,
        /// How it shall be to `place`.
        relation: Relation,
        /// Where.
        place: Description,
    },
    /// Things shall be off or out of something, wherever.
    TakeOff {
        /// What.
        what: Vec<Description>,
        /// Off or out of what, if that was said.
        from: Option<Description>,
    },
    /// A tower. Layers that say where they belong (`at the bottom`) carry it as their spot.
    Tower {
        /// What it stands on, if that was said.
        base: Option<Description>,
        /// The layers from the bottom up, as far as an order was said.
        layers: Vec<Description>,
    },
    /// Take it and keep it in the hand.
    Hold(Vec<Description>),
    /// Give it to the person; `None` is what is held.
    Give(Vec<Description>),
    /// Put down what is held.
    Release,
    /// Open.
    Open(Vec<Description>),
    /// Close.
    Close(Vec<Description>),
    /// Press.
    Press(Vec<Description>),
    /// Switch on (`Some(true)`), off, or over.
    Switch(Vec<Description>, Option<bool>),
    /// Everything off a surface, or out of a container, into `into` or out of the way.
    Clear {
        /// The surface or container.
        place: Description,
        /// Where it shall go, if that was said.
        into: Option<Description>,
    },
    /// Each thing to the place of its colour.
    SortByColor {
        /// The things; blocks if nothing was said.
        what: Vec<Description>,
        /// The places, if they were said.
        into: Option<(Relation, Description)>,
    },
    /// Exchange the places of two things.
    Swap(Vec<Description>),
    /// Shove without lifting; or press, if it is a button.
    Push {
        /// What.
        what: Vec<Description>,
        /// Which way, if that was said.
        heading: Option<Heading>,
        /// How far, metres, if that was said.
        distance_m: Option<f64>,
    },
    /// Drive to each, in order.
    GoTo(Vec<Description>),
    /// Drive into it: a mark on the floor is driven into, anything that stands is not. With the words that say so.
    GoInto(Vec<Description>, String),
    /// Drive back, or fold the arm.
    Park,
    /// Stand still, seconds.
    Wait(f64),
    /// Look around.
    Look,
    /// Leave these things alone.
    Avoid(Vec<Description>),
    /// This must not be done.
    Never(Box<Wish>),
    /// Readings of one clause that differ in what a phrase belongs to; the first that fits the scene is meant.
    Either(Vec<Wish>),
    /// What must not be done to anybody or anything: the words that say so.
    Unsafe(String),
    /// What no skill does: the words that say so.
    Unable(String),
    /// A verb that lacks something to act on: its words and what is missing.
    Incomplete(String, Missing),
}

/// What a sentence lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Which thing.
    What,
    /// Where to.
    Where,
    /// Which way.
    Way,
}

/// How one thing is, or shall be, to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Inside.
    In,
    /// Resting on.
    On,
    /// In or on, whichever the other thing is for.
    At,
    /// On this side of it.
    Beside(Side),
    /// Beside it, any side.
    Near,
    /// Below it.
    Under,
    /// The nearest of all.
    Nearest,
    /// The farthest of all.
    Farthest,
}

/// Which way to push, as seen by the robot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Heading {
    Left,
    Right,
    Away,
    Toward,
}

/// How many of those that fit are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Count {
    /// The one that fits.
    #[default]
    The,
    /// Any so many.
    Any(usize),
    /// These so many, all that fit.
    Exactly(usize),
    /// All that fit.
    All,
    /// The one that was not spoken of yet.
    Other,
    /// All that were not spoken of yet.
    Rest,
}

impl Count {
    /// Is more than one meant, or can it be?
    pub fn is_plural(self) -> bool {
        match self {
            Self::The | Self::Other => false,
            Self::All | Self::Rest => true,
            Self::Any(n) | Self::Exactly(n) => n > 1,
        }
    }
}

/// Size as compared with its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Size {
    Big,
    Small,
}

/// A position among its like, as seen by the robot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Spot {
    Left,
    Right,
    Front,
    Back,
    Middle,
    Top,
    Bottom,
    Nearest,
    Farthest,
}

/// A state that tells it from its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Condition {
    Open,
    Closed,
    Empty,
    Full,
    On,
    Off,
    Held,
}

/// A thing in words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    /// How many are meant.
    pub count: Count,
    /// What kind, with the word it was said by.
    pub kind: Option<Kind>,
    /// A name or attribute that no table knows: must be found in the object's own name.
    pub words: Vec<String>,
    /// Its colour.
    pub color: Option<Color>,
    /// Of the colour of the thing that goes there.
    pub same_color: bool,
    /// Its size among its like.
    pub size: Option<Size>,
    /// Its place among its like.
    pub spot: Option<Spot>,
    /// Its number, from 1, counted from `spot` (from the left if there is none).
    pub ordinal: Option<usize>,
    /// Its state.
    pub condition: Option<Condition>,
    /// How it is to another thing.
    pub relation: Option<(Relation, Box<Description>)>,
    /// Those not meant.
    pub except: Vec<Description>,
    /// It stands for something spoken of before.
    pub pronoun: bool,
    /// It stands for the thing that is moved: `itself`.
    pub reflexive: bool,
    /// The words it was said in.
    pub said: String,
}

impl Description {
    /// `it`, `它`.
    pub fn it() -> Self {
        Self { pronoun: true, ..Self::default() }
    }

    /// Does it say anything about which thing is meant?
    pub fn is_bare(&self) -> bool {
        self.kind.is_none()
            && self.words.is_empty()
            && self.color.is_none()
            && !self.same_color
            && self.size.is_none()
            && self.spot.is_none()
            && self.ordinal.is_none()
            && self.condition.is_none()
            && self.relation.is_none()
    }
}

impl Description {
    /// `the blue one`: the kind went without saying.
    fn lacks_kind(&self) -> bool {
        let told = self.color.is_some() || self.size.is_some() || self.spot.is_some();
        self.kind.is_none() && self.words.is_empty() && !self.pronoun && told && self.count != Count::All
    }
}

impl Wish {
    /// The negation: a thing that must be left alone, or a deed that must not be done.
    pub fn never(self) -> Self {
        match self {
            Self::Hold(what) | Self::Push { what, .. } => Self::Avoid(what),
            Self::Avoid(what) => Self::Avoid(what),
            Self::Never(wish) => *wish,
            other => Self::Never(Box::new(other)),
        }
    }
}

/// Wishes that go together made one (a tower that is told of in several clauses), and what one says of another filled
/// in: `the red block in the red bowl and the blue one in the blue one`.
pub fn joined(wishes: Vec<Wish>) -> Vec<Wish> {
    let mut joined = towers(wishes);
    let (mut thing, mut holder) = (None, None);
    for wish in &mut joined {
        // Towers are of blocks where nothing else is said.
        let (what, place, usual) = match wish {
            Wish::Put { what, place, .. } => (what, Some(place), None),
            Wish::Tower { base, layers } => (layers, base.as_mut(), Kind::named("block")),
            _ => continue,
        };
        for it in what.iter_mut().filter(|it| it.lacks_kind()) {
            it.kind = thing.or(usual);
        }
        thing = what.first().and_then(|it| it.kind).or(thing);
        if let Some(place) = place {
            if place.lacks_kind() {
                place.kind = holder.or(thing);
            }
            holder = place.kind.or(holder);
        }
    }
    joined
}

fn towers(wishes: Vec<Wish>) -> Vec<Wish> {
    let mut joined: Vec<Wish> = Vec::with_capacity(wishes.len());
    for wish in wishes {
        match (joined.last_mut(), wish) {
            (Some(Wish::Tower { layers, base: Some(_) | None }), Wish::Tower { layers: more, base: None }) => {
                layers.extend(more)
            }
            (_, wish) => joined.push(wish),
        }
    }
    joined
}

/// Words of a text; every Chinese character counts as one.
pub fn count_words(text: &str) -> u32 {
    let han = |c: char| ('\u{3400}'..='\u{9fff}').contains(&c);
    let (mut words, mut inside) = (0u32, false);
    for c in text.chars() {
        let letter = c.is_alphanumeric() && !han(c);
        words += u32::from(han(c) || (letter && !inside));
        inside = letter;
    }
    words
}
