//! Long short-term memory over a whole sequence, laid out as the gated recurrent unit beside it.

use dfdx::prelude::*;

use super::gru::clear_rows;
use super::{Matrix, accumulate, add, add_rows, affine, open, take};
use crate::algebra::RecurrenceOf;
use crate::value::{Taped, Value};
use crate::{Kernels, Scalar, TapeHandle};

/// See [`Algebra::lstm`](crate::Algebra::lstm) for the equations.
pub(super) fn lstm<E: Scalar, T: TapeHandle<E, Cpu>>(
    p: RecurrenceOf<Taped<E, Cpu, T>>,
    cell: Value<(usize, usize), E, Cpu, T>,
    reset: &[bool],
) -> (
    Value<(usize, usize), E, Cpu, T>,
    Value<(usize, usize), E, Cpu, T>,
)
where
    Cpu: Kernels<E>,
{
    let (rows, inputs) = *p.input.tensor.shape();
    let (lanes, hidden) = *p.state.tensor.shape();
    assert_eq!(reset.len(), rows, "one reset flag a row");
    assert_eq!(rows % lanes, 0, "rows are steps × lanes");
    let gates = 4 * hidden;
    let (x, x_in, x_tape) = open(p.input);
    let (h0, h_in, h_tape) = open(p.state);
    let (c0, c_in, c_tape) = open(cell);
    let (wi, wi_in, wi_tape) = open(p.input_weight);
    let (wh, wh_in, wh_tape) = open(p.recurrent_weight);
    let (b, b_in, b_tape) = open(p.bias);
    let mut tape = [h_tape, c_tape, wi_tape, wh_tape, b_tape]
        .into_iter()
        .fold(x_tape, T::merge);
    let device = x_in.tensor.device().clone();

    // Rows of `gate` end as [i | f | g | o]; `h_before`, `c_before` keep what each step began in.
    let mut gate = affine(
        rows,
        Matrix::new(&x, rows, inputs),
        Matrix::new(&wi, inputs, gates),
        &b,
    );
    let (mut h_before, mut c_before) = (Vec::new(), Vec::new());
    let (mut states, mut cells) = (Vec::new(), Vec::new());
    let (mut h, mut c) = (h0, c0);
    for (gate, reset) in gate
        .chunks_exact_mut(lanes * gates)
        .zip(reset.chunks_exact(lanes))
    {
        clear_rows(&mut h, reset, hidden);
        clear_rows(&mut c, reset, hidden);
        accumulate(
            gate,
            Matrix::new(&h, lanes, hidden),
            Matrix::new(&wh, hidden, gates),
        );
        h_before.extend_from_slice(&h);
        c_before.extend_from_slice(&c);
        for ((gate, h), c) in gate
            .chunks_exact_mut(gates)
            .zip(h.chunks_exact_mut(hidden))
            .zip(c.chunks_exact_mut(hidden))
        {
            E::sigmoid_slice(&mut gate[..2 * hidden]);
            E::tanh_slice(&mut gate[2 * hidden..3 * hidden]);
            E::sigmoid_slice(&mut gate[3 * hidden..]);
            for k in 0..hidden {
                c[k] = gate[hidden + k] * c[k] + gate[k] * gate[2 * hidden + k];
            }
            h.copy_from_slice(c);
            E::tanh_slice(h);
            for (h, o) in h.iter_mut().zip(&gate[3 * hidden..]) {
                *h *= *o;
            }
        }
        states.extend_from_slice(&h);
        cells.extend_from_slice(&c);
    }

    let state = device.tensor_from_vec(states, (rows, hidden));
    let cell = device.tensor_from_vec(cells, (rows, hidden));
    if tape.records() {
        let (h_out, c_out, reset) = (state.clone(), cell.clone(), reset.to_vec());
        tape.add_backward_op(move |gradients| {
            let g_h = take(&h_out, gradients)?;
            let g_c = take(&c_out, gradients)?;
            let back = Backward {
                gate: &gate,
                cells: &super::numbers(&c_out),
                c_before: &c_before,
                recurrent_weight: &wh,
                reset: &reset,
                lanes,
                hidden,
            };
            let (da, dh, dc) = back.run(&g_h, &g_c);
            if let Some(to) = h_in.gradient(gradients)? {
                add(to, &dh);
            }
            if let Some(to) = c_in.gradient(gradients)? {
                add(to, &dc);
            }
            if let Some(to) = b_in.gradient(gradients)? {
                add_rows(to, &da);
            }
            let da = Matrix::new(&da, rows, gates);
            if let Some(to) = wi_in.gradient(gradients)? {
                accumulate(to, Matrix::new(&x, rows, inputs).t(), da);
            }
            if let Some(to) = wh_in.gradient(gradients)? {
                accumulate(to, Matrix::new(&h_before, rows, hidden).t(), da);
            }
            if let Some(to) = x_in.gradient(gradients)? {
                accumulate(to, da, Matrix::new(&wi, inputs, gates).t());
            }
            Ok(())
        });
    }
    (
        Value::new(state.put_tape(tape.clone())),
        Value::new(cell.put_tape(tape)),
    )
}

