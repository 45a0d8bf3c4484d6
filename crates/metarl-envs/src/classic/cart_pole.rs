//! A pole on a cart.

use metarl_core::{Continuous, Discrete, Error};
use serde::{Deserialize, Serialize};

use super::{ClassicLanes, Physics, Real, positive};
use crate::draw::{Color, Picture};
use crate::{Parameter, Parameterized, Randomized};

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
    pub force: f64,
    /// Half the length of the pole.
    pub length: f64,
    /// Mass of the pole.
    pub mass: f64,
}

impl Default for CartPoleTask {
    fn default() -> Self {
        Self::with(|parameter| parameter.default)
    }
}

/// Carts whose force, length and mass are random.
pub type CartPoles = Randomized<CartPoleTask>;

impl Parameterized for CartPoleTask {
    const NAME: &'static str = "cart-pole";
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "force",
            default: 10.0,
            regular: [5.0, 15.0],
            extreme: [1.0, 5.0, 15.0, 20.0],
        },
        Parameter {
            name: "length",
            default: 0.5,
            regular: [0.25, 0.75],
            extreme: [0.05, 0.25, 0.75, 1.0],
        },
        Parameter {
            name: "mass",
            default: 0.1,
            regular: [0.05, 0.5],
            extreme: [0.01, 0.05, 0.5, 1.0],
        },
    ];

    fn with(mut value: impl FnMut(&Parameter) -> f64) -> Self {
        Self {
            force: value(&Self::PARAMETERS[0]),
            length: value(&Self::PARAMETERS[1]),
            mass: value(&Self::PARAMETERS[2]),
        }
    }
}

/// A batch of carts that keep a pole upright, each with physics of its own.
///
/// ```text
/// temp = (F + m l θ̇² sin θ) / (M + m)              F = ±force, M = 1 kg, g = 9.8 m/s²
/// θ̈ = (g sin θ − cos θ temp) / (l (4/3 − m cos² θ / (M + m)))
/// ẍ = temp − m l θ̈ cos θ / (M + m)
/// (x, ẋ, θ, θ̇) ← (x, ẋ, θ, θ̇) + 0.02 s · (ẋ, ẍ, θ̇, θ̈)
/// ```
///
/// | | |
/// |---|---|
/// | observation | x (m), ẋ (m/s), θ (rad), θ̇ (rad/s) |
/// | action | 0 pushes to the left, 1 to the right |
/// | start | each coordinate uniform in `[−0.05, 0.05]` |
/// | reward | 1 a step, the last one too |
/// | terminated | \|x\| > 2.4 m or \|θ\| > 12° |
/// | truncated | after 500 steps |
///
/// Dynamics, thresholds and limit are those of Gymnasium's `CartPole-v1`, in single precision; the
/// physics are the task and are not observed.
///
/// # Examples
///
/// ```
/// use metarl_core::{Environment, Purpose, Seed, StepBatch};
/// use metarl_envs::{CartPole, CartPoleTask};
///
/// let mut environment = CartPole::new(1);
/// let mut step = StepBatch::new(1, [0.0; 4]);
/// let task = CartPoleTask { length: 1.0, ..CartPoleTask::default() };
/// environment.assign(0, &task, Seed::new(1).stream(Purpose::Environment, 0, 0, 0))?;
/// environment.reset(&mut step.observation)?;
/// environment.step(&[1], &mut step)?;
/// assert_eq!(step.reward[0], 1.0);
/// # Ok::<(), metarl_core::Error>(())
/// ```
///
/// # References
///
/// Barto, Sutton and Anderson, *Neuronlike Adaptive Elements That Can Solve Difficult Learning
/// Control Problems*, 1983; Towers et al., *Gymnasium*, 2024,
/// [arXiv:2407.17032](https://arxiv.org/abs/2407.17032).
pub type CartPole = ClassicLanes<CartPolePhysics<f32>>;

/// The physics of [`CartPole`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CartPolePhysics<F> {
    force: F,
    length: F,
    mass: F,
}

