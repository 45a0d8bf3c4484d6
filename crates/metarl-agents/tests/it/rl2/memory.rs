//! The memory of a lane holds that lane's trial and nothing else.

use metarl_agents::{Rl2, Rl2Config, Trainer};
use metarl_core::{DecisionBatch, Error, Policy, PreviousStep, Purpose, Seed, TrialObservation};
use metarl_envs::{CartPole, CartPoles};
use metarl_testkit::gradient::assert_close;
use proptest::collection::vec;
use proptest::prelude::*;

use super::tiny;
use crate::device::{TestDevice, test_device};
use crate::support::widen;

type Seen = TrialObservation<[f32; 4], usize>;
type Agent = Rl2<CartPole, CartPoles, TestDevice, 2>;

fn agent(parameters: impl Fn(usize) -> f32) -> Agent {
    let config = Rl2Config {
        hidden: 4,
        readout: 3,
        joint_input: true,
        ..tiny()
    };
    let (tasks, seed) = (CartPoles::default(), Seed::new(0));
    let mut agent = Rl2::new(config, tasks, CartPole::new, (1, 8), seed, test_device()).unwrap();
    let mut state = agent.state().clone();
    let parameter = state.parameters.iter_mut().enumerate();
    parameter.for_each(|(i, theta)| *theta = parameters(i));
    agent.restore(state).unwrap();
    agent
}

fn seen() -> impl Strategy<Value = Seen> {
    let action = prop_oneof![Just(None), Just(Some(0)), Just(Some(1))];
    (
        prop::array::uniform4(-1.0_f32..1.0),
        action,
        -1.0_f32..1.0,
        any::<bool>(),
    )
        .prop_map(
            |(observation, action, reward, episode_start)| TrialObservation {
                observation,
                previous: action.map(|action| PreviousStep {
                    observation: observation.map(|x| x / 2.0),
                    action,
                    reward,
                }),
                episode_start,
            },
        )
}

/// Values of one lane's observations, from an agent with that lane alone and an empty memory.
fn alone(agent: &Agent, history: &[Seen]) -> Vec<f64> {
    let mut policy = agent.policy(1);
    let mut decision = DecisionBatch::new(1, 0);
    let mut rngs = [Seed::new(1).stream(Purpose::Policy, 0, 0, 0)];
    let value = |seen: &Seen| {
        policy
            .act(&[*seen], &[false], &mut rngs, &mut decision)
            .unwrap();
        f64::from(decision.value[0])
    };
    history.iter().map(value).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_value_depends_on_what_the_lane_saw_since_its_trial_began(
        steps in vec(vec((seen(), prop::bool::weighted(0.3)), 3), 1..10),
        theta in vec(-1.0_f32..1.0, 64),
    ) {
        let agent = agent(|i| theta[i % 64]);
        let mut policy = agent.policy(3);
        let mut decision = DecisionBatch::new(3, 0);
        let mut rngs = [0, 1, 2].map(|lane| Seed::new(2).stream(Purpose::Policy, 0, lane, 0));
        let mut history = [const { Vec::<Seen>::new() }; 3];
        for step in steps {
            let (seen, first): (Vec<Seen>, Vec<bool>) = step.into_iter().unzip();
            for lane in 0..3 {
                if first[lane] {
                    history[lane].clear();
                }
                history[lane].push(seen[lane]);
            }
            // Whatever is asked about what no action follows leaves no trace.
            let mut ahead = [0.0; 3];
            policy.bootstrap_value(&seen, &[true; 3], &mut ahead).unwrap();
            policy.act(&seen, &first, &mut rngs, &mut decision).unwrap();
            let expected: Vec<f64> = history
                .iter()
                .map(|history| *alone(&agent, history).last().unwrap())
                .collect();
            assert_close(&widen(&decision.value), &expected, 1e-5);
            for lane in 0..3 {
                if !first[lane] {
                    assert_close(&[f64::from(ahead[lane])], &[expected[lane]], 1e-5);
                }
            }
        }
    }
}

#[test]
fn a_policy_refuses_other_numbers_of_lanes() {
    let agent = agent(|_| 0.1);
    let mut policy = agent.policy(2);
    let mut rngs = [0, 1, 2].map(|lane| Seed::new(2).stream(Purpose::Policy, 0, lane, 0));
    let seen = TrialObservation {
        observation: [0.0; 4],
        previous: None,
        episode_start: true,
    };
    let (mut two, mut three) = (DecisionBatch::new(2, 0), DecisionBatch::new(3, 0));
    let refused = |name, got, result: Result<(), Error>| {
        let expected = 2;
        let error = Error::LaneMismatch {
            name,
            expected,
            got,
        };
        assert_eq!(result, Err(error));
    };
    let observed = policy.act(&[seen; 3], &[true; 2], &mut rngs[..2], &mut two);
    refused("observation", 3, observed);
    let first = policy.act(&[seen; 2], &[true; 3], &mut rngs[..2], &mut two);
    refused("first", 3, first);
    let rngs_given = policy.act(&[seen; 2], &[true; 2], &mut rngs, &mut two);
    refused("rngs", 3, rngs_given);
    let decision = policy.act(&[seen; 2], &[true; 2], &mut rngs[..2], &mut three);
    refused("decision", 3, decision);
}

#[test]
fn outputs_that_are_not_finite_are_an_error() {
    let agent = agent(|_| f32::NAN);
    let mut decision = DecisionBatch::new(1, 0);
    let seen = TrialObservation {
        observation: [0.0; 4],
        previous: None,
        episode_start: true,
    };
    let mut rngs = [Seed::new(2).stream(Purpose::Policy, 0, 0, 0)];
    let acted = agent
        .policy(1)
        .act(&[seen], &[true], &mut rngs, &mut decision);
    assert!(matches!(acted, Err(Error::Policy(message)) if message.contains("NaN")));
}
