//! Bandit algorithms against exact optima.

use metarl_core::{Environment, Error, Purpose, Returns, Rng, Seed, TaskDistribution, Trial};
use metarl_envs::baseline::bandit::{
    BanditAlgorithm, BaselinePolicy, BetaPosterior, EpsilonGreedy, Evaluation,
    FiniteHorizonGittins, Greedy, IndexPolicy, IndexRule, OptimisticThompsonSampling,
    ThompsonSampling, Tuned, Ucb1, UniformArm, WhittleIndex, best_of, evaluate, optimum,
};
use metarl_envs::{
    BernoulliBandit, BernoulliBandits, BernoulliTask, DependentBandits, ElevenArmedBandits,
    RestlessBandits,
};
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

fn rng() -> Rng {
    Seed::new(5).stream(Purpose::Baseline, 0, 0, 0)
}

/// Every algorithm at the settings tuned for 10 pulls of 5 arms, with the mean reward that
/// independent simulators measured for it.
fn algorithms() -> Vec<(&'static str, Box<dyn BanditAlgorithm>, f64)> {
    let tuned = Tuned::ALL[0];
    let (n, k) = (tuned.n_pulls, tuned.n_arms);
    let ucb1 = Ucb1::new(tuned.ucb1_c).unwrap();
    let whittle = WhittleIndex::new(tuned.discount).unwrap();
    let gittins = FiniteHorizonGittins::new(n, 500).unwrap();
    let ots = OptimisticThompsonSampling::new(tuned.n_draws, k).unwrap();
    let epsilon = EpsilonGreedy::new(tuned.epsilon, k).unwrap();
    vec![
        ("uniform", Box::new(UniformArm::new(k).unwrap()), 5.0),
        (
            "greedy",
            Box::new(IndexPolicy::new(Greedy, k).unwrap()),
            6.56,
        ),
        ("epsilon", Box::new(epsilon), 6.56),
        ("ucb1", Box::new(IndexPolicy::new(ucb1, k).unwrap()), 6.67),
        (
            "ts",
            Box::new(IndexPolicy::new(ThompsonSampling, k).unwrap()),
            5.83,
        ),
        ("ots", Box::new(ots), 6.46),
        (
            "gittins",
            Box::new(IndexPolicy::new(gittins, k).unwrap()),
            6.65,
        ),
        (
            "whittle",
            Box::new(IndexPolicy::new(whittle, k).unwrap()),
            6.67,
        ),
    ]
}

fn play(algorithm: &mut dyn BanditAlgorithm, n_pulls: usize, n_trials: usize) -> Evaluation {
    let tasks = BernoulliBandits {
        n_arms: algorithm.n_arms(),
    };
    evaluate(algorithm, &tasks, n_pulls, n_trials, Seed::new(1)).unwrap()
}

#[test]
fn the_bayes_optimum_of_ten_pulls() {
    let ten = |k| optimum::bernoulli(k, 10).unwrap();
    assert_close(&[ten(2), ten(5), ten(10)], &[6.0218, 6.6600, 6.7140], 5e-5);
    assert_eq!(ten(50), ten(10), "arms beyond the tenth never matter");
    assert!(ten(4) < ten(5));
    assert_close(&[ten(1)], &[5.0], 1e-12);
    assert_eq!(optimum::bernoulli(3, 0).unwrap(), 0.0);
}

#[test]
fn the_bayes_optima_of_two_arms_in_a_hundred_pulls() {
    let regret = optimum::best_arm(2, 100) - optimum::bernoulli(2, 100).unwrap();
    assert!((regret - 1.748).abs() < 5e-4, "{regret}");
    for (bandits, want) in [
        (DependentBandits::Uniform, 1.2214),
        (DependentBandits::Easy, 0.625),
        (DependentBandits::Medium, 1.000),
        (DependentBandits::Hard, 2.312),
    ] {
        let regret = optimum::dependent_regret(bandits, 100);
        assert!((regret - want).abs() < 5e-4, "{bandits:?}: {regret}");
    }
}

/// The regret that independent simulators measured over 40 000 trials, ± 0.04.
#[test]
fn thompson_sampling_on_two_arms_in_a_hundred_pulls() {
    let mut ts = IndexPolicy::new(ThompsonSampling, 2).unwrap();
    for (regret, want) in [
        (play(&mut ts, 100, 4000).regret, 2.78),
        (dependent(&mut ts, DependentBandits::Uniform), 2.79),
        (dependent(&mut ts, DependentBandits::Hard), 4.07),
    ] {
        let error = regret.standard_error.hypot(0.04);
        assert!(
            (regret.mean - want).abs() < 3.0 * error,
            "{regret:?} for {want}"
        );
    }
}

