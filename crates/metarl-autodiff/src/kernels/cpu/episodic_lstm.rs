//! The episodic LSTM over a whole sequence, laid out as the LSTM beside it.

use dfdx::prelude::*;

use super::dense::affine;
use super::gru::{block, clear_rows};
use super::node::{add, close_all, open};
use crate::algebra::RecurrenceOf;
use crate::kernels::buffer::Buffer;
use crate::kernels::product::{Matrix, product};
use crate::value::{Taped, Value};
use crate::{Kernels, Scalar, TapeHandle};

/// See [`Algebra::episodic_lstm`](crate::Algebra::episodic_lstm) for the equations.
pub(super) fn episodic_lstm<E: Scalar, T: TapeHandle<E, Cpu>>(
    p: RecurrenceOf<Taped<E, Cpu, T>>,
    cell: Value<(usize, usize), E, Cpu, T>,
    memory: Value<(usize, usize), E, Cpu, T>,
    reset: &[bool],
) -> (
    Value<(usize, usize), E, Cpu, T>,
    Value<(usize, usize), E, Cpu, T>,
)
where
    Cpu: Kernels<E>,
{
    let (rows, inputs) = p.input.shape;
    let (lanes, hidden) = p.state.shape;
    assert_eq!(reset.len(), rows, "one reset flag a row");
    assert_eq!(rows % lanes, 0, "rows are steps × lanes");
    assert_eq!(memory.shape, (rows, hidden), "one memory a row");
    let gates = 5 * hidden;
    let (x, x_tape) = open(p.input);
    let (h0, h_tape) = open(p.state);
    let (c0, c_tape) = open(cell);
    let (m, m_tape) = open(memory);
    let (wi, wi_tape) = open(p.input_weight);
    let (wh, wh_tape) = open(p.recurrent_weight);
    let (b, b_tape) = open(p.bias);
    let tape = [h_tape, c_tape, m_tape, wi_tape, wh_tape, b_tape]
        .into_iter()
        .fold(x_tape, T::merge);

    // Rows of `gate` end as [i | f | g | o | r]; `h_before`, `c_before` keep what each step began in.
    let mut gate = affine(
        Matrix::new(&x.numbers, rows, inputs),
        Matrix::new(&wi.numbers, inputs, gates),
        &b.numbers,
    );
    let mut h_before = Buffer::stale(rows * hidden);
    let mut c_before = Buffer::stale(rows * hidden);
    let (mut states, mut cells) = (Buffer::stale(rows * hidden), Buffer::stale(rows * hidden));
    let (mut h, mut c) = (Buffer::copy_of(&h0.numbers), Buffer::copy_of(&c0.numbers));
    for (t, reset) in reset.chunks_exact(lanes).enumerate() {
        let narrow = block(t, lanes * hidden);
        let gate = &mut gate[block(t, lanes * gates)];
        clear_rows(&mut h, reset, hidden);
        clear_rows(&mut c, reset, hidden);
        product(
            gate,
            Matrix::new(&h, lanes, hidden),
            Matrix::new(&wh.numbers, hidden, gates),
            true,
        );
        h_before[narrow.clone()].copy_from_slice(&h);
        c_before[narrow.clone()].copy_from_slice(&c);
        for (((gate, h), c), m) in gate
            .chunks_exact_mut(gates)
            .zip(h.chunks_exact_mut(hidden))
            .zip(c.chunks_exact_mut(hidden))
            .zip(m.numbers[narrow.clone()].chunks_exact(hidden))
        {
            E::sigmoid_slice(&mut gate[..2 * hidden]);
            E::tanh_slice(&mut gate[2 * hidden..3 * hidden]);
            E::sigmoid_slice(&mut gate[3 * hidden..]);
            for k in 0..hidden {
                let reinstated = gate[4 * hidden + k] * m[k];
                c[k] = gate[hidden + k] * c[k] + gate[k] * gate[2 * hidden + k] + reinstated;
            }
            h.copy_from_slice(c);
            E::tanh_slice(h);
            for (h, o) in h.iter_mut().zip(&gate[3 * hidden..4 * hidden]) {
                *h *= *o;
            }
        }
        states[narrow.clone()].copy_from_slice(&h);
        cells[narrow].copy_from_slice(&c);
    }

    let reset = reset.to_vec();
    let zeros = move |g: Option<Buffer<E>>| g.unwrap_or_else(|| Buffer::zeros(rows * hidden));
    let [state, cell] = close_all(
        tape,
        [states, cells],
        (rows, hidden),
        move |[_, cells], given, gradients| {
            let [g_h, g_c] = given.map(zeros);
            let back = Backward {
                gate: &gate,
                cells,
                memory: &m.numbers,
                c_before: &c_before,
                recurrent_weight: &wh.numbers,
                reset: &reset,
                lanes,
                hidden,
            };
            let Gradients { da, dm, dh, dc } = back.run(&g_h, &g_c);
            if let Some(to) = m.slot(gradients)? {
                to.give(dm);
            }
            if let Some(to) = h0.slot(gradients)? {
                to.give(dh);
            }
            if let Some(to) = c0.slot(gradients)? {
                to.give(dc);
            }
            if let Some(to) = b.slot(gradients)? {
                to.add_rows(&da);
            }
            let da = Matrix::new(&da, rows, gates);
            if let Some(to) = wi.slot(gradients)? {
                to.add_product(Matrix::new(&x.numbers, rows, inputs).t(), da);
            }
            if let Some(to) = wh.slot(gradients)? {
                to.add_product(Matrix::new(&h_before, rows, hidden).t(), da);
            }
            if let Some(to) = x.slot(gradients)? {
                to.add_product(da, Matrix::new(&wi.numbers, inputs, gates).t());
            }
            Ok(())
        },
    );
    (state, cell)
}

