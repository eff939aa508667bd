//! Reckoning while thinking: what a thought is about to say of a thing (a number of its line, how far it is from another,
//! which of several leads up to there) is held against what it can only be, word by word, so that a wrong one is drawn
//! anew rather than believed. (A calculator in the decoding: Cobbe et al., arXiv 2110.14168; which sum is
//! worked out and what follows from it stay the model's. [`super::sums`] looks at the whole again.)

use ponder_core::scene::{Color, ObjectId, Scene, SceneObject};

use super::compact::Grid;
use super::quote::name;
use super::sums::{Best, Entry, color_of, entries, entry};
use crate::engine::write::Reckoned;

/// Numbers above this are written with more than one token.
const LAST_TOKEN: u32 = 99;

/// What is known of a thought's last word, which may be going on. Those before it count as right.
#[must_use]
pub fn last_word(thought: &str, scene: &Scene, grid: Grid) -> Reckoned {
    let part = thought.rsplit(['.', '。']).next().unwrap_or_default();
    let Some((name, body)) = part.split_once([':', '：']) else { return Reckoned::Open };
    let lists: Vec<&str> = body.split([';', '；']).collect();
    let Some((now, before)) = lists.split_last() else { return Reckoned::Open };
    let (done, last) = now.rsplit_once([',', '、']).unwrap_or(("", now));
    let before: Vec<Vec<Entry>> = before.iter().map(|list| entries(list, scene, grid)).collect();
    let said = Said { words: last.split_whitespace().collect(), done: entries(done, scene, grid), scene, grid };
    let leads = before.last().and_then(|list| list.last()).and_then(|entry| entry.leads);
    if let (Some((leads, _)), true) = (leads, said.done.is_empty()) {
        return said.is_named(leads);
    }
    // What stands alone before a list is what the distances in it are from.
    let from = match before.as_slice() {
        [first] if first.len() == 1 => first.first().filter(|only| only.told.len() == 2 && only.leads.is_none()),
        _ => None,
    };
    match said.is_listed(color_said(name).filter(|_| before.is_empty())) {
        Reckoned::Open => said.is_right(from),
        known => known,
    }
}

/// The colour of a name that is a colour and a noun: `all the red blocks`, not `the red bowl's block`.
fn color_said(name: &str) -> Option<Color> {
    let every = ["all", "every", "each", "of", "the", "所有", "全部", "每个", "的"];
    let mut rest = name.trim();
    while let Some(after) = every.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = after.trim_start();
    }
    let (color, noun) = Color::ALL.iter().find_map(|(color, en, zh, _)| {
        let zh_noun = || Some(rest.strip_prefix(zh)?.trim_start_matches(['色', '的']));
        rest.strip_prefix(en).map(str::trim_start).or_else(zh_noun).map(|noun| (*color, noun))
    })?;
    let one = |c: char| c.is_alphabetic() && !"的上里中边旁".contains(c);
    noun.chars().all(one).then_some(color)
}

/// The words of a list's last entry, and the entries before it.
struct Said<'a> {
    words: Vec<&'a str>,
    done: Vec<Entry>,
    scene: &'a Scene,
    grid: Grid,
}

