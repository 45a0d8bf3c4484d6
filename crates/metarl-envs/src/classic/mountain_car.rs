//! A car too weak for the hill it has to climb.

use metarl_core::{Continuous, Discrete, Error};
use serde::{Deserialize, Serialize};

use super::{ClassicLanes, Physics, Real, direction, positive};
use crate::draw::{Color, Picture};
use crate::{Parameter, Parameterized, Randomized};

/// What can differ between two cars.
///
/// | field | unit | default |
/// |---|---|---|
/// | `force` | velocity a step | 0.001 |
/// | `gravity` | velocity a step | 0.0025 |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MountainCarTask {
    /// What an action adds to the velocity.
    pub force: f64,
    /// What the steepest slope takes from it.
    pub gravity: f64,
}

impl Default for MountainCarTask {
    fn default() -> Self {
        Self::with(|parameter| parameter.default)
    }
}

/// Cars whose force and gravity are random.
pub type MountainCars = Randomized<MountainCarTask>;

impl Parameterized for MountainCarTask {
    const NAME: &'static str = "mountain-car";
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "force",
            default: 0.001,
            regular: [0.0005, 0.005],
            extreme: [0.0001, 0.0005, 0.005, 0.01],
        },
        Parameter {
            name: "gravity",
            default: 0.0025,
            regular: [0.001, 0.005],
            extreme: [0.0005, 0.001, 0.005, 0.01],
        },
    ];

    fn with(mut value: impl FnMut(&Parameter) -> f64) -> Self {
        Self {
            force: value(&Self::PARAMETERS[0]),
            gravity: value(&Self::PARAMETERS[1]),
        }
    }
}

/// A batch of cars in a valley that must swing to get out of it.
///
/// ```text
/// v ← clip(v + (a − 1) force − gravity cos 3x, −0.07, 0.07)
/// x ← clip(x + v, −1.2, 0.6)          v ← 0 where the car hits the wall at −1.2
/// ```
///
/// | | |
/// |---|---|
/// | observation | x, v |
/// | action | 0 pushes to the left, 1 does nothing, 2 pushes to the right |
/// | start | x uniform in `[−0.6, −0.4]`, at rest |
/// | reward | −1 a step |
/// | terminated | x ≥ 0.5 and v ≥ 0 |
/// | truncated | after 200 steps |
///
/// Dynamics, goal and limit are those of Gymnasium's `MountainCar-v0`, in single precision.
///
/// # References
///
/// Moore, *Efficient Memory-based Learning for Robot Control*, 1990; Towers et al., *Gymnasium*,
/// 2024, [arXiv:2407.17032](https://arxiv.org/abs/2407.17032).
pub type MountainCar = ClassicLanes<MountainCarPhysics<f32>>;

/// The physics of [`MountainCar`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MountainCarPhysics<F> {
    force: F,
    gravity: F,
}

impl<F: Real> Physics for MountainCarPhysics<F> {
    type Real = F;
    type Task = MountainCarTask;
    /// Position and velocity.
    type State = [F; 2];
    type ObservationSpace = Continuous<2>;
    type ActionSpace = Discrete<3>;

    const NAME: &'static str = MountainCarTask::NAME;
    const MAX_STEPS: u32 = 200;

    fn observation_space() -> Continuous<2> {
        Continuous {
            low: -1.2,
            high: 0.6,
        }
    }

    fn action_space() -> Discrete<3> {
        Discrete
    }

    fn of(task: &MountainCarTask) -> Result<Self, Error> {
        positive([("force", task.force), ("gravity", task.gravity)])?;
        Ok(Self {
            force: F::of(task.force),
            gravity: F::of(task.gravity),
        })
    }

    fn start(&self, mut uniform: impl FnMut(F, F) -> F) -> [F; 2] {
        [uniform(F::of(-0.6), F::of(-0.4)), F::zero()]
    }

    #[inline(always)]
    fn observe(&self, state: &[F; 2]) -> [f32; 2] {
        state.map(|x| x.double() as f32)
    }

    #[inline(always)]
    fn control(action: &usize) -> F {
        direction(*action)
    }

    #[inline(always)]
    fn advance(&self, &[x, v]: &[F; 2], push: F) -> ([F; 2], F, bool) {
        let (wall, fastest) = (F::of(-1.2), F::of(0.07));
        let pull = (F::of(3.0) * x).sine_cosine().1 * -self.gravity;
        let v = (v + (push * self.force + pull)).max(-fastest).min(fastest);
        let x = (x + v).max(wall).min(F::of(0.6));
        let v = if (x == wall) & (v < F::zero()) {
            F::zero()
        } else {
            v
        };
        let arrived = (x >= F::of(0.5)) & (v >= F::zero());
        ([x, v], -F::one(), arrived)
    }

    fn draw(&self, &[x, _]: &[F; 2], action: Option<&usize>) -> Picture {
        let push = action.map_or(0.0, |action| direction::<f32>(*action));
        valley(x.double() as f32, push, 0.5)
    }
}

/// A car at `x`, pushed from −1 to 1, in the valley whose goal is at `goal`.
pub(super) fn valley(x: f32, push: f32, goal: f32) -> Picture {
    let height = |x: f32| 0.45 * (3.0 * x).sin() + 0.55;
    let ground: Vec<_> = (0..=60_u8)
        .map(|i| -1.2 + 0.03 * f32::from(i))
        .map(|x| [x, height(x)])
        .collect();
    let (flag, car) = (height(goal), [x, height(x) + 0.05]);
    Picture::new([-1.25, 0.0], [0.65, 1.4])
        .line(ground, 0.012, Color::Ink)
        .line([[goal, flag], [goal, flag + 0.22]], 0.012, Color::Ink)
        .polygon(
            [
                [goal, flag + 0.22],
                [goal + 0.12, flag + 0.17],
                [goal, flag + 0.12],
            ],
            Color::Goal,
        )
        .disc(car, 0.05, Color::Agent)
        .arrow(car, [x + 0.2 * push, car[1]], 0.015, Color::Action)
}
