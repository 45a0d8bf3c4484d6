//! Atari games.

use metarl_core::{Continuous, Discrete};

use super::{GymnasiumError, GymnasiumVector, Recipe, Vectorization};

/// Lanes of an Atari game that has so many actions.
///
/// | | |
/// |---|---|
/// | observation | the last 4 frames, 84 × 84 gray values from 0 to 255 |
/// | action | the game's, each for 4 frames |
/// | reward | clipped to −1, 0, 1; `.with("reward_clipping", false)` gives the game's |
/// | termination | the game is over |
/// | truncation | after 108,000 frames |
///
/// Needs `pip install ale-py`, which is under the GPL and comes with the games.
///
/// # References
///
/// Bellemare et al., *The Arcade Learning Environment*, 2013,
/// [arXiv:1207.4708](https://arxiv.org/abs/1207.4708); Mnih et al., *Human-level control through deep
/// reinforcement learning*, 2015.
pub type Atari<const ACTIONS: usize> =
    GymnasiumVector<Continuous<{ 4 * 84 * 84 }>, Discrete<ACTIONS>>;

impl<const ACTIONS: usize> Atari<ACTIONS> {
    /// `n_lanes` lanes of a game, such as `Breakout` with its 4 actions, stepped by ALE's own threads.
    ///
    /// # Errors
    ///
    /// [`GymnasiumError`] when the package is not installed, or knows no such game, or the game has
    /// another number of actions.
    pub fn game(game: &str, n_lanes: usize) -> Result<Self, GymnasiumError> {
        let recipe = Recipe::new(&format!("ale_py:ALE/{game}-v5"));
        Self::new(&recipe, Vectorization::EntryPoint, n_lanes)
    }
}
