//! The experience an estimator reads, and the one loop they all share.

use multiversion::multiversion;

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
    /// The last row is followed by nothing, so it stands in for its own successor; `goes_on` is false
    /// there, and what is read is not used.
    pub(crate) fn backward<const N: usize>(
        &self,
        inputs: [&[T]; N],
        out: &mut [T],
        estimate: impl Fn(Step<T, N>) -> T,
    ) {
        let n = self.n_lanes;
        let n_steps = self.reward.len().checked_div(n).unwrap_or(0);
        let mut after = None;
        for t in (0..n_steps).rev() {
            let start = t * n;
            let now = self.row(start, inputs);
            let (rows, later_rows) = out.split_at_mut(start + n);
            let later_estimate = if after.is_some() {
                &later_rows[..n]
            } else {
                now.reward
            };
            fill_row(&mut rows[start..], now, after, later_estimate, &estimate);
            after = Some(now);
        }
    }

    fn row<'a, const N: usize>(&'a self, start: usize, inputs: [&'a [T]; N]) -> Row<'a, T, N> {
        let n = self.n_lanes;
        Row {
            reward: &self.reward[start..][..n],
            next_value: &self.next_value[start..][..n],
            terminated: &self.terminated[start..][..n],
            truncated: &self.truncated[start..][..n],
            inputs: inputs.map(|x| &x[start..][..n]),
        }
    }
}

/// One step of every lane.
#[derive(Clone, Copy)]
struct Row<'a, T, const N: usize> {
    reward: &'a [T],
    next_value: &'a [T],
    terminated: &'a [bool],
    truncated: &'a [bool],
    inputs: [&'a [T]; N],
}

/// The loop over lanes, along memory and without a branch, compiled for several instruction sets: the
/// compiler makes vectors of it. `out` is an argument of its own because only then does the compiler
/// know that it overlaps with nothing.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw", "x86_64+avx2"))]
fn fill_row<T: Float, const N: usize, F: Fn(Step<T, N>) -> T>(
    out: &mut [T],
    now: Row<'_, T, N>,
    after: Option<Row<'_, T, N>>,
    later_estimate: &[T],
    estimate: &F,
) {
    let n = out.len();
    let last = after.is_none();
    let after = after.unwrap_or(now);
    // Said here once more, so that no access below is checked.
    let (now, after) = (now.of_length(n), after.of_length(n));
    let later_estimate = &later_estimate[..n];
    for (lane, out) in out.iter_mut().enumerate() {
        *out = estimate(Step {
            reward: now.reward[lane],
            next_value: T::select(now.terminated[lane], T::ZERO, now.next_value[lane]),
            inputs: now.inputs.map(|x| x[lane]),
            goes_on: !(last | now.terminated[lane] | now.truncated[lane]),
            later_reward: after.reward[lane],
            later_next_value: T::select(after.terminated[lane], T::ZERO, after.next_value[lane]),
            later_inputs: after.inputs.map(|x| x[lane]),
            later_estimate: later_estimate[lane],
        });
    }
}

impl<T, const N: usize> Row<'_, T, N> {
    #[inline(always)]
    fn of_length(self, n: usize) -> Self {
        Self {
            reward: &self.reward[..n],
            next_value: &self.next_value[..n],
            terminated: &self.terminated[..n],
            truncated: &self.truncated[..n],
            inputs: self.inputs.map(|x| &x[..n]),
        }
    }
}
