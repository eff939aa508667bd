//! The client: one ask, with its waits, tries and bounds.

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use ponder_core::thinker::Cancel;
use ponder_models::engine::write::{Ask, Piece as Words, TextModel, WriteError, Written};
use ponder_models::reason::answer::MAX_ANSWER_BYTES;
use ponder_models::reason::split::{CLOSE, Split};

use super::link::{self, Piece};
use super::request::{self, Extras};
use super::server::{Server, agent};
use super::stream::{self, Delta, Events};

/// A cancelled ask is given up at the latest after this.
const SLICE: Duration = Duration::from_millis(10);
/// Longest thought kept, bytes.
const MAX_THOUGHT_BYTES: usize = 1 << 20;
/// Longest answer taken that is not streamed, and of a refusal, bytes.
const MAX_WHOLE_BYTES: usize = 4 << 20;
const MAX_REFUSAL_BYTES: usize = 16 << 10;

/// How long things may take, and how often they are tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// From the question to the first word.
    pub first: Duration,
    /// Between two words.
    pub between: Duration,
    /// For all of an answer, tries included.
    pub total: Duration,
    /// Tries.
    pub tries: u32,
    /// Longest wait before the second try; doubled before each further one.
    pub pause: Duration,
    /// Longest wait that a server may ask for.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let s = Duration::from_secs;
        Self {
            connect: s(5),
            first: s(60),
            between: s(20),
            total: s(300),
            tries: 3,
            pause: Duration::from_millis(500),
            longest_pause: s(20),
        }
    }
}

/// A model at a server.
#[derive(Clone)]
pub struct Client {
    name: String,
    server: Server,
    patience: Patience,
    agent: ureq::Agent,
    extras: Extras,
}

/// How one try failed.
enum Fault {
    Cancelled,
    /// Its tokens were used up.
    Length(usize),
    /// Another try would fail too.
    Lasting(String),
    /// The server does not know what was asked for beyond the plain chat.
    Extras,
    /// Another try may work, after so many seconds if the server says so.
    Passing(String, Option<f64>),
}

/// What has come of an answer.
struct Hearing<'h> {
    hear: &'h mut dyn FnMut(Words<'_>),
    split: Split,
    written: Written,
    finish: Option<String>,
    counted: Option<(usize, Option<usize>)>,
    over: bool,
    /// Has any word come?
    begun: bool,
}

impl Client {
    /// A client of a model at a server; nothing is sent yet.
    pub fn new(server: Server, patience: Patience) -> Self {
        // The transport waits a little longer, so that who is told of a silence hears it in this file's words.
        let silence = patience.first.max(patience.between) + Duration::from_secs(1);
        let agent = agent(&server.url, patience.connect, silence);
        Self { name: server.name(), server, patience, agent, extras: Extras::ALL }
    }

