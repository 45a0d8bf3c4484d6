//! Long short-term memory over a whole sequence together with its derivative along a direction, laid
//! out as that of the gated recurrent unit beside it.

use dfdx::prelude::*;
use multiversion::multiversion;

use super::lstm::{advance, quarters, quarters_mut};
use super::node::{add, close_all, open};
use super::recurrent::{DualGates, Gates, block, clear_rows};
use crate::algebra::{RecurrenceOf, RecurrenceTangentOf};
use crate::kernels::buffer::Buffer;
use crate::kernels::narrow::transposed;
use crate::kernels::product::{Matrix, product};
use crate::taped::Taped;
use crate::value::Value;
use crate::{Kernels, Scalar, TapeHandle};

type States<E, T> = Value<(usize, usize), E, Cpu, T>;

/// States and cells, and the tangents of both, after every step. With the gates and cells of
/// [`Algebra::lstm`](crate::Algebra::lstm), and `α = ẋ W + x Ẇ + ḣ U + h U̇ + ḃ`:
///
/// ```text
/// i̇, ḟ, ȯ = φ (1 − φ) α    ġ = (1 − g²) α
/// ċ' = ḟ c + f ċ + i̇ g + i ġ
/// ḣ' = ȯ tanh c' + o (1 − tanh² c') ċ'
/// ```
pub(super) fn lstm_dual<E: Scalar, T: TapeHandle<E, Cpu>>(
    (p, cell): (RecurrenceOf<Taped<E, Cpu, T>>, States<E, T>),
    (dp, cell_tangent): (RecurrenceTangentOf<Taped<E, Cpu, T>>, States<E, T>),
    reset: &[bool],
) -> [(States<E, T>, States<E, T>); 2]
where
    Cpu: Kernels<E>,
{
    let (operands, tape) = DualGates::open(p, dp, reset);
    let (c0, c_tape) = open(cell);
    let (dc0, dc_tape) = open(cell_tangent);
    let tape = tape.merge(c_tape).merge(dc_tape);
    let Gates { lanes, hidden, .. } = operands.value;
    let (rows, gates, n) = (reset.len(), 4 * hidden, lanes * hidden);

    // Rows of `gate` end as [i | f | g | o], of `alpha` as the tangents of what the gates were made of.
    let mut gate = operands.value.of_input();
    let mut alpha = operands.tangent_of_input();
    let narrow = || Buffer::stale(rows * hidden);
    // What each step began in, and tanh c'.
    let (mut h_before, mut dh_before) = (narrow(), narrow());
    let (mut c_before, mut dc_before) = (narrow(), narrow());
    let mut tanh_c = narrow();
    let (mut states, mut cells) = (narrow(), narrow());
    let (mut state_tangents, mut cell_tangents) = (narrow(), narrow());
    let [mut h, mut dh] = operands.first_states();
    let (mut c, mut dc) = (Buffer::copy_of(&c0.numbers), Buffer::copy_of(&dc0.numbers));
    let recurrent = operands.value.recurrent_weight();
    let recurrent_tangent = operands.recurrent_tangent();
    for (t, reset) in reset.chunks_exact(lanes).enumerate() {
        let (narrow, wide) = (block(t, n), block(t, lanes * gates));
        for state in [&mut h, &mut c, &mut dh, &mut dc] {
            clear_rows(state, reset, hidden);
        }
        h_before[narrow.clone()].copy_from_slice(&h);
        c_before[narrow.clone()].copy_from_slice(&c);
        dh_before[narrow.clone()].copy_from_slice(&dh);
        dc_before[narrow.clone()].copy_from_slice(&dc);
        let (gate, alpha) = (&mut gate[wide.clone()], &mut alpha[wide]);
        let state = Matrix::new(&h, lanes, hidden);
        product(alpha, Matrix::new(&dh, lanes, hidden), recurrent, true);
        product(alpha, state, recurrent_tangent, true);
        product(gate, state, recurrent, true);
        let tanh_c = &mut tanh_c[narrow.clone()];
        advance(hidden, gate, &mut c, tanh_c, &mut h);
        let before = &c_before[narrow.clone()];
        advance_tangent(hidden, (gate, alpha), (tanh_c, before), (&mut dc, &mut dh));
        states[narrow.clone()].copy_from_slice(&h);
        cells[narrow.clone()].copy_from_slice(&c);
        state_tangents[narrow.clone()].copy_from_slice(&dh);
        cell_tangents[narrow].copy_from_slice(&dc);
    }

    let reset = Buffer::copy_of(reset);
    let results = [states, cells, state_tangents, cell_tangents];
    let [state, cell, dstate, dcell] = close_all(
        tape,
        results,
        (rows, hidden),
        move |results, given, adjoints| {
            let back = Backward {
                kept: Kept {
                    gate: &gate,
                    alpha: &alpha,
                    tanh_c: &tanh_c,
                    c_before: &c_before,
                    dc_before: &dc_before,
                    dc: results[3],
                },
                recurrent_weight: operands.value.recurrent_weight(),
                recurrent_tangent: operands.recurrent_tangent(),
                reset: &reset,
                lanes,
                hidden,
            };
            let (of_gate, of_alpha, first) = back.run(&given);
            let inputs = [&operands.value.state, &c0, &operands.state, &dc0];
            for (input, first) in inputs.into_iter().zip(first) {
                input.give(first, adjoints);
            }
            let of_gates: [&[E]; 2] = [&of_gate, &of_alpha];
            operands.pass_on(of_gates, of_gates, [&h_before, &dh_before], adjoints)
        },
    );
    [(state, cell), (dstate, dcell)]
}

