//! What a model that writes text is asked and what it answers: turns of talk in, a thought and a scripted answer out.
//! The seam between the reasoner (which knows plans) and whatever writes for it: a network here, a server elsewhere.

use ponder_core::thinker::Cancel;

use super::refused::Refused;

/// Who says a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The person's side: instructions, scene, goal.
    User,
    /// The model's own earlier answer.
    Assistant,
}

/// One turn of the talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Who says it.
    pub role: Role,
    /// The words. Whatever came from a person or a scene stands in them quoted, so that no part of it reads as a tag.
    pub text: String,
    /// How many leading bytes of `text` stay the same from question to question: what a model may keep computed.
    pub fixed: usize,
}

/// Steers an answer line by line: what the next line may be, given those before it.
pub trait Script {
    /// Lark grammar of the next line, its `\n` included; `None` when the answer is complete. A grammar always admits at
    /// least one line, and only lines of bounded length.
    fn next(&self) -> Option<String>;

    /// Takes the next line as written, without its `\n`.
    ///
    /// # Errors
    /// Why the line is none of those that [`Script::next`] admits.
    fn take(&mut self, line: &str) -> Result<(), String>;

    /// May the answer be any text, ended as the model likes? Then [`Script::next`] only says whether it goes on, and its
    /// grammar holds nobody.
    fn is_free(&self) -> bool {
        false
    }

    /// Is the thought's last word, of which this is the beginning up to there, right? A wrong one is drawn anew.
    fn reckon(&self, _begun: &str) -> Reckoned {
        Reckoned::Open
    }

    /// JSON Schema of the whole answer, for models that are steered by one rather than line by line.
    fn schema(&self) -> Option<serde_json::Value> {
        None
    }
}

/// What is known of a word of a thought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reckoned {
    /// Nothing: it is the model's to choose.
    Open,
    /// It is what can be worked out, however probable the model found it.
    Right,
    /// It is not what can be worked out.
    Wrong,
}

/// What is asked of a model.
pub struct Ask<'a> {
    /// The talk so far; the last turn is the user's.
    pub turns: &'a [Turn],
    /// Most tokens of thought before it is closed and the answer begun; 0 for an answer without thought.
    pub thought_tokens: usize,
    /// What the answer may be.
    pub script: &'a mut dyn Script,
    /// Seed of the sampling: the same ask with the same seed is answered with the same text.
    pub seed: u64,
    /// Tell how probable its tokens were, where the model knows: for a wide vocabulary that is work.
    pub weigh: bool,
    /// Temperature of thought and answer; `None`: the model's own.
    pub temperature: Option<f32>,
}

/// A piece of text as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Of the thought, tags left out.
    Thought(&'a str),
    /// Of the answer.
    Answer(&'a str),
}

/// What a model wrote.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// The thought without its tags.
    pub thought: String,
    /// The answer, one line a step.
    pub answer: String,
    /// Tokens of the prompt that had to be computed: those that were not kept from the question before.
    pub prompt_tokens: usize,
    /// Tokens thought.
    pub thought_tokens: usize,
    /// Tokens of the answer.
    pub answer_tokens: usize,
    /// How probable the least probable of the tokens that it chose was, 0 to 1; `None`: not asked for, or not
    /// known of this model.
    pub least: Option<f32>,
}

/// Why a model wrote nothing that can be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WriteError {
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// Prompt and answer do not fit the model's context.
    #[error(
        "the question takes {prompt} tokens and its answer up to {answer} more, the context holds {context}: \
         describe fewer objects or load the model with a longer context"
    )]
    ContextFull {
        /// Tokens of the prompt.
        prompt: usize,
        /// Tokens kept for the answer.
        answer: usize,
        /// Tokens that the model can hold.
        context: usize,
    },
    /// The answer did not end within its tokens.
    #[error("the answer was not complete after {0} tokens")]
    Unfinished(usize),
    /// The grammar of a line was refused or broken.
    #[error("the answer's grammar failed: {0}")]
    Grammar(String),
    /// The network, tokenizer or server failed.
    #[error("{0}")]
    Failed(String),
}

/// How a model wants to be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// With all rules, skills and facts told: a model that knows nothing of robots.
    #[default]
    Full,
    /// The scene and the words alone: a small model that was schooled for just this.
    Compact,
}

/// Writes text.
pub trait TextModel: Send {
    /// Name for banners and records.
    fn name(&self) -> &str;

    /// How it wants to be asked.
    fn manner(&self) -> Manner {
        Manner::Full
    }

    /// A plan with a token less probable than this is one that it does not stand by; 0: it stands by all.
    fn asks_below(&self) -> f32 {
        0.0
    }

    /// How often it thinks again about a plan that it does not stand by, before it asks; 0: it asks at once.
    fn second_thoughts(&self) -> usize {
        0
    }

    /// Words that it only ever heard in what it had to refuse: a plan against one is none that it stands by.
    fn refused(&self) -> Option<&Refused> {
        None
    }

    /// Thinks and answers; `hear` is called with pieces as they come, `cancel` is looked at before every token.
    ///
    /// # Errors
    /// [`WriteError`]; after one the model can be asked again.
    fn write(
        &mut self,
        ask: &mut Ask<'_>,
        hear: &mut dyn FnMut(Piece<'_>),
        cancel: &Cancel,
    ) -> Result<Written, WriteError>;
}
