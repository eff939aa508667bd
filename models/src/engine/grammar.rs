//! Constrained decoding: a vocabulary as llguidance wants it, and a grammar's mask for every next token. Special tokens
//! never match text, so no grammar lets one through. (llguidance's Earley parser over a token trie; byte mapping of
//! byte-level BPE: Radford et al. 2019.)

use std::sync::Arc;

use llguidance::api::TopLevelGrammar;
use llguidance::{Matcher, ParserFactory};
use tokenizers::Tokenizer;
use toktrie::{InferenceCapabilities, SimpleVob, TokEnv, TokRxInfo, TokTrie, TokenId, TokenizerEnv};

use super::write::WriteError;

/// What words for a person are made of, as the inside of a regular expression's `[…]`: anything but control characters,
/// quotes, backslashes, brackets of tags and characters that are not seen. Texts of it are masked the fastest.
pub const TEXT: &str = r#"^\x00-\x1f\x7f-\x9f"\\<>\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}"#;

/// Why a vocabulary can't be constrained.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum VocabError {
    /// No tokens, or more than a grammar engine counts.
    #[error("the tokenizer has {tokens} tokens for {logits} logits: they must fit and be at least one")]
    Size {
        /// Tokens of the tokenizer.
        tokens: usize,
        /// Logits of the network.
        logits: usize,
    },
    /// The token that ends a turn is no token.
    #[error("the token {token} that ends a turn is outside the {logits} logits")]
    End {
        /// The token.
        token: u32,
        /// Logits of the network.
        logits: usize,
    },
    /// A byte that no token spells.
    #[error("no token spells the byte 0x{0:02x}: this tokenizer can't write every text")]
    Byte(u8),
    /// The engine refused it.
    #[error("the vocabulary was refused: {0}")]
    Refused(String),
}

/// A vocabulary ready for grammars. Cheap to clone.
#[derive(Clone)]
pub struct Grammars {
    factory: Arc<ParserFactory>,
    trie: TokEnv,
}

struct Vocab {
    trie: TokTrie,
    tokenizer: Tokenizer,
}

impl TokenizerEnv for Vocab {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        let encode = |text: &str| match self.tokenizer.encode_fast(text, false) {
            // A tokenizer that adds or changes something does not spell this text.
            Ok(encoding) if self.trie.decode_raw(encoding.get_ids()) == text.as_bytes() => encoding.get_ids().to_vec(),
            _ => self.trie.greedy_tokenize(text.as_bytes()),
        };
        self.trie.tokenize_with_greedy_fallback(bytes, encode)
    }
}

impl Grammars {
    /// From a tokenizer; `logits` is the width of the network's head (which may be padded beyond the tokenizer), `end` the
    /// token that ends a turn. Reads the whole vocabulary: tenths of a second for large ones.
    ///
    /// # Errors
    /// [`VocabError`] when the two do not fit or the tokens can't spell every text.
    pub fn new(tokenizer: &Tokenizer, logits: usize, end: u32) -> Result<Self, VocabError> {
        let tokens = tokenizer.get_vocab_size(true);
        if tokens == 0 || tokens > logits || logits >= 1 << 24 {
            return Err(VocabError::Size { tokens, logits });
        }
        if end as usize >= logits {
            return Err(VocabError::End { token: end, logits });
        }
        let words = token_bytes(tokenizer, logits);
        if let Some(byte) = (0x20..0x7f).find(|byte| !words.iter().any(|word| word.as_slice() == [*byte])) {
            return Err(VocabError::Byte(byte));
        }
        let info = TokRxInfo::new(u32::try_from(logits).unwrap_or(u32::MAX), end);
        let mut plain = tokenizer.clone();
        plain.set_encode_special_tokens(true); // text that looks like a special token is text
        let trie: TokEnv = Arc::new(Vocab { trie: TokTrie::from(&info, &words), tokenizer: plain });
        // Tokens that fit anywhere in a text are found once, not anew for every mask.
        let slices = ["{1,10}", "{1,30}", "+"].map(|count| format!("[{TEXT}]{count}"));
        let mut factory = ParserFactory::new(&trie, InferenceCapabilities::default(), &slices)
            .map_err(|error| VocabError::Refused(error.to_string()))?;
        // Grammars live for a line: nothing is worth computing ahead for all of the vocabulary.
        factory.quiet().limits_mut().precompute_large_lexemes = false;
        Ok(Self { factory: Arc::new(factory), trie })
    }

    /// Starts a grammar in Lark syntax.
    ///
    /// # Errors
    /// [`WriteError::Grammar`] when it does not compile.
    pub fn start(&self, lark: &str) -> Result<Constraint, WriteError> {
        let matcher = Matcher::new(self.factory.create_parser(TopLevelGrammar::from_lark(lark.to_owned())));
        match matcher.get_error() {
            Some(error) => Err(WriteError::Grammar(error.chars().take(400).collect())),
            None => Ok(Constraint { matcher }),
        }
    }

