//! The book of codes while it learns: found by k-means++ from what the encoder finds (Arthur and Vassilvitskii, 2007),
//! taken by the straight-through estimator (van den Oord et al., 2017), and kept in use: a code that nothing falls to any
//! more moves to what is farthest from all (Dhariwal et al., 2020).

use candle_core::{D, Device, Result, Tensor, Var};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::net::vq::unit;

/// How much of a step's count stays to the next.
const MEMORY: f32 = 0.99;
/// A code used less than this is dead.
const DEAD: f32 = 0.01;
/// Steps from one look for the dead to the next.
const EVERY: u64 = 20;
/// Rounds of k-means.
const ROUNDS: usize = 4;
/// Weight of what draws the encoder to its codes, beside what draws the codes to the encoder.
const COMMITMENT: f64 = 0.25;

/// What the decoder is given, how far it is from what was found, and which codes were taken.
pub(super) struct Taken {
    pub(super) given: Tensor,
    pub(super) off: Tensor,
    pub(super) codes: Vec<u32>,
}

/// Takes the nearest codes [codes, width] for what was found [batch, places, width].
pub(super) fn take(found: &Tensor, book: &Tensor) -> Result<Taken> {
    let (batch, places, width) = found.dims3()?;
    let (flat, book) = (unit(&found.reshape((batch * places, width))?)?, unit(book)?);
    let codes = flat.detach().matmul(&book.detach().t()?)?.argmax(D::Minus1)?;
    let near = book.index_select(&codes, 0)?;
    let drawn = (&near - flat.detach())?.sqr()?.mean_all()?;
    let held = ((&flat - near.detach())?.sqr()?.mean_all()? * COMMITMENT)?;
    let given = (&flat + (near.detach() - flat.detach())?)?;
    Ok(Taken { given: given.reshape((batch, places, width))?, off: (drawn + held)?, codes: codes.to_vec1()? })
}

/// How often each code was used of late.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Usage(pub(super) Vec<f32>);

impl Usage {
    pub(super) fn new(codes: usize) -> Self {
        Self(vec![1.0; codes])
    }

    /// Share of the book that is in use.
    pub(super) fn share(&self) -> f64 {
        self.0.iter().filter(|used| **used >= DEAD).count() as f64 / self.0.len().max(1) as f64
    }

