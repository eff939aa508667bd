//! Words: the one alphabet into which both languages are cut, and the cutter. Longest phrase first, from a table per
//! language ([`super::en`], [`super::zh`]), so a new wording is a line there.

use std::collections::HashMap;

use crate::scene::Color;
use crate::symbolic::kinds::KINDS;
use crate::symbolic::reading::{Condition, Count, Heading, Relation, Size, Spot};

/// What a phrase does in a sentence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Word {
    /// A deed.
    Verb(Verb),
    /// How one thing is to another.
    Rel(Relation),
    /// Towards a place, in or on as it suits.
    To,
    /// Away from a place.
    From,
    /// A kind of thing: entry of [`KINDS`], and the English word if it was said.
    Noun(u8, Option<&'static str>),
    /// A colour.
    Color(Color),
    /// A size.
    Size(Size),
    /// A place among its like, before the noun (`leftmost`).
    Spot(Spot),
    /// The same after the noun (`on the left`), or where to (`to the left`).
    Flank(Spot),
    /// A state (`open`, `empty`).
    Condition(Condition),
    /// Which way.
    Heading(Heading),
    /// How many.
    Count(Count),
    /// `both`, `都`: all of those.
    Both,
    /// A number.
    Number(f64),
    /// `second`, `第二`.
    Ordinal(usize),
    /// A unit of length, in metres.
    Metres(f64),
    /// A unit of time, in seconds.
    Seconds(f64),
    /// `it`, `them`.
    It {
        /// More than one.
        plural: bool,
    },
    /// `itself`: the thing that is moved.
    Itself,
    /// `one`, `ones`, after an adjective.
    One,
    /// `me`.
    Me,
    /// `of the same colour`.
    SameColor,
    /// `by colour`.
    ByColor,
    /// `and`.
    And,
    /// `then`: a new wish.
    Then,
    /// `but`: a new wish, or an exception.
    But,
    /// `of`.
    Of,
    /// 离: how far from what.
    Distance,
    /// A comma.
    Comma,
    /// The end of a sentence.
    Stop,
    /// `not`.
    Not,
    /// `except`.
    Except,
    /// 以外: what went before is excepted.
    Beyond,
    /// `that is`, `的`: what follows or went before tells which.
    Which,
    /// `should be`.
    Be,
    /// `I want`.
    Want,
    /// `up`, `down`, `out`, `away`, `back`.
    Particle(Particle),
    /// 把: what it is done to comes next.
    Ba,
    /// 个, 只: a classifier.
    Classifier,
    /// Says nothing.
    Filler,
    /// In no table.
    Unknown,
}

/// Deeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Verb {
    Put,
    Move,
    Bring,
    Pick,
    Take,
    TakeOut,
    Give,
    Open,
    Close,
    Press,
    Turn,
    TurnOn,
    TurnOff,
    Push,
    Pull,
    Stack,
    Sort,
    Clear,
    Empty,
    Swap,
    Go,
    GoInto,
    Return,
    Park,
    Wait,
    Look,
    Release,
    Discard,
    Leave,
    Touch,
    Unsafe,
    Unable,
}

/// Small words that go with a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Particle {
    Up,
    Down,
    Out,
    Away,
    Back,
    Together,
    Here,
    BottomUp,
    TopDown,
}

/// A word where it stands in the normalised text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Token {
    /// What it does.
    pub word: Word,
    /// Said in the plural.
    pub plural: bool,
    /// First byte.
    pub start: usize,
    /// Past its last byte.
    pub end: usize,
}

/// The words of a language.
pub struct Lexicon {
    words: HashMap<&'static str, Word>,
    longest: usize,
    /// Units are characters, not words.
    by_character: bool,
    /// Foreign words that may stand in the text.
    foreign: Option<&'static Lexicon>,
    /// From an inflected word to its stem and whether it is a plural.
    stem: fn(&str, &dyn Fn(&str) -> Option<Word>) -> Option<(Word, bool)>,
}

/// A table of phrases.
pub type Table = &'static [(&'static str, Word)];

impl Lexicon {
    /// A lexicon of English words parted by blanks.
    pub fn english(table: Table, stem: fn(&str, &dyn Fn(&str) -> Option<Word>) -> Option<(Word, bool)>) -> Self {
        let nouns = nouns(|entry| entry.en, true);
        let colors = Color::ALL.iter().map(|(color, name, ..)| (*name, Word::Color(*color)));
        Self::new(table, nouns.chain(colors), false, None, stem)
    }

    /// A lexicon of Chinese phrases, with English ones among them.
    pub fn chinese(table: Table, foreign: &'static Lexicon) -> Self {
        Self::new(table, nouns(|entry| entry.zh, false), true, Some(foreign), |_, _| None)
    }