    /// Bytes that a token spells; none for special ones.
    pub fn bytes(&self, token: u32) -> &[u8] {
        let trie = self.trie.tok_trie();
        if (token as usize) < trie.vocab_size() && !trie.is_special_token(token) { trie.token(token) } else { &[] }
    }

    /// Does the token spell nothing: special, or padding of the head?
    pub fn is_blank(&self, token: u32) -> bool {
        self.bytes(token).is_empty()
    }

    /// Tokens that spell this text.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        self.trie.tokenize(text)
    }
}

/// A grammar in the middle of a text.
pub struct Constraint {
    matcher: Matcher,
}

impl Constraint {
    /// The same, to go its own way: much cheaper than to start the grammar anew.
    pub fn fork(&self) -> Self {
        Self { matcher: self.matcher.deep_clone() }
    }

    /// Is the text complete?
    pub fn is_done(&self) -> bool {
        self.matcher.is_stopped()
    }

    /// Tokens that may come next.
    ///
    /// # Errors
    /// [`WriteError::Grammar`] when the grammar is broken or done.
    pub fn allowed(&mut self) -> Result<Allowed, WriteError> {
        self.matcher.compute_mask().map(Allowed).map_err(|error| failed(&error))
    }

    /// Tokens that must come next, taken by this call; the network has yet to read them.
    pub fn forced(&mut self) -> Vec<u32> {
        if self.is_done() { Vec::new() } else { self.matcher.consume_ff_tokens() }
    }

    /// Takes the chosen token.
    ///
    /// # Errors
    /// [`WriteError::Grammar`] when it is none of the allowed.
    pub fn take(&mut self, token: u32) -> Result<(), WriteError> {
        self.matcher.consume_token(token).map_err(|error| failed(&error))
    }
}

fn failed(error: &impl std::fmt::Display) -> WriteError {
    WriteError::Grammar(error.to_string().chars().take(400).collect())
}

/// A set of tokens.
pub struct Allowed(SimpleVob);

impl Allowed {
    /// Is the token in it?
    pub fn has(&self, token: u32) -> bool {
        (token as usize) < self.0.len() && self.0.is_allowed(token)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.num_set()
    }

    /// The tokens, ascending.
    pub fn tokens(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter()
    }

    /// Sets the logits of all others to minus infinity.
    pub fn mask(&self, logits: &mut [f32]) {
        for (token, logit) in (0u32..).zip(logits.iter_mut()) {
            if !self.has(token) {
                *logit = f32::NEG_INFINITY;
            }
        }
    }
}

/// Bytes of every token: special and added tokens behind a mark that no text matches, the rest through the map of
/// byte-level BPE, or as SentencePiece writes them (`▁` for a space, `<0x41>` for a byte).
fn token_bytes(tokenizer: &Tokenizer, logits: usize) -> Vec<Vec<u8>> {
    let added = tokenizer.get_added_tokens_decoder();
    let byte_level = tokenizer.get_vocab(false).keys().any(|token| token.starts_with('Ġ') || token == "Ċ");
    let bytes = |id: u32| {
        let Some(token) = tokenizer.id_to_token(id) else {
            return Vec::new(); // padding of the head: never allowed
        };
        if added.contains_key(&id) {
            // The mark, and brackets as the trie wants them, whatever the token's own look.
            let mut marked = vec![TokTrie::SPECIAL_TOKEN_MARKER];
            marked.extend(format!("<{id}>").into_bytes());
            return marked;
        }
        if byte_level { unmapped(&token) } else { piece_bytes(&token) }
    };
    (0..u32::try_from(logits).unwrap_or(u32::MAX)).map(bytes).collect()
}

/// Undoes the map of byte-level BPE; a token with other characters spells its UTF-8.
fn unmapped(token: &str) -> Vec<u8> {
    token.chars().map(byte_of).collect::<Option<Vec<u8>>>().unwrap_or_else(|| token.as_bytes().to_vec())
}

/// The byte of one character of byte-level BPE: printable ones stand for themselves, the other 68 for U+0100 and on.
fn byte_of(c: char) -> Option<u8> {
    let is_printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let code = u32::from(c);
    match u8::try_from(code) {
        Ok(byte) if is_printable(byte) => Some(byte),
        Ok(_) => None,
        Err(_) => (0..=255u8).filter(|byte| !is_printable(*byte)).nth(code.checked_sub(0x100)? as usize),
    }
}

fn piece_bytes(token: &str) -> Vec<u8> {
    let hex = token.strip_prefix("<0x").and_then(|rest| rest.strip_suffix('>')).filter(|hex| hex.len() == 2);
    match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
        Some(byte) => vec![byte],
        None => token.replace('▁', " ").into_bytes(),
    }
}
