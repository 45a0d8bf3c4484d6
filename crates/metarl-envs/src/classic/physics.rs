//! What the classic control tasks have in common.

use std::fmt::Debug;
use std::marker::PhantomData;

use metarl_core::{Element, Error, Lanes, LanesMut, Outcome, Process, Rng, Space};
use multiversion::multiversion;
use rand::RngExt;

use super::Real;
use crate::draw::{Draw, Picture};

/// Equations of motion, in either precision.
///
/// Both readings share the formulas: [`ClassicControl`] plays them in single precision, many lanes
/// at a time; [`Reference`](crate::reference::Reference) in double precision, bit for bit as
/// Gymnasium does.
pub trait Physics: Copy + Debug + Send + Sync {
    /// The precision.
    type Real: Real;
    /// Parameters that can be randomized.
    type Task: Clone + Default + Send + Sync;
    /// Where it is.
    type State: Copy + Debug + Send;
    /// What is seen.
    type ObservationSpace: Space;
    /// What can be done.
    type ActionSpace: Space;

    /// What it is called.
    const NAME: &'static str;
    /// Steps after which an episode is truncated.
    const MAX_STEPS: u32;

    /// The set observations come from.
    fn observation_space() -> Self::ObservationSpace;

    /// The set actions come from.
    fn action_space() -> Self::ActionSpace;

    /// The physics of a task.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the first parameter outside its range.
    fn of(task: &Self::Task) -> Result<Self, Error>;

    /// A first state, from numbers that are uniform between two bounds.
    fn start(&self, uniform: impl FnMut(Self::Real, Self::Real) -> Self::Real) -> Self::State;

    /// What is seen of a state.
    fn observe(&self, state: &Self::State) -> <Self::ObservationSpace as Space>::Element;

    /// The state one step later, its reward, and whether the process ended.
    fn advance(
        &self,
        state: &Self::State,
        action: &<Self::ActionSpace as Space>::Element,
    ) -> (Self::State, Self::Real, bool);

    /// What it looks like, with the action that led there, where one did.
    fn draw(
        &self,
        state: &Self::State,
        action: Option<&<Self::ActionSpace as Space>::Element>,
    ) -> Picture;
}

/// A classic control task as a process, in single precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassicControl<P>(PhantomData<fn() -> P>);

impl<P> Default for ClassicControl<P> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// Lanes of a classic control task.
pub type ClassicLanes<P> = Lanes<ClassicControl<P>>;

impl<P: Physics<Real = f32>> Process for ClassicControl<P> {
    type Task = P::Task;
    type Model = P;
    type State = P::State;
    type ObservationSpace = P::ObservationSpace;
    type ActionSpace = P::ActionSpace;

    const NAME: &'static str = P::NAME;

    fn observation_space(&self) -> P::ObservationSpace {
        P::observation_space()
    }

    fn action_space(&self) -> P::ActionSpace {
        P::action_space()
    }

    fn max_steps(&self) -> Option<u32> {
        Some(P::MAX_STEPS)
    }

    fn model(&self, task: &P::Task) -> Result<P, Error> {
        P::of(task)
    }

    #[inline]
    fn start(&self, physics: &P, rng: &mut Rng) -> P::State {
        physics.start(|low, high| low + (high - low) * rng.random::<f32>())
    }

    #[inline]
    fn observe(&self, physics: &P, state: &P::State) -> <P::ObservationSpace as Space>::Element {
        physics.observe(state)
    }

    #[inline]
    fn advance(
        &self,
        physics: &P,
        state: &mut P::State,
        action: &<P::ActionSpace as Space>::Element,
        _: &mut Rng,
    ) -> Outcome {
        let (reached, reward, terminated) = physics.advance(state, action);
        *state = reached;
        Outcome { reward, terminated }
    }

    fn advance_lanes(&self, lanes: LanesMut<'_, Self>) {
        advance_lanes(
            lanes.model,
            lanes.state,
            lanes.action,
            lanes.reward,
            lanes.terminated,
            lanes.successor,
        );
    }
}

impl<P: Physics<Real = f32>> Draw for ClassicControl<P> {
    fn draw(
        &self,
        physics: &P,
        state: &P::State,
        action: Option<&Element<P::ActionSpace>>,
    ) -> Picture {
        physics.draw(state, action)
    }
}

/// How many states are computed apart before they are written back: so the compiler sees that what is
/// written is not what is read, and makes vector instructions.
const BLOCK: usize = 64;

/// [`Physics::advance`] over lanes, compiled for several instruction sets and chosen when the program
/// runs. None contracts a multiplication and an addition, so all give the same bits.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn advance_lanes<P: Physics<Real = f32>>(
    physics: &[P],
    state: &mut [P::State],
    action: &[Element<P::ActionSpace>],
    reward: &mut [f32],
    terminated: &mut [bool],
    successor: &mut [Element<P::ObservationSpace>],
) {
    let Some(first) = state.first() else {
        return;
    };
    let mut reached = [*first; BLOCK];
    let inputs = physics.chunks(BLOCK).zip(action.chunks(BLOCK));
    let outputs = reward.chunks_mut(BLOCK).zip(terminated.chunks_mut(BLOCK));
    let states = state.chunks_mut(BLOCK).zip(successor.chunks_mut(BLOCK));
    for (((physics, action), (reward, terminated)), (state, successor)) in
        inputs.zip(outputs).zip(states)
    {
        let inputs = physics.iter().zip(&*state).zip(action);
        let outputs = reward.iter_mut().zip(terminated).zip(successor);
        for ((((physics, state), action), ((reward, terminated), successor)), reached) in
            inputs.zip(outputs).zip(&mut reached)
        {
            let (next, earned, ended) = physics.advance(state, action);
            (*reached, *successor) = (next, physics.observe(&next));
            (*reward, *terminated) = (earned, ended);
        }
        let n_lanes = state.len();
        state.copy_from_slice(&reached[..n_lanes]);
    }
}
