//! An answer that no grammar holds: any lines, until one ends the answer. What `--no-grammar` measures the grammar by.

use super::answer::END;
use crate::engine::write::Script;

/// Most lines before the answer counts as over.
const MAX_LINES: usize = 120;

/// The script of a free answer: it only sees when the answer is over.
#[derive(Clone, Copy, Debug, Default)]
pub struct Free {
    lines: usize,
    ended: bool,
}

impl Script for Free {
    fn next(&self) -> Option<String> {
        (!self.ended).then(|| "start: /[^\\n]{0,400}/ \"\\n\"\n".to_owned())
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim();
        self.lines += 1;
        self.ended |= line == END || line.starts_with("refuse(") || line.starts_with("ask(") || self.lines >= MAX_LINES;
        Ok(())
    }

    fn is_free(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop where it stands

    use super::*;

    fn ends(lines: &[&str]) -> bool {
        let mut free = Free::default();
        for line in lines {
            assert!(free.next().is_some(), "{line} comes after the end");
            free.take(line).unwrap();
        }
        free.next().is_none()
    }

    #[test]
    fn it_ends_with_the_answer() {
        assert!(ends(&["goal held(a)", "pick(a)", " end "]));
        assert!(ends(&["refuse(unsafe, \"no\")"]));
        assert!(ends(&["ask(\"which?\")"]));
        assert!(!ends(&["any", "thing", ""]));
        assert!(ends(&["x"; MAX_LINES]));
    }
}
