//! Convolutions: the windows of a few rows at a time, then one product, so that windows stay in the
//! cache and are never all in memory.

use dfdx::prelude::*;

use super::node::{close, open};
use crate::algebra::Activation;
use crate::kernels::buffer::Buffer;
use crate::kernels::product::{Matrix, product};
use crate::value::Value;
use crate::{Scalar, TapeHandle, Windows};

/// Windows in one product: enough to fill a register block many times, few enough for the cache.
const WINDOWS_A_BLOCK: usize = 512;

/// Every window in a row of its own; backward adds each number's gradients up.
pub(super) fn unfold<E: Scalar, T: TapeHandle<E, Cpu>>(
    x: Value<(usize, usize), E, Cpu, T>,
    windows: &Windows,
) -> Value<(usize, usize), E, Cpu, T> {
    let (n, inputs) = x.shape;
    assert_eq!(inputs, windows.n_inputs(), "numbers in a row of windows");
    let shape = (n * windows.n_positions(), windows.width());
    let (x, tape) = open(x);
    let mut out = Buffer::zeros(shape.0 * shape.1);
    windows.unfold(&x.numbers, &mut out);
    let windows = windows.clone();
    close(tape, out, shape, move |_, g, adjoints| {
        if let Some(mut to) = x.slot(adjoints) {
            windows.fold(&g, to.entries());
        }
    })
}

/// `y = φ(unfold(x) W + b)`; backward `u = ȳ φ'`, `W̄ += unfold(x)ᵀ u`, `b̄ += Σ u`,
/// `x̄ += fold(u Wᵀ)`.
pub(super) fn convolution<E: Scalar, T: TapeHandle<E, Cpu>>(
    x: Value<(usize, usize), E, Cpu, T>,
    windows: &Windows,
    weight: Value<(usize, usize), E, Cpu, T>,
    bias: Value<(usize,), E, Cpu, T>,
    activation: Activation,
) -> Value<(usize, usize), E, Cpu, T> {
    let (n, inputs) = x.shape;
    let (width, outputs) = weight.shape;
    assert_eq!(inputs, windows.n_inputs(), "numbers in a row of windows");
    assert_eq!(width, windows.width(), "numbers in a window");
    let shape = (n * windows.n_positions(), outputs);
    let (x, tape) = open(x);
    let (w, w_tape) = open(weight);
    let (b, b_tape) = open(bias);
    let tape = tape.merge(w_tape).merge(b_tape);
    let blocks = Blocks::new(windows.clone(), outputs);
    let mut patches = blocks.patches(n);
    let mut y = Buffer::stale(shape.0 * outputs);
    for (x, y) in blocks.rows(&x.numbers).zip(y.chunks_mut(blocks.outputs)) {
        let patches = blocks.unfold(x, &mut patches);
        product(y, patches, Matrix::new(&w.numbers, width, outputs), false);
        activation.apply_with_bias(y, &b.numbers);
    }
    close(tape, y, shape, move |y, mut g, adjoints| {
        activation.multiply_slope(&mut g, y);
        if let Some(to) = b.slot(adjoints) {
            to.add_rows(&g);
        }
        let u = g.chunks(blocks.outputs);
        let u = u.map(|u| Matrix::new(u, u.len() / outputs, outputs));
        if let Some(mut to) = w.slot(adjoints) {
            let to = to.entries();
            for (x, u) in blocks.rows(&x.numbers).zip(u.clone()) {
                product(to, blocks.unfold(x, &mut patches).t(), u, true);
            }
        }
        if let Some(mut to) = x.slot(adjoints) {
            for (to, u) in to.entries().chunks_mut(blocks.inputs).zip(u) {
                let patches = &mut patches[..u.rows() * width];
                product(
                    patches,
                    u,
                    Matrix::new(&w.numbers, width, outputs).t(),
                    false,
                );
                blocks.windows.fold(patches, to);
            }
        }
    })
}

/// Rows cut into blocks of about [`WINDOWS_A_BLOCK`] windows.
pub(super) struct Blocks {
    pub(super) windows: Windows,
    /// Rows, numbers of inputs and of outputs in a block.
    n_rows: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
}

impl Blocks {
    pub(super) fn new(windows: Windows, outputs: usize) -> Self {
        let positions = windows.n_positions();
        let n_rows = (WINDOWS_A_BLOCK / positions).max(1);
        Self {
            inputs: n_rows * windows.n_inputs(),
            outputs: n_rows * positions * outputs,
            n_rows,
            windows,
        }
    }

    pub(super) fn rows<'a, E>(&self, x: &'a [E]) -> impl Iterator<Item = &'a [E]> {
        x.chunks(self.inputs)
    }

    /// Block `k` of rows.
    pub(super) fn row<'a, E>(&self, x: &'a [E], k: usize) -> &'a [E] {
        let start = k * self.inputs;
        &x[start..x.len().min(start + self.inputs)]
    }

    /// Room for the windows of a block of `n` rows in all; its padding stays zero.
    pub(super) fn patches<E: Scalar>(&self, n: usize) -> Buffer<E> {
        let positions = n.min(self.n_rows) * self.windows.n_positions();
        Buffer::zeros(positions * self.windows.width())
    }

    pub(super) fn unfold<'a, E: Scalar>(&self, x: &[E], patches: &'a mut [E]) -> Matrix<'a, E> {
        let positions = x.len() / self.windows.n_inputs() * self.windows.n_positions();
        let width = self.windows.width();
        let patches = &mut patches[..positions * width];
        self.windows.unfold(x, patches);
        Matrix::new(patches, positions, width)
    }
}
