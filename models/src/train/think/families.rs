//! Families of tasks on a table: putting, stacking, sorting, opening, switching, handing over. Each draws things from a
//! scene that suits it, speaks of them, and knows what shall come of it; `None` where the scene does not suit. Below the
//! ring: the reasoner's schooling.

use ponder_core::fact::Fact;
use ponder_core::scene::{Affordance, Color};
use ponder_core::state::{Side, Support};
use rand::Rng;
use rand::seq::SliceRandom;

use super::handling::{
    both_off, give, hold, in_and_shut, in_openable, not_but, open_or_close, out_on, push, switch, without,
};
use super::mention::{How, Mention};
use super::scenes::Layout;
use super::task::{Aim, Draw, Task};
use super::words as w;

/// A family: its name, how often it is drawn, the layouts that suit it, and how it is drawn.
pub struct Family {
    /// Name, for tables.
    pub name: &'static str,
    /// How often it is drawn beside others.
    pub weight: u32,
    /// Layouts that suit it.
    pub layouts: &'static [Layout],
    /// Draws a task.
    pub draw: fn(&mut Draw<'_, '_>) -> Option<Task>,
}

use Layout::{Clutter, Drawer, Lidded, Restack, Sort, Stack, Switches, Tabletop};

/// Families for an arm.
#[rustfmt::skip]
pub static TABLE: &[Family] = &[
    Family { name: "put in", weight: 12, layouts: &[Tabletop, Tabletop, Clutter, Clutter, Sort, Restack, Restack], draw: put_in },
    Family { name: "put on", weight: 10, layouts: &[Tabletop, Tabletop, Clutter, Drawer, Restack], draw: put_on },
    Family { name: "stack on", weight: 9, layouts: &[Stack, Restack, Restack, Clutter], draw: stack_on },
    Family { name: "beside", weight: 9, layouts: &[Tabletop, Clutter, Clutter], draw: beside },
    Family { name: "all in", weight: 10, layouts: &[Sort, Sort, Clutter, Tabletop], draw: all_in },
    Family { name: "all but", weight: 12, layouts: &[Sort, Sort, Clutter, Tabletop], draw: all_but },
    Family { name: "two in", weight: 4, layouts: &[Tabletop, Clutter, Sort], draw: two_in },
    Family { name: "sort", weight: 8, layouts: &[Sort], draw: sort },
    Family { name: "tower", weight: 5, layouts: &[Stack, Stack, Restack], draw: tower },
    Family { name: "stack all", weight: 3, layouts: &[Stack], draw: stack_all },
    Family { name: "take off", weight: 6, layouts: &[Clutter], draw: take_off },
    Family { name: "hold", weight: 5, layouts: &[Tabletop, Clutter, Stack, Restack, Drawer], draw: hold },
    Family { name: "give", weight: 3, layouts: &[Tabletop, Clutter, Restack], draw: give },
    Family { name: "open or close", weight: 4, layouts: &[Drawer, Lidded], draw: open_or_close },
    Family { name: "in what opens", weight: 6, layouts: &[Drawer, Lidded], draw: in_openable },
    Family { name: "in and shut", weight: 5, layouts: &[Drawer, Lidded], draw: in_and_shut },
    Family { name: "out and on", weight: 3, layouts: &[Drawer, Clutter], draw: out_on },
    Family { name: "switch", weight: 5, layouts: &[Switches], draw: switch },
    Family { name: "switch both", weight: 2, layouts: &[Switches], draw: both_off },
    Family { name: "push", weight: 3, layouts: &[Tabletop, Stack, Clutter], draw: push },
    Family { name: "without", weight: 5, layouts: &[Tabletop, Clutter, Sort], draw: without },
    Family { name: "not but", weight: 3, layouts: &[Sort, Tabletop], draw: not_but },
];

pub(super) fn movable(d: &Draw<'_, '_>) -> Vec<usize> {
    d.speaker.that_can(Affordance::Graspable)
}

