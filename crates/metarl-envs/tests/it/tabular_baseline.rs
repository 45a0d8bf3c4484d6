//! Algorithms for tabular processes, against brute force and the RL² paper.

use metarl_core::{
    Environment, Error, PreviousStep, Purpose, Returns, Rng, Seed, TaskDistribution, Trial,
    TrialObservation, evaluate,
};
use metarl_envs::baseline::tabular::{
    BaselinePolicy, Beb, EpsilonGreedy, Model, Opsrl, Oracle, Plan, Posterior, Prior, Psrl,
    TabularAlgorithm, TabularEvaluation, Ucrl2, Uniform,
};
use metarl_envs::{RandomTabular, TabularMdp, TabularTask};
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

use crate::tabular::process;

fn evaluation(n_episodes: &[usize], n_tasks: usize) -> TabularEvaluation {
    TabularEvaluation {
        n_episodes: n_episodes.to_vec(),
        n_tasks,
        n_threads: 2,
        seed: Seed::new(0),
    }
}

/// Total reward of an algorithm on the RL² tasks.
fn play<B: TabularAlgorithm<10, 5>>(
    evaluation: &TabularEvaluation,
    algorithm: impl Fn(usize) -> Result<B, Error> + Sync,
) -> Vec<Returns> {
    let made = |task: &TabularTask<10, 5>| algorithm(task.horizon);
    evaluation.run(&RandomTabular::RL2, made).unwrap()
}

/// Every algorithm on the same tasks.
fn play_all(evaluation: &TabularEvaluation) -> Vec<(&'static str, Vec<Returns>)> {
    use Prior as P;
    vec![
        ("uniform", play(evaluation, |_| Ok(Uniform))),
        (
            "psrl 0",
            play(evaluation, |h| Ok(Psrl::new(P::ZERO_MEAN, h))),
        ),
        ("psrl 1", play(evaluation, |h| Ok(Psrl::new(P::TRUE, h)))),
        (
            "opsrl",
            play(evaluation, |h| Opsrl::new(5, P::ZERO_MEAN, h)),
        ),
        (
            "epsilon",
            play(evaluation, |h| EpsilonGreedy::new(0.1, P::NEAR_FLAT, h)),
        ),
        (
            "greedy",
            play(evaluation, |h| Ok(EpsilonGreedy::greedy(P::NEAR_FLAT, h))),
        ),
        (
            "greedy 0",
            play(evaluation, |h| Ok(EpsilonGreedy::greedy(P::ZERO_MEAN, h))),
        ),
        (
            "greedy 1",
            play(evaluation, |h| Ok(EpsilonGreedy::greedy(P::TRUE, h))),
        ),
        (
            "beb 0",
            play(evaluation, |h| Beb::new(26.0, P::ZERO_MEAN, h)),
        ),
        ("beb 1", play(evaluation, |h| Beb::new(10.0, P::TRUE, h))),
        ("ucrl2", play(evaluation, |h| Ucrl2::new(0.3, h))),
    ]
}

/// `V_t(s)` by the recursion that defines it.
fn naive_value<const S: usize, const A: usize>(
    task: &TabularTask<S, A>,
    t: usize,
    s: usize,
) -> f64 {
    if t == task.horizon {
        return 0.0;
    }
    (0..A)
        .map(|a| naive_action_value(task, t, s, a))
        .fold(f64::NEG_INFINITY, f64::max)
}

fn naive_action_value<const S: usize, const A: usize>(
    task: &TabularTask<S, A>,
    t: usize,
    s: usize,
    a: usize,
) -> f64 {
    let pair = s * A + a;
    let ahead =
        (0..S).map(|next| task.transition[pair * S + next] * naive_value(task, t + 1, next));
    task.reward_mean[pair] + ahead.sum::<f64>()
}

/// Expected return of `behavior[t][s]`, by carrying the distribution over states forward.
fn expected_return<const S: usize, const A: usize>(
    task: &TabularTask<S, A>,
    behavior: &[[usize; S]],
) -> f64 {
    let mut at = [0.0; S];
    at[0] = 1.0;
    let mut total = 0.0;
    for actions in behavior {
        let mut next = [0.0; S];
        for (s, p) in at.iter().enumerate() {
            let pair = s * A + actions[s];
            total += p * task.reward_mean[pair];
            for (successor, next) in next.iter_mut().enumerate() {
                *next += p * task.transition[pair * S + successor];
            }
        }
        at = next;
    }
    total
}

