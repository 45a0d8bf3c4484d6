//! A gated recurrent unit over a whole sequence together with its derivative along a direction: one
//! way forward for both, and one way back.

use dfdx::prelude::*;
use multiversion::multiversion;

use super::gru::advance;
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

/// States and their tangents, both after every step. With the gates `r, z, c` and `u = h Uc + d` of
/// [`Algebra::gru`](crate::Algebra::gru), and `Ȧ = ẋ W + x Ẇ + ḃ`, `Ṡ = ḣ U + h U̇`:
///
/// ```text
/// ρ = Ȧr + Ṡr    ζ = Ȧz + Ṡz    u̇ = Ṡc + ḋ    ν = Ȧc + ṙ ⊙ u + r ⊙ u̇
/// ṙ = r (1 − r) ρ    ż = z (1 − z) ζ    ċ = (1 − c²) ν
/// ḣ' = (1 − z) ċ + z ḣ + ż (h − c)
/// ```
pub(super) fn gru_dual<E: Scalar, T: TapeHandle<E, Cpu>>(
    (p, candidate_bias): (RecurrenceOf<Taped<E, Cpu, T>>, Value<(usize,), E, Cpu, T>),
    (dp, candidate_bias_tangent): (
        RecurrenceTangentOf<Taped<E, Cpu, T>>,
        Value<(usize,), E, Cpu, T>,
    ),
    reset: &[bool],
) -> (States<E, T>, States<E, T>)
where
    Cpu: Kernels<E>,
{
    let (operands, tape) = DualGates::open(p, dp, reset);
    let (d, d_tape) = open(candidate_bias);
    let (dd, dd_tape) = open(candidate_bias_tangent);
    let tape = tape.merge(d_tape).merge(dd_tape);
    let Gates { lanes, hidden, .. } = operands.value;
    let (rows, gates, n) = (reset.len(), 3 * hidden, lanes * hidden);

    // Rows of `gate` end as [r | z | c], of `moved` as [ρ | ζ | ν].
    let mut gate = operands.value.of_input();
    let mut moved = operands.tangent_of_input();
    // What each step began in, and h Uc + d with its tangent.
    let mut before = Buffer::stale(rows * hidden);
    let mut before_tangent = Buffer::stale(rows * hidden);
    let (mut u, mut du) = (Buffer::stale(rows * hidden), Buffer::stale(rows * hidden));
    let (mut states, mut tangents) = (Buffer::stale(rows * hidden), Buffer::stale(rows * hidden));
    let [mut h, mut dh] = operands.first_states();
    let (mut step, mut dstep) = (Buffer::stale(lanes * gates), Buffer::stale(lanes * gates));
    let recurrent = operands.value.recurrent_weight();
    let recurrent_tangent = operands.recurrent_tangent();
    for (t, reset) in reset.chunks_exact(lanes).enumerate() {
        let (narrow, wide) = (block(t, n), block(t, lanes * gates));
        clear_rows(&mut h, reset, hidden);
        clear_rows(&mut dh, reset, hidden);
        before[narrow.clone()].copy_from_slice(&h);
        before_tangent[narrow.clone()].copy_from_slice(&dh);
        product(
            &mut dstep,
            Matrix::new(&dh, lanes, hidden),
            recurrent,
            false,
        );
        let state = Matrix::new(&h, lanes, hidden);
        product(&mut dstep, state, recurrent_tangent, true);
        product(&mut step, state, recurrent, false);
        let gate = &mut gate[wide.clone()];
        let u = &mut u[narrow.clone()];
        advance(hidden, &step, &d.numbers, gate, u, &mut h);
        advance_tangent(
            hidden,
            (&dstep, &dd.numbers),
            (gate, u, &before[narrow.clone()]),
            (&mut moved[wide], &mut du[narrow.clone()]),
            &mut dh,
        );
        states[narrow.clone()].copy_from_slice(&h);
        tangents[narrow].copy_from_slice(&dh);
    }

    let reset = Buffer::copy_of(reset);
    let zeros = move |g: Option<Buffer<E>>| g.unwrap_or_else(|| Buffer::zeros(rows * hidden));
    let [state, tangent] = close_all(
        tape,
        [states, tangents],
        (rows, hidden),
        move |_, given, adjoints| {
            let [g, dg] = given.map(zeros);
            let back = Backward {
                kept: Kept {
                    gate: &gate,
                    moved: &moved,
                    u: &u,
                    du: &du,
                    before: &before,
                    before_tangent: &before_tangent,
                },
                recurrent_weight: operands.value.recurrent_weight(),
                recurrent_tangent: operands.recurrent_tangent(),
                reset: &reset,
                lanes,
                hidden,
            };
            let found = back.run(&g, &dg);
            operands.value.state.give(found.first, adjoints);
            operands.state.give(found.first_tangent, adjoints);
            for (bias, found) in [(&d, &found.state), (&dd, &found.state_tangent)] {
                if let Some(mut to) = bias.slot(adjoints) {
                    let to = to.entries();
                    for row in found.chunks_exact(gates) {
                        add(to, &row[2 * hidden..]);
                    }
                }
            }
            operands.pass_on(
                [&found.input, &found.input_tangent],
                [&found.state, &found.state_tangent],
                [&before, &before_tangent],
                adjoints,
            )
        },
    );
    (state, tangent)
}

