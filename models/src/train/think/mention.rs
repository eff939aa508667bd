//! Things in words: how an instruction speaks of an object of a scene so that just this one is meant, and how the thought
//! shows which one that is. Below the ring: material for the reasoner's schooling.

use ponder_core::fact;
use ponder_core::scene::{Affordance, Color, ObjectId, Scene};
use ponder_core::state::{Side, State, Support};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::kinds::{Kind, kind};
use crate::reason::compact::{Grid, size_mm};

/// What was said of things, and which are meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Mention {
    /// The words, without an article; none for what is not spoken of, but belongs to what is.
    pub said: String,
    /// How they are found.
    pub how: How,
    /// The objects meant, as indices into the scene.
    pub of: Vec<usize>,
}

/// How a mention is understood.
#[derive(Clone, Debug, PartialEq)]
pub enum How {
    /// By name: these.
    Plain,
    /// The candidates, told apart by one of their numbers (0 to 2, as a thing's line has them).
    Ranked(usize, Vec<usize>),
    /// The candidates, in line, of which one has the largest or the smallest of these numbers.
    Most {
        /// Which number, as in `Ranked`.
        number: usize,
        /// Candidates.
        all: Vec<usize>,
        /// Largest, or smallest.
        largest: bool,
    },
    /// Candidates by their place beside a reference's, the nearest of which is meant.
    Beside(usize, Vec<usize>),
    /// All but these.
    Except(Vec<usize>),
    /// Each of them goes to a place of its own: these, in their order.
    Sorted(Vec<usize>),
    /// Nothing fits: looked for in the words of the prompt's lines, label and colour; empty for what lines have no word for.
    Missing(String),
    /// Several fit, and one was meant.
    Several(Vec<usize>),
}

impl Mention {
    /// The same once things have moved: what was told by where it was is told by its name, and many in the order of the
    /// lines that they have by now.
    pub fn on_a_later_scene(&mut self, scene: &Scene, grid: Grid) {
        match &mut self.how {
            How::Sorted(places) => {
                let mut both: Vec<(usize, usize)> = self.of.iter().copied().zip(places.iter().copied()).collect();
                both.sort_by_key(|(i, _)| line(*i, scene, grid));
                (self.of, *places) = both.into_iter().unzip();
            }
            How::Except(_) => {}
            how => {
                *how = How::Plain;
                self.of.sort_by_key(|i| line(*i, scene, grid));
            }
        }
    }
}

/// Where a thing's line stands in the prompt.
fn line(index: usize, scene: &Scene, grid: Grid) -> (u32, u32, ObjectId) {
    let object = &scene.objects[index];
    (grid.across(object), grid.forward(object), object.id)
}

/// Words about one scene, in one language.
pub struct Speaker<'a> {
    /// The scene.
    pub scene: &'a Scene,
    /// Its symbolic state.
    pub state: &'a State,
    /// Its grid.
    pub grid: Grid,
    /// Chinese, or English.
    pub zh: bool,
}

/// The numbers of a thing's line, by their place.
const ACROSS: usize = 0;
const FORWARD: usize = 1;
const SIZE: usize = 2;
/// Least difference on the grid that tells two things apart by their place, cells.
const APART: u32 = 3;

