//! Integration tests.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod bandit;
mod bandit_baseline;
mod cart_pole;
mod classic;
mod few_shot;
#[cfg(feature = "gymnasium")]
mod gymnasium;
mod maze;
mod min_atar;
#[cfg(feature = "mujoco")]
mod mujoco;
#[cfg(feature = "mujoco")]
mod mujoco_drawing;
#[cfg(feature = "mujoco")]
mod mujoco_tasks;
mod navigation;
mod normalize;
mod randomization;
mod small;
mod stability;
mod tabular;
mod tabular_baseline;
mod two_step;
mod vectorized;
mod walker;
mod walker_course;
#[cfg(any(feature = "terrain", feature = "box2d"))]
mod walker_engine;
mod wrapper;
mod xland;
mod xland_tasks;
