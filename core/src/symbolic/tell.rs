//! The reasoning in words, in the language of the instruction: what is seen, which object is meant and why, what is in
//! the way, the order and why, what failed before and what is done differently. Sentences, one after the other.

use crate::fact::Fact;
use crate::goal::Language;
use crate::outcome::FailureCode;
use crate::plan::{DraftArg, SkillCall};
use crate::scene::{Affordance, Color, ObjectId};
use crate::state::{Side, State, Support};
use crate::symbolic::course::Course;
use crate::symbolic::history::{Change, History};
use crate::symbolic::intent::Meaning;
use crate::symbolic::naming::{Names, join};
use crate::symbolic::reading::{Description, Missing, Size, Spot};
use crate::symbolic::resolve::{Found, Lost};
use crate::symbolic::why::Why;

/// Speaks of one scene in one language.
pub struct Teller<'a> {
    state: &'a State,
    names: Names,
    language: Language,
    cites: Vec<usize>,
}

impl<'a> Teller<'a> {
    /// A teller for a state.
    pub fn new(state: &'a State, language: Language) -> Self {
        Self { state, names: Names::of(state, language), language, cites: Vec::new() }
    }

    /// Objects spoken of so far, in order.
    pub fn cites(&self) -> Vec<ObjectId> {
        self.cites.iter().map(|i| self.state.objects()[*i].id).collect()
    }

    fn say(&self, en: impl FnOnce() -> String, zh: impl FnOnce() -> String) -> String {
        match self.language {
            Language::En => capital(&en()),
            Language::Zh => zh(),
        }
    }

    fn cite(&mut self, index: usize) {
        if !self.cites.contains(&index) {
            self.cites.push(index);
        }
    }

    fn name(&mut self, index: usize) -> String {
        self.cite(index);
        self.names.the(index).to_owned()
    }

    fn named(&mut self, id: &ObjectId) -> String {
        self.state.index(id).map_or_else(|| id.to_string(), |i| self.name(i))
    }

    fn list(&mut self, indices: &[usize], joint: (&str, &str)) -> String {
        indices.iter().for_each(|i| self.cite(*i));
        let joint = if self.language == Language::En { joint.0 } else { joint.1 };
        self.names.list(indices, joint)
    }

    /// What is around, and how it lies.
    pub fn sees(&mut self) -> Vec<String> {
        let objects = self.state.objects();
        if objects.is_empty() {
            return vec![self.say(|| "I see nothing around me.".to_owned(), || "我周围什么都没看到。".to_owned())];
        }
        let shown: Vec<usize> = (0..objects.len()).take(16).collect();
        shown.iter().for_each(|i| self.cite(*i));
        let things: Vec<String> = shown.iter().map(|i| self.names.a(*i)).collect();
        let (all, language) = (objects.len(), self.language);
        let things = join(things, language, if language == Language::En { "and" } else { "和" });
        let more = all - shown.len();
        let mut sentences = vec![match more {
            0 => self.say(|| format!("I see {things}."), || format!("我看到{things}。")),
            _ => self
                .say(|| format!("I see {things}, and {more} more."), || format!("我看到{things}，还有另外{more}个。")),
        }];
        for i in shown {
            let situation = &self.state.situations[i];
            let on = match situation.support {
                Support::On(j) if !objects[j].can(Affordance::Fixed) => Some((j, false)),
                Support::In(j) => Some((j, true)),
                _ => None,
            };
            if let Some((j, inside)) = on {
                let (a, b) = (self.name(i), self.name(j));
                sentences.push(match inside {
                    true => self.say(|| format!("{a} is in {b}."), || format!("{a}在{b}里。")),
                    false => self.say(|| format!("{a} is on {b}."), || format!("{a}在{b}上。")),
                });
            }
            if let Some(open) = situation.open {
                let a = self.name(i);
                sentences.push(match open {
                    true => self.say(|| format!("{a} is open."), || format!("{a}是开着的。")),
                    false => self.say(|| format!("{a} is closed."), || format!("{a}是关着的。")),
                });
            }
        }
        if let Some(held) = self.state.holding {
            let a = self.name(held);
            sentences.push(self.say(|| format!("I hold {a}."), || format!("我手里拿着{a}。")));
        }
        sentences
    }

