//! Half a block of a transformer as one operator: `x + out(middle(ins(norm(x))))`, the middle being a gated or plain
//! activation or attention. Kept for the way back are only the projections (and attention's answers); norms and
//! activations are made again, block by block of rows, while they are in the caches.

use std::sync::{Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp2, Device, Layout, Result, Shape, Tensor};

use super::super::act::{What, activate};
use super::super::norm::norm;
use super::super::{Level, Pool, floats};
use super::bundle::{Slots, bundle};
use super::heads::{Before, Heads};
use super::matmul::{Matrix, Out, Packed, matmul, multiply};
use super::parts::{Affine, Attend, Middle, Norm};
use super::rows::{add, gelu_back, norm_back, swiglu_back};
use super::with;

/// Rows that go through the caches together.
const BLOCK: usize = 192;
/// Rows in a piece of work on single values.
const PIECE: usize = 16;

/// `x + out(middle(ins(norm(x))))` for x [batch, tokens, width], contiguous f32 on the CPU, as all parameters.
///
/// # Errors
/// Shapes don't meet.
pub fn sublayer(x: &Tensor, norm: Norm, ins: Vec<Affine>, out: Affine, middle: Middle) -> Result<Tensor> {
    let (batch, tokens, width) = x.dims3()?;
    let mut wide = 0;
    for affine in &ins {
        let (outputs, inputs) = affine.weight.dims2()?;
        if inputs != width {
            candle_core::bail!("a sublayer's projection takes {inputs}, the rows are {width} wide");
        }
        wide += outputs;
    }
    let (outputs, inner) = out.weight.dims2()?;
    let fits = match &middle {
        Middle::Swiglu => ins.len() == 2 && wide == 2 * inner,
        Middle::Gelu => ins.len() == 1 && wide == inner,
        Middle::Attend(attend) => {
            let Attend { heads: (heads, kv), width, .. } = *attend;
            kv > 0
                && heads.is_multiple_of(kv)
                && width <= 256
                && wide == (heads + 2 * kv) * width
                && inner == heads * width
                && attend.turns.as_ref().is_none_or(|(cos, _)| cos.dims() == [tokens, width / 2])
        }
    };
    if !fits || outputs != width {
        candle_core::bail!("a sublayer of rows {width} wide: projections to {wide}, back from {inner} to {outputs}");
    }
    let mut op = Sublayer {
        norm,
        ins,
        out,
        middle,
        sizes: (batch, tokens, width, wide, inner),
        slots: None,
        saved: Mutex::default(),
    };
    let (token, slots) = bundle(&op.params())?;
    op.slots = Some(slots);
    x.apply_op2(&token, op)
}

struct Sublayer {
    norm: Norm,
    ins: Vec<Affine>,
    out: Affine,
    middle: Middle,
    /// Batch, tokens, width of the rows, of the projections, and behind the middle.
    sizes: (usize, usize, usize, usize, usize),
    slots: Option<Slots>,
    saved: Mutex<Option<Saved>>,
}

/// What the way forth leaves for the way back.
#[derive(Default)]
struct Saved {
    /// Projections, and what attention took of them where that differs for a norm of the heads.
    ins: Vec<f32>,
    taken: Vec<f32>,
    /// Attention's answers and what makes its scores probabilities.
    said: Vec<f32>,
    logs: Vec<f32>,
}

/// The gradients of the parameters, in the order of [`Sublayer::params`] (a bias that isn't there has none).
struct Grads {
    norm: (Vec<f32>, Vec<f32>),
    ins: Vec<(Vec<f32>, Vec<f32>)>,
    out: (Vec<f32>, Vec<f32>),
    heads: (Vec<f32>, Vec<f32>),
}

/// A small parameter's values.
fn values(tensor: Option<&Tensor>) -> Result<Vec<f32>> {
    tensor.map_or(Ok(Vec::new()), |tensor| tensor.to_vec1())
}

fn zeros(tensor: Option<&Tensor>) -> Vec<f32> {
    vec![0.0; tensor.map_or(0, Tensor::elem_count)]
}

impl Sublayer {
    fn params(&self) -> Vec<&Tensor> {
        let mut all = vec![&self.norm.weight];
        all.extend(&self.norm.bias);
        for affine in self.ins.iter().chain([&self.out]) {
            all.push(&affine.weight);
            all.extend(&affine.bias);
        }
        if let Middle::Attend(Attend { norm: Some((q, k, _)), .. }) = &self.middle {
            all.extend([q, k]);
        }
        all
    }

