//! Episodic memories side by side: what each lane takes up again where a context returns.

use metarl_memory::{BruteForce, EpisodicStore, Error, LookUp};

/// An episodic memory for each lane, from the start of an epoch. The context of a trial is its first
/// observation.
#[derive(Debug)]
pub(super) struct Recall {
    stores: Vec<EpisodicStore<BruteForce>>,
    /// The context each lane is in; nothing before its first trial.
    context: Vec<Option<Vec<f32>>>,
    /// `m` of each lane, side by side.
    recalled: Vec<f32>,
    /// What was recalled at the start of each trial, in the order they began.
    history: Vec<f32>,
    look_up: LookUp,
    /// How far from the nearest context kept another may be to be known again.
    recall_distance: f32,
}

impl Recall {
    /// A copy of an empty memory for each lane.
    pub(super) fn new(
        empty: &EpisodicStore<BruteForce>,
        recall_distance: f32,
        n_lanes: usize,
    ) -> Self {
        Self {
            stores: vec![empty.clone(); n_lanes],
            context: vec![None; n_lanes],
            recalled: vec![0.0; n_lanes * empty.width()],
            history: Vec::new(),
            look_up: LookUp::default(),
            recall_distance,
        }
    }

    /// A trial begins in a context. The cell state that the lane's last trial ended in is kept; then
    /// the state of the nearest context is recalled, zeros where none is near.
    ///
    /// ```text
    /// M(last context) ← c        m = tanh M(context)
    /// ```
    ///
    /// A cell that takes up `m` at every step may end in several times `m`. Squashed, what is kept does
    /// not grow from one exposure to the next.
    pub(super) fn begin(
        &mut self,
        lane: usize,
        context: Vec<f32>,
        cell_state: &[f32],
    ) -> Result<(), Error> {
        let store = &mut self.stores[lane];
        if let Some(ended) = &self.context[lane] {
            store.write(ended, cell_state)?;
        }
        store.retrieve(&context, &mut self.look_up)?;
        let nearest = self.look_up.neighbors().first();
        let known =
            nearest.is_some_and(|nearest| nearest.squared_distance <= self.recall_distance.powi(2));
        let stored = self.look_up.output();
        let own = &mut self.recalled[lane * stored.len()..][..stored.len()];
        for (own, stored) in own.iter_mut().zip(stored) {
            *own = if known { stored.tanh() } else { 0.0 };
        }
        self.history.extend_from_slice(own);
        self.context[lane] = Some(context);
        Ok(())
    }

    /// What each lane has recalled in the trial it is in, side by side.
    pub(super) fn recalled(&self) -> &[f32] {
        &self.recalled
    }

    /// What was recalled at the start of each trial, in the order they began.
    pub(super) fn into_history(self) -> Vec<f32> {
        self.history
    }
}

/// Writes what was recalled in each row's trial as the end of that row.
pub(super) fn replay(
    history: &[f32],
    width: usize,
    first: &[bool],
    n_lanes: usize,
    rows: &mut [f32],
) {
    let row_width = rows.len() / first.len().max(1);
    let mut trials = history.chunks_exact(width);
    for (row, first) in first.iter().enumerate() {
        let end = (row + 1) * row_width;
        if *first {
            let recalled = trials.next().unwrap_or(&[]);
            rows[end - recalled.len()..end].copy_from_slice(recalled);
        } else {
            let before = end - n_lanes * row_width;
            rows.copy_within(before - width..before, end - width);
        }
    }
}
