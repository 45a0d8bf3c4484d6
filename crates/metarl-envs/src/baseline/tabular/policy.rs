//! Tabular algorithms in the place of an agent.

use metarl_core::{DecisionBatch, Error, Policy, Rng, TrialObservation, check_act};

use super::TabularAlgorithm;

/// One copy of an algorithm per lane, fed by what a [`Trial`](metarl_core::Trial) of a
/// [`TabularMdp`](crate::TabularMdp) shows: what runs and judges an agent then runs and judges the
/// algorithm.
#[derive(Debug, Clone)]
pub struct BaselinePolicy<B, const STATES: usize, const ACTIONS: usize> {
    fresh: B,
    horizon: usize,
    lanes: Vec<Lane<B>>,
}

#[derive(Debug, Clone)]
struct Lane<B> {
    algorithm: B,
    step: usize,
}

impl<B, const STATES: usize, const ACTIONS: usize> BaselinePolicy<B, STATES, ACTIONS>
where
    B: TabularAlgorithm<STATES, ACTIONS> + Clone,
{
    /// `n_lanes` copies of an algorithm that has seen nothing yet, made for episodes of `horizon`
    /// steps.
    #[must_use]
    pub fn new(fresh: B, horizon: usize, n_lanes: usize) -> Self {
        let lane = Lane {
            algorithm: fresh.clone(),
            step: 0,
        };
        Self {
            fresh,
            horizon,
            lanes: vec![lane; n_lanes],
        }
    }
}

impl<B, const STATES: usize, const ACTIONS: usize> Policy<TrialObservation<usize, usize>, usize>
    for BaselinePolicy<B, STATES, ACTIONS>
where
    B: TabularAlgorithm<STATES, ACTIONS> + Clone,
{
    /// `log_prob` and `value` are left at 0.
    ///
    /// # Errors
    ///
    /// [`Error::LaneMismatch`], and [`Error::Policy`] when an episode goes on beyond the horizon or
    /// an observation is no state of the process.
    fn act(
        &mut self,
        observation: &[TrialObservation<usize, usize>],
        first: &[bool],
        rngs: &mut [Rng],
        decision: &mut DecisionBatch<usize>,
    ) -> Result<(), Error> {
        check_act(self.lanes.len(), observation, first, rngs, decision)?;
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            let (seen, rng) = (&observation[index], &mut rngs[index]);
            let state = seen.observation;
            let before = seen.previous.map_or(state, |previous| previous.observation);
            if let Some(unknown) = [state, before].iter().find(|state| **state >= STATES) {
                let message = format!("lane {index}: {unknown} is none of {STATES} states");
                return Err(Error::Policy(message));
            }
            if first[index] {
                lane.algorithm.clone_from(&self.fresh);
            } else if let Some(previous) = seen.previous {
                let reward = f64::from(previous.reward);
                let successor = (!seen.episode_start).then_some(state);
                lane.algorithm
                    .observe(before, previous.action, reward, successor);
            }
            if first[index] || seen.episode_start {
                lane.step = 0;
                lane.algorithm.begin_episode(rng);
            }
            if lane.step >= self.horizon {
                let message = format!("lane {index}: an episode of over {} steps", self.horizon);
                return Err(Error::Policy(message));
            }
            decision.action[index] = lane.algorithm.act(lane.step, state, rng);
            lane.step += 1;
        }
        Ok(())
    }

    fn bootstrap_value(
        &mut self,
        _observation: &[TrialObservation<usize, usize>],
        _wanted: &[bool],
        value: &mut [f32],
    ) -> Result<(), Error> {
        value.fill(0.0);
        Ok(())
    }
}
