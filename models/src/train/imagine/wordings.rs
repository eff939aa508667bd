//! The words that questions about a picture are asked in, English and Chinese. Of each sort some wordings are never learned
//! from, though nearly all their words are.

use ponder_core::scene::Color;

/// Wordings in English and in Chinese; of each the second list is never learned from. A, B: a thing as it is named; N: a
/// noun, of many in English.
pub(super) type Wordings = [[&'static [&'static str]; 2]; 2];

pub(super) const ALL: Wordings = [
    [
        &[
            "what is on the table?",
            "what do you see?",
            "what is there?",
            "what things are on the table?",
            "list all things in the picture",
            "tell me what you see",
            "name everything that you can see",
            "what does the picture show?",
            "describe the picture",
            "say what is there",
        ],
        &["tell me what is on the table", "what is in the picture?"],
    ],
    [
        &[
            "桌上有什么？",
            "你看到什么？",
            "有什么？",
            "桌上有哪些东西？",
            "说说你看到什么",
            "图里有什么？",
            "这个画面是什么？",
            "桌子上都有哪些东西？",
            "请说出所有的东西",
        ],
        &["桌子上有什么？", "画面里有什么？"],
    ],
];
pub(super) const ANY: Wordings = [
    [
        &[
            "is there A?",
            "do you see A?",
            "is A on the table?",
            "does the picture show A?",
            "can you find A?",
            "is A in the picture?",
            "tell me if there is A",
            "do you see A there?",
            "you see A, yes or no?",
        ],
        &["is A there?", "can you see A?"],
    ],
    [
        &[
            "有A吗？",
            "桌上有A吗？",
            "你看到A吗？",
            "图里有A吗？",
            "桌子上有没有A？",
            "你看没看到A？",
            "能找到A吗？",
            "这个画面里能看到A吗？",
        ],
        &["有没有A？", "画面里有A吗？"],
    ],
];
pub(super) const COUNT: Wordings = [
    [
        &[
            "how many N are there?",
            "how many N do you see?",
            "how many N can you find?",
            "tell me how many N there are",
            "say how many N you see",
            "how many N does the picture show?",
            "count all N that you see",
            "the number of N on the table?",
        ],
        &["how many N are on the table?", "count the N"],
    ],
    [
        &[
            "有几个N？",
            "桌上有几个N？",
            "图里有几个N？",
            "数一数N",
            "能看到多少N？",
            "一共有几个N？",
            "你能找到几个N？",
            "N有多少个？",
        ],
        &["有多少个N？", "你看到几个N？"],
    ],
];
pub(super) const COLOR: Wordings = [
    [
        &[
            "what color is the N?",
            "what colour is the N?",
            "what is the color of the N?",
            "tell me the color of the N",
            "the N is of which color?",
            "say what color the N has",
            "which colour does the N have?",
            "name the color of the N",
        ],
        &["tell me what color the N is", "which color is the N?"],
    ],
    [
        &[
            "N是什么颜色？",
            "N是什么颜色的？",
            "N有什么颜色？",
            "说说N的颜色",
            "图里的N是什么颜色？",
            "你看到的N是哪种颜色？",
            "N是哪种颜色的？",
            "桌子上N的颜色是哪种？",
        ],
        &["N的颜色是什么？", "桌上的N是什么颜色？"],
    ],
];
pub(super) const IN: Wordings = [
    [
        &[
            "what is in the A?",
            "what do you see in the A?",
            "what lies in the A?",
            "tell me what is in the A",
            "which thing is in the A?",
            "what does the A have inside?",
            "is there something inside the A, and what?",
            "name what the A holds inside",
            "look inside the A: what is there?",
        ],
        &["what is inside the A?", "is there a thing in the A, and what is it?"],
    ],
    [
        &[
            "A里有什么？",
            "A里面有什么？",
            "A里面是什么东西？",
            "什么东西在A里面？",
            "说说A里有什么",
            "你在A里看到什么？",
            "A里放着什么？",
            "看看A里面有什么",
        ],
        &["什么在A里？", "你看到A里有什么？"],
    ],
];
pub(super) const ON: Wordings = [
    [
        &[
            "what is on the A?",
            "what do you see on the A?",
            "what lies on the A?",
            "tell me what is on the A",
            "which thing is on the A?",
            "what is on the top of the A?",
            "does something stand on the A, and what?",
            "name what stands on top of the A",
        ],
        &["what is on top of the A?", "what stands on the A?"],
    ],
    [
        &[
            "A上有什么？",
            "A上面有什么？",
            "A上面是什么东西？",
            "什么东西在A上面？",
            "说说A上有什么",
            "你在A上看到什么？",
            "A上放着什么？",
            "看看A上面有什么",
        ],
        &["什么在A上？", "你看到A上有什么？"],
    ],
];
pub(super) const WHERE: Wordings = [
    [
        &[
            "where is the A?",
            "where do you see the A?",
            "where can you find the A?",
            "in what or on what is the A?",
            "tell me where you see the A",
            "say where the A is",
            "where does the A lie?",
            "the A can be seen where?",
        ],
        &["where can the A be seen?", "tell me where the A is"],
    ],
    [
        &[
            "A在哪里？",
            "A在哪儿？",
            "A放在哪里？",
            "在哪里能找到A？",
            "你在哪里看到A？",
            "说说A在哪儿",
            "A在什么里或者什么上？",
            "A放在什么地方了？",
        ],
        &["A在什么地方？", "哪里有A？"],
    ],
];
pub(super) const POINT: Wordings = [
    [
        &[
            "point to the A",
            "show me the A in the picture",
            "at which point is the A?",
            "point at the A, please",
            "give the place of the A in the picture",
            "which point of the picture shows the A?",
            "tell me at which point you see the A",
        ],
        &["point to where the A is", "which point is the A at?"],
    ],
    [
        &["指出A", "A在画面的哪一点？", "请指一指A", "指给我看A", "用点标出A", "哪一点是A？", "请标出A的位置"],
        &["请指出A的位置", "A的位置是哪一点？"],
    ],
];
pub(super) const BESIDE: Wordings = [
    [
        &[
            "is the A left of the B?",
            "is the A more to the left than the B?",
            "do you see the A left of the B?",
            "is the A on the left of the B?",
            "does the A stand left of the B?",
            "tell me if the A is left of the B",
            "seen from here, is the A left of the B?",
        ],
        &["is the A to the left of the B?", "can you see the A left of the B?"],
    ],
    [
        &[
            "A在B的左边吗？",
            "A在B左边吗？",
            "A是不是在B左边？",
            "你看到A在B左边吗？",
            "画面里A在B的左面吗？",
            "A比B更靠左吗？",
        ],
        &["A是在B的左边吗？", "A是不是比B靠左？"],
    ],
];
pub(super) const OPEN: Wordings = [
    [
        &[
            "is the A open?",
            "is the A open or closed?",
            "does the A stand open?",
            "tell me if the A is open",
            "say whether the A is open",
            "has somebody opened the A?",
            "how is the A, open or closed?",
        ],
        &["do you see if the A is open?", "the A: is it open?"],
    ],
    [
        &["A开着吗？", "A是开着的吗？", "A打开了吗？", "A是开着还是关着？", "说说A开着没有", "A是不是打开的？"],
        &["A是不是开着的？", "你看到A打开了吗？"],
    ],
];
pub(super) const HELD: Wordings = [
    [
        &[
            "what is in the gripper?",
            "what does the gripper hold?",
            "what is the robot holding?",
            "what is in the robot's hand?",
            "tell me what the gripper holds",
            "what do the fingers hold?",
            "does the robot hold something, and what?",
            "name what is in the hand",
        ],
        &["what does the robot hold?", "tell me what is in the gripper"],
    ],
    [
        &[
            "夹爪里有什么？",
            "夹爪夹着什么？",
            "机器人拿着什么？",
            "手里有什么？",
            "说说夹爪里是什么",
            "夹爪里夹的是什么东西？",
            "机器人手里是什么？",
        ],
        &["机器人夹着什么？", "夹爪拿着什么东西？"],
    ],
];
const EVERY: [Wordings; 11] = [ALL, ANY, COUNT, COLOR, IN, ON, WHERE, POINT, BESIDE, OPEN, HELD];

