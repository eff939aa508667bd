//! A thought that reckons wrongly is no ground to act on: the reasoner thinks again, and asks where that does not help.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // what fails is a test

mod words;

use std::sync::Arc;

use ponder_core::check::{check, has_needless_steps};
use ponder_core::plan::Draft;
use ponder_core::reasoner::Reasoner;
use ponder_core::thinker::Cancel;
use ponder_models::engine::refused::Refused;
use ponder_models::engine::write::{Ask, Manner, Piece, TextModel, WriteError, Written};
use ponder_models::reason::alias::Aliases;
use ponder_models::reason::answer;
use ponder_models::reason::reasoner::{LlmReasoner, Options};
use ponder_models::train::think::{Lesson, Lessons, Split};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Thinks in the prompt's numbers: so many times wrongly, then rightly.
struct Reckoner {
    wrong: usize,
    asked: usize,
}

impl TextModel for Reckoner {
    fn name(&self) -> &str {
        "reckoner"
    }

    fn manner(&self) -> Manner {
        Manner::Compact
    }

    fn asks_below(&self) -> f32 {
        0.5
    }

    fn second_thoughts(&self) -> usize {
        4
    }

    fn write(&mut self, ask: &mut Ask<'_>, _: &mut dyn FnMut(Piece<'_>), _: &Cancel) -> Result<Written, WriteError> {
        // ` drawer orange A closed 50 83 169`
        let line = ask.turns[0].text.lines().nth(1).expect("there is a thing");
        let words: Vec<&str> = line.split_whitespace().collect();
        let id = words.iter().find(|word| word.len() == 1 && word.as_bytes()[0].is_ascii_uppercase()).expect("a name");
        let [.., x, y, _] = words[..] else { panic!("{line}") };
        let y: u32 = y.parse().expect("a number");
        let off = u32::from(self.asked < self.wrong);
        self.asked += 1;
        let thought = format!("it: {id} {x} {}.", y + off);
        Ok(Written { thought, answer: "wait(2)\nend".to_owned(), least: Some(1.0), ..Written::default() })
    }
}

#[test]
fn a_thought_that_reckons_wrongly_does_not_count() {
    let question = words::question(&mut ChaCha8Rng::seed_from_u64(1), 4);
    for (wrong, asked, acts) in [(0, 1, true), (1, 5, true), (2, 5, true), (3, 3, false)] {
        let mut llm = LlmReasoner::new(Reckoner { wrong, asked: 0 }, Options::default());
        let answer = llm.think(&question, &mut |_| (), &Cancel::default()).unwrap();
        assert_eq!((llm.model().asked, matches!(answer.draft, Draft::Do { .. })), (asked, acts), "{wrong}: {answer:?}");
    }
}

/// Answers a lesson as it is taught: so many times with one more thing picked up in the end, then without.
struct Tidier {
    lesson: Lesson,
    besides: String,
    stray: usize,
    asked: usize,
}

impl TextModel for Tidier {
    fn name(&self) -> &str {
        "tidier"
    }

    fn manner(&self) -> Manner {
        Manner::Compact
    }

    fn asks_below(&self) -> f32 {
        0.5
    }

    fn second_thoughts(&self) -> usize {
        4
    }

    fn write(&mut self, _: &mut Ask<'_>, _: &mut dyn FnMut(Piece<'_>), _: &Cancel) -> Result<Written, WriteError> {
        self.asked += 1;
        let answer = if self.asked <= self.stray { self.besides.clone() } else { self.lesson.answer.clone() };
        Ok(Written { thought: self.lesson.thought.clone(), answer, least: Some(1.0), ..Written::default() })
    }
}

