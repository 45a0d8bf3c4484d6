//! The fused operations, written with the basic ones: what a device without kernels of its own runs.

use dfdx::prelude::{Dim, Shape, TryGt};

use crate::algebra::{Activation, GaussianTerm, Recurrence, RecurrenceOf, RecurrenceTangentOf};
use crate::sequence::stretches;
use crate::{Algebra, Dual, Forward, Kernels, Windows};

pub(crate) fn dense<A: Algebra, N: Dim, I: Dim, O: Dim>(
    x: A::Of<(N, I)>,
    weight: A::Of<(I, O)>,
    bias: A::Of<(O,)>,
    activation: Activation,
) -> A::Of<(N, O)> {
    let (n, _) = A::shape(&x);
    A::activate(A::matmul(x, weight) + A::repeat_rows(bias, n), activation)
}

pub(crate) fn dense_tangent<A: Algebra, N: Dim, I: Dim, O: Dim>(
    x: A::Of<(N, I)>,
    dx: Option<A::Of<(N, I)>>,
    weight: A::Of<(I, O)>,
    (dw, db): (A::Of<(I, O)>, A::Of<(O,)>),
    output: A::Of<(N, O)>,
    activation: Activation,
) -> A::Of<(N, O)> {
    let (n, _) = A::shape(&x);
    let mut affine = A::matmul(x, dw) + A::repeat_rows(db, n);
    if let Some(dx) = dx {
        affine = affine + A::matmul(dx, weight);
    }
    multiply_slope::<A, _>(affine, output, activation)
}

/// `x ⊙ φ'`, with the slope told by the output of the activation.
pub(crate) fn multiply_slope<A: Algebra, S: Shape>(
    x: A::Of<S>,
    output: A::Of<S>,
    activation: Activation,
) -> A::Of<S> {
    match activation {
        Activation::Identity => x,
        Activation::Tanh => x * A::shift(-A::square(output), 1.0),
        Activation::Sigmoid => x * (output.clone() - A::square(output)),
        Activation::Relu => {
            let zero = A::zeros_like(&x);
            let mask = A::primal(&output).gt(<A::Elem as crate::Scalar>::real(0.0));
            A::choose(mask, x, zero)
        }
    }
}

pub(crate) fn convolution<A: Algebra>(
    x: A::Of<(usize, usize)>,
    windows: &Windows,
    weight: A::Of<(usize, usize)>,
    bias: A::Of<(usize,)>,
    activation: Activation,
) -> A::Of<(usize, usize)> {
    A::dense(A::unfold(x, windows), weight, bias, activation)
}

/// The layer over values that carry their tangents.
pub(crate) fn convolution_dual<A: Algebra>(
    (x, weight, bias): (
        A::Of<(usize, usize)>,
        A::Of<(usize, usize)>,
        A::Of<(usize,)>,
    ),
    (dx, dw, db): (
        Option<A::Of<(usize, usize)>>,
        A::Of<(usize, usize)>,
        A::Of<(usize,)>,
    ),
    windows: &Windows,
    activation: Activation,
) -> [A::Of<(usize, usize)>; 2] {
    let x = Dual {
        primal: x,
        tangent: dx,
    };
    let (weight, bias) = (moving::<A, _>(weight, dw), moving::<A, _>(bias, db));
    parts::<A, _>(convolution::<Forward<A>>(
        x, windows, weight, bias, activation,
    ))
    .into()
}

pub(crate) fn stack_columns<A: Algebra>(
    blocks: Vec<A::Of<(usize, usize)>>,
) -> A::Of<(usize, usize)> {
    let shapes: Vec<(usize, usize)> = blocks.iter().map(|block| A::shape(block)).collect();
    let n_rows = shapes.first().map_or(0, |shape| shape.0);
    assert!(
        shapes.iter().all(|shape| shape.0 == n_rows),
        "blocks of columns have the same rows"
    );
    let widths: Vec<usize> = shapes.iter().map(|shape| shape.1).collect();
    // One after another in one column, then the columns of each block at their place.
    let columns = blocks.into_iter().zip(&shapes);
    let columns = columns.map(|(block, (n, m))| A::reshape(block, (n * m, 1)));
    let all = A::stack_rows(columns.collect());
    let (n_numbers, _) = A::shape(&all);
    A::unfold(
        A::reshape(all, (1, n_numbers)),
        &Windows::side_by_side(n_rows, &widths),
    )
}

