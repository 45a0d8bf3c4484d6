//! A pendulum to be swung up and held.

use std::f64::consts::PI;

use metarl_core::{Continuous, Error};
use serde::{Deserialize, Serialize};

use super::{ClassicLanes, Physics, Real, positive};
use crate::draw::{Color, Picture};
use crate::{Parameter, Parameterized, Randomized};

/// What can differ between two pendulums.
///
/// | field | unit | default |
/// |---|---|---|
/// | `length` | m | 1 |
/// | `mass` | kg | 1 |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendulumTask {
    /// Length of the rod.
    pub length: f64,
    /// Its mass.
    pub mass: f64,
}

impl Default for PendulumTask {
    fn default() -> Self {
        Self::with(|parameter| parameter.default)
    }
}

/// Pendulums whose length and mass are random.
pub type Pendulums = Randomized<PendulumTask>;

impl Parameterized for PendulumTask {
    const NAME: &'static str = "pendulum";
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "length",
            default: 1.0,
            regular: [0.75, 1.25],
            extreme: [0.5, 0.75, 1.25, 1.5],
        },
        Parameter {
            name: "mass",
            default: 1.0,
            regular: [0.75, 1.25],
            extreme: [0.5, 0.75, 1.25, 1.5],
        },
    ];

    fn with(mut value: impl FnMut(&Parameter) -> f64) -> Self {
        Self {
            length: value(&Self::PARAMETERS[0]),
            mass: value(&Self::PARAMETERS[1]),
        }
    }
}

/// A batch of pendulums that are to be swung up and held, each with physics of its own.
///
/// ```text
/// θ̇ ← clip(θ̇ + (3 g / 2l sin θ + 3 u / m l²) 0.05 s, −8, 8)          g = 10 m/s²
/// θ ← θ + 0.05 s · θ̇
/// r = −(θ² + 0.1 θ̇² + 0.001 u²)          of the state before the step, θ in [−π, π)
/// ```
///
/// | | |
/// |---|---|
/// | observation | cos θ, sin θ, θ̇ (rad/s); θ = 0 is upright |
/// | action | torque u in `[−2, 2]` N m |
/// | start | θ uniform in `[−π, π]`, θ̇ in `[−1, 1]` |
/// | truncated | after 200 steps; nothing terminates |
///
/// Dynamics, reward and limit are those of Gymnasium's `Pendulum-v1`, in single precision.
///
/// # References
///
/// Towers et al., *Gymnasium*, 2024, [arXiv:2407.17032](https://arxiv.org/abs/2407.17032).
pub type Pendulum = ClassicLanes<PendulumPhysics<f32>>;

/// The physics of [`Pendulum`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PendulumPhysics<F> {
    length: F,
    mass: F,
}

const MAX_TORQUE: f32 = 2.0;

impl<F: Real> Physics for PendulumPhysics<F> {
    type Real = F;
    type Task = PendulumTask;
    /// Angle and angular velocity.
    type State = [F; 2];
    type ObservationSpace = Continuous<3>;
    type ActionSpace = Continuous<1>;

    const NAME: &'static str = PendulumTask::NAME;
    const MAX_STEPS: u32 = 200;

    fn observation_space() -> Continuous<3> {
        Continuous {
            low: -8.0,
            high: 8.0,
        }
    }

    fn action_space() -> Continuous<1> {
        Continuous {
            low: -MAX_TORQUE,
            high: MAX_TORQUE,
        }
    }

    fn of(task: &PendulumTask) -> Result<Self, Error> {
        positive([("length", task.length), ("mass", task.mass)])?;
        Ok(Self {
            length: F::of(task.length),
            mass: F::of(task.mass),
        })
    }

    fn start(&self, mut uniform: impl FnMut(F, F) -> F) -> [F; 2] {
        let half_turn = F::of(PI);
        [uniform(-half_turn, half_turn), uniform(-F::one(), F::one())]
    }

    #[inline(always)]
    fn observe(&self, &[angle, spin]: &[F; 2]) -> [f32; 3] {
        let (sin, cos) = angle.sine_cosine();
        [cos, sin, spin].map(|x| x.double() as f32)
    }

    #[inline(always)]
    fn control([action]: &[f32; 1]) -> F {
        F::of(f64::from(*action))
    }

    #[inline(always)]
    fn advance(&self, &[angle, spin]: &[F; 2], u: F) -> ([F; 2], F, bool) {
        let (three, dt, fastest) = (F::of(3.0), F::of(0.05), F::of(8.0));
        let cost =
            upright(angle).squared() + F::of(0.1) * spin.squared() + F::of(0.001) * u.squared();
        let fall = F::of(30.0) / (F::of(2.0) * self.length) * angle.sine_cosine().0;
        let push = three / (self.mass * self.length.squared()) * u;
        let spin = (spin + (fall + push) * dt).max(-fastest).min(fastest);
        ([angle + spin * dt, spin], -cost, false)
    }

    fn draw(&self, &[angle, _]: &[F; 2], action: Option<&[f32; 1]>) -> Picture {
        let [angle, length] = [angle, self.length].map(|x| x.double() as f32);
        let tip = [-length * angle.sin(), length * angle.cos()];
        let torque = action.map_or(0.0, |[u]| *u / MAX_TORQUE);
        Picture::new([-1.6, -1.6], [1.6, 1.6])
            .line([[0.0, 0.0], [0.0, length]], 0.02, Color::Faint)
            .line([[0.0, 0.0], tip], 0.16, Color::Agent)
            .disc([0.0, 0.0], 0.06, Color::Ink)
            .arrow([0.0, -1.4], [-0.8 * torque, -1.4], 0.04, Color::Action)
    }
}

/// The angle in `[−π, π)`.
#[inline(always)]
fn upright<F: Real>(angle: F) -> F {
    let half_turn = F::of(PI);
    (angle + half_turn).modulo(F::of(2.0 * PI)) - half_turn
}
