//! Refusals and questions: why it is not done, for the person.

use crate::goal::Language;
use crate::scene::Color;
use crate::symbolic::intent::Meaning;
use crate::symbolic::reading::{Description, Missing};
use crate::symbolic::resolve::Lost;
use crate::symbolic::tell::Teller;
use crate::symbolic::why::Why;

impl Teller<'_> {
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
            Why::Rejected(error) => self.say(
                || format!("I found a plan, but it does not pass the checker: {error}."),
                || format!("我找到了一个计划，但它没有通过检查：{error}。"),
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

    pub(super) fn thing_refused(&mut self, why: &Why) -> String {
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

    pub(super) fn lost(&mut self, lost: &Lost) -> String {
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

    pub(super) fn not_understood(&self, unread: &[String]) -> String {
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
            self.say(
                || format!("This much I understood: it is about {list}."),
                || format!("我听懂的是：和{list}有关。"),
            ),
        )
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
