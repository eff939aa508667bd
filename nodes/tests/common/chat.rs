//! A server with OpenAI's chat API on the loopback interface, that answers as vLLM, DeepSeek and Ollama do, or misbehaves.
#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a part serves each test file

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

pub const PLAN: &str = "goal in(red_block, green_bowl)\npick(red_block)\nplace_in(green_bowl)\nend\n";
/// How the server behaves towards one question.
#[derive(Clone, Debug)]
pub enum Way {
    /// Thought and answer apart, pieces of a few letters.
    Reasons(&'static str),
    /// The same in tags, the opening one with or without.
    Tags(&'static str),
    /// All at once, no stream.
    Whole(&'static str),
    /// A status, with a body and another line of the head.
    Status(u16, &'static str, &'static str),
    /// Hangs up after a few words.
    Drops,
    /// Hangs up before the head.
    HangsUp,
    /// Ends the stream in order, without an end of the answer.
    Truncates,
    /// Words that are no JSON.
    Nonsense,
    /// Some words, then nothing more.
    FallsSilent,
    /// No word at all.
    Silent,
    /// Words without end.
    Endless,
    /// Ends for want of tokens.
    Length,
}

pub struct Fake {
    pub url: String,
    pub asked: Arc<Mutex<Vec<Value>>>,
    pub keys: Arc<Mutex<Vec<String>>>,
}

/// A server that takes the ways in turn, and the last for ever.
pub fn server(ways: &[Way]) -> Fake {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let (asked, keys): (Arc<Mutex<Vec<Value>>>, Arc<Mutex<Vec<String>>>) = Default::default();
    let (log, shown, ways) = (asked.clone(), keys.clone(), ways.to_vec());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (log, shown, ways) = (log.clone(), shown.clone(), ways.clone());
            std::thread::spawn(move || drop(answer(stream, &ways, &log, &shown)));
        }
    });
    Fake { url, asked, keys }
}

fn answer(mut to: TcpStream, ways: &[Way], log: &Mutex<Vec<Value>>, keys: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut from = BufReader::new(to.try_clone()?);
    let mut line = String::new();
    from.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let line = line.trim().to_owned();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(": ").unwrap_or_default();
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => keys.lock().unwrap().push(value.to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    if path == "/v1/models" {
        let list = json!({"data": [{"id": "r1", "owned_by": "test"}, {"id": "v3", "owned_by": "test"},
            {"id": "deepseek-r1", "owned_by": "test"}]})
        .to_string();
        return write!(to, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{list}", list.len());
    }
    assert_eq!(path, "/v1/chat/completions");
    let way = {
        let mut log = log.lock().unwrap();
        log.push(serde_json::from_slice(&body).unwrap());
        ways[(log.len() - 1).min(ways.len() - 1)].clone()
    };
    let head = |to: &mut TcpStream| {
        write!(to, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n: keep-alive\n\n")
    };
    let say = |to: &mut TcpStream, delta: Value| {
        let data = json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]});
        write!(to, "data: {data}\n\n").and_then(|()| to.flush())
    };
    let ends = |to: &mut TcpStream, why: &str| {
        let data = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": why}]});
        let usage = json!({"choices": [], "usage": {"completion_tokens": 30,
            "completion_tokens_details": {"reasoning_tokens": 12}}});
        write!(to, "data: {data}\n\ndata: {usage}\n\ndata: [DONE]\n\n")
    };
    let pieces =
        |text: &str| text.chars().collect::<Vec<_>>().chunks(3).map(|c| c.iter().collect()).collect::<Vec<String>>();
    match way {
        Way::Reasons(text) => {
            head(&mut to)?;
            for piece in pieces("The red_block is free.") {
                say(&mut to, json!({"role": "assistant", "content": null, "reasoning_content": piece}))?;
            }
            for piece in pieces(text) {
                say(&mut to, json!({"content": piece}))?;
            }
            ends(&mut to, "stop")
        }
        Way::Tags(text) => {
            head(&mut to)?;
            for piece in pieces(text) {
                say(&mut to, json!({"content": piece}))?;
            }
            ends(&mut to, "stop")
        }
        Way::Whole(text) => {
            let message =
                json!({"choices": [{"message": {"content": text, "reasoning": "hm"}, "finish_reason": "stop"}]});
            let text = message.to_string();
            let kind = "Content-Type: application/json\r\nConnection: close\r\n";
            write!(to, "HTTP/1.1 200 OK\r\n{kind}Content-Length: {}\r\n\r\n{text}", text.len())
        }
        Way::Status(code, line, text) => {
            write!(to, "HTTP/1.1 {code} X\r\nConnection: close\r\n{line}Content-Length: {}\r\n\r\n{text}", text.len())
        }
        Way::Drops => {
            write!(to, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            let data = "data: {\"choices\": [{\"delta\": {\"reasoning_content\": \"I was about to\"}}]}\n\n";
            write!(to, "{:x}\r\n{data}\r\n40\r\ndata: {{\"cho", data.len())
        }
        Way::HangsUp => Ok(()),
        Way::Truncates => {
            head(&mut to)?;
            say(&mut to, json!({"content": "goal held(red_bl"}))
        }
        Way::Nonsense => {
            head(&mut to)?;
            write!(to, "data: {{\"choices\": [<html>\n\n")
        }
        Way::FallsSilent => {
            head(&mut to)?;
            say(&mut to, json!({"reasoning_content": "Let me see"}))?;
            std::thread::sleep(Duration::from_secs(20));
            Ok(())
        }
        Way::Silent => {
            std::thread::sleep(Duration::from_secs(20));
            Ok(())
        }
        Way::Endless => {
            head(&mut to)?;
            loop {
                say(&mut to, json!({"reasoning_content": "and then again, ".repeat(200)}))?;
            }
        }
        Way::Length => {
            head(&mut to)?;
            say(&mut to, json!({"content": "goal "}))?;
            ends(&mut to, "length")
        }
    }
}
