//! Shares and how sure one can be of them.

use serde::{Deserialize, Serialize};

/// A share of trials with its 95 % Wilson score interval (Wilson, 1927), which stays honest near 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Trials that count.
    pub hits: usize,
    /// All trials.
    pub trials: usize,
    /// Hits over trials; 0 without trials.
    pub rate: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Share {
    /// The share of `hits` in `trials`.
    pub fn of(hits: usize, trials: usize) -> Self {
        if trials == 0 {
            return Self { hits, trials, rate: 0.0, low: 0.0, high: 1.0 };
        }
        const Z: f64 = 1.959_963_984_540_054; // 97.5 % quantile of the normal distribution
        let (n, rate) = (trials as f64, hits as f64 / trials as f64);
        let scale = 1.0 / (1.0 + Z * Z / n);
        let center = scale * (rate + Z * Z / (2.0 * n));
        let half = scale * Z * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt();
        Self { hits, trials, rate, low: (center - half).max(0.0), high: (center + half).min(1.0) }
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { hits, trials, rate, low, high } = self;
        write!(f, "{:.1} % ({hits}/{trials}; {:.1}–{:.1} %)", rate * 1e2, low * 1e2, high * 1e2)
    }
}

#[cfg(test)]
mod tests {
    use super::Share;

    #[test]
    fn interval_matches_published_values() {
        // Newcombe (1998), table I, method 3: 81/263 and 0/20.
        let share = Share::of(81, 263);
        assert!((share.low - 0.2553).abs() < 5e-5 && (share.high - 0.3662).abs() < 5e-5, "{share:?}");
        let none = Share::of(0, 20);
        assert!(none.low == 0.0 && (none.high - 0.1611).abs() < 5e-5, "{none:?}");
        assert_eq!((Share::of(0, 0).low, Share::of(0, 0).high), (0.0, 1.0));
    }
}
