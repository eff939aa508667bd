//! Families of tasks about what is held, opened, switched and pushed, and about what is to be left alone. Below the
//! ring: the reasoner's schooling.

use ponder_core::fact::Fact;
use ponder_core::plan::DraftArg;
use ponder_core::scene::Affordance;
use ponder_core::state::{Side, Support};
use rand::Rng;

use super::families::{holders, movable, refer_both, two};
use super::task::{Aim, Draw, Stage, Task, call};
use super::truth::Deed;
use super::words as w;

pub(super) fn hold(d: &mut Draw<'_, '_>) -> Option<Task> {
    let what = movable(d);
    let a = d.one(&what)?;
    let ma = d.speaker.refer(a, d.rng)?;
    let words = d.say(&w::HOLD, &[("{a}", &ma.said)])?;
    d.reach("hold", words, vec![ma], vec![vec![Fact::Held(d.id(a))]])
}

pub(super) fn give(d: &mut Draw<'_, '_>) -> Option<Task> {
    let what = movable(d);
    let a = d.one(&what)?;
    let ma = d.speaker.refer(a, d.rng)?;
    let words = d.say(&w::GIVE, &[("{a}", &ma.said)])?;
    let held = Fact::Held(d.id(a));
    let stages = vec![Stage::Reach(vec![held]), Stage::Call(call("hand_over", &[]))];
    let deed = Deed { any: vec![vec![held]], calls: vec!["hand_over"], ..Deed::default() };
    Some(Task { family: "give", words, mentions: vec![ma], aim: Aim::Do { stages, deed, avoid: Vec::new() } })
}

pub(super) fn open_or_close(d: &mut Draw<'_, '_>) -> Option<Task> {
    let all = d.speaker.that_can(Affordance::Openable);
    let a = d.one(&all)?;
    let ma = d.speaker.plainly(a, d.rng)?;
    let open = d.speaker.state.situations[a].open == Some(true);
    let lid = !open && d.speaker.label(a) == "box" && d.rng.random_bool(0.4);
    let (both, fact) = match (open, lid) {
        (true, _) => (&w::CLOSE, Fact::Closed(d.id(a))),
        (false, true) => (&w::LIFT_LID, Fact::Open(d.id(a))),
        (false, false) => (&w::OPEN, Fact::Open(d.id(a))),
    };
    let words = d.say(both, &[("{a}", &ma.said)])?;
    d.reach("open or close", words, vec![ma], vec![vec![fact]])
}

pub(super) fn in_openable(d: &mut Draw<'_, '_>) -> Option<Task> {
    let (what, places) = (movable(d), d.speaker.that_can(Affordance::Openable));
    let (a, b) = two(d, &what, &places)?;
    let ma = d.speaker.refer(a, d.rng)?;
    let mb = d.speaker.plainly(b, d.rng)?;
    let words = d.say(&w::IN_OPENABLE, &[("{a}", &ma.said), ("{b}", &mb.said)])?;
    d.reach("in what opens", words, vec![ma, mb], vec![vec![Fact::In(d.id(a), d.id(b))]])
}

pub(super) fn in_and_shut(d: &mut Draw<'_, '_>) -> Option<Task> {
    let (what, places) = (movable(d), d.speaker.that_can(Affordance::Openable));
    let (a, b) = two(d, &what, &places)?;
    let ma = d.speaker.refer(a, d.rng)?;
    let mb = d.speaker.plainly(b, d.rng)?;
    let words = d.say(&w::IN_SHUT, &[("{a}", &ma.said), ("{b}", &mb.said)])?;
    let stages = vec![vec![Fact::In(d.id(a), d.id(b))], vec![Fact::Closed(d.id(b))]];
    d.reach("in and shut", words, vec![ma, mb], stages)
}

pub(super) fn out_on(d: &mut Draw<'_, '_>) -> Option<Task> {
    let (what, places) = (movable(d), d.speaker.of_label("plate"));
    let (a, b) = two(d, &what, &places)?;
    let Support::In(c) = d.speaker.state.situations[a].support else { return None };
    let ma = d.speaker.plainly(a, d.rng)?;
    let (mb, mc) = (d.speaker.plainly(b, d.rng)?, d.speaker.plainly(c, d.rng)?);
    let words = d.say(&w::OUT_ON, &[("{a}", &ma.said), ("{b}", &mb.said), ("{c}", &mc.said)])?;
    d.reach("out and on", words, vec![ma, mb], vec![vec![Fact::On(d.id(a), d.id(b))]])
}