proptest! {
    #[test]
    fn planning_is_the_recursion_that_defines_it(task in process::<3, 2>(1..=4)) {
        let mut plan = Plan::new(task.horizon);

        plan.solve(&Model::of(&task).unwrap());

        for t in 0..task.horizon {
            for s in 0..3 {
                let want: Vec<f64> = (0..2).map(|a| naive_action_value(&task, t, s, a)).collect();
                assert_close(plan.action_values(t, s), &want, 1e-12);
                assert_close(&[plan.value(t, s)], &[naive_value(&task, t, s)], 1e-12);
            }
        }
    }

    #[test]
    fn no_behavior_is_better_than_the_oracle(task in process::<2, 2>(1..=3)) {
        let oracle = Oracle::new(&task).unwrap().expected_return();

        let n_choices = 2 * task.horizon;
        let best = (0..1_usize << n_choices)
            .map(|bits| {
                let action = |t: usize, s: usize| bits >> (2 * t + s) & 1;
                let behavior: Vec<[usize; 2]> =
                    (0..task.horizon).map(|t| [action(t, 0), action(t, 1)]).collect();
                expected_return(&task, &behavior)
            })
            .fold(f64::NEG_INFINITY, f64::max);

        assert_close(&[oracle], &[best], 1e-12);
    }

    #[test]
    fn ties_are_broken_among_the_best_alone(seed in any::<u64>()) {
        let mut plan = Plan::<1, 4>::new(1);
        plan.solve(&Model { transition: [[[1.0]; 4]], reward: [[1.0, 3.0, 2.0, 3.0]] });
        let mut rng = Seed::new(seed).stream(Purpose::Baseline, 0, 0, 0);
        let mut counts = [0; 4];
        for _ in 0..200 {
            counts[plan.act(0, 0, &mut rng)] += 1;
        }
        prop_assert_eq!((counts[0], counts[2]), (0, 0));
        // 7 standard deviations.
        prop_assert!((50..=150).contains(&counts[1]), "{:?}", counts);
    }
}

#[test]
fn the_posterior_counts() {
    let mut posterior = Posterior::<2, 1>::new(Prior::new(1.0, 2.0, 0.5).unwrap());
    posterior.observe(0, 0, 4.0, Some(1));
    posterior.observe(0, 0, 6.0, None);

    let mean = posterior.mean();

    assert_eq!(mean.reward, [[3.0], [1.0]]);
    assert_eq!(mean.transition, [[[0.25, 0.75]], [[0.5, 0.5]]]);
    assert_eq!(
        (posterior.n_visits(0, 0), posterior.n_visits(1, 0)),
        (2.0, 0.0)
    );

    let mut rng = Seed::new(5).stream(Purpose::Baseline, 0, 0, 0);
    let n = 20_000;
    let (mut reward, mut squares, mut row) = (0.0, 0.0, 0.0);
    for _ in 0..n {
        let sample = posterior.sample(&mut rng);
        reward += sample.reward[0][0] / f64::from(n);
        squares += (sample.reward[0][0] - 3.0).powi(2) / f64::from(n);
        row += sample.transition[0][0][1] / f64::from(n);
    }
    assert!(
        (reward - 3.0).abs() < 5.0 * (0.25 / f64::from(n)).sqrt(),
        "{reward}"
    );
    assert!(
        (squares - 0.25).abs() < 0.25 * 5.0 * (2.0 / f64::from(n)).sqrt(),
        "{squares}"
    );
    // Beta(0.5, 1.5) has variance 1/16.
    assert!(
        (row - 0.75).abs() < 5.0 * (0.0625 / f64::from(n)).sqrt(),
        "{row}"
    );
}

#[test]
fn a_vanishing_prior_draws_corners() {
    let posterior = Posterior::<4, 1>::new(Prior::NEAR_FLAT);
    let mut rng = Seed::new(6).stream(Purpose::Baseline, 0, 0, 0);
    let mut heaviest = [0; 4];
    for _ in 0..400 {
        let row = posterior.sample(&mut rng).transition[0][0];
        assert_close(&[row.iter().sum()], &[1.0], 1e-12);
        let corner = row.iter().position(|p| *p > 0.5).unwrap_or_default();
        heaviest[corner] += 1;
    }
    // 100 each, standard deviation 8.7.
    assert!(
        heaviest.iter().all(|n| (55..=145).contains(n)),
        "{heaviest:?}"
    );
}

