//! The thought of a lesson: which things are meant and by what number, what failed before, what is in the way, what can't
//! be. Short, in the person's language, and all of it worth something: an answer follows from it. (Reasoning before the
//! answer as training text: Wei et al., arXiv 2201.11903; DeepSeek-R1's cold start, arXiv 2501.12948.)

use ponder_core::fact::Fact;
use ponder_core::plan::SkillCall;
use ponder_core::reasoner::Attempt;
use ponder_core::scene::ObjectId;
use ponder_core::state::{State, Support};

use super::mention::{How, Mention};
use super::task::{Aim, Task};
use crate::reason::alias::Aliases;
use crate::reason::answer::write_call;
use crate::reason::compact::{Grid, code};

/// Tells a thought.
pub struct Teller<'a> {
    /// The state that is thought about.
    pub state: &'a State,
    /// The short names of its things.
    pub aliases: &'a Aliases,
    /// Its grid.
    pub grid: Grid,
    /// Chinese, or English.
    pub zh: bool,
}

impl Teller<'_> {
    fn id(&self, index: usize) -> ObjectId {
        self.aliases.short(self.state.objects()[index].id)
    }

    /// Asks which of these is meant.
    #[must_use]
    pub fn which(&self, said: &str, of: &[usize]) -> String {
        let ids = self.ids(of);
        self.say(format!("Which {said}: {ids}?"), format!("哪个{said}：{ids}？"))
    }

    fn ids(&self, of: &[usize]) -> String {
        let ids: Vec<String> = of.iter().map(|i| self.id(*i).to_string()).collect();
        ids.join(if self.zh { "、" } else { ", " })
    }

    fn say(&self, en: String, zh: String) -> String {
        if self.zh { zh } else { en }
    }

    /// The whole thought. `steps` are those of the plan; none where there is no plan.
    #[must_use]
    pub fn thought(
        &self,
        task: &Task,
        attempts: &[Attempt],
        given_up: bool,
        steps: &[SkillCall],
        goal: &[Fact],
    ) -> String {
        let mut parts: Vec<String> = Vec::new();
        parts.extend(self.past(attempts, given_up));
        if !given_up {
            // In the order in which they were said.
            let mut mentions: Vec<&Mention> = task.mentions.iter().collect();
            mentions.sort_by_key(|mention| task.words.find(&mention.said).unwrap_or(usize::MAX));
            parts.extend(mentions.into_iter().map(|mention| self.mention(mention)));
            if let Aim::Refuse { note, .. } = &task.aim
                && !note.is_empty()
            {
                parts.push(note.clone());
            }
            parts.extend(self.in_the_way(steps, goal));
        }
        parts.join(if self.zh { "" } else { " " })
    }

    fn past(&self, attempts: &[Attempt], given_up: bool) -> Option<String> {
        let (call, failure) = attempts.last()?.failed.as_ref()?;
        let (call, why) = (write_call(call), code(failure.code));
        Some(if given_up {
            self.say(format!("{call} {why} 3 times: give up."), format!("{call} {why}三次：放弃。"))
        } else {
            self.say(format!("{call} {why}: look, then again."), format!("{call} {why}：先看，再来。"))
        })
    }

    fn mention(&self, mention: &Mention) -> String {
        let said = &mention.said;
        let (colon, semi, comma, dot) = if self.zh { ("：", "；", "、", "。") } else { (": ", "; ", ", ", ".") };
        let body = match &mention.how {
            How::Plain => self.ids(&mention.of),
            How::Ranked(ranked) => {
                let listed: Vec<String> = ranked.iter().map(|(i, n)| format!("{} {n}", self.id(*i))).collect();
                format!("{}{semi}{}", listed.join(comma), self.ids(&mention.of))
            }
            How::Beside(other, all) => {
                let at = |i: usize| {
                    let object = &self.state.objects()[i];
                    format!("{} {} {}", self.id(i), self.grid.forward(object), self.grid.across(object))
                };
                let listed: Vec<String> = all.iter().map(|i| at(*i)).collect();
                format!("{}{semi}{}{semi}{}", at(*other), listed.join(comma), self.ids(&mention.of))
            }
            How::Except(but) => {
                let not = if self.zh { "不要" } else { "not " };
                format!("{}{semi}{not}{}", self.ids(&mention.of), self.ids(but))
            }
            How::Sorted(place) => format!("{}{semi}{}", self.id(*place), self.ids(&mention.of)),
            How::Missing(near) => {
                let none = if self.zh { "没有" } else { "none" };
                if near.is_empty() { none.to_owned() } else { format!("{}{semi}{none}", self.ids(near)) }
            }
            How::Several(all) => format!("{}{semi}{}", self.ids(all), if self.zh { "哪个？" } else { "which?" }),
        };
        format!("{said}{colon}{body}{dot}")
    }

    /// What has to be moved, opened or put down first.
    fn in_the_way(&self, steps: &[SkillCall], goal: &[Fact]) -> Vec<String> {
        let mut told = Vec::new();
        let mut state = self.state.clone();
        let moved: Vec<_> = goal.iter().filter_map(|fact| fact.objects().next()).collect();
        if let Some(held) = state.holding
            && steps.first().is_some_and(|call| call.spec().name.starts_with("place"))
            && !moved.contains(&state.objects()[held].id)
        {
            let held = self.id(held);
            told.push(self.say(format!("{held} is held: put it down first."), format!("手里有{held}：先放下。")));
        }
        for call in steps {
            let object = call.object(0).and_then(|id| state.index(&id));
            match (call.spec().name, object) {
                ("pick", Some(i)) if !moved.contains(&state.objects()[i].id) => {
                    if let Support::On(under) = state.situations[i].support {
                        let (top, under) = (self.id(i), self.id(under));
                        told.push(
                            self.say(
                                format!("{top} is on {under}: away first."),
                                format!("{top}在{under}上：先移开。"),
                            ),
                        );
                    }
                }
                ("open", Some(i)) if !goal.contains(&Fact::Open(state.objects()[i].id)) => {
                    let shut = self.id(i);
                    told.push(self.say(format!("{shut} is closed: open first."), format!("{shut}关着：先打开。")));
                }
                _ => {}
            }
            call.skill().effect(call, &mut state);
        }
        told
    }
}
