//! What can be asked of a picture, and the answers, in English and Chinese: what stands in it, whether something does, how
//! many, of what colour, what is in or on what, and where. Some wordings are never learned from.

use ponder_core::lesson::{DrawingLesson, Named, Rests};
use ponder_core::scene::Color;
use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// What is on the table?
    All,
    /// Is there such a thing?
    Any,
    /// How many of a kind?
    Count,
    /// Of what colour is the one of a kind?
    Color,
    /// What is in or on a thing?
    Holds,
    /// Where is a thing?
    Where,
}

impl Sort {
    /// Every sort.
    pub const ALL: [Self; 6] = [Self::All, Self::Any, Self::Count, Self::Color, Self::Holds, Self::Where];

    /// In words, for reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        ["what is there", "is there", "how many", "what colour", "what is in or on", "where"][self as usize]
    }
}

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Of which sort.
    pub sort: Sort,
    /// What a person asks.
    pub question: String,
    /// What is right.
    pub answer: String,
}

/// Wordings in English and in Chinese; of each the second list is never learned from. A, B: a thing as it is named; N: a
/// noun, of many in English.
type Wordings = [[&'static [&'static str]; 2]; 2];

const ALL: Wordings = [
    [
        &["what is on the table?", "what do you see?", "what is there?"],
        &["tell me what is on the table", "what is in the picture?"],
    ],
    [&["桌上有什么？", "你看到什么？", "有什么？"], &["桌子上有什么？", "画面里有什么？"]],
];
const ANY: Wordings = [
    [&["is there A?", "do you see A?", "is A on the table?"], &["is A there?", "can you see A?"]],
    [&["有A吗？", "桌上有A吗？", "你看到A吗？"], &["有没有A？", "画面里有A吗？"]],
];
const COUNT: Wordings = [
    [&["how many N are there?", "how many N do you see?"], &["how many N are on the table?", "count the N"]],
    [&["有几个N？", "桌上有几个N？"], &["有多少个N？", "你看到几个N？"]],
];
const COLOR: Wordings = [
    [&["what color is the N?", "what colour is the N?"], &["tell me what color the N is", "which color is the N?"]],
    [&["N是什么颜色？", "N是什么颜色的？"], &["N的颜色是什么？", "桌上的N是什么颜色？"]],
];
const IN: Wordings = [
    [
        &["what is in the A?", "what do you see in the A?"],
        &["what is inside the A?", "is there a thing in the A, and what is it?"],
    ],
    [&["A里有什么？", "A里面有什么？"], &["什么在A里？", "你看到A里有什么？"]],
];
const ON: Wordings = [
    [&["what is on the A?", "what do you see on the A?"], &["what is on top of the A?", "what stands on the A?"]],
    [&["A上有什么？", "A上面有什么？"], &["什么在A上？", "你看到A上有什么？"]],
];
const WHERE: Wordings = [
    [&["where is the A?", "where do you see the A?"], &["where can the A be seen?", "tell me where the A is"]],
    [&["A在哪里？", "A在哪儿？"], &["A在什么地方？", "哪里有A？"]],
];

/// Kinds, with noun and plural, and Chinese noun.
const KINDS: [(&str, &str, &str); 6] = [
    ("block", "blocks", "方块"),
    ("ball", "balls", "球"),
    ("cup", "cups", "杯子"),
    ("bowl", "bowls", "碗"),
    ("plate", "plates", "盘子"),
    ("bin", "bins", "箱子"),
];
const NUMBERS: [(&str, &str); 7] = [
    ("none", "没有"),
    ("one", "一个"),
    ("two", "两个"),
    ("three", "三个"),
    ("four", "四个"),
    ("five", "五个"),
    ("six", "六个"),
];

/// Every word of questions and answers that is learned from, for a tokenizer.
#[must_use]
pub fn sentences() -> Vec<String> {
    let wordings = [ALL, ANY, COUNT, COLOR, IN, ON, WHERE];
    let mut all: Vec<String> =
        wordings.iter().flatten().flat_map(|[known, _]| known.iter()).map(|w| w.replace(['A', 'N'], " ")).collect();
    all.extend(KINDS.iter().flat_map(|(one, many, zh)| [(*one).to_owned(), (*many).to_owned(), (*zh).to_owned()]));
    all.extend(NUMBERS.iter().flat_map(|(en, zh)| [(*en).to_owned(), (*zh).to_owned()]));
    all.extend(Color::ALL.iter().map(|(_, en, zh, _)| format!("{en} {zh}色")));
    all.push("a an , and yes no nothing in on the table 有 没有 什么都没有 在 里 上 桌 色 、".to_owned());
    all
}

