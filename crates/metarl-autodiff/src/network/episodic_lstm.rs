//! Long short-term memory that takes up again what it once knew.

use serde::{Deserialize, Serialize};

use super::lstm::LstmState;
use super::{Binder, Initialization, Network};
use crate::Algebra;
use crate::algebra::Recurrence;

/// An episodic LSTM; the equations are those of [`Algebra::episodic_lstm`].
///
/// Where the memories come from is not its affair; `metarl_memory::EpisodicStore` keeps them.
///
/// # References
///
/// Ritter et al., *Been There, Done That: Meta-Learning with Episodic Recall*, 2018,
/// [arXiv:1805.09692](https://arxiv.org/abs/1805.09692), section 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodicLstm {
    /// Inputs.
    pub inputs: usize,
    /// Hidden units.
    pub hidden: usize,
    /// Longest memory `T` of a unit in steps before anything is learned; see
    /// [`Initialization::Chrono`]. 2 or less starts with gates half open.
    pub longest_memory: usize,
}

/// Parameters of an [`EpisodicLstm`].
#[derive(Debug, Clone)]
pub struct EpisodicLstmParameters<A: Algebra> {
    /// `(inputs, 5 hidden)`
    pub input_weight: A::Of<(usize, usize)>,
    /// `(hidden, 5 hidden)`
    pub recurrent_weight: A::Of<(usize, usize)>,
    /// `(5 hidden,)`
    pub bias: A::Of<(usize,)>,
}

impl Network for EpisodicLstm {
    type Bound<A: Algebra> = EpisodicLstmParameters<A>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let gates = 5 * self.hidden;
        let glorot = Initialization::Glorot {
            gain: 1.0,
            blocks: 5,
        };
        let orthogonal = Initialization::Orthogonal { blocks: 5 };
        let memory = Initialization::Chrono {
            longest: self.longest_memory,
            blocks: 5,
            keep: 1,
            write: Some(0),
            reinstate: Some(4),
        };
        EpisodicLstmParameters {
            input_weight: binder.leaf("input_weight", (self.inputs, gates), glorot),
            recurrent_weight: binder.leaf("recurrent_weight", (self.hidden, gates), orthogonal),
            bias: binder.leaf("bias", (gates,), memory),
        }
    }
}

impl<A: Algebra> EpisodicLstmParameters<A> {
    /// States after every step: `(rows, inputs) → (rows, hidden)`, rows time-major. `memory` is what
    /// is reinstated at each row, `(rows, hidden)`; zeros where there is nothing.
    pub fn forward(
        &self,
        input: A::Of<(usize, usize)>,
        memory: A::Of<(usize, usize)>,
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
        let (hidden, cell) = A::episodic_lstm(recurrence, state.cell, memory, reset);
        LstmState { hidden, cell }
    }
}
