//! Element-wise activations over slices, compiled for several instruction sets and chosen when the
//! program runs. No variant contracts a multiplication and an addition, so all give the same bits.

use multiversion::multiversion;

/// tanh by an odd rational function of degree 13 over 6, the coefficients of Eigen's
/// `generic_fast_tanh_float`. At every `f32` at most 4.7e-7 off (at
/// ±5.95), 7.9 units in the last place where `|x| ≥ 1e-30`, and 1e-36 below, where products
/// denormalize. The result stays in `[−1, 1]`.
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

/// `eˣ = 2ᵏ eʳ` with `k = round(x / ln 2)`, `|r| ≤ ½ ln 2`, and a polynomial of degree 6 for `eʳ`.
/// At every `f32` at most 1.1 units in the last place off, denormal results among them.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Beyond these the result is 0 or infinite whatever the rest does; NaN passes.
    let inside = x.clamp(-104.0, 89.0);
    // Adding and taking away 1.5 · 2²³ rounds to an integer.
    const ROUND: f32 = 12_582_912.0;
    let k = inside * std::f32::consts::LOG2_E + ROUND;
    let bits = k.to_bits();
    let k = k - ROUND;
    // ln 2 in two parts, so that the first product is exact.
    let r = inside - k * 0.693_359_4;
    let r = r - k * -2.121_944_4e-4;
    let p = 1.381_458_4e-3;
    let p = p * r + 8.368_724e-3;
    let p = p * r + 4.166_839e-2;
    let p = p * r + 1.666_652_1e-1;
    let p = p * r + 4.999_999_4e-1;
    let p = (p * r) * r + r + 1.0;
    // 2ᵏ in two factors: k reaches −150 and 128, where one would overflow.
    let k = (bits as i32) - (ROUND.to_bits() as i32);
    let half = k >> 1;
    let power = |k: i32| f32::from_bits(((k + 127) << 23) as u32);
    p * power(half) * power(k - half)
}

/// In-place tanh. NaN stays NaN.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(crate) fn tanh_f32(x: &mut [f32]) {
    for x in x {
        *x = tanh(*x);
    }
}

/// In-place logistic function, `(1 + tanh(x / 2)) / 2`. NaN stays NaN. At every
/// `f32` at most 2.5e-7 off. That is 4 % of the value at −12, and from −16 on it is 0.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(crate) fn sigmoid_f32(x: &mut [f32]) {
    for x in x {
        *x = 0.5 + 0.5 * tanh(0.5 * *x);
    }
}

/// In-place exponential function; see [`exp`].
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(crate) fn exp_f32(x: &mut [f32]) {
    for x in x {
        *x = exp(*x);
    }
}

/// In-place tanh by the platform's mathematical library: the `f64` build proves, it need not race.
pub(crate) fn tanh_f64(x: &mut [f64]) {
    for x in x {
        *x = x.tanh();
    }
}

/// In-place exponential function.
pub(crate) fn exp_f64(x: &mut [f64]) {
    for x in x {
        *x = x.exp();
    }
}

