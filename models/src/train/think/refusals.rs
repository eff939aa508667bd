//! Families of tasks that are not carried out: what is not there, what is unclear, what does not fit, what no robot of
//! this kind can do, what must not be done. Below the ring: the reasoner's schooling.

use ponder_core::outcome::RefusalReason as R;
use ponder_core::scene::{Affordance, Color};
use rand::Rng;
use rand::seq::IndexedRandom;

use super::families::Family;
use super::kinds::ABSENT;
use super::mention::{How, Mention};
use super::scenes::Layout;
use super::task::{Aim, Draw, Task};
use super::words::{self as w, Both};

use Layout::{Clutter, Drawer, Lidded, Restack, Sort, Stack, Switches, Tabletop};

/// Families of refusals and questions on a table.
#[rustfmt::skip]
pub static REFUSALS: &[Family] = &[
    Family { name: "not there", weight: 16, layouts: &[Tabletop, Clutter, Stack, Sort, Drawer, Lidded, Switches], draw: absent },
    Family { name: "ask which", weight: 6, layouts: &[Tabletop, Clutter, Clutter, Stack, Sort], draw: which },
    Family { name: "unsafe", weight: 5, layouts: &[Tabletop, Clutter, Stack, Drawer, Lidded], draw: harm },
    Family { name: "unable", weight: 4, layouts: &[Tabletop, Clutter, Stack, Drawer, Lidded], draw: unable },
    Family { name: "fixed", weight: 4, layouts: &[Switches, Drawer, Lidded, Tabletop, Sort], draw: fixed },
    Family { name: "no fit", weight: 5, layouts: &[Clutter, Stack, Sort, Tabletop, Restack], draw: no_fit },
];

pub(super) fn refuse(
    family: &'static str,
    words: String,
    mentions: Vec<Mention>,
    reasons: &[R],
    note: (&str, &str),
    text: (String, String),
    zh: bool,
) -> Option<Task> {
    let (reason, accept) = reasons.split_first()?;
    let (note, text) = if zh { (note.1, text.1) } else { (note.0, text.0) };
    let aim = Aim::Refuse { reason: *reason, accept: accept.to_vec(), note: note.to_owned(), text };
    Some(Task { family, words, mentions, aim })
}

/// Words for something that the scene has not: a colour it lacks, or a kind.
fn nothing(d: &mut Draw<'_, '_>, labels: &[&str]) -> Option<Mention> {
    let mut query = String::new();
    let said = if d.rng.random_bool(0.55) {
        let label = *labels.choose(d.rng)?;
        let (color, ..) = *Color::ALL.choose(d.rng)?;
        if !d.speaker.alike(label, Some(color)).is_empty() || super::kinds::is_reserved(Some(color), label) {
            return None;
        }
        let noun = d.speaker.noun(label, d.rng);
        // `箱子` may be said of a crate or a box that is there.
        if d.speaker.zh && (noun == "箱子" || noun == "盒子") {
            return None;
        }
        query = format!("{label} {}", color.name());
        d.speaker.colored(Some(color), &noun, d.rng)
    } else if d.rng.random_bool(0.6) {
        let (en, zh) = *ABSENT.choose(d.rng)?;
        if d.speaker.zh { zh.to_owned() } else { en.to_owned() }
    } else {
        let label = *labels.choose(d.rng)?;
        let stands_in = label == "bin" || label == "box";
        if stands_in || !d.speaker.of_label(label).is_empty() {
            return None;
        }
        query = label.to_owned();
        d.speaker.noun(label, d.rng)
    };
    Some(Mention { said, how: How::Missing(query), of: Vec::new() })
}

pub(super) fn not_there(d: &Draw<'_, '_>, words: String, mention: Mention, others: Vec<Mention>) -> Option<Task> {
    let said = mention.said.clone();
    let text = (format!("There is no {said} here."), format!("这里没有{said}。"));
    let mentions = others.into_iter().chain([mention]).collect();
    refuse("not there", words, mentions, &[R::NotThere], ("", ""), text, d.speaker.zh)
}