    /// Counts a step's codes; every so often the dead move to what was found farthest from its code.
    pub(super) fn count(&mut self, step: u64, codes: &[u32], found: &Tensor, book: &Var) -> Result<()> {
        self.0.iter_mut().for_each(|used| *used *= MEMORY);
        codes.iter().for_each(|code| self.0[*code as usize] += 1.0);
        if !(step + 1).is_multiple_of(EVERY) {
            return Ok(());
        }
        let dead: Vec<usize> = (0..self.0.len()).filter(|code| self.0[*code] < DEAD).collect();
        let (flat, mut rows) = (found.detach().reshape(((), found.dim(2)?))?, book.to_vec2::<f32>()?);
        let flat = unit(&flat)?.to_vec2::<f32>()?;
        let unit_rows = unit(&book.as_tensor().detach())?.to_vec2::<f32>()?;
        let near = |i: usize| dot(&flat[i], &unit_rows[codes[i] as usize]);
        let mut order: Vec<usize> = (0..flat.len()).collect();
        order.sort_by(|a, b| near(*a).total_cmp(&near(*b)));
        // No more than a few at a time: neighbours in a picture are alike.
        for (code, from) in dead.into_iter().zip(order.into_iter().take(codes.len() / 16)) {
            rows[code].copy_from_slice(&flat[from]);
            self.0[code] = 1.0;
        }
        book.set(&Tensor::new(rows, &Device::Cpu)?)
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// So many codes for what was found [count, width].
pub(super) fn gather(found: &Tensor, codes: usize, seed: u64) -> Result<Tensor> {
    let points = unit(found)?.to_vec2::<f32>()?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    if points.is_empty() {
        candle_core::bail!("nothing was found to make codes of");
    }
    let mut book: Vec<Vec<f32>> = vec![points[rng.random_range(0..points.len())].clone()];
    let mut far: Vec<f32> = points.iter().map(|p| 1.0 - dot(p, &book[0])).collect();
    while book.len() < codes {
        let total: f64 = far.iter().map(|d| f64::from(d.max(0.0))).sum();
        let mut left = rng.random_range(0.0..1.0) * total;
        let next = far.iter().position(|d| {
            left -= f64::from(d.max(0.0));
            left <= 0.0
        });
        let next = points[next.unwrap_or(points.len() - 1)].clone();
        far.iter_mut().zip(&points).for_each(|(d, p)| *d = d.min(1.0 - dot(p, &next)));
        book.push(next);
    }
    let width = book[0].len();
    let points = Tensor::new(points, &Device::Cpu)?;
    let mut rows = Tensor::new(book, &Device::Cpu)?;
    for _ in 0..ROUNDS {
        let nearest = points.matmul(&rows.t()?)?.argmax(D::Minus1)?;
        let sums = Tensor::zeros((codes, width), candle_core::DType::F32, &Device::Cpu)?;
        let sums = sums.index_add(&nearest, &points, 0)?;
        // A code that nothing fell to stays.
        let empty = sums.sqr()?.sum_keepdim(1)?.lt(1e-12f32)?.broadcast_as(sums.shape())?;
        rows = unit(&empty.where_cond(&rows, &sums)?)?;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heaps_get_codes_of_their_own_and_the_dead_move() {
        let heaps = [[1.0f32, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let points: Vec<Vec<f32>> = (0..90).map(|i| heaps[if i < 80 { 0 } else { i % 3 }].to_vec()).collect();
        let points = Tensor::new(points, &Device::Cpu).unwrap();
        let book = gather(&points, 3, 1).unwrap();
        let taken = take(&points.unsqueeze(0).unwrap(), &book).unwrap();
        let kinds: std::collections::BTreeSet<u32> = taken.codes.iter().copied().collect();
        assert_eq!(kinds.len(), 3, "the small heaps too");
        assert!(taken.off.to_scalar::<f32>().unwrap() < 1e-6);

        let var =
            Var::from_tensor(&Tensor::new(&[[1.0f32, 0.0, 0.0], [-1.0, 0.0, 0.0]], &Device::Cpu).unwrap()).unwrap();
        let mut usage = Usage(vec![1.0, 0.0]);
        let found = points.unsqueeze(0).unwrap();
        let codes = take(&found, var.as_tensor()).unwrap().codes;
        usage.count(EVERY - 1, &codes, &found, &var).unwrap();
        let rows = var.to_vec2::<f32>().unwrap();
        assert_eq!(rows[0], [1.0, 0.0, 0.0]);
        assert!(rows[1][0] == 0.0 && usage.share() == 1.0, "it went to a heap without a code: {rows:?}");
    }

    #[test]
    fn gradients_go_straight_through() {
        let found = Var::from_tensor(&Tensor::new(&[[[0.9f32, 0.1]]], &Device::Cpu).unwrap()).unwrap();
        let book = Var::from_tensor(&Tensor::new(&[[1.0f32, 0.0], [0.0, 1.0]], &Device::Cpu).unwrap()).unwrap();
        let taken = take(found.as_tensor(), book.as_tensor()).unwrap();
        assert_eq!(taken.codes, [0]);
        let given = taken.given.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!((given[0] - 1.0).abs() < 1e-6 && given[1].abs() < 1e-6, "{given:?}");
        let grads = (taken.given.sum_all().unwrap() + taken.off).unwrap().backward().unwrap();
        assert!(grads.get(&found).is_some() && grads.get(&book).is_some());
    }
}