impl Said<'_> {
    /// Of words that say which one it is, after it has been worked out: are they how the prompt calls it?
    fn is_named(&self, id: ObjectId) -> Reckoned {
        let Some(object) = self.scene.objects.iter().find(|object| object.id == id) else { return Reckoned::Open };
        let color = object.color.map(|color| color.name().to_owned());
        let called: Vec<String> =
            [Some(name(&object.label)), color, Some(id.to_string())].into_iter().flatten().collect();
        match (self.words.last(), called.get(self.words.len().saturating_sub(1))) {
            (Some(word), Some(want)) if want.starts_with(word) => Reckoned::Right,
            (Some(_), Some(_)) => Reckoned::Wrong,
            _ => Reckoned::Open,
        }
    }

    /// Of a thing in a list: is it one that is not there yet, called as the prompt calls it, of the colour that was said?
    fn is_listed(&self, color: Option<Color>) -> Reckoned {
        let told = |id: ObjectId| self.done.iter().any(|entry| entry.id == id);
        let object = |id: ObjectId| self.scene.objects.iter().find(|object| object.id == id);
        let wrong = match self.words.as_slice() {
            // Another one is begun.
            [] => self.done.last().and_then(|last| object(last.id)).is_some_and(|last| {
                let alike = |o: &&SceneObject| o.label == last.label && o.color == last.color;
                last.color == color && color.is_some() && self.scene.objects.iter().filter(alike).all(|o| told(o.id))
            }),
            [_, word] if color.is_some() => color_of(word).is_some_and(|said| Some(said) != color),
            [.., word] => match (entry(&self.words.join(" "), self.scene, self.grid), object_named(word, self.scene)) {
                (Some(entry), Some(id)) if entry.id == id => told(id) || !entry.named,
                _ => false,
            },
        };
        if wrong { Reckoned::Wrong } else { Reckoned::Open }
    }

    /// Of a number, or of who leads. `from`: what distances are told from, if the list may be one of distances.
    fn is_right(&self, from: Option<&Entry>) -> Reckoned {
        let Some(entry) = entry(&self.words.join(" "), self.scene, self.grid) else { return Reckoned::Open };
        let Some(at) = self.words.iter().position(|word| entry.id.as_str() == *word) else { return Reckoned::Open };
        let rest = &self.words[at + 1..];
        let Some(word) = rest.last() else { return Reckoned::Open };
        let told = rest.iter().take_while(|word| word.parse::<u32>().is_ok()).count();
        let far = from.map(|from| entry.far(from));
        // The numbers of its line, or two of them and how far off it is; as many as of the one before.
        let line: &[u32] = far.as_ref().map_or(&entry.line, |far| far);
        let before = self.done.last().filter(|before| before.leads.is_some());
        let most = before.map_or(line.len(), |before| before.told.len()).min(line.len());
        let cut = told > 1 && !is_whole(rest[told - 2], line[(told - 2).min(line.len() - 1)]);
        if told == rest.len() {
            return if told <= most && !cut { fits(word, line[told - 1]) } else { Reckoned::Wrong };
        }
        if told == 0 || object_named(rest[told], self.scene).is_none() {
            return Reckoned::Open;
        }
        if (before.is_some() || far.is_some()) && told < most || !is_whole(rest[told - 1], line[told - 1]) {
            return Reckoned::Wrong;
        }
        // Of distances the least leads, of other numbers the least or the most.
        let ways: [fn(u32, u32) -> bool; 2] = [|new, old| new < old, |new, old| new > old];
        let ways = if far.is_some() { &ways[..1] } else { &ways };
        let leaders = ways.iter().filter_map(|more| self.leader(entry.id, line[told - 1], *more));
        let leaders: Vec<(ObjectId, u32)> = leaders.collect();
        let meant = leaders.iter().find(|(id, _)| id.as_str() == rest[told]);
        match (meant, rest.len() - told) {
            (None, _) => Reckoned::Wrong,
            (Some((_, number)), 2) => fits(word, *number),
            // Whether it is the least or the most is the model's to say.
            (Some(_), 1) if leaders.iter().all(|leader| leader.0 == leaders[0].0) => Reckoned::Right,
            _ => Reckoned::Open,
        }
    }

    /// Who leads once this one is counted, if those before were counted in this way.
    fn leader(&self, id: ObjectId, number: u32, more: fn(u32, u32) -> bool) -> Option<(ObjectId, u32)> {
        let mut best = Best::default();
        let counted = self.done.iter().filter(|entry| entry.leads.is_some());
        let mut steps = counted
            .map(|entry| entry.told.last().is_none_or(|number| best.with(entry.id, *number, more) == entry.leads));
        let alike = steps.all(|right| right);
        drop(steps);
        best.with(id, number, more).filter(|_| alike)
    }
}

fn object_named(word: &str, scene: &Scene) -> Option<ObjectId> {
    scene.objects.iter().map(|object| object.id).find(|id| id.as_str() == word)
}

fn is_whole(word: &str, number: u32) -> bool {
    number.to_string() == word
}

