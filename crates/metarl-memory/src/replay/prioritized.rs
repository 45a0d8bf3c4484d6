//! Transitions drawn as often as they are surprising.

use metarl_core::Rng;
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::{check_entries, check_range};

use super::{Replay, SumTree};

/// Draws indices of a [`Replay`] in proportion to a power of their priorities.
///
/// ```text
/// P(i) = pᵢᵅ / Σₖ pₖᵅ          wᵢ = (N P(i))⁻ᵝ / maxⱼ (N P(j))⁻ᵝ
/// ```
///
/// The priority pᵢ is what [`update`](Self::update) last said, such as |δᵢ| + ε; what is new has the
/// largest priority ever given, 1 at first, so that everything is soon seen once. Of a batch of k,
/// each one is drawn from its own kth part of the total. The weights undo the bias, wholly at β = 1;
/// N is how many can be drawn, and the maximum is over the batch.
///
/// It follows one replay: each draw looks at what was pushed since the last one.
///
/// # Examples
///
/// ```
/// use metarl_core::{Purpose, Seed, StepBatch};
/// use metarl_memory::{Prioritized, Replay};
///
/// let mut replay = Replay::<[f32; 1], usize>::new(1, 1000)?;
/// for _ in 0..4 {
///     replay.push(&[[0.0]], &[0], &StepBatch::new(1, [0.0]))?;
/// }
/// let mut prioritized = Prioritized::new(&replay, 1, 1.0)?;
/// let mut rng = Seed::new(1).stream(Purpose::Minibatch, 0, 0, 0);
/// let (mut indices, mut weights) = ([0; 8], [0.0; 8]);
/// prioritized.draw(&replay, 1.0, &mut rng, &mut indices, &mut weights)?;
/// prioritized.update(&[0, 1, 2, 3], &[3.0, 0.0, 1.0, 0.0])?;
///
/// // Six in eight are 0 and two are 2, each of which counts three times as much.
/// prioritized.draw(&replay, 1.0, &mut rng, &mut indices, &mut weights)?;
/// assert_eq!(indices.iter().filter(|i| **i == 0).count(), 6);
/// assert_eq!((weights[0], weights[7]), (1.0 / 3.0, 1.0));
/// # Ok::<(), metarl_memory::Error>(())
/// ```
///
/// # References
///
/// Schaul et al., *Prioritized Experience Replay*, 2016,
/// [arXiv:1511.05952](https://arxiv.org/abs/1511.05952), equation 1, section 3.4, algorithm 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Prioritized {
    alpha: f64,
    /// Steps that begin at what is drawn: 1 for transitions.
    n_steps: usize,
    /// The largest priority ever given.
    largest: f32,
    /// The indices that can be drawn, when they were last looked at.
    start: u64,
    end: u64,
    /// pᵅ of the index in each slot, 0 where it cannot be drawn.
    tree: SumTree,
}

/// The fields of a [`Prioritized`] that was written down.
#[derive(Deserialize)]
struct Unchecked {
    alpha: f64,
    n_steps: usize,
    largest: f32,
    start: u64,
    end: u64,
    tree: SumTree,
}

impl TryFrom<Unchecked> for Prioritized {
    type Error = Error;

    fn try_from(unchecked: Unchecked) -> Result<Self, Error> {
        let Unchecked {
            alpha,
            n_steps,
            largest,
            start,
            end,
            tree,
        } = unchecked;
        check_parameters(n_steps, alpha)?;
        let is_largest = (1.0..=f32::MAX).contains(&largest);
        check_range("largest", "finite and at least 1", largest, is_largest)?;
        let n = tree.len() as u64;
        let is_range = start <= end && end - start <= n && end <= u64::MAX / 2;
        let allowed = format_args!("at least the start, {start}, and at most {n} more");
        check_range("end", allowed, end, is_range)?;
        let prioritized = Self {
            alpha,
            n_steps,
            largest,
            start,
            end,
            tree,
        };
        let slots = prioritized.tree.weights().iter().enumerate();
        let out_of_reach = slots.filter(|(slot, _)| prioritized.index(*slot) >= end);
        let weight: f64 = out_of_reach.map(|(_, weight)| weight).sum();
        check_range(
            "the weight of what cannot be drawn",
            0,
            weight,
            weight == 0.0,
        )?;
        Ok(prioritized)
    }
}

impl Prioritized {
    /// Follows a replay, drawing indices at which `n_steps` steps begin: 1 for transitions, the
    /// length for sequences. `alpha`, α, is how much priorities matter: not at all at 0.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless `n_steps ≥ 1` and α is in `[0, 7]`, above which a sum of powers
    /// could be infinite, and when there is no memory for a number a transition and a fifteenth more.
    pub fn new<O: Copy, A: Copy>(
        replay: &Replay<O, A>,
        n_steps: usize,
        alpha: f64,
    ) -> Result<Self, Error> {
        check_parameters(n_steps, alpha)?;
        Ok(Self {
            alpha,
            n_steps,
            largest: 1.0,
            start: 0,
            end: 0,
            tree: SumTree::new(replay.capacity())?,
        })
    }

