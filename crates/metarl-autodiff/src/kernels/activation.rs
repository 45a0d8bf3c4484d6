//! Element-wise activations over slices, compiled for several instruction sets and chosen when the
//! program runs. No variant contracts a multiplication and an addition, so all give the same bits.

use multiversion::multiversion;

/// tanh by an odd rational function of degree 13 over 6, the coefficients of Eigen's
/// `generic_fast_tanh_float`; largest error in 10⁷ points of `[−10, 10]`: see the tests.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    // Beyond this the quotient rounds to ±1.
    let x = x.clamp(-7.905_311, 7.905_311);
    let s = x * x;
    let p = -2.760_768_5e-16;
    let p = p * s + 2.000_188e-13;
    let p = p * s - 8.604_672e-11;
    let p = p * s + 5.122_297e-8;
    let p = p * s + 1.485_722_4e-5;
    let p = p * s + 6.372_619_3e-4;
    let p = p * s + 4.893_524_6e-3;
    let q = 1.198_258_4e-6;
    let q = q * s + 1.185_347_1e-4;
    let q = q * s + 2.268_434_6e-3;
    let q = q * s + 4.893_525e-3;
    x * p / q
}

/// In-place tanh. NaN stays NaN.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(crate) fn tanh_f32(x: &mut [f32]) {
    for x in x {
        *x = tanh(*x);
    }
}

/// In-place logistic function, `(1 + tanh(x / 2)) / 2`. NaN stays NaN.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(crate) fn sigmoid_f32(x: &mut [f32]) {
    for x in x {
        *x = 0.5 + 0.5 * tanh(0.5 * *x);
    }
}

/// In-place tanh by the platform's mathematical library: the `f64` build proves, it need not race.
pub(crate) fn tanh_f64(x: &mut [f64]) {
    for x in x {
        *x = x.tanh();
    }
}

/// In-place logistic function.
pub(crate) fn sigmoid_f64(x: &mut [f64]) {
    for x in x {
        *x = 1.0 / (1.0 + (-*x).exp());
    }
}
