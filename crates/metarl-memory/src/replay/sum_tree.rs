//! Sums over weights that change one at a time.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::{check_range, reserve};

/// Children of a node. A block of them is read from two cache lines, so a search waits for memory
/// five times among a million weights; with two children it would wait twenty times.
const FANOUT: usize = 16;

/// Weights of which the sum is known, and any prefix of it is found, in `O(log n)`.
///
/// ```text
/// node = sum of its 16 children, added in halves
/// ```
///
/// Every change computes the nodes above it anew from all their children, and adds no differences.
/// So the nodes are a function of the weights alone: however long the sequence of changes, the tree
/// has the bits of one built from the same weights, and its total is within
///
/// ```text
/// |total − Σᵢ wᵢ| ≤ 4 ⌈log₁₆ n⌉ 2⁻⁵³ Σᵢ wᵢ (1 + ε),  ε < 10⁻¹⁴      (⌈log₁₆ 1⌉ taken as 1)
/// ```
///
/// # Examples
///
/// ```
/// use metarl_memory::SumTree;
///
/// let mut tree = SumTree::new(3)?;
/// tree.set(0, 1.0)?;
/// tree.set(2, 4.0)?;
/// assert_eq!(tree.total(), 5.0);
/// let found = [0.5, 1.5, 4.5].map(|target| tree.find(target));
/// assert_eq!(found, [Some(0), Some(2), Some(2)]);
/// # Ok::<(), metarl_memory::Error>(())
/// ```
///
/// # References
///
/// Schaul et al., *Prioritized Experience Replay*, 2016,
/// [arXiv:1511.05952](https://arxiv.org/abs/1511.05952), appendix B.2.1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f64>", into = "Vec<f64>")]
pub struct SumTree {
    n: usize,
    /// The weights, then level upon level of sums: child `c` of a level is in its block `c / 16`. The
    /// last level is one block. What is beyond the weights is 0.
    levels: Vec<Vec<[f64; FANOUT]>>,
    total: f64,
}

impl SumTree {
    /// `n` weights of 0.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless `n` is at least 1; [`Error::OutOfMemory`] when there is no room for
    /// as many numbers, and a fifteenth more.
    pub fn new(n: usize) -> Result<Self, Error> {
        check_range("weights", "at least 1", n, n >= 1)?;
        let mut levels = Vec::new();
        let mut n_blocks = n.div_ceil(FANOUT);
        loop {
            let mut level = Vec::new();
            reserve(&mut level, n_blocks)?;
            level.resize(n_blocks, [0.0; FANOUT]);
            levels.push(level);
            if n_blocks == 1 {
                break;
            }
            n_blocks = n_blocks.div_ceil(FANOUT);
        }
        Ok(Self {
            n,
            levels,
            total: 0.0,
        })
    }

    /// Number of weights.
    #[must_use]
    pub fn len(&self) -> usize {
        self.n
    }

    /// Never: there is at least one weight.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Sum of all weights.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The weights.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.levels[0].as_flattened()[..self.n]
    }

    /// Changes a weight.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when there is no such weight, and unless the new one is at least 0 and
    /// at most 2⁹⁶⁰, so that no sum is infinite.
    pub fn set(&mut self, leaf: usize, weight: f64) -> Result<(), Error> {
        let n = self.n;
        let allowed = format_args!("below the number of weights, {n}");
        check_range("leaf", allowed, leaf, leaf < n)?;
        check_weight(weight)?;
        self.set_checked(leaf, weight);
        Ok(())
    }

    /// [`set`](Self::set) of what is known to be allowed.
    pub(super) fn set_checked(&mut self, leaf: usize, weight: f64) {
        if self.weights()[leaf] == weight {
            return;
        }
        let (mut child, mut sum) = (leaf, weight);
        for level in &mut self.levels {
            let block = &mut level[child / FANOUT];
            block[child % FANOUT] = sum;
            sum = add(block);
            child /= FANOUT;
        }
        self.total = sum;
    }

    /// The leaf in whose part of `[0, total)` the target lies; parts are as long as the weights, in
    /// their order. `None` while all weights are 0; a target outside is in the first or the last
    /// part. No leaf of weight 0 is ever found.
    #[must_use]
    pub fn find(&self, target: f64) -> Option<usize> {
        (self.total > 0.0).then(|| self.find_positive(target.max(0.0)))
    }

    /// [`find`](Self::find) where the total is above 0 and the target at least 0.
    pub(super) fn find_positive(&self, mut target: f64) -> usize {
        let mut node = 0;
        for level in self.levels.iter().rev() {
            let child;
            (child, target) = find_in_block(&level[node], target);
            node = node * FANOUT + child;
        }
        node
    }
}

/// The child in whose part the target lies, and the target within that part.
///
/// One child at least is above 0, and so is the one that is found: it is above the target, or, where
/// rounding put the target beyond all of them, the last one above 0.
fn find_in_block(block: &[f64; FANOUT], mut target: f64) -> (usize, f64) {
    let mut last = 0;
    for (child, &weight) in block.iter().enumerate() {
        if target < weight {
            return (child, target);
        }
        if weight > 0.0 {
            last = child;
        }
        target -= weight;
    }
    (last, f64::INFINITY)
}

/// Adds a block in halves: eight sums side by side, then four, two, and one.
fn add(block: &[f64; FANOUT]) -> f64 {
    let mut sums = *block;
    let mut half = FANOUT / 2;
    while half > 0 {
        for k in 0..half {
            sums[k] += sums[k + half];
        }
        half /= 2;
    }
    sums[0]
}

/// Checks that sums of as many weights as there can be stay finite.
fn check_weight(weight: f64) -> Result<(), Error> {
    let holds = (0.0..=2.0_f64.powi(960)).contains(&weight);
    check_range("weight", "from 0 to 2⁹⁶⁰", weight, holds)
}

impl TryFrom<Vec<f64>> for SumTree {
    type Error = Error;

    /// # Errors
    ///
    /// As for [`SumTree::new`] and [`SumTree::set`].
    fn try_from(weights: Vec<f64>) -> Result<Self, Error> {
        let mut tree = Self::new(weights.len())?;
        for (leaf, weight) in weights.into_iter().enumerate() {
            tree.set(leaf, weight)?;
        }
        Ok(tree)
    }
}

impl From<SumTree> for Vec<f64> {
    fn from(tree: SumTree) -> Self {
        tree.weights().to_vec()
    }
}
