//! Bytes of one answer, from a thread of its own: whoever waits for the next piece can give up when none comes, and is
//! never stuck in a read. The thread ends with the answer, at its next piece when nobody listens any more, or at a silence.

use std::io::Read;
use std::sync::mpsc::{Receiver, sync_channel};

use super::server::Server;

/// Bytes read at a time.
const PIECE: usize = 16 << 10;

/// What comes.
pub(super) enum Piece {
    /// The head of the answer.
    Head {
        /// HTTP's status.
        status: u16,
        /// Is it a stream of events?
        streams: bool,
        /// When it may be asked again, seconds.
        retry_s: Option<f64>,
    },
    /// Some bytes of the body.
    Bytes(Vec<u8>),
    /// That was all.
    End,
    /// The connection failed, or there was none.
    Failed(String),
}

/// Sends a request; what comes back comes through the channel, of which a bounded part waits there.
///
/// # Errors
/// When the operating system gives no thread.
pub(super) fn ask(agent: &ureq::Agent, server: &Server, body: Vec<u8>) -> std::io::Result<Receiver<Piece>> {
    let (pieces, inbox) = sync_channel(8);
    let mut request = agent.post(format!("{}/chat/completions", server.url)).content_type("application/json");
    if let Some(bearer) = server.key.bearer() {
        request = request.header("Authorization", bearer);
    }
    std::thread::Builder::new().name("remote".to_owned()).spawn(move || {
        let response = match request.send(&body[..]) {
            Ok(response) => response,
            Err(error) => return drop(pieces.send(Piece::Failed(error.to_string()))),
        };
        let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let head = Piece::Head {
            status: response.status().as_u16(),
            streams: text("content-type").is_none_or(|kind| kind.contains("event-stream")),
            retry_s: text("retry-after").and_then(|text| text.trim().parse().ok()),
        };
        if pieces.send(head).is_err() {
            return;
        }
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; PIECE];
        let last = loop {
            match body.read(&mut buffer) {
                Ok(0) => break Piece::End,
                Ok(count) => {
                    if pieces.send(Piece::Bytes(buffer[..count].to_vec())).is_err() {
                        return; // nobody listens: the connection is closed
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => break Piece::Failed(error.to_string()),
            }
        };
        drop(pieces.send(last));
    })?;
    Ok(inbox)
}
