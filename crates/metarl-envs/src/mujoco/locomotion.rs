//! What Gymnasium's robots have in common, and how one becomes an environment.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use metarl_core::{Continuous, Error, Outcome, Process, Rng, check_range};
use rand::RngExt;
use rand_distr::StandardNormal;

use super::{Model, MujocoError, Simulation};

/// A robot at a task: what is particular to one of Gymnasium's environments, in double precision.
pub trait Robot<const OBSERVATION: usize, const ACTION: usize>:
    Debug + Send + Sync + Sized
{
    /// What can differ between two robots.
    type Task: Clone + Send + Sync;

    /// What it is called in messages.
    const NAME: &'static str;
    /// Sizes and rates.
    const BODY: Body;

    /// The robot at its task.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the first parameter that is outside its range.
    fn of(task: &Self::Task) -> Result<Self, Error>;

    /// What is simulated; the same for robots that only differ in what they are paid for.
    ///
    /// # Errors
    ///
    /// [`MujocoError`] when there is no simulator, or the model is invalid.
    fn model(&self) -> Result<Arc<Model>, MujocoError>;

    /// The point of the plane whose velocity is rewarded.
    fn place(&self, simulation: &Simulation) -> [f64; 2];

    /// What is seen.
    fn observe(&self, simulation: &Simulation) -> [f64; OBSERVATION];

    /// What reaches the actuators of an action.
    fn control(&self, action: &[f64; ACTION]) -> [f64; ACTION] {
        *action
    }

    /// Reward, and whether the robot fell, after a step with this control that moved its place with
    /// this velocity (m/s).
    fn judge(
        &self,
        simulation: &Simulation,
        velocity: [f64; 2],
        control: &[f64; ACTION],
    ) -> Judgment;

    /// Height of the ground at `x`, m.
    fn ground(&self, _x: f64) -> f64 {
        0.0
    }

    /// The point of the plane it is to reach, where there is one.
    fn goal(&self) -> Option<[f64; 2]> {
        None
    }
}

/// Sizes and rates of a robot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Body {
    /// Its own positions; what else a model has comes behind them.
    pub n_positions: usize,
    /// Its own velocities.
    pub n_velocities: usize,
    /// Steps of the simulation in a step of the environment.
    pub frame_skip: u32,
    /// Largest action, either way.
    pub max_action: f32,
    /// How far from the model's first state an episode starts.
    pub noise: Noise,
    /// Whether contact forces are looked at.
    pub contact_forces: bool,
}

/// How far from the model's first state an episode starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Noise {
    /// Positions and velocities uniform, this far either way.
    Uniform(f64),
    /// Positions uniform, this far either way; velocities normal with this deviation.
    Normal(f64),
}

/// What a step was worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgment {
    /// The reward.
    pub reward: f64,
    /// Whether the process ended.
    pub terminated: bool,
}

/// A robot with its model: what a lane keeps of a task.
#[derive(Debug)]
pub struct Scene<R> {
    /// The robot at its task.
    pub robot: R,
    /// What is simulated.
    pub model: Arc<Model>,
}

impl<R> Scene<R> {
    /// One step in double precision.
    pub fn step<const OBSERVATION: usize, const ACTION: usize>(
        &self,
        simulation: &mut Simulation,
        action: &[f64; ACTION],
    ) -> Judgment
    where
        R: Robot<OBSERVATION, ACTION>,
    {
        let before = self.robot.place(simulation);
        let control = self.robot.control(action);
        simulation.step(&control, R::BODY.frame_skip);
        if simulation.diverged() {
            return Judgment {
                reward: 0.0,
                terminated: true,
            };
        }
        if R::BODY.contact_forces {
            simulation.update_contact_forces();
        }
        let seconds = self.model.time_step() * f64::from(R::BODY.frame_skip);
        let after = self.robot.place(simulation);
        let velocity = [0, 1].map(|i| (after[i] - before[i]) / seconds);
        self.robot.judge(simulation, velocity, &control)
    }

