//! The grammar of an answer, line by line. What a line may be is compiled from the skills, the robot and the scene, as
//! the steps before it leave them: goal facts that some skill can bring about, calls whose preconditions hold, `end` once
//! every goal fact does. So whatever a model writes under it passes the checker, or is a refusal or a question.
//! (Grammar-constrained decoding: Geng et al., EMNLP 2023; Lark syntax as llguidance reads it.)

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use ponder_core::check::MAX_GOAL_FACTS;
use ponder_core::fact::Fact;
use ponder_core::plan::{DraftArg, MAX_STEPS};
use ponder_core::robot::RobotSpec;
use ponder_core::scene::Scene;
use ponder_core::skill::{ParamKind, SkillSpec};
use ponder_core::skills::SKILLS;
use ponder_core::state::State;

use super::answer::{self, Line, REASONS};
use super::compact::Grid;
use super::quote::name;
use super::{facts, facts::go_together};
use super::{numbers, reckon};
use crate::engine::grammar::TEXT;
use crate::engine::write::{Reckoned, Script};

/// Bounds of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most steps, at most [`MAX_STEPS`].
    pub steps: usize,
    /// Most goal facts, at most [`MAX_GOAL_FACTS`].
    pub facts: usize,
    /// Most characters of a refusal or question.
    pub text_chars: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 24, facts: 12, text_chars: 240 }
    }
}

/// The script of one answer.
#[derive(Clone, Debug)]
pub struct Guide {
    scene: Arc<Scene>,
    state: State,
    reachable: Vec<Fact>,
    goal: Vec<Fact>,
    steps: usize,
    lines: usize,
    ended: bool,
    limits: Limits,
    /// The grid of thoughts that are held against the scene.
    reckons: Option<Grid>,
}

impl Guide {
    /// For an answer about this scene by this robot.
    pub fn new(scene: &Arc<Scene>, robot: &Arc<RobotSpec>, limits: Limits) -> Self {
        let state = State::of(scene, robot);
        let reachable = facts::reachable(scene, &state);
        let limits = Limits { steps: limits.steps.min(MAX_STEPS), facts: limits.facts.min(MAX_GOAL_FACTS), ..limits };
        let scene = scene.clone();
        Self { scene, state, reachable, goal: Vec::new(), steps: 0, lines: 0, ended: false, limits, reckons: None }
    }

    /// The same for a thought in the numbers of this grid: what it says of things must be right, word by word.
    #[must_use]
    pub fn reckoning(mut self, grid: Grid) -> Self {
        self.reckons = Some(grid);
        self
    }

    /// May the plan end here?
    fn can_end(&self) -> bool {
        self.steps + self.goal.len() > 0 && self.goal.iter().all(|fact| self.state.holds(fact))
    }

    /// Facts that may be added to the goal: only before the first step, and only those that go with the rest.
    fn open_facts(&self) -> impl Iterator<Item = &Fact> {
        let open = self.steps == 0 && self.goal.len() < self.limits.facts;
        let fits = |fact: &&Fact| self.goal.iter().all(|other| go_together(fact, other));
        self.reachable.iter().filter(move |fact| open && fits(fact))
    }

    /// Calls of a skill that can work now, as a terminal's body; empty if there are none.
    fn calls(&self, spec: &'static SkillSpec) -> Option<String> {
        let able = facts::calls(spec, &self.scene, &self.state);
        let able = able.iter().filter(|(_, call)| call.skill().check(call, &self.state).is_ok());
        let written = able.map(|(draft, _)| -> Vec<String> {
            let arg = |i: usize| match (spec.params[i].kind, draft.args.get(spec.params[i].name)) {
                (ParamKind::Number { .. }, _) => number_name(spec, i),
                (_, Some(DraftArg::Word(word))) => literal(&name(word)),
                _ => literal(""),
            };
            (0..spec.params.len()).map(arg).collect()
        });
        // Calls that share all but their last argument are one alternative.
        let mut groups: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
        for mut args in written {
            let last = args.pop().unwrap_or_else(|| literal(""));
            groups.entry(args).or_default().push(last);
        }
        let groups = groups.into_iter().map(|(mut args, last)| {
            args.push(one_of(&last));
            args.join(" \", \" ")
        });
        let groups: Vec<String> = groups.collect();
        (!groups.is_empty()).then(|| format!("{} {} \")\"", literal(&format!("{}(", spec.name)), one_of(&groups)))
    }

