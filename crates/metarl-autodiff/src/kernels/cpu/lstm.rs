//! Long short-term memory over a whole sequence, laid out as the gated recurrent unit beside it.

use dfdx::prelude::*;
use multiversion::multiversion;

use super::node::{add, close_all, open};
use super::recurrent::{Gates, block, clear_rows};
use crate::algebra::RecurrenceOf;
use crate::kernels::buffer::Buffer;
use crate::kernels::narrow::transposed;
use crate::kernels::product::{Matrix, product};
use crate::taped::Taped;
use crate::value::Value;
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
    let (operands, tape) = Gates::open(p, reset);
    let (rows, lanes, hidden) = (reset.len(), operands.lanes, operands.hidden);
    let gates = 4 * hidden;
    let (c0, c_tape) = open(cell);
    let tape = tape.merge(c_tape);

    // Rows of `gate` end as [i | f | g | o]; `h_before`, `c_before` keep what each step began in.
    let mut gate = operands.of_input();
    let n = lanes * hidden;
    let kept = if tape.records() { rows } else { lanes };
    let (mut h_before, mut c_before) = (Buffer::stale(kept * hidden), Buffer::stale(kept * hidden));
    let mut tanh_c = Buffer::stale(kept * hidden);
    let (mut states, mut cells) = (Buffer::stale(rows * hidden), Buffer::stale(rows * hidden));
    let (mut h, mut c) = (
        Buffer::copy_of(&operands.state.numbers),
        Buffer::copy_of(&c0.numbers),
    );
    for (t, reset) in reset.chunks_exact(lanes).enumerate() {
        let gate = &mut gate[block(t, lanes * gates)];
        clear_rows(&mut h, reset, hidden);
        clear_rows(&mut c, reset, hidden);
        product(
            gate,
            Matrix::new(&h, lanes, hidden),
            operands.recurrent_weight(),
            true,
        );
        let kept = block(if tape.records() { t } else { 0 }, n);
        h_before[kept.clone()].copy_from_slice(&h);
        c_before[kept.clone()].copy_from_slice(&c);
        advance(hidden, gate, &mut c, &mut tanh_c[kept], &mut h);
        states[block(t, n)].copy_from_slice(&h);
        cells[block(t, n)].copy_from_slice(&c);
    }

    let reset = Buffer::copy_of(reset);
    let zeros = move |g: Option<Buffer<E>>| g.unwrap_or_else(|| Buffer::zeros(rows * hidden));
    let [state, cell] = close_all(
        tape,
        [states, cells],
        (rows, hidden),
        move |_, given, adjoints| {
            let [g_h, g_c] = given.map(zeros);
            let back = Backward {
                gate: &gate,
                tanh_c: &tanh_c,
                c_before: &c_before,
                recurrent_weight: operands.recurrent_weight(),
                reset: &reset,
                lanes,
                hidden,
            };
            let (da, dh, dc) = back.run(&g_h, &g_c);
            operands.state.give(dh, adjoints);
            c0.give(dc, adjoints);
            operands.pass_on([&da, &da], &h_before, adjoints)
        },
    );
    (state, cell)
}

/// One step of every lane: `gate` goes from `x W + h U + b` to `[i | f | g | o]`, `c` to the next
/// cell, and `h` to the next state.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(super) fn advance<E: Scalar>(
    hidden: usize,
    gate: &mut [E],
    c: &mut [E],
    tanh_c: &mut [E],
    h: &mut [E],
) {
    for (gate, c) in gate
        .chunks_exact_mut(4 * hidden)
        .zip(c.chunks_exact_mut(hidden))
    {
        E::sigmoid_slice(&mut gate[..2 * hidden]);
        E::tanh_slice(&mut gate[2 * hidden..3 * hidden]);
        E::sigmoid_slice(&mut gate[3 * hidden..]);
        let [i, f, g, _] = quarters(gate, hidden);
        for (((c, i), f), g) in c.iter_mut().zip(i).zip(f).zip(g) {
            *c = *f * *c + *i * *g;
        }
    }
    tanh_c.copy_from_slice(c);
    E::tanh_slice(tanh_c);
    let rows = h
        .chunks_exact_mut(hidden)
        .zip(gate.chunks_exact(4 * hidden));
    for ((h, gate), tanh_c) in rows.zip(tanh_c.chunks_exact(hidden)) {
        let [_, _, _, o] = quarters(gate, hidden);
        for ((h, o), tanh_c) in h.iter_mut().zip(o).zip(tanh_c) {
            *h = *tanh_c * *o;
        }
    }
}

