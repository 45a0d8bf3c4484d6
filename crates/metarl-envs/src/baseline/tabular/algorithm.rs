//! What the algorithms have in common.

use metarl_core::Rng;

/// An algorithm that learns one finite-horizon tabular process, episode after episode.
pub trait TabularAlgorithm<const STATES: usize, const ACTIONS: usize> {
    /// Plans the next episode from all that was observed.
    fn begin_episode(&mut self, rng: &mut Rng);

    /// Chooses the action in `state` at `step` of the episode, counted from 0.
    ///
    /// An implementation may panic when `step` is not below the horizon it was made for, or `state`
    /// not below `STATES`.
    fn act(&mut self, step: usize, state: usize, rng: &mut Rng) -> usize;

    /// Takes in what came of an action. `successor` is `None` at the end of an episode: an agent in
    /// a trial is shown the next episode's first state there.
    fn observe(&mut self, state: usize, action: usize, reward: f64, successor: Option<usize>);
}
