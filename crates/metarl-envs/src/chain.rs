//! Markov reward processes whose values are known: nothing to decide, something to predict.

use metarl_core::{Discrete, Error, Lanes, Outcome, Process, Rng, TaskDistribution};
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::draw::{Board, Color, Draw, Picture};

/// There is one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RandomWalkTask;

impl TaskDistribution for RandomWalkTask {
    type Task = Self;

    fn name(&self) -> String {
        "random-walk/fair@1".to_owned()
    }

    fn sample(&self, _: &mut Rng) -> Self {
        Self
    }
}

/// A batch of walkers on `STATES` states in a row, who go left or right with probability ½.
///
/// | | |
/// |---|---|
/// | observation | the state |
/// | action | none: there is one, which does nothing |
/// | start | the state in the middle |
/// | reward | 1 for leaving the row on the right, 0 otherwise |
/// | terminated | where the row is left |
///
/// The value of state `i` is `(i + 1) / (STATES + 1)`, undiscounted ([`random_walk_value`]).
///
/// # References
///
/// Sutton and Barto, *Reinforcement Learning*, second edition, 2018, example 6.2, with 5 states, and
/// example 7.1, with 19.
pub type RandomWalk<const STATES: usize> = Lanes<RandomWalkProcess<STATES>>;

/// The value of a state of a [`RandomWalk`].
///
/// ```text
/// V(i) = (i + 1) / (n + 1)
/// ```
#[must_use]
pub fn random_walk_value(state: usize, n_states: usize) -> f64 {
    (state + 1) as f64 / (n_states + 1) as f64
}

/// The process behind [`RandomWalk`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RandomWalkProcess<const STATES: usize>;

impl<const STATES: usize> Process for RandomWalkProcess<STATES> {
    type Task = RandomWalkTask;
    type Model = RandomWalkTask;
    type State = usize;
    type ObservationSpace = Discrete<STATES>;
    type ActionSpace = Discrete<1>;

    const NAME: &'static str = "random walk";

    fn observation_space(&self) -> Discrete<STATES> {
        Discrete
    }

    fn action_space(&self) -> Discrete<1> {
        Discrete
    }

    fn model(&self, task: &RandomWalkTask) -> Result<RandomWalkTask, Error> {
        Ok(*task)
    }

    #[inline]
    fn start(&self, _: &RandomWalkTask, _: &mut Rng) -> usize {
        STATES / 2
    }

    #[inline]
    fn observe(&self, _: &RandomWalkTask, state: &usize) -> usize {
        *state
    }

    /// Who leaves the row is last seen where it was left.
    #[inline]
    fn advance(&self, _: &RandomWalkTask, state: &mut usize, _: &usize, rng: &mut Rng) -> Outcome {
        let right: bool = rng.random();
        let leaves = *state == if right { STATES - 1 } else { 0 };
        if !leaves {
            *state = if right { *state + 1 } else { *state - 1 };
        }
        Outcome {
            reward: f32::from(u8::from(leaves && right)),
            terminated: leaves,
        }
    }
}

/// There is one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SignalAndNoiseTask;

impl TaskDistribution for SignalAndNoiseTask {
    type Task = Self;

    fn name(&self) -> String {
        "signal-and-noise/10@1".to_owned()
    }

    fn sample(&self, _: &mut Rng) -> Self {
        Self
    }
}

/// A batch of chains of ten states whose rewards are signal and noise in turn: the process on which a
/// discount that depends on the state is worth learning, because what follows a noisy state says more
/// about its value than its own reward.
///
/// | | |
/// |---|---|
/// | observation | the state |
/// | action | none: there is one, which does nothing |
/// | start | state 0; each step leads to the next state |
/// | reward of leaving an even state | `N(0, 1)` |
/// | reward of leaving an odd state | 0.1 |
/// | terminated | after state 9 |
///
/// The value of state `i`, undiscounted, is 0.1 for each odd state from `i` on
/// ([`signal_and_noise_value`]).
///
/// # References
///
/// After Xu, van Hasselt and Silver, *Meta-Gradient Reinforcement Learning*, 2018,
/// [arXiv:1805.09801](https://arxiv.org/abs/1805.09801), section 2.2, with the numbers of a public
/// re-implementation.
pub type SignalAndNoise = Lanes<SignalAndNoiseProcess>;

/// The value of a state of [`SignalAndNoise`].
///
/// ```text
/// V(i) = 0.1 · |{ j odd, i ≤ j < 10 }|
/// ```
#[must_use]
pub fn signal_and_noise_value(state: usize) -> f64 {
    let n_odd = (state..N_LINKS).filter(|j| j % 2 == 1).count();
    SIGNAL * n_odd as f64
}

const N_LINKS: usize = 10;
const SIGNAL: f64 = 0.1;

/// The process behind [`SignalAndNoise`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignalAndNoiseProcess;

impl Process for SignalAndNoiseProcess {
    type Task = SignalAndNoiseTask;
    type Model = SignalAndNoiseTask;
    type State = usize;
    type ObservationSpace = Discrete<N_LINKS>;
    type ActionSpace = Discrete<1>;

    const NAME: &'static str = "signal and noise";

    fn observation_space(&self) -> Discrete<N_LINKS> {
        Discrete
    }

    fn action_space(&self) -> Discrete<1> {
        Discrete
    }

    fn model(&self, task: &SignalAndNoiseTask) -> Result<SignalAndNoiseTask, Error> {
        Ok(*task)
    }

    #[inline]
    fn start(&self, _: &SignalAndNoiseTask, _: &mut Rng) -> usize {
        0
    }

    #[inline]
    fn observe(&self, _: &SignalAndNoiseTask, state: &usize) -> usize {
        *state
    }

    /// The last state is last seen where the chain ends.
    #[inline]
    fn advance(
        &self,
        _: &SignalAndNoiseTask,
        state: &mut usize,
        _: &usize,
        rng: &mut Rng,
    ) -> Outcome {
        let reward = if state.is_multiple_of(2) {
            rng.sample(StandardNormal)
        } else {
            SIGNAL as f32
        };
        let terminated = *state == N_LINKS - 1;
        if !terminated {
            *state += 1;
        }
        Outcome { reward, terminated }
    }
}

impl<const STATES: usize> Draw for RandomWalkProcess<STATES> {
    fn draw(&self, _: &RandomWalkTask, state: &usize, _: Option<&usize>) -> Picture {
        Board::new(STATES, 1)
            .fill([STATES - 1, 0], Color::Goal)
            .disc([*state, 0], Color::Agent)
            .picture()
    }
}

impl Draw for SignalAndNoiseProcess {
    /// The states whose reward is signal are filled.
    fn draw(&self, _: &SignalAndNoiseTask, state: &usize, _: Option<&usize>) -> Picture {
        let odd = (0..N_LINKS).filter(|link| link % 2 == 1);
        odd.fold(Board::new(N_LINKS, 1), |board, link| {
            board.fill([link, 0], Color::Goal)
        })
        .disc([*state, 0], Color::Agent)
        .picture()
    }
}