    /// Moves a simulation to where an episode starts.
    fn start<const OBSERVATION: usize, const ACTION: usize>(
        &self,
        simulation: &mut Simulation,
        rng: &mut Rng,
    ) where
        R: Robot<OBSERVATION, ACTION>,
    {
        simulation.reset();
        let body = R::BODY;
        let (Noise::Uniform(spread) | Noise::Normal(spread)) = body.noise;
        for position in &mut simulation.positions_mut()[..body.n_positions] {
            *position += rng.random_range(-spread..spread);
        }
        for velocity in &mut simulation.velocities_mut()[..body.n_velocities] {
            *velocity += match body.noise {
                Noise::Uniform(_) => rng.random_range(-spread..spread),
                Noise::Normal(_) => spread * rng.sample::<f64, _>(StandardNormal),
            };
        }
        simulation.forward();
    }
}

/// A robot as a [`Process`]: observations and rewards in single precision, the simulation in double.
///
/// | | |
/// |---|---|
/// | action | torques, each within `±`[`max_action`](Body::max_action); zero does nothing |
/// | start | the model's first state with [`Noise`] |
/// | truncated | after 1000 steps |
#[derive(Debug, Clone, Copy)]
pub struct Locomotion<R, const OBSERVATION: usize, const ACTION: usize> {
    robot: PhantomData<fn() -> R>,
}

impl<R, const OBSERVATION: usize, const ACTION: usize> Default
    for Locomotion<R, OBSERVATION, ACTION>
{
    fn default() -> Self {
        Self { robot: PhantomData }
    }
}

impl<R, const OBSERVATION: usize, const ACTION: usize> Process
    for Locomotion<R, OBSERVATION, ACTION>
where
    R: Robot<OBSERVATION, ACTION>,
{
    type Task = R::Task;
    type Model = Scene<R>;
    type State = Simulation;
    type ObservationSpace = Continuous<OBSERVATION>;
    type ActionSpace = Continuous<ACTION>;

    const NAME: &'static str = R::NAME;

    fn observation_space(&self) -> Continuous<OBSERVATION> {
        Continuous::UNBOUNDED
    }

    fn action_space(&self) -> Continuous<ACTION> {
        Continuous {
            low: -R::BODY.max_action,
            high: R::BODY.max_action,
        }
    }

    fn max_steps(&self) -> Option<u32> {
        Some(1000)
    }

    fn model(&self, task: &R::Task) -> Result<Scene<R>, Error> {
        let robot = R::of(task)?;
        let model = robot.model()?;
        let sizes = [
            model.n_positions(),
            model.n_velocities(),
            model.n_actuators(),
        ];
        let holds = sizes[0] >= R::BODY.n_positions
            && sizes[1] >= R::BODY.n_velocities
            && sizes[2] == ACTION;
        let got = format_args!("{sizes:?}");
        let allowed = "as many positions, velocities and actuators as the robot has";
        check_range("the sizes of the model", allowed, got, holds)?;
        Ok(Scene { robot, model })
    }

    fn start(&self, scene: &Scene<R>, rng: &mut Rng) -> Simulation {
        let mut simulation = Simulation::new(Arc::clone(&scene.model));
        scene.start(&mut simulation, rng);
        simulation
    }

    fn restart(&self, scene: &Scene<R>, simulation: &mut Simulation, rng: &mut Rng) {
        scene.start(simulation, rng);
    }

    fn observe(&self, scene: &Scene<R>, simulation: &Simulation) -> [f32; OBSERVATION] {
        scene.robot.observe(simulation).map(|x| x as f32)
    }

    fn advance(
        &self,
        scene: &Scene<R>,
        simulation: &mut Simulation,
        action: &[f32; ACTION],
        _: &mut Rng,
    ) -> Outcome {
        let judgment = scene.step(simulation, &action.map(f64::from));
        Outcome {
            reward: judgment.reward as f32,
            terminated: judgment.terminated,
        }
    }
}

/// Writes the parts one behind the other.
pub(super) fn joined<const N: usize>(parts: impl IntoIterator<Item = f64>) -> [f64; N] {
    let mut parts = parts.into_iter();
    let joined = std::array::from_fn(|_| parts.next().unwrap_or(f64::NAN));
    debug_assert_eq!(parts.next(), None, "an observation of {N} numbers");
    joined
}

pub(super) fn sum_of_squares(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

/// The model of a file, compiled once.
pub(super) fn compiled_once(
    cache: &OnceLock<Arc<Model>>,
    mjcf: &str,
) -> Result<Arc<Model>, MujocoError> {
    if let Some(model) = cache.get() {
        return Ok(Arc::clone(model));
    }
    let model = Arc::new(Model::from_mjcf(mjcf)?);
    Ok(Arc::clone(cache.get_or_init(|| model)))
}
