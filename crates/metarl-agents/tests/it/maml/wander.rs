//! An environment whose episodes end in both ways, each lane's after a number of steps of its own.

use metarl_core::{Continuous, Environment, Error, Rng, StepBatch};
use metarl_envs::NavigationTask;
use rand::RngExt;

/// A point that is dragged by its actions. `r = −‖p − g‖²`.
#[derive(Debug)]
pub(super) struct Wander {
    lanes: Vec<Lane>,
}

#[derive(Debug, Default)]
struct Lane {
    rng: Option<Rng>,
    goal: [f32; 2],
    position: [f32; 2],
    left: u32,
    terminates: bool,
}

impl Lane {
    fn restart(&mut self) {
        let Some(rng) = &mut self.rng else {
            unreachable!("assigned before it is reset");
        };
        self.position = [rng.random_range(-1.0..1.0), rng.random_range(-1.0..1.0)];
        self.left = rng.random_range(2..=7);
        self.terminates = rng.random();
    }
}

impl Wander {
    pub(super) fn new(n_lanes: usize) -> Self {
        Self {
            lanes: (0..n_lanes).map(|_| Lane::default()).collect(),
        }
    }
}

impl Environment for Wander {
    type Task = NavigationTask;
    type ObservationSpace = Continuous<2>;
    type ActionSpace = Continuous<2>;

    fn observation_space(&self) -> Continuous<2> {
        Continuous::UNBOUNDED
    }

    fn action_space(&self) -> Continuous<2> {
        Continuous::UNBOUNDED
    }

    fn n_lanes(&self) -> usize {
        self.lanes.len()
    }

    fn assign(&mut self, lane: usize, task: &NavigationTask, rng: Rng) -> Result<(), Error> {
        self.lanes[lane].rng = Some(rng);
        self.lanes[lane].goal = task.goal;
        Ok(())
    }

    fn reset(&mut self, observation: &mut [[f32; 2]]) -> Result<(), Error> {
        for (lane, seen) in self.lanes.iter_mut().zip(observation) {
            lane.restart();
            *seen = lane.position;
        }
        Ok(())
    }

    fn step(&mut self, action: &[[f32; 2]], step: &mut StepBatch<[f32; 2]>) -> Result<(), Error> {
        for (l, lane) in self.lanes.iter_mut().enumerate() {
            let [x, y] = lane.position;
            lane.position = [x + 0.3 * action[l][0].tanh(), y + 0.3 * action[l][1].tanh()];
            let away = [0, 1].map(|i| lane.position[i] - lane.goal[i]);
            lane.left -= 1;
            step.reward[l] = -(away[0] * away[0] + away[1] * away[1]);
            step.terminated[l] = lane.left == 0 && lane.terminates;
            step.truncated[l] = lane.left == 0 && !lane.terminates;
            step.successor[l] = lane.position;
            if lane.left == 0 {
                lane.restart();
            }
            step.observation[l] = lane.position;
        }
        Ok(())
    }
}
