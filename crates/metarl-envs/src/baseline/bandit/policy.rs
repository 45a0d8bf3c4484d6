//! Bandit algorithms in the place of an agent.

use metarl_core::{DecisionBatch, Error, Policy, Rng, TrialObservation, check_act};

use super::BanditAlgorithm;

/// One copy of an algorithm per lane, fed by what a [`Trial`](metarl_core::Trial) shows: what runs
/// and judges an agent then runs and judges the algorithm.
#[derive(Debug, Clone)]
pub struct BaselinePolicy<A> {
    lanes: Vec<A>,
}

impl<A: BanditAlgorithm + Clone> BaselinePolicy<A> {
    /// `n_lanes` copies of the algorithm.
    #[must_use]
    pub fn new(algorithm: A, n_lanes: usize) -> Self {
        Self {
            lanes: vec![algorithm; n_lanes],
        }
    }
}

impl<A: BanditAlgorithm> Policy<TrialObservation<[f32; 0], usize>, usize> for BaselinePolicy<A> {
    /// `log_prob` and `value` are left at 0.
    fn act(
        &mut self,
        observation: &[TrialObservation<[f32; 0], usize>],
        first: &[bool],
        rngs: &mut [Rng],
        decision: &mut DecisionBatch<usize>,
    ) -> Result<(), Error> {
        check_act(self.lanes.len(), observation, first, rngs, decision)?;
        for (lane, algorithm) in self.lanes.iter_mut().enumerate() {
            if first[lane] {
                algorithm.reset();
            } else if let Some(pull) = observation[lane].previous {
                algorithm.observe(pull.action, f64::from(pull.reward));
            }
            decision.action[lane] = algorithm.choose(&mut rngs[lane]);
        }
        Ok(())
    }

    fn bootstrap_value(
        &mut self,
        _observation: &[TrialObservation<[f32; 0], usize>],
        _wanted: &[bool],
        value: &mut [f32],
    ) -> Result<(), Error> {
        value.fill(0.0);
        Ok(())
    }
}
