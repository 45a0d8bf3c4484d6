//! [`collect`] on schedules counted by hand, and what it refuses.

use metarl_core::{
    Continuous, Discrete, Environment, Error, Rng, Rollout, StepBatch, UniformPolicy, collect,
    collect_episodes, evaluate,
};
use proptest::prelude::*;

use crate::counting::Episode::{Terminates, Truncates};
use crate::counting::{Counting, Episode, Fault, Place, Remembering, SPACE, rngs, value};

fn rollout_of(schedules: &[Vec<Episode>], n_steps: usize) -> Rollout<[f32; 2], usize> {
    let n = schedules.len();
    let mut rollout = Rollout::new(n_steps, n, [0.0; 2], 0);
    collect(
        &mut Counting::new(schedules),
        &mut Remembering::new(n),
        &mut rngs(0, n),
        &mut rollout,
    )
    .unwrap();
    rollout
}

fn lane<T: Copy>(rollout: &Rollout<[f32; 2], usize>, column: &[T], lane: usize) -> Vec<T> {
    column
        .iter()
        .skip(lane)
        .step_by(rollout.n_lanes())
        .copied()
        .collect()
}

#[test]
fn a_truncated_step_is_worth_the_observation_it_reached() {
    let rollout = rollout_of(&[vec![Truncates(2)]], 3);

    assert_eq!(rollout.observation, [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]]);
    assert_eq!(rollout.first, [true, false, true]);
    assert_eq!(rollout.truncated, [false, true, false]);
    assert_eq!(rollout.value, [1001.0, 1012.0, 1101.0]);
    let at_the_seam = value([0.0, 2.0], 3);
    let at_the_stop = value([1.0, 1.0], 2);
    assert_eq!(rollout.next_value, [1012.0, at_the_seam, at_the_stop]);
    assert_eq!((at_the_seam, at_the_stop), (1023.0, 1112.0));
}

#[test]
fn a_terminated_step_is_followed_by_nothing() {
    let rollout = rollout_of(&[vec![Terminates(2)]], 4);

    assert_eq!(rollout.terminated, [false, true, false, true]);
    assert_eq!(rollout.next_value, [1012.0, 0.0, 1112.0, 0.0]);
}

#[test]
fn lanes_keep_their_own_seams() {
    let schedules = [vec![Truncates(1)], vec![Terminates(3)], vec![Truncates(9)]];

    let rollout = rollout_of(&schedules, 3);

    let next_value = |i| lane(&rollout, &rollout.next_value, i);
    assert_eq!(next_value(0), [1012.0, 1112.0, 1212.0]);
    assert_eq!(next_value(1), [1012.0, 1023.0, 0.0]);
    assert_eq!(next_value(2), [1012.0, 1023.0, 1034.0]);
    assert_eq!(lane(&rollout, &rollout.first, 0), [true, true, true]);
    assert_eq!(lane(&rollout, &rollout.first, 1), [true, false, false]);
}

#[test]
fn rewards_belong_to_the_action_of_their_row() {
    let rollout = rollout_of(&[vec![Terminates(5)]], 5);

    let expected: Vec<f32> = (1..=5)
        .zip(&rollout.action)
        .map(|(step, action)| step as f32 + 100.0 * *action as f32)
        .collect();
    assert_eq!(rollout.reward, expected);
    let total: f32 = expected.iter().sum();
    assert_eq!(rollout.mean_total_reward(), f64::from(total));
    assert_eq!(rollout.log_prob, [-std::f32::consts::LN_2; 5]);
}

#[test]
fn a_used_rollout_is_overwritten_whole() {
    let schedules = [vec![Terminates(2), Truncates(3)], vec![Truncates(1)]];
    let mut used = rollout_of(&[vec![Terminates(1)], vec![Terminates(4)]], 6);

    collect(
        &mut Counting::new(&schedules),
        &mut Remembering::new(2),
        &mut rngs(0, 2),
        &mut used,
    )
    .unwrap();

    assert_eq!(used, rollout_of(&schedules, 6));
}

#[test]
fn a_rollout_without_steps_stays_empty() {
    let rollout = rollout_of(&[vec![Terminates(1)]], 0);

    assert!(rollout.is_empty());
    assert_eq!(
        (rollout.len(), rollout.n_steps(), rollout.n_lanes()),
        (0, 0, 1)
    );
}

#[test]
fn every_episode_that_begins_within_the_budget_is_played_to_its_end() {
    let schedules = [
        vec![Terminates(2), Truncates(3)],
        vec![Truncates(9)],
        vec![Terminates(4)],
    ];

    let mut rollout = Rollout::new(1, 3, [0.0; 2], 0);
    collect_episodes(
        &mut Counting::new(&schedules),
        &mut Remembering::new(3),
        &mut rngs(0, 3),
        (4, 9),
        &mut rollout,
    )
    .unwrap();

    assert_eq!(rollout, rollout_of(&schedules, 9), "the longest decides");
    let own = [0, 1, 2].map(|lane| rollout.steps_of_episodes(lane, 4));
    assert_eq!(own, [5, 9, 4]);
}

#[test]
fn an_episode_longer_than_the_longest_is_cut() {
    let schedules = [vec![Truncates(20)]];

    let mut rollout = Rollout::new(1, 1, [0.0; 2], 0);
    collect_episodes(
        &mut Counting::new(&schedules),
        &mut Remembering::new(1),
        &mut rngs(0, 1),
        (4, 5),
        &mut rollout,
    )
    .unwrap();

    assert_eq!(rollout, rollout_of(&schedules, 8));
    assert_eq!(rollout.steps_of_episodes(0, 4), 8);
}

