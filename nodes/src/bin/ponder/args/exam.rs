//! The part of the command line that is about marks: `exam`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::MindArgs;
use super::imagine::ImaginePart;
use super::school::ThinkPart;

const EXAM_EXAMPLES: &str = "\
Examples:
  ponder exam see eye-nano lessons/held_out --camera scene
  ponder exam think reasoner-nano --split hard --count 500
  ponder exam think symbolic                                (the baseline's marks)
  ponder exam imagine my-imaginer --count 100 --sheet sheet.png   (eye-nano looks for what was asked)
  ponder exam think my-reasoner --no-grammar --show 5       (with the first five that went wrong)";

/// `ponder exam`.
#[derive(Args)]
#[command(after_help = EXAM_EXAMPLES)]
pub struct ExamArgs {
    /// In what
    #[command(subcommand)]
    pub in_: ExamIn,
}

/// What is examined.
#[derive(Subcommand)]
pub enum ExamIn {
    /// An eye, on pictures
    See(ExamSeeArgs),
    /// A reasoner, on instructions
    Think(ExamThinkArgs),
    /// An imaginer, on what is to be drawn
    Imagine(ExamImagineArgs),
}

/// `ponder exam imagine`.
#[derive(Args)]
#[command(after_help = EXAM_EXAMPLES)]
pub struct ExamImagineArgs {
    /// A folder of `ponder train imagine`
    pub who: String,
    /// Which pictures are asked for
    #[arg(long, value_enum, default_value_t = ImaginePart::HeldOut)]
    pub split: ImaginePart,
    /// How many
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: u64,
    /// Seed of what is asked, and of the drawing
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// How closely to keep to the words [default: the model's]
    #[arg(long, value_name = "W", allow_negative_numbers = true)]
    pub cfg: Option<f32>,
    /// 1 draws as it learnt; less is tamer [default: the model's]
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub temperature: Option<f32>,
    /// The eye that looks
    #[arg(long, default_value = "eye-nano", value_name = "NAME|DIR")]
    pub eye: String,
    /// Put the first pictures side by side here; a red edge: something is missing
    #[arg(long, value_name = "FILE.png")]
    pub sheet: Option<PathBuf>,
    /// Print so many of those in which something is missing
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub show: u64,
    /// Marks as JSON
    #[arg(long)]
    pub json: bool,
}

/// `ponder exam see`.
#[derive(Args)]
#[command(after_help = EXAM_EXAMPLES)]
pub struct ExamSeeArgs {
    /// eye-nano, or a folder
    pub eye: String,
    /// Lessons of `ponder data see`
    pub lessons: PathBuf,
    /// Only this camera's pictures
    #[arg(long, value_name = "NAME")]
    pub camera: Option<String>,
}

/// `ponder exam think`.
#[derive(Args)]
#[command(after_help = EXAM_EXAMPLES)]
pub struct ExamThinkArgs {
    /// symbolic, a name, a GGUF file or a folder
    pub who: String,
    /// How a model thinks
    #[command(flatten)]
    pub mind: MindArgs,
    /// Which instructions
    #[arg(long, value_enum, default_value_t = ThinkPart::HeldOut)]
    pub split: ThinkPart,
    /// How many
    #[arg(long, default_value_t = 500, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: u64,
    /// Seed of the lessons
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Print so many of those that went wrong
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub show: u64,
    /// Marks as JSON
    #[arg(long)]
    pub json: bool,
}
