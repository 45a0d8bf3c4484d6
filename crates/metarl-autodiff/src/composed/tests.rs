//! What a device without kernels of its own runs gives the numbers of the fused kernels.

use dfdx::prelude::{Cpu, Shape};

use super::*;
use crate::{Image, ImageLayout, Plain};

type A = Plain<f64, Cpu>;
type Rows = <A as Algebra>::Of<(usize, usize)>;

/// Numbers in `[−1, 1]` that do not repeat, others for another `seed`.
fn wave<S: Shape>(shape: S, seed: f64) -> <A as Algebra>::Of<S> {
    let plain = A::new(Cpu::default());
    let numbers = (0..shape.num_elements()).map(|i| (0.7 * i as f64 + seed).sin());
    plain.data(&numbers.collect::<Vec<f64>>(), shape)
}

#[track_caller]
fn assert_same<const N: usize>(fused: [Rows; N], composed: [Rows; N]) {
    for (fused, composed) in fused.iter().zip(&composed) {
        let (fused, composed) = (A::primal(fused).as_vec(), A::primal(composed).as_vec());
        assert_eq!(fused.len(), composed.len());
        for (x, y) in fused.iter().zip(&composed) {
            assert!((x - y).abs() < 1e-12, "{x} and {y}");
        }
    }
}

/// Three lanes of four steps, some of which start anew.
const RESET: [bool; 12] = {
    let mut reset = [false; 12];
    (reset[4], reset[9], reset[11]) = (true, true, true);
    reset
};

fn recurrence(gates: usize, seed: f64) -> RecurrenceOf<A> {
    let hidden = 5;
    Recurrence {
        input: wave((RESET.len(), 2), seed),
        state: wave((3, hidden), seed + 1.0),
        input_weight: wave((2, gates * hidden), seed + 2.0),
        recurrent_weight: wave((hidden, gates * hidden), seed + 3.0),
        bias: wave((gates * hidden,), seed + 4.0),
    }
}

fn direction(gates: usize) -> RecurrenceTangentOf<A> {
    let p = recurrence(gates, 0.5);
    Recurrence {
        input: Some(p.input),
        state: p.state,
        input_weight: p.input_weight,
        recurrent_weight: p.recurrent_weight,
        bias: p.bias,
    }
}

#[test]
fn a_gated_recurrent_unit_is_composed() {
    let p = || (recurrence(3, 0.0), wave((5,), 5.0));
    assert_same(
        [A::gru(p().0, p().1, &RESET)],
        [gru::<A>(p().0, p().1, &RESET)],
    );
    let v = || (direction(3), wave((5,), 6.0));
    let fused: [Rows; 2] = A::gru_dual(p(), v(), &RESET).into();
    assert_same(fused, gru_dual::<A>(p(), v(), &RESET).into());
}

#[test]
fn a_long_short_term_memory_is_composed() {
    let p = || (recurrence(4, 0.0), wave((3, 5), 5.0));
    let fused: [Rows; 2] = A::lstm(p().0, p().1, &RESET).into();
    assert_same(fused, lstm::<A>(p().0, p().1, &RESET).into());
    let v = || (direction(4), wave((3, 5), 6.0));
    let [value, tangent] = A::lstm_dual(p(), v(), &RESET);
    let fused = [value.0, value.1, tangent.0, tangent.1];
    let [value, tangent] = lstm_dual::<A>(p(), v(), &RESET);
    assert_same(fused, [value.0, value.1, tangent.0, tangent.1]);
}

#[test]
fn a_convolution_is_composed() {
    let image = Image {
        height: 4,
        width: 5,
        channels: 2,
        layout: ImageLayout::ChannelsLast,
    };
    let windows = Windows::over_image(image, 3, 2, 1);
    let p = |seed| {
        (
            wave((3, 40), seed),
            wave((18, 2), seed + 1.0),
            wave((2,), seed + 2.0),
        )
    };
    for activation in [Activation::Tanh, Activation::Relu] {
        let (x, w, b) = p(0.0);
        let fused = A::convolution(x, &windows, w, b, activation);
        let (x, w, b) = p(0.0);
        assert_same([fused], [convolution::<A>(x, &windows, w, b, activation)]);
        let v = || {
            let (dx, dw, db) = p(3.0);
            (Some(dx), dw, db)
        };
        let fused = A::convolution_dual(p(0.0), v(), &windows, activation);
        assert_same(
            fused,
            convolution_dual::<A>(p(0.0), v(), &windows, activation),
        );
    }
}

#[test]
fn layer_normalization_is_composed() {
    let p = |seed| {
        (
            wave((3, 18), seed),
            wave((18,), seed + 1.0),
            wave((18,), seed + 2.0),
        )
    };
    let (x, gain, bias) = p(0.0);
    let fused = A::layer_norm(x, gain, bias, 0.1);
    let (x, gain, bias) = p(0.0);
    assert_same([fused], [layer_norm::<A, _, _>(x, gain, bias, 0.1)]);
    let fused = A::layer_norm_dual(p(0.0), p(3.0), 0.1);
    assert_same(fused, layer_norm_dual::<A, _, _>(p(0.0), p(3.0), 0.1));
}

#[test]
fn heads_are_composed() {
    let p = |seed| [wave((6, 3), seed), wave((6, 3), seed + 1.0)];
    let terms = || {
        let [action, q] = p(7.0);
        let of_action = GaussianTerm::LogProb { action };
        let (mean, log_std) = (q, wave((6, 3), 9.0));
        [of_action, GaussianTerm::Divergence { mean, log_std }]
    };
    let one_column = |x| A::reshape(x, (6, 1));
    for (term, same) in terms().into_iter().zip(terms()) {
        let [mean, log_std] = p(0.0);
        let fused = A::gaussian(mean, log_std, term.clone());
        let [mean, log_std] = p(0.0);
        let composed = gaussian::<A, _, _>(mean, log_std, same.clone());
        assert_same([one_column(fused)], [one_column(composed)]);
        let fused = A::gaussian_dual(p(0.0), p(3.0), term);
        let composed = gaussian_dual::<A, _, _>(p(0.0), p(3.0), same);
        assert_same(fused.map(one_column), composed.map(one_column));
    }
    let [x, dx] = p(0.0);
    let fused = A::log_softmax_dual(x, dx);
    let [x, dx] = p(0.0);
    assert_same(fused, log_softmax_dual::<A, _, _>(x, dx));
}

#[test]
fn causal_attention_is_composed() {
    let p = |seed| {
        let shapes = [(6, 2), (12, 2), (12, 3)];
        shapes.map(|shape| wave(shape, seed + shape.1 as f64))
    };
    let [q, k, v] = p(0.0);
    let fused = A::causal_attention(q, k, v, 3, &RESET);
    let [q, k, v] = p(0.0);
    assert_same([fused], [causal_attention::<A>(q, k, v, 3, &RESET)]);
    let fused = A::causal_attention_dual(p(0.0), p(3.0), 3, &RESET);
    assert_same(fused, causal_attention_dual::<A>(p(0.0), p(3.0), 3, &RESET));
}
