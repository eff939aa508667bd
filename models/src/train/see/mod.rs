//! How janus-nano learned to see, and how well: lessons from disk ([`lessons`]), what should be said of them ([`batch`]),
//! how wrong it was ([`loss`]), and the examination on scenes never learned from ([`exam`]). Outside the ring; every cell
//! of every picture teaches (dense supervision, after Zhou et al., 2019), which is what a small eye needs.

pub mod batch;
pub mod course;
pub mod disturb;
mod exam;
pub mod lessons;
pub mod loss;

pub use batch::Batch;
pub use course::Course;
pub use exam::{Exam, Marks};
pub use lessons::{Lessons, LessonsError};
pub use loss::{Losses, losses};