/// The tangents of one step of every lane, whose gates are done: `dc` and `dh` go to the tangents of
/// the next cell and state.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn advance_tangent<E: Scalar>(
    hidden: usize,
    (gate, alpha): (&[E], &[E]),
    (tanh_c, before): (&[E], &[E]),
    (dc, dh): (&mut [E], &mut [E]),
) {
    let one = E::ONE;
    let rows = dc
        .chunks_exact_mut(hidden)
        .zip(dh.chunks_exact_mut(hidden))
        .zip(gate.chunks_exact(4 * hidden))
        .zip(alpha.chunks_exact(4 * hidden))
        .zip(tanh_c.chunks_exact(hidden))
        .zip(before.chunks_exact(hidden));
    for (((((dc, dh), gate), alpha), tanh_c), before) in rows {
        let [i, f, g, o] = quarters(gate, hidden);
        let [alpha_i, alpha_f, alpha_g, alpha_o] = quarters(alpha, hidden);
        for k in 0..hidden {
            let (i, f, g, o) = (i[k], f[k], g[k], o[k]);
            let di = i * (one - i) * alpha_i[k];
            let df = f * (one - f) * alpha_f[k];
            let dg = (one - g * g) * alpha_g[k];
            let d_o = o * (one - o) * alpha_o[k];
            dc[k] = df * before[k] + f * dc[k] + di * g + i * dg;
            dh[k] = d_o * tanh_c[k] + o * (one - tanh_c[k] * tanh_c[k]) * dc[k];
        }
    }
}

/// What the forward pass left behind: of all rows, or of one step.
#[derive(Clone, Copy)]
struct Kept<'a, E> {
    gate: &'a [E],
    alpha: &'a [E],
    tanh_c: &'a [E],
    c_before: &'a [E],
    dc_before: &'a [E],
    dc: &'a [E],
}

struct Backward<'a, E> {
    kept: Kept<'a, E>,
    recurrent_weight: Matrix<'a, E>,
    recurrent_tangent: Matrix<'a, E>,
    reset: &'a [bool],
    lanes: usize,
    hidden: usize,
}

impl<E: Scalar> Backward<'_, E> {
    /// Gradients of what the gates are made of, of its tangent, and of the first state, the first cell
    /// and their tangents, from those of the outputs in the same order.
    fn run(&self, given: &[Option<Buffer<E>>; 4]) -> (Buffer<E>, Buffer<E>, [Buffer<E>; 4]) {
        let (lanes, hidden, kept) = (self.lanes, self.hidden, &self.kept);
        let gates = 4 * hidden;
        let mut of_gate = Buffer::stale(kept.gate.len());
        let mut of_alpha = Buffer::stale(kept.gate.len());
        let back = transposed(self.recurrent_weight);
        let back = Matrix::new(&back, gates, hidden);
        let back_tangent = transposed(self.recurrent_tangent);
        let back_tangent = Matrix::new(&back_tangent, gates, hidden);
        let mut carried = [(); 4].map(|()| Buffer::zeros(lanes * hidden));
        for t in (0..self.reset.len() / lanes).rev() {
            let (narrow, wide) = (block(t, lanes * hidden), block(t, lanes * gates));
            for (carried, given) in carried.iter_mut().zip(given) {
                if let Some(given) = given {
                    add(carried, &given[narrow.clone()]);
                }
            }
            let step = Kept {
                gate: &kept.gate[wide.clone()],
                alpha: &kept.alpha[wide.clone()],
                tanh_c: &kept.tanh_c[narrow.clone()],
                c_before: &kept.c_before[narrow.clone()],
                dc_before: &kept.dc_before[narrow.clone()],
                dc: &kept.dc[narrow],
            };
            let (of_gate, of_alpha) = (&mut of_gate[wide.clone()], &mut of_alpha[wide]);
            retreat(hidden, step, &mut carried, of_gate, of_alpha);
            let of_gate = Matrix::new(of_gate, lanes, gates);
            let of_alpha = Matrix::new(of_alpha, lanes, gates);
            let [h, _, dh, _] = &mut carried;
            product(h, of_gate, back, false);
            product(h, of_alpha, back_tangent, true);
            product(dh, of_alpha, back, false);
            for carried in &mut carried {
                clear_rows(carried, &self.reset[t * lanes..(t + 1) * lanes], hidden);
            }
        }
        (of_gate, of_alpha, carried)
    }
}