/// Bowls and bins: open containers.
pub(super) fn holders(d: &Draw<'_, '_>) -> Vec<usize> {
    let mut all = d.speaker.of_label("bowl");
    all.extend(d.speaker.of_label("bin"));
    all
}

pub(super) fn two(d: &mut Draw<'_, '_>, what: &[usize], places: &[usize]) -> Option<(usize, usize)> {
    let (a, b) = (d.one(what)?, d.one(places)?);
    (a != b).then_some((a, b))
}

pub(super) fn refer_both(d: &mut Draw<'_, '_>, a: usize, b: usize) -> Option<(Mention, Mention)> {
    let (first, second) = (d.speaker.refer(a, d.rng)?, d.speaker.refer(b, d.rng)?);
    Some((first, second))
}

pub(super) fn put_in(d: &mut Draw<'_, '_>) -> Option<Task> {
    let (what, places) = (movable(d), holders(d));
    let (a, b) = two(d, &what, &places)?;
    if d.rng.random_bool(0.12)
        && let Some(task) = nearest_in(d, a, b)
    {
        return Some(task);
    }
    let (ma, mb) = refer_both(d, a, b)?;
    let mb = shorter(d, &ma, mb);
    let words = d.say(&w::PUT_IN, &[("{a}", &ma.said), ("{b}", &mb.said)])?;
    d.reach("put in", words, vec![ma, mb], vec![vec![Fact::In(d.id(a), d.id(b))]])
}

/// The one nearest to the bowl, into it.
fn nearest_in(d: &mut Draw<'_, '_>, a: usize, b: usize) -> Option<Task> {
    let mb = d.speaker.plainly(b, d.rng)?;
    let ma = d.speaker.nearest_to(a, b, &mb.said, d.rng)?;
    let it = match (d.speaker.zh, d.rng.random_bool(0.4)) {
        (_, false) => mb.said.clone(),
        (true, true) => "它".to_owned(),
        (false, true) => "\u{1}".to_owned(),
    };
    let words = d.say(&w::PUT_IN, &[("{a}", &ma.said), ("{b}", &it)])?.replace("the \u{1}", "it");
    d.reach("put in", words, vec![ma, mb], vec![vec![Fact::In(d.id(a), d.id(b))]])
}

/// `the red one`, after a thing of the same noun was named.
fn shorter(d: &mut Draw<'_, '_>, first: &Mention, mut second: Mention) -> Mention {
    let parts = |said: &str| said.split_once(' ').map(|(color, noun)| (color.to_owned(), noun.to_owned()));
    let (one, other) = (parts(&first.said), parts(&second.said));
    let plain = first.how == How::Plain && second.how == How::Plain && !d.speaker.zh;
    if let (true, Some((_, noun)), Some((color, same))) = (plain, one, other)
        && noun == same
        && Color::ALL.iter().any(|(known, ..)| known.name() == color)
        && d.rng.random_bool(0.25)
    {
        second.said = format!("{color} one");
    }
    second
}

pub(super) fn put_on(d: &mut Draw<'_, '_>) -> Option<Task> {
    let (what, places) = (movable(d), d.speaker.of_label("plate"));
    let (a, b) = two(d, &what, &places)?;
    let (ma, mb) = refer_both(d, a, b)?;
    let words = d.say(&w::PUT_ON, &[("{a}", &ma.said), ("{b}", &mb.said)])?;
    d.reach("put on", words, vec![ma, mb], vec![vec![Fact::On(d.id(a), d.id(b))]])
}

fn stack_on(d: &mut Draw<'_, '_>) -> Option<Task> {
    let blocks = d.speaker.of_label("block");
    let (a, b) = two(d, &blocks, &blocks)?;
    let (ma, mb) = refer_both(d, a, b)?;
    let mb = shorter(d, &ma, mb);
    let words = d.say(&w::STACK_ON, &[("{a}", &ma.said), ("{b}", &mb.said)])?;
    d.reach("stack on", words, vec![ma, mb], vec![vec![Fact::On(d.id(a), d.id(b))]])
}

