//! Processes made of other processes.
//!
//! Each changes one thing and leaves the rest alone. Because a wrapper is itself a
//! [`Process`](metarl_core::Process), time limits and both observations of a step stay right by
//! construction: they are the business of [`Lanes`](metarl_core::Lanes) alone. Normalization looks at
//! all lanes together and is made around a batch instead.

/// What a wrapper leaves to the process within: these items of [`Process`](metarl_core::Process).
macro_rules! forward {
    ($($item:ident)*) => { $( forward!(@ $item); )* };
    (@ Task) => {
        type Task = <P as metarl_core::Process>::Task;
    };
    (@ Model) => {
        type Model = <P as metarl_core::Process>::Model;
    };
    (@ State) => {
        type State = <P as metarl_core::Process>::State;
    };
    (@ ObservationSpace) => {
        type ObservationSpace = <P as metarl_core::Process>::ObservationSpace;
    };
    (@ ActionSpace) => {
        type ActionSpace = <P as metarl_core::Process>::ActionSpace;
    };
    (@ NAME) => {
        const NAME: &'static str = <P as metarl_core::Process>::NAME;
    };
    (@ observation_space) => {
        fn observation_space(&self) -> <P as metarl_core::Process>::ObservationSpace {
            self.process.observation_space()
        }
    };
    (@ action_space) => {
        fn action_space(&self) -> <P as metarl_core::Process>::ActionSpace {
            self.process.action_space()
        }
    };
    (@ max_steps) => {
        fn max_steps(&self) -> Option<u32> {
            self.process.max_steps()
        }
    };
    (@ model) => {
        fn model(&self, task: &<P as metarl_core::Process>::Task) -> Result<<P as metarl_core::Process>::Model, metarl_core::Error> {
            self.process.model(task)
        }
    };
    (@ start) => {
        fn start(&self, model: &<P as metarl_core::Process>::Model, rng: &mut metarl_core::Rng) -> <P as metarl_core::Process>::State {
            self.process.start(model, rng)
        }
    };
    (@ restart) => {
        fn restart(&self, model: &<P as metarl_core::Process>::Model, state: &mut <P as metarl_core::Process>::State, rng: &mut metarl_core::Rng) {
            self.process.restart(model, state, rng);
        }
    };
    (@ observe) => {
        fn observe(&self, model: &<P as metarl_core::Process>::Model, state: &<P as metarl_core::Process>::State) -> metarl_core::Element<<P as metarl_core::Process>::ObservationSpace> {
            self.process.observe(model, state)
        }
    };
    (@ advance) => {
        fn advance(
            &self,
            model: &<P as metarl_core::Process>::Model,
            state: &mut <P as metarl_core::Process>::State,
            action: &metarl_core::Element<<P as metarl_core::Process>::ActionSpace>,
            rng: &mut metarl_core::Rng,
        ) -> metarl_core::Outcome {
            self.process.advance(model, state, action, rng)
        }
    };
}

mod action_repeat;
mod clip_action;
mod frame_stack;
mod normalize;
mod reward_delay;
mod reward_noise;
mod sticky_action;
mod switch;
mod time_limit;

pub use action_repeat::{ActionRepeat, Repeating};
pub use clip_action::ClipAction;
pub use frame_stack::{FrameStack, Frames, Stack};
pub use normalize::{NormalizeObservation, NormalizeReward, RunningMoments};
pub use reward_delay::{Delayed, RewardDelay};
pub use reward_noise::RewardNoise;
pub use sticky_action::{Sticky, StickyAction};
pub use switch::{DynamicsSwitch, SwitchTask, SwitchTasks, Switching};
pub use time_limit::TimeLimit;
