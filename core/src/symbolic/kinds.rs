//! Kinds of things: the nouns of both languages, the labels that perceivers give, and what stands in when a scene has
//! no such thing. A new noun is a line in [`KINDS`].

use crate::scene::{Affordance, SceneObject};

/// A kind of thing, and the word it was said by: an entry of [`KINDS`] and an index into its English or Chinese words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    entry: u8,
    /// The English word or label, where the noun was said by a word that is also a label.
    exact: Option<&'static str>,
}

/// An entry: first words are the names that are spoken.
pub struct Entry {
    /// English words, singular; the first is the name. Labels of a scene are looked up here.
    pub en: &'static [&'static str],
    /// Chinese words; the first is the name.
    pub zh: &'static [&'static str],
    /// Any object with this affordance is one too (`container`).
    pub every: Option<Affordance>,
    /// Kinds meant when the scene has none of this one, by their English names.
    pub instead: &'static [&'static str],
}

const fn kind(en: &'static [&'static str], zh: &'static [&'static str]) -> Entry {
    Entry { en, zh, every: None, instead: &[] }
}

const fn or(mut entry: Entry, instead: &'static [&'static str]) -> Entry {
    entry.instead = instead;
    entry
}

const fn every(mut entry: Entry, affordance: Affordance) -> Entry {
    entry.every = Some(affordance);
    entry
}

/// Every kind.
#[rustfmt::skip]
pub static KINDS: &[Entry] = &[
    kind(&["block", "cube", "brick", "building block", "toy block", "wooden block"], &["方块", "积木", "立方体", "木块", "方块块", "积木块", "砖块", "方形积木", "正方体"]),
    kind(&["bowl", "basin"], &["碗", "盆"]),
    kind(&["plate", "dish", "saucer", "platter"], &["盘子", "盘", "碟子", "碟", "餐盘"]),
    kind(&["cup", "mug", "glass", "beaker", "tumbler", "teacup"], &["杯子", "杯", "马克杯", "水杯", "茶杯"]),
    or(kind(&["drawer"], &["抽屉", "抽屜"]), &["cabinet"]),
    or(kind(&["box", "case", "chest", "crate", "carton"], &["盒子", "箱子", "盒", "箱", "纸箱", "纸盒"]), &["bin"]),
    or(kind(&["lid", "cover"], &["盖子", "盖", "箱盖", "盒盖"]), &["box"]),
    or(kind(&["bin", "tray", "basket", "trash can", "trash bin", "trash", "rubbish bin", "garbage can", "waste bin", "dustbin", "bucket", "tote"], &["托盘", "垃圾桶", "桶", "篮子", "收纳盒", "垃圾箱", "收纳箱", "筐", "回收箱"]), &["box"]),
    or(kind(&["button", "push button", "pushbutton"], &["按钮", "按键", "钮"]), &["switch"]),
    or(kind(&["knob", "dial", "rotary knob", "control knob"], &["旋钮", "转钮", "旋扭", "拨盘"]), &["switch"]),
    or(kind(&["light", "lamp", "lights"], &["灯", "电灯", "台灯", "灯光"]), &["knob", "switch", "button"]),
    or(kind(&["switch", "toggle"], &["开关"]), &["knob", "button", "light"]),
    or(kind(&["stove", "cooker", "burner", "hob"], &["炉子", "灶台", "炉灶", "炉"]), &["knob"]),
    kind(&["shelf", "rack", "shelves"], &["架子", "架", "置物架", "货架", "搁板", "书架"]),
    kind(&["ball", "sphere", "marble"], &["球", "圆球", "皮球"]),
    kind(&["zone", "pad", "area", "mat", "region", "square", "patch", "marked area", "target area", "target zone"], &["区域", "垫子", "区", "地垫", "垫", "范围", "目标区", "方格"]),
    kind(&["pillar", "column", "post", "pole"], &["柱子", "柱", "立柱", "圆柱", "杆子"]),
    or(kind(&["dock", "charger", "charging station", "charging dock", "docking station", "home base"], &["充电座", "充电桩", "充电站", "充电器", "基座", "底座"]), &["zone"]),
    or(kind(&["table", "desk", "tabletop", "table top", "counter", "countertop", "workbench", "bench"], &["桌子", "桌面", "桌", "台子", "工作台", "台面"]), &["floor"]),
    kind(&["floor", "ground"], &["地板", "地面", "地上", "地"]),
    kind(&["cabinet", "cupboard", "wardrobe"], &["柜子", "橱柜", "柜"]),
    or(kind(&["door"], &["门"]), &["cabinet", "box"]),
    kind(&["book"], &["书", "书本"]),
    kind(&["bottle", "flask"], &["瓶子", "瓶"]),
    kind(&["can", "tin"], &["罐子", "罐", "易拉罐"]),
    kind(&["pan", "frying pan", "skillet"], &["平底锅", "煎锅"]),
    kind(&["pot"], &["锅", "壶"]),
    kind(&["spoon"], &["勺子", "勺", "汤匙"]),
    kind(&["fork"], &["叉子", "叉"]),
    kind(&["apple"], &["苹果"]),
    kind(&["banana"], &["香蕉"]),
    kind(&["cylinder"], &["圆柱体"]),
    kind(&["ring"], &["环", "圆环"]),
    kind(&["wall"], &["墙", "墙壁"]),
    kind(&["obstacle", "barrier"], &["障碍物", "障碍"]),
    kind(&["tower", "stack", "pile"], &["塔", "高塔"]),
    kind(&["chair"], &["椅子"]),
    kind(&["cream cheese"], &["奶油奶酪", "奶油芝士"]),
    kind(&["butter"], &["黄油"]),
    kind(&["milk"], &["牛奶"]),
    kind(&["orange juice"], &["橙汁"]),
    kind(&["tomato sauce"], &["番茄酱"]),
    kind(&["ketchup"], &["番茄沙司"]),
    kind(&["alphabet soup"], &["字母汤"]),
    kind(&["salad dressing"], &["沙拉酱"]),
    kind(&["bbq sauce"], &["烧烤酱"]),
    kind(&["chocolate pudding"], &["巧克力布丁"]),
    kind(&["wine bottle"], &["酒瓶"]),
    kind(&["wine rack"], &["酒架"]),
    kind(&["moka pot"], &["摩卡壶"]),
    kind(&["ramekin"], &["小烤碗"]),
    kind(&["cookie box", "cookies"], &["饼干盒"]),
    kind(&["caddy", "desk caddy"], &["文具架"]),
    kind(&["fridge", "refrigerator", "freezer"], &["冰箱"]),
    kind(&["oven"], &["烤箱"]),
    kind(&["microwave", "microwave oven"], &["微波炉"]),
    kind(&["sink"], &["水槽", "洗碗池"]),
    kind(&["kettle", "teapot"], &["水壶", "茶壶"]),
    kind(&["toaster"], &["烤面包机"]),
    kind(&["kitchen"], &["厨房"]),
    kind(&["window"], &["窗户", "窗子"]),

    every(kind(&["container", "receptacle", "vessel"], &["容器"]), Affordance::Container),
    kind(&["thing", "object", "item", "stuff"], &["东西", "物体", "物品", "物件", "玩意"]),
    every(kind(&["toy"], &["玩具"]), Affordance::Graspable),
];