#[test]
fn a_plan_that_handles_something_else_does_not_count() {
    let lessons = Lessons::new(8).unwrap();
    let besides = |lesson: &Lesson| {
        let (scene, robot) = (&lesson.question.scene, &lesson.question.robot);
        let Draft::Do { goal, .. } = &lesson.draft else { return None };
        let plan = check(&lesson.draft, scene, robot).ok()?;
        (!goal.is_empty() && !has_needless_steps(&plan, scene, robot)).then_some(())?;
        let (aliases, asked) = Aliases::of(&lesson.question);
        asked.scene.objects.iter().find_map(|object| {
            let more = lesson.answer.replacen("end", &format!("pick({})\nend", object.id), 1);
            let draft = aliases.lengthen(&answer::read(&more).ok()?);
            let plan = check(&draft, scene, robot).ok()?;
            has_needless_steps(&plan, scene, robot).then_some(more)
        })
    };
    let mut found = (0..200).filter_map(|index| {
        let lesson = lessons.get(Split::Train, index).unwrap();
        besides(&lesson).map(|besides| (lesson, besides))
    });
    let (lesson, besides) = found.next().expect("a plan to which something can be added");
    for (stray, asked, acts) in [(0, 1, true), (1, 5, true), (3, 3, false)] {
        let model = Tidier { lesson: lesson.clone(), besides: besides.clone(), stray, asked: 0 };
        let mut llm = LlmReasoner::new(model, Options::default());
        let answer = llm.think(&lesson.question, &mut |_| (), &Cancel::default()).unwrap();
        assert_eq!((llm.model().asked, matches!(answer.draft, Draft::Do { .. })), (asked, acts), "{stray}: {answer:?}");
    }
}

/// Waits, whatever it is told, and knows a word that it always had to refuse.
struct Refuser {
    refused: Refused,
    asked: usize,
}

impl TextModel for Refuser {
    fn name(&self) -> &str {
        "refuser"
    }

    fn asks_below(&self) -> f32 {
        0.5
    }

    fn second_thoughts(&self) -> usize {
        4
    }

    fn refused(&self) -> Option<&Refused> {
        Some(&self.refused)
    }

    fn write(&mut self, _: &mut Ask<'_>, _: &mut dyn FnMut(Piece<'_>), _: &Cancel) -> Result<Written, WriteError> {
        self.asked += 1;
        Ok(Written { answer: "wait(2)\nend".to_owned(), least: Some(1.0), ..Written::default() })
    }
}

#[test]
fn a_plan_against_a_word_that_was_always_refused_is_asked_back_about() {
    let mut question = words::question(&mut ChaCha8Rng::seed_from_u64(1), 4);
    let mut goal = (*question.goal).clone();
    for (instruction, word) in
        [("wait until I say so", None), ("不要再等了", None), ("SMASH it and wait", Some("smash"))]
    {
        goal.instruction = instruction.to_owned();
        question.goal = Arc::new(goal.clone());
        let refused = Refused { arm: ["smash".to_owned()].into(), base: ["wait".to_owned()].into() };
        let mut llm = LlmReasoner::new(Refuser { refused, asked: 0 }, Options::default());
        let answer = llm.think(&question, &mut |_| (), &Cancel::default()).unwrap();
        match (word, answer.draft) {
            (None, Draft::Do { .. }) => assert_eq!(llm.model().asked, 1, "{instruction}"),
            (Some(word), Draft::Ask { question }) => {
                assert!(question.contains(word) && llm.model().asked > 1, "{question}")
            }
            (_, draft) => panic!("{instruction}: {draft:?}"),
        }
    }
}

/// Of what is taught in the other splits no plan has a word that training only ever refused, and many a refusal has one.
#[test]
fn words_that_are_only_refused_are_in_no_plan() {
    let lessons = Lessons::new(51).unwrap();
    let refused = lessons.refused().unwrap();
    let (mut plans, mut told, mut refusals) = (0, 0, 0);
    for split in [Split::HeldOut, Split::Hard] {
        for index in 0..3000 {
            let lesson = lessons.get(split, index).unwrap();
            let instruction = &lesson.question.goal.instruction;
            let word = refused.word(instruction, lesson.question.robot.arm.is_some());
            if matches!(lesson.draft, Draft::Do { .. }) {
                plans += 1;
                assert_eq!(word, None, "{instruction}");
            } else {
                refusals += 1;
                told += usize::from(word.is_some());
            }
        }
    }
    assert!(plans > 4000 && told * 3 > refusals, "{plans} plans; {told} of {refusals} refusals have such a word");
}
