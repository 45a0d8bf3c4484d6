//! The environment.

use metarl_core::{Discrete, Error, Lanes, Outcome, Process, Rng};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::TabularTask;
use crate::draw::{Board, Color, Draw, Picture};

/// A batch of finite-horizon tabular processes, each lane with its own [`TabularTask`].
///
/// Every episode starts in state 0. The horizon belongs to the process: after the last step nothing
/// follows, so the episode *terminates* (its value is zero) and is never truncated. The step is not
/// part of the observation, as in the RL² paper; an agent that wants it counts.
///
/// # Examples
///
/// ```
/// use metarl_core::{Environment, Purpose, Seed, StepBatch};
/// use metarl_envs::{TabularMdp, TabularTask};
///
/// // Action 0 stays, action 1 changes the state; rewards are close to 100 in state 1.
/// let task = TabularTask::<2, 2> {
///     transition: vec![1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0],
///     reward_mean: vec![0.0, 0.0, 100.0, 100.0],
///     horizon: 2,
/// };
/// let mut environment = TabularMdp::new(1);
/// let mut step = StepBatch::new(1, 0);
/// environment.assign(0, &task, Seed::new(1).stream(Purpose::Environment, 0, 0, 0))?;
/// environment.reset(&mut step.observation)?;
/// environment.step(&[1], &mut step)?;
/// assert_eq!(step.observation, [1]);
/// environment.step(&[0], &mut step)?;
/// assert!(step.reward[0] > 90.0);
/// assert_eq!((step.terminated[0], step.successor[0], step.observation[0]), (true, 1, 0));
/// # Ok::<(), metarl_core::Error>(())
/// ```
pub type TabularMdp<const STATES: usize, const ACTIONS: usize> =
    Lanes<TabularProcess<STATES, ACTIONS>>;

/// The process behind [`TabularMdp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TabularProcess<const STATES: usize, const ACTIONS: usize>;

impl<const STATES: usize, const ACTIONS: usize> Default for TabularProcess<STATES, ACTIONS> {
    fn default() -> Self {
        const {
            assert!(
                STATES > 0 && ACTIONS > 0,
                "a process has states and actions"
            );
        }
        Self
    }
}

/// A [`TabularTask`] as the hot loop wants it.
#[derive(Debug)]
pub struct TabularModel<const STATES: usize> {
    /// Entry `state · ACTIONS + action` belongs to that pair.
    pairs: Vec<Pair<STATES>>,
    horizon: usize,
}

/// Where a [`TabularMdp`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TabularState {
    state: usize,
    step: usize,
}

#[derive(Debug)]
struct Pair<const STATES: usize> {
    reward_mean: f64,
    /// `P(s' ≤ i)`; infinite from the last state that can be reached, so that rounding cannot
    /// lead beyond it.
    cumulative: [f64; STATES],
}

impl<const STATES: usize> Pair<STATES> {
    fn new(row: &[f64], reward_mean: f64) -> Self {
        let last = row.iter().rposition(|p| *p > 0.0).unwrap_or(0);
        let mut sum = 0.0;
        let cumulative = std::array::from_fn(|i| {
            sum += row[i];
            if i < last { sum } else { f64::INFINITY }
        });
        Self {
            reward_mean,
            cumulative,
        }
    }

    fn reward(&self, rng: &mut Rng) -> f32 {
        let noise: f64 = rng.sample(StandardNormal);
        (self.reward_mean + noise) as f32
    }

    /// Counting the bounds that are passed instead of stopping at the first keeps the loop free of
    /// branches.
    fn successor(&self, rng: &mut Rng) -> usize {
        let u: f64 = rng.random();
        self.cumulative.iter().map(|c| usize::from(u >= *c)).sum()
    }
}

impl<const STATES: usize, const ACTIONS: usize> Process for TabularProcess<STATES, ACTIONS> {
    type Task = TabularTask<STATES, ACTIONS>;
    type Model = TabularModel<STATES>;
    type State = TabularState;
    type ObservationSpace = Discrete<STATES>;
    type ActionSpace = Discrete<ACTIONS>;

    const NAME: &'static str = "tabular MDP";

    fn observation_space(&self) -> Discrete<STATES> {
        Discrete
    }

    fn action_space(&self) -> Discrete<ACTIONS> {
        Discrete
    }

    fn model(&self, task: &Self::Task) -> Result<TabularModel<STATES>, Error> {
        task.check()?;
        let rows = task.transition.chunks_exact(STATES);
        let pairs = rows
            .zip(&task.reward_mean)
            .map(|(row, mean)| Pair::new(row, *mean));
        Ok(TabularModel {
            pairs: pairs.collect(),
            horizon: task.horizon,
        })
    }

    #[inline]
    fn start(&self, _: &TabularModel<STATES>, _: &mut Rng) -> TabularState {
        TabularState::default()
    }

    #[inline]
    fn observe(&self, _: &TabularModel<STATES>, at: &TabularState) -> usize {
        at.state
    }

    #[inline]
    fn advance(
        &self,
        model: &TabularModel<STATES>,
        at: &mut TabularState,
        action: &usize,
        rng: &mut Rng,
    ) -> Outcome {
        let pair = &model.pairs[at.state * ACTIONS + action];
        let reward = pair.reward(rng);
        at.state = pair.successor(rng);
        at.step += 1;
        Outcome {
            reward,
            terminated: at.step >= model.horizon,
        }
    }
}

impl<const STATES: usize, const ACTIONS: usize> Draw for TabularProcess<STATES, ACTIONS> {
    /// What each action pays on average in the state it is in, and above it the states in a row.
    fn draw(
        &self,
        model: &TabularModel<STATES>,
        at: &TabularState,
        action: Option<&usize>,
    ) -> Picture {
        let pairs = &model.pairs[at.state * ACTIONS..][..ACTIONS];
        let means: Vec<f64> = pairs.iter().map(|pair| pair.reward_mean).collect();
        let mut picture = Board::bars(&means, [-2.0, 4.0], None);
        picture.high[1] += 1.2;
        let top = picture.high[1] - 0.6;
        let gap = ACTIONS as f32 / STATES as f32;
        for state in 0..STATES {
            let color = if state == at.state {
                Color::Agent
            } else {
                Color::Faint
            };
            picture = picture.disc([(state as f32 + 0.5) * gap, top], 0.4 * gap, color);
        }
        match action {
            Some(action) => {
                let came = format!("by action {action}");
                picture.text([ACTIONS as f32 / 2.0, top - 0.6], 0.25, came)
            }
            None => picture,
        }
    }
}
