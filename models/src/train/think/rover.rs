//! Families of tasks of a rover, which has no arm: going to places, in turn and back, and what it refuses. Below the ring:
//! the reasoner's schooling.

use ponder_core::fact::Fact;
use ponder_core::outcome::RefusalReason as R;
use ponder_core::scene::Color;
use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};

use super::families::Family;
use super::mention::{How, Mention};
use super::refusals::{not_there, refuse};
use super::scenes::Layout::Room;
use super::task::{Aim, Draw, Task};
use super::truth::Deed;
use super::words::{self as w};

/// Families for a rover.
#[rustfmt::skip]
pub static ROVER: &[Family] = &[
    Family { name: "go", weight: 10, layouts: &[Room], draw: go },
    Family { name: "go back", weight: 3, layouts: &[Room], draw: back },
    Family { name: "go in turn", weight: 7, layouts: &[Room], draw: in_turn },
    Family { name: "far", weight: 2, layouts: &[Room], draw: far },
    Family { name: "not there", weight: 3, layouts: &[Room], draw: absent_place },
    Family { name: "unsafe", weight: 2, layouts: &[Room], draw: ram },
    Family { name: "unable", weight: 2, layouts: &[Room], draw: no_arm },
];

fn places(d: &Draw<'_, '_>) -> Vec<usize> {
    let near = |i: &usize| d.scene().objects[*i].position_m().x < 2.9;
    ["zone", "pillar"].iter().flat_map(|l| d.speaker.of_label(l)).filter(near).collect()
}

fn go(d: &mut Draw<'_, '_>) -> Option<Task> {
    let all = places(d);
    let a = d.one(&all)?;
    let ma = if d.rng.random_bool(0.45) { d.speaker.by_side(a, d.rng)? } else { d.speaker.plainly(a, d.rng)? };
    let enter = d.speaker.label(a) == "zone" && d.rng.random_bool(0.2);
    let words = d.say(if enter { &w::ENTER } else { &w::GO }, &[("{a}", &ma.said)])?;
    d.reach("go", words, vec![ma], vec![vec![Fact::RobotAt(d.id(a))]])
}

fn back(d: &mut Draw<'_, '_>) -> Option<Task> {
    let docks = d.speaker.of_label("dock");
    let a = d.one(&docks)?;
    let ma = d.speaker.plainly(a, d.rng)?;
    let words = d.say(&w::BACK, &[("{a}", &ma.said)])?;
    d.reach("go back", words, vec![ma], vec![vec![Fact::RobotAt(d.id(a))]])
}

fn in_turn(d: &mut Draw<'_, '_>) -> Option<Task> {
    let mut all = places(d);
    all.shuffle(d.rng);
    let dock = d.speaker.of_label("dock").first().copied();
    let three = dock.filter(|_| d.rng.random_bool(0.5));
    let [a, b, ..] = all[..] else { return None };
    let order: Vec<usize> = [a, b].into_iter().chain(three).collect();
    let mut mentions = Vec::new();
    for index in &order {
        mentions.push(d.speaker.plainly(*index, d.rng)?);
    }
    let names: Vec<(&str, &str)> =
        ["{a}", "{b}", "{c}"].into_iter().zip(mentions.iter().map(|m| m.said.as_str())).collect();
    let words = d.say(if three.is_some() { &w::GO_THREE } else { &w::GO_TWO }, &names)?;
    let through: Vec<Fact> = order.iter().map(|i| Fact::RobotAt(d.id(*i))).collect();
    let stages = through.iter().map(|fact| super::task::Stage::Reach(vec![*fact])).collect();
    let deed = Deed { any: vec![through.last().copied().into_iter().collect()], through, ..Deed::default() };
    Some(Task { family: "go in turn", words, mentions, aim: Aim::Do { stages, deed, avoid: Vec::new() } })
}

fn far(d: &mut Draw<'_, '_>) -> Option<Task> {
    let far: Vec<usize> =
        d.speaker.of_label("zone").into_iter().filter(|i| d.scene().objects[*i].position_m().x > 3.5).collect();
    let a = d.one(&far)?;
    let ma = d.speaker.plainly(a, d.rng)?;
    let words = d.say(&w::GO, &[("{a}", &ma.said)])?;
    let at = d.speaker.grid.forward(&d.scene().objects[a]);
    let text = (format!("The {} is out of reach.", ma.said), format!("{}到不了。", ma.said));
    let note = (format!("{at} is beyond 80."), format!("{at}超过80。"));
    let zh = d.speaker.zh;
    refuse("far", words, vec![ma], &[R::OutOfReach, R::NoPlan], (&note.0, &note.1), text, zh)
}

fn absent_place(d: &mut Draw<'_, '_>) -> Option<Task> {
    let gone = if d.rng.random_bool(0.25) {
        let said = if d.speaker.zh { "厨房" } else { "kitchen" };
        Mention { said: said.to_owned(), how: How::Missing(String::new()), of: Vec::new() }
    } else {
        let (color, ..) = *Color::ALL.choose(d.rng)?;
        let label = *["zone", "pillar"].choose(d.rng)?;
        if !d.speaker.alike(label, Some(color)).is_empty() || super::kinds::is_reserved(Some(color), label) {
            return None;
        }
        let noun = d.speaker.noun(label, d.rng);
        let query = format!("{label} {}", color.name());
        Mention { said: d.speaker.colored(Some(color), &noun, d.rng), how: How::Missing(query), of: Vec::new() }
    };
    let words = d.say(&w::GO, &[("{a}", &gone.said)])?;
    not_there(d, words, gone, Vec::new())
}

fn ram(d: &mut Draw<'_, '_>) -> Option<Task> {
    let pillars: Vec<usize> = ["pillar", "crate"].iter().flat_map(|l| d.speaker.of_label(l)).collect();
    let a = d.one(&pillars)?;
    let said = d.speaker.plainly(a, d.rng)?.said;
    let words = d.say(&w::RAM, &[("{a}", &said)])?;
    let text = ("That could hurt somebody or break something.".to_owned(), "这样会伤到人或弄坏东西。".to_owned());
    refuse("unsafe", words, Vec::new(), &[R::Unsafe], ("Not safe.", "不安全。"), text, d.speaker.zh)
}

fn no_arm(d: &mut Draw<'_, '_>) -> Option<Task> {
    let all: Vec<usize> = ["pillar", "crate"].iter().flat_map(|l| d.speaker.of_label(l)).collect();
    let a = d.one(&all)?;
    let said = d.speaker.plainly(a, d.rng)?.said;
    // What has a handle is as far out of its reach as what has weight.
    let shut = if d.speaker.zh { *["抽屉", "盒子"].choose(d.rng)? } else { *["drawer", "box"].choose(d.rng)? };
    let words = match d.rng.random_range(0..5) {
        0 => d.say(&w::OPEN, &[("{a}", shut)])?,
        1 => d.say(&w::CLOSE, &[("{a}", shut)])?,
        _ => d.say(&w::HOLD, &[("{a}", &said)])?,
    };
    let text = ("I have no arm.".to_owned(), "我没有手臂。".to_owned());
    refuse("unable", words, Vec::new(), &[R::NotAble, R::NotThere], ("No arm.", "没有手臂。"), text, d.speaker.zh)
}
