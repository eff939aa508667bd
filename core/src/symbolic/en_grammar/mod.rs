//! English sentences: clauses of verb, things and places in English word order, filled into [`Frame`]s.
//! A hand-written descent over the words of [`super::en`]; what it can't place it names.

mod thing;
use crate::symbolic::en::ENGLISH;
use crate::symbolic::frame::{Frame, Link};
use crate::symbolic::lexicon::{Particle, Token, Verb, Word};
use crate::symbolic::reading::{Condition, Description, Relation, Spot, Wish};

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
}

fn takes_place(verb: Option<Verb>) -> bool {
    matches!(verb, Some(Verb::Put | Verb::Move | Verb::Bring))
}
