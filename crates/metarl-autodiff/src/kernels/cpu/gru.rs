//! A gated recurrent unit over a whole sequence: one product for all inputs, one small product a
//! step, and on the way back two large products for the weights.

use dfdx::prelude::*;
use multiversion::multiversion;

use super::{Matrix, accumulate, add, add_rows, affine, close, open};
use crate::algebra::RecurrenceOf;
use crate::value::{Taped, Value};
use crate::{Kernels, Scalar, TapeHandle};

/// See [`Algebra::gru`](crate::Algebra::gru) for the equations.
pub(super) fn gru<E: Scalar, T: TapeHandle<E, Cpu>>(
    p: RecurrenceOf<Taped<E, Cpu, T>>,
    candidate_bias: Value<(usize,), E, Cpu, T>,
    reset: &[bool],
) -> Value<(usize, usize), E, Cpu, T>
where
    Cpu: Kernels<E>,
{
    let (rows, inputs) = *p.input.tensor.shape();
    let (lanes, hidden) = *p.state.tensor.shape();
    assert_eq!(reset.len(), rows, "one reset flag a row");
    assert_eq!(rows % lanes, 0, "rows are steps × lanes");
    let gates = 3 * hidden;
    let (x, x_in, x_tape) = open(p.input);
    let (h0, h_in, h_tape) = open(p.state);
    let (wi, wi_in, wi_tape) = open(p.input_weight);
    let (wh, wh_in, wh_tape) = open(p.recurrent_weight);
    let (b, b_in, b_tape) = open(p.bias);
    let (d, d_in, d_tape) = open(candidate_bias);
    let tape = [h_tape, wi_tape, wh_tape, b_tape, d_tape]
        .into_iter()
        .fold(x_tape, T::merge);
    let device = x_in.tensor.device().clone();
    let records = tape.records();

    // Rows of `gate` end as [r | z | c]; `u` keeps h Uc + d, `before` the state each step began in.
    let mut gate = affine(
        rows,
        Matrix::new(&x, rows, inputs),
        Matrix::new(&wi, inputs, gates),
        &b,
    );
    let kept = if records { rows } else { 0 };
    let mut u = Vec::with_capacity(kept * hidden);
    let mut before = Vec::with_capacity(kept * hidden);
    let mut states = Vec::with_capacity(rows * hidden);
    let mut h = h0;
    let mut step = vec![E::real(0.0); lanes * gates];
    for (gate, reset) in gate
        .chunks_exact_mut(lanes * gates)
        .zip(reset.chunks_exact(lanes))
    {
        clear_rows(&mut h, reset, hidden);
        E::product(super::Product {
            out: &mut step,
            lhs: Matrix::new(&h, lanes, hidden),
            rhs: Matrix::new(&wh, hidden, gates),
            accumulate: false,
        });
        if records {
            before.extend_from_slice(&h);
        }
        for ((gate, step), h) in gate
            .chunks_exact_mut(gates)
            .zip(step.chunks_exact_mut(gates))
            .zip(h.chunks_exact_mut(hidden))
        {
            let (rz, c) = gate.split_at_mut(2 * hidden);
            let (step_rz, q) = step.split_at_mut(2 * hidden);
            add(rz, step_rz);
            E::sigmoid_slice(rz);
            add(q, &d);
            let (r, z) = rz.split_at(hidden);
            for ((c, r), q) in c.iter_mut().zip(r).zip(&*q) {
                *c += *r * *q;
            }
            E::tanh_slice(c);
            for ((h, z), c) in h.iter_mut().zip(z).zip(&*c) {
                *h = *c + *z * (*h - *c);
            }
            if records {
                u.extend_from_slice(q);
            }
        }
        states.extend_from_slice(&h);
    }

    let reset = reset.to_vec();
    close(
        &device,
        tape,
        states,
        (rows, hidden),
        move |_, g, gradients| {
            let back = Backward {
                gate: &gate,
                u: &u,
                before: &before,
                recurrent_weight: &wh,
                reset: &reset,
                lanes,
                hidden,
            };
            let (da, du, dh) = back.run(&g);
            let x = Matrix::new(&x, rows, inputs);
            let wi = Matrix::new(&wi, inputs, gates);
            let before = Matrix::new(&before, rows, hidden);
            if let Some(to) = h_in.gradient(gradients)? {
                add(to, &dh);
            }
            if let Some(to) = b_in.gradient(gradients)? {
                add_rows(to, &da);
            }
            if let Some(to) = d_in.gradient(gradients)? {
                for row in du.chunks_exact(gates) {
                    add(to, &row[2 * hidden..]);
                }
            }
            let (da, du) = (Matrix::new(&da, rows, gates), Matrix::new(&du, rows, gates));
            if let Some(to) = wi_in.gradient(gradients)? {
                accumulate(to, x.t(), da);
            }
            if let Some(to) = wh_in.gradient(gradients)? {
                accumulate(to, before.t(), du);
            }
            if let Some(to) = x_in.gradient(gradients)? {
                accumulate(to, da, wi.t());
            }
            Ok(())
        },
    )
}

