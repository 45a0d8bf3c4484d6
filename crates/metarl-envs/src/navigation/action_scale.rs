//! What a unit of action means.

use serde::{Deserialize, Serialize};

/// How an action becomes a displacement of a point robot, which never exceeds 0.1 along an axis.
///
/// ```text
/// raw           dᵢ = clip(aᵢ, −0.1, 0.1)
/// normalized    dᵢ = clip(0.1 aᵢ, −0.1, 0.1)
/// ```
///
/// The published experiments wrap their environments so that the interval `[−1, 1]` of a policy's
/// outputs is mapped onto the bounds ±0.1 of an action, and then clip. A Gaussian policy with unit
/// deviation therefore explores with steps of about 0.07, whereas unwrapped nearly all its steps
/// would be at the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionScale {
    /// An action is a displacement.
    Raw,
    /// An action of 1 is a displacement of 0.1, as in the published code.
    #[default]
    Normalized,
}

impl ActionScale {
    /// Largest displacement along an axis in one step.
    pub const MAX_DISPLACEMENT: f32 = 0.1;

    /// The displacement that an action causes.
    ///
    /// # Examples
    ///
    /// ```
    /// use metarl_envs::ActionScale;
    ///
    /// assert_eq!(ActionScale::Raw.displacement([0.05, -3.0]), [0.05, -0.1]);
    /// assert_eq!(ActionScale::Normalized.displacement([0.5, -3.0]), [0.05, -0.1]);
    /// ```
    #[must_use]
    pub fn displacement(self, action: [f32; 2]) -> [f32; 2] {
        let max = Self::MAX_DISPLACEMENT;
        action.map(|a| (a * self.unit()).clamp(-max, max))
    }

    /// The action that displaces by this much, as far as one step can.
    #[must_use]
    pub fn action(self, displacement: [f32; 2]) -> [f32; 2] {
        displacement.map(|d| d / self.unit())
    }

    /// Displacement of an action of 1, before clipping.
    fn unit(self) -> f32 {
        match self {
            Self::Raw => 1.0,
            Self::Normalized => Self::MAX_DISPLACEMENT,
        }
    }
}
