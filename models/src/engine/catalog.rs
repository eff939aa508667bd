//! The models that Ponder knows by name: where they are published, how large they are, what they need. A new model is a
//! line in [`MODELS`]. Sizes are those of the published files; memory is counted from the parameters.

use serde::Serialize;

/// What a model can do, by its architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Reads pictures, draws pictures, answers in words (DeepSeek's Janus-Pro).
    Janus,
    /// Thinks in words, on Llama's layers.
    Llama,
    /// Thinks in words, on Qwen2's layers.
    Qwen2,
    /// Thinks in words, on Qwen3's layers.
    Qwen3,
    /// Thinks in words, on short convolutions and some attention (Liquid's LFM2).
    Lfm2,
}

impl Kind {
    /// Does it read and draw pictures?
    pub fn sees(self) -> bool {
        self == Self::Janus
    }

    /// What it does, in words.
    pub fn about(self) -> &'static str {
        if self.sees() { "sees and draws" } else { "thinks in words" }
    }
}

/// How a model's weights are held in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Four bytes a weight.
    F32,
    /// Two bytes a weight.
    Bf16,
    /// Matrices in blocks of 32 weights in 34 bytes (GGML's `q8_0`), the rest in four bytes a weight.
    Q8,
    /// Matrices in blocks of 256 weights in 144 bytes (GGML's `q4_k`), the rest in four bytes a weight.
    Q4,
}

/// A model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Model {
    /// Name on the command line.
    pub name: &'static str,
    /// Owner and name at the hub.
    pub repo: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Weights, millions.
    pub parameters_m: f64,
    /// Those of them that are never held in 8 bits (embeddings, convolutions), millions.
    pub wide_m: f64,
    /// Published weights on disk, gigabytes (10⁹ bytes).
    pub disk_gb: f64,
    /// Licence of the weights.
    pub licence: &'static str,
}

impl Model {
    /// Bytes that its weights alone take in memory.
    pub fn weights_bytes(&self, precision: Precision) -> u64 {
        let megabytes = match precision {
            Precision::F32 => self.parameters_m * 4.0,
            Precision::Bf16 => self.parameters_m * 2.0,
            Precision::Q8 => self.wide_m * 4.0 + (self.parameters_m - self.wide_m) * 34.0 / 32.0,
            Precision::Q4 => self.wide_m * 4.0 + (self.parameters_m - self.wide_m) * 144.0 / 256.0,
        };
        (megabytes * 1e6) as u64
    }

    /// The model of that name, or of that owner and name at the hub; capitals don't matter.
    pub fn find(name: &str) -> Option<&'static Self> {
        MODELS.iter().find(|model| model.name.eq_ignore_ascii_case(name) || model.repo.eq_ignore_ascii_case(name))
    }
}

const fn model(
    name: &'static str,
    repo: &'static str,
    kind: Kind,
    [parameters_m, wide_m]: [f64; 2],
    disk_gb: f64,
    licence: &'static str,
) -> Model {
    Model { name, repo, kind, parameters_m, wide_m, disk_gb, licence }
}

const DEEPSEEK: &str = "DeepSeek model licence";
const LFM: &str = "LFM Open v1.0";

/// Every model.
#[rustfmt::skip]
pub static MODELS: &[Model] = &[
    model("janus-pro-1b", "deepseek-ai/Janus-Pro-1B", Kind::Janus, [2_089.0, 282.0], 4.18, DEEPSEEK),
    model("janus-pro-7b", "deepseek-ai/Janus-Pro-7B", Kind::Janus, [7_420.0, 492.0], 14.84, DEEPSEEK),
    model("r1-distill-qwen-1.5b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", Kind::Qwen2, [1_777.0, 233.4], 3.55, "MIT"),
    model("r1-distill-qwen-7b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", Kind::Qwen2, [7_616.0, 545.0], 15.23, "MIT"),
    model("smollm2-135m", "HuggingFaceTB/SmolLM2-135M-Instruct", Kind::Llama, [134.5, 28.3], 0.27, "Apache-2.0"),
    model("qwen3-0.6b", "Qwen/Qwen3-0.6B", Kind::Qwen3, [596.0, 155.6], 1.5, "Apache-2.0"),
    model("lfm2-350m", "LiquidAI/LFM2-350M", Kind::Lfm2, [354.5, 67.1], 0.71, LFM),
    model("lfm2-700m", "LiquidAI/LFM2-700M", Kind::Lfm2, [742.0, 100.7], 1.48, LFM),
    model("lfm2-1.2b", "LiquidAI/LFM2-1.2B", Kind::Lfm2, [1_170.3, 134.2], 2.34, LFM),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for (i, model) in MODELS.iter().enumerate() {
            assert!(MODELS[..i].iter().all(|other| other.name != model.name && other.repo != model.repo));
            assert_eq!(Model::find(&model.name.to_uppercase()), Some(model));
            assert_eq!(Model::find(model.repo), Some(model));
            assert_eq!(model.repo.split('/').count(), 2);
        }
        assert_eq!(Model::find("gpt-7"), None);
    }

    #[test]
    fn what_is_on_disk_is_two_bytes_a_weight() {
        // All of these are published in 16 bits; Qwen3 writes its shared embedding twice.
        for model in MODELS.iter().filter(|model| model.kind != Kind::Qwen3) {
            let counted = model.weights_bytes(Precision::Bf16) as f64 / 1e9;
            assert!((counted / model.disk_gb - 1.0).abs() < 0.01, "{}: {counted} GB counted", model.name);
        }
    }
}
