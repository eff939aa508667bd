//! A network with what it has read: a prompt is read from where it begins to differ from the last one.

use ponder_core::thinker::Cancel;

use super::beginnings::Beginnings;
use super::network::Network;
use super::write::WriteError;

/// Reads for a writer.
pub(super) struct Reader {
    net: Box<dyn Network>,
    /// Tokens that the network holds.
    held: Vec<u32>,
    /// Where beginnings of prompts are kept for the next process.
    pub beginnings: Option<Beginnings>,
}

impl Reader {
    /// Holds nothing yet.
    pub fn new(net: Box<dyn Network>) -> Self {
        Self { net, held: Vec::new(), beginnings: None }
    }

    /// Most tokens that it can hold.
    pub fn context(&self) -> usize {
        self.net.context()
    }

    /// Reads tokens after those it holds; gives the logits after the last.
    pub fn read(&mut self, tokens: &[u32]) -> Result<Vec<f32>, WriteError> {
        match self.net.read(tokens) {
            Ok(logits) => {
                self.held.extend_from_slice(tokens);
                Ok(logits)
            }
            Err(error) => {
                self.rewind(0);
                Err(WriteError::Failed(format!("the network failed: {error}")))
            }
        }
    }

    fn rewind(&mut self, len: usize) {
        self.net.rewind(len);
        self.held.truncate(self.net.held());
    }

    /// Reads the prompt, `stride` tokens at once, beyond what is held of it or was put aside of its first `fixed`; gives
    /// the logits after it and how many tokens were new.
    pub fn read_prompt(
        &mut self,
        ids: &[u32],
        fixed: usize,
        stride: usize,
        cancel: &Cancel,
    ) -> Result<(Vec<f32>, usize), WriteError> {
        let alike = self.held.iter().zip(ids).take_while(|(a, b)| a == b).count();
        self.rewind(alike.min(ids.len().saturating_sub(1)));
        // The last token is always read here, for its logits.
        let fixed = fixed.min(ids.len().saturating_sub(1));
        self.take_beginning(&ids[..fixed]);
        let new = ids.len() - self.held.len();
        let mut logits = Vec::new();
        while self.held.len() < ids.len() {
            if cancel.is_cancelled() {
                return Err(WriteError::Cancelled);
            }
            let from = self.held.len();
            let mut to = (from + stride).min(ids.len());
            if from < fixed && to > fixed {
                to = fixed; // stop where the next question will begin to differ
            }
            logits = self.read(&ids[from..to])?;
            if to == fixed {
                self.net.mark();
                self.keep_beginning();
            }
        }
        Ok((logits, new))
    }

    /// Takes the beginning of a prompt from disk, where it isn't held and was put aside.
    fn take_beginning(&mut self, fixed: &[u32]) {
        let Some(beginnings) = self.beginnings.as_ref().filter(|_| self.held.len() < fixed.len()) else { return };
        let Some(tensors) = beginnings.take(fixed) else { return };
        match self.net.take_back(&tensors, fixed.len()) {
            Ok(()) => {
                self.held = fixed.to_vec();
                self.net.mark();
            }
            Err(_) => self.rewind(0), // of another network: read anew
        }
    }

    /// Puts what is held aside. What it can't keep it will compute again.
    fn keep_beginning(&self) {
        if let (Some(beginnings), Ok(tensors)) = (&self.beginnings, self.net.put_aside())
            && !tensors.is_empty()
        {
            beginnings.keep(&self.held, &tensors);
        }
    }
}
