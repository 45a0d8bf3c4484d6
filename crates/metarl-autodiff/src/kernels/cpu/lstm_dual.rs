//! Long short-term memory over a whole sequence together with its derivative along a direction, laid
//! out as that of the gated recurrent unit beside it.

use dfdx::prelude::*;
use multiversion::multiversion;

use super::dense::affine;
use super::gru::{block, clear_rows};
use super::lstm::advance;
use super::node::{add, close_all, open};
use super::units::{AT_ONCE, load, load_each, store, store_each};
use crate::algebra::{RecurrenceOf, RecurrenceTangentOf};
use crate::kernels::buffer::Buffer;
use crate::kernels::product::{Matrix, product};
use crate::value::{Taped, Value};
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
    let (rows, inputs) = p.input.shape;
    let (lanes, hidden) = p.state.shape;
    assert_eq!(reset.len(), rows, "one reset flag a row");
    assert_eq!(rows % lanes, 0, "rows are steps × lanes");
    let (gates, n) = (4 * hidden, lanes * hidden);
    let (x, x_tape) = open(p.input);
    let (h0, h_tape) = open(p.state);
    let (c0, c_tape) = open(cell);
    let (wi, wi_tape) = open(p.input_weight);
    let (wh, wh_tape) = open(p.recurrent_weight);
    let (b, b_tape) = open(p.bias);
    let (dx, dx_tape) = dp.input.map(open).unzip();
    let (dh0, dh_tape) = open(dp.state);
    let (dc0, dc_tape) = open(cell_tangent);
    let (dwi, dwi_tape) = open(dp.input_weight);
    let (dwh, dwh_tape) = open(dp.recurrent_weight);
    let (db, db_tape) = open(dp.bias);
    let tape = [
        h_tape,
        c_tape,
        wi_tape,
        wh_tape,
        b_tape,
        dx_tape.unwrap_or_default(),
        dh_tape,
        dc_tape,
        dwi_tape,
        dwh_tape,
        db_tape,
    ]
    .into_iter()
    .fold(x_tape, T::merge);

    // Rows of `gate` end as [i | f | g | o], of `alpha` as the tangents of what the gates were made of.
    let input = Matrix::new(&x.numbers, rows, inputs);
    let input_weight = Matrix::new(&wi.numbers, inputs, gates);
    let mut gate = affine(input, input_weight, &b.numbers);
    let mut alpha = affine(input, Matrix::new(&dwi.numbers, inputs, gates), &db.numbers);
    if let Some(dx) = &dx {
        let dx = Matrix::new(&dx.numbers, rows, inputs);
        product(&mut alpha, dx, input_weight, true);
    }
    let narrow = || Buffer::stale(rows * hidden);
    // What each step began in, and tanh c'.
    let (mut h_before, mut dh_before) = (narrow(), narrow());
    let (mut c_before, mut dc_before) = (narrow(), narrow());
    let mut tanh_c = narrow();
    let (mut states, mut cells) = (narrow(), narrow());
    let (mut state_tangents, mut cell_tangents) = (narrow(), narrow());
    let (mut h, mut c) = (Buffer::copy_of(&h0.numbers), Buffer::copy_of(&c0.numbers));
    let (mut dh, mut dc) = (Buffer::copy_of(&dh0.numbers), Buffer::copy_of(&dc0.numbers));
    let recurrent = Matrix::new(&wh.numbers, hidden, gates);
    let recurrent_tangent = Matrix::new(&dwh.numbers, hidden, gates);
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

    let reset = reset.to_vec();
    let results = [states, cells, state_tangents, cell_tangents];
    let [state, cell, dstate, dcell] = close_all(
        tape,
        results,
        (rows, hidden),
        move |results, given, gradients| {
            let back = Backward {
                kept: Kept {
                    gate: &gate,
                    alpha: &alpha,
                    tanh_c: &tanh_c,
                    c_before: &c_before,
                    dc_before: &dc_before,
                    dc: results[3],
                },
                recurrent_weight: Matrix::new(&wh.numbers, hidden, gates),
                recurrent_tangent: Matrix::new(&dwh.numbers, hidden, gates),
                reset: &reset,
                lanes,
                hidden,
            };
            let (of_gate, of_alpha, first) = back.run(&given);
            for (input, first) in [&h0, &c0, &dh0, &dc0].into_iter().zip(first) {
                if let Some(to) = input.slot(gradients)? {
                    to.give(first);
                }
            }
            for (bias, of_affine) in [(&b, &of_gate), (&db, &of_alpha)] {
                if let Some(to) = bias.slot(gradients)? {
                    to.add_rows(of_affine);
                }
            }
            let of_gate = Matrix::new(&of_gate, rows, gates);
            let of_alpha = Matrix::new(&of_alpha, rows, gates);
            let input = Matrix::new(&x.numbers, rows, inputs);
            let (weight, dweight) = (
                Matrix::new(&wi.numbers, inputs, gates),
                Matrix::new(&dwi.numbers, inputs, gates),
            );
            let before = Matrix::new(&h_before, rows, hidden);
            let dbefore = Matrix::new(&dh_before, rows, hidden);
            let mut products = vec![
                (&wi, input.t(), of_gate),
                (&dwi, input.t(), of_alpha),
                (&wh, before.t(), of_gate),
                (&wh, dbefore.t(), of_alpha),
                (&dwh, before.t(), of_alpha),
                (&x, of_gate, weight.t()),
                (&x, of_alpha, dweight.t()),
            ];
            if let Some(dx) = &dx {
                let input_tangent = Matrix::new(&dx.numbers, rows, inputs);
                products.push((&wi, input_tangent.t(), of_alpha));
                products.push((dx, of_alpha, weight.t()));
            }
            for (to, left, right) in products {
                if let Some(to) = to.slot(gradients)? {
                    to.add_product(left, right);
                }
            }
            Ok(())
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
    for lane in 0..dh.len() / hidden {
        let whole = hidden - hidden % AT_ONCE;
        for k in (0..whole).step_by(AT_ONCE) {
            let at = (lane * hidden + k, 4 * lane * hidden + k, hidden);
            units::<E, AT_ONCE>(at, (gate, alpha), (tanh_c, before), dc, dh);
        }
        for k in whole..hidden {
            let at = (lane * hidden + k, 4 * lane * hidden + k, hidden);
            units::<E, 1>(at, (gate, alpha), (tanh_c, before), dc, dh);
        }
    }

    #[inline(always)]
    fn units<E: Scalar, const N: usize>(
        (row, own, hidden): (usize, usize, usize),
        (gate, alpha): (&[E], &[E]),
        (tanh_c, before): (&[E], &[E]),
        dc: &mut [E],
        dh: &mut [E],
    ) {
        let one = E::ONE;
        let gate = load_each::<E, N, 4>(gate, own, hidden);
        let alpha = load_each::<E, N, 4>(alpha, own, hidden);
        let (tanh_c, before) = (load::<E, N>(tanh_c, row), load::<E, N>(before, row));
        let (mut dc_next, mut dh_next) = (load::<E, N>(dc, row), [E::real(0.0); N]);
        for n in 0..N {
            let [i, f, g, o] = gate.map(|gate| gate[n]);
            let di = i * (one - i) * alpha[0][n];
            let df = f * (one - f) * alpha[1][n];
            let dg = (one - g * g) * alpha[2][n];
            let d_o = o * (one - o) * alpha[3][n];
            dc_next[n] = df * before[n] + f * dc_next[n] + di * g + i * dg;
            dh_next[n] = d_o * tanh_c[n] + o * (one - tanh_c[n] * tanh_c[n]) * dc_next[n];
        }
        store(dc, row, dc_next);
        store(dh, row, dh_next);
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
            product(h, of_gate, self.recurrent_weight.t(), false);
            product(h, of_alpha, self.recurrent_tangent.t(), true);
            product(dh, of_alpha, self.recurrent_weight.t(), false);
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
    for lane in 0..h.len() / hidden {
        let whole = hidden - hidden % AT_ONCE;
        for k in (0..whole).step_by(AT_ONCE) {
            let at = (lane * hidden + k, 4 * lane * hidden + k, hidden);
            units::<E, AT_ONCE>(at, kept, (h, dh), (c, dc), of_gate, of_alpha);
        }
        for k in whole..hidden {
            let at = (lane * hidden + k, 4 * lane * hidden + k, hidden);
            units::<E, 1>(at, kept, (h, dh), (c, dc), of_gate, of_alpha);
        }
    }

    #[inline(always)]
    fn units<E: Scalar, const N: usize>(
        (row, own, hidden): (usize, usize, usize),
        kept: Kept<'_, E>,
        (h, dh): (&[E], &[E]),
        (c, dc): (&mut [E], &mut [E]),
        of_gate: &mut [E],
        of_alpha: &mut [E],
    ) {
        let (zero, one) = (E::real(0.0), E::ONE);
        let gate = load_each::<E, N, 4>(kept.gate, own, hidden);
        let alpha = load_each::<E, N, 4>(kept.alpha, own, hidden);
        let (tanh_c, c_tangent) = (load::<E, N>(kept.tanh_c, row), load::<E, N>(kept.dc, row));
        let before = load::<E, N>(kept.c_before, row);
        let before_tangent = load::<E, N>(kept.dc_before, row);
        let (h, dh) = (load::<E, N>(h, row), load::<E, N>(dh, row));
        let (mut c_next, mut dc_next) = (load::<E, N>(c, row), load::<E, N>(dc, row));
        let (mut to_gate, mut to_alpha) = ([[zero; N]; 4], [[zero; N]; 4]);
        for n in 0..N {
            let [i, f, g, o] = gate.map(|gate| gate[n]);
            let [i_slope, f_slope, o_slope] = [i, f, o].map(|gate| gate * (one - gate));
            let g_slope = one - g * g;
            let (di, df) = (i_slope * alpha[0][n], f_slope * alpha[1][n]);
            let (dg, d_o) = (g_slope * alpha[2][n], o_slope * alpha[3][n]);
            let (tanh_c, slope, moved) = (tanh_c[n], one - tanh_c[n] * tanh_c[n], c_tangent[n]);
            // ḣ' = ȯ tanh c' + o (1 − tanh² c') ċ'
            let of_do = dh[n] * tanh_c;
            let of_dc = dc_next[n] + dh[n] * o * slope;
            // h' = o tanh c', and what the line above takes from o and tanh c'
            let of_o = h[n] * tanh_c + dh[n] * slope * moved;
            let of_tanh = h[n] * o + dh[n] * (d_o - (o + o) * tanh_c * moved);
            let of_c = c_next[n] + of_tanh * slope;
            // ċ' = ḟ c + f ċ + i̇ g + i ġ
            let (of_df, of_di, of_dg) = (of_dc * before[n], of_dc * g, of_dc * i);
            // c' = f c + i g, and what the line above takes from f, i and g
            let of_f = of_c * before[n] + of_dc * before_tangent[n];
            let of_i = of_c * g + of_dc * dg;
            let of_g = of_c * i + of_dc * di;
            let sigmoid = |y: E, slope: E, of_y: E, of_dy: E, alpha: E| {
                (
                    slope * (of_y + of_dy * (one - y - y) * alpha),
                    slope * of_dy,
                )
            };
            let of = [
                sigmoid(i, i_slope, of_i, of_di, alpha[0][n]),
                sigmoid(f, f_slope, of_f, of_df, alpha[1][n]),
                (
                    g_slope * (of_g - of_dg * (g + g) * alpha[2][n]),
                    g_slope * of_dg,
                ),
                sigmoid(o, o_slope, of_o, of_do, alpha[3][n]),
            ];
            for (gate, (of_gate, of_alpha)) in of.into_iter().enumerate() {
                to_gate[gate][n] = of_gate;
                to_alpha[gate][n] = of_alpha;
            }
            c_next[n] = of_c * f + of_dc * df;
            dc_next[n] = of_dc * f;
        }
        store(c, row, c_next);
        store(dc, row, dc_next);
        store_each(of_gate, own, hidden, to_gate);
        store_each(of_alpha, own, hidden, to_alpha);
    }
}
