//! A random walk that keeps the contract, or breaks one clause of it on purpose.

use metarl_core::{Continuous, Discrete, Environment, Error, Rng, Space, StepBatch, check_lanes};
use rand::RngExt;
use std::sync::atomic::{AtomicU32, Ordering};

/// One way to break the contract.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    OneLaneTooMany,
    RefusesATask,
    NeverEnds,
    GlobalRandomness,
    LeavesResetUnwritten,
    LeavesRewardUnwritten,
    LeavesTerminatedUnwritten,
    ReadsTheBuffer,
    ObservationOffTheLine,
    SuccessorOffTheLine,
    NanReward,
    BothEndings,
    SuccessorBehind,
    StaysWhereItEnded,
    KeepsTheClock,
    OneStreamForAll,
    RestartsTogether,
    AssignsAtOnce,
    KeepsTheFirstTask,
    RemembersLuck,
    BrokenByErrors,
    WrapsLanes,
    AnyResetLength,
    AnyActionLength,
    AnyStepLength,
    AnyAction,
    NamesLaneZero,
}

const EDGE: f32 = 3.0;
const MAX_STEPS: u32 = 12;

static GLOBAL: AtomicU32 = AtomicU32::new(0);

/// A walker on a line: the action is a direction, the task a chance to slip.
pub(crate) struct Walk {
    pub(crate) fault: Option<Fault>,
    /// Start between −½ and ½ rather than at 0.
    pub(crate) random_start: bool,
    slip: Vec<f64>,
    rng: Vec<Option<Rng>>,
    /// Assigned, but not reset yet.
    next: Vec<Option<(f64, Rng)>>,
    position: Vec<f32>,
    age: Vec<u32>,
    luck: Vec<f32>,
    poisoned: bool,
}

