//! Drills: orders about the biggest, the frontmost, the nearest of many, and about all of a colour, in training only. In the
//! lessons themselves two numbers are compared too seldom for a small network to learn their order, and those of a colour
//! stand too seldom among others. Below the ring: the reasoner's schooling.

use ponder_core::fact::Fact;
use rand::Rng;
use rand::seq::SliceRandom;

use super::families::{Family, all_in, holders};
use super::mention::{How, Mention};
use super::scenes::Layout::{Many, Sort};
use super::task::{Draw, Task};
use super::words as w;

/// How many of a hundred lessons of training are drills.
pub const SHARE: u32 = 20;

/// Families of drills.
#[rustfmt::skip]
pub static DRILLS: &[Family] = &[
    Family { name: "drill size", weight: 3, layouts: &[Many], draw: |d| drill(d, By::Size) },
    Family { name: "drill place", weight: 2, layouts: &[Many], draw: |d| drill(d, By::Place) },
    Family { name: "drill nearness", weight: 3, layouts: &[Many], draw: |d| drill(d, By::Nearness) },
    Family { name: "drill all", weight: 3, layouts: &[Sort, Many], draw: all_in },
];

/// What sets the one apart that is meant.
#[derive(Clone, Copy)]
enum By {
    Size,
    Place,
    Nearness,
}

fn drill(d: &mut Draw<'_, '_>, by: By) -> Option<Task> {
    let a = most(d, by)?;
    let one = *a.of.first()?;
    if d.rng.random_bool(0.5) {
        let words = d.say(&w::HOLD, &[("{a}", &a.said)])?;
        return d.reach("drill", words, vec![a], vec![vec![Fact::Held(d.id(one))]]);
    }
    let places = holders(d);
    let place = d.one(&places)?;
    let b = d.speaker.plainly(place, d.rng)?;
    let words = d.say(&w::PUT_IN, &[("{a}", &a.said), ("{b}", &b.said)])?;
    d.reach("drill", words, vec![a, b], vec![vec![Fact::In(d.id(one), d.id(place))]])
}

/// A block that comparing finds.
fn most(d: &mut Draw<'_, '_>, by: By) -> Option<Mention> {
    let mut blocks = d.speaker.of_label("block");
    blocks.shuffle(d.rng);
    blocks.into_iter().find_map(|i| {
        let found = match by {
            By::Size => d.speaker.by_size(i, d.rng),
            By::Place => d.speaker.by_place(i, d.rng),
            By::Nearness => d.speaker.by_nearness(i, d.rng),
        };
        found.filter(|mention| matches!(mention.how, How::Most { .. } | How::Beside(..)))
    })
}