pub(crate) fn layer_norm<A: Algebra, N: Dim, M: Dim>(
    x: A::Of<(N, M)>,
    gain: A::Of<(M,)>,
    bias: A::Of<(M,)>,
    epsilon: f64,
) -> A::Of<(N, M)> {
    let (n, m) = A::shape(&x);
    let mean = |x| A::scale(A::sum_columns(x), 1.0 / m.size() as f64);
    let centered = x.clone() - A::repeat_columns(mean(x), m);
    let variance = mean(A::square(centered.clone()));
    let scale = A::recip(A::sqrt(A::shift(variance, epsilon)));
    let normalized = centered * A::repeat_columns(scale, m);
    normalized * A::repeat_rows(gain, n) + A::repeat_rows(bias, n)
}

/// The normalization over values that carry their tangents.
pub(crate) fn layer_norm_dual<A: Algebra, N: Dim, M: Dim>(
    (x, gain, bias): (A::Of<(N, M)>, A::Of<(M,)>, A::Of<(M,)>),
    (dx, dgain, dbias): (A::Of<(N, M)>, A::Of<(M,)>, A::Of<(M,)>),
    epsilon: f64,
) -> [A::Of<(N, M)>; 2] {
    let x = moving::<A, _>(x, dx);
    let (gain, bias) = (moving::<A, _>(gain, dgain), moving::<A, _>(bias, dbias));
    parts::<A, _>(layer_norm::<Forward<A>, N, M>(x, gain, bias, epsilon)).into()
}

pub(crate) fn log_softmax_dual<A: Algebra, N: Dim, M: Dim>(
    x: A::Of<(N, M)>,
    dx: A::Of<(N, M)>,
) -> [A::Of<(N, M)>; 2] {
    let (_, m) = A::shape(&x);
    let y = A::log_softmax(x);
    let mean = A::sum_columns(A::exp(y.clone()) * dx.clone());
    [y, dx - A::repeat_columns(mean, m)]
}

pub(crate) fn gaussian<A: Algebra, N: Dim, M: Dim>(
    mean: A::Of<(N, M)>,
    log_std: A::Of<(N, M)>,
    term: GaussianTerm<A::Of<(N, M)>>,
) -> A::Of<(N,)> {
    match term {
        GaussianTerm::LogProb { action } => {
            let (_, m) = A::shape(&mean);
            let z = (action - mean) * A::exp(-log_std.clone());
            let density = A::sum_columns(A::scale(A::square(z), -0.5) - log_std);
            A::shift(density, -0.5 * std::f64::consts::TAU.ln() * m.size() as f64)
        }
        GaussianTerm::Divergence {
            mean: q_mean,
            log_std: q_log_std,
        } => {
            let away = q_mean - mean;
            let q_variance = A::exp(A::scale(q_log_std.clone(), 2.0));
            let precision = A::exp(A::scale(log_std.clone(), -2.0));
            let spread = A::scale((q_variance + A::square(away)) * precision, 0.5);
            A::sum_columns(A::shift(log_std - q_log_std + spread, -0.5))
        }
    }
}

/// The answer of a distribution whose parameters carry their tangents.
pub(crate) fn gaussian_dual<A: Algebra, N: Dim, M: Dim>(
    [mean, log_std]: [A::Of<(N, M)>; 2],
    [dmean, dlog_std]: [A::Of<(N, M)>; 2],
    term: GaussianTerm<A::Of<(N, M)>>,
) -> [A::Of<(N,)>; 2] {
    let (mean, log_std) = (
        moving::<A, _>(mean, dmean),
        moving::<A, _>(log_std, dlog_std),
    );
    let term = term.map(|primal| Dual {
        primal,
        tangent: None,
    });
    parts::<A, _>(gaussian::<Forward<A>, N, M>(mean, log_std, term)).into()
}

/// The reading over values that carry their tangents.
pub(crate) fn causal_attention_dual<A: Algebra>(
    [query, key, value]: [A::Of<(usize, usize)>; 3],
    [dquery, dkey, dvalue]: [A::Of<(usize, usize)>; 3],
    n_lanes: usize,
    reset: &[bool],
) -> [A::Of<(usize, usize)>; 2] {
    let query = moving::<A, _>(query, dquery);
    let (key, value) = (moving::<A, _>(key, dkey), moving::<A, _>(value, dvalue));
    let read = causal_attention::<Forward<A>>(query, key, value, n_lanes, reset);
    parts::<A, _>(read).into()
}

