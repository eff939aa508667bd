//! A reasoner that is served elsewhere, over the chat API that vLLM, SGLang, llama.cpp's server, Ollama and DeepSeek share:
//! its words come as a stream, thought and answer apart. It stands behind the seam that models in this process stand
//! behind, so prompt, reading and checker are the same. What fails on the way is tried again, and when the server stays
//! away a local reasoner thinks instead. (Retries with full jitter: Brooker, AWS 2015; circuit breaker: Nygard, Release It!)

mod backed;
mod client;
mod key;
mod link;
mod request;
mod server;
mod stream;

pub use backed::{Backed, Breaker};
pub use client::{Client, Patience};
pub use key::{KEY, Key};
pub use server::{Server, ServerError};