/// What the forward pass left behind.
struct Backward<'a, E> {
    gate: &'a [E],
    cells: &'a [E],
    memory: &'a [E],
    c_before: &'a [E],
    recurrent_weight: &'a [E],
    reset: &'a [bool],
    lanes: usize,
    hidden: usize,
}

struct Gradients<E: Scalar> {
    /// Of what the gates are functions of.
    da: Buffer<E>,
    /// Of the memories.
    dm: Buffer<E>,
    /// Of the first state and the first cell.
    dh: Buffer<E>,
    dc: Buffer<E>,
}

impl<E: Scalar> Backward<'_, E> {
    fn run(&self, g_h: &[E], g_c: &[E]) -> Gradients<E> {
        let (lanes, hidden) = (self.lanes, self.hidden);
        let (gates, one) = (5 * hidden, E::ONE);
        let mut tanh_c = Buffer::copy_of(self.cells);
        E::tanh_slice(&mut tanh_c);
        let mut da = Buffer::stale(self.gate.len());
        let mut dm = Buffer::stale(self.cells.len());
        let mut dh = Buffer::zeros(lanes * hidden);
        let mut dc = Buffer::zeros(lanes * hidden);
        for t in (0..self.reset.len() / lanes).rev() {
            let (block, wide) = (block(t, lanes * hidden), block(t, lanes * gates));
            add(&mut dh, &g_h[block.clone()]);
            add(&mut dc, &g_c[block.clone()]);
            let rows = dh
                .chunks_exact(hidden)
                .zip(dc.chunks_exact_mut(hidden))
                .zip(self.gate[wide.clone()].chunks_exact(gates))
                .zip(tanh_c[block.clone()].chunks_exact(hidden))
                .zip(self.c_before[block.clone()].chunks_exact(hidden))
                .zip(self.memory[block.clone()].chunks_exact(hidden))
                .zip(dm[block].chunks_exact_mut(hidden))
                .zip(da[wide.clone()].chunks_exact_mut(gates));
            for (((((((dh, dc), gate), tanh_c), before), m), dm), da) in rows {
                for k in 0..hidden {
                    let (i, f) = (gate[k], gate[hidden + k]);
                    let (g, o) = (gate[2 * hidden + k], gate[3 * hidden + k]);
                    let r = gate[4 * hidden + k];
                    let d = dc[k] + dh[k] * o * (one - tanh_c[k] * tanh_c[k]);
                    da[k] = d * g * i * (one - i);
                    da[hidden + k] = d * before[k] * f * (one - f);
                    da[2 * hidden + k] = d * i * (one - g * g);
                    da[3 * hidden + k] = dh[k] * tanh_c[k] * o * (one - o);
                    da[4 * hidden + k] = d * m[k] * r * (one - r);
                    dm[k] = d * r;
                    dc[k] = d * f;
                }
            }
            product(
                &mut dh,
                Matrix::new(&da[wide], lanes, gates),
                Matrix::new(self.recurrent_weight, hidden, gates).t(),
                false,
            );
            let reset = &self.reset[t * lanes..(t + 1) * lanes];
            clear_rows(&mut dh, reset, hidden);
            clear_rows(&mut dc, reset, hidden);
        }
        Gradients { da, dm, dh, dc }
    }
}