/// Kinds, with noun and plural, and Chinese noun.
pub(super) const KINDS: [(&str, &str, &str); 7] = [
    ("block", "blocks", "方块"),
    ("ball", "balls", "球"),
    ("cup", "cups", "杯子"),
    ("bowl", "bowls", "碗"),
    ("plate", "plates", "盘子"),
    ("bin", "bins", "箱子"),
    ("drawer", "drawers", "抽屉"),
];
pub(super) const NUMBERS: [(&str, &str); 7] = [
    ("none", "没有"),
    ("one", "一个"),
    ("two", "两个"),
    ("three", "三个"),
    ("four", "四个"),
    ("five", "五个"),
    ("six", "六个"),
];

/// Every word of questions and answers that is learned from, for a tokenizer.
#[must_use]
pub fn sentences() -> Vec<String> {
    let known = EVERY.iter().flatten().flat_map(|[known, _]| known.iter());
    let mut all: Vec<String> = known.map(|wording| wording.replace(['A', 'B', 'N'], " ")).collect();
    all.extend(KINDS.iter().flat_map(|(one, many, zh)| [(*one).to_owned(), (*many).to_owned(), (*zh).to_owned()]));
    all.extend(NUMBERS.iter().flat_map(|(en, zh)| [(*en).to_owned(), (*zh).to_owned()]));
    all.extend(Color::ALL.iter().map(|(_, en, zh, _)| format!("{en} {zh}色")));
    all.extend((0..=100).map(|percent| percent.to_string()));
    all.push(
        "a an , and yes no nothing in on the table gripper 有 没有 什么都没有 在 里 上 桌 色 、 是 不是 夹爪"
            .to_owned(),
    );
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A wording that is examined is none that is learned from, and most of its words are learned.
    #[test]
    fn what_is_examined_is_not_learned_from() {
        for [known, new] in EVERY.iter().flatten() {
            assert!(new.iter().all(|wording| !known.contains(wording)), "{new:?}");
            assert!(known.len() > new.len());
        }
        let words = |text: &str| -> Vec<String> {
            let text = text.replace(['A', 'B', 'N'], " ");
            let cut = |word: &str| -> Vec<String> {
                if word.is_ascii() { vec![word.to_owned()] } else { word.chars().map(String::from).collect() }
            };
            text.split(|c: char| c.is_whitespace() || ",:?？'".contains(c)).flat_map(cut).collect()
        };
        let known: BTreeSet<String> = sentences().iter().flat_map(|sentence| words(sentence)).collect();
        let new = EVERY.iter().flatten().flat_map(|[_, new]| new.iter());
        let strange: Vec<String> =
            new.flat_map(|wording| words(wording)).filter(|word| !known.contains(word)).collect();
        assert!(strange.len() <= 2, "{strange:?}");
    }
}
