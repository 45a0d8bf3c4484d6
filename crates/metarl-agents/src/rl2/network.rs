//! A recurrent layer under a policy and a critic.

use dfdx::prelude::Const;
use metarl_autodiff::{
    Activation, Algebra, Binder, Categorical, Dense, DenseParameters, Gru, GruParameters, Network,
};
use serde::{Deserialize, Serialize};

/// A gated recurrent unit whose state feeds a categorical policy over `ACTIONS` and a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecurrentActorCritic<const ACTIONS: usize> {
    /// Numbers of an encoded observation.
    pub inputs: usize,
    /// Units of the recurrent layer.
    pub hidden: usize,
}

/// Parameters of a [`RecurrentActorCritic`].
#[derive(Debug, Clone)]
pub struct RecurrentActorCriticParameters<A: Algebra, const ACTIONS: usize> {
    memory: GruParameters<A>,
    policy: DenseParameters<A, usize, Const<ACTIONS>>,
    value: DenseParameters<A, usize, Const<1>>,
}

impl<const ACTIONS: usize> Network for RecurrentActorCritic<ACTIONS> {
    type Bound<A: Algebra> = RecurrentActorCriticParameters<A, ACTIONS>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let memory = Gru {
            inputs: self.inputs,
            hidden: self.hidden,
        };
        let policy = Dense {
            inputs: self.hidden,
            outputs: Const::<ACTIONS>,
            activation: Activation::Identity,
            // Nearly uniform at first: every arm is tried before any is preferred.
            gain: 0.01,
        };
        let value = Dense {
            inputs: self.hidden,
            outputs: Const::<1>,
            activation: Activation::Identity,
            gain: 1.0,
        };
        RecurrentActorCriticParameters {
            memory: binder.part("memory", &memory),
            policy: binder.part("policy", &policy),
            value: binder.part("value", &value),
        }
    }
}

impl<A: Algebra, const ACTIONS: usize> RecurrentActorCriticParameters<A, ACTIONS> {
    /// States of the memory after every row, `(rows, hidden)`; rows are time-major.
    pub fn remember(
        &self,
        input: A::Of<(usize, usize)>,
        state: A::Of<(usize, usize)>,
        first: &[bool],
    ) -> A::Of<(usize, usize)> {
        self.memory.forward(input, state, first)
    }

    /// The policy at each state, and the value `(rows,)`.
    pub fn decide(
        &self,
        state: A::Of<(usize, usize)>,
    ) -> (Categorical<A, usize, ACTIONS>, A::Of<(usize,)>) {
        let (rows, _) = A::shape(&state);
        let logits = self.policy.forward(state.clone());
        let value = A::reshape(self.value.forward(state), (rows,));
        (Categorical::from_logits(logits), value)
    }
}
