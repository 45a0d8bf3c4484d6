//! The fused operations, written with the basic ones: what a device without kernels of its own
//! runs, what second derivatives of LSTM run, and what the fused kernels are tested
//! against.

use dfdx::prelude::{Dim, Shape, TryGt};

use crate::algebra::{Activation, Recurrence, RecurrenceOf, RecurrenceTangentOf};
use crate::{Algebra, Dual, Forward};

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
    match activation {
        Activation::Identity => affine,
        Activation::Tanh => affine * A::shift(-A::square(output), 1.0),
        Activation::Sigmoid => affine * (output.clone() - A::square(output)),
        Activation::Relu => {
            let zero = A::zeros_like(&affine);
            let mask = A::primal(&output).gt(<A::Elem as crate::Scalar>::real(0.0));
            A::choose(mask, affine, zero)
        }
    }
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
    let dual = Recurrence {
        input: Dual {
            primal: p.input,
            tangent: direction.input,
        },
        state: moving::<A, _>(p.state, direction.state),
        input_weight: moving::<A, _>(p.input_weight, direction.input_weight),
        recurrent_weight: moving::<A, _>(p.recurrent_weight, direction.recurrent_weight),
        bias: moving::<A, _>(p.bias, direction.bias),
    };
    let candidate_bias = moving::<A, _>(candidate_bias, candidate_bias_tangent);
    let states = gru::<Forward<A>>(dual, candidate_bias, reset);
    let zeros = A::zeros_like(&states.primal);
    (states.primal, states.tangent.unwrap_or(zeros))
}

fn moving<A: Algebra, S: Shape>(primal: A::Of<S>, tangent: A::Of<S>) -> Dual<A, S> {
    Dual {
        primal,
        tangent: Some(tangent),
    }
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
