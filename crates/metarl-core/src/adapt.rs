//! Learning a new task, and being judged on it.

use serde::{Deserialize, Serialize};

use crate::environment::check_lanes;
use crate::rollout::{check_observations, check_step};
use crate::{DecisionBatch, Environment, Error, Policy, Rng, Seed, Space, StepBatch};

/// An agent that can learn the task behind an environment.
///
/// All lanes of `environment` carry the same task. What adaptation means is the agent's affair:
/// gradient steps for MAML, filling a memory for RL².
pub trait Adapt<E: Environment> {
    /// The agent after it has learned.
    type Adapted: Policy<<E::ObservationSpace as Space>::Element, <E::ActionSpace as Space>::Element>;

    /// Learns from `n_updates` rounds of experience, drawn from the streams of `seed` that belong
    /// to `task_index`. Zero rounds give the agent as it is before it knows anything.
    ///
    /// # Errors
    ///
    /// Whatever the environment returns, and numbers that are no longer finite.
    fn adapt(
        &self,
        environment: &mut E,
        n_updates: usize,
        seed: Seed,
        task_index: u64,
    ) -> Result<Self::Adapted, Error>;
}

/// Returns (sums of rewards) of complete episodes, with their spread.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Returns {
    /// Mean over episodes.
    pub mean: f64,
    /// Standard error of the mean, `s / √n` with the sample deviation `s`; 0 for one episode.
    pub standard_error: f64,
    /// How many episodes.
    pub n_episodes: usize,
}

impl Returns {
    /// Mean and standard error of a sample.
    ///
    /// # Examples
    ///
    /// ```
    /// let returns = metarl_core::Returns::of(&[1.0, 3.0]);
    /// assert_eq!((returns.mean, returns.standard_error), (2.0, 1.0));
    /// ```
    #[must_use]
    pub fn of(returns: &[f64]) -> Self {
        let n = returns.len();
        let mean = returns.iter().sum::<f64>() / n.max(1) as f64;
        let squares = returns.iter().map(|r| (r - mean).powi(2)).sum::<f64>();
        let standard_error = if n < 2 {
            0.0
        } else {
            (squares / (n - 1) as f64 / n as f64).sqrt()
        };
        Self {
            mean,
            standard_error,
            n_episodes: n,
        }
    }
}

/// Runs one episode in every lane and gives each lane's return. Lanes that end early wait.
///
/// # Errors
///
/// Whatever environment and policy return, [`Error::NonFinite`] for a reward that is NaN or
/// infinite, [`Error::InvalidObservation`] for an observation outside its space, and
/// [`Error::OutOfRange`] when an episode does not end within `max_steps`.
pub fn evaluate<E, P>(
    environment: &mut E,
    policy: &mut P,
    rngs: &mut [Rng],
    max_steps: usize,
) -> Result<Vec<f64>, Error>
where
    E: Environment,
    P: Policy<<E::ObservationSpace as Space>::Element, <E::ActionSpace as Space>::Element>,
{
    let n = environment.n_lanes();
    check_lanes("rngs", rngs.len(), n)?;
    let mut step = StepBatch::new(n, environment.observation_space().zero());
    let mut decision = DecisionBatch::new(n, environment.action_space().zero());
    let mut first = vec![true; n];
    let mut running = vec![true; n];
    let mut total = vec![0.0; n];
    environment.reset(&mut step.observation)?;
    check_observations(environment, &step.observation, 0)?;
    for t in 0..max_steps {
        policy.act(&step.observation, &first, rngs, &mut decision)?;
        environment.step(&decision.action, &mut step)?;
        check_step(environment, &step, t)?;
        for lane in 0..n {
            if running[lane] {
                total[lane] += f64::from(step.reward[lane]);
                running[lane] = !step.ended(lane);
            }
            first[lane] = step.ended(lane);
        }
        if !running.contains(&true) {
            return Ok(total);
        }
    }
    Err(Error::OutOfRange {
        name: "max_steps",
        allowed: "enough for every lane's episode to end",
        got: max_steps.to_string(),
    })
}