fn dependent(algorithm: &mut dyn BanditAlgorithm, bandits: DependentBandits) -> Returns {
    evaluate(algorithm, &bandits, 100, 4000, Seed::new(1))
        .unwrap()
        .regret
}

/// The optimum by its definition: arms in their places, nothing sorted, nothing remembered.
fn expectimax(arms: &mut Vec<BetaPosterior>, n_left: usize) -> f64 {
    if n_left == 0 {
        return 0.0;
    }
    let mut best: f64 = 0.0;
    for arm in 0..arms.len() {
        let before = arms[arm];
        let mut value = 0.0;
        for (reward, probability) in [(1.0, before.mean()), (0.0, 1.0 - before.mean())] {
            arms[arm].observe(reward);
            value += probability * (reward + expectimax(arms, n_left - 1));
            arms[arm] = before;
        }
        best = best.max(value);
    }
    best
}

#[test]
fn sorting_the_arms_changes_nothing() {
    for (n_arms, n_pulls) in [(1, 8), (2, 7), (3, 5), (4, 4), (6, 3)] {
        let fresh = &mut vec![BetaPosterior::default(); n_arms];
        let got = optimum::bernoulli(n_arms, n_pulls).unwrap();
        assert_close(&[got], &[expectimax(fresh, n_pulls)], 1e-12);
    }
}

#[test]
fn an_optimum_that_is_too_large_is_refused() {
    let name = |n_arms, n_pulls| match optimum::bernoulli(n_arms, n_pulls) {
        Err(Error::OutOfRange { name, .. }) => name,
        other => panic!("expected OutOfRange, got {other:?}"),
    };
    assert_eq!(name(0, 10), "n_arms");
    assert_eq!(name(50, 30), "n_pulls");
    assert_eq!(name(2, usize::MAX), "n_pulls");
}

#[test]
fn asking_first_is_optimal_for_eleven_arms() {
    assert_close(&[optimum::eleven_armed(5)], &[20.55], 1e-12);
    let random = evaluate(
        &mut UniformArm::new(11).unwrap(),
        &ElevenArmedBandits,
        5,
        20_000,
        Seed::new(1),
    );
    // (5 + 9 · 1 + 0.55) / 11 a pull.
    let random = random.unwrap().total_reward;
    assert!((random.mean - 5.0 * 14.55 / 11.0).abs() < 3.0 * random.standard_error);
}

#[test]
fn no_algorithm_beats_the_optimum_and_all_earn_what_others_measured() {
    let exact = optimum::bernoulli(5, 10).unwrap();
    for (name, mut algorithm, measured) in algorithms() {
        let reward = play(algorithm.as_mut(), 10, 10_000).total_reward;
        let error = reward.standard_error;
        assert!(reward.mean < exact + 3.0 * error, "{name}: {reward:?}");
        // Both sides were measured on 10 000 trials.
        let difference = (reward.mean - measured).abs();
        assert!(
            difference < 2.0 * 2.0_f64.sqrt() * error,
            "{name}: {reward:?} for {measured}"
        );
    }
}

#[test]
fn the_gittins_index_is_optimal_for_what_remains_of_two_arms() {
    // Not exactly: the index ignores that the other arm is uncertain too.
    let gittins = FiniteHorizonGittins::new(10, 500).unwrap();
    let mut gittins = IndexPolicy::new(gittins, 2).unwrap();
    let played = play(&mut gittins, 10, 40_000);
    let earned = optimum::best_arm(2, 10) - played.regret.mean;
    let exact = optimum::bernoulli(2, 10).unwrap();
    assert!((earned - exact).abs() < 3.0 * played.regret.standard_error + 0.005);
}

#[test]
fn regret_and_reward_add_up_to_the_oracle() {
    let played = play(&mut IndexPolicy::new(Greedy, 5).unwrap(), 100, 2000);
    let sum = played.total_reward.mean + played.regret.mean;
    assert!((sum - played.oracle.mean).abs() < 3.0 * played.total_reward.standard_error);
    let oracle = played.oracle;
    assert!((oracle.mean - optimum::best_arm(5, 100)).abs() < 3.0 * oracle.standard_error);
}

