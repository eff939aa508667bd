//! What a person may say to have a picture drawn: every thing with its colour, what is in or on what, in English and
//! Chinese, in several wordings of which some are never learned from.

use ponder_core::lesson::{Named, Rests};
use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::Split;

/// Nouns of a kind.
fn nouns(label: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match label {
        "block" => (&["block", "block", "cube"], &["方块", "方块", "积木"]),
        "ball" => (&["ball"], &["球"]),
        "cup" => (&["cup", "cup", "mug"], &["杯子"]),
        "bowl" => (&["bowl"], &["碗"]),
        "plate" => (&["plate", "plate", "dish"], &["盘子"]),
        _ => (&["bin", "bin", "tray"], &["箱子", "箱子", "托盘"]),
    }
}

/// Wordings of each sort; the second half of a pair is of what is never learned from.
type Sorts = (&'static [&'static str], &'static [&'static str]);
const EN_HEAD: Sorts = (&["", "", "", "there is ", "a picture of "], &["draw ", "please draw ", "i want to see "]);
const EN_TAIL: Sorts = (&["", "", " on a table", " on the table"], &[" on a wooden table", " standing on the table"]);
const EN_IN: Sorts = (&["A in B", "A in B", "B with A in it"], &["A inside B", "A lying in B", "B holding A"]);
const EN_ON: Sorts = (&["A on B", "A on B", "A on top of B", "B with A on it"], &["A sitting on B", "A standing on B"]);
const ZH_HEAD: Sorts = (&["", "", "桌上有", "桌子上有", "画面里有"], &["画", "请画", "桌面上摆着"]);
const ZH_IN: Sorts = (&["A在B里", "B里有A", "B里面有A"], &["A放在B里面", "B里装着A"]);
const ZH_ON: Sorts = (&["A在B上", "B上有A", "B上面有A"], &["A放在B上面", "B上摆着A"]);

fn pick(sorts: Sorts, new: bool, rng: &mut ChaCha8Rng) -> &'static str {
    (if new { sorts.1 } else { sorts.0 }).choose(rng).copied().unwrap_or_default()
}

/// So many wordings, English and Chinese in turns.
pub(super) fn captions(things: &[Named], split: Split, count: usize, rng: &mut ChaCha8Rng) -> Vec<String> {
    (0..count)
        .map(|i| {
            let new = split != Split::Train && rng.random_bool(0.5);
            if i % 2 == 0 { english(things, new, rng) } else { chinese(things, new, rng) }
        })
        .collect()
}

/// Those that carry something, with it, and those alone, each sort in any order.
fn groups(things: &[Named], rng: &mut ChaCha8Rng) -> (Vec<(Rests, usize, usize)>, Vec<usize>) {
    let rests = things.iter().enumerate().filter_map(|(i, thing)| thing.rests.map(|(how, under)| (how, i, under)));
    let mut pairs: Vec<_> = rests.collect();
    let in_pair = |i: &usize| pairs.iter().any(|(_, over, under)| over == i || under == i);
    let mut alone: Vec<usize> = (0..things.len()).filter(|i| !in_pair(i)).collect();
    pairs.shuffle(rng);
    alone.shuffle(rng);
    (pairs, alone)
}

fn english(things: &[Named], new: bool, rng: &mut ChaCha8Rng) -> String {
    let (pairs, alone) = groups(things, rng);
    let name = |i: usize, rng: &mut ChaCha8Rng| {
        let color = things[i].color.name();
        let article = if color.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {color} {}", nouns(&things[i].label).0.choose(rng).copied().unwrap_or("thing"))
    };
    let mut parts: Vec<String> = Vec::new();
    for (how, over, under) in pairs {
        let wording = pick(if how == Rests::In { EN_IN } else { EN_ON }, new, rng);
        parts.push(filled(wording, &name(over, rng), &name(under, rng)));
    }
    parts.extend(alone.into_iter().map(|i| name(i, rng)));
    if rng.random_bool(0.5) {
        parts.reverse();
    }
    let list = match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    };
    format!("{}{list}{}", pick(EN_HEAD, new, rng), pick(EN_TAIL, new, rng))
}

fn chinese(things: &[Named], new: bool, rng: &mut ChaCha8Rng) -> String {
    let (pairs, alone) = groups(things, rng);
    let name = |i: usize, rng: &mut ChaCha8Rng| {
        let noun = nouns(&things[i].label).1.choose(rng).copied().unwrap_or("东西");
        let of = if rng.random_bool(0.5) { "色的" } else { "色" };
        let one = if rng.random_bool(0.7) { "一个" } else { "" };
        format!("{one}{}{of}{noun}", things[i].color.name_zh())
    };
    let mut parts: Vec<String> = Vec::new();
    for (how, over, under) in pairs {
        let wording = pick(if how == Rests::In { ZH_IN } else { ZH_ON }, new, rng);
        parts.push(filled(wording, &name(over, rng), &name(under, rng)));
    }
    if !alone.is_empty() {
        let names: Vec<String> = alone.into_iter().map(|i| name(i, rng)).collect();
        let list = names.split_last().map_or_else(String::new, |(last, rest)| {
            if rest.is_empty() { last.clone() } else { format!("{}和{last}", rest.join("、")) }
        });
        parts.push(format!("{}{list}", if parts.is_empty() { pick(ZH_HEAD, new, rng) } else { "还有" }));
    }
    parts.join("，")
}

/// A wording with both names put in.
fn filled(wording: &str, over: &str, under: &str) -> String {
    let put = |letter: char| match letter {
        'A' => over.to_owned(),
        'B' => under.to_owned(),
        other => other.to_string(),
    };
    wording.chars().map(put).collect()
}

#[cfg(test)]
mod tests {
    use ponder_core::scene::{Color, Label};
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn every_thing_and_what_it_is_in_is_said() {
        let named = |label: &str, color, rests| Named::new(Label::from(label).unwrap(), color, rests);
        let things = [
            named("bowl", Color::Green, None),
            named("block", Color::Red, Some((Rests::In, 0))),
            named("cup", Color::Orange, None),
        ];
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for caption in captions(&things, Split::Train, 40, &mut rng) {
            let en = caption.is_ascii();
            for word in if en { ["red", "green", "orange"] } else { ["红", "绿", "橙"] } {
                assert!(caption.contains(word), "{caption}");
            }
            assert!(caption.contains(if en { "in" } else { "里" }), "{caption}");
            assert!(!en || caption.contains("an orange"), "{caption}");
        }
        let new = captions(&things, Split::HeldOut, 40, &mut rng);
        assert!(new.iter().any(|c| c.starts_with("draw")) && new.iter().any(|c| !c.starts_with("draw")), "{new:?}");
    }
}
