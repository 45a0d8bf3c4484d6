//! Sums over weights that change one at a time.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::check_range;

/// Weights of which the sum is known, and any prefix of it is found, in `O(log n)`.
///
/// ```text
/// node = fl(left + right)
/// ```
///
/// Every change computes the nodes above it anew from both children, and adds no differences. So the
/// nodes are a function of the weights alone: however long the sequence of changes, the tree has the
/// bits of one built from the same weights, and its total is within
///
/// ```text
/// |total − Σᵢ wᵢ| ≤ ⌈log₂ n⌉ 2⁻⁵³ Σᵢ wᵢ (1 + ε),  ε < 10⁻¹⁴
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
/// let found = [0.5, 1.5, 2.5, 3.5, 4.5].map(|target| tree.find(target));
/// assert_eq!(found.iter().filter(|leaf| **leaf == Some(0)).count(), 1);
/// assert_eq!(found.iter().filter(|leaf| **leaf == Some(2)).count(), 4);
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
    /// Node `k` is above `2 k` and `2 k + 1`; node 1 is above all, node 0 is no node. The leaves are
    /// the last half, whatever their number.
    nodes: Vec<f64>,
}

impl SumTree {
    /// `n` weights of 0.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless `n` is at least 1 and there is memory for `2 n` numbers.
    pub fn new(n: usize) -> Result<Self, Error> {
        let mut nodes = Vec::new();
        let n_nodes = n.saturating_mul(2);
        let fits = n >= 1 && nodes.try_reserve_exact(n_nodes).is_ok();
        check_range("weights", "at least 1, and few enough for memory", n, fits)?;
        nodes.resize(n_nodes, 0.0);
        Ok(Self { nodes })
    }

    /// Number of weights.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len() / 2
    }

    /// Never: there is at least one weight.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Sum of all weights.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.nodes[1]
    }

    /// The weights.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.nodes[self.len()..]
    }

    /// Changes a weight.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when there is no such weight, and unless the new one is at least 0 and
    /// at most 2⁹⁶⁰, so that no sum is infinite.
    pub fn set(&mut self, leaf: usize, weight: f64) -> Result<(), Error> {
        let n = self.len();
        let allowed = format_args!("below the number of weights, {n}");
        check_range("leaf", allowed, leaf, leaf < n)?;
        check_weight(weight)?;
        self.set_checked(leaf, weight);
        Ok(())
    }

    /// [`set`](Self::set) of what is known to be allowed.
    pub(super) fn set_checked(&mut self, leaf: usize, weight: f64) {
        let mut node = self.len() + leaf;
        if self.nodes[node] == weight {
            return;
        }
        self.nodes[node] = weight;
        while node > 1 {
            node /= 2;
            self.nodes[node] = self.nodes[2 * node] + self.nodes[2 * node + 1];
        }
    }

    /// The leaf in whose part of `[0, total)` the target lies; the parts are as long as the weights
    /// and stand in an order of the tree's own. `None` while all weights are 0; a target outside is
    /// in the first or the last part. No leaf of weight 0 is ever found.
    #[must_use]
    pub fn find(&self, target: f64) -> Option<usize> {
        (self.total() > 0.0).then(|| self.find_positive(target.max(0.0)))
    }

    /// [`find`](Self::find) where the total is above 0.
    ///
    /// The node reached is always above 0: to the right only when that is, and else to the left,
    /// which then is what makes their sum positive, or lies above a target that is not negative.
    pub(super) fn find_positive(&self, mut target: f64) -> usize {
        let n = self.len();
        let mut node = 1;
        while node < n {
            let (left, right) = (self.nodes[2 * node], self.nodes[2 * node + 1]);
            let goes_right = (target >= left) & (right > 0.0);
            target -= if goes_right { left } else { 0.0 };
            node = 2 * node + usize::from(goes_right);
        }
        node - n
    }
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
        let n = weights.len();
        let mut tree = Self::new(n)?;
        weights
            .iter()
            .try_for_each(|weight| check_weight(*weight))?;
        tree.nodes[n..].copy_from_slice(&weights);
        for node in (1..n).rev() {
            tree.nodes[node] = tree.nodes[2 * node] + tree.nodes[2 * node + 1];
        }
        Ok(tree)
    }
}

impl From<SumTree> for Vec<f64> {
    fn from(tree: SumTree) -> Self {
        tree.weights().to_vec()
    }
}
