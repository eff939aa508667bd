//! English sentences: clauses of verb, things and places in English word order, filled into [`Frame`]s.
//! A hand-written descent over the words of [`super::en`]; what it can't place it names.

use crate::symbolic::en::ENGLISH;
use crate::symbolic::frame::{Frame, Link};
use crate::symbolic::kinds::Kind;
use crate::symbolic::lexicon::{Particle, Token, Verb, Word};
use crate::symbolic::reading::{Condition, Count, Description, Relation, Spot, Wish};

/// Reads normalised English text: the wishes, and the words that were not understood.
pub fn read(text: &str) -> (Vec<Wish>, Vec<String>) {
    let tokens: Vec<Token> = ENGLISH.cut(text).into_iter().filter(|t| t.word != Word::Filler).collect();
    let mut parser = Parser { text, tokens, at: 0, last: None, wishes: Vec::new(), unread: Vec::new() };
    parser.sentences();
    (parser.wishes, parser.unread)
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    /// The deed of the clause before, for `… and the blue one on the plate`.
    last: Option<Verb>,
    wishes: Vec<Wish>,
    unread: Vec<String>,
}

impl Parser<'_> {
    fn peek(&self, ahead: usize) -> Option<Word> {
        self.tokens.get(self.at + ahead).map(|t| t.word)
    }

    fn said(&self, from: usize) -> String {
        let (Some(first), Some(last)) = (self.tokens.get(from), self.tokens.get(self.at.max(from + 1) - 1)) else {
            return String::new();
        };
        self.text[first.start..last.end.max(first.end)].to_owned()
    }

    fn eat(&mut self, word: Word) -> bool {
        let there = self.peek(0) == Some(word);
        self.at += usize::from(there);
        there
    }

    fn sentences(&mut self) {
        let (mut negated, mut wanted) = (false, false);
        while let Some(word) = self.peek(0) {
            let start = self.at;
            let wish = match word {
                Word::And | Word::Then | Word::Comma | Word::But => {
                    self.at += 1;
                    continue;
                }
                Word::Stop => {
                    (negated, wanted) = (false, false);
                    self.at += 1;
                    continue;
                }
                Word::Want => {
                    wanted = true;
                    self.at += 1;
                    continue;
                }
                Word::Not => {
                    negated = !negated;
                    self.at += 1;
                    continue;
                }
                Word::Verb(verb) => {
                    self.at += 1;
                    let frame = Frame { wanted, negated, ..Frame::of(verb, &self.said(start)) };
                    Some(self.clause(frame))
                }
                Word::Condition(Condition::Empty) if self.starts_thing(1) => {
                    self.at += 1;
                    Some(self.clause(Frame::of(Verb::Empty, &self.said(start))))
                }
                Word::Condition(Condition::Closed) if self.starts_thing(1) => {
                    self.at += 1; // `shut the drawer`
                    Some(self.clause(Frame::of(Verb::Close, &self.said(start))))
                }
                Word::Rel(_) | Word::To if self.starts_thing(1) => self.place_first(wanted),
                _ if self.starts_thing(0) => Some(self.things_first(wanted)),
                _ => None,
            };
            match wish.filter(|_| self.at > start) {
                Some(wish) => {
                    self.wishes.push(if negated { wish.never() } else { wish });
                    (negated, wanted) = (false, false);
                }
                None => {
                    self.at = start + 1;
                    self.unread.push(self.said(start));
                }
            }
        }
    }

    /// The rest of a clause whose deed was read.
    fn clause(&mut self, mut frame: Frame) -> Wish {
        if let Some(verb @ (Verb::Unsafe | Verb::Unable)) = frame.verb {
            let start = self.at - 1;
            self.skip_clause();
            return Frame::of(verb, &self.said(start)).wish();
        }
        self.last = frame.verb;
        self.surroundings(&mut frame);
        if matches!(frame.verb, Some(Verb::Go | Verb::GoInto)) {
            self.more_places(&mut frame);
        }
        let start = self.at;
        if let Some(Word::Verb(verb @ Verb::Unsafe)) = self.peek(0) {
            self.skip_clause();
            return Frame::of(verb, &self.said(start)).wish();
        }
        frame.wish()
    }

    /// To the end of the sentence or of the deed.
    fn skip_clause(&mut self) {
        while let Some(word) = self.peek(0) {
            let ends = matches!(word, Word::Stop | Word::Then | Word::Not)
                || (matches!(word, Word::And | Word::Comma) && matches!(self.peek(1), Some(Word::Verb(_))));
            if ends {
                return;
            }
            self.at += 1;
        }
    }

    /// Things, places and small words in any order, up to the next deed.
    fn surroundings(&mut self, frame: &mut Frame) {
        let mut before = None;
        while before != Some(self.at) {
            before = Some(self.at); // every turn takes a word, or it is the last
            let Some(word) = self.peek(0) else { return };
            match word {
                Word::Particle(particle) => frame.particles.push(particle),
                Word::Me => frame.to_person = true,
                Word::Heading(heading) => frame.heading = Some(heading),
                Word::Flank(spot) => frame.flank = Some(spot),
                Word::Spot(spot @ (Spot::Left | Spot::Right)) if !self.starts_noun(1) => frame.flank = Some(spot),
                Word::Metres(metres) => frame.distance_m = Some(metres),
                Word::Seconds(seconds) => frame.seconds = Some(seconds),
                Word::ByColor => frame.by_color = true,
                Word::SameColor if !self.starts_noun(1) => frame.by_color = true,
                Word::Number(number) => match self.peek(1) {
                    Some(Word::Metres(metres)) => {
                        frame.distance_m = Some(number * metres);
                        self.at += 1;
                    }
                    Some(Word::Seconds(seconds)) => {
                        frame.seconds = Some(number * seconds);
                        self.at += 1;
                    }
                    Some(Word::Ordinal(2)) if frame.verb == Some(Verb::Wait) => {
                        frame.seconds = Some(number); // `1 second`
                        self.at += 1;
                    }
                    None | Some(Word::Stop | Word::And | Word::Then | Word::Comma)
                        if frame.verb == Some(Verb::Wait) =>
                    {
                        frame.seconds = Some(number);
                    }
                    _ if frame.what.is_empty() && self.starts_thing(0) => {
                        self.things(&mut frame.what);
                        continue;
                    }
                    _ => return,
                },
                Word::Condition(condition) if frame.what.is_empty() == self.starts_noun(1) || !self.starts_noun(1) => {
                    frame.condition = Some(condition);
                }
                Word::Verb(Verb::Open) if matches!(frame.verb, Some(Verb::Push | Verb::Pull)) => {
                    frame.condition = Some(Condition::Open);
                }
                Word::Rel(Relation::On) if !self.starts_thing(1) => frame.switch = Some(true),
                Word::Rel(Relation::In) if frame.verb == Some(Verb::Push) && !self.starts_thing(1) => {
                    frame.condition = Some(Condition::Closed); // `push the drawer in`
                }
                // `by 5 cm`; `drive near`
                Word::Rel(Relation::Near) if matches!(self.peek(1), Some(Word::Number(_) | Word::Metres(_))) => {}
                // `place the cup inside`: in what was spoken of.
                Word::Rel(relation @ (Relation::In | Relation::Near))
                    if takes_place(frame.verb) && !self.starts_thing(1) =>
                {
                    frame.links.push((Link::Rel(relation), Description::it()));
                }
                Word::Rel(Relation::Near) if frame.verb == Some(Verb::Go) && !self.starts_thing(1) => {}
                Word::From if !self.starts_thing(1) => {
                    frame.switch = Some(false);
                    if matches!(frame.verb, Some(Verb::Take | Verb::TakeOut | Verb::Move)) {
                        frame.particles.push(Particle::Out); // `take it off`
                    }
                }
                Word::To if self.peek(1) == Some(Word::Me) => {}
                Word::Rel(_) | Word::To | Word::From if self.starts_thing(1) => {
                    let link = match word {
                        Word::Rel(relation) => Link::Rel(relation),
                        Word::To => Link::To,
                        _ => Link::From,
                    };
                    self.at += 1;
                    let Some(thing) = self.thing() else { return };
                    frame.links.push((link, thing));
                    continue;
                }
                Word::And if self.after_and(frame) => {
                    self.at += 1;
                    self.things(&mut frame.what);
                    continue;
                }
                // `put the cup, in the bowl`
                Word::Comma
                    if takes_place(frame.verb)
                        && frame.links.is_empty()
                        && !frame.what.is_empty()
                        && matches!(self.peek(1), Some(Word::Rel(_) | Word::To))
                        && self.starts_thing(2) => {}
                Word::Comma if frame.verb == Some(Verb::Stack) && self.starts_thing(1) => {
                    self.at += 1;
                    self.things(&mut frame.what);
                    continue;
                }
                Word::Comma if matches!(self.peek(1), Some(Word::Particle(Particle::BottomUp | Particle::TopDown))) => {
                }
                _ if frame.what.is_empty() && frame.links.is_empty() && self.starts_thing(0) => {
                    self.things(&mut frame.what);
                    continue;
                }
                // `give me the red block`, `put in the bowl the red block`
                _ if frame.what.is_empty() && self.starts_thing(0) => {
                    self.things(&mut frame.what);
                    continue;
                }
                _ => return,
            }
            self.at += 1;
        }
    }

    /// `swap A with B`, `a tower of the blocks with red at the bottom`: more things follow a joint.
    fn after_and(&self, frame: &Frame) -> bool {
        match frame.verb {
            Some(Verb::Swap) => self.starts_thing(1),
            Some(Verb::Stack) => self.starts_thing(1) && frame.links.is_empty(),
            _ => false,
        }
    }

    /// `drive to A, B and then C`: the places after the first.
    fn more_places(&mut self, frame: &mut Frame) {
        loop {
            let joints =
                (0..3).take_while(|i| matches!(self.peek(*i), Some(Word::And | Word::Comma | Word::Then))).count();
            let to = usize::from(matches!(self.peek(joints), Some(Word::To)));
            if joints == 0 || !self.starts_thing(joints + to) || self.thing_is_acted_on(joints + to) {
                return;
            }
            self.at += joints + to;
            let Some(place) = self.thing() else { return };
            frame.links.push((Link::To, place));
        }
    }

    /// Does a thing there stand before a place or deed of its own?
    fn thing_is_acted_on(&self, ahead: usize) -> bool {
        let mut probe = Self {
            text: self.text,
            tokens: self.tokens.clone(),
            at: self.at + ahead,
            last: None,
            wishes: Vec::new(),
            unread: Vec::new(),
        };
        probe.thing();
        matches!(probe.peek(0), Some(Word::Be | Word::Rel(Relation::In | Relation::On) | Word::Verb(_)))
    }

    /// `into the bowl put the cup`; `… then to the dock`.
    fn place_first(&mut self, wanted: bool) -> Option<Wish> {
        let start = self.at;
        let link = match self.peek(0) {
            Some(Word::Rel(relation)) => Link::Rel(relation),
            _ => Link::To,
        };
        self.at += 1;
        let place = self.thing()?;
        self.eat(Word::Comma);
        if let Some(Word::Verb(verb)) = self.peek(0) {
            let verb_at = self.at;
            self.at += 1;
            let mut frame = Frame { wanted, ..Frame::of(verb, &self.said(verb_at)) };
            frame.links.push((link, place));
            return Some(self.clause(frame));
        }
        let verb = self.last?;
        let mut frame = Frame { links: vec![(link, place)], ..Frame::of(verb, &self.said(start)) };
        if verb == Verb::Go {
            self.more_places(&mut frame);
        } else {
            frame.what.push(Description::it());
        }
        Some(frame.wish())
    }

    /// `the red block should be in the bowl`; `… and the blue one on the plate`.
    fn things_first(&mut self, wanted: bool) -> Wish {
        let start = self.at;
        let mut frame = Frame { wanted, ..Frame::default() };
        self.things(&mut frame.what);
        frame.said = self.said(start);
        self.eat(Word::Comma);
        let be = self.eat(Word::Be);
        if let Some(Word::Verb(verb)) = self.peek(0)
            && (be || verb != Verb::Unable)
            && !matches!(self.tokens.get(self.at.wrapping_sub(1)).map(|t| t.word), Some(Word::Comma))
        {
            let verb_at = self.at;
            self.at += 1;
            frame.verb = Some(verb);
            frame.said = self.said(verb_at);
            return self.clause(frame);
        }
        self.surroundings(&mut frame);
        if frame.links.is_empty() && frame.condition.is_none() && frame.switch.is_none() && !be && !wanted {
            frame.verb = self.last;
        } else if frame.verb.is_none() && self.last == Some(Verb::Stack) && !frame.links.is_empty() {
            frame.verb = Some(Verb::Put);
        } else if frame.verb.is_none() && !be && matches!(self.last, Some(Verb::TakeOut | Verb::Take | Verb::Push)) {
            frame.verb = self.last;
        }
        frame.wish()
    }

    /// Can a thing begin there? An unknown word can, after a deed or a preposition only.
    fn starts_thing(&self, ahead: usize) -> bool {
        let known = |word| {
            matches!(
                word,
                Word::Count(_)
                    | Word::Both
                    | Word::Noun(..)
                    | Word::Color(_)
                    | Word::Size(_)
                    | Word::Ordinal(_)
                    | Word::It { .. }
                    | Word::Itself
                    | Word::One
            )
        };
        match self.peek(ahead) {
            Some(Word::Number(_)) => !matches!(
                self.peek(ahead + 1),
                None | Some(Word::Metres(_) | Word::Seconds(_) | Word::Stop | Word::And | Word::Then | Word::Comma)
            ),
            Some(Word::Spot(_) | Word::Condition(_) | Word::SameColor | Word::Particle(Particle::Back)) => {
                self.starts_noun(ahead + 1)
            }
            Some(Word::Unknown) => ahead > 0 || self.at > 0 && matches!(self.tokens[self.at - 1].word, Word::Verb(_)),
            Some(word) => known(word),
            None => false,
        }
    }

    /// Does the inside of a thing go on there (adjective or noun)?
    fn starts_noun(&self, ahead: usize) -> bool {
        match self.peek(ahead) {
            Some(Word::Noun(..) | Word::Color(_) | Word::Size(_) | Word::One | Word::Unknown) => true,
            Some(Word::Spot(_) | Word::Condition(_) | Word::SameColor | Word::Ordinal(_) | Word::Number(_)) => {
                self.starts_noun(ahead + 1)
            }
            _ => false,
        }
    }

    /// Things joined by `and` and commas.
    fn things(&mut self, into: &mut Vec<Description>) {
        let first = into.len();
        while let Some(thing) = self.thing() {
            into.push(thing);
            let joints = (0..2).take_while(|i| matches!(self.peek(*i), Some(Word::And | Word::Comma))).count();
            if joints == 0 || !self.starts_thing(joints) {
                break;
            }
            self.at += joints;
        }
        // `the red and blue blocks`: what lacks a noun has that of the next.
        for i in (first..into.len().saturating_sub(1)).rev() {
            if into[i].kind.is_none() && into[i].words.is_empty() && !into[i].pronoun && into[i].count != Count::All {
                into[i].kind = into[i + 1].kind;
                if into[i].count == Count::The && into[i + 1].count.is_plural() {
                    into[i].count = Count::All;
                }
            }
        }
        // `the red block and the blue one`
        for i in first + 1..into.len() {
            if into[i].kind.is_none() && into[i].words.is_empty() && !into[i].pronoun {
                into[i].kind = into[i - 1].kind;
            }
        }
    }

    /// One thing: determiners, adjectives, noun, and what follows that can only belong to it.
    fn thing(&mut self) -> Option<Description> {
        let start = self.at;
        let mut it = Description::default();
        let (mut named, mut plural, mut both, mut counted) = (false, false, false, None);
        loop {
            let token = *self.tokens.get(self.at)?;
            match token.word {
                Word::Count(count) => {
                    if named {
                        break;
                    }
                    if counted.is_none() || matches!(count, Count::Other | Count::Rest) {
                        counted = Some(count);
                    }
                }
                Word::Both if !named => {
                    counted = Some(Count::Exactly(2));
                    both = true;
                }
                Word::Number(number) if number >= 1.0 && number.fract() == 0.0 && !named => {
                    let number = number as usize;
                    counted = Some(match counted {
                        Some(Count::The | Count::All) => Count::Exactly(number),
                        _ => Count::Any(number),
                    });
                }
                Word::One if !named && counted.is_none() && it.is_bare() => {
                    counted = Some(Count::Any(1)); // `one block`
                    if !self.starts_noun(1) {
                        named = true;
                        plural = token.plural;
                    }
                }
                Word::Of if !named && counted.is_some() => {} // `two of the blocks`
                Word::Itself if self.at == start => {
                    self.at += 1;
                    let said = self.said(start);
                    return Some(Description { reflexive: true, said, ..Description::it() });
                }
                Word::It { plural } if it.is_bare() && !named => {
                    it.pronoun = true;
                    it.count = if plural { Count::All } else { Count::The };
                    self.at += 1;
                    it.said = self.said(start);
                    return Some(it);
                }
                Word::Color(_) | Word::Size(_) | Word::Ordinal(_) if named => break,
                Word::Color(color) => {
                    it.color = Some(color);
                    plural = token.plural;
                    if token.plural {
                        named = true;
                    }
                }
                Word::Size(size) => it.size = Some(size),
                Word::Ordinal(n) => it.ordinal = Some(n),
                Word::Spot(spot) if !named => it.spot = Some(spot),
                Word::Particle(Particle::Back) if !named && self.starts_noun(1) => it.spot = Some(Spot::Back),
                Word::Verb(Verb::Open) if !named && counted.is_some() && self.starts_noun(1) => {
                    it.condition = Some(Condition::Open)
                }
                // `the light`, after a deed word that is also an adjective or noun
                Word::Condition(condition) if !named && self.starts_noun(1) => it.condition = Some(condition),
                Word::SameColor if !named => it.same_color = true,
                Word::Noun(entry, word) => {
                    it.kind = Some(Kind::of(usize::from(entry), word));
                    named = true;
                    plural = token.plural;
                }
                Word::One if !named => {
                    named = true;
                    plural = self.text[token.start..token.end].ends_with('s');
                }
                // `the switch`: a deed word that is a noun after an article or adjective.
                Word::Verb(_) if !named && self.at > start && noun(&self.text[token.start..token.end]).is_some() => {
                    it.kind = noun(&self.text[token.start..token.end]);
                    named = true;
                }
                Word::Unknown | Word::Verb(Verb::Unable) if !named && (self.at > start || self.role_before(start)) => {
                    it.words.push(self.text[token.start..token.end].to_owned());
                }
                _ => break,
            }
            self.at += 1;
            if self.at >= self.tokens.len() {
                break;
            }
        }
        if self.at == start || (it.is_bare() && !named && matches!(counted, Some(Count::The))) {
            self.at = start;
            return None;
        }
        it.count = match counted {
            // `both the red block and the blue cup`
            Some(Count::Exactly(2)) if both && !plural => Count::The,
            Some(Count::Other) if plural => Count::Rest,
            Some(Count::The) | None if plural => Count::All,
            Some(count) => count,
            None => Count::The,
        };
        self.after_noun(&mut it);
        it.said = self.said(start);
        Some(it)
    }

    fn role_before(&self, start: usize) -> bool {
        start > 0 && !matches!(self.tokens[start - 1].word, Word::Stop | Word::Then | Word::Unknown)
    }

    /// What can only belong to the noun: `that is on the plate`, `on the left`, `except the red one`.
    fn after_noun(&mut self, it: &mut Description) {
        loop {
            match self.peek(0) {
                Some(Word::Flank(spot))
                    if !matches!(self.last, Some(Verb::Push | Verb::Pull | Verb::Move | Verb::Turn)) =>
                {
                    it.spot = Some(spot);
                    self.at += 1;
                }
                Some(Word::SameColor) => {
                    it.same_color = true;
                    self.at += 1;
                }
                Some(Word::Condition(Condition::Held)) => {
                    it.condition = Some(Condition::Held);
                    self.at += 1;
                }
                Some(Word::Rel(relation @ (Relation::Nearest | Relation::Farthest))) if self.starts_thing(1) => {
                    self.at += 1;
                    it.relation = self.thing().map(|other| (relation, Box::new(other)));
                }
                // `the lid of the box` is the lid, `the top of the box` the box.
                Some(Word::Of) if self.starts_thing(1) => {
                    self.at += 1;
                    if let Some(owner) = self.thing()
                        && it.kind.is_none()
                        && it.words.is_empty()
                    {
                        // `the smallest of the blocks`
                        *it = Description {
                            count: it.count,
                            size: it.size.or(owner.size),
                            spot: it.spot.or(owner.spot),
                            ordinal: it.ordinal.or(owner.ordinal),
                            ..owner
                        };
                    }
                }
                // `the red block, not the blue one, in …`
                Some(Word::Comma | Word::Not) if self.not_another().is_some_and(|ahead| self.starts_thing(ahead)) => {
                    self.at += self.not_another().unwrap_or(1);
                    it.except.extend(self.thing());
                    self.eat(Word::Comma);
                }
                Some(Word::Which) => {
                    self.at += 1;
                    self.eat(Word::Be);
                    if !self.told_by(it) {
                        return;
                    }
                }
                // `all blocks except …`, `everything but …`
                Some(word @ (Word::Except | Word::But))
                    if self.starts_thing(1) && (word == Word::Except || it.count.is_plural()) =>
                {
                    self.at += 1;
                    let mut except = Vec::new();
                    self.things(&mut except);
                    it.except.extend(except);
                }
                _ => return,
            }
        }
    }

    /// Words up to what is not meant: `, not`.
    fn not_another(&self) -> Option<usize> {
        match (self.peek(0), self.peek(1)) {
            (Some(Word::Not), _) => Some(1),
            (Some(Word::Comma), Some(Word::Not)) => Some(2),
            _ => None,
        }
    }

    /// What stands after `that is`.
    fn told_by(&mut self, it: &mut Description) -> bool {
        match self.peek(0) {
            Some(Word::Rel(relation)) if self.starts_thing(1) => {
                self.at += 1;
                it.relation = self.thing().map(|other| (relation, Box::new(other)));
            }
            Some(Word::Rel(Relation::On)) => {
                it.condition = Some(Condition::On);
                self.at += 1;
            }
            Some(Word::From) => {
                it.condition = Some(Condition::Off);
                self.at += 1;
            }
            Some(Word::Condition(condition)) => {
                it.condition = Some(condition);
                self.at += 1;
            }
            Some(Word::Verb(Verb::Open)) => {
                it.condition = Some(Condition::Open);
                self.at += 1;
            }
            Some(Word::Color(color)) => {
                it.color = Some(color);
                self.at += 1;
            }
            Some(Word::Size(size)) => {
                it.size = Some(size);
                self.at += 1;
            }
            Some(Word::Flank(spot) | Word::Spot(spot)) => {
                it.spot = Some(spot);
                self.at += 1;
            }
            _ => return false,
        }
        true
    }
}

/// The noun that a word is, whatever else it is.
fn noun(word: &str) -> Option<Kind> {
    Kind::named(word).or_else(|| Kind::named(word.strip_suffix('s')?))
}

fn takes_place(verb: Option<Verb>) -> bool {
    matches!(verb, Some(Verb::Put | Verb::Move | Verb::Bring))
}