#[test]
fn algorithms_stay_below_the_oracle_and_above_chance() {
    let evaluation = evaluation(&[1, 30], 60);
    let oracle = evaluation.run(&RandomTabular::RL2, Oracle::new).unwrap();
    let all = play_all(&evaluation);
    let (_, floor) = &all[0];
    for (name, returns) in &all[1..] {
        assert!(returns[1].mean < oracle[1].mean, "{name}: {returns:?}");
        assert!(returns[1].mean > 1.2 * floor[1].mean, "{name}: {returns:?}");
    }
}

#[test]
fn the_oracle_earns_what_it_expects() {
    let evaluation = evaluation(&[40], 300);
    let earned = evaluation.run(&RandomTabular::RL2, Oracle::new).unwrap()[0];
    let expected: f64 = (0..300)
        .map(|i| {
            let mut rng = evaluation.seed.stream(Purpose::EvaluationTask, i, 0, 0);
            let task = RandomTabular::RL2.sample(&mut rng);
            40.0 * Oracle::new(&task).unwrap().expected_return()
        })
        .sum::<f64>()
        / 300.0;
    // Given the tasks, what remains is the noise of 300 · 400 rewards and of where they were earned.
    assert!(
        (earned.mean - expected).abs() < 0.01 * expected,
        "{earned:?}, want {expected}"
    );
    assert!((expected / 40.0 - 21.82).abs() < 0.6, "{expected}");
}

/// Rows of the RL² paper's table 2 and of an independent simulation, `(mean, standard error)` for
/// 10 and 25 episodes.
#[test]
fn the_published_rows_come_out() {
    let published = [
        ("uniform", [(100.1, 0.9), (250.2, 2.0)]),
        ("psrl 0", [(138.2, 0.4), (409.6, 1.0)]),
        ("psrl 1", [(133.4, 0.4), (403.6, 1.0)]),
        ("epsilon", [(134.0, 0.6), (377.4, 1.3)]),
        ("greedy", [(136.2, 0.3), (372.7, 0.6)]),
        ("greedy 0", [(137.6, 0.3), (367.9, 0.6)]),
        ("greedy 1", [(154.6, 0.3), (434.1, 0.6)]),
        ("beb 0", [(150.2, 0.9), (427.8, 2.0)]),
        ("beb 1", [(156.6, 0.3), (447.1, 0.6)]),
        ("ucrl2", [(146.6, 0.9), (424.1, 2.0)]),
    ];
    let all = play_all(&evaluation(&[10, 25], 500));
    for (name, row) in published {
        let (_, ours) = all.iter().find(|(n, _)| *n == name).unwrap();
        for (ours, (mean, error)) in ours.iter().zip(row) {
            let combined = ours.standard_error.hypot(error);
            assert!(
                (ours.mean - mean).abs() < 3.0 * combined,
                "{name}: {ours:?}, published {mean} ± {error}"
            );
        }
    }
}

#[test]
fn value_stability() {
    let totals: Vec<f64> = play_all(&evaluation(&[5], 4))
        .iter()
        .map(|(_, returns)| returns[0].mean)
        .collect();
    let want = [
        55.61523394426331,
        62.7257559383288,
        55.65254741732497,
        63.97610601224005,
        63.91254028247204,
        71.53656187845627,
        70.4156285233912,
        74.66790200548712,
        67.40330352261662,
        68.67458739504218,
        66.407435759902,
    ];
    assert_close(&totals, &want, 1e-12);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let with = |n_threads| {
        let evaluation = TabularEvaluation {
            n_threads,
            ..evaluation(&[2, 6], 7)
        };
        play(&evaluation, |h| Ok(Psrl::new(Prior::TRUE, h)))
    };
    assert_eq!(with(1), with(3));
    assert_eq!(with(1), with(20));
}

#[test]
fn limits_of_one_algorithm_are_another() {
    let evaluation = evaluation(&[10], 10);
    assert_eq!(
        play(&evaluation, |h| Opsrl::new(1, Prior::ZERO_MEAN, h)),
        play(&evaluation, |h| Ok(Psrl::new(Prior::ZERO_MEAN, h))),
    );
    assert_eq!(
        play(&evaluation, |h| Ucrl2::new(0.0, h)),
        play(&evaluation, |h| Beb::new(0.0, Prior::NEAR_FLAT, h)),
    );
}

