//! The two-step task and the best agent for it.

use metarl_core::{
    Environment, Error, Policy, Purpose, Returns, Rng, Rollout, Seed, Space, Split, StepBatch,
    TaskDistribution, Trial, TrialObservation, UniformPolicy, collect,
};
use metarl_envs::{TwoStep, TwoStepBayes, TwoStepTask, TwoStepTasks, two_step_optimum};
use metarl_testkit::conformance::{self, check_distribution};
use proptest::prelude::*;

/// Plays one trial of `n_episodes` in every lane, each lane with a task of its own.
fn play<P>(
    tasks: TwoStepTasks,
    policy: &mut P,
    n_lanes: usize,
    n_episodes: u32,
) -> Rollout<TrialObservation<usize, usize>, usize>
where
    P: Policy<TrialObservation<usize, usize>, usize>,
{
    let mut trial = Trial::new(TwoStep::new(n_lanes), n_episodes).unwrap();
    let stream = |purpose, lane| Seed::new(3).stream(purpose, lane as u64, 0, 0);
    for lane in 0..n_lanes {
        let task = tasks.sample(&mut stream(Purpose::Task, lane));
        let rng = stream(Purpose::Environment, lane);
        trial.assign(lane, &task, rng).unwrap();
    }
    let mut rngs: Vec<Rng> = (0..n_lanes)
        .map(|lane| stream(Purpose::Policy, lane))
        .collect();
    let zero = trial.observation_space().zero();
    let mut rollout = Rollout::new(2 * n_episodes as usize, n_lanes, zero, 0);
    collect(&mut trial, policy, &mut rngs, &mut rollout).unwrap();
    rollout
}

fn returns<O: Copy, A: Copy>(rollout: &Rollout<O, A>) -> Returns {
    let n_lanes = rollout.n_lanes();
    let mut total = vec![0.0; n_lanes];
    for (i, reward) in rollout.reward.iter().enumerate() {
        total[i % n_lanes] += f64::from(*reward);
    }
    Returns::of(&total)
}

fn within(returns: Returns, want: f64, n_errors: f64) -> bool {
    (returns.mean - want).abs() < n_errors * returns.standard_error
}

#[test]
fn it_keeps_the_contracts() -> Result<(), conformance::Violation> {
    let tasks: Vec<_> = (0..3)
        .map(|i| TwoStepTasks::Switching.frozen(Split::Train, i))
        .collect();
    conformance::check(TwoStep::new, &tasks, Seed::new(1), 41)?;
    check_distribution(&TwoStepTasks::Fixed, 20)?;
    check_distribution(&TwoStepTasks::Switching, 20)
}

#[test]
fn value_stability() {
    let task = TwoStepTask {
        common: 0.8,
        reward: [0.9, 0.1],
        switch: 0.3,
    };
    let mut environment = TwoStep::new(1);
    let mut step = StepBatch::new(1, 0);
    let rng = Seed::new(7).stream(Purpose::Environment, 0, 0, 0);
    environment.assign(0, &task, rng).unwrap();
    environment.reset(&mut step.observation).unwrap();
    let mut seen = Vec::new();
    for _ in 0..12 {
        environment.step(&[0], &mut step).unwrap();
        let state = step.successor[0];
        environment.step(&[0], &mut step).unwrap();
        seen.push((state, step.reward[0]));
    }
    let states = [1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2];
    let rewards = [1., 1., 1., 1., 1., 1., 0., 1., 0., 1., 1., 0.];
    let literals: Vec<_> = states.into_iter().zip(rewards).collect();
    assert_eq!(seen, literals);
}

proptest! {
    #[test]
    fn actions_lead_to_their_states_and_states_pay(
        common in 0.0..=1.0_f64,
        reward in prop::array::uniform2(0.0..=1.0_f64),
        action in 0..2_usize,
        seed in any::<u64>(),
    ) {
        let n = 4000;
        let mut environment = TwoStep::new(1);
        let mut step = StepBatch::new(1, 0);
        let task = TwoStepTask { common, reward, switch: 0.0 };
        let rng = Seed::new(seed).stream(Purpose::Environment, 0, 0, 0);
        environment.assign(0, &task, rng).unwrap();
        environment.reset(&mut step.observation).unwrap();
        let mut n_visits = [0.0; 2];
        let mut total = [0.0; 2];
        for _ in 0..n {
            environment.step(&[action], &mut step).unwrap();
            prop_assert!(!step.terminated[0] && step.reward[0] == 0.0);
            let state = step.observation[0] - 1;
            environment.step(&[1 - action], &mut step).unwrap();
            prop_assert!(step.terminated[0] && step.observation[0] == 0);
            n_visits[state] += 1.0;
            total[state] += f64::from(step.reward[0]);
        }
        let tolerance = |n: f64| 3.0 / n.sqrt();
        prop_assert!((n_visits[action] / f64::from(n) - common).abs() < tolerance(f64::from(n)));
        for state in 0..2 {
            if n_visits[state] > 0.0 {
                let mean = total[state] / n_visits[state];
                prop_assert!((mean - reward[state]).abs() < tolerance(n_visits[state]));
            }
        }
    }
}

