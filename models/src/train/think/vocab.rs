//! The reasoner's own tokenizer: byte-level BPE (Radford et al., 2019) learnt from lessons. Numbers up to 99 and whole
//! words with the space or underscore before them are pieces, Chinese letters stay single, so that names and places are
//! few tokens and words join in any new way. Below the ring: the reasoner's schooling.

use std::path::{Path, PathBuf};

pub use tokenizers::Tokenizer;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::models::{ModelWrapper, TrainerWrapper};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split as Cut, SplitPattern};
use tokenizers::{AddedToken, SplitDelimiterBehavior};

use super::lessons::{LessonError, Lessons, Split};

/// Where text is cut before pieces are learnt.
const PATTERN: &str = r"\)\n|\n| ?[0-9]{1,2}|[ _]?[A-Za-z]+|\p{Han}| ?[^\sA-Za-z0-9\p{Han}]+|\s";
/// Ends a turn.
pub const END: &str = "<|end|>";
/// Begins the person's turn.
pub const USER: &str = "<|user|>";
/// Tokens that no text spells.
const SPECIAL: [&str; 4] = [END, USER, crate::reason::split::OPEN, crate::reason::split::CLOSE];
/// How often each number is shown beside the lessons, so that it becomes a piece.
const NUMBERS_SHOWN: usize = 50;

/// The chat template of the reasoner's folder.
pub const TEMPLATE: &str = "{% for m in messages %}{% if m.role == 'user' %}{{ '<|user|>' + m.content + '\\n' }}{% else %}\
{{ m.content + '<|end|>' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<think>\\n' }}{% endif %}";

/// Why there is no tokenizer.
#[derive(Debug, thiserror::Error)]
pub enum VocabError {
    /// A lesson could not be drawn.
    #[error(transparent)]
    Lesson(#[from] LessonError),
    /// The learner refused.
    #[error("the tokenizer could not be learnt: {0}")]
    Learn(String),
    /// A file is no tokenizer.
    #[error("{path}: {why}", path = .path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// Opens a tokenizer.
///
/// # Errors
/// [`VocabError::Open`].
pub fn open(path: &Path) -> Result<Tokenizer, VocabError> {
    Tokenizer::from_file(path).map_err(|error| VocabError::Open { path: path.to_owned(), why: error.to_string() })
}

/// Learns a tokenizer of `size` pieces from the first `count` training lessons. The same lessons, the same tokenizer.
///
/// # Errors
/// [`VocabError`].
pub fn learn(lessons: &Lessons, count: u64, size: usize) -> Result<Tokenizer, VocabError> {
    let refused = |error: tokenizers::Error| VocabError::Learn(error.to_string());
    let pattern = SplitPattern::Regex(PATTERN.to_owned());
    let cut = Cut::new(pattern, SplitDelimiterBehavior::Isolated, false).map_err(refused)?;
    let bytes = ByteLevel::new(false, true, false);
    let mut tokenizer = Tokenizer::new(ModelWrapper::BPE(BPE::default()));
    let cuts = vec![PreTokenizerWrapper::Split(cut), PreTokenizerWrapper::ByteLevel(bytes)];
    tokenizer.with_pre_tokenizer(Some(Sequence::new(cuts)));
    tokenizer.with_decoder(Some(ByteLevel::default()));
    let special: Vec<AddedToken> = SPECIAL.iter().map(|text| AddedToken::from(*text, true)).collect();
    let trainer = BpeTrainer::builder()
        .vocab_size(size)
        .special_tokens(special)
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .show_progress(false)
        .build();
    let mut texts = Vec::new();
    for index in 0..count {
        let lesson = lessons.get(Split::Train, index)?;
        texts.extend([lesson.prompt() + "\n", lesson.thought, lesson.answer]);
    }
    texts.extend((0..100).flat_map(|n| std::iter::repeat_n(format!(" {n}"), NUMBERS_SHOWN)));
    texts.extend(('A'..='Z').flat_map(|c| std::iter::repeat_n(format!(" {c}"), NUMBERS_SHOWN)));
    tokenizer.train(&mut TrainerWrapper::BpeTrainer(trainer), texts.into_iter()).map_err(refused)?;
    Ok(tokenizer)
}
