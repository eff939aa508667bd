//! Chinese sentences: 把 and topic before the deed, the place after it with its position word behind, what tells a
//! thing before its noun; filled into the same [`Frame`]s as English.

mod thing;
use crate::state::Side;
use crate::symbolic::frame::{Frame, Link};
use crate::symbolic::lexicon::{Particle, Token, Verb, Word};
use crate::symbolic::reading::{Count, Description, Heading, Relation, Spot, Wish};
use crate::symbolic::zh::CHINESE;

/// Reads normalised Chinese text: the wishes, and the words that were not understood.
pub fn read(text: &str) -> (Vec<Wish>, Vec<String>) {
    let tokens: Vec<Token> = CHINESE.cut(text).into_iter().filter(|t| t.word != Word::Filler).collect();
    let mut parser = Parser {
        text,
        tokens,
        at: 0,
        last: None,
        except: Vec::new(),
        excepting: false,
        measuring: false,
        wishes: Vec::new(),
        unread: Vec::new(),
    };
    parser.sentences();
    (parser.wishes, parser.unread)
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    last: Option<Verb>,
    /// Those said not to be meant, before it is said which are: 除了…
    except: Vec<Description>,
    /// Between 除了 and 以外.
    excepting: bool,
    /// Between 最靠近 and its 的.
    measuring: bool,
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

    fn sentences(&mut self) {
        let (mut negated, mut wanted) = (false, false);
        while let Some(word) = self.peek(0) {
            let start = self.at;
            match word {
                Word::And | Word::Then | Word::Comma | Word::Be | Word::Which => self.at += 1,
                Word::Stop => {
                    (negated, wanted) = (false, false);
                    self.at += 1;
                }
                Word::Want => {
                    wanted = true;
                    self.at += 1;
                }
                Word::Not => {
                    negated = !negated;
                    self.at += 1;
                }
                Word::Except if self.starts_thing(1) => {
                    self.at += 1;
                    let except = self.excepted();
                    self.except.extend(except);
                }
                _ => {
                    let wish = self.clause(wanted, negated);
                    if self.at == start {
                        self.at += 1;
                        let said = self.said(start);
                        match self.unread.last_mut() {
                            Some(last) if self.text.contains(&format!("{last}{said}")) => last.push_str(&said),
                            _ => self.unread.push(said),
                        }
                        continue;
                    }
                    if let Some(wish) = wish {
                        self.wishes.push(if negated { wish.never() } else { wish });
                    }
                    (negated, wanted) = (false, false);
                }
            }
        }
    }

    /// One clause, up to a mark or a second deed.
    fn clause(&mut self, wanted: bool, negated: bool) -> Option<Wish> {
        let start = self.at;
        let mut frame = Frame { wanted, negated, ..Frame::default() };
        let mut heads_there = false;
        let mut before = None;
        while let Some(word) = self.peek(0).filter(|_| before != Some(self.at)) {
            before = Some(self.at); // every turn takes a word, or it is the last
            match word {
                Word::Verb(verb @ (Verb::Unsafe | Verb::Unable)) => {
                    self.skip_clause();
                    return Some(Frame::of(verb, &self.said(start)).wish());
                }
                Word::Verb(verb) => {
                    if frame.verb.is_some() && !self.goes_on(&mut frame, verb) {
                        break;
                    }
                    if frame.verb.is_none() {
                        frame.verb = Some(verb);
                        self.at += 1;
                        frame.said = self.said(self.at - 1);
                        self.complement(&mut frame, self.at - 1);
                    }
                    continue;
                }
                Word::Ba if frame.verb.is_some_and(|v| v != Verb::Go) => break,
                Word::Ba => frame.verb = None, // 去把…
                Word::Me => frame.to_person = true,
                Word::Particle(particle) => frame.particles.push(particle),
                Word::Heading(heading) => frame.heading = Some(heading),
                Word::Metres(metres) => frame.distance_m = Some(metres),
                Word::Seconds(seconds) => frame.seconds = Some(seconds),
                Word::Number(number) if matches!(self.peek(1), Some(Word::Metres(_) | Word::Seconds(_))) => {
                    match self.peek(1) {
                        Some(Word::Metres(metres)) => frame.distance_m = Some(number * metres),
                        Some(Word::Seconds(seconds)) => frame.seconds = Some(number * seconds),
                        _ => {}
                    }
                    self.at += 1;
                }
                Word::ByColor => frame.by_color = true,
                Word::SameColor if !self.starts_thing(1) => frame.by_color = true,
                Word::Both => every(&mut frame.what),
                Word::Be if frame.what.is_empty() && frame.particles.is_empty() => {}
                Word::Be => {}
                Word::Condition(condition) if !self.starts_thing(1) => frame.condition = Some(condition),
                Word::From if self.starts_thing(1) => {
                    self.at += 1;
                    let Some(thing) = self.thing() else { break };
                    self.relation(); // 从抽屉里
                    frame.links.push((Link::From, thing));
                    if self.peek(0) == Some(Word::Which) {
                        self.at += 1;
                    }
                    continue;
                }
                Word::To if self.starts_thing(1) => {
                    self.at += 1;
                    heads_there |= frame.verb.is_none() && frame.what.is_empty();
                    let Some(place) = self.thing() else { break };
                    let link = self.relation().map_or(Link::To, Link::Rel);
                    frame.links.push((link, place));
                    continue;
                }
                Word::To => {}
                Word::Spot(spot) | Word::Flank(spot) if !self.starts_thing(1) && self.peek(1) != Some(Word::Which) => {
                    frame.flank = Some(spot)
                }
                Word::Rel(relation)
                    if !self.starts_thing(1) && self.peek(1) != Some(Word::Which) && frame.verb.is_some() =>
                {
                    match relation {
                        Relation::On if frame.what.is_empty() || frame.verb == Some(Verb::Stack) => {
                            frame.flank = Some(Spot::Top)
                        }
                        Relation::On => frame.links.push((Link::Rel(Relation::On), Description::it())),
                        Relation::Under => frame.flank = Some(Spot::Bottom),
                        relation => frame.links.push((Link::Rel(relation), Description::it())),
                    }
                }
                // 把所有的方块，除了红色的，都…
                Word::Comma
                    if frame.verb.is_none()
                        && !frame.what.is_empty()
                        && matches!(self.peek(1), Some(Word::Except | Word::Both | Word::Verb(_))) => {}
                Word::Except if frame.verb.is_none() && self.starts_thing(1) => {
                    self.at += 1;
                    let except = self.excepted();
                    match frame.what.last_mut() {
                        Some(last) => last.except.extend(except),
                        None => self.except.extend(except),
                    }
                    continue;
                }
                Word::Comma
                    if frame.verb.is_none() && !frame.what.is_empty() && matches!(self.peek(1), Some(Word::Ba)) =>
                {
                    break;
                }
                _ if self.starts_thing(0) => {
                    // After 把 or at the start: what it is about. After the deed: what, or where if that is known.
                    if frame.verb.is_some() && !frame.what.is_empty() && takes_place(frame.verb) {
                        let Some(place) = self.thing() else { break };
                        let link = self.relation().map_or(Link::To, Link::Rel);
                        frame.links.push((link, place));
                    } else if frame.verb.is_none() && !frame.what.is_empty() {
                        break;
                    } else {
                        self.things(&mut frame.what);
                        if let Some(relation) = self.relation() {
                            // 抽屉里有…, 桌上放…: the place came first.
                            if let Some(place) = frame.what.pop() {
                                frame.links.push((Link::Rel(relation), place));
                            }
                        }
                    }
                    continue;
                }
                Word::And
                    if self.starts_thing(1) && matches!(frame.verb, Some(Verb::Swap | Verb::Stack | Verb::Go)) =>
                {
                    self.at += 1;
                    self.things(&mut frame.what);
                    continue;
                }
                _ => break,
            }
            self.at += 1;
        }
        if self.at == start {
            return None;
        }
        self.finish(frame, heads_there, start)
    }

    fn finish(&mut self, mut frame: Frame, heads_there: bool, start: usize) -> Option<Wish> {
        if frame.said.is_empty() {
            frame.said = self.said(start);
        }
        if frame.verb.is_none() {
            if heads_there && frame.what.is_empty() {
                frame.verb = Some(Verb::Go); // 先到…
            } else if frame.links.is_empty()
                && frame.condition.is_none()
                && frame.particles.is_empty()
                && frame.flank.is_none()
                && !frame.wanted
            {
                frame.verb = self.last;
            }
        }
        let labels = matches!(frame.flank, Some(Spot::Top | Spot::Bottom | Spot::Middle));
        let in_tower = matches!(self.wishes.last(), Some(Wish::Tower { .. }));
        if (labels || frame.particles.iter().any(|p| matches!(p, Particle::BottomUp | Particle::TopDown)))
            && frame.links.is_empty()
            && (in_tower || frame.verb != Some(Verb::Stack))
            && !frame.what.is_empty()
        {
            for what in &mut frame.what {
                what.spot = frame.flank.or(what.spot);
            }
            frame.verb = Some(Verb::Stack);
        }
        if matches!(frame.verb, Some(Verb::Push)) && frame.heading.is_none() {
            frame.heading = [("远", Heading::Away), ("开", Heading::Away), ("近", Heading::Toward)]
                .iter()
                .find(|(end, _)| frame.said.ends_with(end))
                .map(|(_, heading)| *heading);
        }
        if frame.verb == Some(Verb::Return) && !frame.what.is_empty() && frame.links.is_empty() {
            frame.verb = Some(Verb::Go); // 返回充电座
        }
        if frame.verb == Some(Verb::Move)
            && frame.what.is_empty()
            && !frame.links.is_empty()
            && matches!(self.last, None | Some(Verb::Go | Verb::Wait))
        {
            frame.verb = Some(Verb::Go); // 移动到红色柱子旁边: the robot itself
        }
        if frame.verb == Some(Verb::Move)
            && frame.said.ends_with('到')
            && frame.links.is_empty()
            && frame.what.len() == 1
        {
            frame.verb = Some(Verb::Go); // 移动到红色柱子: the robot itself
        }
        self.last = frame.verb.or(self.last);
        Some(frame.wish())
    }

    /// Words that are part of the deed before: 放进去, 推到地上.
    fn complement(&mut self, frame: &mut Frame, verb_at: usize) {
        let token = self.tokens[verb_at];
        let said = &self.text[token.start..token.end];
        match said {
            "放进去" | "放到里面" => frame.links.push((Link::Rel(Relation::In), Description::it())),
            "放上去" => frame.links.push((Link::Rel(Relation::On), Description::it())),
            _ => {}
        }
    }

    /// A second deed in a clause that belongs to the first: 去拿, 拿…给我, 拿…放到. `false` starts a new clause.
    fn goes_on(&mut self, frame: &mut Frame, verb: Verb) -> bool {
        let empty = frame.what.is_empty() && frame.links.is_empty();
        let replaces = matches!((frame.verb, verb), (Some(Verb::Go), _)) && empty;
        let gives = matches!((frame.verb, verb), (Some(Verb::Take | Verb::Pick | Verb::Bring), Verb::Give));
        let sets_out = matches!(
            (frame.verb, verb),
            (Some(Verb::Take | Verb::Pick), Verb::Put | Verb::TakeOut)
                | (Some(Verb::Sort), Verb::Put)
                | (Some(Verb::Put), Verb::Sort | Verb::Stack)
        );
        let turns = matches!((frame.verb, verb), (Some(Verb::Turn), Verb::Open | Verb::Close));
        if turns {
            frame.switch = Some(verb == Verb::Open);
            self.at += 1;
            return true;
        }
        // 拿着红色方块放到碗里: one deed, if the second has nothing of its own.
        if replaces || gives || (sets_out && !empty) {
            if frame.verb == Some(Verb::Sort) {
                frame.by_color = true;
            }
            frame.verb = Some(verb);
            self.at += 1;
            frame.said = self.said(self.at - 1);
            return true;
        }
        false
    }

    fn skip_clause(&mut self) {
        while self.peek(0).is_some_and(|w| !matches!(w, Word::Stop | Word::Comma | Word::Then | Word::Not)) {
            self.at += 1;
        }
    }

    /// A position word behind a place: 里, 上, 左边.
    fn relation(&mut self) -> Option<Relation> {
        let relation = match self.peek(0) {
            Some(Word::Rel(relation)) => relation,
            Some(Word::Flank(spot)) => Relation::Beside(side_of(spot)?),
            _ => return None,
        };
        self.at += 1;
        Some(relation)
    }
}

/// 都: all of what was named.
fn every(what: &mut [Description]) {
    if let [only] = what {
        match only.count {
            Count::The if !only.pronoun => only.count = Count::All,
            Count::Any(n) if n > 1 => only.count = Count::Exactly(n),
            Count::Other => only.count = Count::Rest,
            _ => {}
        }
    }
}

fn takes_place(verb: Option<Verb>) -> bool {
    matches!(verb, Some(Verb::Put | Verb::Move | Verb::Stack | Verb::Sort | Verb::Bring | Verb::Push))
}

fn side_of(spot: Spot) -> Option<Side> {
    match spot {
        Spot::Left => Some(Side::Left),
        Spot::Right => Some(Side::Right),
        Spot::Front => Some(Side::Front),
        Spot::Back => Some(Side::Behind),
        _ => None,
    }
}
