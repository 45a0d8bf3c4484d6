//! What can be earned by who knows the way.

use std::collections::VecDeque;

use metarl_core::{Error, check_range};

use super::environment::{GOAL, STEP};
use super::layout::LARGEST;
use super::task::MazeTask;
use crate::grid::cell::{Cell, check_goal};
use crate::grid::direction::Direction;

/// The lengths of all shortest ways to a maze's goal, by breadth-first search.
///
/// # Examples
///
/// ```
/// use metarl_core::{Split, TaskDistribution};
/// use metarl_envs::{MazeOracle, Mazes};
///
/// let task = Mazes::Small.frozen(Split::Test, 0);
/// let oracle = MazeOracle::new(&task)?;
/// assert_eq!(oracle.distance(task.goal), Some(0));
/// assert!(0.0 < oracle.mean_value() && oracle.mean_value() < 0.96);
/// # Ok::<(), metarl_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MazeOracle {
    task: MazeTask,
    distance: [[Option<u32>; LARGEST]; LARGEST],
}

impl MazeOracle {
    /// Finds the shortest way from every cell.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when there is none from some, the goal is no cell, or a passage leads out of
    /// the maze.
    pub fn new(task: &MazeTask) -> Result<Self, Error> {
        let MazeTask { layout, goal } = *task;
        layout.check()?;
        check_goal(goal, layout.size, "a cell of the maze")?;
        let mut distance = [[None; LARGEST]; LARGEST];
        distance[usize::from(goal[1])][usize::from(goal[0])] = Some(0);
        let mut next = VecDeque::from([(goal, 0)]);
        while let Some((at, steps)) = next.pop_front() {
            for direction in Direction::ALL {
                let to @ [x, y] = direction.from(at);
                if layout.is_open(at, direction) {
                    let distance = &mut distance[usize::from(y)][usize::from(x)];
                    if distance.is_none() {
                        *distance = Some(steps + 1);
                        next.push_back((to, steps + 1));
                    }
                }
            }
        }
        let oracle = Self {
            task: *task,
            distance,
        };
        let lost = layout.cells().find(|cell| oracle.distance(*cell).is_none());
        let got = format_args!("none from {:?}", lost.unwrap_or_default());
        let name = "a way to the goal";
        check_range(name, "one from every cell", got, lost.is_none())?;
        Ok(oracle)
    }

    /// Steps from a cell to the goal; none from what is not a cell.
    #[must_use]
    pub fn distance(&self, [x, y]: Cell) -> Option<u32> {
        let row = self.distance.get(usize::from(y))?;
        *row.get(usize::from(x))?
    }

    /// The next action of a shortest way; none on the goal.
    #[must_use]
    pub fn action(&self, at: Cell) -> Option<usize> {
        let distance = self.distance(at)?;
        let leads = |direction: &Direction| {
            let nearer = self
                .distance(direction.from(at))
                .is_some_and(|d| d < distance);
            nearer && self.task.layout.is_open(at, *direction)
        };
        let direction = Direction::ALL.into_iter().find(leads)?;
        Some(direction as usize)
    }

    /// What the shortest way from a cell earns: `1 − 0.04 d`.
    #[must_use]
    pub fn value(&self, at: Cell) -> Option<f64> {
        let distance = f64::from(self.distance(at)?);
        let arrival = if distance > 0.0 { f64::from(GOAL) } else { 0.0 };
        Some(arrival + f64::from(STEP) * distance)
    }

    /// The mean over starts, which are all cells but the goal.
    #[must_use]
    pub fn mean_value(&self) -> f64 {
        let cells = self.task.layout.cells();
        let starts = cells.filter(|cell| *cell != self.task.goal);
        let values: Vec<f64> = starts.filter_map(|cell| self.value(cell)).collect();
        values.iter().sum::<f64>() / values.len() as f64
    }
}
