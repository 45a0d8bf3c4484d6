//! Bandits as environments.

use metarl_core::{
    Environment, Error, Lanes, Purpose, Rng, Rollout, Seed, Space, Split, StepBatch,
    TaskDistribution, Trial, UniformPolicy, collect,
};
use metarl_envs::{
    Bandit, BanditTask, BernoulliBandit, BernoulliBandits, BernoulliTask, DependentBandits,
    ElevenArmedBandits, GaussianBandit, GaussianBandits, GaussianTask, RestlessBandit,
    RestlessBandits, RestlessTask,
};
use metarl_testkit::conformance::{self, check_distribution};
use proptest::prelude::*;

fn stream(lane: u64) -> Rng {
    Seed::new(7).stream(Purpose::Environment, 0, lane, 0)
}

/// Rewards of pulling arm 0, 1, … in turn.
fn rewards<T: BanditTask, const ARMS: usize>(task: &T, n_pulls: usize) -> Vec<f32> {
    let mut bandit = Lanes::<Bandit<T, ARMS>>::new(1);
    let mut step = StepBatch::new(1, []);
    bandit.assign(0, task, stream(0)).unwrap();
    bandit.reset(&mut step.observation).unwrap();
    (0..n_pulls)
        .map(|t| {
            bandit.step(&[t % ARMS], &mut step).unwrap();
            step.reward[0]
        })
        .collect()
}

fn restless() -> RestlessTask {
    RestlessTask {
        probability: 0.4,
        volatility: 0.1,
    }
}

#[test]
fn every_bandit_keeps_the_contract_of_an_environment() -> Result<(), conformance::Violation> {
    let bernoulli = |i| BernoulliBandits { n_arms: 3 }.frozen(Split::Train, i);
    let gaussian = |i| ElevenArmedBandits.frozen(Split::Train, i);
    let seed = Seed::new(1);
    conformance::check(
        BernoulliBandit::<3>::new,
        &[bernoulli(0), bernoulli(1)],
        seed,
        20,
    )?;
    conformance::check(
        GaussianBandit::<11>::new,
        &[gaussian(0), gaussian(1)],
        seed,
        20,
    )?;
    conformance::check(RestlessBandit::new, &[restless()], seed, 20)?;
    let trial = |n| Trial::new(BernoulliBandit::<3>::new(n), 5).unwrap();
    conformance::check(trial, &[bernoulli(0), bernoulli(1)], seed, 20)
}

#[test]
fn every_distribution_keeps_its_contract() -> Result<(), conformance::Violation> {
    check_distribution(&BernoulliBandits { n_arms: 5 }, 20)?;
    check_distribution(&GaussianBandits::new(5, 0.5).unwrap(), 20)?;
    check_distribution(&ElevenArmedBandits, 20)?;
    check_distribution(&RestlessBandits::LowVolatility, 20)?;
    check_distribution(&RestlessBandits::HighVolatility, 20)?;
    check_distribution(&DependentBandits::Uniform, 20)?;
    check_distribution(&DependentBandits::Easy, 20)?;
    check_distribution(&DependentBandits::Medium, 20)?;
    check_distribution(&DependentBandits::Hard, 20)
}

#[test]
fn value_stability_of_the_environments() {
    let bernoulli = BernoulliTask {
        probability: vec![0.3, 0.5, 0.6].into(),
    };
    let gaussian = GaussianTask {
        mean: vec![-1.0, 1.0].into(),
        standard_deviation: 0.5,
    };
    let played = (
        rewards::<_, 3>(&bernoulli, 12),
        rewards::<_, 2>(&gaussian, 4),
        rewards::<_, 2>(&restless(), 12),
    );
    let literals = (
        vec![1., 1., 1., 0., 1., 0., 0., 1., 1., 0., 1., 0.],
        vec![-1.5383073, 0.64271694, -1.5576018, 1.1557534],
        vec![1., 1., 1., 0., 1., 1., 1., 1., 1., 0., 1., 1.],
    );
    assert_eq!(played, literals);
}

#[test]
fn value_stability_of_the_distributions() {
    let split = Split::Test;
    let bernoulli = BernoulliBandits { n_arms: 2 }.frozen(split, 0);
    let uniform = DependentBandits::Uniform.frozen(split, 0);
    let hard = DependentBandits::Hard.frozen(split, 0);
    let gaussian = GaussianBandits::new(2, 0.5).unwrap().frozen(split, 0);
    let eleven = ElevenArmedBandits.frozen(split, 0);
    let restless = RestlessBandits::LowVolatility.frozen(split, 0);
    let drawn = (
        bernoulli.probability.into_vec(),
        uniform.probability.into_vec(),
        hard.probability.into_vec(),
        gaussian.mean.into_vec(),
        eleven.mean.into_vec(),
        (restless.probability, restless.volatility),
    );
    let literals = (
        vec![0.973102480445766, 0.8805143309258325],
        vec![0.973102480445766, 0.02689751955423403],
        vec![0.4, 0.6],
        vec![1.80046927547273, 2.0796518820539998],
        vec![1., 5., 1., 1., 1., 1., 1., 1., 1., 1., 0.2],
        (0.973102480445766, 0.02),
    );
    assert_eq!(drawn, literals);
}

