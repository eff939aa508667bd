//! Things in English: determiners, adjectives, noun, and what follows that can only belong to it.

use crate::symbolic::en_grammar::Parser;
use crate::symbolic::kinds::Kind;
use crate::symbolic::lexicon::{Particle, Verb, Word};
use crate::symbolic::reading::{Condition, Count, Description, Relation, Spot};

impl Parser<'_> {
    /// Can a thing begin there? An unknown word can, after a deed or a preposition only.
    pub(super) fn starts_thing(&self, ahead: usize) -> bool {
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
    pub(super) fn starts_noun(&self, ahead: usize) -> bool {
        match self.peek(ahead) {
            Some(Word::Noun(..) | Word::Color(_) | Word::Size(_) | Word::One | Word::Unknown) => true,
            Some(Word::Spot(_) | Word::Condition(_) | Word::SameColor | Word::Ordinal(_) | Word::Number(_)) => {
                self.starts_noun(ahead + 1)
            }
            _ => false,
        }
    }

    /// Things joined by `and` and commas.
    pub(super) fn things(&mut self, into: &mut Vec<Description>) {
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
    pub(super) fn thing(&mut self) -> Option<Description> {
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

    pub(super) fn role_before(&self, start: usize) -> bool {
        start > 0 && !matches!(self.tokens[start - 1].word, Word::Stop | Word::Then | Word::Unknown)
    }

    /// What can only belong to the noun: `that is on the plate`, `on the left`, `except the red one`.
    pub(super) fn after_noun(&mut self, it: &mut Description) {
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
    pub(super) fn not_another(&self) -> Option<usize> {
        match (self.peek(0), self.peek(1)) {
            (Some(Word::Not), _) => Some(1),
            (Some(Word::Comma), Some(Word::Not)) => Some(2),
            _ => None,
        }
    }

    /// What stands after `that is`.
    pub(super) fn told_by(&mut self, it: &mut Description) -> bool {
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
