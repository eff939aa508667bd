//! Calls, facts and failures in words.

use crate::fact::Fact;
use crate::goal::Language;
use crate::outcome::FailureCode;
use crate::plan::{DraftArg, SkillCall};
use crate::state::Side;
use crate::symbolic::tell::Teller;

impl Teller<'_> {
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

    pub(super) fn fact(&mut self, fact: &Fact) -> String {
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

    pub(super) fn failure(&self, code: FailureCode) -> (String, &'static str) {
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
}

fn side_words(side: Side) -> (&'static str, &'static str) {
    match side {
        Side::Left => ("to the left of", "左边"),
        Side::Right => ("to the right of", "右边"),
        Side::Front => ("in front of", "前面"),
        Side::Behind => ("behind", "后面"),
    }
}
