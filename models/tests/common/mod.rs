//! References made by transformers (tests/parity), and how far from them a model is.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)] // each test uses a part of it

use std::collections::HashMap;
use std::path::PathBuf;

use candle_core::{D, DType, Device, Tensor};

/// A folder of references.
pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/parity/fixtures").join(name)
}

/// A copy of a folder of references that a test may spoil.
pub fn copy(name: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(fixture(name)).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    copy
}

/// What transformers found.
pub struct Expected(HashMap<String, Tensor>);

impl Expected {
    pub fn of(name: &str) -> Self {
        Self(candle_core::safetensors::load(fixture(name).join("expected.safetensors"), &Device::Cpu).unwrap())
    }

    pub fn get(&self, name: &str) -> &Tensor {
        self.0.get(name).unwrap_or_else(|| panic!("no reference {name}"))
    }

    pub fn rows(&self, name: &str) -> Vec<Vec<u32>> {
        rows(self.get(name))
    }
}

pub fn rows(ids: &Tensor) -> Vec<Vec<u32>> {
    ids.to_dtype(DType::U32).unwrap().to_vec2().unwrap()
}

/// Largest difference.
pub fn gap(a: &Tensor, b: &Tensor) -> f32 {
    assert_eq!(a.dims(), b.dims());
    let wide = |t: &Tensor| t.to_dtype(DType::F32).unwrap();
    (wide(a) - wide(b)).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap()
}

/// Largest difference over the size of the second: what a coarse dtype is measured by.
pub fn relative(a: &Tensor, b: &Tensor) -> f32 {
    let wide = |t: &Tensor| t.to_dtype(DType::F32).unwrap();
    let mean = |t: Tensor| t.sqr().unwrap().mean_all().unwrap().to_scalar::<f32>().unwrap().sqrt();
    mean((wide(a) - wide(b)).unwrap()) / mean(wide(b))
}

pub fn argmax(logits: &Tensor) -> Tensor {
    logits.argmax(D::Minus1).unwrap()
}