/// Is this word that number, or may it become it?
fn fits(word: &str, number: u32) -> Reckoned {
    let begins = number > LAST_TOKEN && number.to_string().starts_with(word);
    if begins || is_whole(word, number) { Reckoned::Right } else { Reckoned::Wrong }
}

#[cfg(test)]
mod tests {
    use ponder_core::Pose;
    use ponder_core::scene::SceneObject;

    use super::*;
    use crate::train::think::{Lessons, Split};
    use Reckoned::{Open, Right, Wrong};

    /// Three blocks of an arm's table, A at 40 50, B at 50 40 and C at 70 60, and what is known of a thought's last word.
    fn known(thought: &str) -> Reckoned {
        let lessons = Lessons::new(1).and_then(|lessons| (0..9).map(|i| lessons.get(Split::Train, i)).collect());
        let lessons: Vec<_> = lessons.unwrap_or_else(|error| panic!("{error}"));
        let lesson = lessons.into_iter().find(|lesson| lesson.question.robot.arm.is_some());
        let Some(question) = lesson.map(|lesson| lesson.question) else { panic!("no lesson of an arm") };
        let thing = |(id, x, y): (&str, f64, f64)| SceneObject {
            id: ObjectId::from(id).unwrap_or_default(),
            label: ponder_core::scene::Label::from("block").unwrap_or_default(),
            color: Some(ponder_core::scene::Color::Red),
            size_m: ponder_core::Vec3::repeat(0.12),
            world_from_object: Pose::translation(x, y, 0.02),
            ..question.scene.objects[0].clone()
        };
        let objects = [("A", 0.5, 0.1), ("B", 0.4, 0.0), ("C", 0.6, -0.2)].map(thing).to_vec();
        last_word(thought, &Scene { objects, ..Scene::default() }, Grid::of(&question.robot))
    }

    #[test]
    fn distances_and_the_nearest_are_worked_out() {
        for (thought, what) in [
            ("it: A", Open),
            ("it: A 40", Right),
            ("it: A 41", Wrong),
            ("near it: A 40 50; B 50 40 10", Right),
            ("near it: A 40 50; B 50 40 9", Wrong),
            ("near it: A 40 50; B 50 40 B", Wrong), // its distance is not told yet
            ("near it: A 40 50; B 50 40 10 10 14", Right),
            ("near it: A 40 50; B 50 40 10 10 15", Wrong),
            ("near it: A 40 50; B 50 40 10 10 14 B 14, C 70 60 30 10 32 B", Right),
            ("near it: A 40 50; B 50 40 10 10 14 B 14, C 70 60 30 10 32 C", Wrong),
            ("near it: A 40 50; B 50 40 10 10 14 B 14, C 70 60 30 10 32 B 32", Wrong),
            ("离它最近的： A 40 50；B 50 40 10 10 14 B 14、C 70 60 30 10 32 B 14", Right),
            ("near it: A 40 50; B 50 40 10 10 14 B 14, C 70 60 30 10 32 B 14; block red B", Right),
            ("near it: A 40 50; B 50 40 10 10 14 B 14, C 70 60 30 10 32 B 14; block red C", Wrong),
            ("near it: A 40 50; B 50 40 10 10 14 B 14; block red B. block: block", Open),
        ] {
            assert_eq!(known(thought), what, "{thought}");
        }
    }

    #[test]
    fn who_has_the_most_is_worked_out_and_whether_most_or_least_is_not() {
        for (thought, what) in [
            ("last: A 40 50 A 50, B 50 40 A", Open),
            ("last: A 40 50 A 50, B 50 40 B", Open),
            ("last: A 40 50 A 50, B 50 40 C", Wrong),
            ("last: A 40 50 A 50, B 50 40 120", Wrong), // the other was not asked for its size
            ("last: A 40 50 A 50, B 50 40 A 50, C 70 60 C", Right),
            ("last: A 40 50 A 50, B 50 40 A 50, C 70 60 A", Wrong),
            ("largest: A 40 50 12", Right), // 120 is written in two pieces
            ("largest: A 40 50 12 A", Wrong),
            ("largest: A 40 50 120 A 120", Right),
        ] {
            assert_eq!(known(thought), what, "{thought}");
        }
    }
}
