//! Orders of two parts: first the one, then the other. Which parts are joined is a matter of the split: some pairs only
//! the hard split has. Below the ring: the reasoner's schooling.

use ponder_core::fact::Fact;
use ponder_core::scene::Affordance;
use ponder_core::state::Side;
use ponder_core::symbolic::solve::clash;
use rand::seq::IndexedRandom;

use super::mention::Mention;
use super::scenes::Layout;
use super::task::{Aim, Draw, Split, Stage, Task};
use super::truth::Deed;
use crate::reason::facts::go_together;

/// Layouts that suit orders of two parts.
pub static LAYOUTS: &[Layout] =
    &[Layout::Tabletop, Layout::Tabletop, Layout::Clutter, Layout::Drawer, Layout::Lidded, Layout::Restack];

/// Kinds of parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    In,
    On,
    Left,
    Right,
    Hold,
    Open,
    Close,
}

const TAUGHT: [(Part, Part); 20] = [
    (Part::In, Part::In),
    (Part::In, Part::On),
    (Part::On, Part::In),
    (Part::Left, Part::In),
    (Part::Open, Part::In),
    (Part::In, Part::Hold),
    (Part::On, Part::On),
    (Part::Left, Part::On),
    (Part::Right, Part::In),
    (Part::Right, Part::On),
    (Part::In, Part::Right),
    (Part::On, Part::Right),
    (Part::Right, Part::Hold),
    (Part::Left, Part::Right),
    (Part::Right, Part::Left),
    (Part::Close, Part::In),
    (Part::Close, Part::On),
    (Part::In, Part::Close),
    (Part::Close, Part::Hold),
    (Part::Open, Part::Left),
];
const HARD: [(Part, Part); 5] = [
    (Part::On, Part::Hold),
    (Part::On, Part::Left),
    (Part::In, Part::Left),
    (Part::Open, Part::On),
    (Part::Left, Part::Hold),
];

struct Half {
    words: String,
    mentions: Vec<Mention>,
    fact: Fact,
}

fn half(d: &mut Draw<'_, '_>, part: Part, simply: bool) -> Option<Half> {
    let zh = d.speaker.zh;
    let movable = d.speaker.that_can(Affordance::Graspable);
    let a = match part {
        Part::Open | Part::Close => d.one(&d.speaker.that_can(Affordance::Openable))?,
        _ => d.one(&movable)?,
    };
    let ma = if simply { d.speaker.plainly(a, d.rng)? } else { d.speaker.refer(a, d.rng)? };
    let one = |words: (String, String)| if zh { words.1 } else { words.0 };
    let said = ma.said.clone();
    let id = d.id(a);
    let labels: &[&str] = match part {
        Part::In => &["bowl", "bin", "drawer"],
        Part::On => &["plate"],
        Part::Left | Part::Right => &["plate", "bowl", "cup"],
        Part::Hold => {
            let words = one((format!("pick up the {said}"), format!("拿起{said}")));
            return Some(Half { words, mentions: vec![ma], fact: Fact::Held(id) });
        }
        Part::Open => {
            let words = one((format!("open the {said}"), format!("打开{said}")));
            return Some(Half { words, mentions: vec![ma], fact: Fact::Open(id) });
        }
        Part::Close => {
            let words = one((format!("close the {said}"), format!("关上{said}")));
            return Some(Half { words, mentions: vec![ma], fact: Fact::Closed(id) });
        }
    };
    let places: Vec<usize> = labels.iter().flat_map(|l| d.speaker.of_label(l)).filter(|i| *i != a).collect();
    let b = d.one(&places)?;
    let mb = d.speaker.plainly(b, d.rng)?;
    let place = &mb.said;
    let (words, fact) = match part {
        Part::In => {
            ((format!("put the {said} in the {place}"), format!("把{said}放进{place}里")), Fact::In(id, d.id(b)))
        }
        Part::On => {
            ((format!("put the {said} on the {place}"), format!("把{said}放到{place}上")), Fact::On(id, d.id(b)))
        }
        Part::Right => (
            (format!("put the {said} to the right of the {place}"), format!("把{said}放到{place}右边")),
            Side::Right.fact(id, d.id(b)),
        ),
        _ => (
            (format!("put the {said} to the left of the {place}"), format!("把{said}放到{place}左边")),
            Side::Left.fact(id, d.id(b)),
        ),
    };
    Some(Half { words: one(words), mentions: vec![ma, mb], fact })
}

/// Draws an order of two parts.
pub fn draw(d: &mut Draw<'_, '_>) -> Option<Task> {
    let pair = if d.split == Split::Hard { HARD.choose(d.rng) } else { TAUGHT.choose(d.rng) };
    let (one, two) = *pair?;
    let first = half(d, one, false)?;
    let second = half(d, two, true)?;
    let mover = |half: &Half| half.mentions.first().and_then(|m| m.of.first().copied());
    // Nor may a goal have two things that are put beside one and the same.
    let alike = mover(&first) == mover(&second) || !go_together(&first.fact, &second.fact);
    if alike || clash(&first.fact, &second.fact) {
        return None;
    }
    // The first must not carry what the second goes by.
    if second.mentions.iter().any(|m| m.of.first().copied() == mover(&first)) {
        return None;
    }
    if d.speaker.state.holds(&first.fact) || d.speaker.state.holds(&second.fact) {
        return None;
    }
    let (x, y) = (&first.words, &second.words);
    let forms: Vec<String> = match (d.speaker.zh, d.split) {
        (false, Split::Train) => vec![format!("{x}, then {y}"), format!("{x} and {y}"), format!("first {x}, then {y}")],
        (false, Split::HeldOut) => {
            vec![format!("{x}, then {y}"), format!("{x} and then {y}"), format!("please {x}, then {y}")]
        }
        (false, Split::Hard) => vec![format!("{x}, and after that {y}"), format!("{x}, then {y}")],
        (true, Split::Train) => {
            vec![format!("{x}，再{y}"), format!("先{x}，再{y}"), format!("先{x}，然后{y}"), format!("{x}，{y}")]
        }
        (true, Split::HeldOut) => vec![format!("请先{x}，再{y}"), format!("{x}，然后{y}")],
        (true, Split::Hard) => vec![format!("{x}，之后再{y}"), format!("{x}，然后{y}")],
    };
    let words = forms.choose(d.rng)?.clone();
    let facts = vec![first.fact, second.fact];
    let through = vec![first.fact];
    let deed = Deed { any: vec![facts], through, ..Deed::default() };
    let stages = vec![Stage::Reach(vec![first.fact]), Stage::Reach(vec![second.fact])];
    let mentions = first.mentions.into_iter().chain(second.mentions).collect();
    Some(Task { family: "two parts", words, mentions, aim: Aim::Do { stages, deed, avoid: Vec::new() } })
}