    /// One try.
    fn once(
        &self,
        ask: &Ask<'_>,
        extras: Extras,
        hear: &mut dyn FnMut(Words<'_>),
        cancel: &Cancel,
        end: Instant,
    ) -> Result<Written, Fault> {
        let (body, more) = request::body(&self.server.model, ask, extras);
        let inbox = link::ask(&self.agent, &self.server, body.to_string().into_bytes())
            .map_err(|error| Fault::Passing(format!("no thread to ask on: {error}"), None))?;
        let mut heard = Hearing {
            hear,
            split: Split::new(false),
            written: Written::default(),
            finish: None,
            counted: None,
            over: false,
            begun: false,
        };
        let (mut events, mut whole, mut head) = (Events::default(), Vec::new(), None);
        let mut word = Instant::now(); // when the last word came
        loop {
            if cancel.is_cancelled() {
                return Err(Fault::Cancelled);
            }
            let now = Instant::now();
            let wait = if heard.begun { self.patience.between } else { self.patience.first };
            if now >= end {
                let total_s = self.patience.total.as_secs_f64();
                return Err(Fault::Lasting(format!("no whole answer within {total_s} s")));
            }
            if now >= word + wait {
                let what = if heard.begun { "it fell silent for" } else { "no word within" };
                return Err(Fault::Passing(format!("{what} {} s", wait.as_secs_f64()), None));
            }
            let piece = match inbox.recv_timeout(SLICE) {
                Ok(piece) => piece,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => Piece::End,
            };
            match (piece, head) {
                (Piece::Failed(why), _) => return Err(Fault::Passing(self.server.key.hide(&why), None)),
                (Piece::Head { status, streams, retry_s }, _) => head = Some((status, streams, retry_s)),
                (Piece::Bytes(bytes), Some((200, true, _))) => {
                    let mut fault = Ok(());
                    let fed = events.feed(&bytes, &mut |delta| {
                        if fault.is_ok() {
                            word = if delta.thought.len() + delta.answer.len() > 0 { Instant::now() } else { word };
                            fault = heard.take(delta, true);
                        }
                    });
                    fed.map_err(|why| Fault::Passing(self.server.key.hide(&why), None))?;
                    fault?;
                    if heard.over {
                        return heard.finish(ask.thought_tokens);
                    }
                }
                (Piece::Bytes(bytes), _) => {
                    let most = if matches!(head, Some((200, ..))) { MAX_WHOLE_BYTES } else { MAX_REFUSAL_BYTES };
                    whole.extend(bytes.into_iter().take(most - whole.len().min(most)));
                }
                (Piece::End, None) => return Err(Fault::Passing("the connection was closed".to_owned(), None)),
                (Piece::End, Some((200, true, _))) => return heard.finish(ask.thought_tokens),
                (Piece::End, Some((200, false, _))) => {
                    let text = String::from_utf8_lossy(&whole);
                    let delta = stream::whole(&text);
                    heard.take(delta.map_err(|why| Fault::Passing(self.server.key.hide(&why), None))?, false)?;
                    return heard.finish(ask.thought_tokens);
                }
                (Piece::End, Some((status, _, retry_s))) => return Err(self.refusal(status, retry_s, &whole, more)),
            }
        }
    }

    /// What an answer that is none means.
    fn refusal(&self, status: u16, retry_s: Option<f64>, body: &[u8], more: bool) -> Fault {
        let text = String::from_utf8_lossy(body);
        let said = serde_json::from_str(&text).ok().and_then(|value| stream::error(&value));
        let said = self.server.key.hide(said.as_deref().unwrap_or(text.trim()));
        let why = if said.is_empty() { format!("it answers {status}") } else { format!("it answers {status}: {said}") };
        match status {
            400 | 422 if more => Fault::Extras,
            408 | 425 | 429 | 500..=599 => Fault::Passing(why, retry_s),
            401 | 403 => Fault::Lasting(format!("{why} (the key is in {})", super::KEY)),
            _ => Fault::Lasting(why),
        }
    }

    /// How long to wait before the next try: a random part of a doubling pause, or what the server asks for.
    fn pause(&self, seed: u64, tries: u32, asked_s: Option<f64>) -> Duration {
        let longest = self.patience.longest_pause;
        let asked = asked_s.and_then(|s| Duration::try_from_secs_f64(s).ok()).map(|asked| asked.min(longest));
        let most = self.patience.pause.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1))).min(longest);
        asked.unwrap_or_default() + most.mul_f64(chance(seed, tries))
    }
}