    /// Which objects the words mean, and why those.
    pub fn means(&mut self, meanings: &[Meaning]) -> Vec<String> {
        let mut told: Vec<&Vec<usize>> = Vec::new();
        let mut sentences = Vec::new();
        for meaning in meanings {
            if meaning.objects.is_empty() || (told.contains(&&meaning.objects) && meaning.found != Found::Spoken) {
                continue;
            }
            told.push(&meaning.objects);
            let objects = self.list(&meaning.objects, ("and", "和"));
            let said = if meaning.description.said.is_empty() { None } else { Some(meaning.description.said.clone()) };
            let Some(said) = said else { continue };
            let why = self.reason(meaning);
            sentences.push(self.say(
                || format!("\"{said}\" is {objects}: {}.", why.0),
                || format!("“{said}”指的是{objects}：{}。", why.1),
            ));
        }
        sentences
    }

    fn reason(&self, meaning: &Meaning) -> (String, String) {
        let it = &meaning.description;
        let both = |en: &str, zh: &str| (en.to_owned(), zh.to_owned());
        if it.pronoun {
            return both("that is what was spoken of", "前面刚说到它");
        }
        match meaning.found {
            Found::Spoken => both("that one was spoken of before", "前面说过它"),
            Found::Any => both("any of them will do, and this one is easy to get at", "哪个都可以，这个最方便"),
            Found::All => both("all that fit the words are meant", "符合说法的都算"),
            Found::Useful => {
                both("of those that fit, only with this one is there something to do", "符合说法的里面，只有它需要动")
            }
            Found::Picked => match (it.ordinal, it.spot, it.size) {
                (Some(n), ..) => (format!("it is number {n} in the row"), format!("它排第{n}")),
                (_, Some(spot), _) => {
                    let (en, zh) = spot_words(spot);
                    (format!("it is {en}"), format!("它{zh}"))
                }
                (_, _, Some(Size::Big)) => both("it is the largest", "它最大"),
                _ => both("it is the smallest", "它最小"),
            },
            Found::Only => both("nothing else fits the words", "符合说法的只有它"),
        }
    }

    /// What failed before and what is done differently.
    pub fn learns(&mut self, history: &History, change: &Change) -> Vec<String> {
        let mut sentences = Vec::new();
        if let Some((call, code)) = history.last {
            let times = history.failed.iter().find(|(c, ..)| *c == call).map_or(1, |(.., n)| *n);
            let deed = self.deed(&call, None);
            let why = self.failure(code);
            sentences.push(match times {
                1 => self.say(
                    || format!("Last time this did not work: to {deed}, because {}.", why.0),
                    || format!("上一次没有成功：{deed}，因为{}。", why.1),
                ),
                n => self.say(
                    || format!("This failed {n} times: to {deed}, because {}.", why.0),
                    || format!("这一步失败了{n}次：{deed}，因为{}。", why.1),
                ),
            });
        } else if history.unreached > 0 {
            sentences.push(self.say(
                || "Last time every step worked, and yet the goal was not reached.".to_owned(),
                || "上一次每一步都成功了，但是目标没有达到。".to_owned(),
            ));
        }
        match change {
            Change::None => {
                if !sentences.is_empty() {
                    sentences.push(self.say(
                        || "I plan anew from how things are now.".to_owned(),
                        || "我从现在的样子重新计划。".to_owned(),
                    ));
                }
            }
            Change::LookFirst => sentences.push(self.say(
                || "So I look again first and then go on from how things are now.".to_owned(),
                || "所以我先重新看一看，再从现在的样子继续。".to_owned(),
            )),
            Change::OtherWay => {
                sentences.push(self.say(
                    || "So this time I go about it another way.".to_owned(),
                    || "所以这一次我换一种办法。".to_owned(),
                ));
            }
            Change::Nudge(call) => {
                let object = call.object(0).map_or(String::new(), |id| self.named(&id));
                sentences.push(self.say(
                    || format!("So I push {object} a little first, to where it is easier to grasp."),
                    || format!("所以我先把{object}推开一点，推到好抓的地方。"),
                ));
            }
        }
        sentences
    }

