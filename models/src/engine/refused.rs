//! Words that a model only ever heard in orders that it had to refuse, counted from its lessons. A network that does not
//! know one word of an order may go by the rest of it; a plan against a word that never once led to one is no ground to
//! act on. (A second opinion by counting: cf. Sahami et al., A Bayesian Approach to Filtering Junk E-Mail, 1998.)

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// A word is known from then on, as a share of the lessons.
const SHARE: f64 = 1.0 / 2000.0;
/// And from so many times on.
const FEWEST: usize = 5;

/// The words, by what kind of robot was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// To one with an arm.
    #[serde(default)]
    pub arm: BTreeSet<String>,
    /// To one without.
    #[serde(default)]
    pub base: BTreeSet<String>,
}

/// An order as it counts here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Was it told to a robot with an arm?
    pub has_arm: bool,
    /// The person's words.
    pub instruction: String,
    /// Did it come to a plan?
    pub is_done: bool,
}

impl Refused {
    /// What these orders teach.
    pub fn of(orders: impl IntoIterator<Item = Order>) -> Self {
        let (mut total, mut counts) = (0, [BTreeMap::new(), BTreeMap::new()]);
        for order in orders {
            total += 1;
            for word in words(&order.instruction).collect::<BTreeSet<_>>() {
                let (heard, done) = counts[usize::from(order.has_arm)].entry(word).or_insert((0, 0));
                *heard += 1;
                *done += usize::from(order.is_done);
            }
        }
        let known = FEWEST.max((f64::from(total) * SHARE).ceil() as usize);
        let [base, arm] = counts.map(|counts: BTreeMap<String, (usize, usize)>| {
            let never = counts.into_iter().filter(|(_, (heard, done))| *heard >= known && *done == 0);
            never.map(|(word, _)| word).collect()
        });
        Self { arm, base }
    }

    /// Is nothing known?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.arm.is_empty() && self.base.is_empty()
    }

    /// The first such word of an order.
    #[must_use]
    pub fn word(&self, instruction: &str, has_arm: bool) -> Option<String> {
        let known = if has_arm { &self.arm } else { &self.base };
        words(instruction).find(|word| known.contains(word))
    }
}

/// Words of a text in small letters; Chinese letters one by one.
fn words(text: &str) -> impl Iterator<Item = String> {
    let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let in_word = move |c: char| (c.is_alphabetic() || c == '\'') && !is_han(c);
    let mut rest = text.chars().flat_map(char::to_lowercase).peekable();
    std::iter::from_fn(move || {
        loop {
            let first = rest.next()?;
            if is_han(first) {
                return Some(first.to_string());
            }
            if in_word(first) {
                let mut word = first.to_string();
                while let Some(next) = rest.next_if(|c| in_word(*c)) {
                    word.push(next);
                }
                return Some(word);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(has_arm: bool, instruction: &str, is_done: bool) -> Order {
        Order { has_arm, instruction: instruction.to_owned(), is_done }
    }

    #[test]
    fn a_word_counts_where_it_was_heard_often_and_never_led_to_a_plan() {
        let mut orders = vec![order(false, "Lift the pillar", false); 6];
        orders.extend(vec![order(false, "拿起柱子", false); 6]);
        orders.extend(vec![order(false, "drive to the pillar", true); 6]);
        orders.extend(vec![order(false, "去柱子那里", true); 6]);
        orders.extend(vec![order(true, "lift the block", true); 6]);
        orders.push(order(true, "sing a song", false));
        let refused = Refused::of(orders);
        assert_eq!(refused.word("Please LIFT it", false).as_deref(), Some("lift"));
        assert_eq!(refused.word("举起黄色柱子", false).as_deref(), Some("起"), "by the letter beside the unknown one");
        assert_eq!(refused.word("lift the pillar", true), None, "an arm may");
        assert_eq!(refused.word("drive to the pillar", false), None);
        assert_eq!(refused.word("sing a song", true), None, "heard once");
    }

    #[test]
    fn words_are_small_and_chinese_ones_single() {
        let got: Vec<String> = words("Don't go, 去Dock那里 42").collect();
        assert_eq!(got, ["don't", "go", "去", "dock", "那", "里"]);
    }
}
