//! What recurrent layers have in common: gates made of `x W + h U + b`.

use std::ops::Range;

use dfdx::prelude::*;

use super::dense::affine;
use super::node::{Input, open};
use crate::adjoints::Adjoints;
use crate::algebra::{RecurrenceOf, RecurrenceTangentOf};
use crate::kernels::buffer::Buffer;
use crate::kernels::product::{Matrix, product};
use crate::taped::Taped;
use crate::{Kernels, Scalar, TapeHandle};

/// What the gates of every step are made of, `x W + h U + b`, and the first `h`.
pub(super) struct Gates<E: Scalar> {
    input: Input<E>,
    pub(super) state: Input<E>,
    input_weight: Input<E>,
    recurrent_weight: Input<E>,
    bias: Input<E>,
    rows: usize,
    inputs: usize,
    pub(super) lanes: usize,
    pub(super) hidden: usize,
}

impl<E: Scalar> Gates<E> {
    /// Takes the arguments apart, and gives the tape of them all.
    pub(super) fn open<T: TapeHandle<E, Cpu>>(
        p: RecurrenceOf<Taped<E, Cpu, T>>,
        reset: &[bool],
    ) -> (Self, T)
    where
        Cpu: Kernels<E>,
    {
        let (rows, inputs) = p.input.shape;
        let (lanes, hidden) = p.state.shape;
        assert_eq!(reset.len(), rows, "one reset flag a row");
        assert_eq!(rows % lanes, 0, "rows are steps × lanes");
        let (input, x_tape) = open(p.input);
        let (state, h_tape) = open(p.state);
        let (input_weight, w_tape) = open(p.input_weight);
        let (recurrent_weight, u_tape) = open(p.recurrent_weight);
        let (bias, b_tape) = open(p.bias);
        let tape = [h_tape, w_tape, u_tape, b_tape];
        let gates = Self {
            input,
            state,
            input_weight,
            recurrent_weight,
            bias,
            rows,
            inputs,
            lanes,
            hidden,
        };
        (gates, tape.into_iter().fold(x_tape, T::merge))
    }

    fn width(&self) -> usize {
        self.bias.numbers.len()
    }

    /// A number for each gate of every step.
    fn of_gates<'a>(&self, numbers: &'a [E]) -> Matrix<'a, E> {
        Matrix::new(numbers, self.rows, self.width())
    }

    /// A number for each unit of every step.
    fn of_states<'a>(&self, numbers: &'a [E]) -> Matrix<'a, E> {
        Matrix::new(numbers, self.rows, self.hidden)
    }

    /// `x`, or what is as large.
    fn input<'a>(&self, input: &'a Input<E>) -> Matrix<'a, E> {
        Matrix::new(&input.numbers, self.rows, self.inputs)
    }

    /// `W`, or what is as large.
    fn input_weight<'a>(&self, weight: &'a Input<E>) -> Matrix<'a, E> {
        Matrix::new(&weight.numbers, self.inputs, self.width())
    }

    /// `U`
    pub(super) fn recurrent_weight(&self) -> Matrix<'_, E> {
        Matrix::new(&self.recurrent_weight.numbers, self.hidden, self.width())
    }

    /// `x W + b` of every step.
    pub(super) fn of_input(&self) -> Buffer<E> {
        affine(
            self.input(&self.input),
            self.input_weight(&self.input_weight),
            &self.bias.numbers,
        )
    }

    /// Adds the gradients of input, weights and bias: `da` is that of `x W + b`, `du` that of `h U`,
    /// and `before` has the `h` that each step began in.
    pub(super) fn pass_on(&self, [da, du]: [&[E]; 2], before: &[E], adjoints: &mut Adjoints<E>) {
        if let Some(to) = self.bias.slot(adjoints) {
            to.add_rows(da);
        }
        let (da, du) = (self.of_gates(da), self.of_gates(du));
        let (x, w) = (
            self.input(&self.input),
            self.input_weight(&self.input_weight),
        );
        let products = [
            (&self.input_weight, x.t(), da),
            (&self.recurrent_weight, self.of_states(before).t(), du),
            (&self.input, da, w.t()),
        ];
        add_products(products, adjoints)
    }
}

/// [`Gates`] together with their tangents, `ẋ W + x Ẇ + ḣ U + h U̇ + ḃ`; an input that is data has
/// no tangent.
pub(super) struct DualGates<E: Scalar> {
    pub(super) value: Gates<E>,
    input: Option<Input<E>>,
    pub(super) state: Input<E>,
    input_weight: Input<E>,
    recurrent_weight: Input<E>,
    bias: Input<E>,
}