/// Up to so many questions about a picture, each of another sort as far as there are, in any order; `new`: in wordings
/// that are never learned from.
#[must_use]
pub fn turns(lesson: &DrawingLesson, zh: bool, new: bool, count: usize, rng: &mut ChaCha8Rng) -> Vec<Turn> {
    let asker = Asker { things: &lesson.things, zh, new };
    let mut sorts = Sort::ALL;
    sorts.shuffle(rng);
    let mut all: Vec<Turn> = Vec::with_capacity(count);
    for sort in sorts.into_iter().cycle().take(2 * count.max(Sort::ALL.len())) {
        if all.len() == count {
            break;
        }
        let turn = asker.ask(sort, rng);
        all.extend(turn.filter(|turn| !all.iter().any(|other| other.question == turn.question)));
    }
    all
}

/// Who asks about these things.
struct Asker<'a> {
    things: &'a [Named],
    zh: bool,
    new: bool,
}

impl Asker<'_> {
    fn ask(&self, sort: Sort, rng: &mut ChaCha8Rng) -> Option<Turn> {
        let (question, answer) = match sort {
            Sort::All => (self.pick(ALL, rng), self.list(&(0..self.things.len()).collect::<Vec<_>>())),
            Sort::Any => self.any(rng),
            Sort::Count => self.count(rng)?,
            Sort::Color => self.color(rng)?,
            Sort::Holds => self.holds(rng)?,
            Sort::Where => self.place(rng)?,
        };
        Some(Turn { sort, question, answer })
    }

    fn pick(&self, wordings: Wordings, rng: &mut ChaCha8Rng) -> String {
        let known = wordings[usize::from(self.zh)][usize::from(self.new)];
        known.choose(rng).copied().unwrap_or_default().to_owned()
    }

    fn noun(&self, label: &str) -> &'static str {
        let kind = KINDS.iter().find(|(one, ..)| *one == label).unwrap_or(&KINDS[0]);
        if self.zh { kind.2 } else { kind.0 }
    }

    /// `red block`, `红色方块`.
    fn name(&self, color: Color, label: &str) -> String {
        let noun = self.noun(label);
        if self.zh { format!("{}色{noun}", color.name_zh()) } else { format!("{} {noun}", color.name()) }
    }

    fn of(&self, i: usize) -> String {
        self.name(self.things[i].color, &self.things[i].label)
    }

    /// With its article, where the language has one.
    fn one(&self, name: &str) -> String {
        match (self.zh, name.starts_with(['a', 'e', 'i', 'o', 'u'])) {
            (true, _) => name.to_owned(),
            (false, true) => format!("an {name}"),
            (false, false) => format!("a {name}"),
        }
    }

    /// Things by name, always in one order: that of their kinds, then of their colours' names.
    fn list(&self, which: &[usize]) -> String {
        let kind = |i: usize| KINDS.iter().position(|(one, ..)| *one == self.things[i].label.as_str());
        let mut which = which.to_vec();
        which.sort_by_key(|&i| (kind(i), self.things[i].color.name()));
        let names: Vec<String> = which.into_iter().map(|i| self.one(&self.of(i))).collect();
        match (names.split_last(), self.zh) {
            (None, true) => "什么都没有".to_owned(),
            (None, false) => "nothing".to_owned(),
            (Some((last, [])), _) => last.clone(),
            (Some((last, rest)), false) => format!("{} and {last}", rest.join(", ")),
            (Some(_), true) => names.join("、"),
        }
    }

    /// Those of which there is no other of the same name.
    fn single(&self) -> Vec<usize> {
        let same = |i: usize, j: usize| {
            self.things[i].label == self.things[j].label && self.things[i].color == self.things[j].color
        };
        (0..self.things.len()).filter(|&i| !(0..self.things.len()).any(|j| j != i && same(i, j))).collect()
    }

    fn any(&self, rng: &mut ChaCha8Rng) -> (String, String) {
        let there = rng.random_bool(0.5);
        let mut thing = || self.things.choose(rng).map_or((Color::Red, KINDS[0].0), |t| (t.color, t.label.as_str()));
        let (mut color, mut label) = thing();
        if !there {
            // A colour that is there with a kind that is there, as a rule: neither alone tells.
            let others: Vec<(Color, &str)> = Color::ALL
                .into_iter()
                .flat_map(|(color, ..)| KINDS.iter().map(move |kind| (color, kind.0)))
                .filter(|(color, label)| !self.things.iter().any(|t| t.color == *color && t.label.as_str() == *label))
                .collect();
            let near: Vec<_> = others
                .iter()
                .copied()
                .filter(|(c, l)| {
                    self.things.iter().any(|t| t.color == *c) && self.things.iter().any(|t| t.label.as_str() == *l)
                })
                .collect();
            let from = if near.is_empty() || rng.random_bool(0.4) { &others } else { &near };
            (color, label) = from.choose(rng).copied().unwrap_or((color, label));
        }
        let is_there = self.things.iter().any(|t| t.color == color && t.label.as_str() == label);
        let answer = match (self.zh, is_there) {
            (true, true) => "有",
            (true, false) => "没有",
            (false, true) => "yes",
            (false, false) => "no",
        };
        let name = self.one(&self.name(color, label));
        (self.pick(ANY, rng).replace('A', &name), answer.to_owned())
    }

    fn count(&self, rng: &mut ChaCha8Rng) -> Option<(String, String)> {
        let (one, many, zh) = *KINDS.choose(rng)?;
        let count = self.things.iter().filter(|thing| thing.label.as_str() == one).count();
        let (en_count, zh_count) = NUMBERS.get(count)?;
        let (noun, answer) = if self.zh { (zh, zh_count) } else { (many, en_count) };
        Some((self.pick(COUNT, rng).replace('N', noun), (*answer).to_owned()))
    }

    fn color(&self, rng: &mut ChaCha8Rng) -> Option<(String, String)> {
        let alone = |thing: &&Named| self.things.iter().filter(|other| other.label == thing.label).count() == 1;
        let alone: Vec<&Named> = self.things.iter().filter(alone).collect();
        let thing = alone.choose(rng)?;
        let answer = if self.zh { format!("{}色", thing.color.name_zh()) } else { thing.color.name().to_owned() };
        Some((self.pick(COLOR, rng).replace('N', self.noun(&thing.label)), answer))
    }

    fn holds(&self, rng: &mut ChaCha8Rng) -> Option<(String, String)> {
        let carries = |i: usize| {
            (0..self.things.len()).filter(move |&j| self.things[j].rests.is_some_and(|(_, under)| under == i))
        };
        let single = self.single();
        // What carries something is asked about as often as what does not.
        let (full, empty): (Vec<usize>, Vec<usize>) = single.into_iter().partition(|&i| carries(i).next().is_some());
        let hollow = |i: &usize| ["cup", "bowl", "bin", "plate"].contains(&self.things[*i].label.as_str());
        let empty: Vec<usize> = empty.into_iter().filter(hollow).collect();
        let from = if full.is_empty() || (!empty.is_empty() && rng.random_bool(0.4)) { &empty } else { &full };
        let under = *from.choose(rng)?;
        let over: Vec<usize> = carries(under).collect();
        let is_on = match over.first().and_then(|&j| self.things[j].rests) {
            Some((how, _)) => how == Rests::On,
            None => self.things[under].label.as_str() == "plate",
        };
        Some((self.pick(if is_on { ON } else { IN }, rng).replace('A', &self.of(under)), self.list(&over)))
    }

    fn place(&self, rng: &mut ChaCha8Rng) -> Option<(String, String)> {
        let single = self.single();
        let (rests, stands): (Vec<usize>, Vec<usize>) =
            single.into_iter().partition(|&i| self.things[i].rests.is_some());
        let from = if rests.is_empty() || (!stands.is_empty() && rng.random_bool(0.4)) { &stands } else { &rests };
        let thing = *from.choose(rng)?;
        let answer = match (self.things[thing].rests, self.zh) {
            (None, true) => "在桌上".to_owned(),
            (None, false) => "on the table".to_owned(),
            (Some((Rests::In, under)), true) => format!("在{}里", self.of(under)),
            (Some((Rests::On, under)), true) => format!("在{}上", self.of(under)),
            (Some((Rests::In, under)), false) => format!("in the {}", self.of(under)),
            (Some((Rests::On, under)), false) => format!("on the {}", self.of(under)),
        };
        Some((self.pick(WHERE, rng).replace('A', &self.of(thing)), answer))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop where it stands

    use ponder_core::scene::Label;
    use rand::SeedableRng;

    use super::*;

    fn lesson() -> DrawingLesson {
        let thing = |label: &str, color, rests| Named { label: Label::from(label).unwrap(), color, rests };
        let things = vec![
            thing("bowl", Color::Green, None),
            thing("block", Color::Red, Some((Rests::In, 0))),
            thing("block", Color::Blue, None),
        ];
        DrawingLesson { number: 0, captions: Vec::new(), things }
    }

    #[test]
    fn answers_are_those_of_the_picture() {
        let (lesson, mut seen) = (lesson(), std::collections::BTreeMap::new());
        for seed in 0..200 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            for turn in turns(&lesson, seed % 2 == 1, seed % 3 == 0, 6, &mut rng) {
                assert!(!turn.question.contains(['A', 'B', 'N']), "{}", turn.question);
                seen.insert(turn.question, turn.answer);
            }
        }
        for (question, answer) in [
            ("what is on the table?", "a blue block, a red block and a green bowl"),
            ("is there a red block?", "yes"),
            ("is there a green block?", "no"),
            ("how many blocks are there?", "two"),
            ("what color is the bowl?", "green"),
            ("what is in the green bowl?", "a red block"),
            ("where is the red block?", "in the green bowl"),
            ("where is the blue block?", "on the table"),
            ("桌上有什么？", "蓝色方块、红色方块、绿色碗"),
            ("有几个球？", "没有"),
            ("红色方块在哪里？", "在绿色碗里"),
        ] {
            assert_eq!(seen.get(question).map(String::as_str), Some(answer), "{question}");
        }
        assert!(!seen.keys().any(|question| question.starts_with("what color is the block")), "there are two");
    }
}
