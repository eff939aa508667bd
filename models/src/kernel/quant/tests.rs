//! Every format on every instruction set of this machine against the plain product of the dequantised weights, within
//! what rounding the activations can do.
#![allow(clippy::unwrap_used)]

use candle_core::quantized::QTensor;
use candle_core::{Device, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

fn random(rng: &mut ChaCha8Rng, count: usize, size: f32) -> Vec<f32> {
    (0..count).map(|_| rng.random_range(-size..size)).collect()
}

/// The most that rounding each activation by half a step can change the product with these weights, and some for f32.
fn bound(x: &[f32], weights: &[f32]) -> f32 {
    let mut bound = 0.0;
    for (x, w) in x.chunks(32).zip(weights.chunks(32)) {
        let step = x.iter().fold(0f32, |a, b| a.max(b.abs())) / 127.0;
        bound += w.iter().map(|w| w.abs() * step * 0.501).sum::<f32>();
    }
    let size: f32 = x.iter().zip(weights).map(|(x, w)| (x * w).abs()).sum();
    bound + size * 1e-5 + 1e-6
}

#[test]
fn every_format_on_every_level_is_the_dequantised_product() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for format in FORMATS {
        for (rows, blocks, count) in
            [(1, 1, 1), (16, 2, 1), (17, 1, 2), (50, 3, 3), (33, 2, 4), (96, 1, 7), (40, 2, 21)]
        {
            let columns = blocks * format.block();
            let dense = Tensor::from_vec(random(&mut rng, rows * columns, 1.0), (rows, columns), &Device::Cpu).unwrap();
            // Rows of different size, some with weights all above 0, so that scales and mins differ.
            let tilt = Tensor::from_vec(random(&mut rng, rows, 2.0), (rows, 1), &Device::Cpu).unwrap();
            let dense = dense.broadcast_add(&tilt).unwrap();
            let quantised = QTensor::quantize(&dense, format.dtype).unwrap();
            let weights = quantised.dequantize(&Device::Cpu).unwrap().to_vec2::<f32>().unwrap();
            let bias = random(&mut rng, rows, 1.0);
            let bias_tensor = Tensor::from_slice(&bias, rows, &Device::Cpu).unwrap();
            let layer = QuantLinear::from_qtensor(&quantised, Some(&bias_tensor)).unwrap();
            let x = random(&mut rng, count * columns, 3.0);
            let input = Tensor::from_slice(&x, (1, count, columns), &Device::Cpu).unwrap();
            for level in Level::available() {
                let out = layer.on(level).forward(&input).unwrap();
                assert_eq!(out.dims(), [1, count, rows]);
                let out = out.squeeze(0).unwrap().to_vec2::<f32>().unwrap();
                for (x, out) in x.chunks(columns).zip(&out) {
                    for ((w, out), b) in weights.iter().zip(out).zip(&bias) {
                        let exact = x.iter().zip(w).map(|(x, w)| f64::from(x * w)).sum::<f64>() as f32 + b;
                        let (off, most) = ((out - exact).abs(), bound(x, w));
                        assert!(off <= most, "{format:?} {rows}x{columns} on {}: off {off} > {most}", level.name());
                    }
                }
            }
        }
    }
}

/// Activations that are exactly codes times a scale leave no rounding: the result is exact to f32, which shows what the
/// wide bound above could hide (a scale of the wrong row, a bit of a code lost).
#[test]
fn without_rounding_the_product_is_exact() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    for format in FORMATS {
        let (rows, columns, count) = (48, 512, 5);
        let dense = Tensor::from_vec(random(&mut rng, rows * columns, 1.0), (rows, columns), &Device::Cpu).unwrap();
        let quantised = QTensor::quantize(&dense, format.dtype).unwrap();
        let weights = quantised.dequantize(&Device::Cpu).unwrap().to_vec2::<f32>().unwrap();
        let layer = QuantLinear::from_qtensor(&quantised, None).unwrap();
        let x: Vec<f32> = (0..count * columns)
            .map(|i| if i % 32 == 0 { 127.0 } else { rng.random_range(-127i32..=127) as f32 } * 0.5)
            .collect();
        for level in Level::available() {
            let mut out = vec![0.0; count * rows];
            layer.on(level).multiply(&x, &mut out, Pool::shared());
            for (x, out) in x.chunks(columns).zip(out.chunks(rows)) {
                for (w, out) in weights.iter().zip(out) {
                    let exact: f64 = x.iter().zip(w).map(|(&x, &w)| f64::from(x) * f64::from(w)).sum();
                    let size: f64 = x.iter().zip(w).map(|(&x, &w)| (f64::from(x) * f64::from(w)).abs()).sum();
                    let off = (f64::from(*out) - exact).abs();
                    assert!(off <= size * 1e-6, "{format:?} on {}: {out} for {exact}", level.name());
                }
            }
        }
    }
}

#[test]
fn what_is_wrong_is_said() {
    let tensor = |rows, columns| Tensor::ones((rows, columns), candle_core::DType::F32, &Device::Cpu).unwrap();
    let told = |result: Result<QuantLinear, QuantError>| result.err().unwrap().to_string();
    assert!(told(QuantLinear::from_dense(&tensor(4, 40), GgmlDType::Q4_0, None)).contains("blocks of 32"));
    assert!(told(QuantLinear::from_dense(&tensor(4, 256), GgmlDType::Q2K, None)).contains("no kernel"));
    let bias = Tensor::ones(3, candle_core::DType::F32, &Device::Cpu).unwrap();
    assert!(told(QuantLinear::from_dense(&tensor(4, 32), GgmlDType::Q8_0, Some(&bias))).contains("bias of 3"));
    let q8 = Format::of(GgmlDType::Q8_0).unwrap();
    assert!(told(QuantLinear::from_blocks(q8, 2, 32, &[0; 67], None)).contains("need 68 bytes"));
    assert!(told(QuantLinear::from_blocks(q8, usize::MAX, 64, &[0; 67], None)).contains("whole"));
    let layer = QuantLinear::from_dense(&tensor(4, 32), GgmlDType::Q8_0, None).unwrap();
    assert!(layer.forward(&tensor(2, 64)).unwrap_err().to_string().contains("32 inputs"));
}

#[test]
fn what_is_not_a_number_is_not_hidden() {
    let weights = Tensor::ones((20, 64), candle_core::DType::F32, &Device::Cpu).unwrap();
    let layer = QuantLinear::from_dense(&weights, GgmlDType::Q4_0, None).unwrap();
    for strange in [f32::NAN, f32::INFINITY] {
        let mut x = vec![1.0; 128];
        x[70] = strange;
        for level in Level::available() {
            let mut out = vec![0.0; 40];
            layer.on(level).multiply(&x, &mut out, Pool::shared());
            assert!(out[..20].iter().all(|y| (y - 64.0).abs() < 1.0) && out[20..].iter().all(|y| y.is_nan()));
        }
    }
}