fn beside(d: &mut Draw<'_, '_>) -> Option<Task> {
    let what = movable(d);
    let mut places: Vec<usize> = what.clone();
    places.extend(d.speaker.of_label("plate"));
    places.extend(d.speaker.of_label("bowl"));
    let (a, b) = two(d, &what, &places)?;
    if !matches!(d.speaker.state.situations[b].support, Support::On(t) if d.speaker.label(t) == "table") {
        return None;
    }
    let (ma, mb) = refer_both(d, a, b)?;
    let across = d.speaker.grid.across(&d.scene().objects[b]);
    let (both, side) = match d.rng.random_range(0..9) {
        0..=2 => (&w::LEFT_OF, Side::Left),
        3..=5 => (&w::RIGHT_OF, Side::Right),
        6 => (&w::FRONT_OF, Side::Front),
        7 => (&w::BEHIND, Side::Behind),
        // Any side will do: the one towards the middle has more room.
        _ => (&w::NEXT_TO, if across < 50 { Side::Right } else { Side::Left }),
    };
    let words = d.say(both, &[("{a}", &ma.said), ("{b}", &mb.said)])?;
    let fact = side.fact(d.id(a), d.id(b));
    if d.speaker.state.holds(&fact) {
        return None; // already so: there would be nothing to do
    }
    let mut task = d.reach("beside", words, vec![ma, mb], vec![vec![fact]])?;
    if std::ptr::eq(both, &raw const w::NEXT_TO)
        && let Aim::Do { deed, .. } = &mut task.aim
    {
        deed.any = Side::ALL.iter().map(|(side, _)| vec![side.fact(d.id(a), d.id(b))]).collect();
    }
    Some(task)
}

/// A plural noun and the things it means, of a colour if that is told.
fn group(d: &mut Draw<'_, '_>) -> Option<(Mention, Option<Color>)> {
    let blocks = d.speaker.of_label("block");
    let colors: Vec<Color> = blocks.iter().filter_map(|i| d.scene().objects[*i].color).collect();
    let color = (d.rng.random_bool(0.5) && !colors.is_empty()).then(|| colors[d.rng.random_range(0..colors.len())]);
    let mut of = d.speaker.alike("block", color);
    if of.len() < 2 {
        return None;
    }
    of = d.speaker.in_line(of);
    let noun = d.speaker.noun("block", d.rng);
    let mut said = d.speaker.colored(color, &noun, d.rng);
    if !d.speaker.zh {
        said.push('s');
    }
    Some((Mention { said, how: How::Plain, of }, color))
}

pub(super) fn all_in(d: &mut Draw<'_, '_>) -> Option<Task> {
    let places = holders(d);
    let b = d.one(&places)?;
    let (mut ma, _) = group(d)?;
    let mb = d.speaker.refer(b, d.rng)?;
    let each = ma.said.strip_suffix('s').unwrap_or(&ma.said).to_owned();
    let words = d.say(&w::ALL_IN, &[("{a}", &ma.said), ("{b}", &mb.said), ("{c}", &each)])?;
    if !words.contains(&ma.said) {
        ma.said = each;
    }
    let facts = ma.of.iter().map(|i| Fact::In(d.id(*i), d.id(b))).collect();
    d.reach("all in", words, vec![ma, mb], vec![facts])
}

