//! Text out of bytes that come in pieces: a letter may be spread over several tokens.

/// Bytes that come token by token, as text: what is not yet a whole character waits, what will never be one is left out.
#[derive(Default)]
pub(super) struct Utf8 {
    waiting: Vec<u8>,
}

impl Utf8 {
    /// The text that is whole by now.
    pub(super) fn push(&mut self, bytes: &[u8]) -> String {
        self.waiting.extend_from_slice(bytes);
        let mut out = String::new();
        loop {
            match std::str::from_utf8(&self.waiting) {
                Ok(text) => {
                    out.push_str(text);
                    self.waiting.clear();
                    return out;
                }
                Err(error) => {
                    let good = error.valid_up_to();
                    out.push_str(&String::from_utf8_lossy(&self.waiting[..good]));
                    match error.error_len() {
                        None => {
                            self.waiting.drain(..good);
                            return out;
                        }
                        Some(bad) => drop(self.waiting.drain(..good + bad)),
                    }
                }
            }
        }
    }
}