    fn new(
        table: Table,
        more: impl Iterator<Item = (&'static str, Word)>,
        by_character: bool,
        foreign: Option<&'static Lexicon>,
        stem: fn(&str, &dyn Fn(&str) -> Option<Word>) -> Option<(Word, bool)>,
    ) -> Self {
        // The table stands over the nouns: `light blue` is no light.
        let mut words: HashMap<&'static str, Word> = more.collect();
        words.extend(table.iter().copied());
        let units = |phrase: &&str| {
            if by_character { phrase.chars().count() } else { phrase.split(' ').count() }
        };
        let longest = words.keys().map(units).max().unwrap_or(1);
        Self { words, longest, by_character, foreign, stem }
    }

    /// Cuts normalised text into words, the longest phrases first.
    pub fn cut(&self, text: &str) -> Vec<Token> {
        let units = units(text, self.by_character);
        let mut tokens = Vec::with_capacity(units.len());
        let mut i = 0;
        while i < units.len() {
            let (start, end) = units[i];
            let longest = (1..=self.longest.min(units.len() - i)).rev().find_map(|n| {
                let end = units[i + n - 1].1;
                self.words.get(&text[start..end]).map(|word| (*word, n, end))
            });
            let (word, plural, n, end) = match longest {
                Some((word, n, end)) => (word, false, n, end),
                None => {
                    // `the blue blocks`: the last word of a phrase may be inflected.
                    let inflected = (1..=self.longest.min(units.len() - i)).rev().find_map(|n| {
                        let end = units[i + n - 1].1;
                        self.inflected(&text[start..end]).map(|(word, plural)| (word, plural, n, end))
                    });
                    inflected.unwrap_or_else(|| {
                        let (word, plural) = self.foreign_word(&text[start..end]);
                        (word, plural, 1, end)
                    })
                }
            };
            tokens.push(Token { word, plural, start, end });
            i += n;
        }
        tokens
    }

    fn inflected(&self, phrase: &str) -> Option<(Word, bool)> {
        (self.stem)(phrase, &|stem| self.words.get(stem).copied())
    }

    fn foreign_word(&self, unit: &str) -> (Word, bool) {
        if let Ok(number) = unit.parse::<f64>() {
            return (Word::Number(number), false);
        }
        let foreign = self
            .foreign
            .and_then(|lexicon| lexicon.words.get(unit).map(|word| (*word, false)).or_else(|| lexicon.inflected(unit)));
        match foreign {
            Some((word @ (Word::Noun(..) | Word::Color(_) | Word::Metres(_) | Word::Seconds(_)), plural)) => {
                (word, plural)
            }
            _ => (Word::Unknown, false),
        }
    }
}

fn nouns(
    words: fn(&'static crate::symbolic::kinds::Entry) -> &'static [&'static str],
    exact: bool,
) -> impl Iterator<Item = (&'static str, Word)> {
    KINDS.iter().enumerate().flat_map(move |(i, entry)| {
        words(entry).iter().map(move |word| (*word, Word::Noun(i as u8, exact.then_some(*word))))
    })
}

/// Lower case, one blank between words, marks set apart, foreign forms of a character made one.
pub fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let c = plain(c);
        let lower = c.to_lowercase().next().unwrap_or(c);
        let digit_after = chars.peek().is_some_and(char::is_ascii_digit);
        let inside = match lower {
            '\'' | '_' => before.is_alphanumeric(),
            '-' => false, // `top-left`: two words
            '.' => before.is_ascii_digit() && digit_after,
            _ => lower.is_alphanumeric(),
        };
        let unit_change = before.is_ascii_digit() && lower.is_ascii_alphabetic();
        if lower.is_whitespace() || lower == '-' {
            if before != ' ' {
                out.push(' ');
                before = ' ';
            }
            continue;
        }
        if is_mark(lower) {
            out.push(lower); // a unit of its own wherever it stands
            before = lower;
            continue;
        }
        let apart = !inside || unit_change || !(before.is_alphanumeric() || matches!(before, '\'' | '_' | '.'));
        let own = |c: char| is_han(c) || is_mark(c);
        if apart && before != ' ' && !(own(lower) && own(before)) && !is_mark(before) {
            out.push(' ');
        }
        out.push(lower);
        before = lower;
        if !inside {
            out.push(' ');
            before = ' ';
        }
    }
    out.trim_end().to_owned()
}

/// Chinese and full-width marks.
fn is_mark(c: char) -> bool {
    ('\u{3000}'..='\u{303f}').contains(&c) || ('\u{ff00}'..='\u{ffef}').contains(&c)
}

fn is_han(c: char) -> bool {
    ('\u{3400}'..='\u{9fff}').contains(&c)
}

/// Typographic and traditional forms as their plain ones.
fn plain(c: char) -> char {
    const FORMS: &str = "’'‘'紅红藍蓝綠绿黃黄塊块盤盘進进裡里裏里開开關关從从個个邊边後后積积東东擺摆櫃柜燈灯鈕钮兩两顏颜\
                         離离區区樣样還还這这夠够將将與与門门鋪铺給给請请們们動动轉转遞递杯杯臺台";
    let mut forms = FORMS.chars();
    while let Some(form) = forms.next() {
        let to = forms.next().unwrap_or(form);
        if form == c {
            return to;
        }
    }
    c
}

/// Spans of the smallest units: words, or single Chinese characters, marks, and runs of anything else.
fn units(text: &str, by_character: bool) -> Vec<(usize, usize)> {
    let mut units: Vec<(usize, usize)> = Vec::new();
    let mut open = false;
    for (i, c) in text.char_indices() {
        let end = i + c.len_utf8();
        if c == ' ' {
            open = false;
        } else if by_character && is_han(c) || is_mark(c) {
            units.push((i, end));
            open = false;
        } else if open {
            if let Some(last) = units.last_mut() {
                last.1 = end;
            }
        } else {
            units.push((i, end));
            open = true;
        }
    }
    units
}