    /// What is so already, what is in the way, what comes first and why, and the steps.
    pub fn plans(&mut self, course: &Course, from: &State) -> Vec<String> {
        let mut sentences = Vec::new();
        for fact in course.goal.iter().filter(|f| from.holds(f) && !matches!(f, Fact::HandEmpty)).take(8) {
            let fact = self.fact(fact);
            sentences.push(self.say(|| format!("It is so already that {fact}."), || format!("{fact}，这已经是了。")));
        }
        sentences.extend(self.obstacles(course, from));
        sentences.extend(self.order(course, from));
        sentences.push(self.steps(course, from));
        sentences
    }

    fn obstacles(&mut self, course: &Course, from: &State) -> Vec<String> {
        let mut sentences = Vec::new();
        let mut state = from.clone();
        let wanted =
            |id: ObjectId| course.goal.iter().any(|f| !matches!(f, Fact::Open(_)) && f.objects().next() == Some(id));
        for (k, call) in course.steps.iter().enumerate() {
            let object = call.object(0).and_then(|id| state.index(&id));
            match (call.spec().name, object) {
                ("pick", Some(i)) if !wanted(state.objects()[i].id) => {
                    if let Support::On(under) = state.situations[i].support
                        && !state.objects()[under].can(Affordance::Fixed)
                    {
                        let (a, b) = (self.name(i), self.name(under));
                        sentences.push(self.say(
                            || format!("{a} lies on {b} and is in the way, so it has to go first."),
                            || format!("{a}压在{b}上，挡住了，所以要先把它移开。"),
                        ));
                    }
                }
                ("open", Some(i))
                    if (!course.goal.contains(&Fact::Open(state.objects()[i].id)) || k + 1 < course.steps.len())
                        && state.situations[i].open == Some(false) =>
                {
                    let a = self.name(i);
                    sentences.push(self.say(
                        || format!("{a} is closed, so I open it first."),
                        || format!("{a}是关着的，所以我先打开它。"),
                    ));
                }
                ("place_on", _) if k == 0 => {
                    if let Some(held) = state.holding.filter(|h| !wanted(state.objects()[*h].id)) {
                        let a = self.name(held);
                        sentences.push(self.say(
                            || format!("I need an empty hand, so I put down {a} first."),
                            || format!("手要空出来，所以我先放下{a}。"),
                        ));
                    }
                }
                _ => {}
            }
            call.skill().effect(call, &mut state);
        }
        sentences
    }

    /// `blue on green` before `red on blue`.
    fn order(&mut self, course: &Course, from: &State) -> Vec<String> {
        let mut sentences = Vec::new();
        let todo: Vec<Fact> = course.goal.iter().copied().filter(|f| !from.holds(f)).collect();
        for upper in &todo {
            let Fact::On(a, b) = *upper else { continue };
            if todo.iter().any(|f| matches!(f, Fact::On(x, _) if *x == b)) {
                let (a, b) = (self.named(&a), self.named(&b));
                sentences.push(self.say(
                    || format!("{b} carries {a}, so it gets its place before."),
                    || format!("{b}在{a}下面，所以先放好它。"),
                ));
            }
        }
        sentences
    }

    fn steps(&mut self, course: &Course, from: &State) -> String {
        if course.steps.is_empty() {
            return self.say(|| "There is nothing left to do.".to_owned(), || "没有什么要做的了。".to_owned());
        }
        let mut state = from.clone();
        let mut deeds = Vec::new();
        for call in &course.steps {
            deeds.push(self.deed(call, state.holding));
            call.skill().effect(call, &mut state);
        }
        match self.language {
            Language::En => format!("So: {}.", deeds.join(", then ")),
            Language::Zh => format!("所以步骤是：{}。", deeds.join("，然后")),
        }
    }

