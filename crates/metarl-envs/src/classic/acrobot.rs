//! Two links of which only the joint between them is driven.

use std::f64::consts::PI;

use metarl_core::{Continuous, Discrete, Error};
use serde::{Deserialize, Serialize};

use super::{ClassicLanes, Physics, Real, direction, positive};
use crate::draw::{Color, Picture};
use crate::{Parameter, Parameterized, Randomized};

/// What can differ between two acrobots. Both links are alike, except that the first alone has the
/// length; their centers of mass are half a meter from their upper ends.
///
/// | field | unit | default |
/// |---|---|---|
/// | `length` | m | 1 |
/// | `mass` | kg | 1 |
/// | `moment_of_inertia` | kg m² | 1 |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcrobotTask {
    /// Length of the first link.
    pub length: f64,
    /// Mass of a link.
    pub mass: f64,
    /// Moment of inertia of a link.
    pub moment_of_inertia: f64,
}

impl Default for AcrobotTask {
    fn default() -> Self {
        Self::with(|parameter| parameter.default)
    }
}

/// Acrobots whose length, mass and moment of inertia are random.
pub type Acrobots = Randomized<AcrobotTask>;

impl Parameterized for AcrobotTask {
    const NAME: &'static str = "acrobot";
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
        Parameter {
            name: "moment_of_inertia",
            default: 1.0,
            regular: [0.75, 1.25],
            extreme: [0.5, 0.75, 1.25, 1.5],
        },
    ];

    fn with(mut value: impl FnMut(&Parameter) -> f64) -> Self {
        Self {
            length: value(&Self::PARAMETERS[0]),
            mass: value(&Self::PARAMETERS[1]),
            moment_of_inertia: value(&Self::PARAMETERS[2]),
        }
    }
}

/// A batch of acrobots that are to swing their tips above a line, each with physics of its own.
///
/// ```text
/// d₁ = m c² + m (l² + c² + 2 l c cos θ₂) + 2 I          c = 0.5 m, g = 9.8 m/s²
/// d₂ = m (c² + l c cos θ₂) + I
/// φ₂ = m c g cos(θ₁ + θ₂ − π/2)
/// φ₁ = −m l c θ̇₂² sin θ₂ − 2 m l c θ̇₁ θ̇₂ sin θ₂ + (m c + m l) g cos(θ₁ − π/2) + φ₂
/// θ̈₂ = (τ + d₂/d₁ φ₁ − m l c θ̇₁² sin θ₂ − φ₂) / (m c² + I − d₂²/d₁)
/// θ̈₁ = −(d₂ θ̈₂ + φ₁) / d₁
/// ```
///
/// integrated over 0.2 s by one step of Runge and Kutta's fourth-order method; angles are wrapped
/// into `[−π, π]`, velocities clipped to ±4π and ±9π.
///
/// | | |
/// |---|---|
/// | observation | cos θ₁, sin θ₁, cos θ₂, sin θ₂, θ̇₁, θ̇₂; θ = 0 hangs down, θ₂ is relative to θ₁ |
/// | action | torque τ of −1, 0 or 1 N m on the joint between the links |
/// | start | each of θ₁, θ₂, θ̇₁, θ̇₂ uniform in `[−0.1, 0.1]` |
/// | reward | −1 a step, 0 for the one that arrives |
/// | terminated | −cos θ₁ − cos(θ₁ + θ₂) > 1 |
/// | truncated | after 500 steps |
///
/// Dynamics, goal and limit are those of Gymnasium's `Acrobot-v1`, in single precision.
///
/// # References
///
/// Sutton and Barto, *Reinforcement Learning*, second edition, 2018, section 11.3 of the first;
/// Towers et al., *Gymnasium*, 2024, [arXiv:2407.17032](https://arxiv.org/abs/2407.17032).
pub type Acrobot = ClassicLanes<AcrobotPhysics<f32>>;

/// The physics of [`Acrobot`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AcrobotPhysics<F> {
    length: F,
    mass: F,
    inertia: F,
}

impl<F: Real> AcrobotPhysics<F> {
    /// `d/dt (θ₁, θ₂, θ̇₁, θ̇₂)`. The order of the operations is Gymnasium's.
    #[inline(always)]
    fn derivative(&self, [a, b, da, db]: [F; 4], torque: F) -> [F; 4] {
        let Self {
            length: l,
            mass: m,
            inertia,
        } = *self;
        let (c, g, two, quarter_turn) = (F::of(0.5), F::of(9.8), F::of(2.0), F::of(PI / 2.0));
        let (sin, cos) = b.sine_cosine();
        let (c2, l2) = (c.squared(), l.squared());
        let d1 = m * c2 + m * (l2 + c2 + two * l * c * cos) + inertia + inertia;
        let d2 = m * (c2 + l * c * cos) + inertia;
        let phi2 = m * c * g * (a + b - quarter_turn).sine_cosine().1;
        let phi1 = -m * l * c * db.squared() * sin - two * m * l * c * db * da * sin
            + (m * c + m * l) * g * (a - quarter_turn).sine_cosine().1
            + phi2;
        let ddb = (torque + d2 / d1 * phi1 - m * l * c * da.squared() * sin - phi2)
            / (m * c2 + inertia - d2.squared() / d1);
        let dda = -(d2 * ddb + phi1) / d1;
        [da, db, dda, ddb]
    }
}

