//! The memory: a ring of rows, one transition a lane in each.

use std::ops::Range;

use metarl_core::{Rng, StepBatch};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::{check_entries, check_range, reserve};

use super::snapshot::Snapshot;

/// One step of one lane.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Transition<O, A> {
    /// What was acted on.
    pub observation: O,
    /// What was done.
    pub action: A,
    /// What it earned.
    pub reward: f32,
    /// What the step reached, also where an episode ended.
    pub successor: O,
    /// The process ended: the value of `successor` is 0.
    pub terminated: bool,
    /// The episode was cut while the process goes on: bootstrap from `successor`.
    pub truncated: bool,
}

/// The latest transitions of every lane: a struct of arrays that overwrites its oldest row.
///
/// Every transition has an **index**: how many were pushed before it. An index is never used again,
/// so one that was kept for long names its transition or nothing, not what overwrote it. The
/// indices stored are one range, in which
///
/// ```text
/// lane(i) = i mod n_lanes        the step that follows i in its lane is i + n_lanes
/// ```
///
/// whatever lies where in the ring: its seam is not to be seen from outside.
///
/// # Examples
///
/// ```
/// use metarl_core::{Purpose, Seed, StepBatch};
/// use metarl_memory::{NStep, NStepBatch, Replay};
///
/// // Two lanes; observations are numbers, actions are indices; room of 1000 bytes.
/// let mut replay = Replay::<[f32; 1], usize>::new(2, 1000)?;
/// let mut step = StepBatch::new(2, [0.0]);
/// for t in 0..5 {
///     let observation = [[t as f32], [-t as f32]];
///     step.successor = vec![[t as f32 + 1.0], [-t as f32 - 1.0]];
///     step.reward = vec![1.0, 2.0];
///     step.terminated = vec![t == 1, false];
///     replay.push(&observation, &[0, 1], &step)?;
/// }
/// assert_eq!(replay.indices(), 0..10);
///
/// let mut rng = Seed::new(1).stream(Purpose::Minibatch, 0, 0, 0);
/// let mut indices = [0; 32];
/// replay.draw(&mut rng, &mut indices)?;
/// let mut batch = NStepBatch::default();
/// NStep::new(3, 0.5)?.gather(&replay, &indices, &mut batch)?;
///
/// // Lane 0 terminated with its second step, lane 1 goes on.
/// NStep::new(3, 0.5)?.gather(&replay, &[0, 1], &mut batch)?;
/// assert_eq!(batch.reward, [1.0 + 0.5, 2.0 + 1.0 + 0.5]);
/// assert_eq!(batch.bootstrap_discount, [0.0, 0.125]);
/// assert_eq!(batch.successor, [[2.0], [-3.0]]);
/// # Ok::<(), metarl_memory::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    try_from = "Snapshot<O, A>",
    bound(deserialize = "O: Copy + Deserialize<'de>, A: Copy + Deserialize<'de>")
)]
pub struct Replay<O, A> {
    pub(super) n_lanes: usize,
    /// In transitions: a whole number of rows.
    pub(super) capacity: usize,
    /// Index of the next transition.
    pub(super) n_pushed: u64,
    /// Whether the oldest step of each lane opens an episode.
    pub(super) oldest_is_first: Vec<bool>,
    pub(super) observation: Vec<O>,
    pub(super) action: Vec<A>,
    pub(super) reward: Vec<f32>,
    pub(super) successor: Vec<O>,
    pub(super) terminated: Vec<bool>,
    pub(super) truncated: Vec<bool>,
}

impl<O: Copy, A: Copy> Replay<O, A> {
    /// Bytes of a transition.
    pub const TRANSITION_BYTES: usize =
        2 * size_of::<O>() + size_of::<A>() + size_of::<f32>() + 2 * size_of::<bool>();

    /// Room for as many rows of `n_lanes` transitions as fit into `capacity_bytes`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when there are no lanes and when not even one row fits;
    /// [`Error::OutOfMemory`] when the machine has less memory.
    pub fn new(n_lanes: usize, capacity_bytes: usize) -> Result<Self, Error> {
        check_range("n_lanes", "at least 1", n_lanes, n_lanes >= 1)?;
        let row_bytes = n_lanes.saturating_mul(Self::TRANSITION_BYTES);
        check_range(
            "capacity_bytes",
            format_args!("at least {row_bytes}, one transition of {n_lanes} lanes"),
            capacity_bytes,
            capacity_bytes >= row_bytes,
        )?;
        let mut replay = Self {
            n_lanes,
            capacity: capacity_bytes / row_bytes * n_lanes,
            n_pushed: 0,
            oldest_is_first: vec![true; n_lanes],
            observation: Vec::new(),
            action: Vec::new(),
            reward: Vec::new(),
            successor: Vec::new(),
            terminated: Vec::new(),
            truncated: Vec::new(),
        };
        replay.reserve()?;
        Ok(replay)
    }

