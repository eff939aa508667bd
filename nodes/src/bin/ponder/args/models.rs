//! The part of the command line that is about models: `models`, `think`, `see`, `imagine`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use ponder_models::engine::catalog::Precision;
use ponder_models::engine::place::Place;

use super::MindArgs;

const MODELS_EXAMPLES: &str = "\
Examples:
  ponder models                              (what is known, what is here, what it needs)
  ponder models --json
  ponder models pull janus-pro-1b
  ponder models pull Qwen/Qwen3-0.6B --url /media/stick/models

Models are kept in PONDER_MODELS, else in ponder/models in your cache. HF_ENDPOINT names another hub.";

/// `ponder models`.
#[derive(Args)]
#[command(after_help = MODELS_EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct ModelsArgs {
    /// Something to do; without it, the list
    #[command(subcommand)]
    pub command: Option<ModelsCommand>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// What can be done with models.
#[derive(Subcommand)]
pub enum ModelsCommand {
    /// Fetch a model, or the rest of one
    Pull(PullArgs),
}

const PULL_EXAMPLES: &str = "\
Examples:
  ponder models pull janus-pro-1b
  ponder models pull LiquidAI/LFM2-350M --revision main
  ponder models pull janus-pro-1b --url file:///media/stick/models
  ponder models pull someone/some-model-GGUF --file Q4_K_M

What was cut off goes on where it was, and every large file is checked against the SHA-256 that the hub lists. For
models that ask for it, HF_TOKEN holds your token. Ctrl-C loses nothing.";

/// `ponder models pull`.
#[derive(Args)]
#[command(after_help = PULL_EXAMPLES)]
pub struct PullArgs {
    /// A name from `ponder models`, or OWNER/NAME
    pub model: String,
    /// Another hub, or a folder that holds models: an address, a path or file://… [default: HF_ENDPOINT's]
    #[arg(long, value_name = "URL|DIR")]
    pub url: Option<String>,
    /// Branch, tag or commit
    #[arg(long, default_value = "main")]
    pub revision: String,
    /// Only files with this in their names; may be given again
    #[arg(long, value_name = "PART")]
    pub file: Vec<String>,
    /// Read all files again and fetch those that are damaged
    #[arg(long)]
    pub check: bool,
    /// One JSON object on standard output at the end
    #[arg(long)]
    pub json: bool,
}

/// Where a model works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeviceArg {
    /// The processor
    Cpu,
    /// An NVIDIA card
    Cuda,
}

impl From<DeviceArg> for Place {
    fn from(arg: DeviceArg) -> Self {
        match arg {
            DeviceArg::Cpu => Self::Cpu,
            DeviceArg::Cuda => Self::Cuda,
        }
    }
}

/// How weights are held in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PrecisionArg {
    /// Four bytes a weight
    F32,
    /// Two bytes a weight
    Bf16,
    /// About one byte a weight (q8_0); made the first time, and kept in the folder of the models
    Q8,
    /// About half a byte a weight (q4_k); made and kept in the same way
    Q4,
}

impl From<PrecisionArg> for Precision {
    fn from(arg: PrecisionArg) -> Self {
        match arg {
            PrecisionArg::F32 => Self::F32,
            PrecisionArg::Bf16 => Self::Bf16,
            PrecisionArg::Q8 => Self::Q8,
            PrecisionArg::Q4 => Self::Q4,
        }
    }
}

const SEE_EXAMPLES: &str = "\
Examples:
  ponder see photo.jpg \"what is on the table?\"
  ponder see photo.jpg --scene               (labels, colours and boxes, in thousandths of the picture)
  ponder see photo.png --depth depth.png --eye-m 1.35,0,0.9 --target-m 0.46,0,0 --save-scene scene.json
                                             (things in the robot's frame, by eye-nano; then ponder think --scene)
  ponder see block.png --model janus-nano \"point to the red block\"   (percent from the left and from the top;
                                              it knows its own table only: what `ponder imagine` draws)
  ponder see photo.jpg --json --model janus-pro-7b \"how many cups are there?\"
  ponder see photo.jpg --model ./my-janus --temperature 0.7 --seed 3 \"tell a story about it\"

