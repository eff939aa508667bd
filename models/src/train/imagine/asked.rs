//! The examination in answering: a Janus is asked about true pictures, and its answers are held against what stands in
//! them, word for word, points by how far off they are. Beside it what whoever always says the most usual answer to such
//! a question would get.

use std::collections::BTreeMap;

use ponder_core::lesson::DrawingLesson;
use ponder_core::thinker::Cancel;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::lessons::tensor;
use super::questions::{Sort, Turn, turns};
use crate::engine::{ChatOptions, End, Janus, Message, RunError};

/// Longest answer, tokens.
const LONGEST: usize = 64;

/// A point is right within so many percent of the picture: 4 of its 128 pixels, a centimetre and a half on the table.
const NEAR_PERCENT: f64 = 3.2;

/// Marks by sort, language and whether the wording is new.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    marks: BTreeMap<(Sort, bool, bool), Mark>,
}

#[derive(Clone, Debug, Default)]
struct Mark {
    asked: usize,
    right: usize,
    answers: BTreeMap<String, usize>,
}

/// An answer that was wrong.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// What was asked, and what is right.
    pub turn: Turn,
    /// What was said.
    pub said: String,
}

/// Is it the answer, to the word, or near enough to the point?
fn is_right(sort: Sort, said: &str, answer: &str) -> bool {
    let point = |text: &str| -> Option<[i32; 2]> {
        let (across, down) = text.split_once(' ')?;
        Some([across.parse().ok()?, down.parse().ok()?])
    };
    match (sort, point(said), point(answer)) {
        (Sort::Point, Some(said), Some(is)) => {
            let off = [0, 1].map(|i| f64::from(said[i] - is[i]));
            off[0].hypot(off[1]) <= NEAR_PERCENT
        }
        _ => said == answer,
    }
}

impl Asked {
    /// Asks one question of each sort about a picture [side, side, channels], English and Chinese, known and new wordings
    /// in turns.
    ///
    /// # Errors
    /// [`RunError`]: the model has no eye, or fails; [`RunError::Cancelled`].
    pub fn take(
        &mut self,
        janus: &mut Janus,
        (lesson, pixels): (&DrawingLesson, &[u8]),
        cancel: &Cancel,
    ) -> Result<Vec<Wrong>, RunError> {
        let (zh, new) = (lesson.number % 2 == 1, lesson.number / 2 % 2 == 1);
        let mut rng = ChaCha8Rng::seed_from_u64(lesson.number);
        let picture = tensor(janus.picture_size(), std::iter::once(pixels))?.narrow(1, 0, 3)?;
        let options = ChatOptions { max_tokens: LONGEST, ..ChatOptions::default() };
        let mut wrong = Vec::new();
        for turn in turns(lesson, zh, new, Sort::ALL.len(), &mut rng) {
            let message = Message::user(&turn.question).with_picture(picture.clone());
            let reply = janus.chat(&[message], &options, &mut |_| {}, &|| cancel.is_cancelled())?;
            if reply.end == End::Cancelled {
                return Err(RunError::Cancelled);
            }
            let mark = self.marks.entry((turn.sort, zh, new)).or_default();
            let right = is_right(turn.sort, reply.text.trim(), &turn.answer);
            mark.asked += 1;
            mark.right += usize::from(right);
            *mark.answers.entry(turn.answer.clone()).or_default() += 1;
            if !right {
                wrong.push(Wrong { turn, said: reply.text.trim().to_owned() });
            }
        }
        Ok(wrong)
    }

    /// Asked, right, and right by the most usual answer, of the questions that are meant.
    #[must_use]
    pub fn of(&self, meant: impl Fn((Sort, bool, bool)) -> bool) -> [usize; 3] {
        let marks = self.marks.iter().filter(|(which, _)| meant(**which));
        marks.fold([0; 3], |sum, (_, mark)| {
            let usual = mark.answers.values().max().copied().unwrap_or(0);
            [sum[0] + mark.asked, sum[1] + mark.right, sum[2] + usual]
        })
    }
}
