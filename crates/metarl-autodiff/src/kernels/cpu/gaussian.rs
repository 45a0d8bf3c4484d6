//! What a normal distribution is asked, and the derivative of the answer along a direction.

use dfdx::prelude::*;
use multiversion::multiversion;

use super::node::{close, close_all, open};
use crate::algebra::GaussianTerm;
use crate::kernels::buffer::Buffer;
use crate::value::Value;
use crate::{Scalar, TapeHandle};

/// A distribution's parameter, `(N, M)`.
type Parameter<E, T, N, M> = Value<(N, M), E, Cpu, T>;

/// The derivatives of a function `f` of a mean μ and a logarithm `s` of a standard deviation, for each of
/// many pairs. As μ is in `f` only divided by the deviation,
///
/// ```text
/// ∂²f/∂μ∂s = −2 ∂f/∂μ    ∂²f/∂s² = c − 2 ∂f/∂s
/// ```
struct Curve<E: Scalar> {
    by_mean: Buffer<E>,
    by_log_std: Buffer<E>,
    /// `∂²f/∂μ²`
    by_mean_twice: Buffer<E>,
    /// `c`
    constant: E,
}

/// `f` of each pair, and its derivatives.
fn answer<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    [mean, log_std]: [&[E]; 2],
    term: GaussianTerm<Parameter<E, T, N, M>>,
) -> (Buffer<E>, Curve<E>) {
    let n = mean.len();
    let mut f = Buffer::stale(n);
    let mut curve = Curve {
        by_mean: Buffer::stale(n),
        by_log_std: Buffer::stale(n),
        by_mean_twice: Buffer::stale(n),
        constant: E::real(2.0),
    };
    match term {
        GaussianTerm::LogProb { action } => {
            curve.constant = -curve.constant;
            scaled(&mut curve.by_mean_twice, log_std, -1.0);
            let (action, _) = open(action);
            log_prob(&mut f, &mut curve, [mean, log_std], &action.numbers);
        }
        GaussianTerm::Divergence {
            mean: q_mean,
            log_std: q_log_std,
        } => {
            let (q_mean, q_log_std) = (open(q_mean).0, open(q_log_std).0);
            scaled(&mut curve.by_mean_twice, log_std, -2.0);
            scaled(&mut f, &q_log_std.numbers, 2.0);
            let q = [&*q_mean.numbers, &*q_log_std.numbers];
            divergence(&mut f, &mut curve, [mean, log_std], q);
        }
    }
    (f, curve)
}

/// `exp(c x)`
fn scaled<E: Scalar>(to: &mut [E], x: &[E], c: f64) {
    let c = E::real(c);
    to.iter_mut().zip(x).for_each(|(to, x)| *to = c * *x);
    E::exp_slice(to);
}

/// `f = −½ z² − s − ½ log 2π` with `z = (a − μ) / σ`, where `1 / σ` lies in place of `∂²f/∂μ²`.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn log_prob<E: Scalar>(
    f: &mut [E],
    curve: &mut Curve<E>,
    [mean, log_std]: [&[E]; 2],
    action: &[E],
) {
    let (half, half_ln_2pi) = (E::real(0.5), E::real(0.5 * std::f64::consts::TAU.ln()));
    let slopes = curve.by_mean.iter_mut().zip(&mut *curve.by_log_std);
    let slopes = slopes.zip(&mut *curve.by_mean_twice);
    let pairs = mean.iter().zip(log_std).zip(action);
    for ((f, ((by_mean, by_log_std), scale)), ((mean, s), a)) in f.iter_mut().zip(slopes).zip(pairs)
    {
        let z = (*a - *mean) * *scale;
        *f = -half * (z * z) - *s - half_ln_2pi;
        *by_mean = z * *scale;
        *by_log_std = z * z - E::ONE;
        *scale = -(*scale * *scale);
    }
}

/// `f = s − s_q + v − ½` with `v = (σ_q² + (μ_q − μ)²) / 2σ²`, where `σ_q²` lies in place of `f` and
/// `1 / σ²` of `∂²f/∂μ²`, which it is.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn divergence<E: Scalar>(
    f: &mut [E],
    curve: &mut Curve<E>,
    [mean, log_std]: [&[E]; 2],
    [q_mean, q_log_std]: [&[E]; 2],
) {
    let (half, two) = (E::real(0.5), E::real(2.0));
    let slopes = curve.by_mean.iter_mut().zip(&mut *curve.by_log_std);
    let slopes = slopes.zip(&*curve.by_mean_twice);
    let pairs = mean.iter().zip(log_std).zip(q_mean.iter().zip(q_log_std));
    for ((f, ((by_mean, by_log_std), precision)), ((mean, s), (q_mean, q_s))) in
        f.iter_mut().zip(slopes).zip(pairs)
    {
        let away = *q_mean - *mean;
        let v = half * ((*f + away * away) * *precision);
        *f = *s - *q_s + v - half;
        *by_mean = -(away * *precision);
        *by_log_std = E::ONE - two * v;
    }
}