pub(crate) fn causal_attention<A: Algebra>(
    query: A::Of<(usize, usize)>,
    key: A::Of<(usize, usize)>,
    value: A::Of<(usize, usize)>,
    n_lanes: usize,
    reset: &[bool],
) -> A::Of<(usize, usize)> {
    let ((n_queries, d), (n_keys, _)) = (A::shape(&query), A::shape(&key));
    let query = A::scale(query, 1.0 / (d as f64).sqrt());
    let before = n_keys - n_queries;
    let (mut reads, mut rows) = (Vec::new(), Vec::new());
    for keys in stretches(n_lanes, reset) {
        let queries: Vec<usize> = (keys.iter())
            .filter_map(|row| row.checked_sub(before))
            .collect();
        if queries.is_empty() {
            continue;
        }
        let scores = A::matmul(
            take_rows::<A>(query.clone(), &queries),
            take_transposed_rows::<A>(key.clone(), &keys),
        );
        let weight = A::exp(A::log_softmax(hide_later::<A>(scores)));
        reads.push(A::matmul(weight, take_rows::<A>(value.clone(), &keys)));
        rows.extend(queries);
    }
    // From lane after lane back to step after step.
    let mut places = vec![0; n_queries];
    for (place, row) in rows.into_iter().enumerate() {
        places[row] = place;
    }
    take_rows::<A>(A::stack_rows(reads), &places)
}

/// Scores of the last queries, all but zero in weight where the key is later than the query.
fn hide_later<A: Algebra>(scores: A::Of<(usize, usize)>) -> A::Of<(usize, usize)> {
    let (n_queries, n_keys) = A::shape(&scores);
    let seen = (0..n_queries * n_keys)
        .map(|i| i % n_keys <= i / n_keys + n_keys - n_queries)
        .collect::<Vec<_>>();
    let mask = <A::Device as Kernels<A::Elem>>::mask(&A::primal(&scores), &seen);
    let hidden = A::shift(A::zeros_like(&scores), -1e30);
    A::choose(mask, scores, hidden)
}

fn take_rows<A: Algebra>(x: A::Of<(usize, usize)>, rows: &[usize]) -> A::Of<(usize, usize)> {
    let shape = A::shape(&x);
    A::unfold(
        A::reshape(x, (1, shape.0 * shape.1)),
        &Windows::rows(shape, rows),
    )
}

fn take_transposed_rows<A: Algebra>(
    x: A::Of<(usize, usize)>,
    rows: &[usize],
) -> A::Of<(usize, usize)> {
    let shape = A::shape(&x);
    A::unfold(
        A::reshape(x, (1, shape.0 * shape.1)),
        &Windows::transposed_rows(shape, rows),
    )
}

/// Zeroes the rows of a state whose lane starts anew.
fn restart<A: Algebra>(state: A::Of<(usize, usize)>, reset: &[bool]) -> A::Of<(usize, usize)> {
    if !reset.contains(&true) {
        return state;
    }
    let (_, width) = A::shape(&state);
    let zero = A::zeros_like(&state);
    let mask: Vec<bool> = reset
        .iter()
        .flat_map(|reset| std::iter::repeat_n(*reset, width))
        .collect();
    let mask = <A::Device as crate::Kernels<A::Elem>>::mask(&A::primal(&state), &mask);
    A::choose(mask, zero, state)
}

pub(crate) fn gru<A: Algebra>(
    p: RecurrenceOf<A>,
    candidate_bias: A::Of<(usize,)>,
    reset: &[bool],
) -> A::Of<(usize, usize)> {
    let (n_lanes, hidden) = A::shape(&p.state);
    let input = A::dense(p.input, p.input_weight, p.bias, Activation::Identity);
    let candidate_bias = A::repeat_rows(candidate_bias, n_lanes);
    let mut h = p.state;
    let mut states = Vec::new();
    for (t, reset) in reset.chunks(n_lanes).enumerate() {
        h = restart::<A>(h, reset);
        let x = A::rows(input.clone(), t * n_lanes, n_lanes);
        let u = A::matmul(h.clone(), p.recurrent_weight.clone());
        let gate = |v: &A::Of<(usize, usize)>, k: usize| A::columns(v.clone(), k * hidden, hidden);
        let r = A::sigmoid(gate(&x, 0) + gate(&u, 0));
        let z = A::sigmoid(gate(&x, 1) + gate(&u, 1));
        let c = A::tanh(gate(&x, 2) + r * (gate(&u, 2) + candidate_bias.clone()));
        h = c.clone() + z * (h - c);
        states.push(h.clone());
    }
    A::stack_rows(states)
}

/// The unit over values that carry their tangents.
pub(crate) fn gru_dual<A: Algebra>(
    (p, candidate_bias): (RecurrenceOf<A>, A::Of<(usize,)>),
    (direction, candidate_bias_tangent): (RecurrenceTangentOf<A>, A::Of<(usize,)>),
    reset: &[bool],
) -> (A::Of<(usize, usize)>, A::Of<(usize, usize)>) {
    let dual = moving_recurrence::<A>(p, direction);
    let candidate_bias = moving::<A, _>(candidate_bias, candidate_bias_tangent);
    parts::<A, _>(gru::<Forward<A>>(dual, candidate_bias, reset))
}

