//! What is known so far of the keys nearest to one query.

use super::arena::BLOCK;
use super::bounding_box::pad;
use super::columns::ColumnDistances;
use super::frame::Frame;
use super::kernel::{CodeDistances, prefetch};
use super::keys::Keys;
use super::quantization::{Coded, GROUP, Unit, encode, slack};
use super::squared_distance;
use super::top_k::TopK;

/// Squares of distances up to this one do not overflow.
const FARTHEST: f32 = 1e18;

/// Rows asked for ahead of the one that is measured.
const AHEAD: usize = 6;

/// Candidates that are worth being measured, once the nearest are known by their distances.
const MANY: usize = 16;

/// One query under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    /// What is asked, as keys are given.
    point: Vec<f32>,
    /// The same in the coordinates of the index, and zeros up to a multiple of the lanes.
    placed: Vec<f32>,
    /// How much farther from a key it may be in those coordinates.
    pub(crate) leeway: f32,
    /// The nearest so far: by their distances where those are known, else by upper bounds of them.
    pub(crate) nearest: TopK,
    /// At least the distance, not squared, of the k-th of them; what is farther is of no interest.
    pub(crate) limit: f32,
    /// Whether the nearest have been measured, so that candidates wait beside them, not among them.
    is_measured: bool,
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
    distances: ColumnDistances,
    /// Room for the distances to blocks of codes that follow each other.
    pub(crate) run_distances: Vec<CodeDistances>,
}

/// Queries under way, and the room of those that were.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queries(Vec<Query>);

impl Queries {
    /// Starts on other queries, which lie side by side.
    pub(crate) fn restart(&mut self, points: &[f32], dimension: usize, k: usize) -> &mut [Query] {
        let n_queries = points.len() / dimension;
        if self.0.len() < n_queries {
            self.0.resize_with(n_queries, Query::default);
        }
        let queries = &mut self.0[..n_queries];
        for (query, point) in queries.iter_mut().zip(points.chunks_exact(dimension)) {
            query.restart(point, k);
        }
        queries
    }
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
    pub(crate) distance: f32,
    /// At most how far off that is.
    pub(crate) error: f32,
    pub(crate) slot: u32,
}

impl Candidate {
    fn least(&self) -> f32 {
        self.distance - self.error
    }

    fn most(&self) -> f32 {
        self.distance + self.error
    }
}

impl Query {
    /// Starts on another query.
    fn restart(&mut self, point: &[f32], k: usize) {
        self.point.clear();
        self.point.extend_from_slice(point);
        pad(point, &mut self.placed);
        self.leeway = 0.0;
        self.nearest.restart(k);
        self.limit = f32::INFINITY;
        self.is_measured = false;
        self.candidates.clear();
        self.codings.clear();
        self.groups.clear();
    }

    /// The query in the coordinates of the index.
    pub(crate) fn placed(&self) -> &[f32] {
        &self.placed[..self.point.len()]
    }

    /// The same, as boxes are measured with it.
    pub(crate) fn padded(&self) -> &[f32] {
        &self.placed
    }

    /// Puts the query where an index has it whose coordinates are others.
    pub(crate) fn turn(&mut self, frame: &Frame) {
        let placed = &mut self.placed[..self.point.len()];
        self.leeway = frame.turn_query(&self.point, placed);
    }

    /// Makes `coding` the one of the query in a unit.
    #[inline]
    pub(crate) fn code(&mut self, unit: Unit) {
        let is_current = |coding: &Coding| coding.unit == unit;
        if !self.codings.get(self.coding).is_some_and(is_current) {
            self.coding = match self.codings.iter().position(is_current) {
                Some(coding) => coding,
                None => self.code_anew(unit),
            };
        }
    }

    fn code_anew(&mut self, unit: Unit) -> usize {
        let dimension = self.point.len();
        self.codes.clear();
        self.codes.resize(dimension.next_multiple_of(GROUP), 0);
        let placed = &self.placed[..dimension];
        let coded = encode(placed, unit, &mut self.codes[..dimension]);
        let groups = self.codes.as_chunks::<GROUP>().0.iter();
        let groups = groups.map(|group| i32::from_le_bytes(group.map(i8::cast_unsigned)));
        self.groups.extend(groups);
        self.codings.push(Coding { unit, coded });
        self.codings.len() - 1
    }

