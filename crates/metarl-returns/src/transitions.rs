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
pub(crate) struct Step<T, const N: usize, const M: usize> {
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
    pub(crate) later_estimates: [T; M],
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

    /// Fills `outs` from the last row to the first, each entry from its step and what came later.
    ///
    /// The last row is followed by nothing, so it stands in for its own successor; `goes_on` is false
    /// there, and what is read is not used.
    pub(crate) fn backward<const N: usize, const M: usize>(
        &self,
        inputs: [&[T]; N],
        outs: [&mut [T]; M],
        estimate: impl Fn(Step<T, N, M>) -> [T; M],
    ) {
        let all = Entries {
            reward: self.reward,
            next_value: self.next_value,
            terminated: self.terminated,
            truncated: self.truncated,
            inputs,
        };
        fill(outs, self.n_lanes, all, &estimate);
    }
}

/// All entries, one after the other in memory.
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
/// one row behind it, so blocks need not begin where rows do, and all are of a length that the compiler
/// knows: it makes them of vectors alone.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw", "x86_64+avx2"))]
fn fill<T: Float, const N: usize, const M: usize, F: Fn(Step<T, N, M>) -> [T; M]>(
    mut outs: [&mut [T]; M],
    n_lanes: usize,
    all: Entries<'_, T, N>,
    estimate: &F,
) {
    let mut end = all.reward.len();
    let last = end.saturating_sub(n_lanes);
    while end > 0 {
        let (first, behind) = if end > last { (last, 0) } else { (0, n_lanes) };
        let place = (end, behind);
        end -= match (end - first).min(n_lanes) {
            BLOCK.. => fill_block::<_, N, M, BLOCK>(&mut outs, all, place, estimate),
            16.. => fill_block::<_, N, M, 16>(&mut outs, all, place, estimate),
            4.. => fill_block::<_, N, M, 4>(&mut outs, all, place, estimate),
            2.. => fill_block::<_, N, M, 2>(&mut outs, all, place, estimate),
            _ => fill_block::<_, N, M, 1>(&mut outs, all, place, estimate),
        };
    }
}

/// Fills the `L` entries before `end`, whose successors are `behind` them, without a branch; gives `L`.
#[inline(always)]
fn fill_block<T: Float, const N: usize, const M: usize, const L: usize>(
    outs: &mut [&mut [T]; M],
    all: Entries<'_, T, N>,
    (end, behind): (usize, usize),
    estimate: &impl Fn(Step<T, N, M>) -> [T; M],
) -> usize {
    let start = end - L;
    let (now, after) = (all.block::<L>(start), all.block::<L>(start + behind));
    let later = outs
        .each_ref()
        .map(|out| block::<_, L>(out, start + behind));
    // Memory of their own, which is none of what is read.
    let mut estimates = [[T::ZERO; L]; M];
    for i in 0..L {
        let step = estimate(Step {
            reward: now.reward[i],
            next_value: T::select(now.terminated[i], T::ZERO, now.next_value[i]),
            inputs: now.inputs.map(|x| x[i]),
            goes_on: !((behind == 0) | now.terminated[i] | now.truncated[i]),
            later_reward: after.reward[i],
            later_next_value: T::select(after.terminated[i], T::ZERO, after.next_value[i]),
            later_inputs: after.inputs.map(|x| x[i]),
            later_estimates: later.map(|x| x[i]),
        });
        for m in 0..M {
            estimates[m][i] = step[m];
        }
    }
    for (out, estimates) in outs.iter_mut().zip(&estimates) {
        out[start..end].copy_from_slice(estimates);
    }
    L
}

/// As many entries as the compiler knows.
struct Block<'a, T, const N: usize, const L: usize> {
    reward: &'a [T; L],
    next_value: &'a [T; L],
    terminated: &'a [bool; L],
    truncated: &'a [bool; L],
    inputs: [&'a [T; L]; N],
}

impl<'a, T, const N: usize> Entries<'a, T, N> {
    #[inline(always)]
    fn block<const L: usize>(self, start: usize) -> Block<'a, T, N, L> {
        Block {
            reward: block(self.reward, start),
            next_value: block(self.next_value, start),
            terminated: block(self.terminated, start),
            truncated: block(self.truncated, start),
            inputs: self.inputs.map(|x| block(x, start)),
        }
    }
}

#[inline(always)]
fn block<T, const L: usize>(x: &[T], start: usize) -> &[T; L] {
    x[start..]
        .first_chunk()
        .expect("a block within the entries")
}
