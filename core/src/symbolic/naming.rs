//! Names of objects in words, told apart from their like: `the red block on the left`, `左边的红色方块`. Labels are
//! data: they are shown, never read.

use crate::goal::Language;
use crate::scene::SceneObject;
use crate::state::{State, Support};
use crate::symbolic::kinds::Kind;

/// Names for every object of a state, in its order.
pub struct Names {
    language: Language,
    names: Vec<String>,
}

impl Names {
    /// Names in a language.
    pub fn of(state: &State, language: Language) -> Self {
        let objects = state.objects();
        let plain: Vec<String> = objects.iter().map(|o| plain(o, language)).collect();
        let mut names = plain.clone();
        for i in 0..objects.len() {
            let alike: Vec<usize> = (0..objects.len()).filter(|j| plain[*j] == plain[i]).collect();
            if alike.len() > 1 {
                names[i] = apart(i, &alike, state, &plain, language);
            }
        }
        if language == Language::En {
            for name in &mut names {
                name.insert_str(0, "the ");
            }
        }
        Self { language, names }
    }

    /// With its article: `the red block`.
    pub fn the(&self, index: usize) -> &str {
        self.names.get(index).map_or("", String::as_str)
    }

    /// With an indefinite article: `a red block`.
    pub fn a(&self, index: usize) -> String {
        let name = self.the(index);
        match (self.language, name.strip_prefix("the ")) {
            (Language::En, Some(bare)) if bare.contains(" on the ") || bare.contains(" in the ") => name.to_owned(),
            (Language::En, Some(bare)) => {
                let article = if bare.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
                format!("{article} {bare}")
            }
            _ => name.to_owned(),
        }
    }

    /// A list with commas and a joint before the last.
    pub fn list(&self, indices: &[usize], joint: &str) -> String {
        join(indices.iter().map(|i| self.the(*i).to_owned()).collect(), self.language, joint)
    }
}

/// Joins words with commas and a joint before the last.
pub fn join(mut words: Vec<String>, language: Language, joint: &str) -> String {
    let Some(last) = words.pop() else {
        return String::new();
    };
    if words.is_empty() {
        return last;
    }
    match language {
        Language::En => format!("{} {joint} {last}", words.join(", ")),
        Language::Zh => format!("{}{joint}{last}", words.join("、")),
    }
}

/// Colour and kind.
fn plain(object: &SceneObject, language: Language) -> String {
    let kind = Kind::named(&object.label);
    let label = || -> String {
        let text = if object.label.is_empty() { object.id.as_str() } else { object.label.as_str() };
        text.chars().map(|c| if c == '_' || c.is_control() { ' ' } else { c }).collect()
    };
    match language {
        Language::En => {
            let label = label();
            object.color.map_or(label.clone(), |color| format!("{} {label}", color.name()))
        }
        Language::Zh => {
            let name = kind.map_or_else(label, |kind| kind.name_zh().to_owned());
            object.color.map_or(name.clone(), |color| format!("{}色{name}", color.name_zh()))
        }
    }
}

/// What tells it from those that look the same: where it is.
fn apart(index: usize, alike: &[usize], state: &State, plain: &[String], language: Language) -> String {
    let position = |i: usize| state.objects()[i].position_m();
    let name = &plain[index];
    let spread = |axis: usize| {
        let all = alike.iter().map(|i| position(*i)[axis]);
        all.clone().fold(f64::MIN, f64::max) - all.fold(f64::MAX, f64::min)
    };
    let holder = |i: usize| match state.situations[i].support {
        Support::In(j) => Some((j, true)),
        Support::On(j) => Some((j, false)),
        _ => None,
    };
    // In or on something of its own.
    if let Some((j, inside)) = holder(index)
        && alike.iter().all(|other| *other == index || holder(*other).map(|(j, _)| j) != Some(j))
        && !alike.contains(&j)
        && plain.iter().filter(|p| **p == plain[j]).count() == 1
    {
        let place = &plain[j];
        return match (language, inside) {
            (Language::En, true) => format!("{name} in the {place}"),
            (Language::En, false) => format!("{name} on the {place}"),
            (Language::Zh, true) => format!("{place}里的{name}"),
            (Language::Zh, false) => format!("{place}上的{name}"),
        };
    }
    let axis = usize::from(spread(1) >= spread(0) || spread(0) < 0.02);
    if spread(axis) < 0.01 {
        return format!("{name} ({})", state.objects()[index].id);
    }
    // Left first, or near first.
    let before = |i: usize| {
        if axis == 1 { -position(i).y } else { position(i).x }
    };
    let rank =
        alike.iter().filter(|i| before(**i) < before(index) || (before(**i) == before(index) && **i < index)).count();
    let (first, last) = (rank == 0, rank + 1 == alike.len());
    match (language, axis, first, last) {
        (Language::En, 1, true, _) => format!("{name} on the left"),
        (Language::En, 1, _, true) => format!("{name} on the right"),
        (Language::En, 1, ..) => format!("{name} that is number {} from the left", rank + 1),
        (Language::En, _, true, _) => format!("{name} in front"),
        (Language::En, _, _, true) => format!("{name} at the back"),
        (Language::En, ..) => format!("{name} that is number {} from the front", rank + 1),
        (Language::Zh, 1, true, _) => format!("左边的{name}"),
        (Language::Zh, 1, _, true) => format!("右边的{name}"),
        (Language::Zh, 1, ..) => format!("左数第{}个{name}", rank + 1),
        (Language::Zh, _, true, _) => format!("前面的{name}"),
        (Language::Zh, _, _, true) => format!("后面的{name}"),
        (Language::Zh, ..) => format!("从前数第{}个{name}", rank + 1),
    }
}
