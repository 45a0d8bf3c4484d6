//! Ranges of physics to train on and to be judged on.

use metarl_core::{Rng, TaskDistribution};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::CartPoleTask;

/// Three nested families of carts; each parameter is drawn uniformly, on its own.
///
/// | | force (N) | length (m) | mass (kg) |
/// |---|---|---|---|
/// | `Default` | 10 | 0.5 | 0.1 |
/// | `Regular` | `[5, 15]` | `[0.25, 0.75]` | `[0.05, 0.5]` |
/// | `Extreme` | `[1, 5] ∪ [15, 20]` | `[0.05, 0.25] ∪ [0.75, 1]` | `[0.01, 0.05] ∪ [0.5, 1]` |
///
/// Trained on `Regular` and judged on `Regular`, an agent interpolates; on `Extreme` it
/// extrapolates.
///
/// # Examples
///
/// ```
/// use metarl_core::{Split, TaskDistribution};
/// use metarl_envs::{CartPoleTask, CartPoles};
///
/// assert_eq!(CartPoles::Default.frozen(Split::Train, 0), CartPoleTask::default());
/// assert_eq!(CartPoles::Regular.name(), "cart-pole/regular@1");
/// ```
///
/// # References
///
/// Packer et al., *Assessing Generalization in Deep Reinforcement Learning*, 2018,
/// [arXiv:1810.12282](https://arxiv.org/abs/1810.12282), table 1, with the ranges of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CartPoles {
    /// One cart, the usual one.
    #[default]
    Default,
    /// Around the usual one.
    Regular,
    /// Outside the regular ranges, parameter by parameter.
    Extreme,
}

impl TaskDistribution for CartPoles {
    type Task = CartPoleTask;

    fn name(&self) -> String {
        let family = match self {
            Self::Default => "default",
            Self::Regular => "regular",
            Self::Extreme => "extreme",
        };
        format!("cart-pole/{family}@1")
    }

    fn sample(&self, rng: &mut Rng) -> CartPoleTask {
        match self {
            Self::Default => CartPoleTask::default(),
            Self::Regular => CartPoleTask {
                force: rng.random_range(5.0..=15.0),
                length: rng.random_range(0.25..=0.75),
                mass: rng.random_range(0.05..=0.5),
            },
            Self::Extreme => CartPoleTask {
                force: around(rng, [1.0, 5.0, 15.0, 20.0]),
                length: around(rng, [0.05, 0.25, 0.75, 1.0]),
                mass: around(rng, [0.01, 0.05, 0.5, 1.0]),
            },
        }
    }
}

/// Uniform on `[a, b] ∪ [c, d]`.
fn around(rng: &mut Rng, [a, b, c, d]: [f32; 4]) -> f32 {
    let low = b - a;
    let u = rng.random_range(0.0..=low + (d - c));
    if u < low {
        a + u
    } else {
        (c + (u - low)).min(d)
    }
}