/// What the forward pass left behind.
struct Backward<'a, E> {
    gate: &'a [E],
    cells: &'a [E],
    c_before: &'a [E],
    recurrent_weight: &'a [E],
    reset: &'a [bool],
    lanes: usize,
    hidden: usize,
}

impl<E: Scalar> Backward<'_, E> {
    /// Gradients of the gates' inputs, of the first state and of the first cell.
    fn run(&self, g_h: &[E], g_c: &[E]) -> (Vec<E>, Vec<E>, Vec<E>) {
        let (lanes, hidden) = (self.lanes, self.hidden);
        let (gates, zero, one) = (4 * hidden, E::real(0.0), E::ONE);
        let mut tanh_c = self.cells.to_vec();
        E::tanh_slice(&mut tanh_c);
        let mut da = vec![zero; self.gate.len()];
        let mut dh = vec![zero; lanes * hidden];
        let mut dc = vec![zero; lanes * hidden];
        for t in (0..self.reset.len() / lanes).rev() {
            let block = t * lanes * hidden..(t + 1) * lanes * hidden;
            let wide = t * lanes * gates..(t + 1) * lanes * gates;
            add(&mut dh, &g_h[block.clone()]);
            add(&mut dc, &g_c[block.clone()]);
            let rows = dh
                .chunks_exact(hidden)
                .zip(dc.chunks_exact_mut(hidden))
                .zip(self.gate[wide.clone()].chunks_exact(gates))
                .zip(tanh_c[block.clone()].chunks_exact(hidden))
                .zip(self.c_before[block].chunks_exact(hidden))
                .zip(da[wide.clone()].chunks_exact_mut(gates));
            for (((((dh, dc), gate), tanh_c), before), da) in rows {
                for k in 0..hidden {
                    let (i, f) = (gate[k], gate[hidden + k]);
                    let (g, o) = (gate[2 * hidden + k], gate[3 * hidden + k]);
                    let d = dc[k] + dh[k] * o * (one - tanh_c[k] * tanh_c[k]);
                    da[k] = d * g * i * (one - i);
                    da[hidden + k] = d * before[k] * f * (one - f);
                    da[2 * hidden + k] = d * i * (one - g * g);
                    da[3 * hidden + k] = dh[k] * tanh_c[k] * o * (one - o);
                    dc[k] = d * f;
                }
            }
            dh.fill(zero);
            accumulate(
                &mut dh,
                Matrix::new(&da[wide], lanes, gates),
                Matrix::new(self.recurrent_weight, hidden, gates).t(),
            );
            let reset = &self.reset[t * lanes..(t + 1) * lanes];
            clear_rows(&mut dh, reset, hidden);
            clear_rows(&mut dc, reset, hidden);
        }
        (da, dh, dc)
    }
}