#[test]
fn in_a_trial_an_algorithm_earns_what_it_earns_alone() {
    let (n_tasks, n_episodes) = (5, 8);
    let evaluation = evaluation(&[n_episodes as usize], n_tasks);
    let alone = play(&evaluation, |h| Ok(Psrl::new(Prior::TRUE, h)));

    let mut trial = Trial::new(TabularMdp::new(n_tasks), n_episodes).unwrap();
    let stream = |purpose, lane| evaluation.seed.stream(purpose, lane as u64, 0, 0);
    for lane in 0..n_tasks {
        let task = RandomTabular::RL2.sample(&mut stream(Purpose::EvaluationTask, lane));
        let rng = stream(Purpose::EvaluationEnvironment, lane);
        trial.assign(lane, &task, rng).unwrap();
    }
    let mut rngs: Vec<Rng> = (0..n_tasks).map(|l| stream(Purpose::Baseline, l)).collect();
    let fresh = Psrl::<10, 5>::new(Prior::TRUE, RandomTabular::<10, 5>::HORIZON);
    let mut policy = BaselinePolicy::new(fresh, RandomTabular::<10, 5>::HORIZON, n_tasks);
    let n_steps = 10 * n_episodes as usize;
    let in_trial = evaluate(&mut trial, &mut policy, &mut rngs, n_steps).unwrap();

    assert_eq!(vec![Returns::of(&in_trial)], alone);
}

#[test]
fn a_policy_notices_another_horizon() {
    use metarl_core::{DecisionBatch, Policy};
    let mut policy = BaselinePolicy::new(Psrl::<2, 2>::new(Prior::TRUE, 1), 1, 1);
    let mut decision = DecisionBatch::new(1, 0);
    let mut rngs = [Seed::new(0).stream(Purpose::Policy, 0, 0, 0)];
    let mut seen = TrialObservation {
        observation: 0,
        previous: None,
        episode_start: true,
    };
    policy
        .act(&[seen], &[true], &mut rngs, &mut decision)
        .unwrap();
    let before = |observation| {
        Some(PreviousStep {
            observation,
            action: 0,
            reward: 0.0,
        })
    };
    (seen.previous, seen.episode_start) = (before(0), false);
    let late = policy.act(&[seen], &[false], &mut rngs, &mut decision);
    assert!(matches!(late, Err(Error::Policy(_))), "{late:?}");
    seen.observation = 2;
    let outside = policy.act(&[seen], &[true], &mut rngs, &mut decision);
    assert!(matches!(outside, Err(Error::Policy(_))), "{outside:?}");
    (seen.observation, seen.previous) = (0, before(2));
    let outside = policy.act(&[seen], &[true], &mut rngs, &mut decision);
    assert!(matches!(outside, Err(Error::Policy(_))), "{outside:?}");
}

#[test]
fn hyper_parameters_out_of_range_are_named() {
    let name = |result: Result<(), Error>| match result {
        Err(Error::OutOfRange { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    let nan = f64::NAN;
    let prior = |mean, weight, alpha| Prior::new(mean, weight, alpha).map(drop);
    assert_eq!(name(prior(nan, 1.0, 1.0)), "reward_mean");
    assert_eq!(name(prior(0.0, 0.0, 1.0)), "reward_weight");
    assert_eq!(name(prior(0.0, 1.0, -1.0)), "alpha");
    let p = Prior::TRUE;
    assert_eq!(
        name(EpsilonGreedy::<2, 2>::new(1.1, p, 1).map(drop)),
        "epsilon"
    );
    assert_eq!(name(Opsrl::<2, 2>::new(0, p, 1).map(drop)), "n_samples");
    assert_eq!(name(Beb::<2, 2>::new(-1.0, p, 1).map(drop)), "beta");
    assert_eq!(name(Ucrl2::<2, 2>::new(nan, 1).map(drop)), "scale");
    let run = |evaluation: TabularEvaluation| {
        evaluation
            .run(&RandomTabular::RL2, |_| Ok(Uniform))
            .map(drop)
    };
    assert_eq!(name(run(evaluation(&[], 1))), "n_episodes");
    assert_eq!(name(run(evaluation(&[3, 3], 1))), "n_episodes");
    assert_eq!(name(run(evaluation(&[1], 0))), "n_tasks");
    let no_threads = TabularEvaluation {
        n_threads: 0,
        ..evaluation(&[1], 1)
    };
    assert_eq!(name(run(no_threads)), "n_threads");
}
