//! The same categorical policy, as objectives on the tape.

use dfdx::prelude::{Const, Rank0};
use metarl_autodiff::{Activation, Algebra, Categorical, Error, Mlp, Network, Objective, OnDevice};
use metarl_losses::{mean_divergence, policy_gradient};
use metarl_optim::MamlTask;
use proptest::prelude::*;

use crate::device::{TestDevice, test_device};
use crate::difference::numbers;
use crate::reference::Reference;

/// Rows an agent saw: `INPUTS` numbers, an action and an advantage each.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) observation: Vec<f64>,
    pub(crate) action: Vec<usize>,
    pub(crate) advantage: Vec<f64>,
}

/// A policy of `A` actions from `I` inputs.
pub(crate) fn network<const I: usize, const A: usize>(hidden: &[usize]) -> Mlp<I, A> {
    Mlp {
        hidden: hidden.to_vec(),
        activation: Activation::Tanh,
        output_gain: 1.0,
    }
}

/// What the policy of bound parameters does on a batch's observations.
pub(crate) fn distribution<Alg: Algebra<Elem = f64>, const I: usize, const A: usize>(
    algebra: &Alg,
    parameters: &<Mlp<I, A> as Network>::Bound<Alg>,
    batch: &Batch,
) -> Categorical<Alg, usize, A> {
    let shape = (batch.action.len(), Const::<I>);
    let observation = algebra.data(&batch.observation, shape);
    Categorical::from_logits(parameters.forward(observation))
}

/// `L = −(1/N) Σ log π(a|o) Â`
#[derive(Debug, Clone)]
pub(crate) struct PolicyGradient<const I: usize, const A: usize> {
    pub(crate) network: Mlp<I, A>,
    pub(crate) batch: Batch,
}

impl<const I: usize, const A: usize> Objective<f64, TestDevice> for PolicyGradient<I, A> {
    type Network = Mlp<I, A>;

    fn network(&self) -> &Mlp<I, A> {
        &self.network
    }

    fn loss<Alg: Algebra<Elem = f64, Device = TestDevice>>(
        &self,
        algebra: &Alg,
        parameters: <Mlp<I, A> as Network>::Bound<Alg>,
    ) -> Result<Alg::Of<Rank0>, Error> {
        let policy = distribution(algebra, &parameters, &self.batch);
        let log_prob = policy.log_prob(&self.batch.action);
        policy_gradient(algebra, log_prob, &self.batch.advantage)
    }
}

/// `D = (1/N) Σ KL(q ‖ π)` from fixed log-probabilities `q`.
#[derive(Debug, Clone)]
pub(crate) struct Divergence {
    pub(crate) network: Mlp<INPUTS, ACTIONS>,
    pub(crate) batch: Batch,
    pub(crate) q: Vec<Vec<f64>>,
}

impl Objective<f64, TestDevice> for Divergence {
    type Network = Mlp<INPUTS, ACTIONS>;

    fn network(&self) -> &Mlp<INPUTS, ACTIONS> {
        &self.network
    }

    fn loss<Alg: Algebra<Elem = f64, Device = TestDevice>>(
        &self,
        algebra: &Alg,
        parameters: <Mlp<INPUTS, ACTIONS> as Network>::Bound<Alg>,
    ) -> Result<Alg::Of<Rank0>, Error> {
        let policy = distribution(algebra, &parameters, &self.batch);
        let q = self.q.concat();
        let divergence = policy.kl_from(algebra, q.as_chunks().0);
        Ok(mean_divergence::<Alg, usize>(divergence))
    }
}

pub(crate) type Loss<const I: usize, const A: usize> = OnDevice<PolicyGradient<I, A>, TestDevice>;

pub(crate) fn loss<const I: usize, const A: usize>(hidden: &[usize], batch: &Batch) -> Loss<I, A> {
    let objective = PolicyGradient {
        network: network(hidden),
        batch: batch.clone(),
    };
    OnDevice::new(objective, test_device())
}

/// A policy, where it starts, and what it is adapted to and judged by.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) hidden: Vec<usize>,
    pub(crate) parameters: Vec<f64>,
    pub(crate) direction: Vec<f64>,
    pub(crate) support: Vec<Batch>,
    pub(crate) query: Batch,
    pub(crate) inner_lr: f64,
}

pub(crate) const INPUTS: usize = 2;
pub(crate) const ACTIONS: usize = 3;

impl Case {
    pub(crate) fn reference(&self) -> Reference {
        let ends = ([INPUTS].as_slice(), [ACTIONS].as_slice());
        Reference {
            widths: [ends.0, &self.hidden, ends.1].concat(),
        }
    }

    pub(crate) fn task(&self) -> MamlTask<Loss<INPUTS, ACTIONS>, Loss<INPUTS, ACTIONS>> {
        MamlTask {
            support: self.support.iter().map(|b| loss(&self.hidden, b)).collect(),
            query: loss(&self.hidden, &self.query),
            inner_lr: self.inner_lr,
        }
    }
}

fn batch() -> impl Strategy<Value = Batch> {
    (1..6_usize).prop_flat_map(|n| {
        let observation = prop::collection::vec(-2.0..2.0, n * INPUTS);
        let action = prop::collection::vec(0..ACTIONS, n);
        let advantage = prop::collection::vec(-2.0..2.0, n);
        (observation, action, advantage).prop_map(|(observation, action, advantage)| Batch {
            observation,
            action,
            advantage,
        })
    })
}

/// Policies with one or two hidden layers and `n_steps` inner steps.
pub(crate) fn cases(n_steps: impl Strategy<Value = usize>) -> impl Strategy<Value = Case> {
    let hidden = prop::collection::vec(1..5_usize, 1..3);
    (hidden, n_steps).prop_flat_map(|(hidden, n_steps)| {
        let widths = [[INPUTS].as_slice(), &hidden, &[ACTIONS]].concat();
        let n = widths.windows(2).map(|w| w[0] * w[1] + w[1]).sum();
        let support = prop::collection::vec(batch(), n_steps);
        (numbers(n), numbers(n), support, batch(), 0.05..0.5).prop_map(
            move |(parameters, direction, support, query, inner_lr)| Case {
                hidden: hidden.clone(),
                parameters,
                direction,
                support,
                query,
                inner_lr,
            },
        )
    })
}
