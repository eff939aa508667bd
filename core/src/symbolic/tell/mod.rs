//! The reasoning in words, in the language of the instruction: what is seen, which object is meant and why, what is in
//! the way, the order and why, what failed before and what is done differently. Sentences, one after the other.

mod deeds;
mod plan;
mod refuse;
use crate::goal::Language;
use crate::scene::{Affordance, ObjectId};
use crate::state::{State, Support};
use crate::symbolic::intent::Meaning;
use crate::symbolic::naming::{Names, join};
use crate::symbolic::reading::{Size, Spot};
use crate::symbolic::resolve::Found;

/// Speaks of one scene in one language.
pub struct Teller<'a> {
    state: &'a State,
    names: Names,
    language: Language,
    cites: Vec<usize>,
}

impl<'a> Teller<'a> {
    /// A teller for a state.
    pub fn new(state: &'a State, language: Language) -> Self {
        Self { state, names: Names::of(state, language), language, cites: Vec::new() }
    }

    /// Objects spoken of so far, in order.
    pub fn cites(&self) -> Vec<ObjectId> {
        self.cites.iter().map(|i| self.state.objects()[*i].id).collect()
    }

    fn say(&self, en: impl FnOnce() -> String, zh: impl FnOnce() -> String) -> String {
        match self.language {
            Language::En => capital(&en()),
            Language::Zh => zh(),
        }
    }

    fn cite(&mut self, index: usize) {
        if !self.cites.contains(&index) {
            self.cites.push(index);
        }
    }

    fn name(&mut self, index: usize) -> String {
        self.cite(index);
        self.names.the(index).to_owned()
    }

    fn named(&mut self, id: &ObjectId) -> String {
        self.state.index(id).map_or_else(|| id.to_string(), |i| self.name(i))
    }

    fn list(&mut self, indices: &[usize], joint: (&str, &str)) -> String {
        indices.iter().for_each(|i| self.cite(*i));
        let joint = if self.language == Language::En { joint.0 } else { joint.1 };
        self.names.list(indices, joint)
    }

    /// What is around, and how it lies.
    pub fn sees(&mut self) -> Vec<String> {
        let objects = self.state.objects();
        if objects.is_empty() {
            return vec![self.say(|| "I see nothing around me.".to_owned(), || "我周围什么都没看到。".to_owned())];
        }
        let shown: Vec<usize> = (0..objects.len()).take(16).collect();
        shown.iter().for_each(|i| self.cite(*i));
        let things: Vec<String> = shown.iter().map(|i| self.names.a(*i)).collect();
        let (all, language) = (objects.len(), self.language);
        let things = join(things, language, if language == Language::En { "and" } else { "和" });
        let more = all - shown.len();
        let mut sentences = vec![match more {
            0 => self.say(|| format!("I see {things}."), || format!("我看到{things}。")),
            _ => self
                .say(|| format!("I see {things}, and {more} more."), || format!("我看到{things}，还有另外{more}个。")),
        }];
        for i in shown {
            let situation = &self.state.situations[i];
            let on = match situation.support {
                Support::On(j) if !objects[j].can(Affordance::Fixed) => Some((j, false)),
                Support::In(j) => Some((j, true)),
                _ => None,
            };
            if let Some((j, inside)) = on {
                let (a, b) = (self.name(i), self.name(j));
                sentences.push(match inside {
                    true => self.say(|| format!("{a} is in {b}."), || format!("{a}在{b}里。")),
                    false => self.say(|| format!("{a} is on {b}."), || format!("{a}在{b}上。")),
                });
            }
            if let Some(open) = situation.open {
                let a = self.name(i);
                sentences.push(match open {
                    true => self.say(|| format!("{a} is open."), || format!("{a}是开着的。")),
                    false => self.say(|| format!("{a} is closed."), || format!("{a}是关着的。")),
                });
            }
        }
        if let Some(held) = self.state.holding {
            let a = self.name(held);
            sentences.push(self.say(|| format!("I hold {a}."), || format!("我手里拿着{a}。")));
        }
        sentences
    }

    /// Which objects the words mean, and why those.
    pub fn means(&mut self, meanings: &[Meaning]) -> Vec<String> {
        let mut told: Vec<&Vec<usize>> = Vec::new();
        let mut sentences = Vec::new();
        for meaning in meanings {
            if meaning.objects.is_empty() || (told.contains(&&meaning.objects) && meaning.found != Found::Spoken) {
                continue;
            }
            told.push(&meaning.objects);
            let objects = self.list(&meaning.objects, ("and", "和"));
            let said = if meaning.description.said.is_empty() { None } else { Some(meaning.description.said.clone()) };
            let Some(said) = said else { continue };
            let why = self.reason(meaning);
            sentences.push(self.say(
                || format!("\"{said}\" is {objects}: {}.", why.0),
                || format!("“{said}”指的是{objects}：{}。", why.1),
            ));
        }
        sentences
    }

    fn reason(&self, meaning: &Meaning) -> (String, String) {
        let it = &meaning.description;
        let both = |en: &str, zh: &str| (en.to_owned(), zh.to_owned());
        if it.pronoun {
            return both("that is what was spoken of", "前面刚说到它");
        }
        match meaning.found {
            Found::Spoken => both("that one was spoken of before", "前面说过它"),
            Found::Any => both("any of them will do, and this one is easy to get at", "哪个都可以，这个最方便"),
            Found::All => both("all that fit the words are meant", "符合说法的都算"),
            Found::Useful => {
                both("of those that fit, only with this one is there something to do", "符合说法的里面，只有它需要动")
            }
            Found::Picked => match (it.ordinal, it.spot, it.size) {
                (Some(n), ..) => (format!("it is number {n} in the row"), format!("它排第{n}")),
                (_, Some(spot), _) => {
                    let (en, zh) = spot_words(spot);
                    (format!("it is {en}"), format!("它{zh}"))
                }
                (_, _, Some(Size::Big)) => both("it is the largest", "它最大"),
                _ => both("it is the smallest", "它最小"),
            },
            Found::Only => both("nothing else fits the words", "符合说法的只有它"),
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn spot_words(spot: Spot) -> (&'static str, &'static str) {
    match spot {
        Spot::Left => ("the leftmost", "在最左边"),
        Spot::Right => ("the rightmost", "在最右边"),
        Spot::Front => ("the one in front", "在最前面"),
        Spot::Back => ("the one at the back", "在最后面"),
        Spot::Middle => ("the one in the middle", "在中间"),
        Spot::Top => ("the topmost", "在最上面"),
        Spot::Bottom => ("the lowest", "在最下面"),
        Spot::Nearest => ("the nearest", "最近"),
        Spot::Farthest => ("the farthest", "最远"),
    }
}
