//! Tabular processes: the environment, its tasks and their distribution.

use metarl_core::{
    Environment, Error, Purpose, Rng, Seed, Space, Split, StepBatch, TaskDistribution, Trial,
    UniformPolicy,
};
use metarl_envs::{RandomTabular, TabularMdp, TabularTask};
use metarl_testkit::conformance::{self, check_distribution};
use proptest::prelude::*;

/// Processes of any probabilities, impossible successors among them.
pub(crate) fn process<const STATES: usize, const ACTIONS: usize>(
    horizon: std::ops::RangeInclusive<usize>,
) -> impl Strategy<Value = TabularTask<STATES, ACTIONS>> {
    let weight = prop_oneof![Just(0.0), 0.1..1.0];
    let row = prop::collection::vec(weight, STATES)
        .prop_filter("an impossible row", |row| row.iter().any(|w| *w > 0.0))
        .prop_map(|row| {
            let total: f64 = row.iter().sum();
            row.into_iter().map(move |w| w / total)
        });
    let n_pairs = STATES * ACTIONS;
    (
        prop::collection::vec(row, n_pairs),
        prop::collection::vec(-3.0..3.0, n_pairs),
        horizon,
    )
        .prop_map(|(rows, reward_mean, horizon)| TabularTask {
            transition: rows.into_iter().flatten().collect(),
            reward_mean,
            horizon,
        })
}

fn stream(lane: u64) -> Rng {
    Seed::new(11).stream(Purpose::Environment, 0, lane, 0)
}

/// A process over 2 states and 2 actions that stays or moves for certain.
fn certain() -> TabularTask<2, 2> {
    TabularTask {
        transition: vec![1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0],
        reward_mean: vec![0.0; 4],
        horizon: 3,
    }
}

fn rejected(task: &TabularTask<2, 2>) -> &'static str {
    match TabularMdp::new(1).assign(0, task, stream(0)) {
        Err(Error::OutOfRange { name, .. }) => name,
        other => panic!("{other:?} for {task:?}"),
    }
}

#[test]
fn it_keeps_the_contracts() -> Result<(), conformance::Violation> {
    let tasks: Vec<_> = (0..3)
        .map(|i| RandomTabular::RL2.frozen(Split::Train, i))
        .collect();
    conformance::check(TabularMdp::<10, 5>::new, &tasks, Seed::new(1), 41)?;
    check_distribution(&RandomTabular::RL2, 20)?;
    check_distribution(&RandomTabular::<3, 2>, 20)
}

#[test]
fn value_stability() {
    let task = RandomTabular::RL2.frozen(Split::Test, 0);
    assert_eq!(
        task.transition[..3],
        [0.15083960626355006, 0.2579789631808756, 0.02612831234263275]
    );
    assert_eq!(
        task.reward_mean[..3],
        [2.702448657150487, 0.8198249113952888, -0.3322158812975824]
    );

    let mut environment = TabularMdp::new(1);
    let mut step = StepBatch::new(1, 0);
    environment.assign(0, &task, stream(0)).unwrap();
    environment.reset(&mut step.observation).unwrap();
    let trace: Vec<(usize, f32)> = (0..5)
        .map(|action| {
            environment.step(&[action], &mut step).unwrap();
            (step.successor[0], step.reward[0])
        })
        .collect();
    assert_eq!(
        trace,
        [
            (2, 2.2848103),
            (8, 0.4278812),
            (5, -0.77168685),
            (0, 1.0695707),
            (8, 3.7171938)
        ]
    );
}