impl<F: Real> Physics for CartPolePhysics<F> {
    type Real = F;
    type Task = CartPoleTask;
    /// Position and velocity of the cart, angle and angular velocity of the pole.
    type State = [F; 4];
    type ObservationSpace = Continuous<4>;
    type ActionSpace = Discrete<2>;

    const NAME: &'static str = CartPoleTask::NAME;
    const MAX_STEPS: u32 = 500;

    fn observation_space() -> Continuous<4> {
        Continuous::UNBOUNDED
    }

    fn action_space() -> Discrete<2> {
        Discrete
    }

    fn of(task: &CartPoleTask) -> Result<Self, Error> {
        positive([
            ("force", task.force),
            ("length", task.length),
            ("mass", task.mass),
        ])?;
        Ok(Self {
            force: F::of(task.force),
            length: F::of(task.length),
            mass: F::of(task.mass),
        })
    }

    fn start(&self, mut uniform: impl FnMut(F, F) -> F) -> [F; 4] {
        [(); 4].map(|()| uniform(F::of(-0.05), F::of(0.05)))
    }

    #[inline(always)]
    fn observe(&self, state: &[F; 4]) -> [f32; 4] {
        state.map(|x| x.double() as f32)
    }

    #[inline(always)]
    fn control(action: &usize) -> F {
        if *action == 1 { F::one() } else { -F::one() }
    }

    /// Positions move by the velocities before the step (explicit Euler).
    #[inline(always)]
    fn advance(&self, &[x, v, angle, spin]: &[F; 4], direction: F) -> ([F; 4], F, bool) {
        let force = direction * self.force;
        let (gravity, tau) = (F::of(9.8), F::of(0.02));
        let total_mass = self.mass + F::one();
        let per_mass = total_mass.recip();
        let moment = self.mass * self.length;
        let (sin, cos) = angle.sine_cosine();
        let push = (force + moment * (spin * spin) * sin).over(total_mass, per_mass);
        let swung = (self.mass * (cos * cos)).over(total_mass, per_mass);
        let inertia = self.length * (F::of(4.0 / 3.0) - swung);
        let spin_rate = (gravity * sin - cos * push) / inertia;
        let acceleration = push - (moment * spin_rate * cos).over(total_mass, per_mass);
        let reached = [
            x + tau * v,
            v + tau * acceleration,
            angle + tau * spin,
            spin + tau * spin_rate,
        ];
        let [position, _, lean, _] = reached;
        let fallen = (position.abs() > F::of(2.4)) | (lean.abs() > F::of(MAX_ANGLE));
        (reached, F::one(), fallen)
    }

    /// The pole is drawn at its full length, twice the task's.
    fn draw(&self, &[x, _, angle, _]: &[F; 4], action: Option<&usize>) -> Picture {
        let [x, angle, length] = [x, angle, self.length].map(|x| x.double() as f32);
        let pivot = [x, 0.3];
        let tip = [
            x + 2.0 * length * angle.sin(),
            0.3 + 2.0 * length * angle.cos(),
        ];
        let picture = Picture::new([-2.6, -0.3], [2.6, 2.4])
            .line([[-2.6, 0.0], [2.6, 0.0]], 0.02, Color::Muted)
            .line([[-2.4, 0.0], [-2.4, 0.3]], 0.02, Color::Danger)
            .line([[2.4, 0.0], [2.4, 0.3]], 0.02, Color::Danger)
            .rectangle([x - 0.25, 0.05], [x + 0.25, 0.3], Color::Agent)
            .line([pivot, tip], 0.08, Color::Ink);
        match action {
            Some(1) => picture.arrow([x + 0.27, 0.17], [x + 0.6, 0.17], 0.04, Color::Action),
            Some(_) => picture.arrow([x - 0.27, 0.17], [x - 0.6, 0.17], 0.04, Color::Action),
            None => picture,
        }
    }
}

/// 12°, in radians.
const MAX_ANGLE: f64 = 12.0 * 2.0 * std::f64::consts::PI / 360.0;
