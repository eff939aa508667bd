//! Second thoughts: where a model does not stand by what it thought first, it thinks again, several times and by chance, and
//! what most thoughts come to counts (self-consistency: Wang et al., arXiv 2203.11171).

use ponder_core::goal::Language;
use ponder_core::plan::Draft;

use super::{answer, facts};

/// Temperature of second thoughts.
pub const WARMTH: f32 = 0.7;
/// Share of the thoughts that must agree, in tenths.
const AGREE_TENTHS: usize = 8;

/// So many must agree, however many came to nothing.
const FEWEST: usize = 3;

/// Thoughts so far, by what they came to.
pub struct Thoughts {
    /// What each came to, how often, and the first draft and thought that did.
    ends: Vec<(String, usize, Draft, String)>,
    total: usize,
    failed: usize,
    left: usize,
    by_steps: bool,
}

impl Thoughts {
    /// None yet, of so many. `by_steps`: plans are the same by their steps, as where the way itself is what is wanted; else
    /// by what they bring about.
    #[must_use]
    pub fn new(of: usize, by_steps: bool) -> Self {
        Self { ends: Vec::new(), total: of, failed: 0, left: of, by_steps }
    }

    /// Counts one that came to this, or to nothing that can be trusted.
    pub fn add(&mut self, draft: Option<Draft>, thought: String) {
        self.left = self.left.saturating_sub(1);
        let Some(draft) = draft else {
            self.failed += 1;
            return;
        };
        let end = meaning(&draft, self.by_steps);
        match self.ends.iter_mut().find(|known| known.0 == end) {
            Some(known) => known.1 += 1,
            None => self.ends.push((end, 1, draft, thought)),
        }
    }

    /// Of those that came to something, but never fewer than a few.
    fn needed(&self) -> usize {
        ((self.total - self.failed) * AGREE_TENTHS).div_ceil(10).max(FEWEST.min(self.total))
    }

    /// Is it settled, whatever those that are left come to?
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let most = self.ends.iter().map(|end| end.1).max().unwrap_or(0);
        most >= self.needed() || most + self.left < self.needed()
    }

    /// How many have been counted.
    #[must_use]
    pub fn so_far(&self) -> usize {
        self.total - self.left
    }

    /// What enough of them came to, with the thought that did first and in how many; `None`: they don't agree.
    #[must_use]
    pub fn agreed(self) -> Option<(Draft, String, usize)> {
        let needed = self.needed();
        self.ends.into_iter().find(|end| end.1 >= needed).map(|(_, count, draft, thought)| (draft, thought, count))
    }
}

/// What is said when so many of so many thoughts agree.
#[must_use]
pub fn told(count: usize, of: usize, language: Language) -> String {
    match language {
        Language::En => format!("{count} of {of} thoughts agree."),
        Language::Zh => format!("{of}次思考中有{count}次一致。"),
    }
}

/// The same for drafts that come to the same.
fn meaning(draft: &Draft, by_steps: bool) -> String {
    match draft {
        Draft::Do { steps, goal } if by_steps || goal.is_empty() => {
            steps.iter().map(answer::write_call).collect::<Vec<_>>().join("\n")
        }
        Draft::Do { goal, .. } => {
            let mut goal: Vec<String> = goal.iter().map(facts::write).collect();
            goal.sort();
            goal.join("\n")
        }
        Draft::Refuse { reason, .. } => format!("refuse {reason}"),
        Draft::Ask { .. } => "ask".to_owned(),
    }
}