    fn facts(&self) -> Option<String> {
        let facts: Vec<String> = self.open_facts().map(|fact| literal(&facts::write(fact))).collect();
        (!facts.is_empty()).then(|| format!("\"goal \" {}", one_of(&facts)))
    }
}

impl Script for Guide {
    fn next(&self) -> Option<String> {
        if self.ended {
            return None;
        }
        let mut lines = Vec::new();
        lines.extend(self.facts());
        if self.steps < self.limits.steps {
            lines.extend(SKILLS.iter().filter_map(|skill| self.calls(skill.spec())));
        }
        if self.can_end() {
            lines.push(literal(answer::END));
        }
        let reasons: Vec<String> = REASONS.iter().map(|(name, _)| literal(name)).collect();
        lines.push(format!("\"refuse(\" {} \", \\\"\" TEXT \"\\\")\"", one_of(&reasons)));
        lines.push("\"ask(\\\"\" TEXT \"\\\")\"".to_owned());
        let names: Vec<String> = (0..lines.len()).map(|i| format!("LINE{i}")).collect();
        let lines = lines.iter().zip(&names).map(|(line, name)| format!("{name}: {line} \"\\n\"\n"));
        Some(format!("start: {}\n{}{}{}", names.join(" | "), lines.collect::<String>(), *NUMBERS, self.text()))
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        self.lines += 1;
        let line = answer::read_line(self.lines, line).map_err(|error| error.to_string())?;
        match line {
            Line::Goal(fact) if self.open_facts().any(|open| *open == fact) => self.goal.push(fact),
            Line::Goal(fact) => return Err(format!("`{fact}` is no fact that the goal may have here")),
            Line::Step(draft) => {
                let step = self.steps + 1;
                let call = ponder_core::check::check_call(step, &draft, &self.scene, self.state.robot())
                    .map_err(|error| error.to_string())?;
                call.skill().check(&call, &self.state).map_err(|unmet| format!("step {step}: {call}: {unmet}"))?;
                call.skill().effect(&call, &mut self.state);
                self.steps = step;
            }
            Line::End if self.can_end() => self.ended = true,
            Line::End => return Err("the plan ends before its goal is reached".to_owned()),
            Line::Refuse(..) | Line::Ask(_) => self.ended = true,
        }
        Ok(())
    }

    fn reckon(&self, begun: &str) -> Reckoned {
        self.reckons.map_or(Reckoned::Open, |grid| reckon::last_word(begun, &self.scene, grid))
    }

    fn schema(&self) -> Option<serde_json::Value> {
        Some(super::schema::of(&self.scene, self.state.robot(), self.limits))
    }
}

impl Guide {
    /// Words for a person: a line of bounded length without quotes, brackets of tags, or characters that are not seen.
    fn text(&self) -> String {
        let (first, more) = (TEXT.replacen('^', "^ ", 1), self.limits.text_chars.saturating_sub(1));
        format!("TEXT: /[{first}][{TEXT}]{{0,{more}}}/\n")
    }
}

/// Name of the terminal for a skill's number.
fn number_name(spec: &SkillSpec, param: usize) -> String {
    let name: String = spec.name.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("N{}{param}", name.to_ascii_uppercase())
}

/// Terminals of all skills' numbers: thousands of them, and the same for every line of every answer.
static NUMBERS: LazyLock<String> = LazyLock::new(|| {
    let mut lines = String::new();
    for spec in SKILLS.iter().map(|skill| skill.spec()) {
        for (i, param) in spec.params.iter().enumerate() {
            if let ParamKind::Number { min, max, .. } = param.kind {
                lines.push_str(&format!("{}: {}\n", number_name(spec, i), numbers::pattern(min, max)));
            }
        }
    }
    lines
});

/// A literal of the grammar.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn one_of(alternatives: &[String]) -> String {
    match alternatives {
        [one] => one.clone(),
        more => format!("({})", more.join(" | ")),
    }
}
