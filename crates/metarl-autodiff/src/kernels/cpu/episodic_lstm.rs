//! The episodic LSTM over a whole sequence, laid out as the LSTM beside it.

use dfdx::prelude::*;

use super::node::{add, close_all, open};
use super::recurrent::{Gates, block, clear_rows};
use crate::algebra::RecurrenceOf;
use crate::kernels::buffer::Buffer;
use crate::kernels::product::{Matrix, product};
use crate::taped::Taped;
use crate::value::Value;
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
    let (operands, tape) = Gates::open(p, reset);
    let (rows, lanes, hidden) = (reset.len(), operands.lanes, operands.hidden);
    let gates = 5 * hidden;
    assert_eq!(memory.shape, (rows, hidden), "one memory a row");
    let (c0, c_tape) = open(cell);
    let (m, m_tape) = open(memory);
    let tape = tape.merge(c_tape).merge(m_tape);

    // Rows of `gate` end as [i | f | g | o | r]; `h_before`, `c_before` keep what each step began in.
    let mut gate = operands.of_input();
    let mut h_before = Buffer::stale(rows * hidden);
    let mut c_before = Buffer::stale(rows * hidden);
    let (mut states, mut cells) = (Buffer::stale(rows * hidden), Buffer::stale(rows * hidden));
    let (mut h, mut c) = (
        Buffer::copy_of(&operands.state.numbers),
        Buffer::copy_of(&c0.numbers),
    );
    for (t, reset) in reset.chunks_exact(lanes).enumerate() {
        let narrow = block(t, lanes * hidden);
        let gate = &mut gate[block(t, lanes * gates)];
        clear_rows(&mut h, reset, hidden);
        clear_rows(&mut c, reset, hidden);
        product(
            gate,
            Matrix::new(&h, lanes, hidden),
            operands.recurrent_weight(),
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

    let reset = Buffer::copy_of(reset);
    let zeros = move |g: Option<Buffer<E>>| g.unwrap_or_else(|| Buffer::zeros(rows * hidden));
    let [state, cell] = close_all(
        tape,
        [states, cells],
        (rows, hidden),
        move |[_, cells], given, adjoints| {
            let [g_h, g_c] = given.map(zeros);
            let back = Backward {
                gate: &gate,
                cells,
                memory: &m.numbers,
                c_before: &c_before,
                recurrent_weight: operands.recurrent_weight(),
                reset: &reset,
                lanes,
                hidden,
            };
            let Gradients { da, dm, dh, dc } = back.run(&g_h, &g_c);
            m.give(dm, adjoints);
            operands.state.give(dh, adjoints);
            c0.give(dc, adjoints);
            operands.pass_on([&da, &da], &h_before, adjoints)
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
    recurrent_weight: Matrix<'a, E>,
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
                self.recurrent_weight.t(),
                false,
            );
            let reset = &self.reset[t * lanes..(t + 1) * lanes];
            clear_rows(&mut dh, reset, hidden);
            clear_rows(&mut dc, reset, hidden);
        }
        Gradients { da, dm, dh, dc }
    }
}
