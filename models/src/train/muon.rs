//! Muon (Jordan et al., 2024, <https://kellerjordan.github.io/posts/muon/>): the momentum of a matrix, made nearly
//! orthogonal by five Newton-Schulz steps, scaled so that it moves as far as AdamW would at the same rate (Liu et al.,
//! arXiv 2502.16982). For the matrices inside a network; tables, heads, kernels and vectors stay with AdamW.

use candle_core::{Device, Result, Tensor};

/// Coefficients of the quintic step, by its author.
const STEP: [f64; 3] = [3.4445, -4.7750, 2.0315];
/// Root mean square of an update, about what AdamW's is.
const RMS: f64 = 0.2;

/// Is this a matrix that Muon moves?
pub(super) fn takes(name: &str, shape: &[usize]) -> bool {
    shape.len() == 2 && shape.iter().all(|n| *n > 1) && !name.contains("embed") && !name.contains("head")
}

/// The direction in which a matrix of `shape` goes: [rows * columns] values of the momentum in, the update out.
pub(super) fn direction(momentum: &[f32], shape: (usize, usize)) -> Result<Vec<f32>> {
    let (rows, columns) = shape;
    let given = Tensor::from_slice(momentum, shape, &Device::Cpu)?;
    let flat = if rows > columns { given.t()?.contiguous()? } else { given };
    let size = f64::from(flat.sqr()?.sum_all()?.to_scalar::<f32>()?).sqrt();
    let mut x = (flat / (size + 1e-7))?;
    for _ in 0..5 {
        let square = x.matmul(&x.t()?)?;
        let sum = ((&square * STEP[1])? + (square.matmul(&square)? * STEP[2])?)?;
        x = ((&x * STEP[0])? + sum.matmul(&x)?)?;
    }
    let back = if rows > columns { x.t()?.contiguous()? } else { x };
    (back * (RMS * (rows.max(columns) as f64).sqrt()))?.flatten_all()?.to_vec1()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_direction_is_nearly_orthogonal_and_of_its_size() {
        for shape in [(6, 6), (4, 9), (9, 4)] {
            let values: Vec<f32> = (0..shape.0 * shape.1).map(|i| ((i * 37 % 23) as f32 - 11.0) / 7.0).collect();
            let there = direction(&values, shape).unwrap();
            let matrix = Tensor::new(there.clone(), &Device::Cpu).unwrap().reshape(shape).unwrap();
            let (small, large) = (shape.0.min(shape.1), shape.0.max(shape.1));
            let matrix = if shape.0 > shape.1 { matrix.t().unwrap() } else { matrix };
            let matrix = (matrix / (RMS * (large as f64).sqrt())).unwrap();
            let square: Vec<Vec<f32>> = matrix.matmul(&matrix.t().unwrap()).unwrap().to_vec2().unwrap();
            for (i, row) in square.iter().enumerate() {
                for (j, value) in row.iter().enumerate() {
                    // The quintic brings singular values to about 0.7..1.2, not to 1.
                    let want = if i == j { 0.35..1.6 } else { -0.5..0.5 };
                    assert!(want.contains(value), "{shape:?} {small} {i} {j}: {value}");
                }
            }
            let along: f32 = there.iter().zip(&values).map(|(a, b)| a * b).sum();
            assert!(along > 0.0, "{shape:?} goes against its momentum");
        }
    }

    #[test]
    fn tables_heads_kernels_and_vectors_are_not_its() {
        assert!(takes("model.layers.0.mlp.up_proj.weight", &[384, 128]));
        for (name, shape) in [("model.embed_tokens.weight", &[64, 8][..]), ("lm_head.weight", &[64, 8])] {
            assert!(!takes(name, shape), "{name}");
        }
        assert!(!takes("conv.weight", &[8, 1, 3]) && !takes("norm.weight", &[8]));
    }
}