#[test]
fn states_change_places_between_episodes_and_return_at_a_reset() {
    let task = TwoStepTask {
        common: 1.0,
        reward: [1.0, 0.0],
        switch: 1.0,
    };
    let mut environment = TwoStep::new(1);
    let mut step = StepBatch::new(1, 0);
    let rng = Seed::new(7).stream(Purpose::Environment, 0, 0, 0);
    environment.assign(0, &task, rng).unwrap();
    for _ in 0..2 {
        environment.reset(&mut step.observation).unwrap();
        for reward in [1.0, 0.0, 1.0] {
            environment.step(&[0], &mut step).unwrap();
            environment.step(&[0], &mut step).unwrap();
            assert_eq!(step.reward[0], reward);
        }
    }
}

#[test]
fn the_bayes_agent_earns_the_optimum_and_chance_earns_half() {
    let tasks = TwoStepTasks::Fixed;
    let best = returns(&play(tasks, &mut TwoStepBayes::new(tasks, 2000), 2000, 100));
    assert!(within(best, two_step_optimum(100), 3.0), "{best:?}");
    let mut uniform = UniformPolicy(TwoStep::new(1).action_space());
    let random = returns(&play(tasks, &mut uniform, 2000, 100));
    assert!(within(random, 50.0, 3.0), "{random:?}");
}

#[test]
fn the_bayes_agent_follows_states_that_change_places() {
    let tasks = TwoStepTasks::Switching;
    let played = returns(&play(tasks, &mut TwoStepBayes::new(tasks, 200), 200, 1000));
    assert!((played.mean / 1000.0 - 0.706).abs() < 0.004, "{played:?}");
}

/// The mark of an agent that knows the transitions: a reward after a rare transition speaks for the
/// *other* choice, so what decides whether it stays is reward × transition and not reward.
#[test]
fn staying_depends_on_reward_and_transition_together() {
    let tasks = TwoStepTasks::Switching;
    let n_lanes = 100;
    let rollout = play(tasks, &mut TwoStepBayes::new(tasks, n_lanes), n_lanes, 500);
    let mut n_stays = [[0.0; 2]; 2];
    let mut n_cases = [[0.0; 2]; 2];
    for t in (0..998).step_by(2) {
        for lane in 0..n_lanes {
            let [chosen, paid, next] = [t, t + 1, t + 2].map(|t| t * n_lanes + lane);
            let rewarded = usize::from(rollout.reward[paid] > 0.5);
            let action = rollout.action[chosen];
            let is_common = usize::from(rollout.observation[paid].observation == 1 + action);
            n_cases[rewarded][is_common] += 1.0;
            n_stays[rewarded][is_common] += f64::from(u8::from(rollout.action[next] == action));
        }
    }
    let stay =
        |rewarded: usize, common: usize| n_stays[rewarded][common] / n_cases[rewarded][common];
    assert!(stay(1, 1) - stay(1, 0) > 0.1, "{n_stays:?} {n_cases:?}");
    assert!(stay(0, 0) - stay(0, 1) > 0.1, "{n_stays:?} {n_cases:?}");
}

#[test]
fn invalid_tasks_and_actions_are_refused() {
    let valid = TwoStepTask {
        common: 0.8,
        reward: [0.9, 0.1],
        switch: 0.025,
    };
    let mut environment = TwoStep::new(1);
    let mut step = StepBatch::new(1, 0);
    let rng = || Seed::new(7).stream(Purpose::Environment, 0, 0, 0);
    assert!(matches!(
        environment.reset(&mut step.observation),
        Err(Error::Environment(_))
    ));
    for (task, expected) in [
        (
            TwoStepTask {
                common: 1.1,
                ..valid
            },
            "common",
        ),
        (
            TwoStepTask {
                reward: [0.9, f64::NAN],
                ..valid
            },
            "reward",
        ),
        (
            TwoStepTask {
                switch: -0.1,
                ..valid
            },
            "switch",
        ),
    ] {
        match environment.assign(0, &task, rng()) {
            Err(Error::OutOfRange { name, .. }) => assert_eq!(name, expected),
            other => panic!("expected OutOfRange, got {other:?}"),
        }
    }
    environment.assign(0, &valid, rng()).unwrap();
    environment.reset(&mut step.observation).unwrap();
    let result = environment.step(&[2], &mut step);
    assert!(matches!(result, Err(Error::InvalidAction { lane: 0, .. })));
}
