//! The part of the command line that is about learning: `data`, `train`, `rl`, `distill`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use ponder_models::train::think::Split as ThinkSplit;
use ponder_sim::lessons::Split as SeeSplit;

use super::MindArgs;
use super::imagine::{DataImagineArgs, TrainImagineArgs};

pub(super) const DATA_EXAMPLES: &str = "\
Examples:
  ponder data see --out lessons/train --scenes 1200              (two cores draw some twenty scenes a minute)
  ponder data see --out lessons/held_out --split held-out --scenes 40
  ponder data think --out lessons.jsonl --count 20000            (the teacher is the generator itself)
  ponder data think --out best.jsonl --teacher my-model/         (only its right answers)
  ponder data think --stats                                      (what is taught, with an example of each sort)
  ponder data imagine --out lessons/drawing --count 16000        (one core draws some 1,500 pictures a minute)

What is there already is gone on from. The same seed gives the same lessons; splits share nothing.";

/// `ponder data`.
#[derive(Args)]
#[command(after_help = DATA_EXAMPLES)]
pub struct DataArgs {
    /// Lessons in what
    #[command(subcommand)]
    pub of: DataOf,
}

/// Lessons in what.
#[derive(Subcommand)]
pub enum DataOf {
    /// Pictures of scenes with what stands in them
    See(DataSeeArgs),
    /// Instructions with thoughts and plans
    Think(DataThinkArgs),
    /// Pictures of small scenes with what a person may say to have them drawn
    Imagine(DataImagineArgs),
}

/// `ponder data see`.
#[derive(Args)]
#[command(after_help = DATA_EXAMPLES)]
pub struct DataSeeArgs {
    /// Folder
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Which scenes: as in training, from other seeds, with other surfaces and colours, or the suites' own
    #[arg(long, value_enum, default_value_t = SeePart::Train)]
    pub split: SeePart,
    /// Scenes; each gives up to eleven pictures
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub scenes: u64,
    /// Seed of all of it
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Columns and rows of a picture
    #[arg(long, default_value_t = 384, value_name = "PIXELS", value_parser = clap::value_parser!(u64).range(192..=1024))]
    pub side: u64,
}

/// Scenes to be seen.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SeePart {
    /// To learn from
    Train,
    /// As those, from other seeds
    HeldOut,
    /// Surfaces, and colours of kinds, that training never has
    Unlike,
    /// The suites' own scenes
    Suites,
}

impl From<SeePart> for SeeSplit {
    fn from(part: SeePart) -> Self {
        match part {
            SeePart::Train => Self::Train,
            SeePart::HeldOut => Self::HeldOut,
            SeePart::Unlike => Self::Unlike,
            SeePart::Suites => Self::Suites,
        }
    }
}

/// Instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ThinkPart {
    /// To learn from
    Train,
    /// Unseen seeds, and wordings of which some are unseen
    HeldOut,
    /// Wordings, colours of kinds and pairs of orders that training never joins
    Hard,
}

impl From<ThinkPart> for ThinkSplit {
    fn from(part: ThinkPart) -> Self {
        match part {
            ThinkPart::Train => Self::Train,
            ThinkPart::HeldOut => Self::HeldOut,
            ThinkPart::Hard => Self::Hard,
        }
    }
}

/// `ponder data think`.
#[derive(Args)]
#[command(after_help = DATA_EXAMPLES)]
pub struct DataThinkArgs {
    /// File of JSON lines
    #[arg(long, value_name = "FILE", required_unless_present = "stats")]
    pub out: Option<PathBuf>,
    /// Which instructions
    #[arg(long, value_enum, default_value_t = ThinkPart::Train)]
    pub split: ThinkPart,
    /// Number of the first
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub from: u64,
    /// How many are asked
    #[arg(long, default_value_t = 2000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: u64,
    /// Seed of all of it
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Who answers, of whom only what is right is kept: symbolic, remote, a GGUF file or a folder; without one, the
    /// generator, which knows what it asked
    #[arg(long, value_name = "WHO")]
    pub teacher: Option<String>,
    /// Only count what is taught
    #[arg(long)]
    pub stats: bool,
}

