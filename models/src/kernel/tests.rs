//! The dense kernels against plain candle expressions, on every instruction set of this machine, at odd sizes; and the
//! pool: every piece once, nested and concurrent jobs, panics, a busy core.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use candle_core::{D, DType, Device, Tensor};

use super::conv::Conv2d;
use super::dense::DenseLinear;
use std::cell::RefCell;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

thread_local! {
    static RNG: RefCell<ChaCha8Rng> = RefCell::new(ChaCha8Rng::seed_from_u64(7));
}

/// Values of mean 0 and variance 1, the same in each run.
fn random(shape: &[usize]) -> Tensor {
    let count = shape.iter().product::<usize>();
    let values = RNG.with_borrow_mut(|rng| (0..count).map(|_| rng.random_range(-1.732f32..1.732)).collect());
    Tensor::from_vec::<_, f32>(values, shape, &Device::Cpu).unwrap()
}

/// The largest difference, relative to the size of `b`'s values where that is above a half.
fn off(a: &Tensor, b: &Tensor) -> f32 {
    assert_eq!(a.dims(), b.dims());
    let value = |t: Tensor| t.abs().unwrap().flatten_all().unwrap().max(0).unwrap().to_scalar::<f32>().unwrap();
    value((a - b).unwrap()) / value(b.clone()).max(0.5)
}

#[test]
fn dense_layers_are_matmuls() {
    for (rows, outputs, inputs) in [
        (1, 1, 1),
        (1, 100, 64),
        (2, 33, 300),
        (3, 64, 17),
        (5, 95, 513),
        (12, 32, 256),
        (29, 70, 300),
        (100, 129, 40),
        (60, 40, 700),
    ] {
        for dtype in [DType::F32, DType::BF16, DType::F16] {
            let weights = random(&[outputs, inputs]).to_dtype(dtype).unwrap();
            let (x, bias) = (random(&[1, rows, inputs]), random(&[outputs]));
            let wide = weights.to_dtype(DType::F32).unwrap();
            let plain = x.broadcast_matmul(&wide.t().unwrap()).unwrap().broadcast_add(&bias).unwrap();
            for level in Level::available() {
                let layer = DenseLinear::on(&weights, Some(&bias), level).unwrap();
                let off = off(&layer.forward(&x).unwrap(), &plain);
                assert!(off < 2e-6, "{rows} x {outputs} x {inputs} {dtype:?} on {}: {off}", level.name());
                let onto = random(&[1, rows, outputs]);
                let off = self::off(&layer.forward_onto(&x, &onto).unwrap(), &(&plain + &onto).unwrap());
                assert!(off < 2e-6, "onto: {rows} x {outputs} x {inputs} {dtype:?} on {}: {off}", level.name());
                let kept = layer.weights().unwrap();
                assert_eq!(kept.dtype(), dtype);
                let kept = kept.to_dtype(DType::F32).unwrap().to_vec2::<f32>().unwrap();
                assert_eq!(kept, wide.to_vec2::<f32>().unwrap());
            }
        }
    }
    let layer = DenseLinear::new(&random(&[4, 8]), None).unwrap();
    assert!(layer.forward(&random(&[2, 9])).unwrap_err().to_string().contains("8 inputs"));
    assert!(layer.forward_onto(&random(&[2, 8]), &random(&[3, 4])).unwrap_err().to_string().contains("onto"));
    assert!(DenseLinear::new(&random(&[4, 8]), Some(&random(&[5]))).is_err());
}

