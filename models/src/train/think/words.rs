//! Wordings of instructions in both languages: those that training hears, those kept for the held-out split, and those
//! kept for the hard split. Slots `{a}`, `{b}`, `{c}` take things in words. Below the ring: material for schooling.

/// Wordings of one meaning.
#[derive(Debug)]
pub struct Wordings {
    /// Heard in training.
    pub seen: &'static [&'static str],
    /// Kept for the held-out split.
    pub held: &'static [&'static str],
    /// Kept for the hard split.
    pub hard: &'static [&'static str],
}

/// English and Chinese.
pub type Both = (Wordings, Wordings);

macro_rules! wordings {
    ($(#[$doc:meta])* $name:ident, en: $es:expr, $eh:expr, $ex:expr, zh: $zs:expr, $zh:expr, $zx:expr $(,)?) => {
        $(#[$doc])*
        pub static $name: Both = (Wordings { seen: &$es, held: &$eh, hard: &$ex }, Wordings { seen: &$zs, held: &$zh, hard: &$zx });
    };
}

wordings!(
    /// Into.
    PUT_IN,
    en: ["the {a} should be in the {b}", "get the {a} into the {b}", "I would like the {a} in the {b}", "the {a} has to go into the {b}", "grab the {a} and drop it into the {b}", "in the {b} I want to see the {a}", "throw the {a} into the {b}", "let the {a} go into the {b}, please", "the {b} should hold the {a}", "put the {a} in the {b}", "put the {a} into the {b}", "place the {a} in the {b}", "place the {a} into the {b}", "drop the {a} into the {b}", "Could you drop the {a} into the {b}, please?", "the {a} goes in the {b}", "please put the {a} inside the {b}", "move the {a} into the {b}", "take the {a} and put it in the {b}", "I want the {a} in the {b}", "pick up the {a} and place it in the {b}", "Can you put the {a} in the {b}?"],
    ["please place the {a} inside the {b}", "Could you put the {a} into the {b}?", "drop the {a} in the {b}", "take the {a} and drop it into the {b}"],
    ["the {a} belongs in the {b}, put it there", "make sure the {a} is in the {b}", "I want you to take the {a} and put it into the {b}, please", "pick the {a} up, then drop it in the {b}", "inside the {b} is where I want the {a}"],
    zh: ["{a}要放进{b}里", "让{a}进到{b}里", "抓起{a}，放到{b}里去", "{b}里应该有{a}", "我要{a}放进{b}", "把{a}丢进{b}里", "麻烦你把{a}放进{b}", "把{a}放进{b}里", "把{a}放进{b}", "请将{a}放到{b}里", "把{a}放入{b}", "将{a}放进{b}里", "{a}放到{b}里面", "拿起{a}，放进{b}里", "帮我把{a}放到{b}里", "把{a}放入{b}中", "我想要{a}在{b}里", "请把{a}放到{b}里"],
    ["请帮我将{a}放进{b}", "将{a}放入{b}中", "把{a}拿起来，放到{b}里"],
    ["{a}应该在{b}里，请放进去", "麻烦把{a}放到{b}里面去", "请拿{a}，然后放到{b}里", "{b}里要有{a}"],
);
wordings!(
    /// Onto.
    PUT_ON,
    en: ["the {a} should be on the {b}", "get the {a} onto the {b}", "I would like the {a} on the {b}", "the {a} has to go onto the {b}", "lift the {a} and set it on the {b}", "on the {b} I want to see the {a}", "let the {a} lie on the {b}, please", "lay the {a} on the {b}", "put the {a} on the {b}", "place the {a} on the {b}", "set the {a} down on the {b}", "please move the {a} onto the {b}", "set the {a} on the {b}", "put the {a} on top of the {b}", "place the {a} onto the {b}", "the {a} goes on the {b}", "I want the {a} on the {b}", "take the {a} and put it on the {b}", "Could you put the {a} on the {b}, please?"],
    ["please set the {a} down on the {b}", "move the {a} onto the {b}", "Can you place the {a} on the {b}?"],
    ["the {a} belongs on the {b}, put it there", "make sure the {a} is on the {b}", "pick the {a} up, then set it down on the {b}", "on top of the {b} is where I want the {a}"],
    zh: ["{a}要放在{b}上", "让{a}到{b}上去", "抓起{a}，放到{b}上去", "{b}上应该有{a}", "我要{a}放在{b}上", "把{a}摆到{b}上", "麻烦你把{a}放到{b}上", "把{a}放到{b}上", "请把{a}放在{b}上", "将{a}移到{b}上", "把{a}放在{b}上面", "请将{a}放到{b}上", "拿起{a}，放到{b}上", "帮我把{a}放在{b}上", "{a}放到{b}上", "我想要{a}在{b}上"],
    ["请将{a}移到{b}上面", "将{a}放在{b}上", "把{a}拿起来，放在{b}上"],
    ["{a}应该在{b}上，请放上去", "麻烦把{a}放到{b}上面去", "请拿{a}，然后放到{b}上", "{b}上要有{a}"],
);
wordings!(
    /// One block on another.
    STACK_ON,
    en: ["get the {a} on top of the {b}", "the {a} should stand on the {b}", "take the {a} and stack it on the {b}", "pile the {a} on the {b}", "make a tower of the {b} with the {a} on top", "stack the {a} on the {b}", "put the {a} on the {b}", "place the {a} on top of the {b}", "stack the {a} on top of the {b}", "put the {a} on top of the {b}", "please stack the {a} on the {b}"],
    ["set the {a} on top of the {b}", "Could you stack the {a} on the {b}?"],
    ["pick the {a} up and stack it on the {b}", "build a tower: the {b} and on it the {a}"],
    zh: ["拿{a}叠到{b}上", "{a}要叠在{b}上", "把{a}摞在{b}上", "让{a}在{b}上面", "用{b}和{a}叠一座塔，{a}在上", "把{a}叠在{b}上", "把{a}叠在{b}上面", "把{a}放到{b}上", "请将{a}堆到{b}上", "将{a}叠到{b}上", "把{a}堆在{b}上面"],
    ["请把{a}叠到{b}上面", "将{a}堆在{b}上"],
    ["拿起{a}，叠在{b}上面", "用{b}和{a}搭一座塔，{a}在上面"],
);
wordings!(
    /// Beside, on the left.
    LEFT_OF,
    en: ["the {a} should be left of the {b}", "the {a} goes to the left of the {b}", "take the {a} and put it left of the {b}", "put the {a} to the left of the {b}", "place the {a} left of the {b}", "move the {a} to the left side of the {b}", "put the {a} on the left side of the {b}", "set the {a} to the left of the {b}"],
    ["please place the {a} to the left of the {b}", "move the {a} left of the {b}"],
    ["I want the {a} to be left of the {b}", "make sure the {a} is to the left of the {b}"],
    zh: ["{a}要在{b}左边", "让{a}在{b}的左侧", "拿{a}放到{b}左边", "把{a}放到{b}的左边", "请将{a}放在{b}左侧", "把{a}移到{b}左边", "将{a}放到{b}左边", "把{a}放在{b}的左侧"],
    ["请把{a}移到{b}的左侧", "将{a}放在{b}的左边"],
    ["{a}应该在{b}的左边", "拿起{a}，放到{b}的左边"],
);
wordings!(
    /// Beside, on the right.
    RIGHT_OF,
    en: ["the {a} should be right of the {b}", "the {a} goes to the right of the {b}", "take the {a} and put it right of the {b}", "put the {a} to the right of the {b}", "place the {a} right of the {b}", "move the {a} to the right side of the {b}", "put the {a} on the right side of the {b}", "set the {a} to the right of the {b}"],
    ["please place the {a} to the right of the {b}", "move the {a} right of the {b}"],
    ["I want the {a} to be right of the {b}", "make sure the {a} is to the right of the {b}"],
    zh: ["{a}要在{b}右边", "让{a}在{b}的右侧", "拿{a}放到{b}右边", "把{a}放到{b}的右边", "请将{a}放在{b}右侧", "把{a}移到{b}右边", "将{a}放到{b}右边", "把{a}放在{b}的右侧"],
    ["请把{a}移到{b}的右侧", "将{a}放在{b}的右边"],
    ["{a}应该在{b}的右边", "拿起{a}，放到{b}的右边"],
);
wordings!(
    /// Beside, nearer to the robot.
    FRONT_OF,
    en: ["the {a} should be in front of the {b}", "the {a} goes in front of the {b}", "put the {a} in front of the {b}", "place the {a} in front of the {b}", "move the {a} in front of the {b}"],
    ["please set the {a} in front of the {b}"],
    ["I want the {a} to be in front of the {b}"],
    zh: ["{a}要在{b}前面", "让{a}在{b}的前面", "把{a}放到{b}前面", "请将{a}放在{b}的前面", "把{a}移到{b}的前面"],
    ["将{a}放到{b}的前面"],
    ["{a}应该在{b}的前面"],
);
wordings!(
    /// Beside, farther away.
    BEHIND,
    en: ["the {a} should be behind the {b}", "the {a} goes behind the {b}", "put the {a} behind the {b}", "place the {a} behind the {b}", "move the {a} behind the {b}"],
    ["please set the {a} behind the {b}"],
    ["I want the {a} to be behind the {b}"],
    zh: ["{a}要在{b}后面", "让{a}在{b}的后面", "把{a}放到{b}后面", "请将{a}放在{b}的后面", "把{a}移到{b}的后面"],
    ["将{a}放到{b}的后面"],
    ["{a}应该在{b}的后面"],
);
wordings!(
    /// Beside, on any side.
    NEXT_TO,
    en: ["the {a} should be next to the {b}", "the {a} goes beside the {b}", "put the {a} next to the {b}", "place the {a} beside the {b}", "move the {a} next to the {b}", "set the {a} beside the {b}"],
    ["please put the {a} beside the {b}"],
    ["I want the {a} to be next to the {b}"],
    zh: ["{a}要在{b}旁边", "让{a}在{b}的旁边", "把{a}放到{b}旁边", "请将{a}放在{b}旁边", "把{a}移到{b}的旁边"],
    ["将{a}放到{b}的旁边"],
    ["{a}应该在{b}的旁边"],
);
wordings!(
    /// All of a kind into; `{a}` is a noun, plural in English, `{c}` the same, singular.
    ALL_IN,
    en: ["the {b} is for all the {a}", "all the {a} should be in the {b}", "collect all of the {a} in the {b}", "get every one of the {a} into the {b}", "put all the {a} in the {b}", "put all of the {a} in the {b}", "place all {a} into the {b}", "move all of the {a} into the {b}", "gather all the {a} in the {b}", "the {a} go in the {b}", "put the {a} in the {b}", "put every {c} in the {b}", "place each {c} into the {b}", "every {c} goes in the {b}", "drop every single {c} into the {b}", "each {c} should be in the {b}"],
    ["please put all the {a} into the {b}", "gather the {a} in the {b}", "move each {c} into the {b}"],
    ["I want all of the {a} in the {b}", "all the {a} belong in the {b}, put them there"],
    zh: ["{a}都要放进{b}里", "让所有{a}进到{b}里", "{b}里要有所有{a}", "收集所有{a}放进{b}", "把所有{a}放进{b}里", "把所有{a}都放进{b}里", "请将全部{a}放到{b}里", "把每个{a}都放入{b}", "把{a}都放到{b}里", "把全部{a}都放进{b}"],
    ["请将所有{a}放入{b}中", "把每个{a}放进{b}里"],
    ["所有{a}都应该在{b}里", "{a}全部放到{b}里面去"],
);
wordings!(
    /// All of a kind but some into.
    ALL_BUT,
    en: ["all the {a} should be in the {b}, only the {c} should not", "not the {c}, but all the other {a} go in the {b}", "leave the {c} and put all the {a} in the {b}", "put all the {a} except the {c} in the {b}", "put all the {a} in the {b} except the {c}", "put all the {a} but the {c} into the {b}", "place all {a} except for the {c} into the {b}"],
    ["move all of the {a} into the {b} except the {c}"],
    ["all the {a} go in the {b}, but not the {c}", "put all the {a} in the {b} and leave the {c} where it is"],
    zh: ["所有{a}都放到{b}里，除了{c}", "{c}留着，其他{a}都放进{b}", "把{a}都放到{b}里，别放{c}", "把除了{c}以外的所有{a}放进{b}里", "除了{c}，把其他{a}都放进{b}里", "请将{c}以外的所有{a}放到{b}里"],
    ["除了{c}以外，把所有{a}都放到{b}里"],
    ["所有{a}都放进{b}里，但是不要{c}", "把{a}都放进{b}，{c}不要放"],
);
wordings!(
    /// Two things into one place.
    TWO_IN,
    en: ["the {a} and the {c} should be in the {b}", "the {a} goes in the {b}, and the {c} too", "get the {a} into the {b} and the {c} as well", "put the {a} and the {c} in the {b}", "place the {a} and the {c} into the {b}", "put the {a} in the {b}, then put the {c} in the {b}", "put both the {a} and the {c} in the {b}"],
    ["please put the {a} and the {c} into the {b}", "put the {a} in the {b}, then the {c}"],
    ["I want the {a} and the {c} in the {b}", "the {a} goes in the {b} and so does the {c}"],
    zh: ["{a}和{c}都要放进{b}里", "{a}放进{b}，{c}也放进{b}", "让{a}和{c}都在{b}里", "把{a}和{c}放进{b}里", "请将{a}和{c}都放到{b}里", "先把{a}放进{b}里，再把{c}放进{b}里", "把{a}和{c}都放进{b}"],
    ["请将{a}和{c}放入{b}中"],
    ["{a}和{c}都应该在{b}里"],
);
wordings!(
    /// Each to the place of its colour; `{a}` plural.
    SORT,
    en: ["the {a} should be sorted by color", "every {c} has its own {b} by color, sort them", "the {a} go in the {b} of the same color", "tidy up the {a} by color", "sort the {a} by color", "sort the {a} into the {b} by color", "put each {c} in the {b} of its color", "sort the {a} by colour", "please sort the {a} by color"],
    ["sort all the {a} by color", "place each {c} in the {b} of its color"],
    ["each {c} goes in the {b} of its color", "put the {a} where they belong by color"],
    zh: ["{a}要按颜色分类", "每个{a}都要放到颜色相同的{b}里", "让{a}按颜色进{b}", "把{a}按颜色分好", "按颜色把{a}分类放进{b}里", "把每个{a}放进和它颜色相同的{b}里", "请按颜色整理{a}", "按颜色把{a}分类", "把{a}按颜色放进{b}里"],
    ["请按颜色把{a}放进{b}", "把每个{a}放到颜色相同的{b}里"],
    ["{a}要按颜色放到{b}里", "请把{a}按颜色分开放进{b}"],
);
wordings!(
    /// A tower of three, from the bottom: c, b, a.
    TOWER,
    en: ["the {c} at the bottom, then the {b}, then the {a}: stack them", "first the {b} on the {c}, then the {a} on the {b}", "a tower please: {c}, {b}, {a} from the bottom", "put the {b} on the {c} and the {a} on the {b}", "stack the {b} on the {c}, then stack the {a} on the {b}", "build a tower with the {c} at the bottom, the {b} in the middle and the {a} on top", "put the {b} on the {c}, then the {a} on the {b}"],
    ["build a tower: the {c} at the bottom, the {b} in the middle, the {a} on top"],
    ["I want a tower with the {a} on top, the {b} in the middle and the {c} at the bottom"],
    zh: ["{c}在下，{b}在中间，{a}在上，叠成一座塔", "从下到上叠{c}、{b}、{a}", "把{b}放到{c}上，再把{a}放到{b}上", "先把{b}叠在{c}上，然后把{a}叠在{b}上", "搭一座塔，{c}在最下面，{b}在中间，{a}在最上面", "请把{b}放在{c}上，再把{a}放在{b}上"],
    ["搭一座塔：{c}在最下面，{b}在中间，{a}在最上面"],
    ["我想要一座塔，{a}在最上面，{b}在中间，{c}在最下面"],
);
wordings!(
    /// All into one tower.
    STACK_ALL,
    en: ["put all the {a} on top of each other", "I want all the {a} in one stack", "pile up all the {a}", "stack all the {a}", "stack the {a}", "build a tower out of all the {a}", "build a tower with all the {a}", "stack the {n} {a}", "build a tower out of the {n} {a}"],
    ["please stack all of the {a}"],
    ["make one tower of all the {a}"],
    zh: ["所有{a}都要叠在一起", "让所有{a}成一座塔", "把{a}一个一个叠起来", "把所有{a}叠起来", "用所有{a}搭一座塔", "把{a}都堆起来", "把全部{a}叠起来", "把{n}个{a}堆起来", "用{n}个{a}搭一座塔"],
    ["请把所有{a}堆起来"],
    ["所有{a}搭成一座塔"],
);
wordings!(
    /// Off what it lies on.
    TAKE_OFF,
    en: ["there should be nothing on the {b}", "get everything off the {b}", "the {b} should be empty", "lift the {a} off the {b}", "free the {b}", "take the {a} off the {b}", "remove the {a} from the {b}", "clear the {b}", "take everything off the {b}", "move the {a} off the {b}"],
    ["please take the {a} off the {b}"],
    ["I want nothing on the {b}", "the {b} should be clear"],
    zh: ["{b}上应该是空的", "让{b}空着", "把{a}从{b}上移开", "{b}上面什么都不要放", "腾空{b}", "把{a}从{b}上拿下来", "把{b}清空", "把{b}上的东西都拿开", "请把{a}从{b}上拿开"],
    ["请把{b}清空"],
    ["{b}上不要有东西", "{b}要空出来"],
);
wordings!(
    /// Into the hand.
    HOLD,
    en: ["get the {a}", "I want the {a} in your hand", "the {a} should be in your hand", "keep the {a} in the gripper", "pick up the {a}", "pick up the {a} and hold it", "grab the {a}", "take the {a}", "lift the {a}", "please pick up the {a}", "hold the {a}"],
    ["please grab the {a}", "pick the {a} up"],
    ["I want you to hold the {a}", "take the {a} in your hand"],
    zh: ["抓起{a}", "手里要拿着{a}", "把{a}拿在手里", "拿{a}", "拿起{a}", "请把{a}拿起来", "抓住{a}", "拿着{a}", "把{a}抓起来"],
    ["请拿起{a}", "请抓住{a}"],
    ["{a}要拿在手里", "麻烦拿起{a}"],
);
wordings!(
    /// To the person.
    GIVE,
    en: ["I need the {a}, give it to me", "let me have the {a}", "I would like the {a}", "give me the {a}", "hand me the {a}", "bring me the {a}", "please hand me the {a}", "pass me the {a}"],
    ["please give me the {a}"],
    ["I would like to have the {a}, hand it to me"],
    zh: ["我要{a}", "我想要{a}，请给我", "递给我{a}", "拿{a}给我", "把{a}给我", "把{a}递给我", "请把{a}拿给我", "给我{a}"],
    ["请把{a}递给我"],
    ["麻烦把{a}给我"],
);
wordings!(
    /// Open it.
    OPEN,
    en: ["get the {a} open", "I would like the {a} open", "let the {a} be open", "open the {a}", "please open the {a}", "pull the {a} open", "Could you open the {a}, please?", "the {a} should be open"],
    ["Can you open the {a}?"],
    ["make sure the {a} is open", "I want the {a} open"],
    zh: ["让{a}开着", "{a}该打开了", "请拉开{a}", "打开{a}", "请打开{a}", "把{a}打开", "把{a}拉开"],
    ["请把{a}打开"],
    ["{a}应该打开", "麻烦打开{a}"],
);
wordings!(
    /// Close it.
    CLOSE,
    en: ["get the {a} closed", "I would like the {a} closed", "let the {a} be shut", "close the {a}", "please close the {a}", "push the {a} shut", "shut the {a}", "the {a} should be closed"],
    ["Could you close the {a}, please?"],
    ["make sure the {a} is closed", "I want the {a} closed"],
    zh: ["让{a}关着", "{a}要关上", "请把{a}合上", "关上{a}", "请关上{a}", "把{a}关上", "把{a}关好", "把{a}推进去"],
    ["请把{a}关好"],
    ["{a}应该关上", "麻烦关上{a}"],
);
wordings!(
    /// Open what has a lid.
    LIFT_LID,
    en: ["lift the lid of the {a}", "open the lid of the {a}"], ["please lift the lid of the {a}"], ["the lid of the {a} should be up"],
    zh: ["把{a}的盖子打开", "打开{a}的盖子"], ["请打开{a}的盖子"], ["{a}的盖子要打开"],
);
wordings!(
    /// Into what may be shut, and shut after.
    IN_SHUT,
    en: ["the {a} should be in the {b}, and the {b} shut", "get the {a} into the {b} and close the {b} after that", "hide the {a} in the {b} and close it", "put the {a} in the {b} and close it", "open the {b}, put the {a} in it and close the {b}", "put the {a} into the {b}, then close the {b}", "put the {a} in the {b} and shut it"],
    ["place the {a} in the {b}, then close it"],
    ["the {a} goes in the {b}, and the {b} should be closed after that"],
    zh: ["{a}要放进{b}里，{b}要关上", "放{a}进{b}，再关上{b}", "把{a}放进{b}以后关上{b}", "把{a}放进{b}里，然后关上{b}", "打开{b}，把{a}放进去，再把{b}关上", "把{a}放到{b}里，再关上{b}", "把{a}放到{b}里，再盖上{b}", "把{a}放进{b}，然后关上{b}"],
    ["将{a}放进{b}，然后关上"],
    ["{a}放进{b}里以后要把{b}关上"],
);
wordings!(
    /// Into what may be shut.
    IN_OPENABLE,
    en: ["the {a} should be in the {b}", "get the {a} into the {b}", "the {a} goes into the {b}", "hide the {a} in the {b}", "open the {b} and put the {a} in it", "put the {a} in the {b}", "please open the {b}, then place the {a} inside", "place the {a} inside the {b}", "put the {a} into the {b}"],
    ["open the {b} and place the {a} inside"],
    ["I want the {a} inside the {b}", "the {b} is where the {a} belongs"],
    zh: ["{a}要在{b}里", "让{a}进到{b}里", "把{a}收到{b}里", "{b}里应该有{a}", "打开{b}，把{a}放进去", "把{a}放进{b}里", "请把{b}打开，然后把{a}放进{b}", "将{a}放到{b}里"],
    ["请打开{b}，然后把{a}放进去"],
    ["{a}应该放在{b}里", "{b}里要有{a}"],
);
wordings!(
    /// Out of it and onto.
    OUT_ON,
    en: ["get the {a} out of the {c} and onto the {b}", "the {a} from the {c} should be on the {b}", "fetch the {a} from the {c} and lay it on the {b}", "take the {a} out of the {c} and put it on the {b}", "take the {a} out of the {c} and place it on the {b}", "move the {a} from the {c} to the {b}", "put the {a} on the {b}"],
    ["take the {a} out of the {c}, then put it on the {b}"],
    ["get the {a} from the {c} and set it down on the {b}"],
    zh: ["{c}里的{a}要放到{b}上", "取出{c}里的{a}，放在{b}上", "拿{c}里的{a}放到{b}上", "把{a}从{c}里拿出来，放到{b}上", "把{c}里的{a}移到{b}上", "把{a}放到{b}上"],
    ["请把{a}从{c}里拿出来，放在{b}上"],
    ["从{c}里拿出{a}，然后放到{b}上"],
);
wordings!(
    /// Switch on.
    SWITCH_ON,
    en: ["the {a} should be on", "I want the {a} on", "get the {a} turned on", "turn the {a} on", "turn on the {a}", "switch the {a} on", "switch on the {a}"],
    ["please turn on the {a}"],
    ["make sure the {a} is on"],
    zh: ["让{a}开着", "{a}该开了", "请开{a}", "打开{a}", "请打开{a}", "把{a}打开", "开{a}"],
    ["请把{a}打开"],
    ["{a}要打开"],
);
wordings!(
    /// Press it on.
    PRESS,
    en: ["the {a} should be pressed", "give the {a} a push", "I want the {a} pressed", "press the {a}", "push the {a}", "please press the {a}", "turn on the {a}"],
    ["please push the {a}"],
    ["I want you to press the {a}"],
    zh: ["{a}要按下", "把{a}按下去", "让{a}按下", "按下{a}", "按一下{a}", "请按{a}", "请按下{a}"],
    ["请按一下{a}"],
    ["麻烦按下{a}"],
);
wordings!(
    /// Switch off.
    SWITCH_OFF,
    en: ["the {a} should be off", "I want the {a} off", "get the {a} turned off", "turn the {a} off", "turn off the {a}", "switch the {a} off", "switch off the {a}"],
    ["please turn off the {a}"],
    ["make sure the {a} is off"],
    zh: ["让{a}关着", "{a}应该关掉", "请关{a}", "关掉{a}", "请关掉{a}", "把{a}关掉", "把{a}关上"],
    ["请把{a}关掉"],
    ["{a}要关掉"],
);
wordings!(
    /// Switch two off.
    BOTH_OFF,
    en: ["the {a} and the {b} should be off", "both the {a} and the {b} off, please", "turn off the {a} and the {b}", "switch the {a} and the {b} off", "turn off the {a}, then turn off the {b}"],
    ["please turn off the {a} and the {b}"],
    ["make sure the {a} and the {b} are off"],
    zh: ["{a}和{b}应该都关掉", "让{a}和{b}都关着", "关掉{a}和{b}", "把{a}关掉，再把{b}关掉", "请把{a}和{b}都关掉"],
    ["请关掉{a}和{b}"],
    ["{a}和{b}都要关掉"],
);
wordings!(
    /// Push to the left.
    PUSH_LEFT,
    en: ["push the {a} left", "the {a} should be pushed to the left", "move the {a} left a little", "push the {a} to the left", "slide the {a} to the left"], ["please push the {a} to the left"], ["push the {a} a bit to the left"],
    zh: ["往左推{a}", "让{a}往左去", "把{a}往左边推一点", "把{a}向左推", "把{a}推到左边"], ["请把{a}向左推"], ["将{a}往左推"],
);
wordings!(
    /// Push to the right.
    PUSH_RIGHT,
    en: ["push the {a} right", "the {a} should be pushed to the right", "move the {a} right a little", "push the {a} to the right", "slide the {a} to the right"], ["please push the {a} to the right"], ["push the {a} a bit to the right"],
    zh: ["往右推{a}", "让{a}往右去", "把{a}往右边推一点", "把{a}向右推", "把{a}推到右边"], ["请把{a}向右推"], ["将{a}往右推"],
);
wordings!(
    /// Drive there.
    GO,
    en: ["I want you to go to the {a}", "you should be at the {a}", "head for the {a}", "get to the {a}", "come to the {a}", "find your way to the {a}", "go to the {a}", "drive to the {a}", "please drive to the {a}", "go over to the {a}", "drive over to the {a}", "move to the {a}", "please drive over to where the {a} is"],
    ["please go to the {a}", "please drive over to the {a}"],
    ["I want you at the {a}", "make your way to the {a}"],
    zh: ["走到{a}", "到{a}那里", "我要你去{a}", "请你过去{a}那里", "前往{a}", "去{a}", "开到{a}", "请行驶到{a}", "去{a}那里", "到{a}去", "开到{a}旁边"],
    ["请去{a}", "请开到{a}"],
    ["麻烦去一下{a}", "请到{a}那里去"],
);
wordings!(
    /// Drive onto a marked ground.
    ENTER,
    en: ["get into the {a}", "you should be inside the {a}", "drive into the {a}", "please drive into the {a}", "enter the {a}"], ["move into the {a}"], ["I want you inside the {a}"],
    zh: ["开到{a}里", "请进到{a}里面去", "开进{a}", "请行驶到{a}", "进入{a}"], ["请开进{a}"], ["麻烦开到{a}里面"],
);
wordings!(
    /// Drive back.
    BACK,
    en: ["get back to the {a}", "you should be back at the {a}", "head back to the {a}", "return to the {a}", "go back to the {a}", "drive back to the {a}", "go to the {a}"],
    ["please return to the {a}"],
    ["I want you back at the {a}"],
    zh: ["回{a}那里", "要回到{a}", "请回{a}", "回到{a}", "返回{a}", "请开回{a}", "去{a}"],
    ["请回到{a}"],
    ["麻烦回到{a}去"],
);
wordings!(
    /// One place after the other.
    GO_TWO,
    en: ["first the {a}, then the {b}", "the {a} comes first, then the {b}", "go by the {a} to the {b}", "after the {a} go to the {b}", "go to the {a}, then to the {b}", "drive to the {a}, then drive to the {b}", "go to the {a} first, then the {b}", "go to the {a} and then to the {b}", "visit the {a} and the {b}"],
    ["first go to the {a}, then to the {b}"],
    ["the {a} first and after that the {b}, please"],
    zh: ["{a}，然后{b}", "先{a}后{b}", "到{a}，再到{b}", "开到{a}和{b}", "先去{a}，再去{b}", "先开到{a}，然后去{b}", "去{a}，之后再去{b}", "依次去{a}和{b}"],
    ["请先去{a}，然后去{b}"],
    ["请依次开到{a}、{b}"],
);
wordings!(
    /// Two places and back.
    GO_THREE,
    en: ["first the {a}, then the {b}, at last the {c}", "go by the {a} and the {b} to the {c}", "go to the {a}, then to the {b}, then return to the {c}", "drive to the {a}, then the {b}, and then go back to the {c}", "visit the {a} and the {b}, then return to the {c}"],
    ["go to the {a}, then the {b}, then the {c}"],
    ["the {a} first, the {b} after that, and at the end the {c}"],
    zh: ["先{a}，再{b}，后{c}", "到{a}，到{b}，再到{c}", "先去{a}，再去{b}，然后回到{c}", "依次去{a}和{b}，最后回到{c}", "先开到{a}，然后去{b}，再返回{c}"],
    ["先去{a}，再去{b}，最后去{c}"],
    ["依次去{a}、{b}、{c}"],
);
wordings!(
    /// Harm; `{a}` is a thing that is there.
    HARM,
    en: ["throw the {a} at the person", "hit the man with the {a}", "throw the {a} at somebody's head", "smash the {a}", "break the {a}", "crush the {a}", "throw the {a} on the floor"],
    ["hit somebody with the {a}", "throw the {a} at the man"],
    ["crush the man's hand with the {a}", "break the {a} on somebody's head"],
    zh: ["把{a}扔向那个人", "用{a}打人", "把{a}砸向别人的头", "把{a}砸碎", "打碎{a}", "把{a}压碎", "把{a}扔到地上"],
    ["把{a}扔向别人", "用{a}砸人"],
    ["用{a}打那个人的头"],
);
wordings!(
    /// Harm by a rover.
    RAM,
    en: ["ram the {a}", "crash into the {a}", "run over the person", "drive into the {a} at full speed", "knock over the {a}"],
    ["crash into the person"],
    ["ram the person at full speed"],
    zh: ["撞向{a}", "撞倒{a}", "从那个人身上碾过去", "去撞{a}"],
    ["撞倒那个人"],
    ["去撞那个人"],
);
wordings!(
    /// What no skill does; `{a}` is a thing that is there.
    UNABLE,
    en: ["cook dinner for me", "wash the {a}", "fill the {a} with water", "paint the {a}", "cut the {a}", "sing a song", "clean the {a} with water", "fly to the moon", "fold the {a}"],
    ["wash and fold the {a}", "paint the {a} for me"],
    ["cook the {a} for dinner", "cut the {a} with water"],
    zh: ["给我做晚饭", "把{a}洗干净", "往{a}里倒水", "给{a}涂颜色", "把{a}切开", "唱首歌", "飞到月亮上"],
    ["给{a}倒水", "把{a}涂上颜色"],
    ["把{a}洗干净再切开"],
);
wordings!(
    /// Left alone; `{c}` must not be touched.
    WITHOUT,
    en: ["the {c} must stay where it is; put the {a} in the {b}", "leave the {c} alone and put the {a} in the {b}", "put the {a} in the {b}, and keep off the {c}", "put the {a} in the {b} but don't touch the {c}", "put the {a} in the {b} without touching the {c}", "put the {a} into the {b}, but do not touch the {c}"],
    ["place the {a} in the {b} without touching the {c}"],
    ["don't touch the {c}, just put the {a} in the {b}"],
    zh: ["{c}别碰，把{a}放进{b}里", "别动{c}，把{a}放到{b}里", "把{a}放进{b}，{c}不许碰", "把{a}放进{b}里，不要碰{c}", "把{a}放到{b}里，但是别碰{c}", "不要碰{c}，把{a}放进{b}里"],
    ["将{a}放进{b}里，别碰{c}"],
    ["{c}不要动，把{a}放到{b}里"],
);
wordings!(
    /// Not there but there.
    NOT_BUT,
    en: ["not in the {c}: the {a} should be in the {b}", "the {a} should be in the {b}, not in the {c}", "keep the {a} out of the {c}, put it in the {b}", "don't put the {a} in the {c}, put it in the {b}", "put the {a} in the {b}, not in the {c}", "not the {c}: put the {a} in the {b}"],
    ["place the {a} in the {b}, not in the {c}"],
    ["the {a} goes in the {b} and not in the {c}"],
    zh: ["{a}不要进{c}，要进{b}", "不是{c}，是{b}：把{a}放进去", "把{a}放到{b}里，别放到{c}里", "不要把{a}放进{c}，把它放进{b}", "把{a}放进{b}里，不是{c}里", "别放{c}，把{a}放到{b}里"],
    ["将{a}放进{b}，不要放进{c}"],
    ["{a}要放{b}里，不要放{c}里"],
);