/// A row's gates, one after another.
#[inline(always)]
pub(super) fn quarters<E>(row: &[E], hidden: usize) -> [&[E]; 4] {
    std::array::from_fn(|k| &row[k * hidden..][..hidden])
}

/// The same, to be written.
#[inline(always)]
pub(super) fn quarters_mut<E>(row: &mut [E], hidden: usize) -> [&mut [E]; 4] {
    let (first, row) = row.split_at_mut(hidden);
    let (second, row) = row.split_at_mut(hidden);
    let (third, row) = row.split_at_mut(hidden);
    [first, second, third, &mut row[..hidden]]
}

/// What the forward pass left behind.
struct Backward<'a, E> {
    gate: &'a [E],
    tanh_c: &'a [E],
    c_before: &'a [E],
    recurrent_weight: Matrix<'a, E>,
    reset: &'a [bool],
    lanes: usize,
    hidden: usize,
}

impl<E: Scalar> Backward<'_, E> {
    /// Gradients of the gates' inputs, of the first state and of the first cell.
    fn run(&self, g_h: &[E], g_c: &[E]) -> (Buffer<E>, Buffer<E>, Buffer<E>) {
        let (lanes, hidden) = (self.lanes, self.hidden);
        let gates = 4 * hidden;
        let back = transposed(self.recurrent_weight);
        let mut da = Buffer::stale(self.gate.len());
        let mut dh = Buffer::zeros(lanes * hidden);
        let mut dc = Buffer::zeros(lanes * hidden);
        for t in (0..self.reset.len() / lanes).rev() {
            let (narrow, wide) = (block(t, lanes * hidden), block(t, lanes * gates));
            add(&mut dh, &g_h[narrow.clone()]);
            add(&mut dc, &g_c[narrow.clone()]);
            gate_gradients(
                hidden,
                &self.gate[wide.clone()],
                (&self.tanh_c[narrow.clone()], &self.c_before[narrow]),
                &dh,
                &mut dc,
                &mut da[wide.clone()],
            );
            product(
                &mut dh,
                Matrix::new(&da[wide], lanes, gates),
                Matrix::new(&back, gates, hidden),
                false,
            );
            let reset = &self.reset[t * lanes..(t + 1) * lanes];
            clear_rows(&mut dh, reset, hidden);
            clear_rows(&mut dc, reset, hidden);
        }
        (da, dh, dc)
    }
}

/// One step back through the gates of every lane: from the gradients of state and cell after the step
/// to those of the gates' inputs; leaves in `dc` the gradient of the cell before.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn gate_gradients<E: Scalar>(
    hidden: usize,
    gate: &[E],
    (tanh_c, before): (&[E], &[E]),
    dh: &[E],
    dc: &mut [E],
    da: &mut [E],
) {
    let one = E::ONE;
    let rows = dh
        .chunks_exact(hidden)
        .zip(dc.chunks_exact_mut(hidden))
        .zip(gate.chunks_exact(4 * hidden))
        .zip(tanh_c.chunks_exact(hidden))
        .zip(before.chunks_exact(hidden))
        .zip(da.chunks_exact_mut(4 * hidden));
    for (((((dh, dc), gate), tanh_c), before), da) in rows {
        let [i, f, g, o] = quarters(gate, hidden);
        let [da_i, da_f, da_g, da_o] = quarters_mut(da, hidden);
        for k in 0..hidden {
            let (i, f, g, o) = (i[k], f[k], g[k], o[k]);
            let d = dc[k] + dh[k] * o * (one - tanh_c[k] * tanh_c[k]);
            da_i[k] = d * g * i * (one - i);
            da_f[k] = d * before[k] * f * (one - f);
            da_g[k] = d * i * (one - g * g);
            da_o[k] = dh[k] * tanh_c[k] * o * (one - o);
            dc[k] = d * f;
        }
    }
}
