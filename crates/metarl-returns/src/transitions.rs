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
        let all = Entries {
            reward: self.reward,
            next_value: self.next_value,
            terminated: self.terminated,
            truncated: self.truncated,
            inputs,
        };
        fill(out, self.n_lanes, all, &estimate);
    }
}

/// Some entries, one after the other in memory.
#[derive(Clone, Copy)]
struct Entries<'a, T, const N: usize> {
    reward: &'a [T],
    next_value: &'a [T],
    terminated: &'a [bool],
    truncated: &'a [bool],
    inputs: [&'a [T]; N],
}

/// Entries that are filled together where a row is at least as long.
const BLOCK: usize = 64;

/// Fills all entries, the later ones first, compiled for several instruction sets. A block needs what is
/// one row behind it, so blocks need not begin where rows do, and all are of one length that the compiler
/// knows: it makes them of vectors alone.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw", "x86_64+avx2"))]
fn fill<T: Float, const N: usize, F: Fn(Step<T, N>) -> T>(
    out: &mut [T],
    n_lanes: usize,
    all: Entries<'_, T, N>,
    estimate: &F,
) {
    let Some(last) = out.len().checked_sub(n_lanes) else {
        return;
    };
    let rows = all.of(last, n_lanes);
    fill_block(&mut out[last..], rows, rows, rows.reward, true, estimate);
    let mut end = last;
    while end > 0 {
        let n = end.min(n_lanes).min(BLOCK);
        let start = end - n;
        let (now, after) = (all.of(start, n), all.of(start + n_lanes, n));
        let (block, later) = out[start..].split_at_mut(n_lanes);
        if n == BLOCK {
            let later = &later[..BLOCK];
            fill_block(
                &mut block[..BLOCK],
                now.of(0, BLOCK),
                after.of(0, BLOCK),
                later,
                false,
                estimate,
            );
        } else {
            fill_block(&mut block[..n], now, after, &later[..n], false, estimate);
        }
        end = start;
    }
}

/// The loop along memory, without a branch.
#[inline(always)]
fn fill_block<T: Float, const N: usize, F: Fn(Step<T, N>) -> T>(
    out: &mut [T],
    now: Entries<'_, T, N>,
    after: Entries<'_, T, N>,
    later_estimate: &[T],
    last: bool,
    estimate: &F,
) {
    for (i, out) in out.iter_mut().enumerate() {
        *out = estimate(Step {
            reward: now.reward[i],
            next_value: T::select(now.terminated[i], T::ZERO, now.next_value[i]),
            inputs: now.inputs.map(|x| x[i]),
            goes_on: !(last | now.terminated[i] | now.truncated[i]),
            later_reward: after.reward[i],
            later_next_value: T::select(after.terminated[i], T::ZERO, after.next_value[i]),
            later_inputs: after.inputs.map(|x| x[i]),
            later_estimate: later_estimate[i],
        });
    }
}

impl<'a, T, const N: usize> Entries<'a, T, N> {
    #[inline(always)]
    fn of(self, start: usize, n: usize) -> Self {
        Self {
            reward: &self.reward[start..][..n],
            next_value: &self.next_value[start..][..n],
            terminated: &self.terminated[start..][..n],
            truncated: &self.truncated[start..][..n],
            inputs: self.inputs.map(|x| &x[start..][..n]),
        }
    }
}