/// `fₙ = Σₘ f(μₙₘ, sₙₘ)`; backward `μ̄ += f̄ ∂f/∂μ`, `s̄ += f̄ ∂f/∂s`.
pub(super) fn gaussian<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    mean: Parameter<E, T, N, M>,
    log_std: Parameter<E, T, N, M>,
    term: GaussianTerm<Parameter<E, T, N, M>>,
) -> Value<(N,), E, Cpu, T> {
    let (n, m) = mean.shape;
    let (mean, tape) = open(mean);
    let (log_std, log_std_tape) = open(log_std);
    let (f, mut curve) = answer([&mean.numbers, &log_std.numbers], term);
    let f = sums(&f, n.size(), m.size());
    close(tape.merge(log_std_tape), f, (n,), move |_, g, adjoints| {
        multiply_rows(&mut curve.by_mean, &g, m.size());
        multiply_rows(&mut curve.by_log_std, &g, m.size());
        mean.give(curve.by_mean, adjoints);
        log_std.give(curve.by_log_std, adjoints);
    })
}

/// [`gaussian`] and its derivative along a direction, `ḟₙ = Σₘ ∂f/∂μ μ̇ + ∂f/∂s ṡ`. Backward, with
/// `u = ḟ̄`:
///
/// ```text
/// μ̇̄ += u ∂f/∂μ    μ̄ += f̄ ∂f/∂μ + u (∂²f/∂μ² μ̇ + ∂²f/∂μ∂s ṡ)
/// ṡ̄ += u ∂f/∂s    s̄ += f̄ ∂f/∂s + u (∂²f/∂μ∂s μ̇ + ∂²f/∂s² ṡ)
/// ```
pub(super) fn gaussian_dual<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    [mean, log_std]: [Parameter<E, T, N, M>; 2],
    [dmean, dlog_std]: [Parameter<E, T, N, M>; 2],
    term: GaussianTerm<Parameter<E, T, N, M>>,
) -> [Value<(N,), E, Cpu, T>; 2] {
    let (n, m) = mean.shape;
    let (mean, mean_tape) = open(mean);
    let (log_std, log_std_tape) = open(log_std);
    let (dmean, dmean_tape) = open(dmean);
    let (dlog_std, dlog_std_tape) = open(dlog_std);
    let tape = [log_std_tape, dmean_tape, dlog_std_tape]
        .into_iter()
        .fold(mean_tape, T::merge);
    let (f, curve) = answer([&mean.numbers, &log_std.numbers], term);
    let mut df = Buffer::stale(f.len());
    along(&mut df, &curve, [&dmean.numbers, &dlog_std.numbers]);
    let results = [f, df].map(|f| sums(&f, n.size(), m.size()));
    close_all(tape, results, (n,), move |_, given, adjoints| {
        let [g, u] = given.map(|given| {
            let mut rows = Buffer::zeros(n.size() * m.size());
            if let Some(given) = given {
                for (row, given) in rows.chunks_exact_mut(m.size().max(1)).zip(&given) {
                    row.fill(*given);
                }
            }
            rows
        });
        let mut to = [g, Buffer::stale(n.size() * m.size())];
        bend(&mut to, &u, &curve, [&dmean.numbers, &dlog_std.numbers]);
        let [to_mean, to_log_std] = to;
        mean.give(to_mean, adjoints);
        log_std.give(to_log_std, adjoints);
        for (input, mut slope) in [(dmean, curve.by_mean), (dlog_std, curve.by_log_std)] {
            slope.iter_mut().zip(&u).for_each(|(slope, u)| *slope *= *u);
            input.give(slope, adjoints);
        }
    })
}

/// `∂f/∂μ μ̇ + ∂f/∂s ṡ`
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn along<E: Scalar>(to: &mut [E], curve: &Curve<E>, [dmean, dlog_std]: [&[E]; 2]) {
    let slopes = curve.by_mean.iter().zip(&curve.by_log_std);
    let direction = dmean.iter().zip(dlog_std);
    for ((to, (by_mean, by_log_std)), (dmean, ds)) in to.iter_mut().zip(slopes).zip(direction) {
        *to = *by_mean * *dmean + *by_log_std * *ds;
    }
}

/// The gradients by μ and s, of which the first holds `f̄` at first.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn bend<E: Scalar>(
    [to_mean, to_log_std]: &mut [Buffer<E>; 2],
    u: &[E],
    curve: &Curve<E>,
    [dmean, dlog_std]: [&[E]; 2],
) {
    let two = E::real(2.0);
    let slopes = curve.by_mean.iter().zip(&curve.by_log_std);
    let slopes = slopes.zip(&curve.by_mean_twice);
    let direction = dmean.iter().zip(dlog_std).zip(u);
    let to = to_mean.iter_mut().zip(&mut *to_log_std);
    for (((to_mean, to_log_std), ((by_mean, by_log_std), by_mean_twice)), ((dmean, ds), u)) in
        to.zip(slopes).zip(direction)
    {
        let g = *to_mean;
        let mixed = -two * *by_mean;
        let by_log_std_twice = curve.constant - two * *by_log_std;
        *to_mean = g * *by_mean + *u * (*by_mean_twice * *dmean + mixed * *ds);
        *to_log_std = g * *by_log_std + *u * (mixed * *dmean + by_log_std_twice * *ds);
    }
}

/// Sums of `n` rows of `m` numbers.
fn sums<E: Scalar>(x: &[E], n: usize, m: usize) -> Buffer<E> {
    let mut sums = Buffer::zeros(n);
    for (to, row) in sums.iter_mut().zip(x.chunks_exact(m.max(1))) {
        row.iter().for_each(|x| *to += *x);
    }
    sums
}

fn multiply_rows<E: Scalar>(x: &mut [E], by: &[E], m: usize) {
    for (row, by) in x.chunks_exact_mut(m.max(1)).zip(by) {
        row.iter_mut().for_each(|x| *x *= *by);
    }
}
