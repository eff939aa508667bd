//! Half blocks against candle's own composition of the same layers, with every gradient, and against finite differences;
//! products against sums in f64.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use candle_core::{Device, Shape, Tensor, Var};
use candle_nn::Init;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::Pool;
use super::matmul::{Matrix, Out, Packed, matmul, multiply};
use crate::kernel::plain;
use crate::net::decoder::{self, Decoder};
use crate::net::layers::{Conv2d, GroupNorm, doubled};
use crate::net::lfm2::{self, Lfm2};
use crate::net::siglip::{self, Siglip};
use crate::train::Params;

fn random(rng: &mut ChaCha8Rng, count: usize) -> Vec<f32> {
    (0..count).map(|_| rng.random_range(-1f32..1.0)).collect()
}

#[test]
fn products_are_sums() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for (m, n, k) in [(1, 1, 1), (13, 33, 5), (100, 70, 300), (97, 64, 257), (5, 200, 513), (24, 32, 256)] {
        let (a, b) = (random(&mut rng, m * k), random(&mut rng, k * n));
        for (a_turned, b_turned) in [(false, false), (false, true), (true, false), (true, true)] {
            let left = if a_turned { Matrix::rows(&a, m).turned() } else { Matrix::rows(&a, k) };
            let right = if b_turned { Matrix::rows(&b, k).turned() } else { Matrix::rows(&b, n) };
            let (mut onto, mut over) = (vec![1f32; m * n], vec![7f32; m * n]);
            matmul(left, right, (m, n, k), Out::onto(&mut onto, n), Pool::shared());
            multiply(left, &Packed::new(right, (k, n), Pool::shared()), m, Out::over(&mut over, n), Pool::shared());
            for i in 0..m {
                for j in 0..n {
                    let at = |m: Matrix<'_>, i: usize, j: usize| f64::from(m.values[i * m.row + j * m.column]);
                    let sum: f64 = (0..k).map(|l| at(left, i, l) * at(right, l, j)).sum();
                    assert!((f64::from(onto[i * n + j]) - 1.0 - sum).abs() < 1e-4, "{m} {n} {k}: {i} {j}");
                    assert!((f64::from(over[i * n + j]) - sum).abs() < 1e-4, "{m} {n} {k}: {i} {j}");
                }
            }
        }
    }
}

