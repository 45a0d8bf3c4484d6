//! Stretches of experience for networks that remember.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::check_range;

use super::Replay;

/// Stretches of consecutive steps of a lane, the first of which only warm up the memory.
///
/// ```text
/// burn-in: t = 0 … n_burn_in − 1       learned from: t = n_burn_in … n_burn_in + n_learned − 1
/// ```
///
/// Episodes may end within a stretch, as they do within a rollout: `first` says where the memory is
/// to be forgotten. Where to begin is drawn with [`Replay::draw_starts`] or a
/// [`Prioritized`](crate::Prioritized) of [`n_steps`](Self::n_steps) steps. A network's state of
/// the time may be stored beside the action and read from the first step.
///
/// # Examples
///
/// ```
/// use metarl_core::StepBatch;
/// use metarl_memory::{Replay, SequenceBatch, Sequences};
///
/// let mut replay = Replay::<u8, ()>::new(1, 1000)?;
/// let mut step = StepBatch::new(1, 0);
/// for t in 0..6 {
///     step.terminated[0] = t == 2;
///     replay.push(&[t], &[()], &step)?;
/// }
/// let sequences = Sequences::new(1, 3)?;
/// let mut batch = SequenceBatch::default();
/// sequences.gather(&replay, &[0, 2], &mut batch)?;
/// // Time × sequence: one from 0 to 3, one from 2 to 5.
/// assert_eq!(batch.observation, [0, 2, 1, 3, 2, 4, 3, 5]);
/// assert_eq!(batch.first, [true, false, false, true, false, false, true, false]);
/// # Ok::<(), metarl_memory::Error>(())
/// ```
///
/// # References
///
/// Kapturowski et al., *Recurrent Experience Replay in Distributed Reinforcement Learning*, ICLR
/// 2019, section 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Sequences {
    n_burn_in: usize,
    n_learned: usize,
}

/// The fields of [`Sequences`] that were written down.
#[derive(Deserialize)]
struct Unchecked {
    n_burn_in: usize,
    n_learned: usize,
}

impl TryFrom<Unchecked> for Sequences {
    type Error = Error;

    fn try_from(unchecked: Unchecked) -> Result<Self, Error> {
        Self::new(unchecked.n_burn_in, unchecked.n_learned)
    }
}

/// Time × sequence, as a rollout is time × lane: entry `t * n_sequences + s` is step `t` of stretch
/// `s`. A struct of arrays, used again draw after draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SequenceBatch<O, A> {
    /// What was acted on.
    pub observation: Vec<O>,
    /// Whether it opened an episode.
    pub first: Vec<bool>,
    /// What was done.
    pub action: Vec<A>,
    /// What it earned.
    pub reward: Vec<f32>,
    /// What the step reached: the next row's observation only where the episode goes on.
    pub successor: Vec<O>,
    /// The process ended.
    pub terminated: Vec<bool>,
    /// The episode was cut.
    pub truncated: Vec<bool>,
}

impl<O, A> Default for SequenceBatch<O, A> {
    fn default() -> Self {
        Self {
            observation: Vec::new(),
            first: Vec::new(),
            action: Vec::new(),
            reward: Vec::new(),
            successor: Vec::new(),
            terminated: Vec::new(),
            truncated: Vec::new(),
        }
    }
}

impl<O, A> SequenceBatch<O, A> {
    /// Forgets all entries and makes room for `n`.
    fn clear(&mut self, n: usize) {
        fn clear<T>(entries: &mut Vec<T>, n: usize) {
            entries.clear();
            entries.reserve(n);
        }
        clear(&mut self.observation, n);
        clear(&mut self.first, n);
        clear(&mut self.action, n);
        clear(&mut self.reward, n);
        clear(&mut self.successor, n);
        clear(&mut self.terminated, n);
        clear(&mut self.truncated, n);
    }
}

impl Sequences {
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless at least one step is learned from, and the sum is a number.
    pub fn new(n_burn_in: usize, n_learned: usize) -> Result<Self, Error> {
        check_range("n_learned", "at least 1", n_learned, n_learned >= 1)?;
        let is_number = n_burn_in.checked_add(n_learned).is_some();
        check_range("n_burn_in", "a number of steps", n_burn_in, is_number)?;
        Ok(Self {
            n_burn_in,
            n_learned,
        })
    }

    /// Steps that only warm up the memory.
    #[must_use]
    pub fn n_burn_in(&self) -> usize {
        self.n_burn_in
    }

    /// Steps of a stretch, those of the burn-in too.
    #[must_use]
    pub fn n_steps(&self) -> usize {
        self.n_burn_in + self.n_learned
    }

    /// Writes one stretch an index into the batch, over what it held.
    ///
    /// # Errors
    ///
    /// [`Error::NotStored`] for an index at which not as many steps begin, and [`Error::TooShort`]
    /// when they do at none.
    pub fn gather<O: Copy, A: Copy>(
        &self,
        replay: &Replay<O, A>,
        indices: &[u64],
        batch: &mut SequenceBatch<O, A>,
    ) -> Result<(), Error> {
        replay.check_starts(indices, self.n_steps())?;
        batch.clear(self.n_steps() * indices.len());
        for t in 0..self.n_steps() as u64 {
            for start in indices {
                let index = start + t * replay.n_lanes as u64;
                let slot = replay.slot(index);
                batch.observation.push(replay.observation[slot]);
                batch.first.push(replay.is_first(index));
                batch.action.push(replay.action[slot]);
                batch.reward.push(replay.reward[slot]);
                batch.successor.push(replay.successor[slot]);
                batch.terminated.push(replay.terminated[slot]);
                batch.truncated.push(replay.truncated[slot]);
            }
        }
        Ok(())
    }
}
