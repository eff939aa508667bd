//! Answers drawn as a reasoner gives them when it serves: a thought that is closed when its tokens are used up, then lines
//! that the scene and the robot allow, and no others. Reward falls on what was chosen, not on what had to come.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use candle_core::{Error, Result};
use tokenizers::Tokenizer;

use super::grpo::{Among, Pen};
use super::lessons::Lesson;
use super::sft::SchoolError;
use super::vocab::END;
use crate::engine::grammar::{Constraint, Grammars};
use crate::engine::write::Script;
use crate::reason::alias::Aliases;
use crate::reason::grammar::{Guide, Limits};
use crate::reason::split::CLOSE;

/// What guided pens have in common.
pub struct Guides {
    grammars: Grammars,
    close: u32,
    end: u32,
    /// What stands between a thought and its answer, closed by itself or not.
    closing: [Vec<u32>; 2],
    thinks: Among,
    thought_tokens: usize,
    limits: Limits,
    /// Lines begun lately, by their grammar: those of a group begin alike.
    begun: RefCell<HashMap<String, Constraint>>,
}

/// Most lines that are kept begun.
const BEGUN: usize = 32;

impl Guides {
    /// For a tokenizer as wide as the network's head. `thought_tokens`: the most of a thought.
    ///
    /// # Errors
    /// The tokenizer lacks a token, or can't spell every text.
    pub fn new(tokenizer: &Tokenizer, thought_tokens: usize, limits: Limits) -> std::result::Result<Self, SchoolError> {
        let unfit = |why: String| SchoolError::Tokenizer(why);
        let token = |text: &str| tokenizer.token_to_id(text).ok_or_else(|| unfit(format!("has no {text}")));
        let (close, end) = (token(CLOSE)?, token(END)?);
        let logits = tokenizer.get_vocab_size(true);
        let grammars = Grammars::new(tokenizer, logits, end).map_err(|error| unfit(error.to_string()))?;
        let spell = |text: &str| {
            let encoding = tokenizer.encode(text, false).map_err(|error| unfit(error.to_string()))?;
            Ok::<_, SchoolError>(encoding.get_ids().to_vec())
        };
        let closing = [spell("\n\n")?, spell(&format!("\n{CLOSE}\n\n"))?];
        let words = (0..logits as u32).filter(|token| *token == close || !grammars.is_blank(*token));
        let thinks = Among::These(words.collect::<Vec<u32>>().into());
        Ok(Self { grammars, close, end, closing, thinks, thought_tokens, limits, begun: RefCell::default() })
    }

    /// A pen for one answer to a lesson.
    ///
    /// # Errors
    /// The grammar fails.
    pub fn pen(&self, lesson: &Lesson) -> Result<GuidedPen<'_>> {
        let asked = Aliases::of(&lesson.question).1;
        let guide = Guide::new(&asked.scene, &asked.robot, self.limits);
        let mut pen = GuidedPen { guides: self, guide, at: At::Thought(0), due: VecDeque::new(), line: Vec::new() };
        if self.thought_tokens == 0 {
            pen.begin_answer(1)?;
        }
        Ok(pen)
    }

    /// A line of this grammar.
    fn line(&self, lark: String) -> Result<Constraint> {
        let mut begun = self.begun.borrow_mut();
        if let Some(line) = begun.get(&lark) {
            return Ok(line.fork());
        }
        let line = self.grammars.start(&lark).map_err(Error::wrap)?;
        if begun.len() >= BEGUN {
            begun.clear();
        }
        let own = line.fork();
        begun.insert(lark, line);
        Ok(own)
    }
}

enum At {
    /// So many tokens into the thought.
    Thought(usize),
    /// In a line of the answer.
    Line(Box<Constraint>),
    /// Nothing is left to choose.
    End,
}

/// Writes one answer.
pub struct GuidedPen<'a> {
    guides: &'a Guides,
    guide: Guide,
    at: At,
    /// What must come next, and the grammar has taken already.
    due: VecDeque<u32>,
    line: Vec<u8>,
}

impl GuidedPen<'_> {
    /// The thought is over: by itself (0) or by its measure (1).
    fn begin_answer(&mut self, how: usize) -> Result<()> {
        self.due.extend(&self.guides.closing[how]);
        self.begin_line()
    }

    fn begin_line(&mut self) -> Result<()> {
        self.line.clear();
        self.at = match self.guide.next() {
            Some(lark) => At::Line(Box::new(self.guides.line(lark)?)),
            None => {
                self.due.push_back(self.guides.end);
                At::End
            }
        };
        self.go_on()
    }

    /// Puts down what the grammar leaves no choice about, lines that end with it too.
    fn go_on(&mut self) -> Result<()> {
        let At::Line(constraint) = &mut self.at else { return Ok(()) };
        for token in constraint.forced() {
            self.line.extend_from_slice(self.guides.grammars.bytes(token));
            self.due.push_back(token);
        }
        if !constraint.is_done() {
            return Ok(());
        }
        let line = std::str::from_utf8(&self.line).map_err(Error::wrap)?;
        self.guide.take(line.trim_end_matches('\n')).map_err(Error::msg)?;
        self.begin_line()
    }
}

impl Pen for GuidedPen<'_> {
    fn among(&mut self) -> Result<Option<Among>> {
        if let Some(token) = self.due.front() {
            return Ok(Some(Among::These(Arc::from([*token]))));
        }
        match &mut self.at {
            At::End => Ok(None),
            At::Thought(_) => Ok(Some(self.guides.thinks.clone())),
            At::Line(constraint) => {
                let allowed = constraint.allowed().map_err(Error::wrap)?;
                Ok(Some(Among::These(allowed.tokens().collect::<Vec<u32>>().into())))
            }
        }
    }

    fn take(&mut self, token: u32) -> Result<()> {
        if self.due.pop_front().is_some() {
            return Ok(());
        }
        match &mut self.at {
            At::Thought(_) if token == self.guides.close => self.begin_answer(0),
            At::Thought(so_far) => {
                *so_far += 1;
                if *so_far < self.guides.thought_tokens { Ok(()) } else { self.begin_answer(1) }
            }
            At::Line(constraint) => {
                constraint.take(token).map_err(Error::wrap)?;
                self.line.extend_from_slice(self.guides.grammars.bytes(token));
                self.go_on()
            }
            At::End => Ok(()),
        }
    }
}
