//! Things in Chinese: all that tells which is meant stands before the noun, joined by 的.

use crate::symbolic::kinds::Kind;
use crate::symbolic::lexicon::{Verb, Word};
use crate::symbolic::reading::{Condition, Count, Description, Relation, Spot};
use crate::symbolic::zh_grammar::Parser;

impl Parser<'_> {
    pub(super) fn starts_thing(&self, ahead: usize) -> bool {
        match self.peek(ahead) {
            Some(
                Word::Count(_)
                | Word::Noun(..)
                | Word::Color(_)
                | Word::Size(_)
                | Word::Ordinal(_)
                | Word::It { .. }
                | Word::Itself
                | Word::Distance
                | Word::Rel(Relation::Nearest),
            ) => true,
            Some(Word::Number(_)) => !matches!(self.peek(ahead + 1), None | Some(Word::Metres(_) | Word::Seconds(_))),
            Some(Word::Spot(_) | Word::Condition(_) | Word::SameColor) => {
                matches!(self.peek(ahead + 1), Some(Word::Which)) || self.starts_thing(ahead + 1)
            }
            Some(Word::Flank(_)) => {
                matches!(self.peek(ahead + 1), Some(Word::Which | Word::Count(_))) || self.starts_thing(ahead + 1)
            }
            Some(Word::Rel(_)) => self.peek(ahead + 1) == Some(Word::Which) && self.starts_thing(ahead + 2),
            Some(Word::Verb(Verb::Open)) => self.peek(ahead + 1) == Some(Word::Which),
            Some(Word::To) => false,
            Some(Word::Except) => self.starts_thing(ahead + 1),
            Some(Word::Unknown) => {
                let after = self.at + ahead;
                after > 0
                    && matches!(
                        self.tokens[after - 1].word,
                        Word::Verb(_)
                            | Word::Ba
                            | Word::To
                            | Word::From
                            | Word::Color(_)
                            | Word::Which
                            | Word::Count(_)
                    )
            }
            _ => false,
        }
    }

    pub(super) fn things(&mut self, into: &mut Vec<Description>) {
        let first = into.len();
        while let Some(thing) = self.thing() {
            into.push(thing);
            if !(self.peek(0) == Some(Word::And) && self.starts_thing(1)) {
                break;
            }
            self.at += 1;
        }
        // 红、绿和蓝方块: what lacks a noun has that of the next.
        for i in (first..into.len().saturating_sub(1)).rev() {
            if into[i].kind.is_none() && into[i].words.is_empty() && !into[i].pronoun {
                into[i].kind = into[i + 1].kind;
            }
        }
        // 红、绿、蓝三个方块: the number counts them all.
        let listed = into.len() - first;
        if let Some(last) = into.last_mut()
            && listed > 1
            && matches!(last.count, Count::Any(n) | Count::Exactly(n) if n == listed)
        {
            last.count = Count::The;
        }
        for i in first + 1..into.len() {
            if into[i].kind.is_none() && into[i].words.is_empty() && !into[i].pronoun {
                into[i].kind = into[i - 1].kind;
            }
        }
        if let Some(last) = into.last_mut() {
            if !self.except.is_empty() && last.count == Count::The {
                last.count = Count::All;
            }
            last.except.append(&mut self.except);
        }
    }

    /// One thing, with all that stands before its noun: 盘子上的最大的红色方块.
    pub(super) fn thing(&mut self) -> Option<Description> {
        let start = self.at;
        let mut it = Description::default();
        let (mut named, mut counted) = (false, None);
        while let Some(token) = self.tokens.get(self.at).copied() {
            match token.word {
                Word::Count(count) if !named => {
                    counted = Some(match counted {
                        Some(Count::Exactly(n)) => Count::Exactly(n),
                        _ => count,
                    })
                }
                Word::Number(number) if !named && number >= 1.0 && number.fract() == 0.0 => {
                    let number = number as usize;
                    if matches!(self.peek(1), Some(Word::Metres(_) | Word::Seconds(_))) {
                        break;
                    }
                    counted = Some(match counted {
                        Some(Count::The | Count::All) => Count::Exactly(number),
                        Some(Count::Other | Count::Rest) => Count::Rest,
                        _ => Count::Any(number),
                    });
                }
                Word::Classifier if !named && it.is_bare() && self.at > start => {}
                Word::Classifier if !named && it.color.is_some() => {
                    it.kind = Kind::named("block"); // 红块
                    named = true;
                }
                Word::Classifier if !named && self.at > start => {}
                Word::Itself if self.at == start => {
                    self.at += 1;
                    let said = self.said(start);
                    return Some(Description { reflexive: true, said, ..Description::it() });
                }
                // 离碗最近的…, 最靠近碗的…
                Word::Distance | Word::Rel(Relation::Nearest) if !named && it.relation.is_none() => {
                    self.at += 1;
                    let outer = std::mem::replace(&mut self.measuring, true);
                    let other = self.thing();
                    self.measuring = outer;
                    let Some(other) = other else { break };
                    let far = self.peek(0) == Some(Word::Spot(Spot::Farthest));
                    if matches!(self.peek(0), Some(Word::Spot(_))) {
                        self.at += 1;
                    }
                    let relation = if far { Relation::Farthest } else { Relation::Nearest };
                    it.relation = Some((relation, Box::new(other)));
                    continue;
                }
                Word::It { plural } if it.is_bare() && !named => {
                    self.at += 1;
                    it.pronoun = true;
                    it.count = if plural { Count::All } else { Count::The };
                    it.said = self.said(start);
                    named = true;
                    if self.tells_more() {
                        continue;
                    }
                    return Some(it);
                }
                Word::Color(_) | Word::Size(_) if named => break,
                Word::Color(color) => it.color = Some(color),
                Word::Size(size) => it.size = Some(size),
                Word::Ordinal(n) if !named => it.ordinal = Some(n),
                Word::Spot(spot) if !named => it.spot = Some(spot),
                Word::Condition(condition) if !named => it.condition = Some(condition),
                Word::Verb(Verb::Open) if !named && self.peek(1) == Some(Word::Which) => {
                    it.condition = Some(Condition::Open)
                }
                Word::Verb(Verb::Close) if !named && self.peek(1) == Some(Word::Which) => {
                    it.condition = Some(Condition::Closed)
                }
                Word::SameColor if !named => it.same_color = true,
                Word::Flank(spot) if !named && it.is_bare() => it.spot = Some(spot),
                Word::Rel(Relation::On) if !named && self.peek(1) == Some(Word::Which) => it.spot = Some(Spot::Top),
                Word::Rel(Relation::Under) if !named && self.peek(1) == Some(Word::Which) => {
                    it.spot = Some(Spot::Bottom)
                }
                Word::Rel(relation) if !named && self.peek(1) == Some(Word::Which) => {
                    it.relation = Some((relation, Box::new(Description::it())));
                }
                Word::Noun(entry, word) if !named => {
                    it.kind = Some(Kind::of(usize::from(entry), word));
                    named = true;
                }
                Word::Noun(entry, word) => {
                    // 盒子盖子: the second is meant.
                    it.kind = Some(Kind::of(usize::from(entry), word));
                }
                Word::Which if named && self.measuring => break,
                Word::Which if named && self.is_noun(1) => {} // 盒子的盖子
                Word::Which
                    if !named
                        || self
                            .peek(1)
                            .is_none_or(|w| !matches!(w, Word::Color(_) | Word::Size(_) | Word::Count(_))) => {}
                Word::Except if !named => {
                    self.at += 1;
                    let except = self.excepted();
                    it.except.extend(except);
                    continue;
                }
                Word::Unknown if !named && (self.at > start || self.starts_thing(0)) => {
                    let text = &self.text[token.start..token.end];
                    match it.words.last_mut() {
                        Some(word)
                            if self.at > start
                                && self.tokens[self.at - 1].end == token.start
                                && self.tokens[self.at - 1].word == Word::Unknown =>
                        {
                            word.push_str(text)
                        }
                        _ => it.words.push(text.to_owned()),
                    }
                }
                Word::Beyond if !self.excepting && self.at > start && self.starts_thing(1) => {
                    self.at += 1; // 球以外的…
                    it.said = self.said(start);
                    it.count = counted.unwrap_or(Count::The);
                    it = Description { except: vec![it], ..Description::default() };
                    (named, counted) = (false, None);
                    continue;
                }
                Word::Rel(_) | Word::Flank(_) if self.tells_more() => {
                    // 盘子上的…: all so far tells where the next one is.
                    let relation = self.relation()?;
                    it.count = counted.unwrap_or(Count::The);
                    it.said = self.said(start);
                    let except = std::mem::take(&mut it.except);
                    it = Description { relation: Some((relation, Box::new(it))), except, ..Description::default() };
                    (named, counted) = (false, None);
                    continue;
                }
                _ => break,
            }
            self.at += 1;
        }
        if self.at == start {
            return None;
        }
        it.count = counted.unwrap_or(Count::The);
        if it.kind.is_some_and(Kind::is_anything)
            && counted.is_none()
            && (it.relation.is_some() || !it.except.is_empty())
        {
            it.count = Count::All; // 桌上的东西
        }
        if !it.except.is_empty() && counted.is_none() {
            it.count = Count::All;
        }
        it.said = self.said(start);
        Some(it)
    }

    /// The things between 除了 and 以外.
    pub(super) fn excepted(&mut self) -> Vec<Description> {
        let (mut except, outer) = (Vec::new(), self.excepting);
        self.excepting = true;
        let before = std::mem::take(&mut self.except);
        self.things(&mut except);
        self.except = before;
        self.excepting = outer;
        if self.peek(0) == Some(Word::Beyond) {
            self.at += 1;
        }
        except
    }

    pub(super) fn is_noun(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), Some(Word::Noun(..)))
    }

    /// Does a position word here belong to a longer description? 盘子上的方块, 盘子上那个方块, not 放在盘子上.
    pub(super) fn tells_more(&self) -> bool {
        if !matches!(self.peek(0), Some(Word::Rel(_) | Word::Flank(_))) {
            return false;
        }
        match self.peek(1) {
            Some(Word::Which) => !matches!(self.peek(2), None | Some(Word::Verb(_) | Word::Stop | Word::Comma)),
            Some(Word::Count(_) | Word::Color(_) | Word::Size(_) | Word::Noun(..) | Word::Ordinal(_)) => true,
            Some(Word::Number(_)) => !matches!(self.peek(2), Some(Word::Metres(_) | Word::Seconds(_))),
            _ => false,
        }
    }
}
