//! A Gaussian policy at work.

use dfdx::prelude::Const;
use metarl_autodiff::{Algebra, Buffer, Kernels, Plain, bind, sample_gaussian};
use metarl_core::{DecisionBatch, Error, Policy, Rng, check_act};

use super::batch::rows;
use super::network::{GaussianMlp, GaussianMlpParameters};

/// Samples from a [`GaussianMlp`]. It keeps no memory and estimates no values.
#[derive(Debug)]
pub struct GaussianPolicy<D: Kernels<f32>, const OBSERVATIONS: usize, const ACTIONS: usize> {
    algebra: Plain<f32, D>,
    parameters: GaussianMlpParameters<Plain<f32, D>, OBSERVATIONS, ACTIONS>,
    /// Room for what the network says of each lane, `ACTIONS` numbers.
    mean: Buffer<f32>,
    log_std: Buffer<f32>,
}

impl<D: Kernels<f32>, const O: usize, const K: usize> GaussianPolicy<D, O, K> {
    /// A policy with these parameters.
    pub(crate) fn new(network: &GaussianMlp<O, K>, parameters: &[f32], device: D) -> Self {
        let algebra = Plain::new(device);
        Self {
            parameters: bind(network, &algebra, parameters),
            algebra,
            mean: Buffer::default(),
            log_std: Buffer::default(),
        }
    }
}

impl<D: Kernels<f32>, const O: usize, const K: usize> Policy<[f32; O], [f32; K]>
    for GaussianPolicy<D, O, K>
{
    fn act(
        &mut self,
        observation: &[[f32; O]],
        first: &[bool],
        rngs: &mut [Rng],
        decision: &mut DecisionBatch<[f32; K]>,
    ) -> Result<(), Error> {
        let n = observation.len();
        check_act(n, observation, first, rngs, decision)?;
        let shape = (n, Const::<O>);
        let observation = self.algebra.data(observation.as_flattened(), shape);
        let policy = self.parameters.decide(observation);
        let Self { mean, log_std, .. } = self;
        for (to, from) in [(&mut *mean, policy.mean()), (log_std, policy.log_std())] {
            if to.len() != n * K {
                *to = Buffer::zeros(n * K);
            }
            from.copy_into(to);
        }
        let outputs = mean.iter().chain(&*log_std);
        if let Some(bad) = outputs.copied().find(|x| !x.is_finite()) {
            return Err(Error::Policy(format!(
                "the network's output is {bad}: its parameters have diverged"
            )));
        }
        let pairs = rows::<K>(mean).iter().zip(rows::<K>(log_std));
        for (lane, ((mean, log_std), rng)) in pairs.zip(rngs).enumerate() {
            let action = &mut decision.action[lane];
            #[expect(clippy::cast_possible_truncation, reason = "a rollout keeps f32")]
            let log_prob = sample_gaussian(mean, log_std, rng, action) as f32;
            decision.log_prob[lane] = log_prob;
        }
        Ok(())
    }

    fn bootstrap_value(
        &mut self,
        _observation: &[[f32; O]],
        _wanted: &[bool],
        value: &mut [f32],
    ) -> Result<(), Error> {
        value.fill(0.0);
        Ok(())
    }
}
