//! Shorter episodes.

use metarl_core::{Error, Process, check_range};

/// Truncates episodes after `max_steps`, or after the process's own limit if that is earlier.
///
/// # Examples
///
/// ```
/// use metarl_core::{Lanes, Process};
/// use metarl_envs::{DarkRoomProcess, TimeLimit};
///
/// let short = Lanes::of(TimeLimit { process: DarkRoomProcess, max_steps: 20 }, 8);
/// assert_eq!(short.process().max_steps(), Some(20));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimit<P> {
    /// What is limited.
    pub process: P,
    /// Steps after which an episode is truncated.
    pub max_steps: u32,
}

impl<P: Process> Process for TimeLimit<P> {
    forward! { Task Model State ObservationSpace ActionSpace NAME observation_space action_space start restart observe advance }

    /// # Errors
    ///
    /// [`Error::OutOfRange`] for episodes of no step, and those of the process.
    fn model(&self, task: &P::Task) -> Result<P::Model, Error> {
        check_range(
            "max_steps",
            "at least 1",
            self.max_steps,
            self.max_steps > 0,
        )?;
        self.process.model(task)
    }

    fn max_steps(&self) -> Option<u32> {
        let own = self.process.max_steps();
        Some(own.map_or(self.max_steps, |own| own.min(self.max_steps)))
    }
}
