//! What can be asked of a picture, and the answers, in English and Chinese: what stands in it, whether something does, how
//! many, of what colour, what is in or on what, where and at which point, what is left of what, whether a drawer is open,
//! and what the gripper holds.

use ponder_core::lesson::{DrawingLesson, Hand, Named, Rests};
use ponder_core::scene::Color;
use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

pub use super::wordings::sentences;
use super::wordings::{ALL, ANY, BESIDE, COLOR, COUNT, HELD, IN, KINDS, NUMBERS, ON, OPEN, POINT, WHERE, Wordings};

/// Of two things the one is left of the other if it is by so much, percent of the picture.
const BESIDE_PERCENT: u8 = 8;

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
    /// At which point of the picture is a thing? Percent from the left and from the top.
    Point,
    /// Is one thing left of another, as they are seen?
    Beside,
    /// Is it open?
    Open,
    /// What is in the gripper?
    Held,
}

impl Sort {
    /// Every sort.
    pub const ALL: [Self; 10] = [
        Self::All,
        Self::Any,
        Self::Count,
        Self::Color,
        Self::Holds,
        Self::Where,
        Self::Point,
        Self::Beside,
        Self::Open,
        Self::Held,
    ];

    /// In words, for reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        [
            "what is there",
            "is there",
            "how many",
            "what colour",
            "what is in or on",
            "where",
            "at which point",
            "left of",
            "open or closed",
            "in the gripper",
        ][self as usize]
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

