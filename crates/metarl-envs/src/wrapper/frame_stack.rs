//! Seeing the last few observations.

use metarl_core::{Element, Outcome, Process, Rng, Space};

/// Shows the last `N` observations of the episode, oldest first; at its start the first one fills
/// them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FrameStack<P, const N: usize> {
    /// What is seen.
    pub process: P,
}

/// `N` elements of a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stack<S, const N: usize>(
    /// The space of each.
    pub S,
);

impl<S: Space, const N: usize> Space for Stack<S, N> {
    type Element = [S::Element; N];
    const WIDTH: usize = N * S::WIDTH;

    fn zero(&self) -> [S::Element; N] {
        [self.0.zero(); N]
    }

    fn contains(&self, element: &[S::Element; N]) -> bool {
        element.iter().all(|one| self.0.contains(one))
    }

    fn describe(&self) -> String {
        format!("of {N} times {}", self.0.describe())
    }

    fn sample(&self, rng: &mut Rng) -> [S::Element; N] {
        std::array::from_fn(|_| self.0.sample(rng))
    }

    fn encode(element: &[S::Element; N], out: &mut [f32]) {
        assert_eq!(out.len(), Self::WIDTH, "{N} encodings");
        for (one, out) in element.iter().zip(out.chunks_mut(S::WIDTH.max(1))) {
            S::encode(one, out);
        }
    }
}

/// A state, and what was seen until it was reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frames<S, O, const N: usize> {
    state: S,
    seen: [O; N],
}

impl<P: Process, const N: usize> FrameStack<P, N> {
    fn first(&self, model: &P::Model, state: P::State) -> <Self as Process>::State {
        let seen = [self.process.observe(model, &state); N];
        Frames { state, seen }
    }
}

impl<P: Process, const N: usize> Process for FrameStack<P, N> {
    forward! { Task Model ActionSpace NAME action_space max_steps model }

    type State = Frames<P::State, Element<P::ObservationSpace>, N>;
    type ObservationSpace = Stack<P::ObservationSpace, N>;

    fn observation_space(&self) -> Stack<P::ObservationSpace, N> {
        Stack(self.process.observation_space())
    }

    fn start(&self, model: &P::Model, rng: &mut Rng) -> Self::State {
        self.first(model, self.process.start(model, rng))
    }

    fn restart(&self, model: &P::Model, at: &mut Self::State, rng: &mut Rng) {
        self.process.restart(model, &mut at.state, rng);
        at.seen = [self.process.observe(model, &at.state); N];
    }

    fn observe(&self, _: &P::Model, at: &Self::State) -> [Element<P::ObservationSpace>; N] {
        at.seen
    }

    fn advance(
        &self,
        model: &P::Model,
        at: &mut Self::State,
        action: &Element<P::ActionSpace>,
        rng: &mut Rng,
    ) -> Outcome {
        let outcome = self.process.advance(model, &mut at.state, action, rng);
        at.seen.rotate_left(1);
        if let Some(newest) = at.seen.last_mut() {
            *newest = self.process.observe(model, &at.state);
        }
        outcome
    }
}