/// Loss and gradients of every parameter and of the input, by the operators and by candle's composition; then finite
/// differences of the loss along the gradient of each parameter.
fn hold(params: &Params, input: &Var, by_candle: bool, loss: impl Fn() -> Tensor) {
    let value = |loss: &Tensor| f64::from(loss.to_scalar::<f32>().unwrap());
    let (ours, theirs) = (loss(), plain(&loss));
    let off = (value(&ours) - value(&theirs)).abs();
    assert!(off < 1e-5 * value(&theirs).abs().max(1.0), "{} {}", value(&ours), value(&theirs));
    let grads = ours.backward().unwrap();
    let wanted = if by_candle { theirs.backward().unwrap() } else { ours.backward().unwrap() };
    let input = ("the input".to_owned(), input.clone());
    for (name, var) in params.trained().into_iter().chain([input]) {
        let flat = |grads: &candle_core::backprop::GradStore| {
            let grad = grads.get(&var).unwrap_or_else(|| panic!("no gradient for {name}"));
            grad.flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        let (grad, wanted) = (flat(&grads), flat(&wanted));
        let size = wanted.iter().fold(0f32, |a, b| a.max(b.abs()));
        let off = grad.iter().zip(&wanted).fold(0f32, |a, (x, y)| a.max((x - y).abs()));
        assert!(size > 0.0 && off < 2e-4 * size, "{name}: off by {off} of {size}");
        // Along its own gradient the loss changes by the gradient's square.
        let square: f64 = grad.iter().map(|x| f64::from(x * x)).sum();
        let (start, step) = (var.as_tensor().copy().unwrap(), 2e-3 / square.sqrt());
        let along = Tensor::from_vec(grad, var.shape(), &Device::Cpu).unwrap();
        let at = |by: f64| {
            var.set(&(&start + (&along * by).unwrap()).unwrap()).unwrap();
            value(&loss())
        };
        let slope = (at(step) - at(-step)) / (2.0 * step);
        var.set(&start).unwrap();
        assert!((slope - square).abs() < 0.03 * square + 2e-5, "{name}: slope {slope}, gradient {square}");
    }
}

/// A loss that weighs every value differently.
fn weighed(ys: &Tensor) -> Tensor {
    let count = ys.elem_count();
    let weights = Tensor::from_iter((0..count).map(|i| (i as f32 * 0.7).sin()), &Device::Cpu).unwrap();
    (ys.flatten_all().unwrap() * weights).unwrap().sum_all().unwrap().affine(1.0 / (count as f64).sqrt(), 0.0).unwrap()
}

fn input(shape: &[usize]) -> Var {
    let values = random(&mut ChaCha8Rng::seed_from_u64(5), shape.iter().product());
    Var::from_vec(values, shape, &Device::Cpu).unwrap()
}

#[test]
fn decoders_go_back_as_candle_does() {
    for (qk_norm, bias, tokens) in [(false, false, 7), (true, true, 130)] {
        let cfg =
            decoder::Config { qk_norm, qkv_bias: bias, out_bias: bias, mlp_bias: bias, ..decoder::Config::tiny() };
        let params = Params::new(3, &Device::Cpu);
        let (xs, network) = (input(&[2, tokens, 32]), Decoder::new(&cfg, params.weights()).unwrap());
        let used = params.clone();
        // Not only zeros and ones in biases and norms.
        for (i, (name, var)) in used.trained().into_iter().enumerate() {
            let some = random(&mut ChaCha8Rng::seed_from_u64(i as u64), var.elem_count());
            let some = Tensor::from_vec(some, var.shape(), &Device::Cpu).unwrap();
            var.set(&(var.as_tensor() + (some * 0.1).unwrap()).unwrap()).unwrap();
            assert!(!name.is_empty());
        }
        let embedding = params.all().into_iter().find(|(name, _)| name.contains("embed")).unwrap().1;
        let tied = move |hidden: &Tensor| {
            (weighed(hidden) + embedding.as_tensor().sqr().unwrap().sum_all().unwrap().affine(0.01, 0.0).unwrap())
                .unwrap()
        };
        hold(&params, &xs, true, || {
            let hidden = network.forward(xs.as_tensor(), None).unwrap();
            let logits = weighed(&network.logits(&hidden).unwrap());
            (tied(&hidden) + logits).unwrap()
        });
    }
}

#[test]
fn towers_go_back_as_candle_does() {
    let params = Params::new(4, &Device::Cpu);
    let tower = Siglip::new(&siglip::Config { image_size: 48, ..siglip::Config::tiny() }, params.weights()).unwrap();
    let pictures = input(&[2, 3, 48, 48]);
    hold(&params, &pictures, true, || weighed(&tower.forward(pictures.as_tensor()).unwrap()));
}

#[test]
fn lfm2_goes_back_as_candle_does() {
    // Embeddings of size 1: about the small ones of a start the loss bends too much for differences.
    let wide = |_: &str, _: &Shape, init: Init| match init {
        Init::Randn { .. } => Init::Randn { mean: 0.0, stdev: 1.0 },
        init => init,
    };
    let params = Params::builder(5, &Device::Cpu).init(wide).build();
    let network = Lfm2::new(&lfm2::Config::tiny(), params.weights()).unwrap();
    let ids = Tensor::from_iter((0..22u32).map(|i| i * 5 % 128), &Device::Cpu).unwrap().reshape((2, 11)).unwrap();
    let scale = Var::new(&[1.5f32], &Device::Cpu).unwrap();
    hold(&params, &scale, true, || {
        let hidden = network.forward(&ids, None).unwrap();
        weighed(&hidden.broadcast_mul(scale.as_tensor()).unwrap())
    });
}

#[test]
fn convolutions_go_back_as_candle_does() {
    for (io, kernel, stride, padding, size) in [
        ((3, 5), 3, 2, 1, (9, 13)),
        ((3, 5), 3, 2, 1, (8, 12)),
        ((4, 3), 3, 1, 1, (6, 5)),
        ((2, 4), 2, 2, 0, (8, 6)),
        ((1, 2), 1, 1, 0, (3, 4)),
    ] {
        let params = Params::new(6, &Device::Cpu);
        let conv = Conv2d::new(io, kernel, stride, padding, &params.weights()).unwrap();
        let xs = input(&[2, io.0, size.0, size.1]);
        // With a stride over an even size candle's own way back fails.
        hold(&params, &xs, size != (8, 12), || weighed(&conv.forward(xs.as_tensor()).unwrap()));
        let still = xs.as_detached_tensor();
        let grads = weighed(&conv.forward(&still).unwrap()).backward().unwrap();
        assert!(grads.get(&still).is_none() && grads.get(&params.trained()[1].1).is_some());
    }
}

#[test]
fn group_norms_and_doubling_go_back_as_candle_does() {
    for (groups, channels, swish) in [(2, 6, false), (4, 4, true), (1, 3, true)] {
        let params = Params::new(8, &Device::Cpu);
        let norm = GroupNorm::new(groups, channels, 1e-6, &params.weights()).unwrap();
        for (i, (_, var)) in params.trained().into_iter().enumerate() {
            let some = random(&mut ChaCha8Rng::seed_from_u64(i as u64 + 20), channels);
            var.set(&(var.as_tensor() + Tensor::new(some, &Device::Cpu).unwrap()).unwrap()).unwrap();
        }
        let xs = input(&[2, channels, 5, 7]);
        let forward = |xs: &Tensor| if swish { norm.forward_silu(xs) } else { norm.forward(xs) }.unwrap();
        hold(&params, &xs, true, || weighed(&forward(xs.as_tensor())));
        let alone = Params::new(9, &Device::Cpu);
        hold(&alone, &xs, false, || weighed(&doubled(xs.as_tensor()).unwrap()));
        let wanted = plain(|| doubled(xs.as_tensor())).unwrap();
        let off = (doubled(xs.as_tensor()).unwrap() - wanted).unwrap().abs().unwrap().sum_all().unwrap();
        assert_eq!(off.to_scalar::<f32>().unwrap(), 0.0);
    }
}
