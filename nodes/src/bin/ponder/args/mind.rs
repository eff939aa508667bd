//! The part of the command line that chooses who reasons, of `run`, `eval` and `think`, and who perceives.

use anyhow::bail;
use clap::Args;
use ponder_models::reason::reasoner::Options;
use ponder_nodes::stages::{Who, Wish};

/// Who reasons, and how.
#[derive(Args)]
pub struct MindArgs {
    /// Who reasons: reasoner-nano was trained here; symbolic is the baseline that searches over the skills; remote asks
    /// a server; or a model by its name in `ponder models`, a GGUF file or a folder [default: reasoner-nano]
    #[arg(long, alias = "planner", value_name = "WHO")]
    pub reasoner: Option<Who>,
    /// Server of a remote reasoner, one with OpenAI's chat API (vLLM, SGLang, llama.cpp, Ollama, DeepSeek), such as
    /// http://localhost:8000/v1; PONDER_API_KEY holds its key
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Name of the model at the server; without --url the same as --reasoner
    #[arg(long, value_name = "NAME|FILE|DIR")]
    pub model: Option<String>,
    /// Who reasons when the server does not answer: as --reasoner, or none
    #[arg(long, default_value = "symbolic", value_name = "WHO")]
    pub fallback: String,
    /// Most tokens of a model's thought before the answer is begun; 0 for none
    #[arg(long, alias = "thought", default_value_t = 512, value_name = "TOKENS")]
    pub thought_tokens: u32,
    /// A model answers as it likes and is only checked afterwards
    #[arg(long)]
    pub no_grammar: bool,
    /// A model thinks again about what it wrote with a token less probable than this, and asks back rather than act on a
    /// plan that its thoughts don't agree on; without it, the model's own bound
    #[arg(long, value_name = "PROBABILITY", value_parser = probability)]
    pub ask_below: Option<f32>,
    /// How often it thinks again; without it, as often as the model itself says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(..=32))]
    pub second_thoughts: Option<u8>,
    /// Longest context of a model in this process, in tokens; its own bound holds too
    #[arg(long, default_value_t = 8192, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(1..))]
    pub context: u32,
}

/// Who perceives, or no learned part at all.
#[derive(Args)]
pub struct EyesArgs {
    /// Who perceives: eye-nano, trained here, looks at pictures; ground-truth is the baseline that believes what the
    /// simulator knows; or a folder of such an eye; or a Janus, by its name in `ponder models` or its folder
    /// [default: eye-nano; ground-truth where no pictures can be had]
    #[arg(long, value_name = "WHO")]
    pub perception: Option<String>,
    /// Nothing learned: ground-truth perceives and symbolic plans, the two baselines
    #[arg(long, conflicts_with_all = ["perception", "reasoner", "url", "model"])]
    pub baselines: bool,
}

impl EyesArgs {
    /// Who perceives, where there are pictures or none.
    pub fn who(&self, pictures: bool) -> &str {
        self.perception.as_deref().unwrap_or(if pictures && !self.baselines { "eye-nano" } else { "ground-truth" })
    }

    /// Who reasons where nobody is named.
    pub fn usual_mind(&self) -> Who {
        if self.baselines { Who::Symbolic } else { Who::shipped() }
    }
}

fn probability(text: &str) -> Result<f32, String> {
    let value = text.parse().ok().filter(|value| (0.0..=1.0).contains(value));
    value.ok_or_else(|| format!("{text:?} is no number from 0 to 1"))
}

impl MindArgs {
    /// What is wished for; `usual` where nobody is named.
    pub fn wish(&self, seed: u64, usual: Who) -> anyhow::Result<Wish> {
        self.wish_for(seed, self.reasoner.as_ref(), usual)
    }

    /// The same where the one who reasons has been named otherwise.
    pub fn wish_named(&self, seed: u64, named: &str) -> anyhow::Result<Wish> {
        let who = named.parse()?;
        if self.reasoner.is_some() {
            bail!("--reasoner names another than {named:?}: leave one of them out");
        }
        self.wish_for(seed, Some(&who), Who::Symbolic)
    }

    fn wish_for(&self, seed: u64, reasoner: Option<&Who>, usual: Who) -> anyhow::Result<Wish> {
        let who = match (reasoner, &self.url, &self.model) {
            (Some(Who::Remote), ..) | (None, Some(_), _) => Who::Remote,
            (Some(_), Some(_), _) => bail!("--url is for --reasoner remote"),
            (Some(_), None, Some(_)) => bail!("--model names the model of --reasoner remote, or a model by itself"),
            (Some(who), None, None) => who.clone(),
            (None, None, Some(model)) => Who::Local(model.clone()),
            (None, None, None) => usual,
        };
        let fallback = match self.fallback.as_str() {
            "none" => None,
            "remote" => bail!("--fallback is for when the remote reasoner fails: name another, or none"),
            other => Some(other.parse()?),
        };
        let unsure = self.ask_below.is_some() || self.second_thoughts.is_some();
        if unsure && matches!(who, Who::Symbolic | Who::Remote) {
            bail!(
                "--ask-below and --second-thoughts are for a model in this process: how sure another one is isn't known"
            );
        }
        let thought_tokens = self.thought_tokens as usize;
        let options = Options {
            thought_tokens,
            seed,
            grammar: !self.no_grammar,
            ask_below: self.ask_below,
            second_thoughts: self.second_thoughts.map(usize::from),
            ..Options::default()
        };
        let (url, model) = (self.url.clone(), self.model.clone());
        Ok(Wish { url, model, fallback, options, context: self.context as usize, ..Wish::of(who) })
    }
}
