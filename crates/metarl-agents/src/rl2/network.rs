//! A recurrent layer under a policy and a critic.

use dfdx::prelude::Const;
use metarl_autodiff::{Activation, Algebra, Binder, Categorical, Dense, DenseParameters, Network};
use serde::{Deserialize, Serialize};

use super::core::{Core, Recurrent, RecurrentParameters, RecurrentState};

/// A recurrent layer whose state feeds a categorical policy over `ACTIONS` and a value.
///
/// With a `readout`, policy and value do not read the memory as it is, but what the present input
/// asks of it (the low-rank bilinear layer of Kim et al. 2017,
/// [arXiv:1610.04325](https://arxiv.org/abs/1610.04325)):
///
/// ```text
/// yₜ = (hₜ C + c) ⊙ (xₜ D + d)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecurrentActorCritic<const ACTIONS: usize> {
    /// The kind of recurrent layer.
    pub core: Core,
    /// Numbers of an encoded observation.
    pub inputs: usize,
    /// Units of the recurrent layer.
    pub hidden: usize,
    /// Units of `y`; 0 for a policy and a value of `h` itself.
    pub readout: usize,
    /// Longest memory of a unit at first, in steps; see [`Gru`](metarl_autodiff::Gru).
    pub longest_memory: usize,
}

/// Parameters of a [`RecurrentActorCritic`].
#[derive(Debug, Clone)]
pub struct RecurrentActorCriticParameters<A: Algebra, const ACTIONS: usize> {
    memory: RecurrentParameters<A>,
    readout: Option<Readout<A>>,
    policy: DenseParameters<A, usize, Const<ACTIONS>>,
    value: DenseParameters<A, usize, Const<1>>,
}

#[derive(Debug, Clone)]
struct Readout<A: Algebra> {
    memory: DenseParameters<A, usize, usize>,
    input: DenseParameters<A, usize, usize>,
}

fn linear<O>(inputs: usize, outputs: O, gain: f64) -> Dense<usize, O> {
    Dense {
        inputs,
        outputs,
        activation: Activation::Identity,
        gain,
    }
}

impl<const ACTIONS: usize> RecurrentActorCritic<ACTIONS> {
    /// Numbers of a row of the input: an observation and, where the core recalls, the state that is
    /// reinstated.
    #[must_use]
    pub fn row_width(&self) -> usize {
        match self.core {
            Core::EpisodicLstm => self.inputs + self.hidden,
            Core::Gru | Core::Lstm => self.inputs,
        }
    }
}

impl<const ACTIONS: usize> Network for RecurrentActorCritic<ACTIONS> {
    type Bound<A: Algebra> = RecurrentActorCriticParameters<A, ACTIONS>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let memory = Recurrent {
            core: self.core,
            inputs: self.inputs,
            hidden: self.hidden,
            longest_memory: self.longest_memory,
        };
        let memory = binder.part("memory", &memory);
        let readout = (self.readout > 0).then(|| Readout {
            memory: binder.part("readout.memory", &linear(self.hidden, self.readout, 1.0)),
            input: binder.part(
                "readout.input",
                &linear(self.row_width(), self.readout, 1.0),
            ),
        });
        let width = if self.readout > 0 {
            self.readout
        } else {
            self.hidden
        };
        RecurrentActorCriticParameters {
            memory,
            readout,
            // Nearly uniform at first: every action is tried before any is preferred.
            policy: binder.part("policy", &linear(width, Const::<ACTIONS>, 0.01)),
            value: binder.part("value", &linear(width, Const::<1>, 1.0)),
        }
    }
}

impl<A: Algebra, const ACTIONS: usize> RecurrentActorCriticParameters<A, ACTIONS> {
    /// States of the memory after every row, `(rows, hidden)`; rows are time-major.
    pub fn remember(
        &self,
        input: A::Of<(usize, usize)>,
        state: RecurrentState<A>,
        first: &[bool],
    ) -> RecurrentState<A> {
        self.memory.forward(input, state, first)
    }

    /// The policy at each state, given the input that led to it, and the value `(rows,)`.
    pub fn decide(
        &self,
        input: A::Of<(usize, usize)>,
        state: A::Of<(usize, usize)>,
    ) -> (Categorical<A, usize, ACTIONS>, A::Of<(usize,)>) {
        let (rows, _) = A::shape(&state);
        let features = match &self.readout {
            Some(readout) => readout.memory.forward(state) * readout.input.forward(input),
            None => state,
        };
        let logits = self.policy.forward(features.clone());
        let value = A::reshape(self.value.forward(features), (rows,));
        (Categorical::from_logits(logits), value)
    }
}
