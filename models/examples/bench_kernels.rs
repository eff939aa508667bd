//! How fast the quantised layers are on this machine: one row (bound by memory: GB/s and the share of what a plain sum
//! over memory reads) and 64 or 256 rows (bound by arithmetic: GFLOP/s), for each format and instruction set, beside
//! candle's own layer. `cargo run --release -p ponder-models --example bench_kernels [out] [in] [format]`

use std::hint::black_box;
use std::time::{Duration, Instant};

use candle_core::quantized::{QMatMul, QStorage, QTensor};
use candle_core::{DType, Device, Module, Tensor};
use ponder_models::kernel::dense::DenseLinear;
use ponder_models::kernel::quant::{FORMATS, QuantLinear};
use ponder_models::kernel::{Level, Pool};

/// Bytes read to measure memory: far more than the caches hold.
const MEMORY_BYTES: usize = 1 << 30;
/// Layers used in turn, so that none stays in a cache.
const LAYERS_BYTES: usize = 512 << 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut given = std::env::args().skip(1);
    let rows = given.next().map(|size| size.parse()).transpose()?.unwrap_or(5632);
    let columns = given.next().map(|size| size.parse()).transpose()?.unwrap_or(2048);
    let only = given.next();
    let pool = Pool::shared();
    let memory = memory_gb_s(pool);
    println!("{} threads, best level {}, memory read at {memory:.1} GB/s", pool.threads(), Level::best().name());
    println!("layer {rows} x {columns}\nformat  level     1 row GB/s (of memory)   64 rows GFLOP/s  256 rows GFLOP/s");
    let dense = Tensor::randn(0f32, 1f32, (rows, columns), &Device::Cpu)?;
    if only.as_ref().is_none_or(|only| only == "dense") {
        for dtype in [DType::F32, DType::BF16] {
            let weights = dense.to_dtype(dtype)?;
            let bytes = rows * columns * dtype.size_in_bytes();
            let copies = (LAYERS_BYTES / bytes).clamp(1, 64);
            let layers: Vec<_> = (0..copies).map(|_| DenseLinear::new(&weights, None)).collect::<Result<_, _>>()?;
            let time = |count: usize| {
                let x = vec![0.5f32; count * columns];
                let mut out = vec![0f32; count * rows];
                let mut turn = layers.iter().cycle();
                best(|| turn.next().into_iter().for_each(|layer| layer.multiply(black_box(&x), &mut out, pool)))
            };
            report(&format!("{dtype:?}"), Level::best().name(), bytes, memory, rows * columns, time);
            let copy = |_| weights.force_contiguous().and_then(|w| w.t());
            let weights: Vec<_> = (0..copies).map(copy).collect::<Result<_, _>>()?;
            let time = |count: usize| {
                let x = Tensor::full(0.5f32, (count, columns), &Device::Cpu).and_then(|x| x.to_dtype(dtype));
                let mut turn = weights.iter().cycle();
                x.map_or(Duration::MAX, |x| best(|| turn.next().into_iter().for_each(|w| drop(black_box(x.matmul(w))))))
            };
            report(&format!("{dtype:?}"), "candle", bytes, memory, rows * columns, time);
        }
    }
    for format in FORMATS {
        if only.as_ref().is_some_and(|only| format!("{:?}", format.dtype) != *only) {
            continue;
        }
        let quantised = QTensor::quantize(&dense, format.dtype)?;
        let layer = QuantLinear::from_qtensor(&quantised, None)?;
        let copies = (LAYERS_BYTES / layer.bytes()).clamp(1, 64);
        let layers: Vec<_> =
            (0..copies).map(|_| QuantLinear::from_qtensor(&quantised, None)).collect::<Result<_, _>>()?;
        for level in Level::available().into_iter().rev() {
            let on: Vec<_> = layers.iter().map(|layer| layer.on(level)).collect();
            let time = |count: usize| {
                let x = vec![0.5f32; count * columns];
                let mut out = vec![0f32; count * rows];
                let mut turn = on.iter().cycle();
                best(|| turn.next().into_iter().for_each(|layer| layer.multiply(black_box(&x), &mut out, pool)))
            };
            report(&format!("{:?}", format.dtype), level.name(), layer.bytes(), memory, rows * columns, time);
        }
        let data = quantised.data()?;
        let copy = || QStorage::from_data(data.clone(), &Device::Cpu, format.dtype);
        let matmuls: Vec<_> = (0..copies)
            .map(|_| QMatMul::from_qtensor(QTensor::new(copy()?, (rows, columns))?))
            .collect::<Result<_, _>>()?;
        let time = |count: usize| {
            let x = Tensor::full(0.5f32, (count, columns), &Device::Cpu);
            let mut turn = matmuls.iter().cycle();
            x.map_or(Duration::MAX, |x| {
                best(|| turn.next().into_iter().for_each(|layer| drop(black_box(layer.forward(&x)))))
            })
        };
        report(&format!("{:?}", format.dtype), "candle", layer.bytes(), memory, rows * columns, time);
    }
    Ok(())
}

fn report(format: &str, level: &str, bytes: usize, memory: f64, weights: usize, time: impl Fn(usize) -> Duration) {
    let gb_s = bytes as f64 / time(1).as_secs_f64() / 1e9;
    let gflop_s = |count: usize| (2 * weights * count) as f64 / time(count).as_secs_f64() / 1e9;
    let (some, many) = (gflop_s(64), gflop_s(256));
    println!("{format:<7} {level:<9} {gb_s:10.1} ({:3.0} %) {some:20.0} {many:17.0}", 100.0 * gb_s / memory);
}

/// The median of the runs that fit into a fifth of a second, at least three.
fn best(mut run: impl FnMut()) -> Duration {
    run();
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < 3 || start.elapsed() < Duration::from_millis(200) {
        let from = Instant::now();
        run();
        times.push(from.elapsed());
    }
    times.sort();
    times[times.len() / 2]
}

fn memory_gb_s(pool: &Pool) -> f64 {
    let memory = vec![1u64; MEMORY_BYTES / 8];
    let pieces: Vec<_> = memory.chunks(1 << 16).collect();
    let took = best(|| {
        pool.run(pieces.len(), |i| {
            // One of each cache line: adding takes no time then, fetching does.
            let sums = pieces[i].iter().step_by(8).fold(0u64, |sum, &x| sum ^ x);
            black_box(sums);
        });
    });
    MEMORY_BYTES as f64 / took.as_secs_f64() / 1e9
}
