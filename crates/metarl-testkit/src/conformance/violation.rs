//! The contract's clauses and how a broken one is reported.

use std::fmt;

/// A clause of the contract. Its `Display` is the clause's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Clause {
    /// The number of lanes is the one asked for.
    LaneCount,
    /// Valid calls succeed.
    AcceptsValid,
    /// The suite saw what it is meant to check.
    Exercised,
    /// Randomness comes from the assigned stream alone.
    Reproducible,
    /// Buffers are outputs only.
    WritesAll,
    /// Observations belong to the observation space.
    ObservationInSpace,
    /// Successors belong to the observation space.
    SuccessorInSpace,
    /// Rewards are numbers.
    FiniteReward,
    /// An episode ends one way.
    OneEnding,
    /// Within an episode, what was reached is what is acted on next.
    Continuity,
    /// A lane whose episode ended starts the next one by itself.
    AutoReset,
    /// Lanes do not touch each other.
    LanesIndependent,
    /// An assignment takes effect at the next reset.
    AssignWaits,
    /// Assigning and resetting erases the past.
    Forgets,
    /// Lanes that do not exist are refused.
    RejectsUnknownLane,
    /// Slices that are not one entry a lane are refused.
    RejectsWrongLength,
    /// Actions outside the space are refused.
    RejectsInvalidAction,
    /// A distribution's name carries a version.
    VersionedName,
    /// A distribution's task depends on the stream alone.
    ReproducibleTask,
    /// Training and test tasks differ.
    DisjointSplits,
    /// Tasks survive a file.
    TaskRoundTrip,
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LaneCount => "`n_lanes` must be the number of lanes asked for",
            Self::AcceptsValid => {
                "`assign` of a valid task, `reset` and `step` with actions of the space must succeed"
            }
            Self::Exercised => {
                "the suite must be given a task, and steps enough for an episode to end: without an end, half the contract goes unchecked"
            }
            Self::Reproducible => {
                "the same task, stream and actions must give the same bits: every random number comes from the assigned stream"
            }
            Self::WritesAll => {
                "`reset` and `step` must write every entry they are given and read none: the result may not depend on what the buffers held"
            }
            Self::ObservationInSpace => {
                "every observation, of `reset` and of `step`, must belong to the observation space"
            }
            Self::SuccessorInSpace => "every successor must belong to the observation space",
            Self::FiniteReward => "every reward must be finite",
            Self::OneEnding => {
                "an episode must end terminated or truncated, never both: where the process ended, nothing was left to cut"
            }
            Self::Continuity => "the successor must be the next observation unless the episode ended",
            Self::AutoReset => {
                "where an episode ended, `observation` must open a new one, with its clock at zero, while `successor` stays what the old one reached"
            }
            Self::LanesIndependent => {
                "a lane's results must depend on its own task, stream and actions alone: the same lane run by itself gave something else"
            }
            Self::AssignWaits => {
                "`assign` must change nothing before the next `reset`: the running episode, and those after it, keep their task and stream"
            }
            Self::Forgets => {
                "`assign` and `reset` must leave nothing of what a lane did before, errors included"
            }
            Self::RejectsUnknownLane => "`assign` to a lane that does not exist must be an error",
            Self::RejectsWrongLength => {
                "slices that are not one entry a lane must give `Error::LaneMismatch`"
            }
            Self::RejectsInvalidAction => {
                "an action outside the space must give `Error::InvalidAction` naming its lane"
            }
            Self::VersionedName => "the name must read `family/size@version`, the version a number",
            Self::ReproducibleTask => "the same stream must draw the same task",
            Self::DisjointSplits => "the training and the test split must hold different tasks",
            Self::TaskRoundTrip => "a task must come back the same from its serialized form",
        })
    }
}

/// A broken clause, and where it broke.
///
/// `Debug` prints what `Display` does, so that `check(…).unwrap()` shows the contract.
#[derive(Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which clause.
    pub clause: Clause,
    /// Where, and what was found.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.clause, self.found)
    }
}

impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Violation {}

/// `Ok` when the clause holds.
pub(super) fn holds(
    clause: Clause,
    held: bool,
    found: impl FnOnce() -> String,
) -> Result<(), Violation> {
    if held {
        Ok(())
    } else {
        Err(Violation {
            clause,
            found: found(),
        })
    }
}