    /// A call in words: `put the red block into the bowl`.
    pub fn deed(&mut self, call: &SkillCall, held: Option<usize>) -> String {
        let object = call.object(0).map(|id| self.named(&id)).unwrap_or_default();
        let held = held.map_or_else(
            || ("what I hold".to_owned(), "手里的东西".to_owned()),
            |i| {
                let name = self.name(i);
                (name.clone(), name)
            },
        );
        let en = self.language == Language::En;
        let choice = |i: usize| call.choice(i).unwrap_or(0);
        match call.spec().name {
            "look" => if en { "take a fresh look" } else { "再看一看" }.to_owned(),
            "pick" => {
                if en {
                    format!("pick up {object}")
                } else {
                    format!("拿起{object}")
                }
            }
            "place_in" => {
                if en {
                    format!("put {} into {object}", held.0)
                } else {
                    format!("把{}放进{object}里", held.1)
                }
            }
            "place_on" => {
                if en {
                    format!("put {} on {object}", held.0)
                } else {
                    format!("把{}放到{object}上", held.1)
                }
            }
            "place_beside" => {
                let (side, side_zh) = side_words(Side::nth(choice(1)).unwrap_or(Side::Left));
                if en {
                    format!("put {} {side} {object}", held.0)
                } else {
                    format!("把{}放到{object}{side_zh}", held.1)
                }
            }
            "push" => {
                let side = Side::nth(choice(1)).unwrap_or(Side::Left);
                let cm = (call.number(2).unwrap_or(0.0) * 100.0).round();
                let way_zh = ["向左", "向右", "向自己", "向远处"][side as usize];
                if en {
                    format!("push {object} {cm} cm {}", side.way())
                } else {
                    format!("把{object}{way_zh}推{cm}厘米")
                }
            }
            "open" => {
                if en {
                    format!("open {object}")
                } else {
                    format!("打开{object}")
                }
            }
            "close" => {
                if en {
                    format!("close {object}")
                } else {
                    format!("关上{object}")
                }
            }
            "press" => {
                if en {
                    format!("press {object}")
                } else {
                    format!("按{object}")
                }
            }
            "turn" => match (en, choice(1)) {
                (true, 0) => format!("turn {object} on"),
                (true, _) => format!("turn {object} off"),
                (false, 0) => format!("把{object}打开"),
                (false, _) => format!("把{object}关掉"),
            },
            "go_to" => {
                if en {
                    format!("drive to {object}")
                } else {
                    format!("开到{object}")
                }
            }
            "hand_over" => {
                if en {
                    "hold it out to you".to_owned()
                } else {
                    "递给你".to_owned()
                }
            }
            "park" => {
                if en {
                    "fold the arm away".to_owned()
                } else {
                    "收好归位".to_owned()
                }
            }
            "wait" => {
                let seconds = call.number(0).unwrap_or(0.0);
                if en { format!("wait {seconds} seconds") } else { format!("等{seconds}秒") }
            }
            _ => {
                let draft = call.to_draft();
                let args: Vec<String> = draft
                    .args
                    .values()
                    .map(|a| match a {
                        DraftArg::Word(word) => word.clone(),
                        DraftArg::Number(number) => number.to_string(),
                    })
                    .collect();
                format!("{} {}", draft.skill, args.join(" "))
            }
        }
    }

    fn fact(&mut self, fact: &Fact) -> String {
        let en = self.language == Language::En;
        let mut objects = fact.objects();
        let (a, b) = (objects.next(), objects.next());
        let a = a.map(|id| self.named(&id)).unwrap_or_default();
        let b = b.map(|id| self.named(&id)).unwrap_or_default();
        let sided = |side: Side| {
            let (side, side_zh) = side_words(side);
            if en { format!("{a} is {side} {b}") } else { format!("{a}在{b}{side_zh}") }
        };
        match fact {
            Fact::HandEmpty => if en { "my hand is empty" } else { "手是空的" }.to_owned(),
            Fact::Held(_) => {
                if en {
                    format!("I hold {a}")
                } else {
                    format!("我拿着{a}")
                }
            }
            Fact::On(..) => {
                if en {
                    format!("{a} is on {b}")
                } else {
                    format!("{a}在{b}上")
                }
            }
            Fact::In(..) => {
                if en {
                    format!("{a} is in {b}")
                } else {
                    format!("{a}在{b}里")
                }
            }
            Fact::Open(_) => {
                if en {
                    format!("{a} is open")
                } else {
                    format!("{a}是开着的")
                }
            }
            Fact::Closed(_) => {
                if en {
                    format!("{a} is closed")
                } else {
                    format!("{a}是关着的")
                }
            }
            Fact::TurnedOn(_) => {
                if en {
                    format!("{a} is switched on")
                } else {
                    format!("{a}是开着的")
                }
            }
            Fact::TurnedOff(_) => {
                if en {
                    format!("{a} is switched off")
                } else {
                    format!("{a}是关着的")
                }
            }
            Fact::Near(..) => {
                if en {
                    format!("{a} is next to {b}")
                } else {
                    format!("{a}在{b}旁边")
                }
            }
            Fact::RobotAt(_) => {
                if en {
                    format!("I am at {a}")
                } else {
                    format!("我在{a}那里")
                }
            }
            Fact::Upright(_) => {
                if en {
                    format!("{a} stands upright")
                } else {
                    format!("{a}是立着的")
                }
            }
            Fact::LeftOf(..) => sided(Side::Left),
            Fact::RightOf(..) => sided(Side::Right),
            Fact::InFrontOf(..) => sided(Side::Front),
            Fact::Behind(..) => sided(Side::Behind),
            Fact::Moved(_, side) => {
                if en {
                    format!("{a} was moved {}", side.way())
                } else {
                    format!("{a}被推过了")
                }
            }
        }
    }

