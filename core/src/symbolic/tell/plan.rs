//! What was learnt, what is in the way, what comes first and why, and the steps.

use crate::fact::Fact;
use crate::goal::Language;
use crate::scene::{Affordance, ObjectId};
use crate::state::{State, Support};
use crate::symbolic::course::Course;
use crate::symbolic::history::{Change, History};
use crate::symbolic::tell::Teller;

impl Teller<'_> {
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

    pub(super) fn obstacles(&mut self, course: &Course, from: &State) -> Vec<String> {
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
    pub(super) fn order(&mut self, course: &Course, from: &State) -> Vec<String> {
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

    pub(super) fn steps(&mut self, course: &Course, from: &State) -> String {
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
}