proptest! {
    #[test]
    fn an_arm_pays_what_its_task_says(
        probability in prop::collection::vec(0.0..=1.0_f64, 3),
        arm in 0..3_usize,
        seed in any::<u64>(),
    ) {
        let n = 4000;
        let mut task = BernoulliTask { probability: probability.into() };
        let p = task.mean(arm);
        let mut rng = Seed::new(seed).stream(Purpose::Environment, 0, 0, 0);

        let sum: f64 = (0..n).map(|_| task.pull(arm, &mut rng)).sum();

        let tolerance = 5.0 * (p * (1.0 - p) / f64::from(n)).sqrt() + 5.0 / f64::from(n);
        prop_assert!((sum / f64::from(n) - p).abs() < tolerance);
    }

    #[test]
    fn a_gaussian_arm_has_its_mean_and_deviation(
        mean in -3.0..3.0_f64,
        standard_deviation in 0.0..3.0_f64,
        seed in any::<u64>(),
    ) {
        let n = 4000;
        let mut task = GaussianTask { mean: vec![0.0, mean].into(), standard_deviation };
        let mut rng = Seed::new(seed).stream(Purpose::Environment, 0, 0, 0);

        let pulls: Vec<f64> = (0..n).map(|_| task.pull(1, &mut rng)).collect();

        let sample_mean = pulls.iter().sum::<f64>() / f64::from(n);
        let square = pulls.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / f64::from(n);
        let tolerance = 6.0 / f64::from(n).sqrt();
        prop_assert!((sample_mean - mean).abs() <= tolerance * standard_deviation + 1e-12);
        let deviation = standard_deviation;
        prop_assert!((square.sqrt() - deviation).abs() <= tolerance * deviation + 1e-12);
    }

    #[test]
    fn a_restless_walk_stays_a_probability(
        probability in 0.0..=1.0_f64,
        volatility in 0.0..=1.0_f64,
        seed in any::<u64>(),
    ) {
        let mut task = RestlessTask { probability, volatility };
        let mut rng = Seed::new(seed).stream(Purpose::Environment, 0, 0, 0);
        for pull in 0..200 {
            let before = task.probability;
            task.pull(pull % 2, &mut rng);
            prop_assert!(task.check().is_ok());
            prop_assert!((task.mean(0) + task.mean(1) - 1.0).abs() < 1e-12);
            prop_assert_eq!(volatility == 0.0, before == task.probability);
        }
    }

    #[test]
    fn dependent_arms_sum_to_one(seed in any::<u64>()) {
        let mut rng = Seed::new(seed).stream(Purpose::Task, 0, 0, 0);
        for bandits in [DependentBandits::Uniform, DependentBandits::Easy] {
            let task = bandits.sample(&mut rng);
            prop_assert!((task.mean(0) + task.mean(1) - 1.0).abs() < 1e-12);
            if let Some(better) = bandits.better_probability() {
                prop_assert_eq!(task.best_mean(), better);
            }
        }
    }

    #[test]
    fn the_eleventh_arm_names_the_target(seed in any::<u64>()) {
        let mut rng = Seed::new(seed).stream(Purpose::Task, 0, 0, 0);
        let mut task = ElevenArmedBandits.sample(&mut rng);

        let clue = task.pull(10, &mut rng);

        let target = (clue * 10.0).round() as usize - 1;
        for arm in 0..10 {
            let pays = if arm == target { 5.0 } else { 1.0 };
            prop_assert_eq!(task.pull(arm, &mut rng), pays);
        }
    }
}

/// A correlation of neighboring steps tells a walk from fresh draws: over 4000 starts, `p` moves by
/// the volatility and no more.
#[test]
fn a_restless_walk_takes_steps_of_its_volatility() {
    let n = 4000;
    let mut rng = stream(0);
    let squares: f64 = (0..n)
        .map(|_| {
            let mut task = RestlessTask {
                probability: 0.5,
                volatility: 0.05,
            };
            task.pull(0, &mut rng);
            (task.probability - 0.5).powi(2)
        })
        .sum();
    assert!(((squares / f64::from(n)).sqrt() - 0.05).abs() < 0.003);
}

