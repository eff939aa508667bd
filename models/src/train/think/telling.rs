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
use crate::reason::facts;

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

    /// How far one thing is from another, in cells of the grid: to the side, ahead, and straight.
    fn off(&self, index: usize, other: usize) -> [u32; 3] {
        let at = |i: usize| numbers(&self.state.objects()[i], self.grid);
        let ([x, y, _], [to_x, to_y, _]) = (at(index), at(other));
        let (dx, dy) = (x.abs_diff(to_x), y.abs_diff(to_y));
        [dx, dy, f64::from(dx).hypot(f64::from(dy)).round() as u32]
    }

    /// Each of these with its numbers, and which of them is the one up to there, with what is said of that: two are
    /// compared at a time, not all at once.
    fn so_far(
        &self,
        all: &[usize],
        numbers: &dyn Fn(usize) -> String,
        more: impl Fn(usize, usize) -> bool,
        its: impl Fn(usize) -> String,
    ) -> String {
        let mut best = None;
        let told = all.iter().map(|i| {
            let now = *best.insert(best.filter(|old| !more(*i, *old)).unwrap_or(*i));
            format!("{}{} {}{}", self.id(*i), numbers(*i), self.id(now), its(now))
        });
        let told: Vec<String> = told.collect();
        self.list(told.into_iter())
    }

    /// Where its line stands in the prompt.
    fn line(&self, index: usize) -> (u32, u32, ObjectId) {
        let object = &self.state.objects()[index];
        (self.grid.across(object), self.grid.forward(object), object.id)
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
            let mut wanted = Wanted { goal, told: Vec::new(), known: Vec::new() };
            for mention in in_order(&task.mentions, &task.words) {
                let part = self.mention(mention);
                if !parts.contains(&part) {
                    parts.push(part);
                }
                parts.extend(self.so(wanted.after(mention, self.state)));
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

    /// What is wanted, by the part of the order that has just been told.
    fn so(&self, facts: Vec<Fact>) -> Option<String> {
        let short = |fact: &Fact| facts::write(&fact.renamed(|id| self.aliases.short(id)));
        let dot = if self.zh { "。" } else { "." };
        (!facts.is_empty()).then(|| format!("{}{dot}", self.list(facts.iter().map(short))))
    }

    fn mention(&self, mention: &Mention) -> String {
        let unsaid = || self.ids(&mention.of);
        let said = &if mention.said.is_empty() { unsaid() } else { mention.said.clone() };
        let (colon, semi, dot) = if self.zh { ("： ", "；", "。") } else { (": ", "; ", ".") };
        let body = match &mention.how {
            How::Plain => self.called(&mention.of),
            How::Ranked(number, ranked) => {
                // From left to right they can be counted.
                let place = |n: usize| if *number == 0 { format!("{} ", n + 1) } else { String::new() };
                let at =
                    |(n, i): (usize, &usize)| format!("{}{}{}", place(n), self.id(*i), self.numbers(*i, number + 1));
                format!("{}{semi}{}", self.list(ranked.iter().enumerate().map(at)), self.called(&mention.of))
            }
            How::Most { number, all, largest } => {
                let more = |a: usize, b: usize| {
                    let of = |i: usize| numbers(&self.state.objects()[i], self.grid).get(*number).copied();
                    if *largest { of(a) > of(b) } else { of(a) < of(b) }
                };
                // Beside the one up to there stands its number, next to the one that it is compared with.
                let its = |i: usize| {
                    let number = numbers(&self.state.objects()[i], self.grid).get(*number).copied();
                    number.map(|number| format!(" {number}")).unwrap_or_default()
                };
                format!(
                    "{}{semi}{}",
                    self.so_far(all, &|i| self.numbers(i, number + 1), more, its),
                    self.called(&mention.of)
                )
            }
            How::Beside(other, all) => {
                // How far off it is to the side, ahead, and as the crow flies, then the nearest up to there.
                let off = |i: usize| self.off(i, *other);
                let told = |i: usize| off(i).map(|cells| format!(" {cells}")).concat();
                let its = |i: usize| format!(" {}", off(i)[2]);
                let nearest = self.so_far(all, &|i| self.numbers(i, 2) + &told(i), |a, b| off(a)[2] < off(b)[2], its);
                let (id, at) = (self.id(*other), self.numbers(*other, 2));
                format!("{id}{at}{semi}{nearest}{semi}{}", self.called(&mention.of))
            }
            How::Except(but) => {
                // All of them, one line after the other, and of each whether it is meant.
                let not = if self.zh { "不要" } else { " not" };
                let mut all: Vec<usize> = mention.of.iter().chain(but).copied().collect();
                all.sort_by_key(|i| self.line(*i));
                let one = |i: &usize| format!("{}{}", self.called(&[*i]), if but.contains(i) { not } else { "" });
                self.list(all.iter().map(one))
            }
            How::Sorted(places) => {
                let goes =
                    |(i, place): (&usize, &usize)| format!("{} to {}", self.called(&[*i]), self.called(&[*place]));
                self.list(mention.of.iter().zip(places).map(goes))
            }
            How::Missing(query) => {
                // What would be its line is begun, and no line goes on like it.
                let none = if self.zh { "没有" } else { "none" };
                if query.is_empty() { none.to_owned() } else { format!("{query} {none}") }
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

/// What is wanted in the end, told bit by bit: as soon as all that it is about has been spoken of.
struct Wanted<'a> {
    goal: &'a [Fact],
    told: Vec<Fact>,
    known: Vec<ObjectId>,
}

impl Wanted<'_> {
    /// More than this at once is a list that the answer gives as well as the thought.
    const MOST: usize = 2;

    fn after(&mut self, mention: &Mention, state: &State) -> Vec<Fact> {
        self.known.extend(mention.of.iter().map(|i| state.objects()[*i].id));
        let all_known =
            |fact: &Fact| fact.objects().next().is_some() && fact.objects().all(|id| self.known.contains(&id));
        let new =
            self.goal.iter().filter(|fact| !self.told.contains(fact) && all_known(fact)).copied().collect::<Vec<_>>();
        if new.len() > Self::MOST {
            return Vec::new();
        }
        self.told.extend(&new);
        // Of each of those to be sorted it was told at once.
        if matches!(mention.how, How::Sorted(_)) { Vec::new() } else { new }
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
        // What goes to places of its own comes when these are known.
        let sorted = matches!(mentions[number].how, How::Sorted(_));
        let at = starts.rev().find_map(place).filter(|_| !sorted);
        placed.push(at.unwrap_or((words.len(), words.len(), number)));
    }
    // All but one are told once it is known which one that is.
    let at_of = |but: &[usize]| placed.iter().find(|(.., number)| mentions[*number].of == but).map(|(at, ..)| *at);
    let later = |(at, end, number): &(usize, usize, usize)| match &mentions[*number].how {
        How::Except(but) => at_of(but).filter(|known| known > at).map(|known| (known, *end, *number)),
        _ => None,
    };
    let later: Vec<_> = placed.iter().map(|one| later(one).unwrap_or(*one)).collect();
    placed = later;
    // Of two at one place, a rest comes behind what it leaves.
    let rest = |number: usize| matches!(mentions[number].how, How::Except(_));
    placed.sort_by_key(|(at, _, number)| (*at, rest(*number), *number));
    placed.into_iter().map(|(_, _, number)| &mentions[number])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_told_once_it_is_known_what_it_leaves() {
        let mention = |said: &str, how, of: &[usize]| Mention { said: said.to_owned(), how, of: of.to_vec() };
        let mentions = [
            mention("red cube", How::Plain, &[3]),
            mention("cubes", How::Except(vec![3]), &[1, 2]),
            mention("bowl", How::Plain, &[5]),
        ];
        for (words, want) in [
            ("put all the cubes in the bowl except the red cube", ["bowl", "red cube", "cubes"]),
            ("leave the red cube, and put the other cubes in the bowl", ["red cube", "cubes", "bowl"]),
        ] {
            let said: Vec<&str> = in_order(&mentions, words).map(|mention| mention.said.as_str()).collect();
            assert_eq!(said, want, "{words}");
        }
    }
}