/// The tangents of one step of every lane, whose gates are done: `moved` goes from `Ȧ` to
/// `[ρ | ζ | ν]`, `dh` to the tangent of the next state; `du` keeps the tangent of `u`.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn advance_tangent<E: Scalar>(
    hidden: usize,
    (step, candidate_bias): (&[E], &[E]),
    (gate, u, before): (&[E], &[E], &[E]),
    (moved, du): (&mut [E], &mut [E]),
    dh: &mut [E],
) {
    let (gates, one) = (3 * hidden, E::ONE);
    let rows = moved
        .chunks_exact_mut(gates)
        .zip(step.chunks_exact(gates))
        .zip(gate.chunks_exact(gates))
        .zip(u.chunks_exact(hidden))
        .zip(before.chunks_exact(hidden))
        .zip(du.chunks_exact_mut(hidden))
        .zip(dh.chunks_exact_mut(hidden));
    for ((((((moved, step), gate), u), before), du), dh) in rows {
        let (step_r, step_z, step_c) = thirds(step, hidden);
        let (r, z, c) = thirds(gate, hidden);
        let (rho, rest) = moved.split_at_mut(hidden);
        let (zeta, nu) = rest.split_at_mut(hidden);
        for k in 0..hidden {
            let (r, z, c) = (r[k], z[k], c[k]);
            rho[k] += step_r[k];
            zeta[k] += step_z[k];
            du[k] = step_c[k] + candidate_bias[k];
            nu[k] += r * (one - r) * rho[k] * u[k] + r * du[k];
            let dc = (one - c * c) * nu[k];
            let dz = z * (one - z) * zeta[k];
            dh[k] = dc + z * (dh[k] - dc) + dz * (before[k] - c);
        }
    }
}

fn thirds<E>(row: &[E], hidden: usize) -> (&[E], &[E], &[E]) {
    let (first, rest) = row.split_at(hidden);
    let (second, third) = rest.split_at(hidden);
    (first, second, third)
}

/// What the forward pass left behind: of all rows, or of one step.
#[derive(Clone, Copy)]
struct Kept<'a, E> {
    gate: &'a [E],
    moved: &'a [E],
    u: &'a [E],
    du: &'a [E],
    before: &'a [E],
    before_tangent: &'a [E],
}

struct Backward<'a, E> {
    kept: Kept<'a, E>,
    recurrent_weight: Matrix<'a, E>,
    recurrent_tangent: Matrix<'a, E>,
    reset: &'a [bool],
    lanes: usize,
    hidden: usize,
}

/// Gradients of `x W + b`, of `h U` (they differ in the candidate), of the tangents of both, and of
/// the first state and its tangent.
struct Found<E: Scalar> {
    input: Buffer<E>,
    state: Buffer<E>,
    input_tangent: Buffer<E>,
    state_tangent: Buffer<E>,
    first: Buffer<E>,
    first_tangent: Buffer<E>,
}

