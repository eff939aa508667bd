//! Quoting: text from a person, a camera or another program becomes data inside a prompt. What is not a letter, a digit,
//! a space or everyday punctuation is written as `\u{…}`, so a quoted text can neither end its quote, begin a line, nor
//! spell any tag or special token of any model.

/// Longest quoted text, in characters; what is longer is cut, and says so.
pub const MAX_QUOTED_CHARS: usize = 2000;

/// Punctuation that may stand in a quote as it is.
const PLAIN: &str = " .,;:!?'-_()/+%&=°…、。，！？；：（）·–—’";

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || PLAIN.contains(c)
}

/// The text between double quotes, in one line.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for (i, c) in text.chars().enumerate() {
        if i == MAX_QUOTED_CHARS {
            out.push('…');
            break;
        }
        match c {
            '\n' => out.push_str("\\n"),
            '"' => out.push_str("\\\""),
            c if is_plain(c) => out.push(c),
            c => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// The text that was quoted, if it is one whole quote.
pub fn unquote(quoted: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = quoted.strip_prefix('"')?.chars();
    loop {
        match rest.next()? {
            '"' => return rest.next().is_none().then_some(out),
            '\\' => match rest.next()? {
                'n' => out.push('\n'),
                'u' => {
                    let code: String = rest.by_ref().take_while(|c| *c != '}').collect();
                    let hex = code.strip_prefix('{').filter(|hex| hex.len() <= 6)?;
                    out.push(char::from_u32(u32::from_str_radix(hex, 16).ok()?)?);
                }
                c => out.push(c),
            },
            c => out.push(c),
        }
    }
}

/// A name as it stands in prompts and plans: bare where it is a plain identifier, quoted where it is anything else.
pub fn name(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(bare) {
        text.to_owned()
    } else {
        quote(text)
    }
}
