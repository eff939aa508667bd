//! Whether a model fits, told before it is loaded: what its tensors will take as they are kept, its cache, and what
//! loading holds beside them for a moment.

use std::fs;

use candle_core::DType;

use super::checkpoint::Need;
use super::error::LoadError;
use crate::net::decoder::Config;
use crate::net::layers::Quant;

/// Bytes to have free for a network: its tensors, kept as asked, and twice the largest while it is converted.
#[must_use]
pub fn weights(needs: &[Need], quant: Option<Quant>) -> u64 {
    let kept: u64 = needs.iter().map(|need| kept(need, quant)).sum();
    let wide = |need: &Need| need.elements() * (DType::F32.size_in_bytes() + need.dtype.size_in_bytes()) as u64;
    kept + needs.iter().map(wide).max().unwrap_or(0)
}

/// Bytes a tensor takes once loaded.
fn kept(need: &Need, quant: Option<Quant>) -> u64 {
    let matrix = need.shape.len() == 2 && !need.name.contains("embed") && need.dtype != DType::U32;
    let quant = quant.filter(|_| matrix).zip(need.shape.last());
    match quant.and_then(|(quant, &width)| quant.for_width(width)) {
        Some(format) => need.elements() * format.type_size() as u64 / format.block_size() as u64,
        None => need.elements() * need.dtype.size_in_bytes() as u64,
    }
}

/// Bytes of a decoder's cache for this many tokens in each of `rows`.
#[must_use]
pub fn cache(cfg: &Config, tokens: usize, rows: usize, dtype: DType) -> u64 {
    let token = 2 * cfg.num_layers * cfg.num_kv_heads * cfg.head_dim * dtype.size_in_bytes();
    token as u64 * tokens as u64 * rows as u64
}

/// Bytes this process may still take, by the system and by its control group; none where neither can be read.
#[must_use]
pub fn free() -> Option<u64> {
    let system = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemAvailable:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
    });
    let group = |name: &str| fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok();
    let number = |name: &str| group(name)?.trim().parse::<u64>().ok();
    let limit = number("memory.max").zip(number("memory.current")).map(|(limit, used)| {
        // Pages of files that may be dropped don't count.
        let idle = group("memory.stat").and_then(|text| {
            text.lines().find_map(|line| line.strip_prefix("inactive_file ")?.trim().parse::<u64>().ok())
        });
        limit.saturating_sub(used.saturating_sub(idle.unwrap_or(0)))
    });
    [system, limit].into_iter().flatten().min()
}

/// Holds what is needed against what is free.
///
/// # Errors
/// [`LoadError::Memory`] with both numbers.
pub fn check(needs: u64, free: Option<u64>, quant: Option<Quant>, dtype: DType) -> Result<(), LoadError> {
    let advice = match (quant, dtype) {
        (Some(Quant::Q4K), _) => "take a smaller model or stop other programs",
        (Some(Quant::Q8_0), _) => "keep it in q4_k, take a smaller model or stop other programs",
        (None, DType::F32) => "keep it in bf16 or q8_0, take a smaller model or stop other programs",
        (None, _) => "keep it in q8_0 or q4_k, take a smaller model or stop other programs",
    };
    match free {
        Some(free) if free < needs => Err(LoadError::Memory { needs, free, advice }),
        _ => Ok(()),
    }
}
