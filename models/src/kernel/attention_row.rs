//! The inner loops of attention: one query against keys and values where they stand, and softmax.
#![allow(clippy::needless_range_loop)] // an index here also moves pointers

use half::bf16;

use super::Level;
use super::float::{Floats, exp, on_every_level};
use super::gemm::Element;

/// What keys and values are kept in.
pub(super) trait Kept: Element + Into<f32> {
    /// Attention of `q` over as many keys and values as there are scores, into `out`.
    ///
    /// # Safety
    /// `k` and `v` lead to `scores.len()` rows as wide as `q` and `out`.
    #[allow(unsafe_code)]
    unsafe fn one_query(
        level: Level,
        q: &[f32],
        kv: (*const Self, *const Self),
        scores: &mut [f32],
        scale: f32,
        out: &mut [f32],
    );
}

macro_rules! kept {
    ($element:ty, $name:ident, $inner:ident) => {
        impl Kept for $element {
            #[allow(unsafe_code)]
            unsafe fn one_query(
                level: Level,
                q: &[f32],
                kv: (*const Self, *const Self),
                scores: &mut [f32],
                scale: f32,
                out: &mut [f32],
            ) {
                // SAFETY: the caller's.
                unsafe { $name(level, q, kv, scores, scale, out) }
            }
        }

        on_every_level!(
            unsafe fn $name(
                q: &[f32],
                kv: (*const $element, *const $element),
                scores: &mut [f32],
                scale: f32,
                out: &mut [f32],
            ) = $inner
        );

        #[allow(unsafe_code)]
        #[inline(always)]
        unsafe fn $inner<F: Floats>(
            q: &[f32],
            kv: (*const $element, *const $element),
            scores: &mut [f32],
            scale: f32,
            out: &mut [f32],
        ) {
            // SAFETY: the caller's.
            unsafe { one_query_on::<F, $element>(q, kv.0, kv.1, scores, scale, out) }
        }
    };
}
kept!(f32, one_query_f32, one_query_f32_on);
kept!(bf16, one_query_bf16, one_query_bf16_on);

on_every_level!(
    /// Scores to e^(scale * (score - the largest)), and their sum.
    ///
    /// # Safety
    /// `sum` takes one value.
    pub(super) unsafe fn softmax(scores: &mut [f32], scale: f32, sum: *mut f32) = softmax_on
);

/// Scores to e^(scale * (score - the largest)), and their sum.
#[allow(unsafe_code)]
#[inline(always)]
unsafe fn softmax_on<F: Floats>(scores: &mut [f32], scale: f32, sum: *mut f32) {
    let whole = scores.len() / F::WIDTH * F::WIDTH;
    let at = scores.as_mut_ptr();
    // SAFETY: within `scores`; `sum` is the caller's.
    unsafe {
        // The first operand is lost where it is no number, if the processor has that rule; the sum then is none either.
        let mut most = [F::splat(f32::NEG_INFINITY); 2];
        for i in (0..whole).step_by(F::WIDTH) {
            let each = i / F::WIDTH % 2;
            most[each] = F::max(F::load(at.add(i)), most[each]);
        }
        let mut lanes = [0f32; 16];
        F::store(F::max(most[0], most[1]), lanes.as_mut_ptr());
        let rest = scores[whole..].iter().chain(&lanes[..F::WIDTH]);
        let largest = rest.fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
        let (scale, minus) = (F::splat(scale), F::splat(-largest * scale));
        let mut total = F::splat(0.0);
        for i in (0..whole).step_by(F::WIDTH) {
            let e = exp::<F>(F::mul_add(F::load(at.add(i)), scale, minus));
            F::store(e, at.add(i));
            total = F::add(total, e);
        }
        *sum = F::sum(total);
        for i in whole..scores.len() {
            let mut buffer = [0f32; 16];
            F::store(exp::<F>(F::mul_add(F::splat(*at.add(i)), scale, minus)), buffer.as_mut_ptr());
            *at.add(i) = buffer[0];
            *sum += buffer[0];
        }
    }
}

#[allow(unsafe_code)]
#[inline(always)]
unsafe fn one_query_on<F: Floats, E: Element + Into<f32>>(
    q: &[f32],
    k: *const E,
    v: *const E,
    scores: &mut [f32],
    scale: f32,
    out: &mut [f32],
) {
    let (width, whole) = (q.len(), q.len() / F::WIDTH * F::WIDTH);
    // SAFETY: the caller's: k and v hold `scores.len()` rows of `width`.
    unsafe {
        for (key, score) in scores.iter_mut().enumerate() {
            let row = k.add(key * width);
            let mut sums = [F::splat(0.0); 2];
            let mut i = 0;
            while i + 2 * F::WIDTH <= whole {
                sums[0] = F::mul_add(F::load(q.as_ptr().add(i)), E::load::<F>(row.add(i)), sums[0]);
                let j = i + F::WIDTH;
                sums[1] = F::mul_add(F::load(q.as_ptr().add(j)), E::load::<F>(row.add(j)), sums[1]);
                i += 2 * F::WIDTH;
            }
            if i < whole {
                sums[0] = F::mul_add(F::load(q.as_ptr().add(i)), E::load::<F>(row.add(i)), sums[0]);
            }
            *score = F::sum(F::add(sums[0], sums[1]));
            for i in whole..width {
                *score += q[i] * (*row.add(i)).into();
            }
        }
        let mut sum = 0.0;
        softmax_on::<F>(scores, scale, &raw mut sum);
        let by = if sum == 0.0 { 0.0 } else { 1.0 / sum };
        out.fill(0.0);
        let to = out.as_mut_ptr();
        // Two vectors of the output at a time stay in registers while all values go by.
        for i in (0..whole).step_by(F::WIDTH) {
            let mut sums = [F::splat(0.0); 4];
            for (key, score) in scores.iter().enumerate() {
                let value = E::load::<F>(v.add(key * width + i));
                sums[key % 4] = F::mul_add(F::splat(*score), value, sums[key % 4]);
            }
            let all = F::add(F::add(sums[0], sums[1]), F::add(sums[2], sums[3]));
            F::store(F::mul(all, F::splat(by)), to.add(i));
        }
        for i in whole..width {
            for (key, score) in scores.iter().enumerate() {
                *to.add(i) += score * (*v.add(key * width + i)).into() * by;
            }
        }
    }
}