#[test]
fn a_policy_without_values_gives_a_rollout_without_values() {
    let mut rollout = Rollout::new(3, 1, [0.0; 2], 0);

    collect(
        &mut Counting::new(&[vec![Truncates(2)]]),
        &mut UniformPolicy(SPACE),
        &mut rngs(0, 1),
        &mut rollout,
    )
    .unwrap();

    assert_eq!(rollout.value, [0.0; 3]);
    assert_eq!(rollout.next_value, [0.0; 3]);
}

#[test]
fn disagreeing_lanes_are_named() {
    let collect = |rollout_lanes, rng_lanes| {
        collect(
            &mut Counting::new(&[vec![Terminates(1)], vec![Terminates(1)]]),
            &mut Remembering::new(2),
            &mut rngs(0, rng_lanes),
            &mut Rollout::new(1, rollout_lanes, [0.0; 2], 0),
        )
    };
    let mismatch = |name, got| Error::LaneMismatch {
        name,
        expected: 2,
        got,
    };

    assert_eq!(collect(3, 2), Err(mismatch("rollout", 3)));
    assert_eq!(collect(2, 1), Err(mismatch("rngs", 1)));
}

fn not_finite() -> impl Strategy<Value = f32> {
    prop::sample::select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY])
}

fn fault(n_lanes: usize, n_steps: usize) -> impl Strategy<Value = Fault> {
    let place = prop::sample::select(vec![
        Place::Reset,
        Place::Reward,
        Place::Observation,
        Place::Successor,
    ]);
    (place, 0..n_steps, 0..n_lanes, not_finite()).prop_map(|(place, step, lane, value)| Fault {
        place,
        step: if place == Place::Reset { 0 } else { step },
        lane,
        value,
    })
}

proptest! {
    #[test]
    fn a_number_that_is_not_finite_is_found_where_it_appeared(fault in fault(3, 7)) {
        let mut environment = Counting::new(&[
            vec![Terminates(2)],
            vec![Truncates(3)],
            vec![Truncates(20)],
        ]);
        environment.fault = Some(fault);

        let result = collect(
            &mut environment,
            &mut Remembering::new(3),
            &mut rngs(0, 3),
            &mut Rollout::new(7, 3, [0.0; 2], 0),
        );

        let judged = evaluate(
            &mut { environment },
            &mut Remembering::new(3),
            &mut rngs(0, 3),
            7,
        );
        let message = |error: Error| error.to_string();
        prop_assert_eq!(judged.map_err(message), result.clone().map(|()| vec![]).map_err(message));
        match result {
            Err(Error::NonFinite { step, lane, value }) => {
                prop_assert_eq!(fault.place, Place::Reward);
                prop_assert_eq!((step, lane), (fault.step, fault.lane));
                prop_assert_eq!(value.to_bits(), fault.value.to_bits());
            }
            Err(Error::InvalidObservation { step, lane, observation, .. }) => {
                prop_assert_ne!(fault.place, Place::Reward);
                prop_assert_eq!((step, lane), (fault.step, fault.lane));
                prop_assert!(observation.contains(&fault.value.to_string()));
            }
            other => panic!("{fault:?} gave {other:?}"),
        }
    }
}

#[test]
fn the_message_names_step_lane_and_value() {
    let error = Error::NonFinite {
        step: 4,
        lane: 2,
        value: f32::NAN,
    };

    assert_eq!(
        error.to_string(),
        "step 4, lane 2: the environment returned a reward of NaN; every reward must be finite"
    );
}

#[test]
fn an_action_outside_the_space_is_the_environments_error() {
    let mut rollout = Rollout::new(100, 1, [0.0; 2], 0);

    let result = collect(
        &mut Counting::new(&[vec![Terminates(1)]]),
        &mut UniformPolicy(Discrete::<1000>),
        &mut rngs(0, 1),
        &mut rollout,
    );

    let error = result.unwrap_err().to_string();
    assert!(
        error.starts_with("counting, lane 0, step 0: action "),
        "{error}"
    );
    assert!(
        error.ends_with("is outside the action space 0 … 1"),
        "{error}"
    );
}

/// An environment that shortens a buffer it is given to fill.
struct Shrinking(Counting);

impl Environment for Shrinking {
    type Task = Vec<Episode>;
    type ObservationSpace = Continuous<2>;
    type ActionSpace = Discrete<2>;

    fn observation_space(&self) -> Continuous<2> {
        self.0.observation_space()
    }

    fn action_space(&self) -> Discrete<2> {
        self.0.action_space()
    }

    fn n_lanes(&self) -> usize {
        self.0.n_lanes()
    }

    fn assign(&mut self, lane: usize, task: &Vec<Episode>, rng: Rng) -> Result<(), Error> {
        self.0.assign(lane, task, rng)
    }

    fn reset(&mut self, observation: &mut [[f32; 2]]) -> Result<(), Error> {
        self.0.reset(observation)
    }

    fn step(&mut self, action: &[usize], step: &mut StepBatch<[f32; 2]>) -> Result<(), Error> {
        self.0.step(action, step)?;
        step.successor.pop();
        Ok(())
    }
}

#[test]
fn a_buffer_that_the_environment_shortened_is_its_error() {
    let mut environment = Shrinking(Counting::new(&[vec![Terminates(2)], vec![Terminates(3)]]));
    let result = collect(
        &mut environment,
        &mut Remembering::new(2),
        &mut rngs(0, 2),
        &mut Rollout::new(7, 2, [0.0; 2], 0),
    );
    assert_eq!(
        result.unwrap_err().to_string(),
        "the environment's successor has 1 lanes, the environment has 2"
    );
}
