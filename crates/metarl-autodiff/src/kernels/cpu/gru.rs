//! A gated recurrent unit over a whole sequence: one product for all inputs, one small product a
//! step, and on the way back two large products for the weights.

use dfdx::prelude::*;
use multiversion::multiversion;

use super::node::{add, close, open};
use super::recurrent::{Gates, block, clear_rows};
use crate::algebra::RecurrenceOf;
use crate::kernels::buffer::Buffer;
use crate::kernels::product::{Matrix, product};
use crate::taped::Taped;
use crate::value::Value;
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
    let (operands, tape) = Gates::open(p, reset);
    let (d, d_tape) = open(candidate_bias);
    let tape = tape.merge(d_tape);
    let (rows, lanes, hidden) = (reset.len(), operands.lanes, operands.hidden);
    let gates = 3 * hidden;

    // Rows of `gate` end as [r | z | c]; `u` keeps h Uc + d, `before` the state each step began in.
    let mut gate = operands.of_input();
    let kept = if tape.records() { rows } else { lanes };
    let mut u = Buffer::stale(kept * hidden);
    let mut before = Buffer::stale(kept * hidden);
    let mut states = Buffer::stale(rows * hidden);
    let mut h = Buffer::copy_of(&operands.state.numbers);
    let mut step = Buffer::stale(lanes * gates);
    for (t, reset) in reset.chunks_exact(lanes).enumerate() {
        clear_rows(&mut h, reset, hidden);
        product(
            &mut step,
            Matrix::new(&h, lanes, hidden),
            operands.recurrent_weight(),
            false,
        );
        let kept = block(if tape.records() { t } else { 0 }, lanes * hidden);
        before[kept.clone()].copy_from_slice(&h);
        let gate = &mut gate[block(t, lanes * gates)];
        advance(hidden, &step, &d.numbers, gate, &mut u[kept], &mut h);
        states[block(t, lanes * hidden)].copy_from_slice(&h);
    }

    let reset = Buffer::copy_of(reset);
    close(tape, states, (rows, hidden), move |_, g, adjoints| {
        let back = Backward {
            gate: &gate,
            u: &u,
            before: &before,
            recurrent_weight: operands.recurrent_weight(),
            reset: &reset,
            lanes,
            hidden,
        };
        let (da, du, dh) = back.run(&g);
        operands.state.give(dh, adjoints);
        if let Some(mut to) = d.slot(adjoints) {
            let to = to.entries();
            for row in du.chunks_exact(gates) {
                add(to, &row[2 * hidden..]);
            }
        }
        operands.pass_on([&da, &du], &before, adjoints)
    })
}

/// One step of every lane: `gate` goes from `x W + b` to `[r | z | c]`, `h` to the next state; `u`
/// keeps `h Uc + d`.
pub(super) fn advance<E: Scalar>(
    hidden: usize,
    step: &[E],
    candidate_bias: &[E],
    gate: &mut [E],
    u: &mut [E],
    h: &mut [E],
) {
    let gates = 3 * hidden;
    let rows = gate
        .chunks_exact_mut(gates)
        .zip(step.chunks_exact(gates))
        .zip(u.chunks_exact_mut(hidden))
        .zip(h.chunks_exact_mut(hidden));
    for (((gate, step), u), h) in rows {
        let (rz, c) = gate.split_at_mut(2 * hidden);
        let (step_rz, step_c) = step.split_at(2 * hidden);
        add(rz, step_rz);
        E::sigmoid_slice(rz);
        let (r, z) = rz.split_at(hidden);
        u.copy_from_slice(step_c);
        add(u, candidate_bias);
        for ((c, r), u) in c.iter_mut().zip(r).zip(&*u) {
            *c += *r * *u;
        }
        E::tanh_slice(c);
        for ((h, z), c) in h.iter_mut().zip(z).zip(&*c) {
            *h = *c + *z * (*h - *c);
        }
    }
}

/// What the forward pass left behind.
struct Backward<'a, E> {
    gate: &'a [E],
    u: &'a [E],
    before: &'a [E],
    recurrent_weight: Matrix<'a, E>,
    reset: &'a [bool],
    lanes: usize,
    hidden: usize,
}

impl<E: Scalar> Backward<'_, E> {
    /// Gradients of the gates' inputs from `x W + b`, of those from `h U` (they differ in the
    /// candidate), and of the first state.
    fn run(&self, g: &[E]) -> (Buffer<E>, Buffer<E>, Buffer<E>) {
        let (lanes, hidden) = (self.lanes, self.hidden);
        let gates = 3 * hidden;
        let mut da = Buffer::stale(self.gate.len());
        let mut du = Buffer::stale(self.gate.len());
        let mut dh = Buffer::zeros(lanes * hidden);
        for t in (0..self.reset.len() / lanes).rev() {
            let (narrow, wide) = (block(t, lanes * hidden), block(t, lanes * gates));
            add(&mut dh, &g[narrow.clone()]);
            gate_gradients(
                hidden,
                &mut dh,
                &self.gate[wide.clone()],
                (&self.u[narrow.clone()], &self.before[narrow]),
                &mut da[wide.clone()],
                &mut du[wide.clone()],
            );
            product(
                &mut dh,
                Matrix::new(&du[wide], lanes, gates),
                self.recurrent_weight.t(),
                true,
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
