//! A book of lessons: prompts, thoughts and answers as lines of JSON, whoever taught them. So a student learns from any
//! teacher, and a model from the best of its own answers. (Rejection sampling and distillation: DeepSeek-R1, arXiv
//! 2501.12948; sequence-level distillation: Kim and Rush, arXiv 1606.07947.)

use std::io::{BufRead, BufReader};
use std::path::Path;

use ponder_core::plan::Draft;
use ponder_core::reasoner::{ReasonError, Reasoner};
use ponder_core::thinker::Cancel;
use serde::{Deserialize, Serialize};

use super::lessons::Lesson;
use super::sft::SchoolError;
use super::truth::Verdict;
use crate::engine::refused::Order;
use crate::reason::alias::Aliases;
use crate::reason::answer;
use crate::reason::quote::unquote;

/// One lesson, as it is learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Family of the task.
    pub family: String,
    /// The compact prompt.
    pub prompt: String,
    /// The thought.
    pub thought: String,
    /// The answer, in the grammar's lines.
    pub answer: String,
}

impl Page {
    /// The order and whether it came to a plan, where the page is of the compact form.
    #[must_use]
    pub fn order(&self) -> Option<Order> {
        let (kind, words) = (self.prompt.lines().next()?, self.prompt.trim_end().lines().next_back()?);
        let is_done = matches!(answer::read(&self.answer), Ok(Draft::Do { .. }));
        Some(Order { has_arm: kind == "arm", instruction: unquote(words)?, is_done })
    }
}

impl From<Lesson> for Page {
    fn from(lesson: Lesson) -> Self {
        let prompt = lesson.prompt();
        Self { family: lesson.family.to_owned(), prompt, thought: lesson.thought, answer: lesson.answer }
    }
}

/// What a teacher says to a lesson's question; none where it is not right.
///
/// # Errors
/// The teacher fails.
pub fn taught(lesson: &Lesson, teacher: &mut dyn Reasoner, cancel: &Cancel) -> Result<Option<Page>, ReasonError> {
    let said = teacher.think(&lesson.question, &mut |_| {}, cancel)?;
    if lesson.truth.judge(&said.draft, &lesson.question.scene, &lesson.question.robot) != Verdict::Right {
        return Ok(None);
    }
    let aliases = Aliases::of(&lesson.question).0;
    let (thought, answer) = (aliases.short_text(&said.thought.text), answer::write(&aliases.shorten(&said.draft)));
    Ok(Some(Page { family: lesson.family.to_owned(), prompt: lesson.prompt(), thought, answer }))
}

/// Reads a book.
///
/// # Errors
/// [`SchoolError::File`], naming the line; an empty book is an error too.
pub fn read(path: &Path) -> Result<Vec<Page>, SchoolError> {
    let wrong = |why: String| SchoolError::File { path: path.to_owned(), why };
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    let page = |(number, line): (usize, std::io::Result<String>)| {
        let line = line.map_err(|error| wrong(error.to_string()))?;
        serde_json::from_str(&line).map_err(|error| wrong(format!("line {}: {error}", number + 1)))
    };
    let pages = BufReader::new(file).lines().enumerate().map(page).collect::<Result<Vec<Page>, _>>()?;
    if pages.is_empty() {
        return Err(wrong("has no lessons: `ponder data think` writes some".to_owned()));
    }
    Ok(pages)
}
