//! Everything that ever happened, row by row, and where it must be found.

use std::ops::Range;

use metarl_core::{Purpose, Rng, Seed, StepBatch};
use metarl_memory::{Replay, Transition};
use proptest::collection::vec;
use proptest::prelude::*;

/// `[lane, counter]`: no two states of a lane share a counter.
pub(crate) type Observation = [u32; 2];

/// What was done is the number of the row.
pub(crate) type Action = u16;

pub(crate) type Numbers = Replay<Observation, Action>;

#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) n_lanes: usize,
    /// Rows that the replay keeps.
    pub(crate) n_kept: usize,
    /// Time × lane.
    pub(crate) rows: Vec<Vec<Transition<Observation, Action>>>,
    /// Whether all episodes were cut from outside after the row.
    cuts: Vec<bool>,
}

/// Reward and ending of each lane, and whether all episodes are cut from outside afterwards.
type Row = (Vec<(i8, u8)>, bool);

/// Any way that up to `n_rows` steps of a few lanes can go, with few of them kept.
pub(crate) fn histories(n_rows: usize) -> impl Strategy<Value = History> {
    let sizes = (1..=4_usize, 1..=9_usize, 0..=n_rows);
    sizes.prop_flat_map(|(n_lanes, n_kept, n_rows)| {
        let step = (-9..=9_i8, 0..8_u8);
        let row = (vec(step, n_lanes), prop::bool::weighted(0.1));
        vec(row, n_rows).prop_map(move |rows| History::new(n_lanes, n_kept, &rows))
    })
}

impl History {
    /// Endings: 0 terminates, 1 truncates, 2 claims both, all others go on.
    pub(crate) fn new(n_lanes: usize, n_kept: usize, rows: &[Row]) -> Self {
        let mut counter = vec![0; n_lanes];
        let play = |(t, (row, cut)): (usize, &Row)| {
            let row = row.iter().zip(&mut counter).enumerate();
            let transition = |(lane, (&(reward, ending), counter)): (usize, (_, &mut u32))| {
                let observation = [lane as u32, *counter];
                let successor = [lane as u32, *counter + 1];
                let ended = ending <= 2 || *cut;
                *counter += if ended { 2 } else { 1 };
                Transition {
                    observation,
                    action: t as Action,
                    reward: f32::from(reward),
                    successor,
                    terminated: matches!(ending, 0 | 2),
                    truncated: matches!(ending, 1 | 2) || (*cut && ending != 0),
                }
            };
            row.map(transition).collect()
        };
        Self {
            n_lanes,
            n_kept,
            rows: rows.iter().enumerate().map(play).collect(),
            cuts: rows.iter().map(|(_, cut)| *cut).collect(),
        }
    }

    /// A replay that has just room for the rows to be kept, and has seen everything.
    pub(crate) fn replay(&self) -> Numbers {
        let bytes = self.n_kept * self.n_lanes * Numbers::TRANSITION_BYTES;
        let mut replay = Replay::new(self.n_lanes, bytes + self.n_lanes).expect("room");
        self.push(&mut replay, 0..self.rows.len());
        replay
    }

    /// Pushes rows; what truncates from outside comes afterwards, as it does in life.
    pub(crate) fn push(&self, replay: &mut Numbers, rows: Range<usize>) {
        let mut step = StepBatch::new(self.n_lanes, [0; 2]);
        for t in rows {
            let row = &self.rows[t];
            let observation: Vec<_> = row.iter().map(|x| x.observation).collect();
            let action: Vec<_> = row.iter().map(|x| x.action).collect();
            for (lane, transition) in row.iter().enumerate() {
                step.reward[lane] = transition.reward;
                step.successor[lane] = transition.successor;
                step.terminated[lane] = transition.terminated;
                let cut_later = self.cuts[t] && !transition.terminated;
                step.truncated[lane] = transition.truncated && !cut_later;
            }
            replay.push(&observation, &action, &step).expect("a row");
            if self.cuts[t] {
                replay.truncate_episodes();
            }
        }
    }

    /// The indices that must be stored.
    pub(crate) fn stored(&self) -> Range<u64> {
        let n_rows = self.rows.len();
        let start = n_rows.saturating_sub(self.n_kept) * self.n_lanes;
        start as u64..(n_rows * self.n_lanes) as u64
    }

    pub(crate) fn get(&self, index: u64) -> &Transition<Observation, Action> {
        let index = index as usize;
        &self.rows[index / self.n_lanes][index % self.n_lanes]
    }

    /// The steps from an index to the end of its episode or of what is known.
    pub(crate) fn rest_of_episode(&self, index: u64) -> Vec<u64> {
        let mut rest = vec![index];
        loop {
            let last = rest[rest.len() - 1];
            let next = last + self.n_lanes as u64;
            let transition = self.get(last);
            if transition.terminated || transition.truncated || next >= self.stored().end {
                return rest;
            }
            rest.push(next);
        }
    }
}

pub(crate) fn rng(seed: u64) -> Rng {
    Seed::new(seed).stream(Purpose::Minibatch, 0, 0, 0)
}