#[test]
fn steps_follow_the_tables() {
    let task = TabularTask::<3, 2> {
        transition: vec![
            0.2, 0.3, 0.5, 0.0, 1.0, 0.0, 0.6, 0.0, 0.4, 0.1, 0.1, 0.8, 0.9, 0.1, 0.0, 0.0, 0.5,
            0.5,
        ],
        reward_mean: vec![-1.0, 2.0, 0.5, 30.0, 0.0, -7.0],
        horizon: 5,
    };
    let n_lanes = 50;
    let mut environment = TabularMdp::new(n_lanes);
    for lane in 0..n_lanes {
        environment
            .assign(lane, &task, stream(lane as u64))
            .unwrap();
    }
    let mut step = StepBatch::new(n_lanes, 0);
    environment.reset(&mut step.observation).unwrap();
    let mut actions = stream(n_lanes as u64);
    let (mut reached, mut rewards) = ([[0.0; 3]; 6], [[0.0; 2]; 6]);
    for _ in 0..4000 {
        let state = step.observation.clone();
        let action: Vec<usize> = (0..n_lanes)
            .map(|_| environment.action_space().sample(&mut actions))
            .collect();
        environment.step(&action, &mut step).unwrap();
        for lane in 0..n_lanes {
            let pair = state[lane] * 2 + action[lane];
            reached[pair][step.successor[lane]] += 1.0;
            let noise = f64::from(step.reward[lane]) - task.reward_mean[pair];
            rewards[pair][0] += noise;
            rewards[pair][1] += noise * noise;
        }
    }
    for pair in 0..6 {
        let n: f64 = reached[pair].iter().sum();
        for (count, p) in reached[pair].iter().zip(&task.transition[pair * 3..]) {
            let error = (p * (1.0 - p) / n).sqrt();
            assert!(
                (count / n - p).abs() <= 5.0 * error,
                "pair {pair}: {count} of {n}, want {p}"
            );
        }
        let [mean, variance] = rewards[pair].map(|sum| sum / n);
        assert!(
            mean.abs() < 5.0 / n.sqrt(),
            "pair {pair}: noise of mean {mean}"
        );
        assert!(
            (variance - 1.0).abs() < 5.0 * (2.0 / n).sqrt(),
            "pair {pair}: noise of variance {variance}"
        );
    }
}

#[test]
fn rl2_tasks_have_the_moments_of_their_distribution() {
    let tasks: Vec<_> = (0..400)
        .map(|i| RandomTabular::RL2.frozen(Split::Train, i))
        .collect();
    let moments = |values: Vec<f64>| {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        (mean, variance)
    };
    let (mean, variance) = moments(tasks.iter().flat_map(|t| t.reward_mean.clone()).collect());
    // 20 000 means: standard errors 0.007 and 0.010.
    assert!((mean - 1.0).abs() < 0.03, "{mean}");
    assert!((variance - 1.0).abs() < 0.04, "{variance}");
    let (_, variance) = moments(tasks.iter().flat_map(|t| t.transition.clone()).collect());
    // Dirichlet(1) over S = 10: (S − 1) / (S² (S + 1)).
    assert!((variance - 9.0 / 1100.0).abs() < 2e-4, "{variance}");
}

proptest! {
    #[test]
    fn episodes_start_in_state_0_and_terminate_at_the_horizon(
        task in process::<3, 2>(1..=6),
        actions in prop::collection::vec(0..2_usize, 20),
        seed in any::<u64>(),
    ) {
        let mut environment = TabularMdp::new(1);
        let rng = Seed::new(seed).stream(Purpose::Environment, 0, 0, 0);
        environment.assign(0, &task, rng).unwrap();
        let mut step = StepBatch::new(1, 7);
        environment.reset(&mut step.observation).unwrap();
        prop_assert_eq!(step.observation[0], 0);
        for (t, action) in actions.into_iter().enumerate() {
            let row = (step.observation[0] * 2 + action) * 3;

            environment.step(&[action], &mut step).unwrap();

            let ended = (t + 1) % task.horizon == 0;
            prop_assert!(task.transition[row + step.successor[0]] > 0.0, "an impossible successor");
            prop_assert_eq!((step.terminated[0], step.truncated[0]), (ended, false));
            prop_assert_eq!(step.observation[0], if ended { 0 } else { step.successor[0] });
        }
    }

    #[test]
    fn tasks_survive_json(task in process::<3, 2>(1..=6)) {
        let json = serde_json::to_string(&task).unwrap();
        prop_assert_eq!(serde_json::from_str::<TabularTask<3, 2>>(&json).unwrap(), task);
    }
}