#[test]
fn convolutions_are_convolutions() {
    for (batch, inputs, outputs, height, width, kernel, stride, padding) in [
        (1, 1, 1, 1, 1, 1, 1, 0),
        (2, 3, 13, 9, 7, 3, 1, 1),
        (1, 40, 30, 12, 35, 3, 1, 1),
        (1, 5, 8, 17, 18, 3, 2, 0),
        (2, 5, 8, 16, 31, 3, 2, 1),
        (1, 300, 7, 5, 6, 1, 1, 0),
        (1, 60, 5, 6, 96, 3, 1, 1),
        (1, 4, 5, 5, 66, 3, 1, 0),
        (1, 3, 20, 32, 48, 16, 16, 0),
        (1, 2, 3, 4, 5, 5, 1, 4),
        (1, 2, 3, 2, 3, 3, 3, 2),
        // Channels enough for Winograd's way, over more windows than a piece has, and over none but edges.
        (2, 33, 47, 9, 7, 3, 1, 1),
        (1, 40, 32, 40, 35, 3, 1, 1),
        (1, 300, 33, 5, 6, 3, 1, 0),
        (1, 32, 50, 6, 130, 3, 1, 2),
        (1, 32, 32, 1, 1, 3, 1, 1),
        (1, 64, 64, 3, 3, 3, 1, 0),
    ] {
        let (x, weights) = (random(&[batch, inputs, height, width]), random(&[outputs, inputs, kernel, kernel]));
        let bias = random(&[outputs]);
        let plain = x.conv2d(&weights, padding, stride, 1, 1).unwrap();
        let plain = plain.broadcast_add(&bias.reshape((1, outputs, 1, 1)).unwrap()).unwrap();
        for level in Level::available() {
            let conv = Conv2d::on(&weights, Some(&bias), stride, padding, level).unwrap();
            let off = off(&conv.forward(&x).unwrap(), &plain);
            assert!(off < 3e-6, "{:?} by {:?} on {}: {off}", x.dims(), weights.dims(), level.name());
            let onto = random(plain.dims());
            let off = self::off(&conv.forward_onto(&x, &onto).unwrap(), &(&plain + &onto).unwrap());
            assert!(off < 3e-6, "onto: {:?} by {:?} on {}: {off}", x.dims(), weights.dims(), level.name());
        }
    }
    let conv = Conv2d::new(&random(&[2, 3, 3, 3]), None, 1, 0).unwrap();
    assert!(conv.forward(&random(&[1, 4, 5, 5])).is_err() && conv.forward(&random(&[1, 3, 2, 5])).is_err());
    assert!(conv.forward_onto(&random(&[1, 3, 5, 5]), &random(&[1, 2, 5, 5])).is_err());
}

#[test]
fn norms_and_activations_are_their_formulas() {
    for (rows, width) in [(1, 1), (3, 7), (5, 16), (40, 100), (7, 2048), (300, 129)] {
        // Far from 0, as some channels of trained networks are.
        let x = ((random(&[rows, width]) * 3.0).unwrap() + 20.0).unwrap();
        let (w, b) = (random(&[width]), random(&[width]));
        let size = (x.sqr().unwrap().mean_keepdim(D::Minus1).unwrap() + 1e-6).unwrap().sqrt().unwrap();
        let plain = x.broadcast_div(&size).unwrap().broadcast_mul(&w).unwrap();
        assert!(off(&norm::rms_norm(&x, &w, 1e-6).unwrap(), &plain) < 2e-6, "{rows} x {width}");
        let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1).unwrap()).unwrap();
        let size = (centred.sqr().unwrap().mean_keepdim(D::Minus1).unwrap() + 1e-3).unwrap().sqrt().unwrap();
        let plain = centred.broadcast_div(&size).unwrap().broadcast_mul(&w).unwrap().broadcast_add(&b).unwrap();
        let off_by = off(&norm::layer_norm(&x, &w, &b, 1e-3).unwrap(), &plain);
        assert!(off_by < 2e-5, "{rows} x {width}: {off_by}");
        let x = (random(&[rows, width]) * 6.0).unwrap();
        assert!(off(&act::gelu_erf(&x).unwrap(), &x.gelu_erf().unwrap()) < 1e-6);
        assert!(off(&act::silu(&x).unwrap(), &x.silu().unwrap()) < 1e-6);
        let gate = random(&[rows, width]);
        assert!(off(&act::silu_mul(&x, &gate).unwrap(), &(x.silu().unwrap() * &gate).unwrap()) < 1e-6);
    }
    for (batch, channels, groups, side) in [(1, 32, 32, 1), (2, 64, 32, 5), (1, 6, 2, 33), (1, 32, 1, 64)] {
        let x = (random(&[batch, channels, side, side]) + 5.0).unwrap();
        let (w, b) = (random(&[channels]), random(&[channels]));
        let wide = x.to_dtype(DType::F64).unwrap().reshape((batch, groups, ())).unwrap();
        let centred = wide.broadcast_sub(&wide.mean_keepdim(2).unwrap()).unwrap();
        let size = (centred.sqr().unwrap().mean_keepdim(2).unwrap() + 1e-3).unwrap().sqrt().unwrap();
        let unit = centred.broadcast_div(&size).unwrap().reshape(x.shape()).unwrap().to_dtype(DType::F32).unwrap();
        let channel = |t: &Tensor| t.reshape((1, channels, 1, 1)).unwrap();
        let plain = unit.broadcast_mul(&channel(&w)).unwrap().broadcast_add(&channel(&b)).unwrap();
        assert!(off(&norm::group_norm(&x, &w, &b, groups, 1e-3, false).unwrap(), &plain) < 2e-5);
        assert!(off(&norm::group_norm(&x, &w, &b, groups, 1e-3, true).unwrap(), &plain.silu().unwrap()) < 2e-5);
    }
}