    fn heads(&self, attend: &Attend) -> Heads {
        let ((batch, tokens, ..), (heads, kv_heads)) = (self.sizes, attend.heads);
        let (width, causal, scale) = (attend.width, attend.causal, attend.scale as f32);
        Heads { batch, tokens, heads, kv_heads, width, causal, scale }
    }

    /// Norm of the rows.
    fn normed(&self, (weight, bias): (&[f32], &[f32]), x: &[f32], to: &mut [f32], pool: &Pool) {
        let (width, level, eps) = (weight.len(), Level::best(), self.norm.eps as f32);
        pool.chunks(to, PIECE * width, |i, to| {
            for (x, to) in x[i * PIECE * width..].chunks_exact(width).zip(to.chunks_exact_mut(width)) {
                let bias = if bias.is_empty() { std::ptr::null() } else { bias.as_ptr() };
                // SAFETY: all are as long as a row, or there is no bias.
                #[allow(unsafe_code)]
                unsafe {
                    norm(level, x, weight.as_ptr(), bias, to.as_mut_ptr(), eps);
                }
            }
        });
    }

    /// The activation, rows of projections to rows behind it.
    fn activated(&self, from: &[f32], to: &mut [f32], pool: &Pool) {
        let ((.., wide, inner), level) = (self.sizes, Level::best());
        pool.chunks(to, PIECE * inner, |i, to| {
            for (from, to) in from[i * PIECE * wide..].chunks_exact(wide).zip(to.chunks_exact_mut(inner)) {
                let (first, second) = from.split_at(inner);
                let (gate, what) = match self.middle {
                    Middle::Swiglu => (second.as_ptr(), What::Silu),
                    _ => (std::ptr::null(), What::Gelu),
                };
                // SAFETY: all are `inner` long, or there is no gate.
                #[allow(unsafe_code)]
                unsafe {
                    activate(level, first, gate, what, to.as_mut_ptr());
                }
            }
        });
    }

    /// The gradient of projections from that behind the activation.
    fn activated_back(&self, from: &[f32], grad: &[f32], to: &mut [f32], pool: &Pool) {
        let ((.., wide, inner), level) = (self.sizes, Level::best());
        pool.chunks(to, PIECE * wide, |i, to| {
            let rows = from[i * PIECE * wide..].chunks_exact(wide).zip(grad[i * PIECE * inner..].chunks_exact(inner));
            for ((from, grad), to) in rows.zip(to.chunks_exact_mut(wide)) {
                // SAFETY: each half, or the whole, is `inner` long.
                #[allow(unsafe_code)]
                unsafe {
                    match self.middle {
                        Middle::Swiglu => {
                            let ((gate, up), (dgate, dup)) = (from.split_at(inner), to.split_at_mut(inner));
                            let (dgate, dup) = (dgate.as_mut_ptr(), dup.as_mut_ptr());
                            swiglu_back(level, gate, up.as_ptr(), grad.as_ptr(), dgate, dup);
                        }
                        _ => gelu_back(level, from, grad.as_ptr(), to.as_mut_ptr()),
                    }
                }
            }
        });
    }

