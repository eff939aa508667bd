//! Kinds of things that lessons are about: sizes and affordances as in the simulator's suites, and the words of both
//! languages. Below the ring: material for the reasoner's schooling.

use ponder_core::scene::{Affordance, Color};

use Affordance::{Container, Fixed, Graspable, Openable, Place, Pressable, Surface, Turnable};

/// A kind of thing.
#[derive(Debug)]
pub struct Kind {
    /// Its label in scenes.
    pub label: &'static str,
    /// Extent, metres.
    pub size_m: [f64; 3],
    /// What can be done with it.
    pub can: &'static [Affordance],
    /// English nouns that training hears; the first most often.
    pub en: &'static [&'static str],
    /// Chinese nouns that training hears; the first most often.
    pub zh: &'static [&'static str],
    /// Colours it comes in.
    pub colors: &'static [Color],
}

use Color::{Black, Blue, Brown, Cyan, Gray, Green, Orange, Pink, Purple, Red, White, Yellow};

/// Nearly every kind comes in every colour, so that a colour is learned as such and not as a part of a kind's name.
const ANY: &[Color] = &[Red, Green, Blue, Yellow, Orange, Purple, Pink, Cyan, White, Black, Brown, Gray];

/// Every kind.
#[rustfmt::skip]
pub static KINDS: &[Kind] = &[
    Kind { label: "block", size_m: [0.04; 3], can: &[Graspable, Surface], en: &["block", "block", "cube"], zh: &["方块", "方块", "积木"], colors: ANY },
    Kind { label: "ball", size_m: [0.045; 3], can: &[Graspable], en: &["ball"], zh: &["球"], colors: ANY },
    Kind { label: "cup", size_m: [0.062, 0.062, 0.08], can: &[Graspable, Container], en: &["cup", "cup", "mug"], zh: &["杯子"], colors: ANY },
    Kind { label: "bowl", size_m: [0.15, 0.15, 0.055], can: &[Container], en: &["bowl"], zh: &["碗"], colors: ANY },
    Kind { label: "plate", size_m: [0.17, 0.17, 0.016], can: &[Surface], en: &["plate"], zh: &["盘子"], colors: ANY },
    Kind { label: "bin", size_m: [0.18, 0.18, 0.07], can: &[Container], en: &["bin", "bin", "tray"], zh: &["箱子", "收纳盒", "盒子", "托盘"], colors: ANY },
    Kind { label: "drawer", size_m: [0.20, 0.22, 0.09], can: &[Container, Openable, Fixed], en: &["drawer"], zh: &["抽屉"], colors: ANY },
    Kind { label: "cabinet", size_m: [0.22, 0.24, 0.12], can: &[Surface, Fixed], en: &["cabinet"], zh: &["柜子"], colors: &[] },
    Kind { label: "box", size_m: [0.16, 0.18, 0.09], can: &[Container, Surface, Openable, Fixed], en: &["box"], zh: &["盒子", "盒子", "箱子"], colors: ANY },
    Kind { label: "button", size_m: [0.09, 0.09, 0.05], can: &[Pressable, Fixed], en: &["button"], zh: &["按钮"], colors: ANY },
    Kind { label: "knob", size_m: [0.08, 0.08, 0.06], can: &[Turnable, Fixed], en: &["knob", "knob", "dial"], zh: &["旋钮"], colors: ANY },
    Kind { label: "zone", size_m: [0.9, 0.9, 0.004], can: &[Place, Fixed], en: &["zone", "zone", "area"], zh: &["区域"], colors: ANY },
    Kind { label: "pillar", size_m: [0.3, 0.3, 1.2], can: &[Place, Fixed], en: &["pillar", "pillar", "column"], zh: &["柱子", "立柱"], colors: ANY },
    Kind { label: "dock", size_m: [0.7, 0.7, 0.004], can: &[Place, Fixed], en: &["dock", "charging station"], zh: &["充电座", "充电站"], colors: &[Gray] },
    Kind { label: "wall", size_m: [6.2, 0.1, 0.8], can: &[Fixed], en: &["wall"], zh: &["墙"], colors: &[] },
    Kind { label: "crate", size_m: [0.45; 3], can: &[Place], en: &["crate"], zh: &["箱子"], colors: &[Brown] },
    Kind { label: "table", size_m: [1.25, 1.5, 0.04], can: &[Surface, Fixed], en: &["table"], zh: &["桌子"], colors: &[] },
];

/// Things that no scene of a lesson has, to be asked for in vain.
pub static ABSENT: &[(&str, &str)] = &[
    ("bottle", "瓶子"),
    ("fridge", "冰箱"),
    ("oven", "烤箱"),
    ("microwave", "微波炉"),
    ("banana", "香蕉"),
    ("apple", "苹果"),
    ("spoon", "勺子"),
    ("fork", "叉子"),
    ("book", "书"),
    ("lamp", "灯"),
    ("chair", "椅子"),
];

/// Colour and kind that only the hard split joins.
pub static RESERVED: &[(Color, &str)] = &[
    (Black, "block"),
    (Pink, "ball"),
    (Brown, "cup"),
    (Purple, "bowl"),
    (Cyan, "plate"),
    (Orange, "bin"),
    (Gray, "drawer"),
    (Pink, "zone"),
    (Gray, "pillar"),
    (White, "button"),
];

/// The kind of that label.
pub fn kind(label: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.label == label)
}

/// Is this colour of this kind kept for the hard split?
pub fn is_reserved(color: Option<Color>, label: &str) -> bool {
    RESERVED.iter().any(|(c, l)| Some(*c) == color && *l == label)
}
