//! Row by row and value by value, back: norms and activations, each in one pass over memory. The ways forth are
//! [`super::super::norm`]'s and [`super::super::act`]'s.

use super::super::float::{Floats, erf, exp, on_every_level, sigmoid};

on_every_level!(
    /// The gradient of a norm: from a row `x`, the gradient `dy` of its output and `weights`, to `dx` (`base` plus the
    /// gradient of x), adding to `dw` and, for a layer norm, to `db`; without `db` it is a root-mean-square norm.
    ///
    /// # Safety
    /// All lead to as many values as x has; `base` or `db` may be null; `base` may be `dx`.
    pub(crate) unsafe fn norm_back(
        x: &[f32],
        dy: *const f32,
        weights: *const f32,
        base: *const f32,
        dx: *mut f32,
        dw: *mut f32,
        db: *mut f32,
        eps: f32,
    ) = norm_back_on
);
on_every_level!(
    /// The gradient of `silu(gate) · up`: `gate` and `up` to their own gradients, and `said`, the product itself.
    ///
    /// # Safety
    /// All lead to as many values as `gate` has.
    pub(crate) unsafe fn swiglu_back(
        gate: &[f32],
        up: *const f32,
        dy: *const f32,
        dgate: *mut f32,
        dup: *mut f32,
    ) = swiglu_back_on
);
on_every_level!(
    /// The gradient of GELU by erf.
    ///
    /// # Safety
    /// All lead to as many values as x has.
    pub(crate) unsafe fn gelu_back(x: &[f32], dy: *const f32, dx: *mut f32) = gelu_back_on
);
on_every_level!(
    /// `to += x`.
    ///
    /// # Safety
    /// `to` leads to as many values as x has.
    pub(crate) unsafe fn add(x: &[f32], to: *mut f32) = add_on
);
on_every_level!(
    /// Scores to probabilities: e^(scale x - log), the first `seen`; 0 for the rest.
    ///
    /// # Safety
    /// `seen` is at most x's length.
    pub(crate) unsafe fn chances(x: &mut [f32], seen: usize, scale: f32, log: f32) = chances_on
);
on_every_level!(
    /// The gradient of scores: `p (dp - delta) scale`, into `dp`.
    ///
    /// # Safety
    /// `dp` leads to as many values as p has.
    pub(crate) unsafe fn scores_back(p: &[f32], dp: *mut f32, delta: f32, scale: f32) = scores_back_on
);
on_every_level!(
    /// The largest of x and the sum of e^(scale (x - the largest)), into `to`.
    ///
    /// # Safety
    /// `to` takes two values.
    pub(crate) unsafe fn largest_and_sum(x: &[f32], scale: f32, to: *mut f32) = largest_and_sum_on
);
on_every_level!(
    /// The scalar product of x and y, into `to`.
    ///
    /// # Safety
    /// `y` leads to as many values as x has, `to` to one.
    pub(crate) unsafe fn dot(x: &[f32], y: *const f32, to: *mut f32) = dot_on
);

/// Calls `$body` with a vector's place, then with places of what is left over: `$load` and `$store` are for that many.
macro_rules! vectors {
    ($F:ty, $len:expr, |$at:ident, $load:ident, $store:ident| $body:block) => {{
        let (len, mut $at) = ($len, 0usize);
        {
            macro_rules! $load {
                ($from:expr) => {
                    <$F>::load($from.add($at))
                };
            }
            #[allow(unused_macros)]
            macro_rules! $store {
                ($value:expr, $to:expr) => {
                    <$F>::store($value, $to.add($at))
                };
            }
            while $at + <$F>::WIDTH <= len {
                $body
                $at += <$F>::WIDTH;
            }
        }
        {
            macro_rules! $load {
                ($from:expr) => {
                    <$F>::load(rest($from.add($at), len - $at).as_ptr())
                };
            }
            #[allow(unused_macros)]
            macro_rules! $store {
                ($value:expr, $to:expr) => {{
                    let mut buffer = [0f32; 16];
                    <$F>::store($value, buffer.as_mut_ptr());
                    std::ptr::copy_nonoverlapping(buffer.as_ptr(), $to.add($at), len - $at);
                }};
            }
            if $at < len {
                $body
            }
        }
    }};
}

/// What is left over, with zeros behind.
///
/// # Safety
/// `from` leads to `count` values, at most 16.
#[allow(unsafe_code)]
#[inline(always)]
unsafe fn rest(from: *const f32, count: usize) -> [f32; 16] {
    let mut buffer = [0f32; 16];
    // SAFETY: the caller's.
    unsafe { std::ptr::copy_nonoverlapping(from, buffer.as_mut_ptr(), count) };
    buffer
}