fn absent(d: &mut Draw<'_, '_>) -> Option<Task> {
    let things = ["block", "ball", "cup"];
    let places = ["bowl", "plate", "bin"];
    let movable = d.speaker.that_can(Affordance::Graspable);
    match d.rng.random_range(0..10) {
        0..=4 => {
            let gone = nothing(d, &things)?;
            let holders: Vec<usize> = ["bowl", "bin"].iter().flat_map(|l| d.speaker.of_label(l)).collect();
            let b = d.one(&holders)?;
            let mb = d.speaker.plainly(b, d.rng)?;
            let on = d.speaker.of_label("plate").first().copied().filter(|_| d.rng.random_bool(0.3));
            let words = match on.and_then(|plate| d.speaker.plainly(plate, d.rng)) {
                Some(plate) => d.say(&w::PUT_ON, &[("{a}", &gone.said), ("{b}", &plate.said)])?,
                None => d.say(&w::PUT_IN, &[("{a}", &gone.said), ("{b}", &mb.said)])?,
            };
            not_there(d, words, gone, Vec::new())
        }
        5 => {
            let gone = nothing(d, &things)?;
            let words = d.say(&w::HOLD, &[("{a}", &gone.said)])?;
            not_there(d, words, gone, Vec::new())
        }
        6 => {
            let gone = nothing(d, &things)?;
            let words = d.say(&w::GIVE, &[("{a}", &gone.said)])?;
            not_there(d, words, gone, Vec::new())
        }
        7 => {
            let a = d.one(&movable)?;
            let ma = d.speaker.plainly(a, d.rng)?;
            let gone = nothing(d, &places)?;
            let words = d.say(&w::PUT_IN, &[("{a}", &ma.said), ("{b}", &gone.said)])?;
            not_there(d, words, gone, vec![ma])
        }
        8 => {
            let gone = nothing(d, &["drawer", "box"])?;
            let words = d.say(&w::OPEN, &[("{a}", &gone.said)])?;
            not_there(d, words, gone, Vec::new())
        }
        _ => {
            let color = Color::ALL.choose(d.rng)?.0;
            if !d.speaker.alike("block", Some(color)).is_empty() || super::kinds::is_reserved(Some(color), "block") {
                return None;
            }
            let holders: Vec<usize> = ["bowl", "bin"].iter().flat_map(|l| d.speaker.of_label(l)).collect();
            let b = d.one(&holders)?;
            let mb = d.speaker.plainly(b, d.rng)?;
            let noun = d.speaker.noun("block", d.rng);
            let mut said = d.speaker.colored(Some(color), &noun, d.rng);
            if !d.speaker.zh {
                said.push('s');
            }
            let words = d.say(&w::ALL_IN, &[("{a}", &said), ("{b}", &mb.said)])?;
            let query = format!("block {}", color.name());
            not_there(d, words, Mention { said, how: How::Missing(query), of: Vec::new() }, Vec::new())
        }
    }
}

fn which(d: &mut Draw<'_, '_>) -> Option<Task> {
    let label = *["block", "block", "block", "bowl", "bin", "cup"].choose(d.rng)?;
    let color = d.speaker.of_label(label).first().and_then(|i| d.scene().objects[*i].color);
    let color = if d.rng.random_bool(0.25) { color } else { None };
    let mut all = d.speaker.alike(label, color);
    let grid = d.speaker.grid;
    all.sort_by_key(|i| (grid.across(&d.scene().objects[*i]), d.id(*i)));
    let held = d.speaker.state.holding.is_some_and(|held| all.contains(&held));
    let inside =
        all.iter().any(|i| matches!(d.speaker.state.situations[*i].support, ponder_core::state::Support::In(_)));
    if all.len() < 2 || held || inside {
        return None;
    }
    let noun = d.speaker.noun(label, d.rng);
    if d.speaker.zh
        && d.scene().objects.iter().any(|o| {
            o.label.as_str() != label && super::kinds::kind(&o.label).is_some_and(|k| k.zh.contains(&noun.as_str()))
        })
    {
        return None;
    }
    let said = d.speaker.colored(color, &noun, d.rng);
    let unclear = Mention { said: said.clone(), how: How::Several(all.clone()), of: Vec::new() };
    let (words, mentions) = if matches!(label, "bowl" | "bin") {
        let movable = d.speaker.that_can(Affordance::Graspable);
        let a = d.one(&movable)?;
        let ma = d.speaker.plainly(a, d.rng)?;
        (d.say(&w::PUT_IN, &[("{a}", &ma.said), ("{b}", &said)])?, vec![ma, unclear])
    } else {
        let places: Vec<usize> = ["bowl", "plate"].iter().flat_map(|l| d.speaker.of_label(l)).collect();
        let b = d.one(&places);
        match b {
            Some(b) if d.rng.random_bool(0.65) => {
                let mb = d.speaker.plainly(b, d.rng)?;
                let both: &'static Both = if d.speaker.label(b) == "bowl" { &w::PUT_IN } else { &w::PUT_ON };
                (d.say(both, &[("{a}", &said), ("{b}", &mb.said)])?, vec![unclear])
            }
            _ => (d.say(&w::HOLD, &[("{a}", &said)])?, vec![unclear]),
        }
    };
    Some(Task { family: "ask which", words, mentions, aim: Aim::Ask { said, of: all } })
}

fn harm(d: &mut Draw<'_, '_>) -> Option<Task> {
    let movable = d.speaker.that_can(Affordance::Graspable);
    let mut all = movable;
    all.extend(d.speaker.of_label("plate"));
    let a = d.one(&all)?;
    let said = d.speaker.plainly(a, d.rng)?.said;
    let words = d.say(&w::HARM, &[("{a}", &said)])?;
    let text = ("That could hurt somebody or break something.".to_owned(), "这样会伤到人或弄坏东西。".to_owned());
    refuse("unsafe", words, Vec::new(), &[R::Unsafe], ("Not safe.", "不安全。"), text, d.speaker.zh)
}