/// Zeroes the rows whose lane starts anew.
pub(super) fn clear_rows<E: Scalar>(state: &mut [E], reset: &[bool], width: usize) {
    for (row, reset) in state.chunks_exact_mut(width).zip(reset) {
        if *reset {
            row.fill(E::real(0.0));
        }
    }
}

/// What the forward pass left behind.
struct Backward<'a, E> {
    gate: &'a [E],
    u: &'a [E],
    before: &'a [E],
    recurrent_weight: &'a [E],
    reset: &'a [bool],
    lanes: usize,
    hidden: usize,
}

impl<E: Scalar> Backward<'_, E> {
    /// Gradients of the gates' inputs from `x W + b`, of those from `h U` (they differ in the
    /// candidate), and of the first state.
    fn run(&self, g: &[E]) -> (Vec<E>, Vec<E>, Vec<E>) {
        let (lanes, hidden) = (self.lanes, self.hidden);
        let (gates, zero) = (3 * hidden, E::real(0.0));
        let mut da = vec![zero; self.gate.len()];
        let mut du = vec![zero; self.gate.len()];
        let mut dh = vec![zero; lanes * hidden];
        for t in (0..self.reset.len() / lanes).rev() {
            let block = t * lanes * hidden..(t + 1) * lanes * hidden;
            let wide = t * lanes * gates..(t + 1) * lanes * gates;
            add(&mut dh, &g[block.clone()]);
            gate_gradients(
                hidden,
                &mut dh,
                &self.gate[wide.clone()],
                (&self.u[block.clone()], &self.before[block]),
                &mut da[wide.clone()],
                &mut du[wide.clone()],
            );
            accumulate(
                &mut dh,
                Matrix::new(&du[wide], lanes, gates),
                Matrix::new(self.recurrent_weight, hidden, gates).t(),
            );
            clear_rows(&mut dh, &self.reset[t * lanes..(t + 1) * lanes], hidden);
        }
        (da, du, dh)
    }
}

/// One step back through the gates of every lane: from `dh`, the gradient of the state after the
/// step, to the gradients of the gates' inputs; leaves in `dh` what passes along the update gate.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn gate_gradients<E: Scalar>(
    hidden: usize,
    dh: &mut [E],
    gate: &[E],
    (u, before): (&[E], &[E]),
    da: &mut [E],
    du: &mut [E],
) {
    let gates = 3 * hidden;
    let one = E::ONE;
    let rows = dh
        .chunks_exact_mut(hidden)
        .zip(gate.chunks_exact(gates))
        .zip(u.chunks_exact(hidden))
        .zip(before.chunks_exact(hidden))
        .zip(da.chunks_exact_mut(gates))
        .zip(du.chunks_exact_mut(gates));
    for (((((dh, gate), u), before), da), du) in rows {
        let (r, rest) = gate.split_at(hidden);
        let (z, c) = rest.split_at(hidden);
        let (da_r, rest) = da.split_at_mut(hidden);
        let (da_z, da_c) = rest.split_at_mut(hidden);
        let (du_rz, du_c) = du.split_at_mut(2 * hidden);
        for k in 0..hidden {
            let (r, z, c) = (r[k], z[k], c[k]);
            let dc = dh[k] * (one - z) * (one - c * c);
            da_c[k] = dc;
            da_z[k] = dh[k] * (before[k] - c) * z * (one - z);
            da_r[k] = dc * u[k] * r * (one - r);
            du_c[k] = dc * r;
            dh[k] *= z;
        }
        du_rz[..hidden].copy_from_slice(da_r);
        du_rz[hidden..].copy_from_slice(da_z);
    }
}