impl<F: Real> Physics for AcrobotPhysics<F> {
    type Real = F;
    type Task = AcrobotTask;
    /// Both angles, both angular velocities.
    type State = [F; 4];
    type ObservationSpace = Continuous<6>;
    type ActionSpace = Discrete<3>;

    const NAME: &'static str = AcrobotTask::NAME;
    const MAX_STEPS: u32 = 500;

    fn observation_space() -> Continuous<6> {
        let fastest = (9.0 * PI) as f32;
        Continuous {
            low: -fastest,
            high: fastest,
        }
    }

    fn action_space() -> Discrete<3> {
        Discrete
    }

    fn of(task: &AcrobotTask) -> Result<Self, Error> {
        positive([
            ("length", task.length),
            ("mass", task.mass),
            ("moment_of_inertia", task.moment_of_inertia),
        ])?;
        Ok(Self {
            length: F::of(task.length),
            mass: F::of(task.mass),
            inertia: F::of(task.moment_of_inertia),
        })
    }

    /// In single precision in either mode, as in Gymnasium.
    fn start(&self, mut uniform: impl FnMut(F, F) -> F) -> [F; 4] {
        let single = |x: F| F::of(f64::from(x.double() as f32));
        [(); 4].map(|()| single(uniform(F::of(-0.1), F::of(0.1))))
    }

    #[inline(always)]
    fn observe(&self, &[a, b, da, db]: &[F; 4]) -> [f32; 6] {
        let ((sin_a, cos_a), (sin_b, cos_b)) = (a.sine_cosine(), b.sine_cosine());
        [cos_a, sin_a, cos_b, sin_b, da, db].map(|x| x.double() as f32)
    }

    #[inline(always)]
    fn control(action: &usize) -> F {
        direction(*action)
    }

    #[inline(always)]
    fn advance(&self, state: &[F; 4], torque: F) -> ([F; 4], F, bool) {
        let (dt, half) = (F::of(0.2), F::of(0.2 / 2.0));
        let k1 = self.derivative(*state, torque);
        let k2 = self.derivative(along(state, half, k1), torque);
        let k3 = self.derivative(along(state, half, k2), torque);
        let k4 = self.derivative(along(state, dt, k3), torque);
        let two = F::of(2.0);
        let slope = |i: usize| k1[i] + two * k2[i] + two * k3[i] + k4[i];
        let slope = [slope(0), slope(1), slope(2), slope(3)];
        let [a, b, da, db] = along(state, dt / F::of(6.0), slope);
        let bound = |x: F, most: f64| x.max(F::of(-most)).min(F::of(most));
        let (a, b) = (a.wrap(), b.wrap());
        let (da, db) = (bound(da, 4.0 * PI), bound(db, 9.0 * PI));
        let arrived = -a.sine_cosine().1 - (b + a).sine_cosine().1 > F::one();
        let reward = if arrived { F::zero() } else { -F::one() };
        ([a, b, da, db], reward, arrived)
    }

    /// The line to be crossed is a meter above the pivot; the second link is drawn a meter long.
    fn draw(&self, &[a, b, ..]: &[F; 4], action: Option<&usize>) -> Picture {
        let [a, b, length] = [a, b, self.length].map(|x| x.double() as f32);
        let joint = [length * a.sin(), -length * a.cos()];
        let tip = [joint[0] + (a + b).sin(), joint[1] - (a + b).cos()];
        let torque = action.map_or(0.0, |action| direction::<f32>(*action));
        Picture::new([-2.6, -2.6], [2.6, 2.6])
            .line([[-2.6, 1.0], [2.6, 1.0]], 0.03, Color::Goal)
            .line([[0.0, 0.0], joint], 0.16, Color::Agent)
            .line([joint, tip], 0.16, Color::Kind(9))
            .disc([0.0, 0.0], 0.08, Color::Ink)
            .disc(joint, 0.08, Color::Ink)
            .arrow([0.0, -2.4], [torque, -2.4], 0.06, Color::Action)
    }
}

/// `x + h k`
#[inline(always)]
fn along<F: Real>(x: &[F; 4], h: F, k: [F; 4]) -> [F; 4] {
    [
        x[0] + h * k[0],
        x[1] + h * k[1],
        x[2] + h * k[2],
        x[3] + h * k[3],
    ]
}
