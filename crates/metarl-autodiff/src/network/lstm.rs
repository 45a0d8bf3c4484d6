//! Long short-term memory.

use serde::{Deserialize, Serialize};

use super::{Binder, Initialization, Network};
use crate::Algebra;
use crate::algebra::Recurrence;

/// A long short-term memory; the equations are those of [`Algebra::lstm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lstm {
    /// Inputs.
    pub inputs: usize,
    /// Hidden units.
    pub hidden: usize,
    /// Longest memory `T` of a unit in steps before anything is learned; see
    /// [`Initialization::Chrono`]. 2 or less starts with gates half open.
    pub longest_memory: usize,
}

/// Parameters of an [`Lstm`].
#[derive(Debug, Clone)]
pub struct LstmParameters<A: Algebra> {
    /// `(inputs, 4 hidden)`
    pub input_weight: A::Of<(usize, usize)>,
    /// `(hidden, 4 hidden)`
    pub recurrent_weight: A::Of<(usize, usize)>,
    /// `(4 hidden,)`
    pub bias: A::Of<(usize,)>,
}

/// Hidden state and cell, `(lanes, hidden)` or `(rows, hidden)` each.
#[derive(Debug, Clone)]
pub struct LstmState<A: Algebra> {
    /// What the layer shows.
    pub hidden: A::Of<(usize, usize)>,
    /// What it remembers.
    pub cell: A::Of<(usize, usize)>,
}

impl Network for Lstm {
    type Bound<A: Algebra> = LstmParameters<A>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let gates = 4 * self.hidden;
        let glorot = Initialization::Glorot {
            gain: 1.0,
            blocks: 4,
        };
        let orthogonal = Initialization::Orthogonal { blocks: 4 };
        let memory = Initialization::Chrono {
            longest: self.longest_memory,
            blocks: 4,
            keep: 1,
            write: Some(0),
            reinstate: None,
        };
        LstmParameters {
            input_weight: binder.leaf("input_weight", (self.inputs, gates), glorot),
            recurrent_weight: binder.leaf("recurrent_weight", (self.hidden, gates), orthogonal),
            bias: binder.leaf("bias", (gates,), memory),
        }
    }
}

impl<A: Algebra> LstmParameters<A> {
    /// States after every step: `(rows, inputs) → (rows, hidden)`, rows time-major.
    pub fn forward(
        &self,
        input: A::Of<(usize, usize)>,
        state: LstmState<A>,
        reset: &[bool],
    ) -> LstmState<A> {
        let recurrence = Recurrence {
            input,
            state: state.hidden,
            input_weight: self.input_weight.clone(),
            recurrent_weight: self.recurrent_weight.clone(),
            bias: self.bias.clone(),
        };
        let (hidden, cell) = A::lstm(recurrence, state.cell, reset);
        LstmState { hidden, cell }
    }
}
