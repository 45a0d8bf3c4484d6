//! An environment and a policy whose every number can be counted on fingers.

use metarl_core::{
    Continuous, DecisionBatch, Discrete, Environment, Error, Policy, Purpose, Rng, Seed, Space,
    StepBatch, check_lanes,
};

/// How an episode ends, and after how many steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Episode {
    Terminates(u32),
    Truncates(u32),
}

impl Episode {
    pub(crate) fn length(self) -> u32 {
        match self {
            Self::Terminates(length) | Self::Truncates(length) => length,
        }
    }
}

pub(crate) const SPACE: Discrete<2> = Discrete;

/// Where the environment returns a number that is not finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Place {
    /// In the observation that [`Environment::reset`] gives.
    Reset,
    Reward,
    Observation,
    Successor,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) place: Place,
    /// Steps since the reset.
    pub(crate) step: usize,
    pub(crate) lane: usize,
    pub(crate) value: f32,
}

/// Each lane runs through its list of episodes, over and over. It shows
/// `[episode, step in the episode]`, and step `s` earns `s + 1`, and 100 more for action 1.
#[derive(Debug, Clone)]
pub(crate) struct Counting {
    assigned: Vec<Vec<Episode>>,
    lanes: Vec<Lane>,
    step: usize,
    pub(crate) fault: Option<Fault>,
}

#[derive(Debug, Clone, Default)]
struct Lane {
    schedule: Vec<Episode>,
    episode: usize,
    step: u32,
}

impl Lane {
    fn observation(&self) -> [f32; 2] {
        [self.episode as f32, self.step as f32]
    }

    fn episode(&self) -> Episode {
        self.schedule[self.episode % self.schedule.len()]
    }
}

impl Counting {
    pub(crate) fn new(schedules: &[Vec<Episode>]) -> Self {
        Self {
            assigned: schedules.to_vec(),
            lanes: Vec::new(),
            step: 0,
            fault: None,
        }
    }

    fn corrupt(&self, place: Place, out: &mut [[f32; 2]]) {
        if let Some(fault) = self.due(place) {
            out[fault.lane][1] = fault.value;
        }
    }

    fn due(&self, place: Place) -> Option<Fault> {
        self.fault
            .filter(|fault| fault.place == place && fault.step == self.step)
    }
}

impl Environment for Counting {
    type Task = Vec<Episode>;
    type ObservationSpace = Continuous<2>;
    type ActionSpace = Discrete<2>;

    fn observation_space(&self) -> Continuous<2> {
        Continuous {
            low: 0.0,
            high: f32::INFINITY,
        }
    }

    fn action_space(&self) -> Discrete<2> {
        SPACE
    }

    fn n_lanes(&self) -> usize {
        self.assigned.len()
    }

    fn assign(&mut self, lane: usize, task: &Vec<Episode>, _rng: Rng) -> Result<(), Error> {
        self.assigned[lane].clone_from(task);
        Ok(())
    }

    fn reset(&mut self, observation: &mut [[f32; 2]]) -> Result<(), Error> {
        check_lanes("observation", observation.len(), self.n_lanes())?;
        self.step = 0;
        self.lanes.resize_with(self.assigned.len(), Lane::default);
        for (lane, schedule) in self.lanes.iter_mut().zip(&self.assigned) {
            (lane.episode, lane.step) = (0, 0);
            lane.schedule.clone_from(schedule);
        }
        for (observation, lane) in observation.iter_mut().zip(&self.lanes) {
            *observation = lane.observation();
        }
        self.corrupt(Place::Reset, observation);
        Ok(())
    }

    fn step(&mut self, action: &[usize], step: &mut StepBatch<[f32; 2]>) -> Result<(), Error> {
        check_lanes("action", action.len(), self.n_lanes())?;
        for (i, (lane, action)) in self.lanes.iter_mut().zip(action).enumerate() {
            if !SPACE.contains(action) {
                return Err(Error::InvalidAction {
                    environment: "counting",
                    lane: i,
                    step: lane.step,
                    action: action.to_string(),
                    space: SPACE.describe(),
                });
            }
            lane.step += 1;
            let (episode, ended) = (lane.episode(), lane.step == lane.episode().length());
            step.reward[i] = lane.step as f32 + 100.0 * *action as f32;
            step.successor[i] = lane.observation();
            step.terminated[i] = ended && matches!(episode, Episode::Terminates(_));
            step.truncated[i] = ended && matches!(episode, Episode::Truncates(_));
            if ended {
                (lane.episode, lane.step) = (lane.episode + 1, 0);
            }
            step.observation[i] = lane.observation();
        }
        if let Some(fault) = self.due(Place::Reward) {
            step.reward[fault.lane] = fault.value;
        }
        self.corrupt(Place::Observation, &mut step.observation);
        self.corrupt(Place::Successor, &mut step.successor);
        self.step += 1;
        Ok(())
    }
}

/// Tosses a coin for its action and remembers how many observations of the episode it has seen.
/// Its value of an observation is [`value`] of that memory.
#[derive(Debug, Clone)]
pub(crate) struct Remembering {
    pub(crate) seen: Vec<u32>,
}

/// The value of seeing `observation` as the `seen`-th of an episode, counted from 1.
pub(crate) fn value(observation: [f32; 2], seen: u32) -> f32 {
    1000.0 + 100.0 * observation[0] + 10.0 * observation[1] + seen as f32
}

impl Remembering {
    pub(crate) fn new(n_lanes: usize) -> Self {
        Self {
            seen: vec![0; n_lanes],
        }
    }
}

impl Policy<[f32; 2], usize> for Remembering {
    fn act(
        &mut self,
        observation: &[[f32; 2]],
        first: &[bool],
        rngs: &mut [Rng],
        decision: &mut DecisionBatch<usize>,
    ) -> Result<(), Error> {
        for (lane, observation) in observation.iter().enumerate() {
            self.seen[lane] = if first[lane] { 1 } else { self.seen[lane] + 1 };
            decision.action[lane] = SPACE.sample(&mut rngs[lane]);
            decision.log_prob[lane] = -std::f32::consts::LN_2;
            decision.value[lane] = value(*observation, self.seen[lane]);
        }
        Ok(())
    }

    fn bootstrap_value(
        &mut self,
        observation: &[[f32; 2]],
        wanted: &[bool],
        out: &mut [f32],
    ) -> Result<(), Error> {
        for (lane, observation) in observation.iter().enumerate() {
            // What nobody asked for is nonsense, so that a reader of it is found out.
            out[lane] = if wanted[lane] {
                value(*observation, self.seen[lane] + 1)
            } else {
                f32::NAN
            };
        }
        Ok(())
    }
}

pub(crate) fn rngs(seed: u64, n_lanes: usize) -> Vec<Rng> {
    (0..n_lanes as u64)
        .map(|lane| Seed::new(seed).stream(Purpose::Policy, 0, lane, 0))
        .collect()
}