impl Speaker<'_> {
    /// Indices of a label.
    #[must_use]
    pub fn of_label(&self, label: &str) -> Vec<usize> {
        (0..self.scene.objects.len()).filter(|i| self.label(*i) == label).collect()
    }

    /// Indices of things that afford this.
    #[must_use]
    pub fn that_can(&self, can: Affordance) -> Vec<usize> {
        (0..self.scene.objects.len()).filter(|i| self.scene.objects[*i].can(can)).collect()
    }

    /// In the order of the prompt's lines.
    pub(super) fn in_line(&self, mut of: Vec<usize>) -> Vec<usize> {
        of.sort_by_key(|i| line(*i, self.scene, self.grid));
        of
    }

    /// Label of an object.
    #[must_use]
    pub fn label(&self, index: usize) -> &str {
        self.scene.objects[index].label.as_str()
    }

    fn color(&self, index: usize) -> Option<Color> {
        self.scene.objects[index].color
    }

    /// A noun for a label.
    #[must_use]
    pub fn noun(&self, label: &str, rng: &mut ChaCha8Rng) -> String {
        let words = kind(label).map_or(&[][..], |kind: &Kind| if self.zh { kind.zh } else { kind.en });
        words.choose(rng).map_or(label.to_owned(), |word| (*word).to_owned())
    }

    /// Colour and noun: `red block`, `红色方块`.
    #[must_use]
    pub fn colored(&self, color: Option<Color>, noun: &str, rng: &mut ChaCha8Rng) -> String {
        match (color, self.zh) {
            (None, _) => noun.to_owned(),
            (Some(color), false) => format!("{} {noun}", color.name()),
            (Some(color), true) => match rng.random_range(0..6) {
                0..=2 => format!("{}色{noun}", color.name_zh()),
                3 | 4 => format!("{}色的{noun}", color.name_zh()),
                _ => format!("{}{noun}", color.name_zh()),
            },
        }
    }

    /// Things of a label and, if one is given, a colour.
    #[must_use]
    pub fn alike(&self, label: &str, color: Option<Color>) -> Vec<usize> {
        let mut found = self.of_label(label);
        found.retain(|i| color.is_none() || self.color(*i) == color);
        found
    }

    /// Words for one object by name, if just it bears that name.
    pub fn plainly(&self, index: usize, rng: &mut ChaCha8Rng) -> Option<Mention> {
        let (label, color) = (self.label(index).to_owned(), self.color(index));
        let alone = self.alike(&label, None).len() == 1;
        let noun = self.noun(&label, rng);
        // `箱子` and `盒子` are said of two kinds: only with what tells them apart.
        let clash = self.scene.objects.iter().any(|o| {
            o.label.as_str() != label
                && kind(&o.label).is_some_and(|k| if self.zh { k.zh } else { k.en }.contains(&noun.as_str()))
        });
        if alone && !clash && (color.is_none() || rng.random_bool(0.5)) {
            return Some(self.plain(noun, index));
        }
        if color.is_some() && self.alike(&label, color).len() == 1 && !clash {
            return Some(self.plain(self.colored(color, &noun, rng), index));
        }
        None
    }

    fn plain(&self, said: String, index: usize) -> Mention {
        Mention { said, how: How::Plain, of: vec![index] }
    }

    /// Words for one object, by name or by what sets it apart.
    pub fn refer(&self, index: usize, rng: &mut ChaCha8Rng) -> Option<Mention> {
        let fancy = self.alike(self.label(index), None).len() > 1;
        if (!fancy || rng.random_bool(0.4))
            && let Some(mention) = self.plainly(index, rng)
        {
            return Some(mention);
        }
        for _ in 0..4 {
            let found = match rng.random_range(0..10) {
                0..=2 => self.by_place(index, rng),
                3..=5 => self.by_size(index, rng),
                6 | 7 => self.by_side(index, rng),
                8 => self.by_nearness(index, rng),
                _ => self.by_support(index, rng),
            };
            if found.is_some() {
                return found;
            }
        }
        self.plainly(index, rng)
    }

    /// The leftmost, the second from the left, the frontmost, …
    pub fn by_place(&self, index: usize, rng: &mut ChaCha8Rng) -> Option<Mention> {
        let label = self.label(index).to_owned();
        let mut all = self.alike(&label, None);
        if all.len() < 2 {
            return None;
        }
        let noun = self.noun(&label, rng);
        let deep = rng.random_bool(0.5);
        let key = |i: usize| {
            let object = &self.scene.objects[i];
            if deep { self.grid.forward(object) } else { self.grid.across(object) }
        };
        all.sort_by_key(|i| key(*i));
        if all.windows(2).any(|pair| key(pair[1]) < key(pair[0]) + APART) {
            return None;
        }
        let rank = all.iter().position(|i| *i == index)?;
        let last = all.len() - 1;
        let n = rank + 1;
        let forms: Vec<String> = match (deep, rank, self.zh) {
            (false, 0, false) => vec![format!("leftmost {noun}"), format!("{noun} on the far left")],
            (false, r, false) if r == last => vec![format!("rightmost {noun}"), format!("{noun} on the far right")],
            (false, r, false) if all.len() == 3 && r == 1 => {
                vec![format!("middle {noun}"), format!("{noun} in the middle"), format!("second {noun} from the left")]
            }
            (false, ..) if !self.zh => {
                vec![format!("{} {noun} from the left", ["first", "second", "third", "fourth"].get(rank)?)]
            }
            (true, 0, false) => vec![format!("frontmost {noun}"), format!("front {noun}")],
            (true, r, false) if r == last => vec![format!("rearmost {noun}"), format!("{noun} at the back")],
            (false, 0, true) => vec![format!("最左边的{noun}"), format!("最左侧的{noun}")],
            (false, r, true) if r == last => vec![format!("最右边的{noun}"), format!("最右侧的{noun}")],
            (false, r, true) if all.len() == 3 && r == 1 => vec![format!("中间的{noun}"), format!("左边第二个{noun}")],
            (false, _, true) => vec![format!("左边第{}个{noun}", ["一", "二", "三", "四"].get(n - 1)?)],
            (true, 0, true) => vec![format!("最前面的{noun}"), format!("最靠前的{noun}")],
            (true, r, true) if r == last => vec![format!("最后面的{noun}")],
            _ => return None,
        };
        let said = forms.choose(rng)?.clone();
        let all = self.in_line(all);
        let how = if deep { How::Most { number: FORWARD, all, largest: rank > 0 } } else { How::Ranked(ACROSS, all) };
        Some(Mention { said, how, of: vec![index] })
    }

    /// The biggest, the smallest.
    pub fn by_size(&self, index: usize, rng: &mut ChaCha8Rng) -> Option<Mention> {
        let label = self.label(index).to_owned();
        let mut all = self.alike(&label, None);
        if all.len() < 2 {
            return None;
        }
        let key = |i: usize| size_mm(&self.scene.objects[i]);
        all.sort_by_key(|i| key(*i));
        let noun = self.noun(&label, rng);
        let big = *all.last()? == index;
        let (one, next) = if big { (all[all.len() - 1], all[all.len() - 2]) } else { (all[0], all[1]) };
        // Told apart by a tenth of the volume and more, which is what the words need.
        if one != index || key(one).abs_diff(key(next)) < 3 {
            return None;
        }
        let forms = match (big, self.zh) {
            (true, false) => [format!("biggest {noun}"), format!("largest {noun}")],
            (false, false) => [format!("smallest {noun}"), format!("smallest {noun}")],
            (true, true) => [format!("最大的{noun}"), format!("最大的那个{noun}")],
            (false, true) => [format!("最小的{noun}"), format!("最小的那个{noun}")],
        };
        let said = forms.choose(rng)?.clone();
        Some(Mention { said, how: How::Most { number: SIZE, all: self.in_line(all), largest: big }, of: vec![index] })
    }

    /// A thing of another kind that is named easily, to tell others by.
    fn reference(&self, index: usize, rng: &mut ChaCha8Rng) -> Option<(usize, String)> {
        let label = self.label(index).to_owned();
        let others: Vec<usize> = (0..self.scene.objects.len())
            .filter(|i| {
                !matches!(self.label(*i), "table" | "cabinet")
                    && self.label(*i) != label
                    && self.scene.holding != Some(self.scene.objects[*i].id)
            })
            .collect();
        let other = *others.choose(rng)?;
        Some((other, self.plainly(other, rng)?.said))
    }

    /// Left of the bowl.
    pub fn by_side(&self, index: usize, rng: &mut ChaCha8Rng) -> Option<Mention> {
        let label = self.label(index).to_owned();
        let all = self.alike(&label, None);
        let (other, name) = self.reference(index, rng)?;
        let (side, _) = *Side::ALL.choose(rng)?;
        let ids = |i: usize| self.scene.objects[i].id;
        let holds = |i: usize| fact::measure(&side.fact(ids(i), ids(other)), self.scene, None).holds;
        let fits: Vec<usize> = all.iter().copied().filter(|i| holds(*i)).collect();
        let axis = |i: usize| {
            let object = &self.scene.objects[i];
            if matches!(side, Side::Left | Side::Right) { self.grid.across(object) } else { self.grid.forward(object) }
        };
        if fits != [index] || all.len() < 2 || all.iter().any(|i| axis(*i).abs_diff(axis(other)) < APART) {
            return None;
        }
        let noun = self.noun(&label, rng);
        let forms = match (side, self.zh) {
            (Side::Left, false) => {
                vec![format!("{noun} to the left of the {name}"), format!("{noun} left of the {name}")]
            }
            (Side::Right, false) => {
                vec![format!("{noun} to the right of the {name}"), format!("{noun} right of the {name}")]
            }
            (Side::Front, false) => vec![format!("{noun} in front of the {name}")],
            (Side::Behind, false) => vec![format!("{noun} behind the {name}")],
            (Side::Left, true) => vec![format!("{name}左边的{noun}"), format!("{name}左侧的{noun}")],
            (Side::Right, true) => vec![format!("{name}右边的{noun}"), format!("{name}右侧的{noun}")],
            (Side::Front, true) => vec![format!("{name}前面的{noun}")],
            (Side::Behind, true) => vec![format!("{name}后面的{noun}")],
        };
        let said = forms.choose(rng)?.clone();
        let ranked = self.in_line(all.into_iter().chain([other]).collect());
        let number = if matches!(side, Side::Left | Side::Right) { ACROSS } else { FORWARD };
        Some(Mention { said, how: How::Ranked(number, ranked), of: vec![index] })
    }

    /// Nearest to the bowl.
    pub fn by_nearness(&self, index: usize, rng: &mut ChaCha8Rng) -> Option<Mention> {
        let (other, name) = self.reference(index, rng)?;
        self.nearest_to(index, other, &name, rng)
    }

    /// Nearest to another that was named.
    pub fn nearest_to(&self, index: usize, other: usize, name: &str, rng: &mut ChaCha8Rng) -> Option<Mention> {
        let label = self.label(index).to_owned();
        let mut all = self.alike(&label, None);
        let at = |i: usize| self.scene.objects[i].position_m();
        let distance = |i: usize| (at(i) - at(other)).norm();
        all.sort_by(|a, b| distance(*a).total_cmp(&distance(*b)));
        if all.len() < 2 || all[0] != index || distance(all[1]) < 1.2 * distance(all[0]) + 0.02 {
            return None;
        }
        let noun = self.noun(&label, rng);
        let forms = if self.zh {
            vec![format!("离{name}最近的{noun}"), format!("最靠近{name}的{noun}")]
        } else {
            let tail = format!("to the {name}");
            ["nearest", "closest", "that is closest", "that is nearest"]
                .map(|how| format!("{noun} {how} {tail}"))
                .into()
        };
        let said = forms.choose(rng)?.clone();
        Some(Mention { said, how: How::Beside(other, self.in_line(all)), of: vec![index] })
    }

    /// On the plate, in the drawer.
    pub fn by_support(&self, index: usize, rng: &mut ChaCha8Rng) -> Option<Mention> {
        let (holder, inside) = match self.state.situations[index].support {
            Support::In(holder) => (holder, true),
            Support::On(under) if self.label(under) != "table" => (under, false),
            _ => return None,
        };
        let label = self.label(index).to_owned();
        let same = |i: &usize| self.state.situations[*i].support == self.state.situations[index].support;
        if self.alike(&label, None).iter().filter(|i| same(i)).count() != 1 || self.label(holder) == label {
            return None;
        }
        let (noun, name) = (self.noun(&label, rng), self.plainly(holder, rng)?.said);
        let said = match (inside, self.zh) {
            (true, false) => format!("{noun} in the {name}"),
            (false, false) => format!("{noun} on the {name}"),
            (true, true) => format!("{name}里的{noun}"),
            (false, true) => format!("{name}上的{noun}"),
        };
        Some(Mention { said, how: How::Plain, of: vec![index] })
    }
}
