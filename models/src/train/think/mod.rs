//! The schooling of reasoner-nano: lessons with their truth, its own tokenizer, a cold start by imitation, and learning
//! from reward. (The road of DeepSeek-R1, arXiv 2501.12948, at the size of a robot's own computer.)

pub mod book;
pub mod course;
mod drills;
pub mod failures;
pub mod families;
pub mod grade;
pub mod grpo;
pub mod guided;
mod handling;
pub mod joined;
pub mod kinds;
pub mod lessons;
pub mod mention;
pub mod order;
pub mod pupil;
pub mod refusals;
pub mod rl;
mod robots;
pub mod rover;
pub mod scenes;
pub mod sft;
pub mod slim;
pub mod task;
pub mod telling;
pub mod truth;
pub mod vocab;
pub mod words;

pub use lessons::{Lesson, LessonError, Lessons, Split};
pub use truth::{Truth, Verdict};
