//! Agents that learn action values, in a corridor whose values are known.

use metarl_agents::{
    Dqn, DqnConfig, Error, Exploration, Mfec, MfecConfig, Nec, NecConfig, ReplayConfig, Trainer,
    ValueBased, ValueBasedConfig, ValueLearner,
};
use metarl_core::{
    Continuous, Discrete, Error as EnvironmentError, Lanes, Outcome, Process, Rng, Seed,
    TaskDistribution,
};
use metarl_memory::Transition;
use rand::RngExt;

use crate::device::{TestDevice, test_device};

const LENGTH: usize = 4;
const DISCOUNT: f32 = 0.9;

/// Cells in a row, seen one-hot; the step out of the last one earns 1 and ends the episode.
#[derive(Debug, Clone, Copy, Default)]
struct Corridor;

impl TaskDistribution for Corridor {
    type Task = ();

    fn name(&self) -> String {
        "corridor@1".to_owned()
    }

    fn sample(&self, _: &mut Rng) {}
}

fn one_hot(cell: usize) -> [f32; LENGTH] {
    std::array::from_fn(|idx| f32::from(u8::from(idx == cell)))
}

impl Process for Corridor {
    type Task = ();
    type Model = ();
    type State = usize;
    type ObservationSpace = Continuous<LENGTH>;
    type ActionSpace = Discrete<2>;

    const NAME: &'static str = "corridor";

    fn observation_space(&self) -> Continuous<LENGTH> {
        Continuous {
            low: 0.0,
            high: 1.0,
        }
    }

    fn action_space(&self) -> Discrete<2> {
        Discrete
    }

    fn max_steps(&self) -> Option<u32> {
        Some(30)
    }

    fn model(&self, (): &()) -> Result<(), EnvironmentError> {
        Ok(())
    }

    fn start(&self, (): &(), rng: &mut Rng) -> usize {
        rng.random_range(0..LENGTH)
    }

    fn observe(&self, (): &(), cell: &usize) -> [f32; LENGTH] {
        one_hot(*cell)
    }

    fn advance(&self, (): &(), cell: &mut usize, action: &usize, _: &mut Rng) -> Outcome {
        let arrived = *action == 1 && *cell == LENGTH - 1;
        *cell = if *action == 1 {
            *cell + 1
        } else {
            cell.saturating_sub(1)
        };
        *cell = (*cell).min(LENGTH - 1);
        Outcome {
            reward: f32::from(u8::from(arrived)),
            terminated: arrived,
        }
    }
}

/// What is best earned from a cell by an action: `γ` for each step before the last.
fn optimum(cell: usize, action: usize) -> f32 {
    let next = if action == 1 {
        cell + 1
    } else {
        cell.saturating_sub(1)
    };
    DISCOUNT.powi((LENGTH - next) as i32)
}

fn config(n_iterations: u64) -> ValueBasedConfig {
    ValueBasedConfig {
        n_iterations,
        steps_per_iteration: 500,
        exploration: Exploration {
            start: 1.0,
            end: 0.5,
            n_steps: 1000,
        },
        milestones: vec![500],
        milestone_episodes: 5,
        evaluation_epsilon: 0.0,
    }
}

type Agent<L> = ValueBased<Continuous<LENGTH>, L, fn(usize) -> Lanes<Corridor>, Corridor, 2>;

fn agent<L: ValueLearner<Continuous<LENGTH>>>(learner: L, n_iterations: u64) -> Agent<L> {
    let environment: fn(usize) -> Lanes<Corridor> = Lanes::new;
    let config = config(n_iterations);
    ValueBased::new(config, learner, Corridor, environment, 30, Seed::new(3)).unwrap()
}

fn dqn(double: bool) -> Dqn<Continuous<LENGTH>, TestDevice> {
    let config = DqnConfig {
        hidden: vec![32],
        double,
        discount: DISCOUNT,
        replay: ReplayConfig {
            capacity_bytes: 100_000,
            steps_per_update: 1,
            ..ReplayConfig::default()
        },
        ..DqnConfig::default()
    };
    Dqn::new(config, 2, Seed::new(3), test_device()).unwrap()
}