PNG, JPEG, WebP and BMP are read. Ctrl-C stops within a token.";

/// `ponder see`.
#[derive(Args)]
#[command(after_help = SEE_EXAMPLES)]
pub struct SeeArgs {
    /// The picture
    pub picture: PathBuf,
    /// What you want to know
    #[arg(default_value = "Describe this picture.", conflicts_with_all = ["scene", "depth"])]
    pub question: String,
    /// A name from `ponder models`, or a folder [default: the first that is here]
    #[arg(long, value_name = "NAME|DIR")]
    pub model: Option<String>,
    /// Where it works
    #[arg(long, value_enum, default_value = "cpu")]
    pub device: DeviceArg,
    /// How its weights are held in memory
    #[arg(long, value_enum, default_value = "f32")]
    pub precision: PrecisionArg,
    /// List the things in the picture with their places
    #[arg(long)]
    pub scene: bool,
    /// A depth picture beside it (PNG, 16 bits, millimetres): the scene as the planner takes it
    #[arg(
        long,
        value_name = "FILE.png",
        requires_all = ["eye_m", "target_m"],
        conflicts_with_all = ["device", "precision", "max_tokens", "temperature", "seed"]
    )]
    pub depth: Option<PathBuf>,
    /// The camera of a depth picture
    #[command(flatten)]
    pub camera: CameraArgs,
    /// Most tokens of the answer
    #[arg(long, default_value_t = 512, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_tokens: u32,
    /// 0 says what is likeliest; more is freer
    #[arg(long, default_value_t = 0.0, value_name = "T", allow_negative_numbers = true)]
    pub temperature: f32,
    /// Seed, for a temperature above 0
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub seed: u64,
    /// One JSON object on standard output at the end; nothing is streamed
    #[arg(long)]
    pub json: bool,
}

const IMAGINE_EXAMPLES: &str = "\
Examples:
  ponder imagine \"a red block in a green bowl on a table\" -o block.png
  ponder imagine \"桌上有一个蓝色的杯子\" --seed 3 -n 4              (picture-1.png to picture-4.png)
  ponder imagine \"a yellow ball on a white plate\" --check                          (and what eye-nano sees in it)
  ponder imagine \"a cat in a hat\" --model janus-pro-1b                             (anything, by a large one)

janus-nano, which comes with Ponder, draws blocks, balls, cups, bowls, plates and bins of twelve colours on a table, in and
on each other, as one camera sees them; so does what `ponder train imagine` makes. The same words, seed and model give the same picture. Ctrl-C stops within a token;
finished pictures are kept.";

/// `ponder imagine`.
#[derive(Args)]
#[command(after_help = IMAGINE_EXAMPLES)]
pub struct ImagineArgs {
    /// What to draw
    pub prompt: String,
    /// Where the picture goes; of several, the number is put before the ending
    #[arg(short, long, default_value = "picture.png", value_name = "FILE.png")]
    pub output: PathBuf,
    /// Seed of the first; each picture takes the next
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub seed: u64,
    /// How closely to keep to the words (classifier-free guidance); 1: not at all more than usual [default: the model's]
    #[arg(long, value_name = "W", allow_negative_numbers = true)]
    pub cfg: Option<f32>,
    /// 1 draws as it learnt; less is tamer [default: the model's]
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub temperature: Option<f32>,
    /// How many pictures
    #[arg(short = 'n', long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub number: u32,
    /// janus-nano, a name from `ponder models`, or a folder [default: janus-nano]
    #[arg(long, value_name = "NAME|DIR")]
    pub model: Option<String>,
    /// Where it works
    #[arg(long, value_enum, default_value = "cpu")]
    pub device: DeviceArg,
    /// How its weights are held in memory
    #[arg(long, value_enum, default_value = "f32")]
    pub precision: PrecisionArg,
    /// Show each picture to eye-nano, and list what it sees
    #[arg(long)]
    pub check: bool,
    /// One JSON object on standard output at the end
    #[arg(long)]
    pub json: bool,
}