#[allow(unsafe_code, clippy::too_many_arguments)]
#[inline(always)]
unsafe fn norm_back_on<F: Floats>(
    x: &[f32],
    dy: *const f32,
    weights: *const f32,
    base: *const f32,
    dx: *mut f32,
    dw: *mut f32,
    db: *mut f32,
    eps: f32,
) {
    // SAFETY: the caller's.
    unsafe {
        let (from, count) = (x.as_ptr(), x.len() as f32);
        let mean = if db.is_null() {
            0.0
        } else {
            let mut sum = F::splat(0.0);
            vectors!(F, x.len(), |i, load, store| { sum = F::add(sum, load!(from)) });
            F::sum(sum) / count
        };
        // Sums of the squares about the mean, of dy w, and of dy w times x about the mean.
        let (mut square, mut plain, mut along) = (F::splat(0.0), F::splat(0.0), F::splat(0.0));
        let off = F::splat(-mean);
        let whole = x.len() / F::WIDTH * F::WIDTH;
        for i in (0..whole).step_by(F::WIDTH) {
            let about = F::add(F::load(from.add(i)), off);
            let g = F::mul(F::load(dy.add(i)), F::load(weights.add(i)));
            square = F::mul_add(about, about, square);
            plain = F::add(plain, g);
            along = F::mul_add(g, about, along);
        }
        let (mut square, mut plain, mut along) = (F::sum(square), F::sum(plain), F::sum(along));
        for i in whole..x.len() {
            let (about, g) = (*from.add(i) - mean, *dy.add(i) * *weights.add(i));
            square += about * about;
            plain += g;
            along += g * about;
        }
        let r = 1.0 / (square / count + eps).sqrt();
        let plain = if db.is_null() { 0.0 } else { plain / count };
        // dx = r (g - mean(g) - x^ mean(g x^)), x^ = (x - mean) r.
        let (rs, minus, by) = (F::splat(r), F::splat(-plain), F::splat(-along * r * r / count));
        vectors!(F, x.len(), |i, load, store| {
            let about = F::add(load!(from), off);
            let dy = load!(dy);
            let unit = F::mul(about, rs);
            let g = F::mul(dy, load!(weights));
            let back = F::mul(F::mul_add(about, by, F::add(g, minus)), rs);
            let back = if base.is_null() { back } else { F::add(back, load!(base)) };
            store!(back, dx);
            store!(F::mul_add(dy, unit, load!(dw)), dw);
            if !db.is_null() {
                store!(F::add(dy, load!(db)), db);
            }
        });
    }
}

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn swiglu_back_on<F: Floats>(gate: &[f32], up: *const f32, dy: *const f32, dgate: *mut f32, dup: *mut f32) {
    // SAFETY: the caller's.
    unsafe {
        let from = gate.as_ptr();
        let one = F::splat(1.0);
        vectors!(F, gate.len(), |i, load, store| {
            let (g, u, d) = (load!(from), load!(up), load!(dy));
            let s = sigmoid::<F>(g);
            let silu = F::mul(g, s);
            // s (1 + g (1 - s)) = s + silu (1 - s)
            let slope = F::mul_add(silu, F::add(one, F::mul(s, F::splat(-1.0))), s);
            store!(F::mul(F::mul(d, u), slope), dgate);
            store!(F::mul(d, silu), dup);
        });
    }
}

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn gelu_back_on<F: Floats>(x: &[f32], dy: *const f32, dx: *mut f32) {
    // SAFETY: the caller's.
    unsafe {
        let from = x.as_ptr();
        vectors!(F, x.len(), |i, load, store| {
            let (v, d) = (load!(from), load!(dy));
            let chance = erf::<F>(F::mul(v, F::splat(std::f32::consts::FRAC_1_SQRT_2)));
            let half = F::mul_add(chance, F::splat(0.5), F::splat(0.5));
            let bell = exp::<F>(F::mul(F::mul(v, v), F::splat(-0.5)));
            let slope = F::mul_add(F::mul(v, bell), F::splat(0.398_942_3), half);
            store!(F::mul(d, slope), dx);
        });
    }
}

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn add_on<F: Floats>(x: &[f32], to: *mut f32) {
    // SAFETY: the caller's.
    unsafe {
        let from = x.as_ptr();
        vectors!(F, x.len(), |i, load, store| { store!(F::add(load!(from), load!(to)), to) });
    }
}

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn chances_on<F: Floats>(x: &mut [f32], seen: usize, scale: f32, log: f32) {
    x[seen..].fill(0.0);
    let at = x.as_mut_ptr();
    // SAFETY: `seen` is within x.
    unsafe {
        vectors!(F, seen, |i, load, store| {
            store!(exp::<F>(F::mul_add(load!(at), F::splat(scale), F::splat(-log))), at);
        });
    }
}

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn scores_back_on<F: Floats>(p: &[f32], dp: *mut f32, delta: f32, scale: f32) {
    // SAFETY: the caller's.
    unsafe {
        let from = p.as_ptr();
        vectors!(F, p.len(), |i, load, store| {
            let back = F::mul(F::add(load!(dp), F::splat(-delta)), F::splat(scale));
            store!(F::mul(load!(from), back), dp);
        });
    }
}

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn largest_and_sum_on<F: Floats>(x: &[f32], scale: f32, to: *mut f32) {
    let whole = x.len() / F::WIDTH * F::WIDTH;
    // SAFETY: within x; `to` is the caller's.
    unsafe {
        let mut most = F::splat(f32::NEG_INFINITY);
        for i in (0..whole).step_by(F::WIDTH) {
            most = F::max(F::load(x.as_ptr().add(i)), most);
        }
        let mut lanes = [f32::NEG_INFINITY; 16];
        F::store(most, lanes.as_mut_ptr());
        let largest = lanes.iter().chain(&x[whole..]).fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
        let mut sum = F::splat(0.0);
        for i in (0..whole).step_by(F::WIDTH) {
            let v = F::mul(F::add(F::load(x.as_ptr().add(i)), F::splat(-largest)), F::splat(scale));
            sum = F::add(sum, exp::<F>(v));
        }
        let mut sum = F::sum(sum);
        for x in &x[whole..] {
            sum += ((x - largest) * scale).exp();
        }
        (*to, *to.add(1)) = (largest, sum);
    }
}

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn dot_on<F: Floats>(x: &[f32], y: *const f32, to: *mut f32) {
    // SAFETY: the caller's.
    unsafe {
        let (from, mut sum) = (x.as_ptr(), F::splat(0.0));
        vectors!(F, x.len(), |i, load, store| { sum = F::mul_add(load!(from), load!(y), sum) });
        *to = F::sum(sum);
    }
}
