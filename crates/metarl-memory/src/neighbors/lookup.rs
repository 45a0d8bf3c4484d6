//! What is known so far of the keys nearest to one query.

use super::bounding_box::pad;
use super::columns::ColumnSums;
use super::kernel::prefetch;
use super::keys::Keys;
use super::quantization::{Coded, GROUP, Unit, encode, slack};
use super::squared_distance;
use super::top_k::TopK;

/// Squares of distances up to this one do not overflow.
const FARTHEST: f32 = 1e18;

/// Rows asked for ahead of the one that is measured.
const AHEAD: usize = 6;

/// One query under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lookup {
    /// The nearest so far: by their distances where those are exact, else by upper bounds of them.
    pub(crate) nearest: TopK,
    candidates: Vec<Candidate>,
    /// The query in each unit that blocks have asked for.
    pub(crate) codings: Vec<Coding>,
    /// The one that was asked for last.
    pub(crate) coding: usize,
    /// Four codes in each, coding after coding.
    pub(crate) groups: Vec<i32>,
    /// Room for codes.
    codes: Vec<i8>,
    /// Room for the distances to a block.
    pub(crate) sums: ColumnSums,
    /// The query, as boxes are measured with it.
    pub(crate) padded: Vec<f32>,
}

/// The query in codes of a unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Coding {
    unit: Unit,
    pub(crate) coded: Coded,
}

/// A key that may be among the nearest, and bounds of its distance, which is not squared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) least: f32,
    pub(crate) most: f32,
    pub(crate) slot: u32,
}

impl Lookup {
    /// Starts on another query.
    pub(crate) fn restart(&mut self, query: &[f32], k: usize) {
        pad(query, &mut self.padded);
        self.nearest.restart(k);
        self.candidates.clear();
        self.codings.clear();
        self.groups.clear();
    }

    /// Squared distance beyond which there is nothing to find.
    pub(crate) fn squared_limit(&self, is_exact: bool) -> f32 {
        let limit = self.nearest.limit();
        if is_exact {
            limit
        } else {
            limit * limit * (1.0 + 8.0 * f32::EPSILON) + f32::MIN_POSITIVE
        }
    }

    /// Makes `coding` the one of the query in a unit.
    #[inline]
    pub(crate) fn code(&mut self, query: &[f32], unit: Unit) {
        let is_current = |coding: &Coding| coding.unit == unit;
        if !self.codings.get(self.coding).is_some_and(is_current) {
            self.coding = match self.codings.iter().position(is_current) {
                Some(coding) => coding,
                None => self.code_anew(query, unit),
            };
        }
    }

    fn code_anew(&mut self, query: &[f32], unit: Unit) -> usize {
        self.codes.clear();
        self.codes.resize(query.len().next_multiple_of(GROUP), 0);
        let coded = encode(query, unit, &mut self.codes[..query.len()]);
        let groups = self.codes.as_chunks::<GROUP>().0.iter();
        let groups = groups.map(|group| i32::from_le_bytes(group.map(i8::cast_unsigned)));
        self.groups.extend(groups);
        self.codings.push(Coding { unit, coded });
        self.codings.len() - 1
    }

    pub(crate) fn add(&mut self, mut candidate: Candidate) {
        // The squares of what is farther may overflow, and then the order is that of the slots.
        if candidate.most > FARTHEST {
            candidate.most = f32::INFINITY;
        }
        self.nearest.push(candidate.most, candidate.slot);
        self.candidates.push(candidate);
    }

    /// Measures the candidates exactly, so that `nearest` is what was asked for.
    pub(crate) fn measure_candidates(&mut self, query: &[f32], keys: &Keys) {
        let k = self.nearest.k();
        let limit = self.nearest.limit();
        let candidates = &mut self.candidates;
        candidates.retain(|candidate| candidate.least <= limit);
        // Those that are likely to be the nearest first, for then few others have to be measured.
        if candidates.len() > 2 * k {
            candidates.select_nth_unstable_by(k, |a, b| a.least.total_cmp(&b.least));
        }
        self.nearest.restart(k);
        let widened = 1.0 + slack(query.len());
        let mut limit = f32::INFINITY;
        for (i, candidate) in candidates.iter().enumerate() {
            if let Some(ahead) = candidates.get(i + AHEAD)
                && ahead.least <= limit
            {
                prefetch(keys.row(ahead.slot as usize));
            }
            if candidate.least > limit {
                continue;
            }
            let row = keys.row(candidate.slot as usize);
            let squared_distance = squared_distance(query, row);
            self.nearest.push(squared_distance, candidate.slot);
            limit = self.nearest.limit().sqrt() * widened;
        }
    }
}
