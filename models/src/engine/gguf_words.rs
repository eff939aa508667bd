//! How the tokenizer of a GGUF file cuts a text before byte-pair encoding: by the name that llama.cpp gives each family's
//! way (`tokenizer.ggml.pre`). candle knows some of them and takes GPT-2's with a space put before every text for the rest.

use tokenizers::SplitDelimiterBehavior::Isolated;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};

/// As the makers of Qwen2 publish it; digits one by one.
const QWEN2: &str = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// As the makers of Llama 3 publish it; up to three digits together.
const LLAMA3: &str = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// How a family cuts texts; none where candle has it right.
///
/// # Errors
/// The pattern was refused.
pub fn cut(pre: Option<&str>) -> tokenizers::Result<Option<PreTokenizerWrapper>> {
    let by = |pattern: &str| -> tokenizers::Result<PreTokenizerWrapper> {
        let split = Split::new(SplitPattern::Regex(pattern.to_owned()), Isolated, false)?;
        Ok(Sequence::new(vec![split.into(), ByteLevel::new(false, true, false).into()]).into())
    };
    let gpt2 = ByteLevel::new(false, true, true);
    Ok(match pre {
        Some("qwen2" | "lfm2" | "llama3" | "smaug-bpe") => None,
        Some("deepseek-r1-qwen") => Some(by(QWEN2)?),
        Some("llama-bpe") => Some(by(LLAMA3)?),
        Some("smollm") => Some(Sequence::new(vec![Digits::new(true).into(), gpt2.into()]).into()),
        _ => Some(gpt2.into()),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tokenizers::{OffsetReferential::Original, OffsetType::Char, PreTokenizedString, PreTokenizer};

    use super::*;

    fn pieces(pre: &str, text: &str) -> Vec<String> {
        let mut cut_up = PreTokenizedString::from(text);
        cut(Some(pre)).unwrap().unwrap().pre_tokenize(&mut cut_up).unwrap();
        cut_up.get_splits(Original, Char).into_iter().map(|(piece, ..)| piece.to_owned()).collect()
    }

    #[test]
    fn nothing_is_put_before_a_text() {
        assert_eq!(pieces("smollm", "pick(b12) it"), ["pick", "(", "b", "1", "2", ")", "Ġit"]);
        assert_eq!(pieces("deepseek-r1-qwen", "b12"), ["b", "1", "2"]);
        assert_eq!(pieces("llama-bpe", "b1234"), ["b", "123", "4"]);
        assert_eq!(pieces("gpt-2", "(b12"), ["(", "b", "12"]);
    }
}
