//! Transitions that pretend to have wanted what they got.

use metarl_core::{Outcome, Rng};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::check_range;

use super::{NStep, NStepBatch, Replay};

/// What a goal is, and when it is achieved.
pub trait Goals<O> {
    /// A goal, and whatever else of a state its outcome depends on.
    type Goal;

    /// The goal that whoever sees this has achieved.
    fn achieved(&self, observation: &O) -> Self::Goal;

    /// The same state, seen by one who wants the goal.
    fn with_goal(&self, observation: &O, goal: &Self::Goal) -> O;

    /// What a step earns that achieved something, for one who wants the goal, and whether the
    /// process ends with it.
    fn outcome(&self, achieved: &Self::Goal, goal: &Self::Goal) -> Outcome;
}

/// Which step's achievement becomes the goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoalStrategy {
    /// The episode's last one.
    Final,
    /// One drawn from the step itself to the episode's last one.
    Future,
    /// Any of the episode.
    Episode,
}

/// [`NStep`] transitions, some of them with another goal.
///
/// ```text
/// g' = achieved(oⱼ₊₁)      rₖ' = r(achieved(oₖ₊₁), g')      for all k = t … t + m − 1
/// ```
///
/// The step j is of the same episode, chosen by the strategy; of an episode that goes on, or whose
/// beginning was overwritten, what is stored. The first of the m steps that ends the process for g'
/// is the last one that counts; an end that the recorded goal brought about is none for g', so
/// there the value of what was reached is bootstrapped from.
///
/// With k goals in hindsight to one recorded, as the paper counts, the `ratio` is k / (k + 1).
///
/// The search for an episode's end costs its length.
///
/// # Examples
///
/// ```
/// use metarl_core::{Outcome, Purpose, Seed, StepBatch};
/// use metarl_memory::{GoalStrategy, Goals, Hindsight, NStep, NStepBatch, Replay};
///
/// /// Sees `[place, goal]`; pays −1 until it is there, which ends the episode.
/// struct Line;
///
/// impl Goals<[i32; 2]> for Line {
///     type Goal = i32;
///
///     fn achieved(&self, [place, _]: &[i32; 2]) -> i32 {
///         *place
///     }
///
///     fn with_goal(&self, [place, _]: &[i32; 2], goal: &i32) -> [i32; 2] {
///         [*place, *goal]
///     }
///
///     fn outcome(&self, achieved: &i32, goal: &i32) -> Outcome {
///         let terminated = achieved == goal;
///         Outcome { reward: if terminated { 0.0 } else { -1.0 }, terminated }
///     }
/// }
///
/// // From 0 to 3 on the way to 9, where it is cut.
/// let mut replay = Replay::<[i32; 2], ()>::new(1, 1000)?;
/// let mut step = StepBatch::new(1, [0, 9]);
/// step.reward[0] = -1.0;
/// for place in 0..3 {
///     step.successor[0] = [place + 1, 9];
///     step.truncated[0] = place == 2;
///     replay.push(&[[place, 9]], &[()], &step)?;
/// }
/// let mut rng = Seed::new(1).stream(Purpose::Minibatch, 0, 0, 0);
/// let mut batch = NStepBatch::default();
/// let hindsight = Hindsight::new(NStep::new(1, 0.5)?, GoalStrategy::Final, 1.0)?;
/// hindsight.gather(&replay, &Line, &[0, 2], &mut rng, &mut batch)?;
/// assert_eq!(batch.observation, [[0, 3], [2, 3]]);
/// assert_eq!(batch.reward, [-1.0, 0.0]);
/// assert_eq!(batch.bootstrap_discount, [0.5, 0.0]);
/// # Ok::<(), metarl_memory::Error>(())
/// ```
///
/// # References
///
/// Andrychowicz et al., *Hindsight Experience Replay*, 2017,
/// [arXiv:1707.01495](https://arxiv.org/abs/1707.01495), algorithm 1, section 4.5.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Hindsight {
    n_step: NStep,
    strategy: GoalStrategy,
    ratio: f64,
}

/// The fields of a [`Hindsight`] that was written down.
#[derive(Deserialize)]
struct Unchecked {
    n_step: NStep,
    strategy: GoalStrategy,
    ratio: f64,
}

impl TryFrom<Unchecked> for Hindsight {
    type Error = Error;

    fn try_from(unchecked: Unchecked) -> Result<Self, Error> {
        Self::new(unchecked.n_step, unchecked.strategy, unchecked.ratio)
    }
}

impl Hindsight {
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless `ratio`, the probability of another goal, is in `[0, 1]`.
    pub fn new(n_step: NStep, strategy: GoalStrategy, ratio: f64) -> Result<Self, Error> {
        check_range("ratio", "in [0, 1]", ratio, (0.0..=1.0).contains(&ratio))?;
        Ok(Self {
            n_step,
            strategy,
            ratio,
        })
    }

    /// Writes one entry an index into the batch, over what it held.
    ///
    /// # Errors
    ///
    /// Those of [`NStep::gather`], and [`Error::NonFinite`] where the rewards of a goal come to NaN or
    /// infinity, at the position of the index; the batch is then empty.
    pub fn gather<O: Copy, A: Copy, G: Goals<O>>(
        &self,
        replay: &Replay<O, A>,
        goals: &G,
        indices: &[u64],
        rng: &mut Rng,
        batch: &mut NStepBatch<O, A>,
    ) -> Result<(), Error> {
        self.n_step.gather(replay, indices, batch)?;
        for (entry, &index) in indices.iter().enumerate() {
            if !rng.random_bool(self.ratio) {
                continue;
            }
            let chosen = replay.slot(self.choose(replay, index, rng));
            let goal = goals.achieved(&replay.successor[chosen]);
            let sum = self.n_step.sum(replay, index, |slot| {
                goals.outcome(&goals.achieved(&replay.successor[slot]), &goal)
            });
            if !sum.reward.is_finite() {
                batch.clear(0);
                return Err(Error::NonFinite {
                    name: "reward",
                    position: entry,
                    value: sum.reward,
                });
            }
            let successor = replay.successor[sum.last_slot];
            batch.observation[entry] = goals.with_goal(&batch.observation[entry], &goal);
            batch.reward[entry] = sum.reward;
            batch.successor[entry] = goals.with_goal(&successor, &goal);
            batch.bootstrap_discount[entry] = sum.bootstrap_discount;
        }
        Ok(())
    }

    /// The step whose achievement becomes the goal.
    fn choose<O: Copy, A: Copy>(&self, replay: &Replay<O, A>, index: u64, rng: &mut Rng) -> u64 {
        let steps = |from, next: fn(&Replay<O, A>, u64) -> Option<u64>| {
            std::iter::successors(Some(from), move |index| next(replay, *index))
        };
        let last = steps(index, Replay::next_of_episode)
            .last()
            .unwrap_or(index);
        let first = match self.strategy {
            GoalStrategy::Final => last,
            GoalStrategy::Future => index,
            GoalStrategy::Episode => {
                let before = steps(index, Replay::previous_of_episode);
                before.last().unwrap_or(index)
            }
        };
        let n_lanes = replay.n_lanes as u64;
        first + rng.random_range(0..=(last - first) / n_lanes) * n_lanes
    }
}
