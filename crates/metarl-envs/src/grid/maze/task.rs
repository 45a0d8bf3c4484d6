//! Mazes to be found one's way in.

use metarl_core::{Rng, TaskDistribution};
use serde::{Deserialize, Serialize};

use super::layout::MazeLayout;
use crate::grid::cell::{Cell, anywhere};

/// A layout, and a goal that is seen from nearby only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MazeTask {
    /// Where the walls are.
    pub layout: MazeLayout,
    /// The goal's cell.
    pub goal: Cell,
}

/// Perfect mazes by randomized depth-first search ([`MazeLayout::depth_first`]), with goals uniform on
/// their cells.
///
/// The sizes are those of Duan et al.; how its mazes were drawn, it does not say.
///
/// # References
///
/// Duan et al., *RL²*, 2016, [arXiv:1611.02779](https://arxiv.org/abs/1611.02779), section 3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mazes {
    /// Of 5 × 5 cells, to learn in.
    #[default]
    Small,
    /// Of 9 × 9 cells, to see how far what was learned carries.
    Large,
}

impl TaskDistribution for Mazes {
    type Task = MazeTask;

    fn name(&self) -> String {
        let size = match self {
            Self::Small => "small",
            Self::Large => "large",
        };
        format!("maze/{size}@1")
    }

    fn sample(&self, rng: &mut Rng) -> MazeTask {
        let size = match self {
            Self::Small => 5,
            Self::Large => 9,
        };
        MazeTask {
            layout: MazeLayout::depth_first(size, rng),
            goal: anywhere(size, rng),
        }
    }
}
