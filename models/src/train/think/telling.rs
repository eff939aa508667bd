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
use crate::reason::compact::{Grid, called, code, numbers};

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
        self.list(of.iter().map(|i| self.id(*i).to_string()))
    }

    fn list(&self, of: impl Iterator<Item = String>) -> String {
        of.collect::<Vec<_>>().join(if self.zh { "、" } else { ", " })
    }

    /// As the prompt calls them: the person's words are put into the scene's before a thing is picked by them. A robot that
    /// drives looks at where it is, too.
    fn called(&self, of: &[usize]) -> String {
        let one = |i: &usize| {
            let text = called(*i, self.state, &|i| self.id(i).to_string());
            if self.state.robot().arm.is_some() { text } else { format!("{text}{}", self.numbers(*i, 2)) }
        };
        self.list(of.iter().map(one))
    }

    /// What a thing's line says after its colour and label: id, and how it is with it.
    fn stands(&self, index: usize) -> String {
        let (id, whole) = (self.id(index).to_string(), called(index, self.state, &|i| self.id(i).to_string()));
        let words: Vec<&str> = whole.split(' ').skip_while(|word| *word != id).collect();
        words.join(" ")
    }

    /// The first numbers of a thing's line. A thought that needs the third passes by the first and the second, as the line
    /// does.
    fn numbers(&self, index: usize, count: usize) -> String {
        let numbers = numbers(&self.state.objects()[index], self.grid);
        numbers.iter().take(count).map(|number| format!(" {number}")).collect()
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
        if let Some(held) = self.state.holding {
            let held = self.id(held);
            parts.push(self.say(format!("holds {held}."), format!("手里有{held}。")));
        }
        if !given_up {
            // In the order in which they were said, and once.
            for part in in_order(&task.mentions, &task.words).map(|mention| self.mention(mention)) {
                if !parts.contains(&part) {
                    parts.push(part);
                }
            }
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
        let (colon, semi, dot) = if self.zh { ("： ", "；", "。") } else { (": ", "; ", ".") };
        let body = match &mention.how {
            How::Plain => self.called(&mention.of),
            How::Ranked(number, ranked) => {
                let at = |i: &usize| format!("{}{}", self.id(*i), self.numbers(*i, number + 1));
                format!("{}{semi}{}", self.list(ranked.iter().map(at)), self.called(&mention.of))
            }
            How::Beside(other, all) => {
                let at = |i: &usize| format!("{}{}", self.id(*i), self.numbers(*i, 2));
                format!("{}{semi}{}{semi}{}", at(other), self.list(all.iter().map(at)), self.called(&mention.of))
            }
            How::Except(but) => {
                let not = if self.zh { "不要" } else { "not " };
                format!("{}{semi}{not}{}", self.called(&mention.of), self.called(but))
            }
            How::Sorted(place) => format!("{}{semi}{}", self.called(&[*place]), self.called(&mention.of)),
            How::Missing(near) => {
                let none = if self.zh { "没有" } else { "none" };
                if near.is_empty() { none.to_owned() } else { format!("{}{semi}{none}", self.called(near)) }
            }
            How::Several(all) => format!("{}{semi}{}", self.called(all), if self.zh { "哪个？" } else { "which?" }),
        };
        format!("{said}{colon}{body}{dot}")
    }

    /// What has to be moved, opened or put down first.
    fn in_the_way(&self, steps: &[SkillCall], goal: &[Fact]) -> Vec<String> {
        let mut told: Vec<(Option<usize>, String)> = Vec::new();
        let mut state = self.state.clone();
        let moved: Vec<_> = goal.iter().filter_map(|fact| fact.objects().next()).collect();
        for call in steps {
            let object = call.object(0).and_then(|id| state.index(&id));
            match (call.spec().name, object) {
                ("pick", Some(i)) if !moved.contains(&state.objects()[i].id) => {
                    if let Support::On(under) = state.situations[i].support {
                        let top = self.stands(i);
                        let away = self.say(format!("{top}: away first."), format!("{top}：先移开。"));
                        // A pile is cleared from above and told from below, as one comes upon it.
                        let at = told.iter().position(|(below, _)| *below == Some(i)).unwrap_or(told.len());
                        told.insert(at, (Some(under), away));
                    }
                }
                ("open", Some(i)) if !goal.contains(&Fact::Open(state.objects()[i].id)) => {
                    let shut = self.stands(i);
                    let first = self.say(format!("{shut}: open first."), format!("{shut}：先打开。"));
                    told.push((None, first));
                }
                _ => {}
            }
            call.skill().effect(call, &mut state);
        }
        told.into_iter().map(|(_, text)| text).collect()
    }
}

/// Mentions in the order of the person's words. Longer ones take their places first, so that `the bowl` is not found within
/// `the red bowl`; one that was said in part (`the red and the blue cube`) is where its beginning is.
fn in_order<'a>(mentions: &'a [Mention], words: &str) -> impl Iterator<Item = &'a Mention> {
    let mut placed: Vec<(usize, usize, usize)> = Vec::new();
    let mut longest: Vec<usize> = (0..mentions.len()).collect();
    longest.sort_by_key(|number| std::cmp::Reverse(mentions[*number].said.len()));
    for number in longest {
        let said = &mentions[number].said;
        let starts = said.char_indices().map(|(at, c)| &said[..at + c.len_utf8()]);
        let place = |start: &str| {
            let free = |at: &usize| placed.iter().all(|(from, to, _)| at + start.len() <= *from || to <= at);
            words.match_indices(start).map(|(at, _)| at).find(free).map(|at| (at, at + start.len(), number))
        };
        let at = starts.rev().find_map(place);
        placed.push(at.unwrap_or((words.len(), words.len(), number)));
    }
    placed.sort_by_key(|(at, _, number)| (*at, *number));
    placed.into_iter().map(|(_, _, number)| &mentions[number])
}