    /// Draws indices, with replacement, and their weights wᵢ.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] when there is not one weight an index, [`Error::OutOfRange`] unless
    /// `beta`, β, is in `[0, 1]`, and when it is not the replay that was followed;
    /// [`Error::TooShort`] when nothing can be drawn, [`Error::NoPriority`] when all priorities are 0.
    pub fn draw<O: Copy, A: Copy>(
        &mut self,
        replay: &Replay<O, A>,
        beta: f64,
        rng: &mut Rng,
        indices: &mut [u64],
        weights: &mut [f32],
    ) -> Result<(), Error> {
        check_entries("weights", weights.len(), indices.len())?;
        check_range("beta", "in [0, 1]", beta, (0.0..=1.0).contains(&beta))?;
        self.follow(replay)?;
        let total = self.tree.total();
        if total <= 0.0 {
            return Err(Error::NoPriority);
        }
        let part = total / indices.len() as f64;
        let mut least = f64::INFINITY;
        for (k, index) in indices.iter_mut().enumerate() {
            let slot = self
                .tree
                .find_positive(part * (k as f64 + rng.random::<f64>()));
            least = least.min(self.tree.weights()[slot]);
            *index = self.index(slot);
        }
        // N and the total cancel: wᵢ = (Pᵢ / min P)⁻ᵝ.
        for (weight, index) in weights.iter_mut().zip(indices) {
            let probability = self.tree.weights()[self.slot(*index)];
            *weight = (probability / least).powf(-beta) as f32;
        }
        Ok(())
    }

    /// Sets priorities: of an index that is there twice the last one stays, of an index that was
    /// overwritten since it was drawn nothing does.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] when there is not one priority an index, [`Error::OutOfRange`] for a
    /// priority that is not finite and at least 0, [`Error::NotStored`] for an index that could not
    /// have been drawn yet.
    pub fn update(&mut self, indices: &[u64], priority: &[f32]) -> Result<(), Error> {
        check_entries("priority", priority.len(), indices.len())?;
        priority.iter().try_for_each(|p| check_priority(*p))?;
        if let Some(&index) = indices.iter().find(|index| **index >= self.end) {
            return Err(Error::NotStored {
                index,
                n_steps: self.n_steps,
                starts: self.start..self.end,
            });
        }
        for (&index, &priority) in indices.iter().zip(priority) {
            self.largest = self.largest.max(priority);
            if index >= self.start {
                let weight = self.weight(priority);
                self.tree.set_checked(self.slot(index), weight);
            }
        }
        Ok(())
    }

    /// P(i), as of the last draw and the updates since: 0 of what cannot be drawn.
    #[must_use]
    pub fn probability(&self, index: u64) -> f64 {
        let total = self.tree.total();
        if total > 0.0 && (self.start..self.end).contains(&index) {
            self.tree.weights()[self.slot(index)] / total
        } else {
            0.0
        }
    }

    /// Gives what was pushed since the last time the largest priority.
    fn follow<O: Copy, A: Copy>(&mut self, replay: &Replay<O, A>) -> Result<(), Error> {
        let n = self.tree.len();
        let capacity = replay.capacity();
        let allowed = format_args!("that of the replay followed, {n}");
        check_range("the replay's capacity", allowed, capacity, capacity == n)?;
        let starts = replay.checked_starts(self.n_steps)?;
        let seen = self.end;
        let allowed = format_args!("at least {seen}, as it was before");
        check_range("the replay's end", allowed, starts.end, starts.end >= seen)?;
        let largest = self.weight(self.largest);
        // What is too new to be drawn may lie where something lay that could be.
        for index in seen.max(starts.start)..replay.indices().end {
            let weight = if index < starts.end { largest } else { 0.0 };
            self.tree.set_checked(self.slot(index), weight);
        }
        (self.start, self.end) = (starts.start, starts.end);
        Ok(())
    }

    /// pᵅ, in which 0⁰ is 0: what has no priority is not drawn.
    fn weight(&self, priority: f32) -> f64 {
        if priority == 0.0 {
            return 0.0;
        }
        f64::from(priority).powf(self.alpha)
    }

    fn slot(&self, index: u64) -> usize {
        (index % self.tree.len() as u64) as usize
    }

    /// The index that can be drawn and lies in the slot.
    fn index(&self, slot: usize) -> u64 {
        let n = self.tree.len() as u64;
        self.start + (slot as u64 + n - self.start % n) % n
    }
}

fn check_parameters(n_steps: usize, alpha: f64) -> Result<(), Error> {
    check_range("n_steps", "at least 1", n_steps, n_steps >= 1)?;
    let holds = (0.0..=7.0).contains(&alpha);
    check_range("alpha", "in [0, 7]", alpha, holds)
}

fn check_priority(priority: f32) -> Result<(), Error> {
    let holds = (0.0..=f32::MAX).contains(&priority);
    check_range("priority", "finite and at least 0", priority, holds)
}