fn all_but(d: &mut Draw<'_, '_>) -> Option<Task> {
    let places = holders(d);
    let b = d.one(&places)?;
    let mb = d.speaker.refer(b, d.rng)?;
    let everything = d.rng.random_bool(0.35);
    let (mut ma, but) = if everything {
        let mut of = movable(d);
        let but = d.one(&of)?;
        of = d.speaker.in_line(of);
        let said = if d.speaker.zh { "东西" } else { "things" };
        (Mention { said: said.to_owned(), how: How::Plain, of }, but)
    } else {
        let (ma, _) = group(d)?;
        let but = d.one(&ma.of.clone())?;
        (ma, but)
    };
    let mc = d.speaker.refer(but, d.rng)?;
    ma.of.retain(|i| *i != but);
    if ma.of.is_empty() || matches!(d.speaker.state.situations[but].support, Support::In(holder) if holder == b) {
        return None;
    }
    ma.how = How::Except(vec![but]);
    let mut words = d.say(&w::ALL_BUT, &[("{a}", &ma.said), ("{b}", &mb.said), ("{c}", &mc.said)])?;
    if everything && d.rng.random_bool(0.6) {
        let forms = ["all of the things", "all the things", "all things"];
        words = forms.iter().fold(words, |words, form| words.replace(form, "everything"));
    }
    let facts = ma.of.iter().map(|i| Fact::In(d.id(*i), d.id(b))).collect();
    let mut task = d.reach("all but", words, vec![mc, ma, mb], vec![facts])?;
    if let Aim::Do { deed, .. } = &mut task.aim {
        deed.never.push(Fact::In(d.id(but), d.id(b)));
    }
    Some(task)
}

fn two_in(d: &mut Draw<'_, '_>) -> Option<Task> {
    let (what, places) = (movable(d), holders(d));
    let (a, c) = two(d, &what, &what)?;
    let b = d.one(&places)?;
    let (ma, mc) = refer_both(d, a, c)?;
    let mb = d.speaker.refer(b, d.rng)?;
    let mut words = d.say(&w::TWO_IN, &[("{a}", &ma.said), ("{b}", &mb.said), ("{c}", &mc.said)])?;
    // `the red and the yellow block`.
    if let (Some((color, noun)), Some((_, same))) = (ma.said.split_once(' '), mc.said.split_once(' '))
        && noun == same
        && ma.how == How::Plain
        && mc.how == How::Plain
        && d.rng.random_bool(0.4)
    {
        words = words.replace(&format!("the {color} {noun} and the "), &format!("the {color} and the "));
    }
    let facts = vec![Fact::In(d.id(a), d.id(b)), Fact::In(d.id(c), d.id(b))];
    d.reach("two in", words, vec![ma, mc, mb], vec![facts])
}

fn sort(d: &mut Draw<'_, '_>) -> Option<Task> {
    let blocks = d.speaker.in_line(d.speaker.of_label("block"));
    let label = if d.speaker.of_label("bin").is_empty() { "bowl" } else { "bin" };
    let places = d.speaker.in_line(d.speaker.of_label(label));
    let colors: Vec<Option<Color>> = d.scene().objects.iter().map(|object| object.color).collect();
    let color = |i: usize| colors[i];
    if places.len() != 2 || color(places[0]) == color(places[1]) || blocks.is_empty() {
        return None;
    }
    let of_its_color = |i: &usize| places.iter().copied().find(|place| color(*place) == color(*i));
    let into: Vec<usize> = blocks.iter().filter_map(of_its_color).collect();
    if into.len() != blocks.len() {
        return None;
    }
    let facts = blocks.iter().zip(&into).map(|(i, place)| Fact::In(d.id(*i), d.id(*place))).collect();
    let (noun, place) = (d.speaker.noun("block", d.rng), d.speaker.noun(label, d.rng));
    let zh = d.speaker.zh;
    let plural = |noun: &str| if zh { noun.to_owned() } else { format!("{noun}s") };
    let many = plural(&noun);
    // `the bins`, but `the bin of its color`.
    let mut words = d.say(&w::SORT, &[("{a}", many.as_str()), ("{c}", noun.as_str()), ("{b}", "\u{1}")])?;
    let its = words.contains("its color");
    words = words.replace('\u{1}', &if its { place.clone() } else { plural(&place) });
    // Places that are not spoken of are told by their names alone.
    let said = [plural(&place), place].into_iter().find(|said| words.contains(said.as_str()));
    let mentions = vec![
        Mention { said: said.unwrap_or_default(), how: How::Plain, of: places },
        Mention { said: many, how: How::Sorted(into), of: blocks },
    ];
    d.reach("sort", words, mentions, vec![facts])
}