#[test]
fn attention_is_attention() {
    use attention::Seen;
    for (batch, heads, kv_heads, queries, keys, width) in [
        (1, 1, 1, 1, 1, 8),
        (2, 4, 2, 1, 37, 20),
        (1, 6, 1, 1, 300, 128),
        (2, 4, 4, 5, 9, 16),
        (1, 4, 2, 33, 33, 24),
        (2, 2, 1, 40, 301, 128),
        (1, 1, 1, 70, 64, 520),
    ] {
        let q = random(&[batch, heads, queries, width]);
        // As a cache gives them: the first of more rows.
        let room = |t: Tensor| t.narrow(2, 0, keys).unwrap();
        let (k, v) =
            (room(random(&[batch, kv_heads, keys + 3, width])), room(random(&[batch, kv_heads, keys + 3, width])));
        let scale = 1.0 / (width as f64).sqrt();
        let pads = [0, 2.min(keys - 1)];
        let all_seen = |_: usize, _: usize, _: usize| true;
        let causal = |_: usize, query: usize, key: usize| key + queries <= query + keys;
        let padded = |row: usize, query: usize, key: usize| key + queries <= query + keys && key >= pads[row];
        let offset = keys.saturating_sub(queries);
        let masks: [(Seen, &dyn Fn(usize, usize, usize) -> bool); 3] = [
            (Seen::All, &all_seen),
            (Seen::Causal { offset, left_pad: vec![] }, &causal),
            (Seen::Causal { offset, left_pad: pads[..batch].to_vec() }, &padded),
        ];
        for (seen, sees) in masks {
            if keys < queries && seen != Seen::All {
                continue;
            }
            let spread = |t: &Tensor| {
                let shape = (batch, kv_heads, heads / kv_heads, keys, width);
                t.unsqueeze(2).unwrap().broadcast_as(shape).unwrap().reshape((batch, heads, keys, width)).unwrap()
            };
            let scores = (q.matmul(&spread(&k).t().unwrap()).unwrap() * scale).unwrap();
            let mask = (0..batch)
                .flat_map(|row| (0..queries).flat_map(move |query| (0..keys).map(move |key| (row, query, key))));
            let mask: Vec<f32> = mask.map(|(r, q, k)| if sees(r, q, k) { 0.0 } else { f32::NEG_INFINITY }).collect();
            let blind = (0..batch).any(|r| (0..queries).any(|q| (0..keys).all(|k| !sees(r, q, k))));
            if blind {
                continue;
            }
            let mask = Tensor::from_vec(mask, (batch, 1, queries, keys), &Device::Cpu).unwrap();
            let weights = candle_nn::ops::softmax(&scores.broadcast_add(&mask).unwrap(), D::Minus1).unwrap();
            let plain = weights.matmul(&spread(&v)).unwrap();
            for level in Level::available() {
                let out = attention::on(&q, &k, &v, seen.clone(), scale, level).unwrap();
                let off = off(&out, &plain);
                assert!(off < 3e-6, "{:?} {:?} {seen:?} on {}: {off}", q.dims(), k.dims(), level.name());
                let (k, v) = (k.to_dtype(DType::BF16).unwrap(), v.to_dtype(DType::BF16).unwrap());
                let (wide_k, wide_v) = (k.to_dtype(DType::F32).unwrap(), v.to_dtype(DType::F32).unwrap());
                let wide = attention::on(&q, &wide_k, &wide_v, seen.clone(), scale, level).unwrap();
                let half = attention::on(&q, &k, &v, seen.clone(), scale, level).unwrap();
                assert!(self::off(&half, &wide) < 1e-6);
            }
        }
    }
    let (q, k) = (random(&[1, 3, 2, 8]), random(&[1, 2, 2, 8]));
    assert!(attention::attention(&q, &k, &k, Seen::All, 1.0).unwrap_err().to_string().contains("divide"));
}