    fn failure(&self, code: FailureCode) -> (String, &'static str) {
        let zh = match code {
            FailureCode::GraspMissed => "手指没有夹到东西",
            FailureCode::Dropped => "拿着的东西掉了",
            FailureCode::ObjectMoved => "东西被移动了",
            FailureCode::ObjectGone => "东西看不到了",
            FailureCode::Unreachable => "够不着",
            FailureCode::Blocked => "动作被挡住了",
            FailureCode::NoWay => "没有路可以过去",
            FailureCode::NoRoom => "没有地方放",
            FailureCode::NoEffect => "没有产生效果",
            FailureCode::PreconditionLost => "前提条件不成立了",
            FailureCode::StepTimedOut => "用的时间太长",
            FailureCode::GuardRefused => "安全守卫拒绝了动作",
            FailureCode::GoalNotReached => "每一步都成功了，但目标没有达到",
        };
        (code.to_string(), zh)
    }

    /// Why it is not done: for the person.
    pub fn refuses(&mut self, why: &Why) -> String {
        match why {
            Why::NotUnderstood(unread) => self.not_understood(unread),
            Why::Unsafe(words) => self.say(
                || format!("I won't do that: \"{words}\" could hurt somebody or break something."),
                || format!("我不能这样做：“{words}”可能会伤到人或者弄坏东西，不安全。"),
            ),
            Why::Unable(words) => self.say(
                || format!("I can't do that: I have no skill for \"{words}\". I can pick up, put down, push, open, close, press, turn, and drive."),
                || format!("这个我做不到：我没有“{words}”这种技能。我会拿、放、推、打开、关上、按、拧，还有开到某个地方。"),
            ),
            Why::Lost(lost) => self.lost(lost),
            Why::Incomplete(words, missing) => match missing {
                Missing::What => self.say(|| format!("What shall I {words}?"), || format!("要{words}什么？")),
                Missing::Where => self.say(|| format!("I heard \"{words}\", but not where to. Where shall it go?"), || format!("我听到“{words}”，但没听到放到哪里。要放到哪里？")),
                Missing::Way => self.say(|| format!("Which way shall I push {words}: left, right, away or nearer?"), || format!("“{words}”要往哪边推：左、右、远处还是近处？")),
            },
            Why::NothingToDo => self.say(
                || "Then I leave things as they are. What shall I do instead?".to_owned(),
                || "好的，那我就不动。要我做什么别的吗？".to_owned(),
            ),
            Why::Contradiction => self.say(
                || "You ask for it and you forbid it in one breath. Which do you mean?".to_owned(),
                || "这件事又要做又不许做。到底要哪样？".to_owned(),
            ),
            Why::HowToShare => self.say(
                || "I can't tell which thing shall go where. Can you name them one by one?".to_owned(),
                || "我分不清哪个东西要放到哪里。可以一个一个说吗？".to_owned(),
            ),
            Why::WhichPlace(_, places) => {
                let places = self.list(places, ("or", "还是"));
                self.say(|| format!("Where shall it go: {places}?"), || format!("要放到哪里：{places}？"))
            }
            Why::NoDestination(i) => {
                let a = self.name(*i);
                self.say(|| format!("Where shall {a} go?"), || format!("{a}要放到哪里？"))
            }
            Why::NoColorPlace(i) => {
                let a = self.name(*i);
                self.say(
                    || format!("I see no place of the same colour for {a}. Where shall it go, or shall it stay?"),
                    || format!("没有和{a}颜色相同的地方。要放到哪里，还是不动它？"),
                )
            }
            Why::NoArm => self.say(|| "I have no arm, so I can't handle things; I can drive.".to_owned(), || "我没有手臂，不能拿东西，只能开到某个地方。".to_owned()),
            Why::NoBase => self.say(|| "I have no wheels: I can't drive anywhere.".to_owned(), || "我没有轮子，不能开到别的地方。".to_owned()),
            Why::TooLong(seconds) => self.say(|| format!("{seconds} seconds is too long for me to wait."), || format!("等{seconds}秒太久了。")),
            Why::NoWay => self.say(
                || "I found no order of steps that leads there.".to_owned(),
                || "我没有找到能做到的步骤。".to_owned(),
            ),
            Why::NeverReached(n) => self.say(
                || format!("I tried {n} times, every step worked, and yet the goal was not reached: I stop here."),
                || format!("我试了{n}次，每一步都成功了，目标却没有达到，我就停在这里。"),
            ),
            Why::GaveUp(call, code, times) => {
                let (deed, why) = (self.deed(call, None), self.failure(*code));
                self.say(
                    || format!("I tried {times} times to {deed}, and each time it failed: {}. I know no other way.", why.0),
                    || format!("我试了{times}次“{deed}”，每次都失败：{}。我没有别的办法了。", why.1),
                )
            }
            other => self.thing_refused(other),
        }
    }

