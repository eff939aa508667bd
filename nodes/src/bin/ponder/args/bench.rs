//! The part of the command line that measures.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `ponder bench`.
#[derive(Args)]
pub struct BenchArgs {
    /// What to measure
    #[command(subcommand)]
    pub of: BenchOf,
}

/// What can be measured.
#[derive(Subcommand)]
pub enum BenchOf {
    /// How fast a language model reads, speaks and plans, idle and busy, and what it leaves to the control loop
    Reasoner(BenchReasonerArgs),
}

const EXAMPLES: &str = "\
Examples:
  ponder bench reasoner                                   (the model that comes with Ponder)
  ponder bench reasoner --model SmolLM2-135M-Instruct.Q4_1.gguf
  ponder bench reasoner --model lfm2-350m --json
  ponder bench reasoner --model FILE.gguf --llamacpp ~/peer   (after `npm install --prefix ~/peer node-llama-cpp`)

Figures of an idle machine say most; ratios to llama.cpp, measured turn by turn in the same run, say it anywhere.";

/// `ponder bench reasoner`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct BenchReasonerArgs {
    /// A model that thinks in words: a name from `ponder models`, a GGUF file or a folder
    #[arg(long, default_value = "reasoner-nano", value_name = "NAME|FILE|DIR")]
    pub model: String,
    /// Folder with node_modules/node-llama-cpp in it: llama.cpp does the same work in turn
    #[arg(long, value_name = "DIR")]
    pub llamacpp: Option<PathBuf>,
    /// Turns of reading and speaking, of which the median is told
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Most tokens of thought before a plan
    #[arg(long, default_value_t = 128, value_name = "TOKENS")]
    pub thought_tokens: u32,
    /// How long the control loop is watched, alone and beside a thought, seconds each
    #[arg(long, default_value_t = 20, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub watch: u32,
    /// Longest context, in tokens; the model's own bound holds too
    #[arg(long, default_value_t = 8192, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(1..))]
    pub context: u32,
    /// One JSON object on standard output
    #[arg(long)]
    pub json: bool,
}
