//! How much a neighbor counts.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::check_range;

/// The weight of a neighbor before normalization, from the squared distance `u = ‖h − hᵢ‖²`.
///
/// | kernel | `k(u)` | `dk/du` | |
/// |---|---|---|---|
/// | [`InverseDistance`](Self::InverseDistance) | `1 / (u + δ)` | `−k²` | Pritzel et al. 2017, equation 5 |
/// | [`Gaussian`](Self::Gaussian) | `exp(−u / 2σ²)` | `−k / 2σ²` | |
/// | [`Cosine`](Self::Cosine) | `(1 + cos ∠(h, hᵢ)) / 2` | `−1/4` | keys and queries of length 1 |
///
/// With the cosine kernel a memory divides keys and queries by their lengths. Then
/// `u = 2 − 2 cos ∠(h, hᵢ)`, so that the nearest neighbors are exactly the keys of greatest cosine, a
/// tie still going to the lower slot, and `k = 1 − u / 4`. The cosine is shifted because a weight
/// below zero would make no mean; the order of neighbors is that of the cosine itself. A softmax of
/// cosines over a temperature `τ` is the Gaussian kernel with `σ² = τ` over keys that the caller
/// divides by their lengths.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Kernel {
    /// `1 / (u + δ)`.
    InverseDistance {
        /// δ above 0: how near is as good as equal.
        delta: f32,
    },
    /// `exp(−u / 2σ²)`.
    Gaussian {
        /// σ above 0.
        bandwidth: f32,
    },
    /// `(1 + cos ∠(h, hᵢ)) / 2`.
    Cosine,
}

impl Kernel {
    /// Checks the range of the parameter.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless δ is in `[10⁻³⁰, 10³⁰]` or σ in `[10⁻¹⁵, 10¹⁵]`: beyond, weights
    /// or their derivatives leave the range of single precision.
    pub fn validate(self) -> Result<(), Error> {
        let (name, range, allowed, got) = match self {
            Self::InverseDistance { delta } => ("delta", 1e-30..=1e30, "in [1e-30, 1e30]", delta),
            Self::Gaussian { bandwidth } => {
                ("bandwidth", 1e-15..=1e15, "in [1e-15, 1e15]", bandwidth)
            }
            Self::Cosine => return Ok(()),
        };
        check_range(name, allowed, got, range.contains(&got))
    }

    /// `k(u) / k(u₁)` and its derivative by `u`, where `u₁ ≤ u` belongs to the nearest neighbor.
    ///
    /// Normalized weights need no more than this ratio. It is at most 1, and 1 for the nearest, where
    /// `k` itself may leave the range of single precision.
    ///
    /// # Examples
    ///
    /// ```
    /// use metarl_memory::Kernel;
    ///
    /// let kernel = Kernel::InverseDistance { delta: 1.0 };
    /// // (1/4) / (1/2), and −(1/4)² / (1/2)
    /// assert_eq!(kernel.relative(3.0, 1.0), (0.5, -0.125));
    /// assert_eq!(Kernel::Cosine.relative(2.0, 0.0), (0.5, -0.25)); // at a right angle
    /// ```
    #[must_use]
    pub fn relative(self, squared_distance: f32, nearest: f32) -> (f32, f32) {
        let u = squared_distance;
        match self {
            Self::InverseDistance { delta } => {
                let ratio = (nearest + delta) / (u + delta);
                (ratio, -ratio / (u + delta))
            }
            Self::Gaussian { bandwidth } => {
                let scale = 0.5 / (bandwidth * bandwidth);
                let ratio = (-scale * (u - nearest)).exp();
                (ratio, -scale * ratio)
            }
            // All neighbors are the point opposite the query: they count the same.
            Self::Cosine if nearest >= 4.0 => (1.0, 0.0),
            Self::Cosine => {
                let ratio = (4.0 - u).max(0.0) / (4.0 - nearest);
                (ratio, -1.0 / (4.0 - nearest))
            }
        }
    }

    /// Whether a memory divides keys and queries by their lengths.
    pub(crate) fn normalizes(self) -> bool {
        self == Self::Cosine
    }
}