fn mfec() -> Mfec<Continuous<LENGTH>> {
    let config = MfecConfig {
        key_width: 8,
        n_neighbors: 1,
        capacity: 100,
        discount: DISCOUNT,
    };
    Mfec::new(config, 2, Seed::new(3)).unwrap()
}

fn nec() -> Nec<Continuous<LENGTH>, TestDevice> {
    let config = NecConfig {
        hidden: vec![16],
        key_width: 8,
        capacity: 400,
        n_steps: 2,
        discount: DISCOUNT,
        replay: ReplayConfig {
            capacity_bytes: 100_000,
            ..ReplayConfig::default()
        },
        ..NecConfig::default()
    };
    Nec::new(config, 2, Seed::new(3), test_device()).unwrap()
}

/// Largest difference of learned values from the optimum, after training.
fn error<L: ValueLearner<Continuous<LENGTH>>>(learner: L, other: L, n_iterations: u64) -> f32 {
    let mut agent = agent(learner, n_iterations);
    for _ in 0..n_iterations {
        agent.iterate().unwrap();
    }
    let mut state = agent.state().learner.clone();
    let mut worst = 0.0_f32;
    for cell in 0..LENGTH {
        let mut values = [0.0; 2];
        other
            .action_values(&mut state, &one_hot(cell), &mut values)
            .unwrap();
        for (action, value) in values.iter().enumerate() {
            worst = worst.max((value - optimum(cell, action)).abs());
        }
    }
    // From the first cell on, straight to the end.
    let returns = agent.evaluate(10, Seed::new(9)).unwrap();
    assert!(returns.iter().all(|r| *r == 1.0), "{returns:?}");
    worst
}

#[test]
fn deep_q_networks_find_the_values() {
    for double in [false, true] {
        let worst = error(dqn(double), dqn(double), 8);
        assert!(worst < 0.05, "double {double}: off by {worst}");
    }
}

#[test]
fn episodic_control_finds_the_values_exactly() {
    let worst = error(mfec(), mfec(), 8);
    assert!(worst < 1e-5, "off by {worst}");
}

/// Two-step returns of an ε-greedy policy are lower than the optimum, but not by much.
#[test]
fn neural_episodic_control_comes_near_the_values() {
    let worst = error(nec(), nec(), 8);
    assert!(worst < 0.2, "off by {worst}");
}

fn resumes<L: ValueLearner<Continuous<LENGTH>>>(make: impl Fn() -> L) {
    let mut whole = agent(make(), 3);
    whole.iterate().unwrap();
    let json = serde_json::to_value(whole.state()).unwrap();
    let mut resumed = agent(make(), 3);
    resumed
        .restore(serde_json::from_value(json).unwrap())
        .unwrap();
    assert!(resumed.state() == whole.state());
    for _ in 0..2 {
        assert_eq!(whole.iterate().unwrap(), resumed.iterate().unwrap());
    }
    assert!(resumed.state() == whole.state());
    assert_eq!(whole.state().milestones[0].env_steps, 500);
}

#[test]
fn a_resumed_run_ends_in_the_same_bits() {
    resumes(|| dqn(true));
    resumes(mfec);
    resumes(nec);
}

fn step(cell: usize, action: usize, reward: f32) -> Transition<[f32; LENGTH], usize> {
    Transition {
        observation: one_hot(cell),
        action,
        reward,
        successor: one_hot((cell + 1) % LENGTH),
        terminated: false,
        truncated: false,
    }
}