pub(super) const TRAIN_EXAMPLES: &str = "\
Examples:
  ponder train think --out my-reasoner                    (lessons are drawn as it goes, without end)
  ponder train think --out small --shape hybrid-half --data best.jsonl --steps 3000
  ponder train see --data lessons/train --out my-eye --held-out lessons/held_out
  ponder train imagine --data lessons/drawing --out my-imaginer
  ponder run --perception my-eye --reasoner my-reasoner \"put the red block in the bowl\"

Ctrl-C loses nothing: the same command goes on where it was. One thread; the same seed gives the same weights.";

/// `ponder train`.
#[derive(Args)]
#[command(after_help = TRAIN_EXAMPLES)]
pub struct TrainArgs {
    /// What
    #[command(subcommand)]
    pub what: TrainWhat,
}

/// What is trained.
#[derive(Subcommand)]
pub enum TrainWhat {
    /// An eye
    See(TrainSeeArgs),
    /// A reasoner, by imitation
    Think(TrainThinkArgs),
    /// An imaginer: a code of pictures, then what codes follow which words
    Imagine(TrainImagineArgs),
}

/// Watching a course go. Its curves are in OUT/curves.rrd, and as JSON lines in OUT/curve.jsonl, in any case.
#[derive(Args)]
pub struct WatchArgs {
    /// Open the rerun viewer and watch the curves live
    #[arg(long)]
    pub view: bool,
    /// Stream the curves to a viewer that already listens
    #[arg(long, value_name = "URL", conflicts_with = "view")]
    pub connect: Option<String>,
}

/// `ponder train see`.
#[derive(Args)]
#[command(after_help = TRAIN_EXAMPLES)]
pub struct TrainSeeArgs {
    /// Lessons of `ponder data see`
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Folder of the eye
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Folder or weights to begin with
    #[arg(long, value_name = "DIR|FILE")]
    pub from: Option<PathBuf>,
    /// Lessons to be examined on at the end
    #[arg(long, value_name = "DIR")]
    pub held_out: Option<PathBuf>,
    /// Steps
    #[arg(long, default_value_t = 9000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: u64,
    /// Pictures a step
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub batch: u32,
    /// Highest learning rate
    #[arg(long, default_value_t = 1.5e-3, value_name = "RATE")]
    pub lr: f64,
    /// Seed
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Watching
    #[command(flatten)]
    pub watch: WatchArgs,
}

/// `ponder train think`.
#[derive(Args)]
#[command(after_help = TRAIN_EXAMPLES)]
pub struct TrainThinkArgs {
    /// Folder of the reasoner
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// A book that `ponder data think` wrote; without one, lessons are drawn as it goes
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Folder to begin with: its weights and its tokenizer
    #[arg(long, value_name = "DIR", conflicts_with = "shape")]
    pub from: Option<PathBuf>,
    /// transformer or hybrid, which has convolutions beside attention; of half the size: transformer-half, hybrid-half
    #[arg(long, default_value = "hybrid")]
    pub shape: String,
    /// Pieces of the tokenizer that is learnt first
    #[arg(long, default_value_t = 1024, value_name = "N", value_parser = clap::value_parser!(u32).range(400..=8192))]
    pub pieces: u32,
    /// Put the numbers of `--from` in order first, so that which is larger is easy to learn; a new network's are
    #[arg(long, requires = "from")]
    pub order_numbers: bool,
    /// Steps
    #[arg(long, default_value_t = 6000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: u64,
    /// Lessons a step
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rows: u32,
    /// Highest learning rate
    #[arg(long, default_value_t = 0.012, value_name = "RATE")]
    pub lr: f64,
    /// Who moves the matrices
    #[arg(long, value_enum, default_value_t = OptimizerArg::Muon)]
    pub optimizer: OptimizerArg,
    /// Seed of lessons, order and first weights
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Watching
    #[command(flatten)]
    pub watch: WatchArgs,
}

