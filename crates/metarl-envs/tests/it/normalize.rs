//! Normalization: moments, both observations alike, and what may be saved.

use metarl_core::{Environment, Lanes, Purpose, Rng, Seed, StepBatch, TaskDistribution};
use metarl_envs::{
    CartPole, CartPoleTask, CartPoles, NormalizeObservation, NormalizeReward, RandomTabular,
    RunningMoments, TabularMdp,
};
use metarl_testkit::conformance::{self, Violation};
use proptest::prelude::*;

fn stream(lane: u64) -> Rng {
    Seed::new(7).stream(Purpose::Environment, 0, lane, 0)
}

fn assigned<E: Environment>(mut environment: E, task: &E::Task) -> E {
    for lane in 0..environment.n_lanes() {
        environment.assign(lane, task, stream(lane as u64)).unwrap();
    }
    environment
}

fn actions(t: usize, n_lanes: usize) -> Vec<usize> {
    (0..n_lanes)
        .map(|lane| (t * 7 + lane * 3) / 4 % 2)
        .collect()
}

#[test]
fn observations_are_brought_to_mean_0_and_deviation_1() {
    let task = CartPoleTask::default();
    let mut plain = assigned(CartPole::new(4), &task);
    let mut normal = assigned(NormalizeObservation::new(CartPole::new(4)), &task);
    let (mut a, mut b) = (StepBatch::new(4, [0.0; 4]), StepBatch::new(4, [0.0; 4]));
    plain.reset(&mut a.observation).unwrap();
    normal.reset(&mut b.observation).unwrap();
    let mut seen: Vec<[f32; 4]> = a.observation.clone();
    for t in 0..300 {
        plain.step(&actions(t, 4), &mut a).unwrap();
        normal.step(&actions(t, 4), &mut b).unwrap();
        seen.extend(&a.observation);
        let ends = |step: &StepBatch<_>| (step.terminated.clone(), step.truncated.clone());
        assert_eq!(ends(&a), ends(&b));
        assert_eq!(a.reward, b.reward);
    }
    let n = seen.len() as f64;
    for i in 0..4 {
        let mean = seen.iter().map(|o| f64::from(o[i])).sum::<f64>() / n;
        let variance = seen
            .iter()
            .map(|o| (f64::from(o[i]) - mean).powi(2))
            .sum::<f64>()
            / n;
        for (raw, shown) in [
            (&a.observation, &b.observation),
            (&a.successor, &b.successor),
        ] {
            for (raw, shown) in raw.iter().zip(shown) {
                let want = (f64::from(raw[i]) - mean) / variance.sqrt();
                assert!(
                    (f64::from(shown[i]) - want).abs() < 1e-5,
                    "{} {want}",
                    shown[i]
                );
            }
        }
    }
}

#[test]
fn rewards_are_divided_by_the_deviation_of_discounted_returns() {
    let task = RandomTabular::RL2.frozen(metarl_core::Split::Train, 0);
    let mut plain = assigned(TabularMdp::<10, 5>::new(3), &task);
    let scaled = NormalizeReward::new(TabularMdp::<10, 5>::new(3), 0.9).unwrap();
    let mut scaled = assigned(scaled, &task);
    let (mut a, mut b) = (StepBatch::new(3, 0), StepBatch::new(3, 0));
    plain.reset(&mut a.observation).unwrap();
    scaled.reset(&mut b.observation).unwrap();
    let (mut discounted, mut seen) = ([0.0_f64; 3], Vec::new());
    for t in 0..200 {
        plain.step(&actions(t, 3), &mut a).unwrap();
        scaled.step(&actions(t, 3), &mut b).unwrap();
        for (lane, discounted) in discounted.iter_mut().enumerate() {
            *discounted = 0.9 * *discounted + f64::from(a.reward[lane]);
            seen.push(*discounted);
            if a.ended(lane) {
                *discounted = 0.0;
            }
        }
        assert_eq!(a.observation, b.observation);
    }
    let n = seen.len() as f64;
    let mean = seen.iter().sum::<f64>() / n;
    let deviation = (seen.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / n).sqrt();
    for (raw, shown) in a.reward.iter().zip(&b.reward) {
        assert!((f64::from(*shown) - f64::from(*raw) / deviation).abs() < 1e-5);
    }
}

/// Saved, read and frozen, moments stay, and lanes no longer touch.
#[test]
fn frozen_moments_keep_the_contract_of_an_environment() -> Result<(), Violation> {
    let mut moments = RunningMoments::new(4);
    for x in 0..50 {
        moments.observe([0.1, 0.2, 0.3, 0.4].map(|scale| scale * f64::from(x % 7)));
    }
    let text = serde_json::to_string(&moments).unwrap();
    let saved: RunningMoments = serde_json::from_str(&text).unwrap();
    assert_eq!(saved, moments);
    let make = |n_lanes| {
        let mut environment = NormalizeObservation::new(CartPole::new(n_lanes));
        environment.freeze(saved.clone()).unwrap();
        environment
    };
    let carts = [
        CartPoleTask::default(),
        CartPoles::EXTREME.frozen(metarl_core::Split::Train, 0),
    ];
    conformance::check(make, &carts, Seed::new(1), 100)?;
    let mut environment = assigned(make(2), &carts[0]);
    let mut step = StepBatch::new(2, [0.0; 4]);
    environment.reset(&mut step.observation).unwrap();
    assert_eq!(*environment.moments(), moments);
    Ok(())
}

#[test]
fn moments_of_something_else_are_refused() {
    let mut environment = NormalizeObservation::new(CartPole::new(1));
    let refused = environment
        .freeze(RunningMoments::new(3))
        .unwrap_err()
        .to_string();
    assert_eq!(
        refused,
        "the number of moments must be that of the numbers normalized, got 3"
    );
    let refused = NormalizeReward::new(Lanes::<metarl_envs::CatchProcess>::new(1), 1.5);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "discount must be in [0, 1], got 1.5"
    );
}

proptest! {
    #[test]
    fn running_moments_are_those_of_all_samples(
        samples in prop::collection::vec([-1e3..1e3, -1.0..1.0], 1..60),
    ) {
        let mut moments = RunningMoments::new(2);
        samples.iter().for_each(|sample| moments.observe(*sample));
        let n = samples.len() as f64;
        prop_assert_eq!(moments.count(), n);
        let deviation: Vec<f64> = moments.deviation().collect();
        for i in 0..2 {
            let mean = samples.iter().map(|s| s[i]).sum::<f64>() / n;
            let variance = samples.iter().map(|s| (s[i] - mean).powi(2)).sum::<f64>() / n;
            prop_assert!((moments.mean()[i] - mean).abs() < 1e-9 * 1e3);
            let want = if variance.sqrt() > 1e-8 { variance.sqrt() } else { 1.0 };
            prop_assert!((deviation[i] - want).abs() < 1e-6);
        }
    }
}