    /// Asks for all memory at once, and gives back what is too much.
    pub(super) fn reserve(&mut self) -> Result<(), Error> {
        fn exactly<T>(entries: &mut Vec<T>, capacity: usize) -> Result<(), Error> {
            entries.shrink_to(capacity);
            reserve(entries, capacity - entries.len())
        }
        let n = self.capacity;
        exactly(&mut self.observation, n)?;
        exactly(&mut self.action, n)?;
        exactly(&mut self.reward, n)?;
        exactly(&mut self.successor, n)?;
        exactly(&mut self.terminated, n)?;
        exactly(&mut self.truncated, n)
    }

    /// Lanes.
    #[must_use]
    pub fn n_lanes(&self) -> usize {
        self.n_lanes
    }

    /// Most transitions that are kept, of all lanes together.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Transitions that are kept, of all lanes together.
    #[must_use]
    pub fn len(&self) -> usize {
        self.reward.len()
    }

    /// Whether nothing was pushed yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reward.is_empty()
    }

    /// The indices stored.
    #[must_use]
    pub fn indices(&self) -> Range<u64> {
        self.n_pushed - self.len() as u64..self.n_pushed
    }

    /// The indices at which `n_steps` steps of a lane begin, all of them stored: a range again, empty
    /// while lanes are shorter. Episodes may end on the way.
    #[must_use]
    pub fn starts(&self, n_steps: usize) -> Range<u64> {
        let Range { start, end } = self.indices();
        let others = (n_steps.saturating_sub(1) as u64).saturating_mul(self.n_lanes as u64);
        start..end.saturating_sub(others).max(start)
    }

    /// Stores what one step of every lane gave, over the oldest row where there is no room.
    ///
    /// | argument | shape | meaning |
    /// |---|---|---|
    /// | `observation` | lane | what was acted on: the batch's `observation` *before* the step |
    /// | `action` | lane | what was done |
    /// | `step` | lane | what the environment gave; its `observation` is not read |
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] when something is not one entry a lane, [`Error::NonFinite`] for a
    /// reward that is NaN or infinite.
    pub fn push(
        &mut self,
        observation: &[O],
        action: &[A],
        step: &StepBatch<O>,
    ) -> Result<(), Error> {
        self.push_row(
            observation,
            action,
            &step.reward,
            &step.successor,
            &step.terminated,
            &step.truncated,
        )
    }

    fn push_row(
        &mut self,
        observation: &[O],
        action: &[A],
        reward: &[f32],
        successor: &[O],
        terminated: &[bool],
        truncated: &[bool],
    ) -> Result<(), Error> {
        for (name, got) in [
            ("observation", observation.len()),
            ("action", action.len()),
            ("successor", successor.len()),
            ("reward", reward.len()),
            ("terminated", terminated.len()),
            ("truncated", truncated.len()),
        ] {
            check_entries(name, got, self.n_lanes)?;
        }
        check_rewards(reward)?;
        let slot = self.slot(self.n_pushed);
        if self.len() == self.capacity {
            for (lane, first) in self.oldest_is_first.iter_mut().enumerate() {
                *first = self.terminated[slot + lane] || self.truncated[slot + lane];
            }
        }
        write_row(&mut self.observation, slot, observation);
        write_row(&mut self.action, slot, action);
        write_row(&mut self.reward, slot, reward);
        write_row(&mut self.successor, slot, successor);
        write_row(&mut self.terminated, slot, terminated);
        write_row(&mut self.truncated, slot, truncated);
        self.n_pushed += self.n_lanes as u64;
        Ok(())
    }

    /// Stores one step of the only lane.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] when there are more lanes, [`Error::NonFinite`] for a reward that is
    /// NaN or infinite.
    pub fn push_transition(&mut self, transition: &Transition<O, A>) -> Result<(), Error> {
        self.push_row(
            &[transition.observation],
            &[transition.action],
            &[transition.reward],
            &[transition.successor],
            &[transition.terminated],
            &[transition.truncated],
        )
    }

    /// Cuts the episodes that go on: to be called where environments are reset in mid-episode, or
    /// replaced, so that what comes next is not taken for their continuation.
    pub fn truncate_episodes(&mut self) {
        for index in self.indices().rev().take(self.n_lanes) {
            let slot = self.slot(index);
            self.truncated[slot] |= !self.terminated[slot];
        }
    }

    /// The transition of an index, where it is still stored.
    #[must_use]
    pub fn get(&self, index: u64) -> Option<Transition<O, A>> {
        let slot = self.indices().contains(&index).then(|| self.slot(index))?;
        Some(Transition {
            observation: self.observation[slot],
            action: self.action[slot],
            reward: self.reward[slot],
            successor: self.successor[slot],
            terminated: self.terminated[slot],
            truncated: self.truncated[slot],
        })
    }

    /// Draws indices uniformly, with replacement.
    ///
    /// # Errors
    ///
    /// [`Error::TooShort`] when nothing is stored.
    pub fn draw(&self, rng: &mut Rng, indices: &mut [u64]) -> Result<(), Error> {
        self.draw_starts(1, rng, indices)
    }

    /// Draws indices uniformly, with replacement, of those at which `n_steps` steps begin.
    ///
    /// # Errors
    ///
    /// [`Error::TooShort`] when lanes have fewer steps.
    pub fn draw_starts(
        &self,
        n_steps: usize,
        rng: &mut Rng,
        indices: &mut [u64],
    ) -> Result<(), Error> {
        let starts = self.checked_starts(n_steps)?;
        indices.fill_with(|| rng.random_range(starts.clone()));
        Ok(())
    }

    /// [`starts`](Self::starts), of which there must be some.
    pub(super) fn checked_starts(&self, n_steps: usize) -> Result<Range<u64>, Error> {
        let starts = self.starts(n_steps);
        if starts.is_empty() {
            return Err(Error::TooShort {
                needed: n_steps,
                stored: self.len() / self.n_lanes,
            });
        }
        Ok(starts)
    }

    /// Checks that `n_steps` steps begin at each index.
    pub(super) fn check_starts(&self, indices: &[u64], n_steps: usize) -> Result<(), Error> {
        let starts = self.checked_starts(n_steps)?;
        match indices.iter().find(|index| !starts.contains(index)) {
            None => Ok(()),
            Some(&index) => Err(Error::NotStored {
                index,
                n_steps,
                starts,
            }),
        }
    }

    /// Where the transition of an index lies, or did, or will.
    pub(super) fn slot(&self, index: u64) -> usize {
        (index % self.capacity as u64) as usize
    }

    /// Index of the step that goes on with the episode, where that is stored.
    pub(super) fn next_of_episode(&self, index: u64) -> Option<u64> {
        let slot = self.slot(index);
        let next = index + self.n_lanes as u64;
        let goes_on = !self.terminated[slot] && !self.truncated[slot];
        (goes_on && next < self.n_pushed).then_some(next)
    }

    /// Index of the step that the episode came from, where that is stored.
    pub(super) fn previous_of_episode(&self, index: u64) -> Option<u64> {
        let previous = index.checked_sub(self.n_lanes as u64)?;
        let stored = previous >= self.indices().start;
        (stored && self.next_of_episode(previous).is_some()).then_some(previous)
    }

    /// Whether the step opens an episode, as far as can be known: also the first one ever pushed.
    pub(super) fn is_first(&self, index: u64) -> bool {
        let oldest = self.indices().start;
        match index - oldest {
            lane if lane < self.n_lanes as u64 => self.oldest_is_first[lane as usize],
            _ => self.previous_of_episode(index).is_none(),
        }
    }
}

/// Checks that rewards are numbers.
pub(super) fn check_rewards(reward: &[f32]) -> Result<(), Error> {
    match reward.iter().position(|reward| !reward.is_finite()) {
        None => Ok(()),
        Some(position) => Err(Error::NonFinite {
            name: "reward",
            position,
            value: reward[position],
        }),
    }
}

/// Writes a row over what lies there, or at the end.
fn write_row<T: Copy>(entries: &mut Vec<T>, slot: usize, row: &[T]) {
    if slot == entries.len() {
        entries.extend_from_slice(row);
    } else {
        entries[slot..][..row.len()].copy_from_slice(row);
    }
}