/// Who moves the matrices.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OptimizerArg {
    /// Muon; AdamW for all else
    Muon,
    /// AdamW
    Adamw,
}

const RL_EXAMPLES: &str = "\
Examples:
  ponder rl think --from my-reasoner --out better --steps 300
  ponder rl think --from my-reasoner --out zero --from-scratch --thought-tokens 0 --steps 2000     (R1-Zero: only
                                                                      tokenizer and shape; it answers without a thought)

Every answer is judged by its truth in symbolic simulation; nobody shows how. Each step is a line of OUT/curve.jsonl:
reward, right, tokens, distinct answers, divergence; `rerun OUT/curves.rrd` draws them. Ctrl-C loses nothing: the same command goes on where it was.";

/// `ponder rl`.
#[derive(Args)]
#[command(after_help = RL_EXAMPLES)]
pub struct RlArgs {
    /// What
    #[command(subcommand)]
    pub what: RlWhat,
}

/// What learns from reward.
#[derive(Subcommand)]
pub enum RlWhat {
    /// A reasoner, by GRPO
    Think(RlThinkArgs),
}

/// `ponder rl think`.
#[derive(Args)]
#[command(after_help = RL_EXAMPLES)]
pub struct RlThinkArgs {
    /// Folder to begin with
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,
    /// Folder of the reasoner
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Begin with new weights: only shape and tokenizer are taken
    #[arg(long)]
    pub from_scratch: bool,
    /// Most tokens of a thought, 0 to 512
    #[arg(long, default_value_t = 160, value_name = "N", value_parser = clap::value_parser!(u32).range(..=512))]
    pub thought_tokens: u32,
    /// Hold answers to no grammar: their form is learnt from reward too
    #[arg(long)]
    pub free: bool,
    /// Which instructions are asked
    #[arg(long, value_enum, default_value_t = ThinkPart::Train)]
    pub split: ThinkPart,
    /// Steps
    #[arg(long, default_value_t = 300, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: u64,
    /// Questions a step
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub prompts: u32,
    /// Answers a question
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    pub group: u32,
    /// Highest learning rate
    #[arg(long, default_value_t = 2e-4, value_name = "RATE")]
    pub lr: f64,
    /// Weight of the divergence from where it began
    #[arg(long, default_value_t = 0.02, value_name = "WEIGHT")]
    pub kl: f64,
    /// Seed
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Watching
    #[command(flatten)]
    pub watch: WatchArgs,
}

const DISTILL_EXAMPLES: &str = "\
Examples:
  ponder distill --teacher reasoner-nano --out small          # cut to half its size, then taught by it
  ponder distill --teacher my-reasoner --student hybrid-half --out another
  ponder distill --teacher symbolic --student hybrid --out imitation --count 20000
  ponder distill --teacher remote --url http://localhost:8000/v1 --model deepseek-r1 --out small --count 500

The teacher answers lessons, what is right is kept in OUT/lessons.jsonl, and the student learns from that.";

/// `ponder distill`.
#[derive(Args)]
#[command(after_help = DISTILL_EXAMPLES)]
pub struct DistillArgs {
    /// Who answers: symbolic, remote, a GGUF file or a folder
    #[arg(long, value_name = "WHO")]
    pub teacher: String,
    /// Where a remote teacher is, and how a model thinks
    #[command(flatten)]
    pub mind: MindArgs,
    /// The student: slim, cut from a teacher that was trained here, or a shape to begin from nothing: transformer, hybrid,
    /// transformer-half or hybrid-half; none: slim where it can be, else hybrid-half
    #[arg(long, value_name = "SHAPE")]
    pub student: Option<String>,
    /// The highest learning rate; none: 0.008 for slim, 0.012 for others
    #[arg(long, value_name = "RATE")]
    pub lr: Option<f64>,
    /// Folder of the student
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Lessons that the teacher is asked
    #[arg(long, default_value_t = 20_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: u64,
    /// Steps
    #[arg(long, default_value_t = 6000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: u64,
    /// Seed
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Watching
    #[command(flatten)]
    pub watch: WatchArgs,
}