impl<E: Scalar> DualGates<E> {
    /// Takes the arguments and their tangents apart, and gives the tape of them all.
    pub(super) fn open<T: TapeHandle<E, Cpu>>(
        p: RecurrenceOf<Taped<E, Cpu, T>>,
        dp: RecurrenceTangentOf<Taped<E, Cpu, T>>,
        reset: &[bool],
    ) -> (Self, T)
    where
        Cpu: Kernels<E>,
    {
        let (value, tape) = Gates::open(p, reset);
        let (input, x_tape) = dp.input.map(open).unzip();
        let (state, h_tape) = open(dp.state);
        let (input_weight, w_tape) = open(dp.input_weight);
        let (recurrent_weight, u_tape) = open(dp.recurrent_weight);
        let (bias, b_tape) = open(dp.bias);
        let tapes = [x_tape.unwrap_or_default(), h_tape, w_tape, u_tape, b_tape];
        let gates = Self {
            value,
            input,
            state,
            input_weight,
            recurrent_weight,
            bias,
        };
        (gates, tapes.into_iter().fold(tape, T::merge))
    }

    /// The first `h` and `ḣ`.
    pub(super) fn first_states(&self) -> [Buffer<E>; 2] {
        [&self.value.state, &self.state].map(|state| Buffer::copy_of(&state.numbers))
    }

    /// `U̇`
    pub(super) fn recurrent_tangent(&self) -> Matrix<'_, E> {
        let Gates { hidden, .. } = self.value;
        Matrix::new(&self.recurrent_weight.numbers, hidden, self.value.width())
    }

    /// `ẋ W + x Ẇ + ḃ` of every step.
    pub(super) fn tangent_of_input(&self) -> Buffer<E> {
        let value = &self.value;
        let mut tangent = affine(
            value.input(&value.input),
            value.input_weight(&self.input_weight),
            &self.bias.numbers,
        );
        if let Some(dx) = &self.input {
            let weight = value.input_weight(&value.input_weight);
            product(&mut tangent, value.input(dx), weight, true);
        }
        tangent
    }

    /// Adds the gradients of inputs, weights, biases and their tangents: `da` is that of `x W + b`,
    /// `du` that of `h U`, each with that of its tangent, and `before` has the `h` and `ḣ` that each
    /// step began in.
    pub(super) fn pass_on(
        &self,
        da: [&[E]; 2],
        du: [&[E]; 2],
        before: [&[E]; 2],
        adjoints: &mut Adjoints<E>,
    ) {
        let value = &self.value;
        for (bias, da) in [&value.bias, &self.bias].into_iter().zip(da) {
            if let Some(to) = bias.slot(adjoints) {
                to.add_rows(da);
            }
        }
        let [of_value, of_tangent] = da.map(|da| value.of_gates(da));
        let [of_state, of_state_tangent] = du.map(|du| value.of_gates(du));
        let [before, before_tangent] = before.map(|before| value.of_states(before));
        let x = value.input(&value.input);
        let w = value.input_weight(&value.input_weight);
        let dw = value.input_weight(&self.input_weight);
        let products = [
            (&value.input_weight, x.t(), of_value),
            (&self.input_weight, x.t(), of_tangent),
            (&value.recurrent_weight, before.t(), of_state),
            (
                &value.recurrent_weight,
                before_tangent.t(),
                of_state_tangent,
            ),
            (&self.recurrent_weight, before.t(), of_state_tangent),
            (&value.input, of_value, w.t()),
            (&value.input, of_tangent, dw.t()),
        ];
        add_products(products, adjoints);
        if let Some(dx) = &self.input {
            let products = [
                (&value.input_weight, value.input(dx).t(), of_tangent),
                (dx, of_tangent, w.t()),
            ];
            add_products(products, adjoints);
        }
    }
}

/// Adds products to the gradients of inputs, in this order.
fn add_products<E: Scalar, const N: usize>(
    products: [(&Input<E>, Matrix<'_, E>, Matrix<'_, E>); N],
    adjoints: &mut Adjoints<E>,
) {
    for (to, left, right) in products {
        if let Some(to) = to.slot(adjoints) {
            to.add_product(left, right);
        }
    }
}

/// Where step `t` lies, at so many numbers a step.
pub(super) fn block(t: usize, width: usize) -> Range<usize> {
    t * width..(t + 1) * width
}

/// Zeroes the rows whose lane starts anew.
pub(super) fn clear_rows<E: Scalar>(state: &mut [E], reset: &[bool], width: usize) {
    for (row, reset) in state.chunks_exact_mut(width).zip(reset) {
        if *reset {
            row.fill(E::real(0.0));
        }
    }
}