#[test]
fn a_table_keeps_the_best_return_and_of_a_cut_episode_what_is_sure() {
    let learner = mfec();
    let mut state = learner.start(Seed::new(3)).unwrap();
    let value = |state: &mut _, cell, action: usize| {
        let mut values = [0.0; 2];
        learner
            .action_values(state, &one_hot(cell), &mut values)
            .unwrap();
        values[action]
    };
    assert_eq!(value(&mut state, 0, 0), f32::INFINITY);
    // An episode that ends: 2 + 0.9 · 4 and 4.
    learner.learn(&mut state, &step(0, 1, 2.0)).unwrap();
    let end = Transition {
        terminated: true,
        ..step(1, 1, 4.0)
    };
    learner.learn(&mut state, &end).unwrap();
    assert_eq!(value(&mut state, 0, 1), 2.0 + DISCOUNT * 4.0);
    // A worse one changes nothing.
    let worse = Transition {
        terminated: true,
        ..step(0, 1, 1.0)
    };
    learner.learn(&mut state, &worse).unwrap();
    assert_eq!(value(&mut state, 0, 1), 2.0 + DISCOUNT * 4.0);
    // One that is cut where the best is known goes on with it.
    let cut = Transition {
        truncated: true,
        ..step(0, 0, 3.0)
    };
    learner.learn(&mut state, &cut).unwrap();
    assert_eq!(value(&mut state, 0, 0), 3.0 + DISCOUNT * 4.0);
    // One that is cut where nobody was is followed by the least reward for ever, which is −1.
    let unknown = Transition {
        truncated: true,
        ..step(1, 0, -1.0)
    };
    learner.learn(&mut state, &unknown).unwrap();
    let expected = -1.0 - DISCOUNT / (1.0 - DISCOUNT);
    assert!((value(&mut state, 1, 0) - expected).abs() < 1e-5);
}

#[test]
fn a_dictionary_is_written_n_steps_later() {
    let learner = nec();
    let mut state = learner.start(Seed::new(3)).unwrap();
    let values = |state: &mut _, cell| {
        let mut values = [0.0; 2];
        learner
            .action_values(state, &one_hot(cell), &mut values)
            .unwrap();
        values
    };
    learner.learn(&mut state, &step(0, 0, 1.0)).unwrap();
    assert_eq!(values(&mut state, 0), [f32::INFINITY; 2]);
    // Two steps are known now, and nothing of what follows.
    learner.learn(&mut state, &step(1, 1, 2.0)).unwrap();
    assert_eq!(values(&mut state, 0), [1.0 + DISCOUNT * 2.0, f32::INFINITY]);
    // The end writes all that waits: 2 + 0.9 · 5, and 5.
    let end = Transition {
        terminated: true,
        ..step(2, 1, 5.0)
    };
    learner.learn(&mut state, &end).unwrap();
    let [_, second] = values(&mut state, 1);
    let [_, third] = values(&mut state, 2);
    assert!((second - (2.0 + DISCOUNT * 5.0)).abs() < 0.1, "{second}");
    assert!((third - 5.0).abs() < 0.1, "{third}");
}

#[test]
fn hyper_parameters_out_of_range_are_named() {
    let refused = |config: ValueBasedConfig| {
        let environment: fn(usize) -> Lanes<Corridor> = Lanes::new;
        ValueBased::<_, _, _, _, 2>::new(config, mfec(), Corridor, environment, 30, Seed::new(3))
            .unwrap_err()
            .to_string()
    };
    let late = ValueBasedConfig {
        milestones: vec![5000],
        ..config(1)
    };
    assert_eq!(
        refused(late),
        "milestones must be ascending numbers of steps that training reaches, got [5000]"
    );
    let none = ValueBasedConfig {
        steps_per_iteration: 0,
        ..config(1)
    };
    assert_eq!(
        refused(none),
        "steps_per_iteration must be at least 1, got 0"
    );
    let config = NecConfig {
        memory_learning_rate: f64::NAN,
        ..NecConfig::default()
    };
    let error = Nec::<Continuous<2>, _>::new(config, 2, Seed::new(3), test_device()).unwrap_err();
    assert!(
        matches!(
            error,
            Error::OutOfRange {
                name: "memory_learning_rate",
                ..
            }
        ),
        "{error}"
    );
    let config = DqnConfig {
        replay: ReplayConfig {
            capacity_bytes: 3,
            ..ReplayConfig::default()
        },
        ..DqnConfig::default()
    };
    let learner = Dqn::<Continuous<2>, _>::new(config, 2, Seed::new(3), test_device()).unwrap();
    let error = learner.start(Seed::new(3)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("capacity_bytes must be at least"),
        "{error}"
    );
}