#[test]
fn extremes_stay_what_they_are() {
    let x = Tensor::new(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, 0.0, 200.0, -200.0], &Device::Cpu);
    let x = x.unwrap();
    for y in [act::silu(&x).unwrap(), act::gelu_erf(&x).unwrap()] {
        let y = y.to_vec1::<f32>().unwrap();
        assert!(y[0].is_nan() && y[1] == f32::INFINITY, "{y:?}");
        assert!(y[3] == 1e30 && y[5] == 0.0 && y[6] == 200.0 && y[7].abs() < 1e-30, "{y:?}");
    }
}

#[test]
fn every_piece_runs_once() {
    let pool = Pool::new(4);
    for pieces in [0, 1, 2, 3, 7, 1000] {
        let counts: Vec<_> = (0..pieces).map(|_| AtomicUsize::new(0)).collect();
        pool.run(pieces, |i| {
            counts[i].fetch_add(1, Ordering::Relaxed);
        });
        assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
    }
    let mut filled = vec![0; 1003];
    pool.chunks(&mut filled, 10, |i, chunk| chunk.iter_mut().enumerate().for_each(|(j, x)| *x = i * 10 + j));
    assert!(filled.iter().enumerate().all(|(i, &x)| i == x));
}

#[test]
fn jobs_within_jobs_and_beside_jobs_end() {
    let pool = Pool::new(3);
    let count = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    pool.run(5, |_| {
                        pool.run(3, |_| {
                            count.fetch_add(1, Ordering::Relaxed);
                        });
                    });
                }
            });
        }
    });
    assert_eq!(count.into_inner(), 4 * 200 * 15);
}

#[test]
fn a_panic_in_a_piece_comes_out_and_the_pool_goes_on() {
    let pool = Pool::new(3);
    let run = || pool.run(50, |i| assert!(i != 20, "piece 20"));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err());
    let count = AtomicUsize::new(0);
    pool.run(50, |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(count.into_inner(), 50);
}

/// One slow piece holds up nobody else: the others are all taken meanwhile.
#[test]
fn a_slow_worker_takes_fewer_pieces() {
    let pool = Pool::new(2);
    let slow = std::thread::current().id();
    let by_others = AtomicUsize::new(0);
    let start = Instant::now();
    pool.run(40, |_| {
        if std::thread::current().id() == slow {
            std::thread::sleep(Duration::from_millis(100));
        } else {
            std::thread::sleep(Duration::from_millis(1));
            by_others.fetch_add(1, Ordering::Relaxed);
        }
    });
    assert!(by_others.into_inner() > 20 && start.elapsed() < Duration::from_secs(2));
}
