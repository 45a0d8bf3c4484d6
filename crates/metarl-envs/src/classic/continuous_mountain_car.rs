//! The car in the valley, pushed as much as one likes.

use metarl_core::{Continuous, Error};
use serde::{Deserialize, Serialize};

use super::mountain_car::valley;
use super::{ClassicLanes, Physics, Real, positive};
use crate::draw::Picture;
use crate::{Parameter, Parameterized, Randomized};

/// What can differ between two cars.
///
/// | field | unit | default |
/// |---|---|---|
/// | `force` | velocity a step | 0.0015 |
/// | `gravity` | velocity a step | 0.0025 |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContinuousMountainCarTask {
    /// What an action of 1 adds to the velocity.
    pub force: f64,
    /// What the steepest slope takes from it.
    pub gravity: f64,
}

impl Default for ContinuousMountainCarTask {
    fn default() -> Self {
        Self::with(|parameter| parameter.default)
    }
}

/// Cars whose force and gravity are random, by the factors of
/// [`MountainCars`](super::MountainCars); the paper has no ranges for this form.
pub type ContinuousMountainCars = Randomized<ContinuousMountainCarTask>;

impl Parameterized for ContinuousMountainCarTask {
    const NAME: &'static str = "continuous-mountain-car";
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "force",
            default: 0.0015,
            regular: [0.00075, 0.0075],
            extreme: [0.00015, 0.00075, 0.0075, 0.015],
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

/// A batch of cars in a valley that must swing to get out of it, and pay for their fuel.
///
/// ```text
/// v ← clip(v + a force − gravity cos 3x, −0.07, 0.07)
/// x ← clip(x + v, −1.2, 0.6)          v ← 0 where the car hits the wall at −1.2
/// r = −0.1 a², and 100 for arriving
/// ```
///
/// | | |
/// |---|---|
/// | observation | x, v |
/// | action | a in `[−1, 1]` |
/// | start | x uniform in `[−0.6, −0.4]`, at rest |
/// | terminated | x ≥ 0.45 and v ≥ 0 |
/// | truncated | after 999 steps |
///
/// Dynamics, goal and limit are those of Gymnasium's `MountainCarContinuous-v0`, in single precision.
///
/// # References
///
/// Moore, *Efficient Memory-based Learning for Robot Control*, 1990; Towers et al., *Gymnasium*,
/// 2024, [arXiv:2407.17032](https://arxiv.org/abs/2407.17032).
pub type ContinuousMountainCar = ClassicLanes<ContinuousMountainCarPhysics<f32>>;

/// The physics of [`ContinuousMountainCar`].
///
/// Gymnasium keeps the state of this task in single precision from the first step on, and mixes both
/// precisions within a step. Its double-precision reading here does the same, so that it gives the
/// same bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ContinuousMountainCarPhysics<F> {
    force: F,
    gravity: F,
}

impl<F: Real> Physics for ContinuousMountainCarPhysics<F> {
    type Real = F;
    type Task = ContinuousMountainCarTask;
    /// Position and velocity.
    type State = [F; 2];
    type ObservationSpace = Continuous<2>;
    type ActionSpace = Continuous<1>;

    const NAME: &'static str = ContinuousMountainCarTask::NAME;
    const MAX_STEPS: u32 = 999;

    fn observation_space() -> Continuous<2> {
        Continuous {
            low: -1.2,
            high: 0.6,
        }
    }

    fn action_space() -> Continuous<1> {
        Continuous {
            low: -1.0,
            high: 1.0,
        }
    }

    fn of(task: &ContinuousMountainCarTask) -> Result<Self, Error> {
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
    fn control([action]: &[f32; 1]) -> F {
        F::of(f64::from(*action))
    }

    /// In Gymnasium the first state of an episode is in double precision, all later ones and the
    /// actions in single precision, and where both meet the single one decides.
    #[inline(always)]
    fn advance(&self, &[x, v]: &[F; 2], a: F) -> ([F; 2], F, bool) {
        let is_single = x == single(x);
        let round = |x: F| if is_single { single(x) } else { x };
        let [wall, end, goal, fastest] = [-1.2, 0.6, 0.45, 0.07].map(|x| round(F::of(x)));

        let push = single(a * single(self.force));
        let pull = self.gravity * round(F::of(3.0) * x).sine_cosine().1;
        let v = round(v + single(push - single(pull)));
        let v = v.max(-fastest).min(fastest);
        let x = round(x + v).max(wall).min(end);
        let v = if (x == wall) & (v < F::zero()) {
            F::zero()
        } else {
            v
        };
        let arrived = (x >= goal) & (v >= F::zero());
        let prize = if arrived { F::of(100.0) } else { F::zero() };
        let reward = prize - a.squared() * F::of(0.1);
        ([single(x), single(v)], reward, arrived)
    }

    fn draw(&self, &[x, _]: &[F; 2], action: Option<&[f32; 1]>) -> Picture {
        valley(x.double() as f32, action.map_or(0.0, |[a]| *a), 0.45)
    }
}

/// Rounded to single precision.
fn single<F: Real>(x: F) -> F {
    F::of(f64::from(x.double() as f32))
}
