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

    /// The number that an action is in the equations: a direction, a torque.
    fn control(action: &<Self::ActionSpace as Space>::Element) -> Self::Real;

    /// The state one step later, its reward, and whether the process ended.
    fn advance(&self, state: &Self::State, control: Self::Real) -> (Self::State, Self::Real, bool);

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
        let (reached, reward, terminated) = physics.advance(state, P::control(action));
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

/// How many lanes are advanced at once: as many single-precision numbers as the widest registers hold.
/// Arrays of a length that the compiler knows become vector instructions.
const BLOCK: usize = 16;

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
    let (physics, last_physics) = physics.as_chunks();
    let (state, last_state) = state.as_chunks_mut();
    let (action, last_action) = action.as_chunks();
    let (reward, last_reward) = reward.as_chunks_mut();
    let (terminated, last_terminated) = terminated.as_chunks_mut();
    let (successor, last_successor) = successor.as_chunks_mut();
    let inputs = physics.iter().zip(action);
    let outputs = reward.iter_mut().zip(terminated);
    let states = state.iter_mut().zip(successor);
    for (((physics, action), (reward, terminated)), (state, successor)) in
        inputs.zip(outputs).zip(states)
    {
        advance_block(physics, state, action, reward, terminated, successor);
    }

    let n_lanes = last_state.len();
    if n_lanes > 0 {
        let mut state = filled_up(last_state);
        let mut reward = [0.0; BLOCK];
        let mut terminated = [false; BLOCK];
        let mut successor = [last_successor[0]; BLOCK];
        advance_block(
            &filled_up(last_physics),
            &mut state,
            &filled_up(last_action),
            &mut reward,
            &mut terminated,
            &mut successor,
        );
        last_state.copy_from_slice(&state[..n_lanes]);
        last_reward.copy_from_slice(&reward[..n_lanes]);
        last_terminated.copy_from_slice(&terminated[..n_lanes]);
        last_successor.copy_from_slice(&successor[..n_lanes]);
    }
}

/// States are computed apart before they are written back: so the compiler sees that what is written
/// is not what is read. Actions become numbers first, since theirs may be wider ones.
#[inline(always)]
fn advance_block<P: Physics<Real = f32>>(
    physics: &[P; BLOCK],
    state: &mut [P::State; BLOCK],
    action: &[Element<P::ActionSpace>; BLOCK],
    reward: &mut [f32; BLOCK],
    terminated: &mut [bool; BLOCK],
    successor: &mut [Element<P::ObservationSpace>; BLOCK],
) {
    let mut control = [0.0; BLOCK];
    for lane in 0..BLOCK {
        control[lane] = P::control(&action[lane]);
    }
    let mut reached = *state;
    for lane in 0..BLOCK {
        let (next, earned, ended) = physics[lane].advance(&state[lane], control[lane]);
        (reached[lane], successor[lane]) = (next, physics[lane].observe(&next));
        (reward[lane], terminated[lane]) = (earned, ended);
    }
    *state = reached;
}

/// The lanes, and copies of the first one.
fn filled_up<T: Copy>(lanes: &[T]) -> [T; BLOCK] {
    let mut block = [lanes[0]; BLOCK];
    block[..lanes.len()].copy_from_slice(lanes);
    block
}
