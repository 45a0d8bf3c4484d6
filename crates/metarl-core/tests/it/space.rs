//! Spaces: what they contain, and how elements become numbers.

use metarl_core::{
    Continuous, Discrete, Environment, PreviousStep, Purpose, Seed, Space, Trial, TrialObservation,
    TrialSpace,
};
use proptest::prelude::*;

use crate::counting::Counting;
use crate::counting::Episode::Terminates;

fn encoded<S: Space>(element: &S::Element) -> Vec<f32> {
    // Not zero, so that a number that is not written shows.
    let mut out = vec![f32::NAN; S::WIDTH];
    S::encode(element, &mut out);
    out
}

#[test]
fn an_index_is_one_hot() {
    assert_eq!(Discrete::<3>::WIDTH, 3);
    assert_eq!(encoded::<Discrete<3>>(&0), [1.0, 0.0, 0.0]);
    assert_eq!(encoded::<Discrete<3>>(&2), [0.0, 0.0, 1.0]);
}

#[test]
fn a_vector_is_itself() {
    assert_eq!(Continuous::<2>::WIDTH, 2);
    assert_eq!(encoded::<Continuous<2>>(&[0.5, -3.0]), [0.5, -3.0]);
    assert_eq!(encoded::<Continuous<0>>(&[]), [0.0; 0]);
}

#[test]
fn bounds_belong_to_the_space() {
    let space = Continuous::<2> {
        low: -1.0,
        high: 2.0,
    };

    assert!(space.contains(&[-1.0, 2.0]));
    assert!(!space.contains(&[-1.5, 0.0]));
    assert!(!space.contains(&[0.0, 2.5]));
    assert!(!space.contains(&[0.0, f32::NAN]));
    assert!(Continuous::<0>::UNBOUNDED.contains(&[]));
    assert!(Continuous::<1>::UNBOUNDED.contains(&[f32::MAX]));
    assert!(!Continuous::<1>::UNBOUNDED.contains(&[f32::NEG_INFINITY]));
}

#[test]
#[should_panic(expected = "an encoding of 3 numbers")]
fn an_encoding_of_the_wrong_width_is_a_bug() {
    Discrete::<3>::encode(&0, &mut [0.0; 4]);
}

#[test]
fn a_trial_observation_is_observation_action_reward_flag() {
    type Seen = TrialSpace<Continuous<2>, Discrete<3>>;
    let opening = TrialObservation {
        observation: [4.0, 5.0],
        previous: None,
        episode_start: true,
    };
    let later = TrialObservation {
        previous: Some(PreviousStep {
            observation: [6.0, 7.0],
            action: 1,
            reward: -2.0,
        }),
        episode_start: false,
        ..opening
    };

    assert_eq!(Seen::WIDTH, 7);
    assert_eq!(
        encoded::<Seen>(&opening),
        [4.0, 5.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    );
    assert_eq!(
        encoded::<Seen>(&later),
        [4.0, 5.0, 0.0, 1.0, 0.0, -2.0, 0.0]
    );
}

#[test]
fn a_trial_space_asks_its_parts() {
    let trial = Trial::new(Counting::new(&[vec![Terminates(1)]]), 2).unwrap();
    let space = trial.observation_space();
    let zero = space.zero();

    assert!(space.contains(&zero));
    assert!(!space.contains(&TrialObservation {
        observation: [-1.0, 0.0],
        ..zero
    }));
    let after = |observation, reward| TrialObservation {
        previous: Some(PreviousStep {
            observation,
            action: 0,
            reward,
        }),
        ..zero
    };
    assert!(space.contains(&after([0.0, 0.0], 1.0)));
    assert!(!space.contains(&after([-1.0, 0.0], 1.0)));
    assert!(!space.contains(&after([0.0, 0.0], f32::NAN)));
}

#[test]
fn many_samples_are_uniform() {
    fn check<const N: usize>() {
        const EACH: usize = 4000;
        let mut rng = Seed::new(1).stream(Purpose::Policy, 0, 0, 0);
        let mut elements = vec![N; N * EACH + 1];
        Discrete::<N>.sample_many(&mut rng, &mut elements);
        let mut count = [0_usize; N];
        elements.iter().for_each(|&element| count[element] += 1);
        // Five standard deviations of a binomial count.
        let tolerance = 5 * EACH.isqrt();
        assert!(
            count.iter().all(|n| n.abs_diff(EACH) < tolerance),
            "{count:?}"
        );
    }

    check::<2>();
    check::<3>();
    check::<4>();
    check::<256>();
    check::<257>();
}

#[test]
fn many_samples_are_those_drawn_one_after_the_other() {
    fn check<S: Space>(space: S) {
        let rng = || Seed::new(2).stream(Purpose::Policy, 0, 0, 0);
        let (mut one_by_one, mut at_once) = (rng(), rng());
        for n in [1, 7, 130] {
            let mut many = vec![space.zero(); n];
            space.sample_many(&mut at_once, &mut many);
            for element in many {
                assert_eq!(element, space.sample(&mut one_by_one));
            }
        }
    }

    check(Discrete::<3>);
    check(Discrete::<512>);
    check(Discrete::<100_000>);
    check(Continuous::<1> {
        low: -2.0,
        high: 2.0,
    });
    check(Continuous::<3> {
        low: 0.1,
        high: 0.7,
    });
    check(Continuous::<2>::UNBOUNDED);
}

proptest! {
    #[test]
    fn a_sample_belongs_and_its_encoding_is_finite(seed in any::<u64>()) {
        fn check<S: Space>(space: S, seed: u64) -> Result<(), TestCaseError> {
            let mut rng = Seed::new(seed).stream(Purpose::Policy, 0, 0, 0);
            for _ in 0..20 {
                let element = space.sample(&mut rng);
                prop_assert!(space.contains(&element), "{:?}", element);
                prop_assert!(encoded::<S>(&element).iter().all(|x| x.is_finite()));
            }
            Ok(())
        }

        check(Discrete::<7>, seed)?;
        check(Continuous::<3> { low: -0.5, high: 0.5 }, seed)?;
        check(Continuous::<3>::UNBOUNDED, seed)?;
        check(Continuous::<1> { low: 0.25, high: 0.25 }, seed)?;
        check(TrialSpace::<Discrete<2>, Discrete<3>>::default(), seed)?;
    }
}
