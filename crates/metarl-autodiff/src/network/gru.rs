//! A gated recurrent unit.

use serde::{Deserialize, Serialize};

use super::{Binder, Initialization, Network};
use crate::Algebra;
use crate::algebra::Recurrence;

/// A gated recurrent unit; the equations are those of [`Algebra::gru`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gru {
    /// Inputs.
    pub inputs: usize,
    /// Hidden units.
    pub hidden: usize,
    /// Longest memory `T` of a unit in steps before anything is learned; see
    /// [`Initialization::Chrono`]. 2 or less starts with gates half open.
    pub longest_memory: usize,
}

/// Parameters of a [`Gru`].
#[derive(Debug, Clone)]
pub struct GruParameters<A: Algebra> {
    /// `(inputs, 3 hidden)`
    pub input_weight: A::Of<(usize, usize)>,
    /// `(hidden, 3 hidden)`
    pub recurrent_weight: A::Of<(usize, usize)>,
    /// `(3 hidden,)`
    pub bias: A::Of<(usize,)>,
    /// `(hidden,)`: the bias inside the reset gate's product.
    pub candidate_bias: A::Of<(usize,)>,
}

impl Network for Gru {
    type Bound<A: Algebra> = GruParameters<A>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let gates = 3 * self.hidden;
        let glorot = Initialization::Glorot {
            gain: 1.0,
            blocks: 3,
        };
        let orthogonal = Initialization::Orthogonal { blocks: 3 };
        let memory = Initialization::Chrono {
            longest: self.longest_memory,
            blocks: 3,
            keep: 1,
            write: None,
            reinstate: None,
        };
        let zero = Initialization::Constant(0.0);
        GruParameters {
            input_weight: binder.leaf("input_weight", (self.inputs, gates), glorot),
            recurrent_weight: binder.leaf("recurrent_weight", (self.hidden, gates), orthogonal),
            bias: binder.leaf("bias", (gates,), memory),
            candidate_bias: binder.leaf("candidate_bias", (self.hidden,), zero),
        }
    }
}

impl<A: Algebra> GruParameters<A> {
    /// States after every step: `(rows, inputs) → (rows, hidden)`, rows time-major.
    pub fn forward(
        &self,
        input: A::Of<(usize, usize)>,
        state: A::Of<(usize, usize)>,
        reset: &[bool],
    ) -> A::Of<(usize, usize)> {
        let recurrence = Recurrence {
            input,
            state,
            input_weight: self.input_weight.clone(),
            recurrent_weight: self.recurrent_weight.clone(),
            bias: self.bias.clone(),
        };
        A::gru(recurrence, self.candidate_bias.clone(), reset)
    }
}