#[test]
fn a_restless_bandit_walks_through_episodes_until_it_is_reset() {
    let certain = RestlessTask {
        probability: 1.0,
        volatility: 0.2,
    };
    let mut bandit = RestlessBandit::new(1);
    let mut step = StepBatch::new(1, []);
    bandit.assign(0, &certain, stream(0)).unwrap();
    let mut n_misses = 0;
    for _ in 0..50 {
        bandit.reset(&mut step.observation).unwrap();
        bandit.step(&[0], &mut step).unwrap();
        assert_eq!(
            step.reward[0], 1.0,
            "the first pull after a reset is certain"
        );
        for _ in 0..20 {
            bandit.step(&[0], &mut step).unwrap();
            assert!(step.terminated[0]);
            n_misses += usize::from(step.reward[0] == 0.0);
        }
    }
    assert!(n_misses > 200, "{n_misses} of 1000");
}

#[test]
fn a_trial_strings_pulls_together() {
    let task = BernoulliTask {
        probability: vec![0.0, 1.0].into(),
    };
    let mut trial = Trial::new(BernoulliBandit::<2>::new(2), 3).unwrap();
    let space = trial.observation_space();
    for lane in 0..2 {
        trial.assign(lane, &task, stream(lane as u64)).unwrap();
    }
    let mut rollout = Rollout::new(6, 2, space.zero(), 0);
    let mut policy = UniformPolicy(trial.action_space());

    collect(
        &mut trial,
        &mut policy,
        &mut [stream(8), stream(9)],
        &mut rollout,
    )
    .unwrap();

    for t in 0..6 {
        for lane in 0..2 {
            let i = t * 2 + lane;
            assert_eq!(rollout.reward[i], rollout.action[i] as f32);
            assert_eq!(rollout.first[i], t % 3 == 0);
            assert_eq!(rollout.terminated[i], t % 3 == 2);
            let previous = (t % 3 != 0).then(|| rollout.action[i - 2]);
            let shown = rollout.observation[i].previous.map(|pull| pull.action);
            assert_eq!(shown, previous);
        }
    }
}

#[test]
fn invalid_tasks_name_what_is_wrong() {
    let name = |result: Result<(), Error>| match result {
        Err(Error::OutOfRange { name, .. }) => name,
        other => panic!("expected OutOfRange, got {other:?}"),
    };
    let bernoulli = |probability: &[f64]| {
        let probability = probability.to_vec();
        name(BernoulliBandit::<2>::new(1).assign(
            0,
            &BernoulliTask {
                probability: probability.into(),
            },
            stream(0),
        ))
    };
    assert_eq!(bernoulli(&[]), "probability");
    assert_eq!(bernoulli(&[0.5, 1.5]), "probability");
    assert_eq!(bernoulli(&[f64::NAN, 0.5]), "probability");
    assert_eq!(bernoulli(&[0.5]), "n_arms");
    let gaussian = |mean: &[f64], standard_deviation| {
        let task = GaussianTask {
            mean: mean.into(),
            standard_deviation,
        };
        name(GaussianBandit::<2>::new(1).assign(0, &task, stream(0)))
    };
    assert_eq!(gaussian(&[], 1.0), "mean");
    assert_eq!(gaussian(&[0.0, f64::INFINITY], 1.0), "mean");
    assert_eq!(gaussian(&[0.0, 0.0], -1.0), "standard_deviation");
    assert_eq!(gaussian(&[0.0, 0.0, 0.0], 1.0), "n_arms");
    let restless = |probability, volatility| {
        let task = RestlessTask {
            probability,
            volatility,
        };
        name(RestlessBandit::new(1).assign(0, &task, stream(0)))
    };
    assert_eq!(restless(-0.1, 0.1), "probability");
    assert_eq!(restless(0.5, f64::NAN), "volatility");
    assert_eq!(
        name(GaussianBandits::new(2, f64::NAN).map(drop)),
        "standard_deviation"
    );
}

#[test]
fn lanes_without_a_task_and_actions_without_an_arm_are_refused() {
    let mut bandit = BernoulliBandit::<2>::new(1);
    let mut step = StepBatch::new(1, []);
    assert!(matches!(
        bandit.reset(&mut step.observation),
        Err(Error::Environment(_))
    ));
    assert!(matches!(
        bandit.step(&[0], &mut step),
        Err(Error::Environment(_))
    ));
    let task = BernoulliTask {
        probability: vec![0.5, 0.5].into(),
    };
    bandit.assign(0, &task, stream(0)).unwrap();
    bandit.reset(&mut step.observation).unwrap();
    assert_eq!(
        bandit.step(&[2], &mut step),
        Err(Error::InvalidAction {
            environment: "bandit",
            lane: 0,
            step: 0,
            action: "2".to_owned(),
            space: "0 … 1".to_owned(),
        })
    );
}

#[test]
fn a_task_with_an_unknown_field_is_refused() {
    let typo = r#"{"probability": [0.5], "probabilities": [0.5]}"#;
    assert!(serde_json::from_str::<BernoulliTask>(typo).is_err());
}