/// Up to so many questions about a picture, each of another sort as far as there are, in any order; `new`: in wordings
/// that are never learned from.
#[must_use]
pub fn turns(lesson: &DrawingLesson, zh: bool, new: bool, count: usize, rng: &mut ChaCha8Rng) -> Vec<Turn> {
    let asker = Asker { things: &lesson.things, hand: lesson.hand, zh, new };
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
    hand: Option<Hand>,
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
            Sort::Point => self.point(rng)?,
            Sort::Beside => self.beside(rng)?,
            Sort::Open => self.open(rng)?,
            Sort::Held => self.held(rng)?,
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
        let answer = self.yes(is_there, ["有", "没有"]);
        let name = self.one(&self.name(color, label));
        (self.pick(ANY, rng).replace('A', &name), answer)
    }

    /// Yes or no, for which Chinese has words of each question's own.
    fn yes(&self, yes: bool, zh: [&str; 2]) -> String {
        let words = if self.zh { zh } else { ["yes", "no"] };
        words[usize::from(!yes)].to_owned()
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
        // Nobody sees into what is shut.
        let hollow = |i: &usize| {
            let Named { label, open, .. } = &self.things[*i];
            *open != Some(false) && ["cup", "bowl", "bin", "plate", "drawer"].contains(&label.as_str())
        };
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
        let is_held = |i: usize| self.hand == Some(Hand::Holds(i));
        let (rests, stands): (Vec<usize>, Vec<usize>) =
            single.into_iter().partition(|&i| self.things[i].rests.is_some() || is_held(i));
        let from = if rests.is_empty() || (!stands.is_empty() && rng.random_bool(0.4)) { &stands } else { &rests };
        let thing = *from.choose(rng)?;
        let answer = match (self.things[thing].rests, self.zh) {
            (None, true) if is_held(thing) => "在夹爪里".to_owned(),
            (None, false) if is_held(thing) => "in the gripper".to_owned(),
            (None, true) => "在桌上".to_owned(),
            (None, false) => "on the table".to_owned(),
            (Some((Rests::In, under)), true) => format!("在{}里", self.of(under)),
            (Some((Rests::On, under)), true) => format!("在{}上", self.of(under)),
            (Some((Rests::In, under)), false) => format!("in the {}", self.of(under)),
            (Some((Rests::On, under)), false) => format!("on the {}", self.of(under)),
        };
        Some((self.pick(WHERE, rng).replace('A', &self.of(thing)), answer))
    }

    fn point(&self, rng: &mut ChaCha8Rng) -> Option<(String, String)> {
        let mut single = self.single();
        single.retain(|&i| self.things[i].at.is_some());
        let thing = *single.choose(rng)?;
        let [across, down] = self.things[thing].at?;
        Some((self.pick(POINT, rng).replace('A', &self.of(thing)), format!("{across} {down}")))
    }

    fn beside(&self, rng: &mut ChaCha8Rng) -> Option<(String, String)> {
        let single = self.single();
        let across = |i: usize| self.things[i].at.map(|at| at[0]);
        let pairs = single.iter().flat_map(|&a| single.iter().map(move |&b| (a, b)));
        let apart =
            |(a, b): &(usize, usize)| across(*a).zip(across(*b)).is_some_and(|(a, b)| a.abs_diff(b) >= BESIDE_PERCENT);
        let pairs: Vec<(usize, usize)> = pairs.filter(apart).collect();
        let (a, b) = *pairs.choose(rng)?;
        // Names are put in at once: one of them may hold a letter that stands for the other.
        let put = |letter: char| match letter {
            'A' => self.of(a),
            'B' => self.of(b),
            other => other.to_string(),
        };
        let question = self.pick(BESIDE, rng).chars().map(put).collect();
        Some((question, self.yes(across(a) < across(b), ["是", "不是"])))
    }

    fn open(&self, rng: &mut ChaCha8Rng) -> Option<(String, String)> {
        let mut single = self.single();
        single.retain(|&i| self.things[i].open.is_some());
        let thing = *single.choose(rng)?;
        let answer = match (self.zh, self.things[thing].open?) {
            (true, true) => "开着",
            (true, false) => "关着",
            (false, true) => "open",
            (false, false) => "closed",
        };
        Some((self.pick(OPEN, rng).replace('A', &self.of(thing)), answer.to_owned()))
    }

    fn held(&self, rng: &mut ChaCha8Rng) -> Option<(String, String)> {
        let held: Vec<usize> = match self.hand? {
            Hand::Empty => Vec::new(),
            Hand::Holds(thing) => vec![thing],
        };
        Some((self.pick(HELD, rng), self.list(&held)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop where it stands

    use ponder_core::scene::Label;
    use rand::SeedableRng;

    use super::*;

    fn lesson() -> DrawingLesson {
        let thing = |label: &str, color, rests| Named::new(Label::from(label).unwrap(), color, rests);
        let things = vec![
            Named { at: Some([30, 40]), ..thing("bowl", Color::Green, None) },
            thing("block", Color::Red, Some((Rests::In, 0))),
            Named { at: Some([70, 45]), ..thing("block", Color::Blue, None) },
            Named { open: Some(true), ..thing("drawer", Color::White, None) },
            thing("ball", Color::Pink, None),
        ];
        DrawingLesson { number: 0, captions: Vec::new(), things, hand: Some(Hand::Holds(4)) }
    }

    #[test]
    fn answers_are_those_of_the_picture() {
        let (lesson, mut seen) = (lesson(), std::collections::BTreeMap::new());
        for seed in 0..3000 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            for turn in turns(&lesson, seed % 2 == 1, seed % 3 == 0, Sort::ALL.len(), &mut rng) {
                assert!(!turn.question.contains(['A', 'B', 'N']), "{}", turn.question);
                seen.insert(turn.question, turn.answer);
            }
        }
        for (question, answer) in [
            ("what is on the table?", "a blue block, a red block, a pink ball, a green bowl and a white drawer"),
            ("is there a red block?", "yes"),
            ("is there a green block?", "no"),
            ("how many blocks are there?", "two"),
            ("what color is the bowl?", "green"),
            ("what is in the green bowl?", "a red block"),
            ("where is the red block?", "in the green bowl"),
            ("where is the blue block?", "on the table"),
            ("桌上有什么？", "蓝色方块、红色方块、粉色球、绿色碗、白色抽屉"),
            ("有几个杯子？", "没有"),
            ("point to the green bowl", "30 40"),
            ("is the green bowl left of the blue block?", "yes"),
            ("蓝色方块在绿色碗左边吗？", "不是"),
            ("is the white drawer open?", "open"),
            ("what is in the gripper?", "a pink ball"),
            ("where is the pink ball?", "in the gripper"),
            ("红色方块在哪里？", "在绿色碗里"),
        ] {
            assert_eq!(seen.get(question).map(String::as_str), Some(answer), "{question}");
        }
        assert!(!seen.keys().any(|question| question.starts_with("what color is the block")), "there are two");
    }
}
