//! Ranges of physics to train on and to be judged on.

use std::marker::PhantomData;

use metarl_core::{Rng, TaskDistribution};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::parameter::Parameterized;

/// How far from the usual physics.
///
/// Trained on `Regular` and judged on `Regular`, an agent interpolates; on `Extreme` it
/// extrapolates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhysicsRange {
    /// The usual one, always.
    #[default]
    Default,
    /// Around the usual one.
    Regular,
    /// Outside the regular range, parameter by parameter.
    Extreme,
}

/// Three families of physics, from the usual one outwards; each parameter is drawn uniformly, on its
/// own. Those of [`ContinuousMountainCar`](crate::ContinuousMountainCar) are the factors of
/// `MountainCar` around its own usual values.
///
/// | | regular | extreme |
/// |---|---|---|
/// | `CartPole`: force (N) | `[5, 15]` | `[1, 5] ∪ [15, 20]` |
/// | `CartPole`: length (m) | `[0.25, 0.75]` | `[0.05, 0.25] ∪ [0.75, 1]` |
/// | `CartPole`: mass (kg) | `[0.05, 0.5]` | `[0.01, 0.05] ∪ [0.5, 1]` |
/// | `MountainCar`: force | `[0.0005, 0.005]` | `[0.0001, 0.0005] ∪ [0.005, 0.01]` |
/// | `MountainCar`: gravity (the paper's mass) | `[0.001, 0.005]` | `[0.0005, 0.001] ∪ [0.005, 0.01]` |
/// | `Pendulum`: length, mass | `[0.75, 1.25]` | `[0.5, 0.75] ∪ [1.25, 1.5]` |
/// | `Acrobot`: length, mass, moment of inertia | `[0.75, 1.25]` | `[0.5, 0.75] ∪ [1.25, 1.5]` |
///
/// # Examples
///
/// ```
/// use metarl_core::{Split, TaskDistribution};
/// use metarl_envs::{CartPoleTask, CartPoles};
///
/// assert_eq!(CartPoles::DEFAULT.frozen(Split::Train, 0), CartPoleTask::default());
/// assert_eq!(CartPoles::REGULAR.name(), "cart-pole/regular@1");
/// ```
///
/// # References
///
/// Packer et al., *Assessing Generalization in Deep Reinforcement Learning*, 2018,
/// [arXiv:1810.12282](https://arxiv.org/abs/1810.12282), table 1, with the ranges of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Randomized<T> {
    range: PhysicsRange,
    #[serde(skip)]
    task: PhantomData<T>,
}

impl<T> Randomized<T> {
    /// The usual physics, always.
    pub const DEFAULT: Self = Self::of(PhysicsRange::Default);
    /// Physics around the usual one.
    pub const REGULAR: Self = Self::of(PhysicsRange::Regular);
    /// Physics outside the regular range, parameter by parameter.
    pub const EXTREME: Self = Self::of(PhysicsRange::Extreme);

    /// Physics of a range.
    #[must_use]
    pub const fn of(range: PhysicsRange) -> Self {
        Self {
            range,
            task: PhantomData,
        }
    }
}

impl<T: Parameterized> TaskDistribution for Randomized<T> {
    type Task = T;

    fn name(&self) -> String {
        let family = match self.range {
            PhysicsRange::Default => "default",
            PhysicsRange::Regular => "regular",
            PhysicsRange::Extreme => "extreme",
        };
        format!("{}/{family}@1", T::NAME)
    }

    fn sample(&self, rng: &mut Rng) -> T {
        match self.range {
            PhysicsRange::Default => T::with(|p| p.default),
            PhysicsRange::Regular => T::with(|p| {
                let [low, high] = p.regular;
                rng.random_range(low..=high)
            }),
            PhysicsRange::Extreme => T::with(|p| either(rng, p.extreme)),
        }
    }
}

/// Uniform on `[a, b] ∪ [c, d]`.
fn either(rng: &mut Rng, [a, b, c, d]: [f64; 4]) -> f64 {
    let low = b - a;
    let u = rng.random_range(0.0..=low + (d - c));
    if u < low {
        a + u
    } else {
        (c + (u - low)).min(d)
    }
}