impl Kind {
    /// The kind of entry `entry` said by `word`.
    pub fn of(entry: usize, word: Option<&'static str>) -> Self {
        Self { entry: entry as u8, exact: word }
    }

    /// The kind whose English name or label this is.
    pub fn named(label: &str) -> Option<Self> {
        let spaced = label.replace('_', " ");
        KINDS
            .iter()
            .enumerate()
            .find_map(|(i, entry)| entry.en.iter().find(|word| **word == spaced).map(|word| Self::of(i, Some(word))))
    }

    /// Its entry.
    pub fn entry(self) -> &'static Entry {
        &KINDS[usize::from(self.entry)]
    }

    /// English name.
    pub fn name(self) -> &'static str {
        self.exact.unwrap_or(self.entry().en[0])
    }

    /// Chinese name.
    pub fn name_zh(self) -> &'static str {
        self.entry().zh[0]
    }

    /// `thing`, `东西`: says nothing.
    pub fn is_anything(self) -> bool {
        self.entry().en[0] == "thing"
    }

    /// `the tower`: stands for what is on top of one.
    pub fn is_tower(self) -> bool {
        self.entry().en[0] == "tower"
    }

    /// How well the object is of this kind: 3 by the very word, 2 by a synonym, 1 by what stands in, 0 not at all.
    pub fn fits(self, object: &SceneObject) -> u8 {
        let entry = self.entry();
        if self.is_anything() {
            return 2;
        }
        let label = object.label.as_str();
        if self.exact.is_some_and(|word| word == label) {
            return 3;
        }
        let Some(other) = Self::named(label) else {
            return u8::from(entry.every.is_some_and(|affordance| object.can(affordance))) * 2;
        };
        if other.entry == self.entry || entry.every.is_some_and(|affordance| object.can(affordance)) {
            2
        } else {
            u8::from(entry.instead.contains(&other.entry().en[0]))
        }
    }
}