impl Walk {
    pub(crate) fn new(n_lanes: usize, random_start: bool, fault: Option<Fault>) -> Self {
        let n = n_lanes + usize::from(fault == Some(Fault::OneLaneTooMany));
        Self {
            fault,
            random_start,
            slip: vec![0.0; n],
            rng: (0..n).map(|_| None).collect(),
            next: (0..n).map(|_| None).collect(),
            position: vec![0.0; n],
            age: vec![0; n],
            luck: vec![0.0; n],
            poisoned: false,
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn take_task(&mut self, lane: usize) {
        if let Some((slip, rng)) = self.next[lane].take() {
            if !self.has(Fault::KeepsTheFirstTask) || self.rng[lane].is_none() {
                self.slip[lane] = slip;
            }
            self.rng[lane] = Some(rng);
        }
    }

    fn draw(&mut self, lane: usize) -> f64 {
        let lane = if self.has(Fault::OneStreamForAll) {
            0
        } else {
            lane
        };
        let rng = self.rng[lane].as_mut().expect("the suite assigns first");
        rng.random()
    }

    fn open(&mut self, lane: usize) -> f32 {
        let start = if self.random_start {
            self.draw(lane) as f32 - 0.5
        } else {
            0.0
        };
        self.position[lane] = start;
        self.age[lane] = 0;
        start
    }

    fn check_actions(&mut self, action: &[usize]) -> Result<(), Error> {
        for (lane, a) in action.iter().enumerate() {
            if !Discrete::<2>.contains(a) && !self.has(Fault::AnyAction) {
                self.poisoned = true;
                let lane = if self.has(Fault::NamesLaneZero) {
                    0
                } else {
                    lane
                };
                return Err(Error::InvalidAction {
                    environment: "walk",
                    lane,
                    step: self.age[lane],
                    action: a.to_string(),
                    space: "0..2".into(),
                });
            }
        }
        Ok(())
    }
}

impl Environment for Walk {
    type Task = f64;
    type ObservationSpace = Continuous<1>;
    type ActionSpace = Discrete<2>;

    fn observation_space(&self) -> Continuous<1> {
        Continuous {
            low: -EDGE,
            high: EDGE,
        }
    }

    fn action_space(&self) -> Discrete<2> {
        Discrete
    }

    fn n_lanes(&self) -> usize {
        self.slip.len()
    }

    fn assign(&mut self, lane: usize, task: &f64, rng: Rng) -> Result<(), Error> {
        let refused = |name, got| {
            Err(Error::OutOfRange {
                name,
                allowed: "less",
                got,
            })
        };
        if self.has(Fault::RefusesATask) && *task > 0.2 {
            return refused("task", task.to_string());
        }
        let wrapped = if self.has(Fault::WrapsLanes) {
            lane % self.n_lanes()
        } else {
            lane
        };
        let Some(next) = self.next.get_mut(wrapped) else {
            return refused("lane", lane.to_string());
        };
        *next = Some((*task, rng));
        if self.has(Fault::AssignsAtOnce) {
            self.take_task(wrapped);
        }
        Ok(())
    }

    fn reset(&mut self, observation: &mut [[f32; 1]]) -> Result<(), Error> {
        if !self.has(Fault::AnyResetLength) {
            check_lanes("observation", observation.len(), self.n_lanes())?;
        }
        for lane in 0..self.n_lanes().min(observation.len()) {
            self.take_task(lane);
            let start = self.open(lane);
            if !(self.has(Fault::LeavesResetUnwritten) && lane == 1) {
                observation[lane] = [start];
            }
        }
        Ok(())
    }

    fn step(&mut self, action: &[usize], step: &mut StepBatch<[f32; 1]>) -> Result<(), Error> {
        let n = self.n_lanes();
        if !self.has(Fault::AnyActionLength) {
            check_lanes("action", action.len(), n)?;
        }
        if !self.has(Fault::AnyStepLength) {
            check_lanes("step", step.n_lanes(), n)?;
        }
        self.check_actions(action)?;
        let mut restart = vec![false; n];
        for lane in 0..n.min(action.len()).min(step.n_lanes()) {
            let slipped = self.draw(lane) < self.slip[lane];
            let forward = (action[lane] == 1) != slipped;
            if self.has(Fault::ReadsTheBuffer) {
                self.position[lane] = step.observation[lane][0];
            }
            self.position[lane] += if forward { 1.0 } else { -1.0 };
            self.age[lane] += 1;
            self.luck[lane] += f32::from(u8::from(slipped));
            let x = self.position[lane].clamp(-EDGE, EDGE);
            let at_edge = x.abs() >= EDGE;
            let timed_out = self.age[lane] >= MAX_STEPS;
            if !self.has(Fault::LeavesRewardUnwritten) || forward {
                step.reward[lane] = -x.abs();
            }
            if !self.has(Fault::LeavesTerminatedUnwritten) || at_edge {
                step.terminated[lane] = at_edge;
            }
            step.truncated[lane] = timed_out && !at_edge;
            step.successor[lane] = [x];
            step.observation[lane] = [x];
            match self.fault {
                Some(Fault::NeverEnds) => step.terminated[lane] = false,
                Some(Fault::GlobalRandomness) => {
                    step.reward[lane] = GLOBAL.fetch_add(1, Ordering::Relaxed) as f32;
                }
                Some(Fault::ObservationOffTheLine) => step.observation[lane] = [2.0 * EDGE],
                Some(Fault::SuccessorOffTheLine) => step.successor[lane] = [2.0 * EDGE],
                Some(Fault::NanReward) if at_edge => step.reward[lane] = f32::NAN,
                Some(Fault::BothEndings) => step.truncated[lane] |= at_edge,
                Some(Fault::SuccessorBehind) => step.successor[lane] = [0.0],
                Some(Fault::RemembersLuck) => step.reward[lane] += self.luck[lane],
                Some(Fault::BrokenByErrors) if self.poisoned => step.reward[lane] = 0.0,
                _ => {}
            }
            restart[lane] = (at_edge || timed_out) && !self.has(Fault::NeverEnds);
            if self.has(Fault::NeverEnds) {
                step.truncated[lane] = false;
            }
        }
        if self.has(Fault::RestartsTogether) && restart.contains(&true) {
            restart.fill(true);
            step.truncated.fill(true);
            step.terminated.fill(false);
        }
        for (lane, _) in restart.iter().enumerate().filter(|(_, restart)| **restart) {
            let age = self.age[lane];
            let start = self.open(lane);
            if self.has(Fault::KeepsTheClock) {
                self.age[lane] = age;
            }
            if !self.has(Fault::StaysWhereItEnded) {
                step.observation[lane] = [start];
            }
        }
        Ok(())
    }
}