/// A number from 0 to 1 (SplitMix64's finaliser, Steele et al., OOPSLA 2014).
fn chance(seed: u64, number: u32) -> f64 {
    let mut z = seed.wrapping_add(u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Text without characters that would move a cursor.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

impl Hearing<'_> {
    fn take(&mut self, delta: Delta, streams: bool) -> Result<(), Fault> {
        let Self { hear, split, written, .. } = self;
        let said = delta.thought.len() + delta.answer.len() > 0;
        self.begun |= said;
        let before = (written.thought.len(), written.answer.len());
        let mut say = |piece: Words<'_>| {
            match piece {
                Words::Thought(text) => written.thought.push_str(text),
                Words::Answer(text) => written.answer.push_str(text),
            }
            hear(piece);
        };
        if !delta.thought.is_empty() {
            say(Words::Thought(&plain(&delta.thought)));
        }
        if !delta.answer.is_empty() {
            split.feed(&plain(&delta.answer), &mut say);
        }
        // Where a server does not count, a piece counts as a token.
        if streams && said {
            let (thought, answer) = before;
            written.thought_tokens += usize::from(written.thought.len() > thought);
            written.answer_tokens += usize::from(written.answer.len() > answer);
        }
        self.finish = delta.finish.or(self.finish.take());
        self.counted = delta.tokens.or(self.counted);
        self.over |= delta.over;
        if written.thought.len() > MAX_THOUGHT_BYTES || written.answer.len() > MAX_ANSWER_BYTES {
            return Err(Fault::Lasting("it does not come to an end".to_owned()));
        }
        Ok(())
    }

    /// The answer, if it is whole.
    fn finish(mut self, thought_tokens: usize) -> Result<Written, Fault> {
        let Self { hear, split, written, finish, counted, over, .. } = &mut self;
        split.end(&mut |piece: Words<'_>| {
            match piece {
                Words::Thought(text) => written.thought.push_str(text),
                Words::Answer(text) => written.answer.push_str(text),
            }
            hear(piece);
        });
        // Behind a prompt that opens the thought itself, a server that does not split gives only the closing tag.
        if let Some((thought, answer)) = written.answer.split_once(CLOSE) {
            let (thought, answer) = (thought.trim().to_owned(), answer.trim_start().to_owned());
            hear(Words::Thought(&thought));
            written.thought.push_str(&thought);
            written.answer = answer;
            written.thought_tokens = written.thought_tokens.max(thought_tokens.min(written.answer_tokens));
        }
        if let Some((all, thought)) = *counted {
            let share = written.thought.len() as f64 / (written.thought.len() + written.answer.len()).max(1) as f64;
            written.thought_tokens = thought.unwrap_or((all as f64 * share).round() as usize).min(all);
            written.answer_tokens = all - written.thought_tokens;
        }
        match finish.as_deref() {
            Some("length") => Err(Fault::Length(written.thought_tokens + written.answer_tokens)),
            Some("content_filter") => Err(Fault::Lasting("it withholds its answer".to_owned())),
            None if !*over => Err(Fault::Passing("its answer broke off".to_owned(), None)),
            _ => Ok(self.written),
        }
    }
}

impl TextModel for Client {
    fn name(&self) -> &str {
        &self.name
    }

    fn write(
        &mut self,
        ask: &mut Ask<'_>,
        hear: &mut dyn FnMut(Words<'_>),
        cancel: &Cancel,
    ) -> Result<Written, WriteError> {
        let end = Instant::now() + self.patience.total;
        let (mut tries, mut extras) = (0, self.extras);
        let failed = |why: String| WriteError::Failed(format!("{}: {why}", self.server.url));
        loop {
            let mut said = false;
            let mut listen = |piece: Words<'_>| {
                said |= matches!(piece, Words::Thought(_));
                hear(piece);
            };
            let (why, asked_s) = match self.once(ask, extras, &mut listen, cancel, end) {
                Ok(written) => {
                    self.extras = extras; // what it did not take is not asked for again
                    return Ok(written);
                }
                Err(Fault::Cancelled) => return Err(WriteError::Cancelled),
                Err(Fault::Length(tokens)) => return Err(WriteError::Unfinished(tokens)),
                Err(Fault::Lasting(why)) => return Err(failed(why)),
                Err(Fault::Extras) => {
                    extras = Extras::NONE;
                    continue;
                }
                Err(Fault::Passing(why, asked_s)) => (why, asked_s),
            };
            tries += 1;
            if tries >= self.patience.tries.max(1) {
                return Err(failed(format!("{why} ({tries} tries)")));
            }
            if said {
                hear(Words::Thought("\n(the connection was lost: asked again)\n"));
            }
            let until = (Instant::now() + self.pause(ask.seed, tries, asked_s)).min(end);
            while Instant::now() < until {
                if cancel.is_cancelled() {
                    return Err(WriteError::Cancelled);
                }
                std::thread::sleep(SLICE.min(until.saturating_duration_since(Instant::now())));
            }
        }
    }
}