    /// What attention does to queries and keys first, given to `f`.
    fn before<R>(attend: &Attend, f: impl FnOnce(Before<'_>) -> R) -> Result<R> {
        let flat = |t: &Tensor| t.flatten_all()?.to_vec1::<f32>();
        let norm = attend.norm.as_ref().map(|(q, k, eps)| Ok::<_, candle_core::Error>((flat(q)?, flat(k)?, *eps)));
        let norm = norm.transpose()?;
        let turns = attend.turns.as_ref().map(|(cos, sin)| Ok::<_, candle_core::Error>((flat(cos)?, flat(sin)?)));
        let turns = turns.transpose()?;
        Ok(f(Before {
            norm: norm.as_ref().map(|(q, k, eps)| (&q[..], &k[..], *eps as f32)),
            turns: turns.as_ref().map(|(cos, sin)| (&cos[..], &sin[..])),
        }))
    }

    fn forth(&self, x: &[f32]) -> Result<(Vec<f32>, Saved)> {
        let ((batch, tokens, width, wide, inner), pool) = (self.sizes, Pool::shared());
        let rows = batch * tokens;
        let (weight, bias) = (values(Some(&self.norm.weight))?, values(self.norm.bias.as_ref())?);
        let mut ins = Vec::new();
        for affine in &self.ins {
            let outputs = affine.weight.dim(0)?;
            let turned = |w: &[f32]| Ok(Packed::new(Matrix::rows(w, width).turned(), (width, outputs), pool));
            ins.push((with(&affine.weight, turned)?, outputs, values(affine.bias.as_ref())?));
        }
        let out = |w: &[f32]| Ok(Packed::new(Matrix::rows(w, inner).turned(), (inner, width), pool));
        let (out, out_bias) = (with(&self.out.weight, out)?, values(self.out.bias.as_ref())?);
        let mut saved = Saved { ins: vec![0.0; rows * wide], ..Saved::default() };
        let mut y = x.to_vec();
        for row in y.chunks_exact_mut(width).take_while(|_| !out_bias.is_empty()) {
            row.iter_mut().zip(&out_bias).for_each(|(y, b)| *y += b);
        }
        let mut unit = vec![0f32; BLOCK.min(rows) * width];
        let mut said = vec![0f32; BLOCK.min(rows) * inner];
        for first in (0..rows).step_by(BLOCK) {
            let count = BLOCK.min(rows - first);
            let unit = &mut unit[..count * width];
            self.normed((&weight, &bias), &x[first * width..][..count * width], unit, pool);
            let to = &mut saved.ins[first * wide..][..count * wide];
            let mut at = 0;
            for (packed, outputs, bias) in &ins {
                for row in to.chunks_exact_mut(wide).take_while(|_| !bias.is_empty()) {
                    row[at..at + outputs].copy_from_slice(bias);
                }
                let out = Out { values: &mut to[at..], row: wide, add: !bias.is_empty() };
                multiply(Matrix::rows(unit, width), packed, count, out, pool);
                at += outputs;
            }
            if !matches!(self.middle, Middle::Attend(_)) {
                let said = &mut said[..count * inner];
                self.activated(to, said, pool);
                let y = &mut y[first * width..][..count * width];
                multiply(Matrix::rows(said, inner), &out, count, Out::onto(y, width), pool);
            }
        }
        if let Middle::Attend(attend) = &self.middle {
            let cut = self.heads(attend);
            Self::before(attend, |before| {
                if before.norm.is_some() {
                    saved.taken.clone_from(&saved.ins);
                    before.forth(&mut saved.taken, &cut, pool);
                } else if !before.is_nothing() {
                    before.forth(&mut saved.ins, &cut, pool);
                }
            })?;
            saved.said = vec![0.0; rows * inner];
            saved.logs = vec![0.0; batch * cut.heads * tokens];
            let taken = if saved.taken.is_empty() { &saved.ins } else { &saved.taken };
            cut.forth(taken, &mut saved.said, &mut saved.logs, pool);
            multiply(Matrix::rows(&saved.said, inner), &out, rows, Out::onto(&mut y, width), pool);
        }
        Ok((y, saved))
    }

    fn back(&self, x: &[f32], saved: &Saved, dy: &[f32]) -> Result<(Vec<f32>, Grads)> {
        let ((batch, tokens, width, wide, inner), pool, level) = (self.sizes, Pool::shared(), Level::best());
        let rows = batch * tokens;
        let both = |a: &Affine| (zeros(Some(&a.weight)), zeros(a.bias.as_ref()));
        let mut grads = Grads {
            norm: (zeros(Some(&self.norm.weight)), zeros(self.norm.bias.as_ref())),
            ins: self.ins.iter().map(both).collect(),
            out: both(&self.out),
            heads: (Vec::new(), Vec::new()),
        };
        let (weight, bias) = (values(Some(&self.norm.weight))?, values(self.norm.bias.as_ref())?);
        let mut ins = Vec::new();
        for affine in &self.ins {
            let outputs = affine.weight.dim(0)?;
            let pack = |w: &[f32]| Ok(Packed::new(Matrix::rows(w, width), (outputs, width), pool));
            ins.push((with(&affine.weight, pack)?, outputs));
        }
        let out = with(&self.out.weight, |w| Ok(Packed::new(Matrix::rows(w, inner), (width, inner), pool)))?;
        let mut attended = Vec::new();
        if let Middle::Attend(attend) = &self.middle {
            let cut = self.heads(attend);
            let mut dsaid = vec![0f32; rows * inner];
            multiply(Matrix::rows(dy, width), &out, rows, Out::over(&mut dsaid, inner), pool);
            attended = vec![0.0; rows * wide];
            let taken = if saved.taken.is_empty() { &saved.ins } else { &saved.taken };
            cut.back(taken, &saved.said, &saved.logs, &dsaid, &mut attended, pool);
            if attend.norm.is_some() {
                grads.heads = (vec![0.0; attend.width], vec![0.0; attend.width]);
            }
            let (q, k) = &mut grads.heads;
            Self::before(attend, |before| before.back(&saved.ins, &mut attended, (q, k), &cut, pool))?;
        }
        let mut dx = vec![0f32; rows * width];
        let most = BLOCK.min(rows);
        let (mut unit, mut dunit) = (vec![0f32; most * width], vec![0f32; most * width]);
        let (mut said, mut dsaid) = (vec![0f32; most * inner], vec![0f32; most * inner]);
        let mut dins = vec![0f32; most * wide];
        for first in (0..rows).step_by(BLOCK) {
            let count = BLOCK.min(rows - first);
            let (x, dy) = (&x[first * width..][..count * width], &dy[first * width..][..count * width]);
            let (dys, from) = (Matrix::rows(dy, width), &saved.ins[first * wide..][..count * wide]);
            let (said, dins): (&[f32], &[f32]) = if attended.is_empty() {
                let (said, dsaid) = (&mut said[..count * inner], &mut dsaid[..count * inner]);
                self.activated(from, said, pool);
                multiply(dys, &out, count, Out::over(dsaid, inner), pool);
                self.activated_back(from, dsaid, &mut dins[..count * wide], pool);
                (said, &dins[..count * wide])
            } else {
                (&saved.said[first * inner..][..count * inner], &attended[first * wide..][..count * wide])
            };
            let to = Out::onto(&mut grads.out.0, inner);
            matmul(dys.turned(), Matrix::rows(said, inner), (width, inner, count), to, pool);
            sums(dy, width, 0, &mut grads.out.1);
            let (unit, dunit) = (&mut unit[..count * width], &mut dunit[..count * width]);
            self.normed((&weight, &bias), x, unit, pool);
            let mut at = 0;
            for (i, ((packed, outputs), (dw, db))) in ins.iter().zip(&mut grads.ins).enumerate() {
                let part = Matrix { values: &dins[at..], row: wide, column: 1 };
                multiply(part, packed, count, Out { values: dunit, row: width, add: i > 0 }, pool);
                let to = Out::onto(dw, width);
                matmul(part.turned(), Matrix::rows(unit, width), (*outputs, width, count), to, pool);
                sums(dins, wide, at, db);
                at += outputs;
            }
            let dx = dx[first * width..].chunks_exact_mut(width);
            for (((x, dy), dunit), dx) in
                x.chunks_exact(width).zip(dy.chunks_exact(width)).zip(dunit.chunks_exact(width)).zip(dx)
            {
                let (dw, db) = (&mut grads.norm.0, &mut grads.norm.1);
                let db = if db.is_empty() { std::ptr::null_mut() } else { db.as_mut_ptr() };
                // SAFETY: all are as long as a row, or there is no bias.
                #[allow(unsafe_code)]
                unsafe {
                    let (dunit, weight, eps) = (dunit.as_ptr(), weight.as_ptr(), self.norm.eps as f32);
                    norm_back(level, x, dunit, weight, dy.as_ptr(), dx.as_mut_ptr(), dw.as_mut_ptr(), db, eps);
                }
            }
        }
        Ok((dx, grads))
    }
}

/// Adds the rows' values from column `at` on to `to`, as many as it has.
fn sums(rows: &[f32], row: usize, at: usize, to: &mut [f32]) {
    if to.is_empty() {
        return;
    }
    for row in rows.chunks_exact(row) {
        let part = &row[at..at + to.len()];
        // SAFETY: both are of one length.
        #[allow(unsafe_code)]
        unsafe {
            add(Level::best(), part, to.as_mut_ptr());
        }
    }
}

impl Grads {
    fn tensors(self, params: &[&Tensor]) -> Result<Vec<Tensor>> {
        let affine = self.ins.into_iter().chain([self.out]).flat_map(|(w, b)| [w, b]);
        let all = [self.norm.0, self.norm.1].into_iter().chain(affine).chain([self.heads.0, self.heads.1]);
        let all = all.filter(|grad| !grad.is_empty()).zip(params);
        all.map(|(grad, param)| Tensor::from_vec(grad, param.shape(), &Device::Cpu)).collect()
    }
}

impl CustomOp2 for Sublayer {
    fn name(&self) -> &'static str {
        "half a block"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let (y, saved) = self.forth(floats(s1, l1)?)?;
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = Some(saved);
        Ok((CpuStorage::F32(y), l1.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, token: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(saved), Some(slots)) = (&*saved, &self.slots) else {
            candle_core::bail!("half a block went back before forth")
        };
        let grad = grad.contiguous()?;
        let (dx, grads) = with(x, |x| with(&grad, |dy| self.back(x, saved, dy)))?;
        slots.fill(grads.tensors(&self.params())?);
        let dx = x.track_op().then(|| Tensor::from_vec(dx, x.shape(), &Device::Cpu)).transpose()?;
        Ok((dx, token.track_op().then(|| token.zeros_like()).transpose()?))
    }
}
