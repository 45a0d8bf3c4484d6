//! Actions that are brought into their space.

use metarl_core::{Continuous, Outcome, Process, Rng};

/// Takes every finite action and clips it to the process's bounds: for policies, such as Gaussian
/// ones, that know no bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClipAction<P> {
    /// What acts within bounds.
    pub process: P,
}

impl<P, const N: usize> Process for ClipAction<P>
where
    P: Process<ActionSpace = Continuous<N>>,
{
    forward! { Task Model State ObservationSpace NAME observation_space max_steps model start restart observe }

    type ActionSpace = Continuous<N>;

    fn action_space(&self) -> Continuous<N> {
        Continuous::UNBOUNDED
    }

    fn advance(
        &self,
        model: &P::Model,
        state: &mut P::State,
        action: &[f32; N],
        rng: &mut Rng,
    ) -> Outcome {
        let Continuous { low, high } = self.process.action_space();
        let action = action.map(|a| a.max(low).min(high));
        self.process.advance(model, state, &action, rng)
    }
}
