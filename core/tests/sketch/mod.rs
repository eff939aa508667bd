//! A reading in one line, for tests: `put(red block | in | green bowl)`.

pub mod chinese;
pub mod english;

use ponder_core::symbolic::kinds::Kind;
use ponder_core::symbolic::reading::{Count, Description, Relation, Wish};

/// The wishes of a reading, and what was not understood.
pub fn sketch(text: &str) -> String {
    let reading = ponder_core::symbolic::read(text);
    let mut all: Vec<String> = reading.wishes.iter().map(wish).collect();
    if !reading.unread.is_empty() {
        all.push(format!("?{}", reading.unread.join(",")));
    }
    all.join("; ")
}

fn wish(it: &Wish) -> String {
    let one = |name: &str, what: &[Description]| format!("{name}({})", list(what));
    match it {
        Wish::Put { what, relation: how, place } => {
            format!("put({} | {} | {})", list(what), relation(*how), thing(place))
        }
        Wish::TakeOff { what, from: Some(from) } => format!("off({} | {})", list(what), thing(from)),
        Wish::TakeOff { what, from: None } => one("off", what),
        Wish::Tower { base: Some(base), layers } => format!("tower({} / {})", list(layers), thing(base)),
        Wish::Tower { base: None, layers } => one("tower", layers),
        Wish::Hold(what) => one("hold", what),
        Wish::Give(what) => one("give", what),
        Wish::Release => "release".to_owned(),
        Wish::Open(what) => one("open", what),
        Wish::Close(what) => one("close", what),
        Wish::Press(what) => one("press", what),
        Wish::Switch(what, Some(true)) => one("on", what),
        Wish::Switch(what, Some(false)) => one("off_switch", what),
        Wish::Switch(what, None) => one("turn", what),
        Wish::Clear { place, into: Some(into) } => format!("clear({} | {})", thing(place), thing(into)),
        Wish::Clear { place, into: None } => format!("clear({})", thing(place)),
        Wish::SortByColor { what, into: Some((how, place)) } => {
            format!("sort({} | {} | {})", list(what), relation(*how), thing(place))
        }
        Wish::SortByColor { what, into: None } => one("sort", what),
        Wish::Swap(what) => one("swap", what),
        Wish::Push { what, heading, distance_m } => {
            let way = heading.map_or("?".to_owned(), |h| format!("{h:?}").to_lowercase());
            let far = distance_m.map_or(String::new(), |d| format!(" {:.0}cm", d * 100.0));
            format!("push({} | {way}{far})", list(what))
        }
        Wish::GoTo(places) => one("go", places),
        Wish::GoInto(places, _) => one("go_into", places),
        Wish::Park => "park".to_owned(),
        Wish::Wait(seconds) => format!("wait({seconds})"),
        Wish::Look => "look".to_owned(),
        Wish::Avoid(what) => one("avoid", what),
        Wish::Never(inner) => format!("never {}", wish(inner)),
        Wish::Either(all) => all.iter().map(wish).collect::<Vec<_>>().join(" or "),
        Wish::Unsafe(_) => "UNSAFE".to_owned(),
        Wish::Unable(_) => "UNABLE".to_owned(),
        Wish::Incomplete(_, missing) => format!("missing {missing:?}").to_lowercase(),
    }
}

fn list(what: &[Description]) -> String {
    what.iter().map(thing).collect::<Vec<_>>().join(" + ")
}

fn relation(how: Relation) -> String {
    match how {
        Relation::Beside(side) => format!("{side:?}").to_lowercase(),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn thing(it: &Description) -> String {
    let mut words: Vec<String> = Vec::new();
    match it.count {
        Count::The => {}
        Count::Any(n) => words.push(format!("any{n}")),
        Count::Exactly(n) => words.push(format!("these{n}")),
        other => words.push(format!("{other:?}").to_lowercase()),
    }
    if it.pronoun {
        words.push(if it.reflexive { "itself" } else { "it" }.to_owned());
    }
    words.extend(it.ordinal.map(|n| format!("#{n}")));
    words.extend(it.spot.map(|s| format!("{s:?}").to_lowercase()));
    words.extend(it.size.map(|s| format!("{s:?}").to_lowercase()));
    words.extend(it.condition.map(|c| format!("{c:?}").to_lowercase()));
    if it.same_color {
        words.push("matching".to_owned());
    }
    words.extend(it.color.map(|c| c.name().to_owned()));
    words.extend(it.words.clone());
    words.extend(it.kind.map(kind));
    if let Some((how, other)) = &it.relation {
        words.push(format!("[{} {}]", relation(*how), thing(other)));
    }
    if !it.except.is_empty() {
        words.push(format!("but {}", list(&it.except)));
    }
    words.join(" ")
}

fn kind(kind: Kind) -> String {
    kind.entry().en[0].to_owned()
}