/// One step back through the gates of every lane and their tangents: from the gradients of state, cell
/// and their tangents after the step to those of `x W + h U + b` and of `α`; leaves among the former
/// those of the cell and its tangent before the step.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn retreat<E: Scalar>(
    hidden: usize,
    kept: Kept<'_, E>,
    carried: &mut [Buffer<E>; 4],
    of_gate: &mut [E],
    of_alpha: &mut [E],
) {
    let [h, c, dh, dc] = carried;
    let one = E::ONE;
    for lane in 0..h.len() / hidden {
        let (narrow, wide) = (block(lane, hidden), block(lane, 4 * hidden));
        let gate = quarters(&kept.gate[wide.clone()], hidden);
        let alpha = quarters(&kept.alpha[wide.clone()], hidden);
        let (tanh_c, moved) = (&kept.tanh_c[narrow.clone()], &kept.dc[narrow.clone()]);
        let before = &kept.c_before[narrow.clone()];
        let before_tangent = &kept.dc_before[narrow.clone()];
        let (h, dh) = (&h[narrow.clone()], &dh[narrow.clone()]);
        let (c, dc) = (&mut c[narrow.clone()], &mut dc[narrow]);
        let of_gate = quarters_mut(&mut of_gate[wide.clone()], hidden);
        let of_alpha = quarters_mut(&mut of_alpha[wide], hidden);
        for k in 0..hidden {
            let [i, f, g, o] = gate.map(|gate| gate[k]);
            let [alpha_i, alpha_f, alpha_g, alpha_o] = alpha.map(|alpha| alpha[k]);
            let [i_slope, f_slope, o_slope] = [i, f, o].map(|gate| gate * (one - gate));
            let g_slope = one - g * g;
            let (di, df) = (i_slope * alpha_i, f_slope * alpha_f);
            let (dg, d_o) = (g_slope * alpha_g, o_slope * alpha_o);
            let (tanh_c, moved) = (tanh_c[k], moved[k]);
            let slope = one - tanh_c * tanh_c;
            // ḣ' = ȯ tanh c' + o (1 − tanh² c') ċ'
            let of_do = dh[k] * tanh_c;
            let of_dc = dc[k] + dh[k] * o * slope;
            // h' = o tanh c', and what the line above takes from o and tanh c'
            let of_o = h[k] * tanh_c + dh[k] * slope * moved;
            let of_tanh = h[k] * o + dh[k] * (d_o - (o + o) * tanh_c * moved);
            let of_c = c[k] + of_tanh * slope;
            // ċ' = ḟ c + f ċ + i̇ g + i ġ
            let (of_df, of_di, of_dg) = (of_dc * before[k], of_dc * g, of_dc * i);
            // c' = f c + i g, and what the line above takes from f, i and g
            let of_f = of_c * before[k] + of_dc * before_tangent[k];
            let of_i = of_c * g + of_dc * dg;
            let of_g = of_c * i + of_dc * di;
            // φ and φ' α, from what the gates and their tangents get
            of_gate[0][k] = i_slope * (of_i + of_di * (one - i - i) * alpha_i);
            of_gate[1][k] = f_slope * (of_f + of_df * (one - f - f) * alpha_f);
            of_gate[2][k] = g_slope * (of_g - of_dg * (g + g) * alpha_g);
            of_gate[3][k] = o_slope * (of_o + of_do * (one - o - o) * alpha_o);
            of_alpha[0][k] = i_slope * of_di;
            of_alpha[1][k] = f_slope * of_df;
            of_alpha[2][k] = g_slope * of_dg;
            of_alpha[3][k] = o_slope * of_do;
            c[k] = of_c * f + of_dc * df;
            dc[k] = of_dc * f;
        }
    }
}
