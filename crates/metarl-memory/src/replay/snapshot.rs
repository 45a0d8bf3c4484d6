//! A replay that was written down, before anything of it is believed.

use serde::Deserialize;

use crate::Error;
use crate::error::{check_entries, check_range};

use super::ring::{Replay, check_rewards};

/// The fields of a [`Replay`].
#[derive(Debug, Deserialize)]
pub(super) struct Snapshot<O, A> {
    n_lanes: usize,
    capacity: usize,
    n_pushed: u64,
    oldest_is_first: Vec<bool>,
    observation: Vec<O>,
    action: Vec<A>,
    reward: Vec<f32>,
    successor: Vec<O>,
    terminated: Vec<bool>,
    truncated: Vec<bool>,
}

impl<O: Copy, A: Copy> TryFrom<Snapshot<O, A>> for Replay<O, A> {
    type Error = Error;

    fn try_from(snapshot: Snapshot<O, A>) -> Result<Self, Error> {
        let Snapshot {
            n_lanes,
            capacity,
            n_pushed,
            ..
        } = snapshot;
        check_range("n_lanes", "at least 1", n_lanes, n_lanes >= 1)?;
        let is_rows = capacity >= 1 && capacity.is_multiple_of(n_lanes);
        let rows = format_args!("a whole number of rows of {n_lanes} lanes");
        check_range("capacity", rows, capacity, is_rows)?;
        // Half of all indices: no addition of a replay that goes on can overflow.
        let is_rows = n_pushed.is_multiple_of(n_lanes as u64) && n_pushed <= u64::MAX / 2;
        check_range("n_pushed", rows, n_pushed, is_rows)?;
        let len = n_pushed.min(capacity as u64) as usize;
        check_entries("oldest_is_first", snapshot.oldest_is_first.len(), n_lanes)?;
        for (name, got) in [
            ("observation", snapshot.observation.len()),
            ("action", snapshot.action.len()),
            ("reward", snapshot.reward.len()),
            ("successor", snapshot.successor.len()),
            ("terminated", snapshot.terminated.len()),
            ("truncated", snapshot.truncated.len()),
        ] {
            check_entries(name, got, len)?;
        }
        check_rewards(&snapshot.reward)?;
        let mut replay = Self {
            n_lanes,
            capacity,
            n_pushed,
            oldest_is_first: snapshot.oldest_is_first,
            observation: snapshot.observation,
            action: snapshot.action,
            reward: snapshot.reward,
            successor: snapshot.successor,
            terminated: snapshot.terminated,
            truncated: snapshot.truncated,
        };
        replay.reserve()?;
        Ok(replay)
    }
}