fn moving_recurrence<A: Algebra>(
    p: RecurrenceOf<A>,
    direction: RecurrenceTangentOf<A>,
) -> RecurrenceOf<Forward<A>> {
    Recurrence {
        input: Dual {
            primal: p.input,
            tangent: direction.input,
        },
        state: moving::<A, _>(p.state, direction.state),
        input_weight: moving::<A, _>(p.input_weight, direction.input_weight),
        recurrent_weight: moving::<A, _>(p.recurrent_weight, direction.recurrent_weight),
        bias: moving::<A, _>(p.bias, direction.bias),
    }
}

fn moving<A: Algebra, S: Shape>(primal: A::Of<S>, tangent: A::Of<S>) -> Dual<A, S> {
    Dual {
        primal,
        tangent: Some(tangent),
    }
}

/// A value and its tangent, even where that is zero.
pub(crate) fn parts<A: Algebra, S: Shape>(x: Dual<A, S>) -> (A::Of<S>, A::Of<S>) {
    let tangent = x.tangent.unwrap_or_else(|| A::zeros_like(&x.primal));
    (x.primal, tangent)
}

pub(crate) fn lstm<A: Algebra>(
    p: RecurrenceOf<A>,
    mut c: A::Of<(usize, usize)>,
    reset: &[bool],
) -> (A::Of<(usize, usize)>, A::Of<(usize, usize)>) {
    let (n_lanes, hidden) = A::shape(&p.state);
    let input = A::dense(p.input, p.input_weight, p.bias, Activation::Identity);
    let mut h = p.state;
    let (mut states, mut cells) = (Vec::new(), Vec::new());
    for (t, reset) in reset.chunks(n_lanes).enumerate() {
        h = restart::<A>(h, reset);
        c = restart::<A>(c, reset);
        let a =
            A::rows(input.clone(), t * n_lanes, n_lanes) + A::matmul(h, p.recurrent_weight.clone());
        let gate = |k: usize| A::columns(a.clone(), k * hidden, hidden);
        let (i, f, o) = (
            A::sigmoid(gate(0)),
            A::sigmoid(gate(1)),
            A::sigmoid(gate(3)),
        );
        c = f * c + i * A::tanh(gate(2));
        h = o * A::tanh(c.clone());
        states.push(h.clone());
        cells.push(c.clone());
    }
    (A::stack_rows(states), A::stack_rows(cells))
}

/// The memory over values that carry their tangents.
pub(crate) fn lstm_dual<A: Algebra>(
    (p, cell): (RecurrenceOf<A>, A::Of<(usize, usize)>),
    (direction, cell_tangent): (RecurrenceTangentOf<A>, A::Of<(usize, usize)>),
    reset: &[bool],
) -> [(A::Of<(usize, usize)>, A::Of<(usize, usize)>); 2] {
    let dual = moving_recurrence::<A>(p, direction);
    let cell = moving::<A, _>(cell, cell_tangent);
    let (states, cells) = lstm::<Forward<A>>(dual, cell, reset);
    let (state, state_tangent) = parts::<A, _>(states);
    let (cell, cell_tangent) = parts::<A, _>(cells);
    [(state, cell), (state_tangent, cell_tangent)]
}

pub(crate) fn episodic_lstm<A: Algebra>(
    p: RecurrenceOf<A>,
    mut c: A::Of<(usize, usize)>,
    m: A::Of<(usize, usize)>,
    reset: &[bool],
) -> (A::Of<(usize, usize)>, A::Of<(usize, usize)>) {
    let (n_lanes, hidden) = A::shape(&p.state);
    let input = A::dense(p.input, p.input_weight, p.bias, Activation::Identity);
    let mut h = p.state;
    let (mut states, mut cells) = (Vec::new(), Vec::new());
    for (t, reset) in reset.chunks(n_lanes).enumerate() {
        h = restart::<A>(h, reset);
        c = restart::<A>(c, reset);
        let at = |x: &A::Of<(usize, usize)>| A::rows(x.clone(), t * n_lanes, n_lanes);
        let a = at(&input) + A::matmul(h, p.recurrent_weight.clone());
        let part = |k: usize| A::columns(a.clone(), k * hidden, hidden);
        let gate = |k: usize| A::sigmoid(part(k));
        let (i, f, o, r) = (gate(0), gate(1), gate(3), gate(4));
        c = f * c + i * A::tanh(part(2)) + r * at(&m);
        h = o * A::tanh(c.clone());
        states.push(h.clone());
        cells.push(c.clone());
    }
    (A::stack_rows(states), A::stack_rows(cells))
}

#[cfg(test)]
mod tests;
