//! What instructions say: hundreds of wordings in both languages and the reading each must have.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

mod sketch;

use ponder_core::goal::Language;
use ponder_core::symbolic::read;
use sketch::chinese::CHINESE;
use sketch::english::ENGLISH;
use sketch::sketch;

#[test]
fn english_is_read() {
    all_are_read(ENGLISH, Language::En);
}

#[test]
fn chinese_is_read() {
    all_are_read(CHINESE, Language::Zh);
}

fn all_are_read(table: &[(&str, &str)], language: Language) {
    let wrong: Vec<String> = table
        .iter()
        .filter(|(text, reading)| sketch(text) != *reading)
        .map(|(text, reading)| format!("{text}\n  is read as {}\n  wanted     {reading}", sketch(text)))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table.len(), wrong.join("\n"));
    for (text, _) in table {
        assert_eq!(read(text).language, language, "{text}");
    }
}

#[test]
fn case_blanks_and_marks_do_not_matter() {
    let plain = sketch("put the red block in the green bowl");
    for text in [
        "  Put THE red   block in the Green bowl !",
        "put the red block, in the green bowl.",
        "Put the red block in the green bowl... please",
        "put\tthe red\nblock in the green bowl",
    ] {
        assert_eq!(sketch(text), plain, "{text:?}");
    }
    let plain = sketch("把红色方块放进绿色的碗里");
    for text in [
        "把红色方块放进绿色的碗里。",
        "把红色方块，放进绿色的碗里！",
        "把 红色方块 放进 绿色的碗里",
        "把紅色方塊放進綠色的碗裡",
    ] {
        assert_eq!(sketch(text), plain, "{text:?}");
    }
}
