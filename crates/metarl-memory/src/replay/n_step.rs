//! n-step transitions.

use metarl_core::Outcome;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::check_range;

use super::Replay;

/// Transitions over up to n steps of one episode.
///
/// ```text
/// Rₜ = rₜ + γ rₜ₊₁ + … + γᵐ⁻¹ rₜ₊ₘ₋₁          target = Rₜ + γᵐ max Q(oₜ₊ₘ, ·)
/// ```
///
/// where m is n, or the number of steps until the episode ends or the lane's newest step, if that is
/// less. Where the m-th step terminated, 0 stands for γᵐ; where it was truncated, oₜ₊ₘ is what
/// the episode reached, not what the lane was reset to. With n = 1 these are the transitions
/// themselves. For n > 1 nothing corrects for the policy having changed since.
///
/// # Examples
///
/// See [`Replay`].
///
/// # References
///
/// Sutton and Barto, *Reinforcement Learning*, second edition, 2018, section 7.1; in replay, Hessel et
/// al., *Rainbow*, 2017, [arXiv:1710.02298](https://arxiv.org/abs/1710.02298), section 2.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct NStep {
    n: usize,
    discount: f32,
}

/// The fields of an [`NStep`] that was written down.
#[derive(Deserialize)]
struct Unchecked {
    n: usize,
    discount: f32,
}

impl TryFrom<Unchecked> for NStep {
    type Error = Error;

    fn try_from(Unchecked { n, discount }: Unchecked) -> Result<Self, Error> {
        Self::new(n, discount)
    }
}

/// What to learn from: a struct of arrays, one entry an index, used again draw after draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NStepBatch<O, A> {
    /// oₜ, what was acted on.
    pub observation: Vec<O>,
    /// aₜ, what was done.
    pub action: Vec<A>,
    /// Rₜ, the discounted rewards of the m steps.
    pub reward: Vec<f32>,
    /// oₜ₊ₘ, what they reached.
    pub successor: Vec<O>,
    /// γᵐ, or 0 where the process ended: what the value of `successor` counts for.
    pub bootstrap_discount: Vec<f32>,
}

impl<O, A> Default for NStepBatch<O, A> {
    fn default() -> Self {
        Self {
            observation: Vec::new(),
            action: Vec::new(),
            reward: Vec::new(),
            successor: Vec::new(),
            bootstrap_discount: Vec::new(),
        }
    }
}

impl<O, A> NStepBatch<O, A> {
    /// Forgets all entries and makes room for `n`.
    pub(super) fn clear(&mut self, n: usize) {
        self.observation.clear();
        self.action.clear();
        self.reward.clear();
        self.successor.clear();
        self.bootstrap_discount.clear();
        self.observation.reserve(n);
        self.action.reserve(n);
        self.reward.reserve(n);
        self.successor.reserve(n);
        self.bootstrap_discount.reserve(n);
    }
}

/// What up to n steps came to.
pub(super) struct Sum {
    /// Rₜ.
    pub(super) reward: f32,
    /// γᵐ, or 0.
    pub(super) bootstrap_discount: f32,
    /// Where the m-th step lies.
    pub(super) last_slot: usize,
}

impl NStep {
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless `n ≥ 1` and `discount`, γ, is in `[0, 1]`.
    pub fn new(n: usize, discount: f32) -> Result<Self, Error> {
        check_range("n", "at least 1", n, n >= 1)?;
        let is_unit = (0.0..=1.0).contains(&discount);
        check_range("discount", "in [0, 1]", discount, is_unit)?;
        Ok(Self { n, discount })
    }

    /// Writes one entry an index into the batch, over what it held.
    ///
    /// # Errors
    ///
    /// [`Error::NotStored`] for an index that is not stored any more, or not yet, and
    /// [`Error::TooShort`] when nothing is stored.
    pub fn gather<O: Copy, A: Copy>(
        &self,
        replay: &Replay<O, A>,
        indices: &[u64],
        batch: &mut NStepBatch<O, A>,
    ) -> Result<(), Error> {
        replay.check_starts(indices, 1)?;
        batch.clear(indices.len());
        for &index in indices {
            let slot = replay.slot(index);
            let sum = self.sum(replay, index, |slot| Outcome {
                reward: replay.reward[slot],
                terminated: replay.terminated[slot],
            });
            batch.observation.push(replay.observation[slot]);
            batch.action.push(replay.action[slot]);
            batch.reward.push(sum.reward);
            batch.successor.push(replay.successor[sum.last_slot]);
            batch.bootstrap_discount.push(sum.bootstrap_discount);
        }
        Ok(())
    }

    /// Adds up the rewards of up to n steps; `outcome` says what the step in a slot earned, and
    /// whether the process ended with it.
    #[inline]
    pub(super) fn sum<O: Copy, A: Copy>(
        &self,
        replay: &Replay<O, A>,
        mut index: u64,
        mut outcome: impl FnMut(usize) -> Outcome,
    ) -> Sum {
        let (mut reward, mut discount) = (0.0, 1.0);
        let mut n_left = self.n;
        loop {
            let slot = replay.slot(index);
            let step = outcome(slot);
            reward += discount * step.reward;
            discount *= self.discount;
            n_left -= 1;
            match replay.next_of_episode(index) {
                Some(next) if n_left > 0 && !step.terminated => index = next,
                _ => {
                    return Sum {
                        reward,
                        bootstrap_discount: if step.terminated { 0.0 } else { discount },
                        last_slot: slot,
                    };
                }
            }
        }
    }
}
