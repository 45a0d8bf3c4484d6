//! What the network sees of a trial.

use std::marker::PhantomData;

use metarl_core::{Discrete, Space, TrialObservation, TrialSpace};

/// How observations of trials become rows of numbers: as [`TrialSpace`] encodes them, and where
/// `joint` is set with the outer product of what was seen and done one step ago, `oₜ₋₁ ⊗ aₜ₋₁`.
/// Of discrete states and actions it is one-hot over their pairs: the pair that the previous reward
/// belongs to.
#[derive(Debug)]
pub(super) struct Inputs<O, const ACTIONS: usize> {
    joint: bool,
    space: PhantomData<O>,
}

impl<O, const ACTIONS: usize> Clone for Inputs<O, ACTIONS> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O, const ACTIONS: usize> Copy for Inputs<O, ACTIONS> {}

impl<O: Space, const ACTIONS: usize> Inputs<O, ACTIONS> {
    const PLAIN: usize = TrialSpace::<O, Discrete<ACTIONS>>::WIDTH;

    pub(super) fn new(joint: bool) -> Self {
        Self {
            joint,
            space: PhantomData,
        }
    }

    /// Numbers of an encoded observation.
    pub(super) fn width(self) -> usize {
        Self::PLAIN + if self.joint { O::WIDTH * ACTIONS } else { 0 }
    }

    /// Writes each observation as the first [`width`](Self::width) numbers of a row.
    pub(super) fn encode(
        self,
        observation: &[TrialObservation<O::Element, usize>],
        rows: &mut [f32],
        row_width: usize,
    ) {
        for (row, seen) in rows.chunks_exact_mut(row_width).zip(observation) {
            let (plain, joint) = row[..self.width()].split_at_mut(Self::PLAIN);
            TrialSpace::<O, Discrete<ACTIONS>>::encode(seen, plain);
            joint.fill(0.0);
            if let (true, Some(previous)) = (self.joint, &seen.previous) {
                let start = previous.action * O::WIDTH;
                O::encode(&previous.observation, &mut joint[start..start + O::WIDTH]);
            }
        }
    }
}
