//! Several episodes on one task, seen as one long episode.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::environment::check_lanes;
use crate::error::check_range;
use crate::{Environment, Error, Rng, Space, StepBatch};

/// What an agent that learns within a trial is shown: the environment's observation with what came
/// of its last action (Duan et al. 2016, section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrialObservation<O, A> {
    /// The environment's own observation.
    pub observation: O,
    /// The step that led to it; none at the start of the trial.
    pub previous: Option<PreviousStep<O, A>>,
    /// Whether that step ended an episode, or the trial has just begun.
    pub episode_start: bool,
}

/// What was seen, done and earned one step ago.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PreviousStep<O, A> {
    /// The observation that was acted on.
    pub observation: O,
    /// The action.
    pub action: A,
    /// The reward the action earned.
    pub reward: f32,
}

/// The space of [`TrialObservation`]s. They are encoded as the paper has it: observation, one-hot or
/// vector of the previous action, previous reward, flag.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct TrialSpace<O, A> {
    observation: O,
    action: PhantomData<A>,
}

impl<O: Space, A: Space> Space for TrialSpace<O, A> {
    type Element = TrialObservation<O::Element, A::Element>;
    const WIDTH: usize = O::WIDTH + A::WIDTH + 2;

    fn zero(&self) -> Self::Element {
        TrialObservation {
            observation: self.observation.zero(),
            previous: None,
            episode_start: true,
        }
    }

    fn contains(&self, element: &Self::Element) -> bool {
        self.observation.contains(&element.observation)
            && element.previous.as_ref().is_none_or(|previous| {
                self.observation.contains(&previous.observation) && previous.reward.is_finite()
            })
    }

    /// A first observation of a trial.
    fn sample(&self, rng: &mut Rng) -> Self::Element {
        TrialObservation {
            observation: self.observation.sample(rng),
            ..self.zero()
        }
    }

    fn encode(element: &Self::Element, out: &mut [f32]) {
        let (observation, rest) = out.split_at_mut(O::WIDTH);
        let (action, rest) = rest.split_at_mut(A::WIDTH);
        O::encode(&element.observation, observation);
        rest[1] = f32::from(u8::from(element.episode_start));
        if let Some(previous) = &element.previous {
            A::encode(&previous.action, action);
            rest[0] = previous.reward;
        } else {
            action.fill(0.0);
            rest[0] = 0.0;
        }
    }
}

/// `n_episodes` episodes of an environment as one: the memory of an agent lives through them, its
/// objective is their total reward, and the trial *terminates* when the last of them ends.
///
/// The inner environment must start the next episode of a lane by itself, as every
/// [`Environment`] does.
#[derive(Debug)]
pub struct Trial<E: Environment> {
    environment: E,
    n_episodes: u32,
    ended: Vec<u32>,
    inner: StepBatch<<E::ObservationSpace as Space>::Element>,
    current: Vec<<E::ObservationSpace as Space>::Element>,
}

impl<E: Environment> Trial<E> {
    /// Wraps an environment.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when `n_episodes` is 0.
    pub fn new(environment: E, n_episodes: u32) -> Result<Self, Error> {
        check_range("n_episodes", "at least 1", n_episodes, n_episodes > 0)?;
        let (n, zero) = (
            environment.n_lanes(),
            environment.observation_space().zero(),
        );
        Ok(Self {
            environment,
            n_episodes,
            ended: vec![0; n],
            inner: StepBatch::new(n, zero),
            current: vec![zero; n],
        })
    }

    /// Episodes of a trial.
    #[must_use]
    pub fn n_episodes(&self) -> u32 {
        self.n_episodes
    }

    /// The environment inside.
    #[must_use]
    pub fn inner(&self) -> &E {
        &self.environment
    }
}

impl<E: Environment> Environment for Trial<E> {
    type Task = E::Task;
    type ObservationSpace = TrialSpace<E::ObservationSpace, E::ActionSpace>;
    type ActionSpace = E::ActionSpace;

    fn observation_space(&self) -> Self::ObservationSpace {
        TrialSpace {
            observation: self.environment.observation_space(),
            action: PhantomData,
        }
    }

    fn action_space(&self) -> E::ActionSpace {
        self.environment.action_space()
    }

    fn n_lanes(&self) -> usize {
        self.environment.n_lanes()
    }

    fn assign(&mut self, lane: usize, task: &E::Task, rng: Rng) -> Result<(), Error> {
        self.environment.assign(lane, task, rng)
    }

    fn reset(
        &mut self,
        observation: &mut [<Self::ObservationSpace as Space>::Element],
    ) -> Result<(), Error> {
        check_lanes("observation", observation.len(), self.n_lanes())?;
        self.environment.reset(&mut self.current)?;
        self.ended.fill(0);
        for (seen, inner) in observation.iter_mut().zip(&self.current) {
            *seen = opening(*inner);
        }
        Ok(())
    }

    fn step(
        &mut self,
        action: &[<E::ActionSpace as Space>::Element],
        step: &mut StepBatch<<Self::ObservationSpace as Space>::Element>,
    ) -> Result<(), Error> {
        check_lanes("step", step.n_lanes(), self.n_lanes())?;
        self.environment.step(action, &mut self.inner)?;
        let inner = &self.inner;
        for (lane, action) in action.iter().enumerate() {
            let episode_ended = inner.ended(lane);
            self.ended[lane] += u32::from(episode_ended);
            let trial_ended = self.ended[lane] == self.n_episodes;
            let came_of_it = TrialObservation {
                observation: inner.observation[lane],
                previous: Some(PreviousStep {
                    observation: self.current[lane],
                    action: *action,
                    reward: inner.reward[lane],
                }),
                episode_start: episode_ended,
            };
            step.reward[lane] = inner.reward[lane];
            step.terminated[lane] = trial_ended;
            step.truncated[lane] = false;
            step.successor[lane] = came_of_it;
            step.observation[lane] = came_of_it;
            if trial_ended {
                self.ended[lane] = 0;
                step.observation[lane] = opening(inner.observation[lane]);
            }
            self.current[lane] = inner.observation[lane];
        }
        Ok(())
    }
}

fn opening<O, A>(observation: O) -> TrialObservation<O, A> {
    TrialObservation {
        observation,
        previous: None,
        episode_start: true,
    }
}