#[test]
fn an_evaluation_does_not_depend_on_what_was_played_before() {
    let mut ts = IndexPolicy::new(ThompsonSampling, 5).unwrap();
    let once = play(&mut ts, 20, 50);
    assert_eq!(play(&mut ts, 20, 50), once);
    let prefix = play(&mut ts, 20, 1);
    let first = evaluate(
        &mut ts,
        &BernoulliBandits { n_arms: 5 },
        20,
        1,
        Seed::new(1),
    )
    .unwrap();
    assert_eq!(prefix, first);
    let other = evaluate(
        &mut ts,
        &BernoulliBandits { n_arms: 5 },
        20,
        50,
        Seed::new(2),
    )
    .unwrap();
    assert_ne!(other, once);
}

#[test]
fn value_stability() {
    let rewards: Vec<f64> = algorithms()
        .into_iter()
        .map(|(_, mut algorithm, _)| play(algorithm.as_mut(), 10, 40).total_reward.mean)
        .collect();
    assert_eq!(rewards, [5.1, 6.15, 6.1, 6.425, 5.9, 6.025, 6.375, 6.325]);
}

#[test]
fn settings_that_should_make_no_difference_make_none() {
    let greedy = play(&mut IndexPolicy::new(Greedy, 5).unwrap(), 50, 100);
    let ucb1 = IndexPolicy::new(Ucb1::new(0.0).unwrap(), 5);
    assert_eq!(play(&mut ucb1.unwrap(), 50, 100), greedy);
    assert_eq!(
        play(&mut EpsilonGreedy::new(0.0, 5).unwrap(), 50, 100).regret,
        greedy.regret
    );
    let ts = play(&mut IndexPolicy::new(ThompsonSampling, 5).unwrap(), 50, 100);
    let ots = &mut OptimisticThompsonSampling::new(1, 5).unwrap();
    assert_eq!(play(ots, 50, 100), ts);
}

/// Every rule plays through [`Trial`] as an agent does, and earns the same.
#[test]
fn a_baseline_can_stand_in_for_an_agent() {
    let n_lanes = 4000;
    let ucb1 = IndexPolicy::new(Ucb1::new(0.2).unwrap(), 5).unwrap();
    let mut trial = Trial::new(BernoulliBandit::<5>::new(n_lanes), 20).unwrap();
    let stream = |purpose, lane| Seed::new(2).stream(purpose, lane as u64, 0, 0);
    for lane in 0..n_lanes {
        let task = BernoulliBandits { n_arms: 5 }.sample(&mut stream(Purpose::Task, lane));
        let rng = stream(Purpose::Environment, lane);
        trial.assign(lane, &task, rng).unwrap();
    }
    let mut rngs: Vec<Rng> = (0..n_lanes).map(|l| stream(Purpose::Policy, l)).collect();
    let mut policy = BaselinePolicy::new(ucb1.clone(), n_lanes);

    let totals = metarl_core::evaluate(&mut trial, &mut policy, &mut rngs, 20).unwrap();

    let agent = Returns::of(&totals);
    let direct = play(&mut ucb1.clone(), 20, n_lanes).total_reward;
    let error = agent.standard_error.hypot(direct.standard_error);
    assert!(
        (agent.mean - direct.mean).abs() < 3.0 * error,
        "{agent:?} {direct:?}"
    );
}

#[test]
fn restless_arms_move_under_an_algorithm() {
    // An oracle that may change arms earns E max(p, 1 − p) = 3/4 a pull.
    let played = evaluate(
        &mut UniformArm::new(2).unwrap(),
        &RestlessBandits::HighVolatility,
        100,
        2000,
        Seed::new(1),
    )
    .unwrap();
    assert!((played.oracle.mean - 75.0).abs() < 3.0 * played.oracle.standard_error);
    assert!((played.total_reward.mean - 50.0).abs() < 3.0 * played.total_reward.standard_error);
}

#[test]
fn indices_worked_out_by_hand() {
    let fresh = BetaPosterior::default();
    let gittins = FiniteHorizonGittins::new(2, 10).unwrap();
    // 1/2 (1 + 2/3) + 1/2 λ = 2 λ.
    assert!((gittins.value(fresh, 2) - 5.0 / 9.0).abs() < 1e-6);
    assert_eq!(gittins.value(fresh, 0), 0.5);
    // 1/2 + 1/4 / (2 √(1/2 · 1/4)).
    let whittle = WhittleIndex::new(1.0).unwrap().index(fresh, 0, &mut rng());
    assert!((whittle - (0.5 + 0.5_f64.sqrt() / 2.0)).abs() < 1e-12);
    // 1/2 + 0.2 √(2 ln 8 / 2).
    let ucb1 = Ucb1::new(0.2).unwrap().index(fresh, 8, &mut rng());
    assert!((ucb1 - (0.5 + 0.2 * 8.0_f64.ln().sqrt())).abs() < 1e-12);
}