    fn thing_refused(&mut self, why: &Why) -> String {
        let objects = why.objects();
        let all = self.list(&objects, ("and", "和"));
        let a = objects.first().map(|i| self.name(*i)).unwrap_or_default();
        let b = objects.get(1).map(|i| self.name(*i)).unwrap_or_default();
        match why {
            Why::Fixed(_) => self.say(
                || format!("{a} is fixed or too large: I can't pick it up."),
                || format!("{a}是固定的或者太大，我拿不起来。"),
            ),
            Why::NotAPlace(_) => {
                self.say(|| format!("Nothing can be put in or on {a}."), || format!("{a}里面或上面不能放东西。"))
            }
            Why::NotUnder(_) => {
                self.say(|| format!("I can't put anything under {a}."), || format!("我不能把东西放到{a}下面。"))
            }
            Why::NotOpenable(_) => {
                self.say(|| format!("{a} can't be opened or closed."), || format!("{a}不能打开或关上。"))
            }
            Why::NoSwitch(_) => {
                self.say(|| format!("{a} is neither a button nor a switch."), || format!("{a}不是按钮，也不是开关。"))
            }
            Why::NotReachable(_) => {
                self.say(|| format!("{a} is no place that I can drive to."), || format!("{a}不是我能开去的地方。"))
            }
            Why::Itself(_) => self
                .say(|| format!("{a} can't be put in, on or beside itself."), || format!("不能把{a}放到它自己那里。")),
            Why::DoesNotFit(..) => self.say(
                || format!("{a} does not fit {b}: it is too large for it."),
                || format!("{a}放不进{b}：它太大了。"),
            ),
            Why::TooWide(_) => self.say(
                || format!("{a} is wider than my gripper opens: I can't grasp it."),
                || format!("{a}比我的夹爪张开还要宽，我抓不住。"),
            ),
            Why::OutOfReach(_) => self.say(|| format!("{a} is out of my reach."), || format!("{a}太远了，我够不着。")),
            Why::NotSteady(_) => self
                .say(|| format!("Nothing stays on {a}: it would fall off."), || format!("{a}上放不稳东西，会掉下来。")),
            Why::OneHand(_) => self.say(
                || format!("I have one hand and can't hold {all} at once."),
                || format!("我只有一只手，不能同时拿着{all}。"),
            ),
            Why::InTheWay(_) => self.say(
                || format!("I can't do it without moving {all}, which I was told to leave alone."),
                || format!("不动{all}就做不到，可是说了不要动。"),
            ),
            _ => String::new(),
        }
    }