    /// Measures the query against a block whose columns are given: the nearest so far, the distances,
    /// and a bit for each that is near enough to be among them.
    pub(crate) fn measure_columns(&mut self, columns: &[f32]) -> (&mut TopK, &[f32; BLOCK], u64) {
        let limit = self.nearest.limit();
        let placed = &self.placed[..self.point.len()];
        let (distances, within) = self.distances.measure(placed, columns, limit);
        (&mut self.nearest, distances, within)
    }

    pub(crate) fn add(&mut self, mut candidate: Candidate) {
        // The squares of what is farther may overflow, and then the order is that of the slots.
        if candidate.most() > FARTHEST {
            candidate.error = f32::INFINITY;
        }
        if !self.is_measured {
            self.nearest.push(candidate.most(), candidate.slot);
            self.limit = self.nearest.limit();
        }
        self.candidates.push(candidate);
    }

    /// Measures the candidates when there are many: distances are a lower limit than bounds are.
    pub(crate) fn measure_many_candidates(&mut self, keys: &Keys) {
        let many = if self.is_measured {
            MANY
        } else {
            2 * self.nearest.k()
        };
        if self.candidates.len() >= many {
            self.measure_candidates(keys, Interest::ALL);
        }
    }

    /// Measures the candidates of interest exactly, so that `nearest` is what was asked for.
    pub(crate) fn measure_candidates(&mut self, keys: &Keys, interest: Interest) {
        let Self {
            point,
            nearest,
            limit,
            is_measured,
            candidates,
            ..
        } = self;
        if !*is_measured {
            candidates.retain(|candidate| candidate.least() <= *limit);
            // Those that are likely to be the nearest first, for then few others have to be measured.
            let k = nearest.k();
            if candidates.len() > interest.worth_selecting(k) {
                candidates.select_nth_unstable_by(k, |a, b| a.distance.total_cmp(&b.distance));
            }
            // Bounds make way for distances.
            nearest.restart(k);
            *limit = f32::INFINITY;
            *is_measured = true;
        }
        let widened = 1.0 + slack(point.len());
        for (i, candidate) in candidates.iter().enumerate() {
            if let Some(ahead) = candidates.get(i + AHEAD)
                && interest.holds(ahead, *limit)
            {
                prefetch(keys.row(ahead.slot as usize));
            }
            if interest.holds(candidate, *limit) {
                let row = keys.row(candidate.slot as usize);
                nearest.push(squared_distance(point, row), candidate.slot);
                *limit = nearest.limit().sqrt() * widened;
            }
        }
        candidates.clear();
    }
}

/// Which candidates are worth being measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interest {
    /// What is farther than the limit times this may be left out.
    shrink: f32,
    /// And is, unless a part of its error that is this large could bring it within the limit.
    likely: f32,
}

impl Interest {
    /// Whatever may be among the nearest.
    pub(crate) const ALL: Self = Self {
        shrink: 1.0,
        likely: 1.0,
    };

    /// Of what is at least `shrink` times as far as the limit, only what is likely to be within it.
    ///
    /// Errors of codes lie in no direction of their own, so of d of them about one by √d of the whole
    /// is along the way from the query to a key; twice the sum for both is three deviations.
    pub(crate) fn within(shrink: f32, dimension: usize) -> Self {
        if shrink == 1.0 {
            return Self::ALL;
        }
        Self {
            shrink,
            likely: (2.0 / (dimension as f32).sqrt()).min(1.0),
        }
    }

    /// Candidates from which on it takes less to find the k that are likely the nearest than to measure
    /// some more.
    fn worth_selecting(self, k: usize) -> usize {
        if self.shrink == 1.0 { 2 * k } else { k }
    }

    fn holds(self, candidate: &Candidate, limit: f32) -> bool {
        candidate.distance - self.likely * candidate.error <= limit
            || candidate.least() <= limit * self.shrink
    }
}
