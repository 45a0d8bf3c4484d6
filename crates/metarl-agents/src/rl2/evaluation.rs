//! Judging the agent on held-out tasks.

use metarl_autodiff::Kernels;
use metarl_core::{
    Discrete, Element, Environment, Error as CoreError, Purpose, Rng, Rollout, Seed, Space,
    TaskDistribution, Trial, collect, evaluate,
};
use rayon::prelude::*;

use super::policy::Rl2Policy;
use super::trainer::Rl2;
use crate::Error;

/// One trial of an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrialReturn<O> {
    /// The first observation: the context, for an agent that recalls.
    pub opening: O,
    /// Sum of rewards.
    pub total_reward: f64,
}

/// The trials of one epoch, in the order they were played.
pub type Epoch<E> = Vec<TrialReturn<Element<<E as Environment>::ObservationSpace>>>;

impl<E, T, D, const ACTIONS: usize> Rl2<E, T, D, ACTIONS>
where
    E: Environment<ActionSpace = Discrete<ACTIONS>> + Sync,
    T: TaskDistribution<Task = E::Task>,
    D: Kernels<f32>,
{
    /// Total reward of one trial on each of `n_tasks` held-out tasks, drawn from the streams of
    /// evaluation: the same tasks for every agent that is evaluated with this seed.
    ///
    /// # Errors
    ///
    /// Whatever an environment returns.
    pub fn evaluate(
        &self,
        environment: impl Fn(usize) -> E + Sync,
        n_tasks: usize,
        seed: Seed,
    ) -> Result<Vec<f64>, Error> {
        let (_, n_steps) = self.trial();
        self.held_out(environment, n_tasks, seed, |trial, policy, rngs| {
            evaluate(trial, policy, rngs, n_steps)
        })
    }

    /// The trials of an epoch on each of `n_tasks` held-out tasks, in the order they were played:
    /// `n_trials` where each takes as many steps as the agent's trials. Tasks are those of
    /// [`evaluate`](Self::evaluate); an episodic memory begins each epoch empty.
    ///
    /// # Errors
    ///
    /// Whatever an environment returns.
    pub fn evaluate_epochs(
        &self,
        environment: impl Fn(usize) -> E + Sync,
        n_tasks: usize,
        seed: Seed,
    ) -> Result<Vec<Epoch<E>>, Error> {
        let (_, n_steps) = self.trial();
        let n_steps = self.config.n_trials * n_steps;
        self.held_out(environment, n_tasks, seed, |trial, policy, rngs| {
            let (n_lanes, zero) = (trial.n_lanes(), trial.observation_space().zero());
            let mut rollout = Rollout::new(n_steps, n_lanes, zero, 0);
            collect(trial, policy, rngs, &mut rollout)?;
            let mut epochs: Vec<Epoch<E>> = vec![Vec::new(); n_lanes];
            for row in 0..rollout.len() {
                let trials = &mut epochs[row % n_lanes];
                if rollout.first[row] {
                    trials.push(TrialReturn {
                        opening: rollout.observation[row].observation,
                        total_reward: 0.0,
                    });
                }
                if let Some(trial) = trials.last_mut() {
                    trial.total_reward += f64::from(rollout.reward[row]);
                }
            }
            Ok(epochs)
        })
    }

    /// Plays held-out tasks in blocks of lanes; `play` gives something for each lane.
    fn held_out<R: Clone + Send>(
        &self,
        environment: impl Fn(usize) -> E + Sync,
        n_tasks: usize,
        seed: Seed,
        play: impl Fn(
            &mut Trial<E>,
            &mut Rl2Policy<E::ObservationSpace, D, ACTIONS>,
            &mut [Rng],
        ) -> Result<Vec<R>, CoreError>
        + Sync,
    ) -> Result<Vec<R>, Error> {
        let lanes = self.config.lanes_per_shard;
        let (n_episodes, _) = self.trial();
        let blocks = (0..n_tasks.div_ceil(lanes)).into_par_iter().map(|block| {
            let start = block * lanes;
            let lanes = lanes.min(n_tasks - start);
            let mut environment = Trial::new(environment(lanes), n_episodes)?;
            let mut rngs = Vec::with_capacity(lanes);
            for lane in 0..lanes {
                let stream = |purpose| seed.stream(purpose, (start + lane) as u64, 0, 0);
                let task = self.tasks.sample(&mut stream(Purpose::EvaluationTask));
                environment.assign(lane, &task, stream(Purpose::EvaluationEnvironment))?;
                rngs.push(stream(Purpose::EvaluationPolicy));
            }
            let mut policy = self.policy(lanes);
            Ok(play(&mut environment, &mut policy, &mut rngs)?)
        });
        let played: Vec<Vec<R>> = blocks.collect::<Result<_, Error>>()?;
        Ok(played.concat())
    }
}
