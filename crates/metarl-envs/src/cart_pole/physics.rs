//! A pole on a cart.

use metarl_core::{Error, check_range};
use serde::{Deserialize, Serialize};

const GRAVITY: f32 = 9.8;
const CART_MASS: f32 = 1.0;
/// Seconds of a step.
const TAU: f32 = 0.02;

/// What can differ between two carts.
///
/// | field | unit | default |
/// |---|---|---|
/// | `force` | N | 10 |
/// | `length` | m | 0.5, from the pivot to the pole's center: half the pole |
/// | `mass` | kg | 0.1 |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartPoleTask {
    /// Push of an action, to the left or to the right.
    pub force: f32,
    /// Half the length of the pole.
    pub length: f32,
    /// Mass of the pole.
    pub mass: f32,
}

impl Default for CartPoleTask {
    fn default() -> Self {
        Self {
            force: 10.0,
            length: 0.5,
            mass: 0.1,
        }
    }
}

/// Position and velocity of the cart, angle and angular velocity of the pole.
pub(super) type State = [f32; 4];

impl CartPoleTask {
    /// Checks that every number is positive and finite.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the first that is not.
    pub fn check(&self) -> Result<(), Error> {
        for (name, x) in [
            ("force", self.force),
            ("length", self.length),
            ("mass", self.mass),
        ] {
            check_range(name, "above 0 and finite", x, x.is_finite() && x > 0.0)?;
        }
        Ok(())
    }

    /// The state one step later. Positions move by the velocities before the step (explicit Euler).
    pub(super) fn advance(&self, [x, v, angle, spin]: State, push_right: bool) -> State {
        let force = if push_right { self.force } else { -self.force };
        let total_mass = CART_MASS + self.mass;
        let moment = self.mass * self.length;
        let (sin, cos) = angle.sin_cos();
        let push = (force + moment * spin * spin * sin) / total_mass;
        let inertia = self.length * (4.0 / 3.0 - self.mass * cos * cos / total_mass);
        let spin_rate = (GRAVITY * sin - cos * push) / inertia;
        let acceleration = push - moment * spin_rate * cos / total_mass;
        [
            x + TAU * v,
            v + TAU * acceleration,
            angle + TAU * spin,
            spin + TAU * spin_rate,
        ]
    }
}