    fn lost(&mut self, lost: &Lost) -> String {
        match lost {
            Lost::NothingMeant => self.say(
                || "I don't know what \"it\" stands for. What do you mean?".to_owned(),
                || "我不知道“它”指的是什么。你说的是哪个？".to_owned(),
            ),
            Lost::Ambiguous(it, some) => {
                let (said, list) = (said(it, self.language), self.list(some, ("or", "还是")));
                self.say(|| format!("Which one is \"{said}\": {list}?"), || format!("“{said}”指的是哪个：{list}？"))
            }
            Lost::TooFew(it, some) => {
                let (said, list) = (said(it, self.language), self.list(some, ("and", "和")));
                self.say(
                    || format!("I don't see as many as \"{said}\": there is only {list}."),
                    || format!("没有那么多“{said}”：只有{list}。"),
                )
            }
            Lost::NotThere(it, like) => {
                let said = said(it, self.language);
                if !like.is_empty() {
                    let list = self.list(like, ("and", "和"));
                    return self.say(
                        || format!("I don't see \"{said}\" here; what comes nearest is {list}."),
                        || format!("我没看到“{said}”，最接近的是{list}。"),
                    );
                }
                let all: Vec<usize> = (0..self.state.objects().len()).take(16).collect();
                let list = self.list(&all, ("and", "和"));
                match all.is_empty() {
                    true => self.say(
                        || format!("I don't see \"{said}\" here, nor anything else."),
                        || format!("我没看到“{said}”，什么也没看到。"),
                    ),
                    false => self.say(
                        || format!("I don't see \"{said}\" here; what I see is {list}."),
                        || format!("我没看到“{said}”，我看到的是{list}。"),
                    ),
                }
            }
        }
    }

    fn not_understood(&self, unread: &[String]) -> String {
        let words: Vec<String> = unread.iter().take(6).map(|w| w.chars().take(40).collect()).collect();
        if words.is_empty() {
            return self.say(
                || "I did not understand that. Say it like: put the red block in the bowl.".to_owned(),
                || "我没听懂。可以这样说：把红色方块放进碗里。".to_owned(),
            );
        }
        let words = words.join(", ");
        self.say(
            || format!("I did not understand \"{words}\". Say it like: put the red block in the bowl."),
            || format!("我没听懂“{words}”。可以这样说：把红色方块放进碗里。"),
        )
    }

    /// What was understood of an instruction that was not understood whole.
    pub fn understood(&mut self, meanings: &[Meaning]) -> Option<String> {
        let mut objects: Vec<usize> = meanings.iter().flat_map(|m| m.objects.iter().copied()).collect();
        objects.dedup();
        if objects.is_empty() {
            return None;
        }
        let list = self.list(&objects, ("and", "和"));
        Some(
            self.say(|| format!("I did understand that it is about {list}."), || format!("我听懂的是：和{list}有关。")),
        )
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn side_words(side: Side) -> (&'static str, &'static str) {
    match side {
        Side::Left => ("to the left of", "左边"),
        Side::Right => ("to the right of", "右边"),
        Side::Front => ("in front of", "前面"),
        Side::Behind => ("behind", "后面"),
    }
}

fn spot_words(spot: Spot) -> (&'static str, &'static str) {
    match spot {
        Spot::Left => ("the leftmost", "在最左边"),
        Spot::Right => ("the rightmost", "在最右边"),
        Spot::Front => ("the one in front", "在最前面"),
        Spot::Back => ("the one at the back", "在最后面"),
        Spot::Middle => ("the one in the middle", "在中间"),
        Spot::Top => ("the topmost", "在最上面"),
        Spot::Bottom => ("the lowest", "在最下面"),
        Spot::Nearest => ("the nearest", "最近"),
        Spot::Farthest => ("the farthest", "最远"),
    }
}

/// A description as it was said, or put together from what it says.
fn said(it: &Description, language: Language) -> String {
    if !it.said.is_empty() {
        return it.said.clone();
    }
    let color = it.color.map_or("", |c: Color| if language == Language::En { c.name() } else { c.name_zh() });
    let kind = it.kind.map_or("", |k| if language == Language::En { k.name() } else { k.name_zh() });
    format!("{color} {kind}").trim().to_owned()
}
