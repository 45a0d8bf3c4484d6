//! The experience an estimator reads, and the one loop they all share.

use crate::error::check_length;
use crate::{Error, Float};

/// Experience as a rectangle: entry `t * n_lanes + lane` is step `t` of that lane.
///
/// | field | unit | meaning |
/// |---|---|---|
/// | `n_lanes` | | columns of the rectangle |
/// | `reward` | reward | rₜ |
/// | `next_value` | reward | value of what step t reached: V(oₜ₊₁), or the mean of Q(oₜ₊₁, ·) under π for [`retrace`](crate::retrace) |
/// | `terminated` | | the process ended with step t |
/// | `truncated` | | the episode was cut after step t while the process goes on |
///
/// `next_value` is not read where `terminated`. Where `truncated`, and in the last row, it is the
/// value of the observation the episode reached, *not* of the one the lane was reset to.
/// A step that claims both endings counts as terminated.
#[derive(Debug, Clone, Copy)]
pub struct Transitions<'a, T> {
    /// Columns of the rectangle.
    pub n_lanes: usize,
    /// rₜ.
    pub reward: &'a [T],
    /// Value of what the step reached.
    pub next_value: &'a [T],
    /// The process ended.
    pub terminated: &'a [bool],
    /// The episode was cut.
    pub truncated: &'a [bool],
}

/// One step of one lane, beside the step that followed it in the same row of memory.
pub(crate) struct Step<T, const N: usize> {
    pub(crate) reward: T,
    /// Value of what the step reached: 0 where the process ended.
    pub(crate) next_value: T,
    /// The estimator's own inputs.
    pub(crate) inputs: [T; N],
    /// Whether the episode goes on to the next row: only then do the fields below mean anything.
    pub(crate) goes_on: bool,
    pub(crate) later_reward: T,
    pub(crate) later_next_value: T,
    pub(crate) later_inputs: [T; N],
    /// What was estimated for the next row.
    pub(crate) later_estimate: T,
}

impl<T: Float> Transitions<'_, T> {
    /// Checks the shapes, those of `others` too.
    pub(crate) fn check<const N: usize>(
        &self,
        others: [(&'static str, usize); N],
    ) -> Result<(), Error> {
        let n = self.reward.len();
        if n.checked_rem(self.n_lanes).unwrap_or(n) != 0 {
            return Err(Error::Ragged {
                n_entries: n,
                n_lanes: self.n_lanes,
            });
        }
        check_length("next_value", self.next_value.len(), n)?;
        check_length("terminated", self.terminated.len(), n)?;
        check_length("truncated", self.truncated.len(), n)?;
        others
            .into_iter()
            .try_for_each(|(name, got)| check_length(name, got, n))
    }

    /// Fills `out` from the last row to the first, each entry from its step and what came later.
    ///
    /// The inner loop runs over lanes, along memory, and has no branch: it is left to the compiler
    /// to make vectors of it. The last row is followed by nothing, so it stands in for its own
    /// successor; `goes_on` is false there, and what is read is not used.
    #[inline]
    pub(crate) fn backward<const N: usize>(
        &self,
        inputs: [&[T]; N],
        out: &mut [T],
        estimate: impl Fn(Step<T, N>) -> T,
    ) {
        let n = self.n_lanes;
        let n_steps = self.reward.len().checked_div(n).unwrap_or(0);
        for t in (0..n_steps).rev() {
            let last = t + 1 == n_steps;
            let (start, later) = (t * n, if last { t * n } else { t * n + n });
            let (rows, later_rows) = out.split_at_mut(start + n);
            let later_estimate = if last {
                &self.reward[start..][..n]
            } else {
                &later_rows[..n]
            };
            let (reward, later_reward) = (&self.reward[start..][..n], &self.reward[later..][..n]);
            let next_value = &self.next_value[start..][..n];
            let later_next_value = &self.next_value[later..][..n];
            let terminated = &self.terminated[start..][..n];
            let later_terminated = &self.terminated[later..][..n];
            let truncated = &self.truncated[start..][..n];
            let now = inputs.map(|x| &x[start..][..n]);
            let after = inputs.map(|x| &x[later..][..n]);
            for (lane, out) in rows[start..].iter_mut().enumerate() {
                *out = estimate(Step {
                    reward: reward[lane],
                    next_value: select(terminated[lane], T::ZERO, next_value[lane]),
                    inputs: now.map(|x| x[lane]),
                    goes_on: !(last | terminated[lane] | truncated[lane]),
                    later_reward: later_reward[lane],
                    later_next_value: select(
                        later_terminated[lane],
                        T::ZERO,
                        later_next_value[lane],
                    ),
                    later_inputs: after.map(|x| x[lane]),
                    later_estimate: later_estimate[lane],
                });
            }
        }
    }
}

/// `a` where the condition holds, else `b`: what is not chosen may be NaN.
#[inline]
pub(crate) fn select<T>(condition: bool, a: T, b: T) -> T {
    if condition { a } else { b }
}