fn switchable(d: &Draw<'_, '_>) -> Vec<usize> {
    let mut all = d.speaker.of_label("button");
    all.extend(d.speaker.of_label("knob"));
    all
}

pub(super) fn switch(d: &mut Draw<'_, '_>) -> Option<Task> {
    let all = switchable(d);
    let a = d.one(&all)?;
    let ma = d.speaker.refer(a, d.rng)?;
    let on = d.speaker.state.situations[a].on?;
    let (both, fact) = match (on, d.speaker.label(a)) {
        (true, _) => (&w::SWITCH_OFF, Fact::TurnedOff(d.id(a))),
        (false, "button") => (&w::PRESS, Fact::TurnedOn(d.id(a))),
        (false, _) => (&w::SWITCH_ON, Fact::TurnedOn(d.id(a))),
    };
    let words = d.say(both, &[("{a}", &ma.said)])?;
    d.reach("switch", words, vec![ma], vec![vec![fact]])
}

pub(super) fn both_off(d: &mut Draw<'_, '_>) -> Option<Task> {
    let mut all = switchable(d);
    all.retain(|i| d.speaker.state.situations[*i].on == Some(true));
    let (a, b) = two(d, &all.clone(), &all)?;
    let (ma, mb) = (d.speaker.plainly(a, d.rng)?, d.speaker.plainly(b, d.rng)?);
    let words = d.say(&w::BOTH_OFF, &[("{a}", &ma.said), ("{b}", &mb.said)])?;
    let facts = vec![Fact::TurnedOff(d.id(a)), Fact::TurnedOff(d.id(b))];
    d.reach("switch both", words, vec![ma, mb], vec![facts])
}

pub(super) fn push(d: &mut Draw<'_, '_>) -> Option<Task> {
    let what = movable(d);
    let a = d.one(&what)?;
    let ma = d.speaker.refer(a, d.rng)?;
    let left = d.rng.random_bool(0.5);
    let words = d.say(if left { &w::PUSH_LEFT } else { &w::PUSH_RIGHT }, &[("{a}", &ma.said)])?;
    let (side, name) = if left { (Side::Left, "left") } else { (Side::Right, "right") };
    let args = [
        ("object", DraftArg::Word(d.id(a).to_string())),
        ("direction", DraftArg::Word(name.to_owned())),
        ("distance_m", DraftArg::Number(0.1)),
    ];
    let stages = vec![Stage::Call(call("push", &args))];
    let deed = Deed { any: vec![vec![Fact::Moved(d.id(a), side)]], ..Deed::default() };
    Some(Task { family: "push", words, mentions: vec![ma], aim: Aim::Do { stages, deed, avoid: Vec::new() } })
}

pub(super) fn without(d: &mut Draw<'_, '_>) -> Option<Task> {
    let (what, places) = (movable(d), holders(d));
    let (a, b) = two(d, &what, &places)?;
    let c = d.one(&what)?;
    if c == a {
        return None;
    }
    let (ma, mb) = refer_both(d, a, b)?;
    let mc = d.speaker.plainly(c, d.rng)?;
    let words = d.say(&w::WITHOUT, &[("{a}", &ma.said), ("{b}", &mb.said), ("{c}", &mc.said)])?;
    let mut task = d.reach("without", words, vec![ma, mb], vec![vec![Fact::In(d.id(a), d.id(b))]])?;
    if let Aim::Do { deed, avoid, .. } = &mut task.aim {
        deed.untouched.push(d.id(c));
        avoid.push(c);
    }
    Some(task)
}

pub(super) fn not_but(d: &mut Draw<'_, '_>) -> Option<Task> {
    let (what, places) = (movable(d), holders(d));
    let (b, c) = two(d, &places.clone(), &places)?;
    let a = d.one(&what)?;
    let ma = d.speaker.refer(a, d.rng)?;
    let (mb, mc) = (d.speaker.plainly(b, d.rng)?, d.speaker.plainly(c, d.rng)?);
    let words = d.say(&w::NOT_BUT, &[("{a}", &ma.said), ("{b}", &mb.said), ("{c}", &mc.said)])?;
    d.reach("not but", words, vec![ma, mb], vec![vec![Fact::In(d.id(a), d.id(b))]])
}