fn tower(d: &mut Draw<'_, '_>) -> Option<Task> {
    let mut blocks = d.speaker.of_label("block");
    blocks.shuffle(d.rng);
    let [a, b, c, ..] = blocks[..] else { return None };
    let (ma, mb) = (d.speaker.plainly(a, d.rng)?, d.speaker.plainly(b, d.rng)?);
    let mc = d.speaker.plainly(c, d.rng)?;
    let mc = shorter(d, &mb, mc);
    let words = d.say(&w::TOWER, &[("{a}", &ma.said), ("{b}", &mb.said), ("{c}", &mc.said)])?;
    let facts = vec![Fact::On(d.id(b), d.id(c)), Fact::On(d.id(a), d.id(b))];
    d.reach("tower", words, vec![mc, mb, ma], vec![facts])
}

fn stack_all(d: &mut Draw<'_, '_>) -> Option<Task> {
    let mut of = d.speaker.of_label("block");
    if !(2..=4).contains(&of.len()) {
        return None;
    }
    let on_table =
        |i: usize| matches!(d.speaker.state.situations[i].support, Support::On(t) if d.speaker.label(t) == "table");
    of = d.speaker.in_line(of);
    if !of.iter().all(|i| on_table(*i)) {
        return None;
    }
    let noun = d.speaker.noun("block", d.rng);
    let said = if d.speaker.zh { noun } else { format!("{noun}s") };
    let counts = if d.speaker.zh { ["两", "三", "四"] } else { ["two", "three", "four"] };
    let words = d.say(&w::STACK_ALL, &[("{a}", said.as_str()), ("{n}", *counts.get(of.len() - 2)?)])?;
    let facts: Vec<Fact> = of.windows(2).map(|pair| Fact::On(d.id(pair[1]), d.id(pair[0]))).collect();
    let any =
        orders(&of).iter().map(|order| order.windows(2).map(|p| Fact::On(d.id(p[1]), d.id(p[0]))).collect()).collect();
    let mut task = d.reach("stack all", words, vec![Mention { said, how: How::Plain, of }], vec![facts])?;
    if let Aim::Do { deed, .. } = &mut task.aim {
        deed.any = any;
    }
    Some(task)
}

/// Every order of a few.
fn orders(of: &[usize]) -> Vec<Vec<usize>> {
    if of.len() < 2 {
        return vec![of.to_vec()];
    }
    let with = |first: usize| {
        let rest: Vec<usize> = of.iter().copied().filter(|i| *i != first).collect();
        orders(&rest).into_iter().map(move |mut order| {
            order.insert(0, first);
            order
        })
    };
    of.iter().flat_map(|first| with(*first)).collect()
}

fn take_off(d: &mut Draw<'_, '_>) -> Option<Task> {
    let plates = d.speaker.of_label("plate");
    let b = d.one(&plates)?;
    let a = d.speaker.state.is_covered(b)?;
    let table = *d.speaker.of_label("table").first()?;
    let ma = d.speaker.plainly(a, d.rng)?;
    let mb = d.speaker.plainly(b, d.rng)?;
    let words = d.say(&w::TAKE_OFF, &[("{a}", &ma.said), ("{b}", &mb.said)])?;
    let unsaid = !words.contains(&ma.said);
    let ma = if unsaid { Mention { said: String::new(), ..ma } } else { ma };
    let mut task = d.reach("take off", words, vec![mb, ma], vec![vec![Fact::On(d.id(a), d.id(table))]])?;
    if let Aim::Do { deed, .. } = &mut task.aim {
        deed.any = vec![vec![Fact::HandEmpty]];
        deed.never = vec![Fact::On(d.id(a), d.id(b))];
    }
    Some(task)
}