/// In-place logistic function.
pub(crate) fn sigmoid_f64(x: &mut [f64]) {
    for x in x {
        *x = 1.0 / (1.0 + (-*x).exp());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The usual sweeps take one `f32` in so many.
    const STRIDE: usize = 1013;

    /// Largest error of `f` at every `stride`-th number of either sign from `from` to `to`: absolute,
    /// and in units in the last place of the true value.
    fn errors(
        f: fn(&mut [f32]),
        truth: fn(f64) -> f64,
        (from, to): (f32, f32),
        stride: usize,
    ) -> (f64, f64) {
        let (mut absolute, mut ulps) = (0.0_f64, 0.0_f64);
        let bits: Vec<u32> = (from.to_bits()..=to.to_bits()).step_by(1 << 20).collect();
        for first in bits {
            let last = first.saturating_add((1 << 20) - 1).min(to.to_bits());
            let numbers = (first..=last).step_by(stride).map(f32::from_bits);
            let x: Vec<f32> = numbers.flat_map(|x| [x, -x]).collect();
            let mut y = x.clone();
            f(&mut y);
            for (x, y) in x.iter().zip(y) {
                let want = truth(f64::from(*x));
                // Beyond the largest number, infinity is what it rounds to.
                if y.is_infinite() && want > f64::from(f32::MAX) {
                    continue;
                }
                let error = (f64::from(y) - want).abs();
                let rounded = want.abs() as f32;
                let ulp = f64::from(rounded.next_up()) - f64::from(rounded);
                absolute = absolute.max(error);
                ulps = ulps.max(error / ulp);
            }
        }
        (absolute, ulps)
    }

    /// Below this, series of a few terms are true to a part in 10¹⁶, and much faster than a library.
    const SMALL: f64 = 1.0 / 4096.0;

    fn true_tanh(x: f64) -> f64 {
        let s = x * x;
        match x.abs() {
            0.0..SMALL => x * (1.0 + s * (-1.0 / 3.0 + s * (2.0 / 15.0))),
            // 1 in `f64`, too.
            20.0.. => x.signum(),
            _ => x.tanh(),
        }
    }

    fn true_sigmoid(x: f64) -> f64 {
        match x {
            ..-200.0 => 0.0,
            200.0.. => 1.0,
            x if x.abs() < SMALL => 0.5 + x * (0.25 - x * x / 48.0),
            x => 1.0 / (1.0 + (-x).exp()),
        }
    }

    fn true_exp(x: f64) -> f64 {
        match x {
            // Less than half of the smallest number, and more than the largest.
            ..-200.0 => 0.0,
            200.0.. => f64::INFINITY,
            x if x.abs() < SMALL => 1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x / 24.0))),
            x => x.exp(),
        }
    }

    fn check_tanh(stride: usize) {
        let (absolute, ulps) = errors(tanh_f32, true_tanh, (1e-30, f32::MAX), stride);
        assert!(absolute < 4.7e-7 && ulps < 7.9, "{absolute:e}, {ulps} ulps");
        // Denormals among them.
        let (absolute, _) = errors(tanh_f32, true_tanh, (0.0, 1e-30), stride);
        assert!(absolute < 1e-36, "{absolute:e}");
    }

    fn check_sigmoid(stride: usize) {
        let (absolute, _) = errors(sigmoid_f32, true_sigmoid, (0.0, f32::MAX), stride);
        assert!(absolute < 2.5e-7, "{absolute:e}");
    }

    fn check_exp(stride: usize) {
        let (_, ulps) = errors(exp_f32, true_exp, (0.0, f32::MAX), stride);
        assert!(ulps < 1.1, "{ulps} ulps");
    }

    #[test]
    fn functions_are_within_their_stated_errors() {
        check_tanh(STRIDE);
        check_sigmoid(STRIDE);
        check_exp(STRIDE);
    }

    /// Every number there is: a minute of a processor with optimization, as in `cargo xtask gradcheck`.
    mod everywhere {
        #[test]
        #[cfg_attr(debug_assertions, ignore = "takes minutes without optimization")]
        fn tanh_is_within_its_stated_error() {
            super::check_tanh(1);
        }

        #[test]
        #[cfg_attr(debug_assertions, ignore = "takes minutes without optimization")]
        fn sigmoid_is_within_its_stated_error() {
            super::check_sigmoid(1);
        }

        #[test]
        #[cfg_attr(debug_assertions, ignore = "takes minutes without optimization")]
        fn exp_is_within_its_stated_error() {
            super::check_exp(1);
        }
    }

    /// Numbers from `from` up to `to` by their bits, and their negatives.
    fn sweep(from: f32, to: f32) -> Vec<f32> {
        let bits = (from.to_bits()..=to.to_bits()).step_by(STRIDE);
        bits.map(f32::from_bits).flat_map(|x| [x, -x]).collect()
    }

    #[test]
    fn results_stay_in_range() {
        let mut x = sweep(1.0, f32::INFINITY);
        let mut y = x.clone();
        tanh_f32(&mut x);
        assert!(x.iter().all(|x| x.abs() <= 1.0));
        sigmoid_f32(&mut y);
        assert!(y.iter().all(|y| (0.0..=1.0).contains(y)));
    }

    #[test]
    fn the_ends_of_the_line() {
        let mut x = [
            f32::NEG_INFINITY,
            f32::MIN,
            0.0,
            f32::MAX,
            f32::INFINITY,
            f32::NAN,
        ];
        let (mut y, mut z) = (x, x);
        tanh_f32(&mut x);
        assert_eq!(x[..5], [-1.0, -1.0, 0.0, 1.0, 1.0]);
        sigmoid_f32(&mut y);
        assert_eq!(y[..5], [0.0, 0.0, 0.5, 1.0, 1.0]);
        exp_f32(&mut z);
        assert_eq!(z[..5], [0.0, 0.0, 1.0, f32::INFINITY, f32::INFINITY]);
        assert!(x[5].is_nan() && y[5].is_nan() && z[5].is_nan());
    }

    /// Every lane of a vector register and its remainder compute the same.
    #[test]
    fn neighbors_do_not_matter() {
        let mut together: Vec<f32> = (-40..41_i16).map(|i| f32::from(i) / 7.0).collect();
        let alone = together.clone();
        tanh_f32(&mut together);
        for (x, y) in alone.into_iter().zip(together) {
            let mut one = [x];
            tanh_f32(&mut one);
            assert_eq!(one[0].to_bits(), y.to_bits());
        }
    }
}
