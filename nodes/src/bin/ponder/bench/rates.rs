//! How fast a network reads and speaks, what else this machine does the while, and what memory gives.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Instant;

use anyhow::Context;
use ponder_models::engine::network::Network;
use ponder_models::kernel::Pool;
use serde::Serialize;

/// Tokens read before any is spoken.
pub const PROMPT: usize = 256;
/// Tokens spoken after them.
pub const SPOKEN: usize = 32;

/// Tokens a second.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rates {
    /// In reading.
    pub prefill: f64,
    /// In speaking.
    pub decode: f64,
}

/// One turn of a network: [`PROMPT`] tokens read, [`SPOKEN`] spoken.
pub fn turn(net: &mut dyn Network) -> anyhow::Result<Rates> {
    net.rewind(0);
    let most = net.vocab() as u32;
    let tokens: Vec<u32> = (0..PROMPT as u32).map(|i| (1000 + 7 * i % 900) % most).collect();
    let start = Instant::now();
    let mut logits = net.read(&tokens)?;
    let read_s = start.elapsed().as_secs_f64();
    let start = Instant::now();
    for _ in 0..SPOKEN {
        let best = (0u32..).zip(&logits).max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(token, _)| token);
        logits = net.read(&[best])?;
    }
    Ok(Rates { prefill: PROMPT as f64 / read_s, decode: SPOKEN as f64 / start.elapsed().as_secs_f64() })
}

/// A core kept busy until this is dropped.
pub struct Busy(Arc<AtomicBool>, Option<JoinHandle<()>>);

impl Busy {
    /// Keeps one busy.
    pub fn core() -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = stop.clone();
        let spin = move || {
            while !flag.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        };
        Ok(Self(stop, Some(std::thread::Builder::new().spawn(spin).context("no thread to keep a core busy")?)))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        drop(self.1.take().map(JoinHandle::join));
    }
}

/// The middle one; not a number where there are none.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The most memory a process has held, gigabytes (10⁹ bytes), where the system says.
pub fn peak_gb(process: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024.0 / 1e9)
}

/// GB/s at which all threads together can sum 1 GB.
pub fn bandwidth_gb_s() -> f64 {
    let pool = Pool::shared();
    let numbers = vec![1u64; 1 << 27];
    let chunk = numbers.len() / 64;
    let once = || {
        let start = Instant::now();
        pool.run(64, |i| {
            let sum = numbers[i * chunk..(i + 1) * chunk].iter().fold(0u64, |sum, n| sum.wrapping_add(*n));
            std::hint::black_box(sum);
        });
        (numbers.len() * 8) as f64 / 1e9 / start.elapsed().as_secs_f64()
    };
    (0..5).map(|_| once()).fold(0.0, f64::max)
}
