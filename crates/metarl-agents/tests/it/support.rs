//! What the tests of both agents share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use allocation_counter::measure;
use dfdx::prelude::{Backward, Cpu, OwnedTape, PutTape, Rank0, Tape, Tensor, ZerosTensor};

use metarl_agents::Trainer;
use metarl_core::{Continuous, Environment, Error, Rng, StepBatch};
use serde::Serialize;

/// Runs on a pool of this many threads.
pub(crate) fn on_threads<R: Send>(n: usize, run: impl FnOnce() -> R + Send) -> R {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build();
    pool.unwrap().install(run)
}

/// What dfdx allocates for so many operations on a tape: a box for each, the list of them, the tensor
/// to go back from, and the gradients it would keep.
pub(crate) fn allocations_of_dfdx(n_operations: u64) -> u64 {
    let device = Cpu::default();
    let go_back = || {
        let mut tape = OwnedTape::<f32, Cpu>::default();
        for k in 0..n_operations {
            tape.add_backward_op(move |_| {
                std::hint::black_box(k);
                Ok(())
            });
        }
        let result: Tensor<Rank0, f32, Cpu> = device.zeros();
        drop(result.put_tape(tape).try_backward());
    };
    measure(go_back).count_total
}

/// What an agent's iteration allocates once it has run.
pub(crate) fn allocations_of_iteration<T: Trainer + Send>(mut agent: T) -> u64 {
    on_threads(1, move || {
        for _ in 0..10 {
            agent.iterate().unwrap();
        }
        let iterate = || {
            agent.iterate().unwrap();
        };
        measure(iterate).count_total
    })
}

/// Numbers of a serialized state, found by the names on the way to them.
pub(crate) fn numbers(state: &impl Serialize, path: [&str; 2]) -> Vec<f64> {
    let state = serde_json::to_value(state).unwrap();
    let found = &state[path[0]][path[1]];
    let all = found.as_array().cloned().unwrap_or(vec![found.clone()]);
    all.iter().map(|x| x.as_f64().unwrap()).collect()
}

/// A value after a journey through JSON.
pub(crate) fn through_json<T: Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

pub(crate) fn widen(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|x| f64::from(*x)).collect()
}

/// The cosine of the angle between two vectors.
pub(crate) fn cosine(x: &[f64], y: &[f64]) -> f64 {
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    dot(x, y) / (dot(x, x) * dot(y, y)).sqrt()
}

/// What an environment can get wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    Reward,
    Observation,
}

impl Fault {
    /// Checks that an error says which number of [`Faulty`] was wrong.
    #[track_caller]
    pub(crate) fn assert_named(self, error: &metarl_agents::Error) {
        let metarl_agents::Error::Environment(cause) = error else {
            panic!("not an environment's: {error}");
        };
        let named = match (self, cause) {
            (
                Self::Reward,
                Error::NonFinite {
                    step: 2,
                    lane: 1,
                    value,
                },
            ) => value.is_nan(),
            (
                Self::Observation,
                Error::InvalidObservation {
                    step: 2,
                    lane: 1,
                    observation,
                    ..
                },
            ) => observation.contains("NaN"),
            _ => false,
        };
        assert!(named, "{error}");
    }
}

/// An environment that gives a NaN at its third step while the switch is on.
pub(crate) struct Faulty<E> {
    pub(crate) environment: E,
    pub(crate) fault: Fault,
    pub(crate) switch: Arc<AtomicBool>,
    pub(crate) step: usize,
}

impl<E, const N: usize> Environment for Faulty<E>
where
    E: Environment<ObservationSpace = Continuous<N>>,
{
    type Task = E::Task;
    type ObservationSpace = Continuous<N>;
    type ActionSpace = E::ActionSpace;

    fn observation_space(&self) -> Continuous<N> {
        self.environment.observation_space()
    }

    fn action_space(&self) -> E::ActionSpace {
        self.environment.action_space()
    }

    fn n_lanes(&self) -> usize {
        self.environment.n_lanes()
    }

    fn assign(&mut self, lane: usize, task: &E::Task, rng: Rng) -> Result<(), Error> {
        self.environment.assign(lane, task, rng)
    }

    fn reset(&mut self, observation: &mut [[f32; N]]) -> Result<(), Error> {
        self.step = 0;
        self.environment.reset(observation)
    }

    fn step(
        &mut self,
        action: &[<E::ActionSpace as metarl_core::Space>::Element],
        step: &mut StepBatch<[f32; N]>,
    ) -> Result<(), Error> {
        self.environment.step(action, step)?;
        self.step += 1;
        if self.step == 3 && self.switch.load(Ordering::Relaxed) {
            match self.fault {
                Fault::Reward => step.reward[1] = f32::NAN,
                Fault::Observation => {
                    step.successor[1][0] = f32::NAN;
                    step.observation[1][0] = f32::NAN;
                }
            }
        }
        Ok(())
    }
}