impl<E: Scalar> Backward<'_, E> {
    fn run(&self, g: &[E], dg: &[E]) -> Found<E> {
        let (lanes, hidden, kept) = (self.lanes, self.hidden, &self.kept);
        let gates = 3 * hidden;
        let wide = || Buffer::stale(kept.gate.len());
        let mut found = Found {
            input: wide(),
            state: wide(),
            input_tangent: wide(),
            state_tangent: wide(),
            first: Buffer::zeros(lanes * hidden),
            first_tangent: Buffer::zeros(lanes * hidden),
        };
        let back = transposed(self.recurrent_weight);
        let back = Matrix::new(&back, gates, hidden);
        let back_tangent = transposed(self.recurrent_tangent);
        let back_tangent = Matrix::new(&back_tangent, gates, hidden);
        for t in (0..self.reset.len() / lanes).rev() {
            let (narrow, wide) = (block(t, lanes * hidden), block(t, lanes * gates));
            let (h, dh) = (&mut found.first, &mut found.first_tangent);
            add(h, &g[narrow.clone()]);
            add(dh, &dg[narrow.clone()]);
            let step = Kept {
                gate: &kept.gate[wide.clone()],
                moved: &kept.moved[wide.clone()],
                u: &kept.u[narrow.clone()],
                du: &kept.du[narrow.clone()],
                before: &kept.before[narrow.clone()],
                before_tangent: &kept.before_tangent[narrow],
            };
            retreat(
                hidden,
                step,
                (h, dh),
                (
                    &mut found.input[wide.clone()],
                    &mut found.state[wide.clone()],
                ),
                (
                    &mut found.input_tangent[wide.clone()],
                    &mut found.state_tangent[wide.clone()],
                ),
            );
            let of_state = Matrix::new(&found.state[wide.clone()], lanes, gates);
            let of_tangent = Matrix::new(&found.state_tangent[wide], lanes, gates);
            product(h, of_state, back, true);
            product(h, of_tangent, back_tangent, true);
            product(dh, of_tangent, back, true);
            let reset = &self.reset[t * lanes..(t + 1) * lanes];
            clear_rows(h, reset, hidden);
            clear_rows(dh, reset, hidden);
        }
        found
    }
}

/// One step back through the gates of every lane and their tangents: from the gradients of the state
/// after the step and of its tangent to those of the gates' inputs; leaves in `h` and `dh` what passes
/// along the update gate.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn retreat<E: Scalar>(
    hidden: usize,
    kept: Kept<'_, E>,
    (h, dh): (&mut [E], &mut [E]),
    (input, state): (&mut [E], &mut [E]),
    (input_tangent, state_tangent): (&mut [E], &mut [E]),
) {
    let (gates, one) = (3 * hidden, E::ONE);
    for lane in 0..h.len() / hidden {
        let (narrow, wide) = (block(lane, hidden), block(lane, gates));
        let (r, z, c) = thirds(&kept.gate[wide.clone()], hidden);
        let (rho, zeta, nu) = thirds(&kept.moved[wide.clone()], hidden);
        let (u, du) = (&kept.u[narrow.clone()], &kept.du[narrow.clone()]);
        let before = &kept.before[narrow.clone()];
        let before_tangent = &kept.before_tangent[narrow.clone()];
        let (h, dh) = (&mut h[narrow.clone()], &mut dh[narrow]);
        let (input, state) = (&mut input[wide.clone()], &mut state[wide.clone()]);
        let input_tangent = &mut input_tangent[wide.clone()];
        let state_tangent = &mut state_tangent[wide];
        for k in 0..hidden {
            let (r, z, c, g, dg) = (r[k], z[k], c[k], h[k], dh[k]);
            let (r_slope, z_slope, c_slope) = (r * (one - r), z * (one - z), one - c * c);
            let away = before[k] - c;
            let dc = c_slope * nu[k];
            // ḣ' = (1 − z) ċ + z ḣ + ż (h − c)
            let of_dz = dg * away;
            let of_dc = dg * (one - z);
            let of_nu = of_dc * c_slope;
            // h' = (1 − z) c + z h, and what the line above takes from z and c
            let of_z = g * away + dg * (before_tangent[k] - dc) + of_dz * (one - z - z) * zeta[k];
            let of_c = g * (one - z) - dg * (z_slope * zeta[k]) - of_dc * (c + c) * nu[k];
            let of_a = of_c * c_slope;
            // ν = Ȧc + ṙ u + r u̇ and the candidate's Ac + r u
            let of_dr = of_nu * u[k];
            let of_r = of_nu * du[k] + of_a * u[k] + of_dr * (one - r - r) * rho[k];
            let of_u = of_nu * (r_slope * rho[k]) + of_a * r;
            input[k] = of_r * r_slope;
            input[hidden + k] = of_z * z_slope;
            input[2 * hidden + k] = of_a;
            state[k] = input[k];
            state[hidden + k] = input[hidden + k];
            state[2 * hidden + k] = of_u;
            input_tangent[k] = of_dr * r_slope;
            input_tangent[hidden + k] = of_dz * z_slope;
            input_tangent[2 * hidden + k] = of_nu;
            state_tangent[k] = input_tangent[k];
            state_tangent[hidden + k] = input_tangent[hidden + k];
            state_tangent[2 * hidden + k] = of_nu * r;
            h[k] = g * z + dg * (z_slope * zeta[k]);
            dh[k] = dg * z;
        }
    }
}