#[test]
fn a_trial_is_its_episodes() {
    let mut trial = Trial::new(TabularMdp::<2, 2>::new(1), 2).unwrap();
    trial.assign(0, &certain(), stream(0)).unwrap();
    let space = trial.observation_space();
    let mut step = StepBatch::new(1, space.zero());
    trial.reset(&mut step.observation).unwrap();
    let mut seen = Vec::new();
    for action in [1, 0, 1, 1, 1, 0, 1] {
        trial.step(&[action], &mut step).unwrap();
        let observation = step.observation[0];
        assert!(space.contains(&observation));
        seen.push((
            observation.observation,
            observation.episode_start,
            observation.previous.map(|before| before.action),
            step.terminated[0],
        ));
    }
    assert_eq!(
        seen,
        [
            (1, false, Some(1), false),
            (1, false, Some(0), false),
            (0, true, Some(1), false),
            (1, false, Some(1), false),
            (0, false, Some(1), false),
            (0, true, None, true),
            (1, false, Some(1), false),
        ]
    );
}

#[test]
fn a_uniform_policy_earns_the_mean_reward() {
    let n_lanes = 2000;
    let mut trial = Trial::new(TabularMdp::new(n_lanes), 3).unwrap();
    for lane in 0..n_lanes {
        let task = RandomTabular::RL2.frozen(Split::Train, lane as u64);
        trial.assign(lane, &task, stream(lane as u64)).unwrap();
    }
    let mut policy = UniformPolicy(trial.action_space());
    let mut rngs: Vec<Rng> = (0..n_lanes as u64)
        .map(|lane| Seed::new(2).stream(Purpose::Policy, 0, lane, 0))
        .collect();
    let totals = metarl_core::evaluate(&mut trial, &mut policy, &mut rngs, 30).unwrap();
    let returns = metarl_core::Returns::of(&totals);
    assert!(
        (returns.mean - 30.0).abs() < 4.0 * returns.standard_error,
        "{returns:?}"
    );
}

#[test]
fn invalid_tasks_are_named() {
    let with = |change: fn(&mut TabularTask<2, 2>)| {
        let mut task = certain();
        change(&mut task);
        rejected(&task)
    };
    assert_eq!(with(|t| t.transition.truncate(7)), "transition");
    assert_eq!(with(|t| t.transition[1] = 0.1), "transition");
    assert_eq!(with(|t| t.transition[1] = f64::NAN), "transition");
    assert_eq!(
        with(|t| t.transition[..2].copy_from_slice(&[1.5, -0.5])),
        "transition"
    );
    assert_eq!(with(|t| t.reward_mean.push(0.0)), "reward_mean");
    assert_eq!(with(|t| t.reward_mean[3] = f64::INFINITY), "reward_mean");
    assert_eq!(with(|t| t.horizon = 0), "horizon");
}

#[test]
fn misuse_is_an_error() {
    let mut environment = TabularMdp::<2, 2>::new(1);
    let mut step = StepBatch::new(1, 0);
    assert!(matches!(
        environment.assign(1, &certain(), stream(0)),
        Err(Error::OutOfRange { name: "lane", .. })
    ));
    assert!(matches!(
        environment.step(&[0], &mut step),
        Err(Error::Environment(_))
    ));
    assert!(matches!(
        environment.reset(&mut step.observation),
        Err(Error::Environment(_))
    ));
    environment.assign(0, &certain(), stream(0)).unwrap();
    assert!(matches!(
        environment.reset(&mut [0, 0]),
        Err(Error::LaneMismatch { .. })
    ));
    environment.reset(&mut step.observation).unwrap();
    assert!(matches!(
        environment.step(&[], &mut step),
        Err(Error::LaneMismatch { .. })
    ));
    assert_eq!(
        environment.step(&[2], &mut step),
        Err(Error::InvalidAction {
            environment: "tabular MDP",
            lane: 0,
            step: 0,
            action: "2".into(),
            space: "0 … 1".into()
        })
    );
}
