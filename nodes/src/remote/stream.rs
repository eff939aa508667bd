//! What comes from a server, taken apart: server-sent events (WHATWG HTML, section 9.2) that hold pieces of a chat's answer,
//! or the whole answer as one JSON object where a server does not stream. Pieces of bytes may be cut anywhere.

use serde_json::Value;

/// Longest line taken, bytes.
const MAX_LINE_BYTES: usize = 1 << 20;

/// One piece of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Delta {
    /// Of the thought, where the server keeps it apart.
    pub thought: String,
    /// Of the answer; or of both, with tags.
    pub answer: String,
    /// Why the answer ended: `stop`, `length`, …
    pub finish: Option<String>,
    /// Tokens written in all, and of them thought, as the server counts them.
    pub tokens: Option<(usize, Option<usize>)>,
    /// The stream says that it is over.
    pub over: bool,
}

/// Lines out of bytes, and deltas out of lines.
#[derive(Debug, Default)]
pub(super) struct Events {
    held: Vec<u8>,
    data: String,
}

impl Events {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// What is wrong with them, or what the server says has failed.
    pub fn feed(&mut self, bytes: &[u8], hear: &mut dyn FnMut(Delta)) -> Result<(), String> {
        self.held.extend_from_slice(bytes);
        let mut from = 0;
        while let Some(end) = self.held[from..].iter().position(|b| *b == b'\n') {
            let line = self.held[from..from + end].to_vec();
            from += end + 1;
            self.line(String::from_utf8_lossy(&line).trim_end_matches('\r'), hear)?;
        }
        self.held.drain(..from);
        if self.held.len() + self.data.len() > MAX_LINE_BYTES {
            return Err(format!("a line of its stream is longer than {MAX_LINE_BYTES} bytes"));
        }
        Ok(())
    }

    /// A line: data is collected until an empty one; comments keep the connection open, and other fields are not needed.
    fn line(&mut self, line: &str, hear: &mut dyn FnMut(Delta)) -> Result<(), String> {
        if let Some(data) = line.strip_prefix("data:") {
            if !self.data.is_empty() {
                self.data.push('\n');
            }
            self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
            return Ok(());
        }
        if !line.is_empty() || self.data.is_empty() {
            return Ok(());
        }
        let data = std::mem::take(&mut self.data);
        if data.trim() == "[DONE]" {
            hear(Delta { over: true, ..Delta::default() });
            return Ok(());
        }
        let value = serde_json::from_str(&data).map_err(|error| format!("its stream is no JSON: {error}"))?;
        hear(delta(&value, "delta")?);
        Ok(())
    }
}

/// The answer of a server that does not stream.
///
/// # Errors
/// As [`Events::feed`].
pub(super) fn whole(text: &str) -> Result<Delta, String> {
    let value = serde_json::from_str(text).map_err(|error| format!("its answer is no JSON: {error}"))?;
    let delta = delta(&value, "message")?;
    if delta.finish.is_none() && delta.answer.is_empty() {
        return Err("its answer holds no message".to_owned());
    }
    Ok(Delta { over: true, ..delta })
}

fn delta(value: &Value, key: &str) -> Result<Delta, String> {
    if let Some(message) = error(value) {
        return Err(message);
    }
    let usage = &value["usage"];
    let count = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
    let thought = count(&usage["completion_tokens_details"]["reasoning_tokens"]);
    let tokens = count(&usage["completion_tokens"]).map(|all| (all, thought));
    let choice = &value["choices"][0];
    let text = |name: &str| choice[key][name].as_str().unwrap_or_default().to_owned();
    // DeepSeek, SGLang and llama.cpp say `reasoning_content`; Ollama and newer vLLM `reasoning`.
    let thought = Some(text("reasoning_content")).filter(|text| !text.is_empty()).unwrap_or_else(|| text("reasoning"));
    let finish = choice["finish_reason"].as_str().map(str::to_owned);
    Ok(Delta { thought, answer: text("content"), finish, tokens, over: false })
}

/// What a server says went wrong.
pub(super) fn error(value: &Value) -> Option<String> {
    let error = value.get("error").filter(|error| !error.is_null())?;
    let message = error["message"].as_str().or_else(|| error.as_str());
    Some(message.map_or_else(|| error.to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop where it stands

    use super::*;

    const STREAM: &str = ": keep-alive\r\n\r\n\
        data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"红\"}}]}\r\n\r\n\
        event: x\ndata: {\"choices\":[{\"delta\":\ndata: {\"content\":\"end\"},\"finish_reason\":\"stop\"}]}\n\n\
        data: {\"choices\":[],\"usage\":{\"completion_tokens\":7,\"completion_tokens_details\":{\"reasoning_tokens\":4}}}\n\n\
        data: [DONE]\n\n";

    fn read(pieces: &[&[u8]]) -> Result<Vec<Delta>, String> {
        let (mut events, mut all) = (Events::default(), Vec::new());
        for piece in pieces {
            events.feed(piece, &mut |delta| all.push(delta))?;
        }
        Ok(all)
    }

    #[test]
    fn a_stream_is_the_same_however_it_is_cut() {
        let bytes = STREAM.as_bytes();
        let all = read(&[bytes]).unwrap();
        assert_eq!(all.len(), 4, "{all:?}");
        assert_eq!((all[0].thought.as_str(), all[1].answer.as_str()), ("红", "end"));
        assert_eq!((all[1].finish.as_deref(), all[2].tokens), (Some("stop"), Some((7, Some(4)))));
        assert!(all[3].over);
        for cut in 0..bytes.len() {
            assert_eq!(read(&[&bytes[..cut], &bytes[cut..]]).unwrap(), all, "cut at {cut}");
        }
        let bytewise: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&bytewise).unwrap(), all);
    }

    #[test]
    fn what_is_no_stream_is_told() {
        assert!(read(&[b"data: {nonsense}\n\n"]).unwrap_err().contains("no JSON"));
        assert!(
            read(&[b"data: {\"error\": {\"message\": \"out of memory\"}}\n\n"]).unwrap_err().contains("out of memory")
        );
        assert!(read(&[b"data: {\"error\": \"overloaded\"}\n\n"]).unwrap_err().contains("overloaded"));
        let endless = vec![b'x'; MAX_LINE_BYTES + 1];
        assert!(read(&[&endless]).unwrap_err().contains("longer than"));
        let lines = "data: yyyyyyyyyyyyyyy\n".repeat(100_000);
        assert!(read(&[lines.as_bytes()]).unwrap_err().contains("longer than"));
    }

    #[test]
    fn an_answer_that_is_not_streamed_is_read() {
        let message = r#"{"choices":[{"message":{"content":"end","reasoning":"hm"},"finish_reason":"stop"}]}"#;
        let delta = whole(message).unwrap();
        assert_eq!((delta.thought.as_str(), delta.answer.as_str(), delta.over), ("hm", "end", true));
        assert!(whole("{}").unwrap_err().contains("no message"));
        assert!(whole("<html>").unwrap_err().contains("no JSON"));
    }
}
