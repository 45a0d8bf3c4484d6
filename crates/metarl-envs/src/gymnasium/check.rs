//! What is refused before Python is asked.

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
