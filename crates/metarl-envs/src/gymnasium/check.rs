//! What is refused before Python is asked.

use metarl_core::{Element, Error, Space};

use super::{GymnasiumError, Place};

pub(super) fn at_play(at_play: bool, environment: &str) -> Result<(), GymnasiumError> {
    if at_play {
        return Ok(());
    }
    Err(GymnasiumError::Assignment {
        place: Place::of(environment),
        reason: "must be reset, at first and after an error",
    })
}

/// `n_steps` has the steps of each lane's episode.
pub(super) fn actions<A: Space>(
    environment: &'static str,
    space: &A,
    action: &[Element<A>],
    n_steps: impl Iterator<Item = u32>,
) -> Result<(), Error> {
    // All of them, so that the compiler makes vector instructions of it.
    let contained = action.iter().map(|action| space.contains(action));
    if contained.fold(true, |all, one| all & one) {
        return Ok(());
    }
    let mut lanes = action.iter().zip(n_steps).enumerate();
    let wrong = lanes.find(|(_, (action, _))| !space.contains(action));
    wrong.map_or(Ok(()), |(lane, (action, step))| {
        Err(Error::InvalidAction {
            environment,
            lane,
            step,
            action: format!("{action:?}"),
            space: space.describe(),
        })
    })
}