fn unable(d: &mut Draw<'_, '_>) -> Option<Task> {
    let mut all = d.speaker.that_can(Affordance::Graspable);
    all.extend(d.speaker.of_label("plate"));
    let a = d.one(&all)?;
    let said = d.speaker.plainly(a, d.rng)?.said;
    let words = d.say(&w::UNABLE, &[("{a}", &said)])?;
    let text = ("I can't do that.".to_owned(), "这个我做不到。".to_owned());
    refuse(
        "unable",
        words,
        Vec::new(),
        &[R::NotAble, R::NotUnderstood],
        ("No skill for that.", "没有这种本领。"),
        text,
        d.speaker.zh,
    )
}

fn cannot_lift(d: &Draw<'_, '_>, words: String, mention: Mention) -> Option<Task> {
    let said = mention.said.clone();
    let text = (format!("I can't lift the {said}."), format!("{said}拿不起来。"));
    let note = ("It can't be lifted.", "拿不起来。");
    refuse("fixed", words, vec![mention], &[R::NotAble, R::DoesNotFit], note, text, d.speaker.zh)
}

fn fixed(d: &mut Draw<'_, '_>) -> Option<Task> {
    let all: Vec<usize> = ["button", "knob", "drawer", "cabinet", "box", "plate", "bin", "bowl"]
        .iter()
        .flat_map(|l| d.speaker.of_label(l))
        .collect();
    let a = d.one(&all)?;
    let ma = d.speaker.plainly(a, d.rng)?;
    if d.rng.random_bool(0.5) {
        let words = d.say(&w::HOLD, &[("{a}", &ma.said)])?;
        return cannot_lift(d, words, ma);
    }
    let places: Vec<usize> = ["block", "plate", "bowl", "cup", "bin"]
        .iter()
        .flat_map(|l| d.speaker.of_label(l))
        .filter(|i| *i != a)
        .collect();
    let b = d.one(&places)?;
    let mb = d.speaker.plainly(b, d.rng)?;
    let both: &'static Both =
        if matches!(d.speaker.label(b), "bowl" | "cup" | "bin") { &w::PUT_IN } else { &w::PUT_ON };
    let words = d.say(both, &[("{a}", &ma.said), ("{b}", &mb.said)])?;
    cannot_lift(d, words, ma)
}

fn no_fit(d: &mut Draw<'_, '_>) -> Option<Task> {
    let zh = d.speaker.zh;
    let blocks = d.speaker.of_label("block");
    match d.rng.random_range(0..3) {
        0 => {
            // Nothing stays on a ball.
            let balls = d.speaker.of_label("ball");
            let (a, b) = (d.one(&blocks)?, d.one(&balls)?);
            let (ma, mb) = (d.speaker.plainly(a, d.rng)?, d.speaker.plainly(b, d.rng)?);
            let both: &'static Both = if d.rng.random_bool(0.5) { &w::PUT_ON } else { &w::STACK_ON };
            let words = d.say(both, &[("{a}", &ma.said), ("{b}", &mb.said)])?;
            let text = (format!("Nothing stays on the {}.", mb.said), format!("{}上放不住东西。", mb.said));
            refuse(
                "no fit",
                words,
                vec![ma, mb],
                &[R::DoesNotFit, R::NotAble, R::NoPlan],
                ("Nothing stays on a ball.", "球上放不住东西。"),
                text,
                zh,
            )
        }
        1 => {
            let a = d.one(&blocks)?;
            let ma = d.speaker.plainly(a, d.rng)?;
            let itself = match (zh, d.rng.random_bool(0.5)) {
                (true, true) => "它自己".to_owned(),
                (false, true) => "itself".to_owned(),
                _ => ma.said.clone(),
            };
            let words = d.say(&w::STACK_ON, &[("{a}", &ma.said), ("{b}", &itself)])?.replace("the itself", "itself");
            let text = ("Nothing can be put on itself.".to_owned(), "东西不能放在它自己上面。".to_owned());
            refuse(
                "no fit",
                words,
                vec![ma],
                &[R::DoesNotFit, R::NoPlan, R::NotAble, R::NotThere],
                ("On itself.", "放在它自己上面。"),
                text,
                zh,
            )
        }
        _ => {
            let (big, small): (Vec<usize>, Vec<usize>) = (
                ["plate", "bowl", "bin"].iter().flat_map(|l| d.speaker.of_label(l)).collect(),
                ["cup", "bowl", "bin"].iter().flat_map(|l| d.speaker.of_label(l)).collect(),
            );
            let (a, b) = (d.one(&big)?, d.one(&small)?);
            if a == b {
                return None;
            }
            let (ma, mb) = (d.speaker.plainly(a, d.rng)?, d.speaker.plainly(b, d.rng)?);
            let words = d.say(&w::PUT_IN, &[("{a}", &ma.said), ("{b}", &mb.said)])?;
            cannot_lift(d, words, ma)
        }
    }
}
