//! What this processor can do, found once when asked. A [`Level`] that names an instruction set exists only where that
//! set was detected, which is what makes calling the kernels compiled for it sound.

/// An instruction set the kernels are written for, known to work on this processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(pub(crate) Kind);

/// The instruction sets, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    #[cfg(target_arch = "aarch64")]
    Neon,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// Rust alone: works everywhere, and what the others are tested against.
    pub const PLAIN: Self = Self(Kind::Plain);

    /// The best this processor offers.
    pub fn best() -> Self {
        let mut best = Self::PLAIN;
        Self::each(|level| best = level);
        best
    }

    /// Every level this processor offers, weakest first.
    pub fn available() -> Vec<Self> {
        let mut all = Vec::new();
        Self::each(|level| all.push(level));
        all
    }

    /// A name for reports: "plain", "neon", "avx2", "avxvnni", "avx512".
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Plain => "plain",
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => "neon",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::AvxVnni => "avxvnni",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
        }
    }

    fn each(mut found: impl FnMut(Self)) {
        found(Self::PLAIN);
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") && std::arch::is_aarch64_feature_detected!("dotprod") {
            found(Self(Kind::Neon));
        }
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c") {
            found(Self(Kind::Avx2));
            if is_x86_feature_detected!("avxvnni") {
                found(Self(Kind::AvxVnni));
            }
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vnni")
            {
                found(Self(Kind::Avx512));
            }
        }
    }
}
