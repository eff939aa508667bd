//! The part of the command line that is about learning to draw: `data imagine`, `train imagine`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ponder_sim::lessons::drawings::Split as ImagineSplit;

use super::school::{DATA_EXAMPLES, TRAIN_EXAMPLES, WatchArgs};

/// `ponder data imagine`.
#[derive(Args)]
#[command(after_help = DATA_EXAMPLES)]
pub struct DataImagineArgs {
    /// Folder
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Which pictures
    #[arg(long, value_enum, default_value_t = ImaginePart::Train)]
    pub split: ImaginePart,
    /// Only to be asked about: with drawers, the robot's hand and where things show
    #[arg(long)]
    pub asked: bool,
    /// Write each as a picture of its own, too, to look at or to ask about
    #[arg(long)]
    pub png: bool,
    /// How many
    #[arg(long, default_value_t = 2000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: u64,
    /// Seed of all of it
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
}

/// Pictures to be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImaginePart {
    /// To learn from
    Train,
    /// From other seeds; half of the wordings are never learned from
    HeldOut,
    /// The same, with colours of kinds that training never has
    Unlike,
}

impl From<ImaginePart> for ImagineSplit {
    fn from(part: ImaginePart) -> Self {
        match part {
            ImaginePart::Train => Self::Train,
            ImaginePart::HeldOut => Self::HeldOut,
            ImaginePart::Unlike => Self::Unlike,
        }
    }
}

/// `ponder train imagine`.
#[derive(Args)]
#[command(after_help = TRAIN_EXAMPLES)]
pub struct TrainImagineArgs {
    /// Lessons of `ponder data imagine`
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// More lessons, of `ponder data imagine --asked`, that the third course asks about beside those
    #[arg(long, value_name = "DIR")]
    pub asked: Option<PathBuf>,
    /// Folder of the imaginer; the code is learned in its folder `code`
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Only one of the courses; without it the first two
    #[arg(long, value_enum)]
    pub stage: Option<ImagineStage>,
    /// Folder or weights of an earlier code to begin with
    #[arg(long, value_name = "DIR|FILE")]
    pub code_from: Option<PathBuf>,
    /// Steps of the first course
    #[arg(long, default_value_t = 6000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub code_steps: u64,
    /// Pictures a step of it
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub code_batch: u32,
    /// Its highest learning rate
    #[arg(long, default_value_t = 2e-3, value_name = "RATE")]
    pub code_lr: f64,
    /// Folder of an earlier imaginer, or a checkpoint of it, whose second course is gone on from; for the third the folder
    /// of one that draws
    #[arg(long, value_name = "DIR|FILE", required_if_eq("stage", "answer"))]
    pub from: Option<PathBuf>,
    /// Steps of the second course, or the third
    #[arg(long, default_value_t = 6000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: u64,
    /// Pictures a step of it
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rows: u32,
    /// Pictures a step that the third course draws beside those that it asks about
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub drawn: u32,
    /// Its highest learning rate
    #[arg(long, default_value_t = 0.012, value_name = "RATE")]
    pub lr: f64,
    /// Width of the decoder
    #[arg(long, default_value_t = 128, value_name = "N", value_parser = clap::value_parser!(u32).range(8..=1024))]
    pub hidden: u32,
    /// Its layers
    #[arg(long, default_value_t = 6, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub layers: u32,
    /// Seed of order, wordings and first weights
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Watching
    #[command(flatten)]
    pub watch: WatchArgs,
}

/// The courses of an imaginer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImagineStage {
    /// A code of pictures
    Code,
    /// What codes follow which words
    Draw,
    /// To be asked about pictures, by another eye, and to draw on
    Answer,
}
