//! Classic control with randomizable physics.

mod acrobot;
mod cart_pole;
mod continuous_mountain_car;
mod mountain_car;
mod pendulum;
mod physics;
mod real;

pub use acrobot::{Acrobot, AcrobotPhysics, AcrobotTask, Acrobots};
pub use cart_pole::{CartPole, CartPolePhysics, CartPoleTask, CartPoles};
pub use continuous_mountain_car::{
    ContinuousMountainCar, ContinuousMountainCarPhysics, ContinuousMountainCarTask,
    ContinuousMountainCars,
};
pub use mountain_car::{MountainCar, MountainCarPhysics, MountainCarTask, MountainCars};
pub use pendulum::{Pendulum, PendulumPhysics, PendulumTask, Pendulums};
pub use physics::{ClassicControl, ClassicLanes, Physics};
pub use real::Real;

use metarl_core::{Error, check_range};

/// Checks that every parameter is positive and finite, in single precision too.
fn positive<const N: usize>(parameters: [(&'static str, f64); N]) -> Result<(), Error> {
    parameters.into_iter().try_for_each(|(name, x)| {
        let single = x as f32;
        let allowed = single.is_finite() && single > 0.0;
        check_range(name, "above 0 and finite", x, allowed)
    })
}

/// −1, 0 and 1 for the actions 0, 1 and 2.
#[inline(always)]
fn direction<F: Real>(action: usize) -> F {
    F::of(f64::from(action as i32 - 1))
}
