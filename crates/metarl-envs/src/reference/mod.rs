//! Classic control bit for bit as Gymnasium plays it, and the courses of its walker: for comparisons,
//! not for speed.

mod numpy;

pub use numpy::NumpyRng;

/// The course that `reset(seed=…)` of Gymnasium's `BipedalWalker-v3`, or of its hardcore variant, draws,
/// and the force that pushes the walker's hull: what [`Walker::new`](crate::walker::Walker::new) takes.
#[must_use]
pub fn bipedal_walker_course(seed: u64, hardcore: bool) -> (Terrain, f32) {
    crate::walker::of_gymnasium_seed(seed, hardcore)
}

use metarl_core::{Error, Space, check_actions};

use crate::walker::Terrain;
use crate::{Physics, Real};

/// One episode at a time of a classic control task, in double precision, from the seeds of
/// Gymnasium's `reset(seed=…)`.
///
/// # Examples
///
/// ```
/// use metarl_envs::CartPolePhysics;
/// use metarl_envs::reference::Reference;
///
/// let mut cart = Reference::<CartPolePhysics<f64>>::new(&Default::default())?;
/// // What `gymnasium.make("CartPole-v1").reset(seed=42)` gives.
/// assert_eq!(cart.reset(42), [0.027_395_604, -0.006_112_156, 0.035_859_793, 0.019_736_802]);
/// let step = cart.step(&1)?;
/// assert_eq!((step.reward, step.terminated, step.truncated), (1.0, false, false));
/// # Ok::<(), metarl_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Reference<P: Physics> {
    physics: P,
    state: Option<P::State>,
    n_steps: u32,
}

/// What a step of a [`Reference`] gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReferenceStep<O> {
    /// What the step reached.
    pub observation: O,
    /// The reward.
    pub reward: f64,
    /// The process ended.
    pub terminated: bool,
    /// The time limit was reached. As in Gymnasium both can be true at once.
    pub truncated: bool,
}

impl<P: Physics<Real = f64>> Reference<P> {
    /// The task, not reset yet.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the first parameter outside its range.
    pub fn new(task: &P::Task) -> Result<Self, Error> {
        Ok(Self {
            physics: P::of(task)?,
            state: None,
            n_steps: 0,
        })
    }

    /// Starts the episode of this seed.
    pub fn reset(&mut self, seed: u64) -> <P::ObservationSpace as Space>::Element {
        let mut rng = NumpyRng::new(seed);
        let state = self.physics.start(|low, high| rng.uniform(low, high));
        self.n_steps = 0;
        self.state = Some(state);
        self.physics.observe(&state)
    }

    /// Where it is; nowhere before the first reset and after the end of an episode.
    #[must_use]
    pub fn state(&self) -> Option<P::State> {
        self.state
    }

    /// One step.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAction`], and [`Error::Environment`] when it was never reset, or the episode
    /// is over.
    pub fn step(
        &mut self,
        action: &<P::ActionSpace as Space>::Element,
    ) -> Result<ReferenceStep<<P::ObservationSpace as Space>::Element>, Error> {
        let Some(state) = self.state else {
            let message = format!("{}: reset it before it is stepped", P::NAME);
            return Err(Error::Environment(message));
        };
        let done = std::slice::from_ref(action);
        check_actions(P::NAME, &P::action_space(), done, [self.n_steps])?;
        let (reached, reward, terminated) = self.physics.advance(&state, P::control(action));
        self.n_steps += 1;
        let truncated = self.n_steps >= P::MAX_STEPS;
        self.state = (!terminated && !truncated).then_some(reached);
        Ok(ReferenceStep {
            observation: self.physics.observe(&reached),
            reward: reward.double(),
            terminated,
            truncated,
        })
    }
}