/// The camera of a picture with depth, and what is done with the scene.
#[derive(Args)]
pub struct CameraArgs {
    /// Where the camera stands in the robot's frame, metres
    #[arg(long, value_name = "X,Y,Z", value_parser = point, allow_hyphen_values = true, requires = "depth")]
    pub eye_m: Option<Point>,
    /// What its middle looks at, metres
    #[arg(long, value_name = "X,Y,Z", value_parser = point, allow_hyphen_values = true, requires = "depth")]
    pub target_m: Option<Point>,
    /// Its field of view from top to bottom, degrees
    #[arg(long, default_value_t = 45.0, value_name = "DEG", value_parser = fov)]
    pub fov_deg: f64,
    /// The robot that shall act there: a name or a robot file
    #[arg(long, default_value = "arm7", value_name = "NAME|FILE")]
    pub robot: String,
    /// Write the scene here, as JSON: `ponder think --scene` takes it
    #[arg(long, value_name = "FILE.json", requires = "depth")]
    pub save_scene: Option<PathBuf>,
}

/// A place, metres.
pub type Point = [f64; 3];

fn point(text: &str) -> Result<Point, String> {
    let numbers = text.split(',').map(|number| number.trim().parse().ok().filter(|m: &f64| m.is_finite()));
    let numbers = numbers.collect::<Option<Vec<_>>>().and_then(|all| all.try_into().ok());
    numbers.ok_or_else(|| format!("{text:?} is no place: three numbers, metres, such as 1.35,0,0.9"))
}

fn fov(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value| (1.0..=170.0).contains(value));
    value.ok_or_else(|| format!("{text:?} is no angle from 1 to 170"))
}

const THINK_EXAMPLES: &str = "\
Examples:
  ponder think \"put the red block in the green bowl\" --model SmolLM2-135M-Instruct.Q4_1.gguf
  ponder think \"把红色方块放进绿色的碗里\" --model smollm2-135m --scene tabletop --seed 3
  ponder think --symbolic --save-scene scene.json
  ponder think \"clear the table into the box\" --scene scene.json --model ./my-model --thought-tokens 0 --json
  ponder think --reasoner remote --url http://localhost:11434/v1 --model deepseek-r1

Exit codes:
  0  a plan, checked       2  refused, or asked back       1  wrong usage, no model, no answer

Whatever the model, what it answers is a plan that passes the checker, a refusal or a question. Ctrl-C stops within a
token.";

/// `ponder think`.
#[derive(Args)]
#[command(after_help = THINK_EXAMPLES)]
pub struct ThinkArgs {
    /// What the robot shall do, in English or Chinese
    #[arg(default_value = "put the red block in the green bowl")]
    pub instruction: String,
    /// What is around: a scene from `ponder list scenes`, a scenario file, or a scene as JSON
    #[arg(long, default_value = "tabletop", value_name = "NAME|FILE")]
    pub scene: String,
    /// Robot of a scene that comes as JSON: a name or a robot file
    #[arg(long, default_value = "arm7", value_name = "NAME|FILE")]
    pub robot: String,
    /// Who reasons [default: the first model that thinks and is here]
    #[command(flatten)]
    pub mind: MindArgs,
    /// Ask the baseline that searches over the skills, not a model
    #[arg(long, conflicts_with_all = ["model", "reasoner", "url"])]
    pub symbolic: bool,
    /// Seed of the scene and of the model's dice
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Write the scene here, as JSON
    #[arg(long, value_name = "FILE.json")]
    pub save_scene: Option<PathBuf>,
    /// One JSON object on standard output at the end, and nothing before
    #[arg(long)]
    pub json: bool,
}