proptest! {
    #[test]
    fn a_gittins_index_grows_with_success_and_with_time(
        successes in 0..20_u32,
        failures in 0..20_u32,
        n_left in 1..20_usize,
    ) {
        let gittins = FiniteHorizonGittins::new(60, 50).unwrap();
        let arm = BetaPosterior { successes, failures };
        let value = gittins.value(arm, n_left);
        let tolerance = 1e-6;
        prop_assert!(value >= arm.mean() - tolerance);
        prop_assert!((gittins.value(arm, 1) - arm.mean()).abs() < tolerance);
        prop_assert!(gittins.value(arm, n_left + 1) >= value - tolerance);
        let better = BetaPosterior { successes: successes + 1, failures };
        prop_assert!(gittins.value(better, n_left) > value);
        let worse = BetaPosterior { successes, failures: failures + 1 };
        prop_assert!(gittins.value(worse, n_left) < value);
    }

    #[test]
    fn a_posterior_counts(rewards in prop::collection::vec(any::<bool>(), 0..50)) {
        let mut arm = BetaPosterior::default();
        rewards.iter().for_each(|r| arm.observe(f64::from(u8::from(*r))));
        let paid = rewards.iter().filter(|r| **r).count() as f64;
        prop_assert_eq!(arm.weight(), rewards.len() as f64 + 2.0);
        prop_assert_eq!(arm.mean(), (paid + 1.0) / arm.weight());
    }

    #[test]
    fn a_majority_errs_less_the_larger_it_is(accuracy in 0.5..=1.0_f64, n in 0..40_usize) {
        let error = |n| optimum::majority_error(accuracy, n);
        prop_assert!(error(n + 1) <= error(n) + 1e-12);
        // With an even number the last witness changes nothing on average.
        prop_assert!((error(2 * n + 1) - error(2 * n + 2)).abs() < 1e-12);
        prop_assert!((error(n) + optimum::majority_error(1.0 - accuracy, n) - 1.0).abs() < 1e-12);
    }
}

#[test]
fn settings_out_of_range_are_named() {
    fn name<T>(result: Result<T, Error>) -> &'static str {
        match result {
            Err(Error::OutOfRange { name, .. }) => name,
            _ => "accepted",
        }
    }
    assert_eq!(name(UniformArm::new(0)), "n_arms");
    assert_eq!(name(IndexPolicy::new(Greedy, 0)), "n_arms");
    assert_eq!(name(EpsilonGreedy::new(1.1, 2)), "epsilon");
    assert_eq!(name(EpsilonGreedy::new(f64::NAN, 2)), "epsilon");
    assert_eq!(name(Ucb1::new(-0.1)), "c");
    assert_eq!(name(OptimisticThompsonSampling::new(0, 2)), "n_draws");
    assert_eq!(name(OptimisticThompsonSampling::new(2, 0)), "n_arms");
    assert_eq!(name(WhittleIndex::new(1.1)), "discount");
    assert_eq!(name(WhittleIndex::new(0.0)), "discount");
    assert_eq!(name(FiniteHorizonGittins::new(0, 10)), "n_pulls");
    assert_eq!(name(FiniteHorizonGittins::new(10, 0)), "n_grid");
    assert_eq!(name(best_of(&[] as &[f64], |_| unreachable!())), "settings");
    let mut greedy = IndexPolicy::new(Greedy, 3).unwrap();
    let tasks = BernoulliBandits { n_arms: 2 };
    assert_eq!(
        name(evaluate(&mut greedy, &tasks, 1, 1, Seed::new(1))),
        "n_arms"
    );
}

#[test]
fn a_distribution_of_invalid_tasks_is_refused() {
    struct Broken;
    impl TaskDistribution for Broken {
        type Task = BernoulliTask;
        fn name(&self) -> String {
            "bandit/broken@1".to_owned()
        }
        fn sample(&self, _rng: &mut Rng) -> BernoulliTask {
            BernoulliTask {
                probability: vec![2.0].into(),
            }
        }
    }
    let mut greedy = IndexPolicy::new(Greedy, 1).unwrap();
    let result = evaluate(&mut greedy, &Broken, 1, 1, Seed::new(1));
    assert!(matches!(
        result,
        Err(Error::OutOfRange {
            name: "probability",
            ..
        })
    ));
}

#[test]
fn the_best_of_equals_is_the_first() {
    let tried = best_of(&[1.0, 3.0, -3.0], |x: f64| Ok(Returns::of(&[x.abs()])));
    assert_eq!(tried.unwrap(), (3.0, Returns::of(&[3.0])));
}
