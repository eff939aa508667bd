//! Numbers begin in order. To a language model `45` and `46` are words like any other, and a small one that compares them
//! learns pair by pair which is larger. Here the embedding of each number from 0 to 99 gets, beside what tells it from all
//! others, a part that varies smoothly with its value, so that the larger is a direction of the stream from the first step
//! on. (Words for numbers that know their magnitude: cf. the survey of Thawani et al., arXiv 2103.13136.)

use candle_core::{Result, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokenizers::Tokenizer;

use crate::train::Params;

/// Name of the embeddings, in either build.
const EMBEDDINGS: &str = "model.embed_tokens.weight";
/// Numbers that are one piece, most of them.
pub(in crate::train) const COUNT: usize = 100;
/// Periods of the waves beside the value itself, which tell near numbers apart.
const PERIODS: [f64; 2] = [40.0, 12.0];
/// What the directions are drawn from.
const SEED: u64 = 0x0a1d_e500;

/// Gives the embeddings of numbers their order. What they had along its directions is replaced, so that doing it again
/// changes nothing but the size.
///
/// # Errors
/// None but candle's own.
pub fn number(params: &Params, tokenizer: &Tokenizer) -> Result<()> {
    let Some((_, embeddings)) = params.all().into_iter().find(|(name, _)| name == EMBEDDINGS) else { return Ok(()) };
    let pieces = (0..COUNT).filter_map(|n| Some((n, tokenizer.token_to_id(&format!("Ġ{n}"))? as usize)));
    let mut rows = embeddings.as_tensor().to_vec2::<f32>()?;
    put(&mut rows, &pieces.collect::<Vec<_>>());
    embeddings.set(&Tensor::new(rows, embeddings.device())?)
}

/// The same for the rows of these numbers, each with its place.
pub(in crate::train) fn put(rows: &mut [Vec<f32>], pieces: &[(usize, usize)]) {
    let width = rows.first().map_or(0, Vec::len);
    let size = |row: &[f32]| dot(row, row).sqrt();
    let usual = pieces.iter().map(|(_, id)| size(&rows[*id])).sum::<f32>() / pieces.len().max(1) as f32;
    let directions = directions(width);
    for (n, id) in pieces {
        let row = &mut rows[*id];
        for (along, part) in directions.iter().zip(parts(*n)) {
            let by = usual * part as f32 - dot(row, along);
            row.iter_mut().zip(along).for_each(|(x, u)| *x += by * u);
        }
    }
}

/// A number along each direction, in sizes of an embedding: its value, then a wave and its quarter turn for each period.
fn parts(n: usize) -> [f64; 1 + 2 * PERIODS.len()] {
    let value = n as f64 / (COUNT - 1) as f64 * 2.0 - 1.0;
    let [(a, b), (c, d)] = PERIODS.map(|period| (std::f64::consts::TAU * n as f64 / period).sin_cos());
    [value * 3f64.sqrt(), a * 0.5, b * 0.5, c * 0.5, d * 0.5]
}

/// Directions at right angles (Gram and Schmidt), always the same.
fn directions(width: usize) -> Vec<Vec<f32>> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut all: Vec<Vec<f32>> = Vec::new();
    for _ in 0..parts(0).len() {
        let mut one: Vec<f32> = (0..width).map(|_| rng.random_range(-1.0..1.0)).collect();
        for other in &all {
            let along = dot(&one, other);
            one.iter_mut().zip(other).for_each(|(x, u)| *x -= along * u);
        }
        let size = dot(&one, &one).sqrt().max(f32::MIN_POSITIVE);
        one.iter_mut().for_each(|x| *x /= size);
        all.push(one);
    }
    all
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test may stop where it stands
mod tests {
    use super::*;

    #[test]
    fn numbers_get_their_order_and_words_stay() {
        let lessons = super::super::Lessons::new(3).unwrap();
        let tokenizer = super::super::vocab::learn(&lessons, 50, 600).unwrap();
        let params = Params::new(1, &candle_core::Device::Cpu);
        let shape = (tokenizer.get_vocab_size(true), 32);
        let before = params.get(EMBEDDINGS, shape, candle_nn::Init::Randn { mean: 0.0, stdev: 0.2 }).unwrap();
        let before = before.to_vec2::<f32>().unwrap();
        number(&params, &tokenizer).unwrap();
        let after = params.tensors().unwrap()[EMBEDDINGS].to_vec2::<f32>().unwrap();
        let numbers = (0..COUNT).filter_map(|n| tokenizer.token_to_id(&format!("Ġ{n}")));
        let numbers: Vec<usize> = numbers.map(|id| id as usize).collect();
        assert!(numbers.len() > COUNT / 2, "{} numbers are pieces", numbers.len());
        let along: Vec<f32> = numbers.iter().map(|id| dot(&after[*id], &directions(32)[0])).collect();
        assert!(along.windows(2).all(|pair| pair[0] < pair[1]), "{along:?}");
        for (id, row) in before.iter().enumerate() {
            assert_eq!(*row == after[id], !numbers.contains(&id), "{id}");
        }
    }

    #[test]
    fn directions_stand_at_right_angles_and_the_first_part_grows_with_the_number() {
        let all = directions(32);
        for (i, a) in all.iter().enumerate() {
            for (j, b) in all.iter().enumerate() {
                let want = if i == j { 1.0 } else { 0.0 };
                assert!((dot(a, b) - want).abs() < 1e-5, "{i} {j}");
            }
        }
        assert!((1..COUNT).all(|n| parts(n)[0] > parts(n - 1)[0]));
    }
}
