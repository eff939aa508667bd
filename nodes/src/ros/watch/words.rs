//! What is said: the log of every node, how things are, and what Ponder's nodes think, plan, measure and decide.

use std::fmt::Write;

use r2r::diagnostic_msgs::msg::DiagnosticArray;
use r2r::ponder_msgs::msg::{Evidence, Fact, Outcome, Plan, SkillArg, SkillCall, Thought, Verdict};
use r2r::rcl_interfaces::msg::Log;
use rerun::{TextDocument, TextLog, TextLogLevel as Level};

use super::pen::{Pen, below};
use super::table::Topic;

/// Most bytes of one text; of a thought the end is kept.
const MOST: usize = 64 * 1024;
/// Silence after which a first attempt's thought is of another goal, seconds.
const SILENT_S: f64 = 5.0;
/// Most statuses that are kept in mind.
const MOST_STATUSES: usize = 1024;

fn cut(text: &str) -> String {
    text.char_indices().take_while(|(at, _)| *at < MOST).map(|(_, c)| c).collect()
}

/// `/rosout`: an entity for every logger.
pub fn log(pen: &mut Pen, topic: &mut Topic, message: Log) {
    pen.at(topic, &message.stamp);
    let level = match message.level {
        50.. => Level::CRITICAL,
        40.. => Level::ERROR,
        30.. => Level::WARN,
        20.. => Level::INFO,
        _ => Level::DEBUG,
    };
    let text = TextLog::new(format!("{}: {}", message.name, cut(&message.msg))).with_level(level);
    pen.write(below(&topic.path, &message.name), &text);
}

/// `/diagnostics`: a line when a status changes, and its values beside.
pub fn status(pen: &mut Pen, topic: &mut Topic, message: DiagnosticArray) {
    pen.at(topic, &message.header.stamp);
    for status in &message.status {
        let (level, word) = match status.level {
            0 => (Level::INFO, "ok"),
            1 => (Level::WARN, "warning"),
            2 => (Level::ERROR, "error"),
            _ => (Level::WARN, "stale"),
        };
        let path = below(&topic.path, &status.name);
        let line = format!("{}: {word}: {}", status.name, cut(&status.message));
        if pen.news(&format!("{} line", status.name), &line, MOST_STATUSES) {
            pen.write(path.clone(), &TextLog::new(line).with_level(level));
        }
        let mut text = format!("**{}**: {word}: {}\n\n", status.name, cut(&status.message));
        for pair in status.values.iter().take(256) {
            let _ = writeln!(text, "- {}: {}", pair.key, pair.value); // writing to a string can't fail
        }
        if pen.news(&format!("{} values", status.name), &text, MOST_STATUSES) {
            pen.write(path, &TextDocument::from_markdown(cut(&text)));
        }
    }
}

/// A thought, as it grows.
pub fn thought(pen: &mut Pen, topic: &mut Topic, message: Thought) {
    let before = (topic.run, topic.last);
    pen.at(topic, &message.header.stamp);
    let silent_s = before.1.zip(topic.last).map_or(0.0, |(before, now)| now.since_s(before));
    let (attempt, text) = &mut topic.text;
    // Attempts count from 0 for every goal, and one goal's first thought may follow the last one's.
    let new_goal = message.attempt < *attempt || (message.attempt == 0 && silent_s > SILENT_S);
    if new_goal || before.0 != topic.run {
        text.clear();
    } else if message.attempt > *attempt && !text.is_empty() {
        text.push_str("\n\n---\n\n");
    }
    *attempt = message.attempt;
    text.push_str(&message.piece);
    while text.len() > MOST {
        let half = (text.len() - MOST / 2..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        text.drain(..half);
    }
    pen.grow(&topic.path, text.clone());
}

/// A plan, as a list.
pub fn plan(pen: &mut Pen, topic: &mut Topic, message: Plan) {
    pen.at(topic, &message.header.stamp);
    pen.write(topic.path.as_str(), &TextDocument::from_markdown(cut(&plan_text(&message))));
}

fn plan_text(message: &Plan) -> String {
    let mut text = match message.kind {
        kind if kind == Plan::REFUSE as u8 => format!("**Refused** ({}): {}\n", message.reason, message.text),
        kind if kind == Plan::ASK as u8 => format!("**Asks:** {}\n", message.text),
        _ => message.steps.iter().take(256).enumerate().fold(String::new(), |mut text, (i, step)| {
            let _ = writeln!(text, "{}. `{}`", i + 1, call_text(step)); // writing to a string can't fail
            text
        }),
    };
    if !message.goal.is_empty() {
        let goal: Vec<String> = message.goal.iter().take(64).map(fact_text).collect();
        let _ = writeln!(text, "\nGoal: {}", goal.join(", "));
    }
    if !message.problem.is_empty() {
        let _ = writeln!(text, "\n**Rejected:** {}", message.problem);
    }
    if !message.reasoner.is_empty() {
        let _ = writeln!(text, "\n*{}*", message.reasoner);
    }
    text
}

fn call_text(call: &SkillCall) -> String {
    let arg = |arg: &SkillArg| {
        if arg.kind == SkillArg::NUMBER as u8 { arg.number.to_string() } else { arg.word.clone() }
    };
    format!("{}({})", call.skill, call.args.iter().map(arg).collect::<Vec<_>>().join(", "))
}

fn fact_text(fact: &Fact) -> String {
    if fact.args.is_empty() { fact.predicate.clone() } else { format!("{}({})", fact.predicate, fact.args.join(", ")) }
}

/// A fact as it was measured.
pub fn evidence(pen: &mut Pen, topic: &mut Topic, message: Evidence) {
    pen.at_now();
    let level = if message.holds { Level::INFO } else { Level::WARN };
    pen.write(topic.path.as_str(), &TextLog::new(cut(&message.text)).with_level(level));
}

/// What the guard said.
pub fn verdict(pen: &mut Pen, topic: &mut Topic, message: Verdict) {
    pen.at(topic, &message.header.stamp);
    let level = if message.rejected { Level::ERROR } else { Level::WARN };
    pen.write(topic.path.as_str(), &TextLog::new(cut(&message.reason)).with_level(level));
}

/// How a task ended.
pub fn outcome(pen: &mut Pen, topic: &mut Topic, message: Outcome) {
    pen.at_now();
    let level = if message.code == Outcome::DONE as u16 { Level::INFO } else { Level::WARN };
    let text = cut(&format!("{}: {}", message.name, message.text));
    pen.write(topic.path.as_str(), &TextLog::new(text).with_level(level));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_a_list_and_a_long_text_is_cut_between_letters() {
        let word = |word: &str| SkillArg { word: word.to_owned(), ..Default::default() };
        let steps = vec![SkillCall { skill: "pick".to_owned(), args: vec![word("red_block")] }];
        let goal = vec![Fact { predicate: "hand_empty".to_owned(), args: Vec::new() }];
        let text = plan_text(&Plan { steps, goal, ..Default::default() });
        assert_eq!(text, "1. `pick(red_block)`\n\nGoal: hand_empty\n");
        assert!(cut(&"ä".repeat(MOST)).len() <= MOST + 1);
    }
}
