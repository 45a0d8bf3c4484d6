//! A whole iteration against the reference: what was seen, its advantages, loss and gradient.

use metarl_agents::{Rl2, Rl2Config, Rl2Iteration, Trainer};
use metarl_core::{
    Continuous, Discrete, Environment, Purpose, Rollout, Seed, Space, TaskDistribution, Trial,
    collect,
};
use metarl_envs::{BernoulliBandit, BernoulliBandits, CartPole, CartPoles};
use metarl_testkit::gradient::{assert_close, central_difference};

use super::reference::{Net, Steps, moments};
use crate::device::{TestDevice, test_device};
use crate::support::{numbers, widen};

const SEED: Seed = Seed::new(3);

/// An agent before its next iteration, and what made it.
struct Case<E: Environment, T, const ACTIONS: usize> {
    config: Rl2Config,
    tasks: T,
    environment: fn(usize) -> E,
    trial: (u32, usize),
    agent: Rl2<E, T, TestDevice, ACTIONS>,
}

impl<E, T, const OBSERVED: usize, const ACTIONS: usize> Case<E, T, ACTIONS>
where
    E: Environment<ObservationSpace = Continuous<OBSERVED>, ActionSpace = Discrete<ACTIONS>> + Sync,
    T: TaskDistribution<Task = E::Task> + Clone,
{
    fn new(config: Rl2Config, tasks: T, environment: fn(usize) -> E, trial: (u32, usize)) -> Self {
        let device = test_device();
        let agent = Rl2::new(
            config.clone(),
            tasks.clone(),
            environment,
            trial,
            SEED,
            device,
        );
        Self {
            config,
            tasks,
            environment,
            trial,
            agent: agent.unwrap(),
        }
    }

    fn net(&self) -> Net {
        Net {
            inputs: OBSERVED + ACTIONS + 2 + self.n_joint(),
            hidden: self.config.hidden,
            readout: self.config.readout,
            actions: ACTIONS,
        }
    }

    fn n_joint(&self) -> usize {
        usize::from(self.config.joint_input) * OBSERVED * ACTIONS
    }

    /// The trials the next iteration will see, one entry a shard.
    fn replay(&self) -> Vec<Steps> {
        let (n_episodes, n_steps) = self.trial;
        let lanes = self.config.lanes_per_shard;
        let shards = self.config.n_lanes / lanes;
        let before = self.agent.state().iteration * self.config.n_lanes as u64;
        let shard = |shard_idx: usize| {
            let mut environment = Trial::new((self.environment)(lanes), n_episodes).unwrap();
            let mut rngs = Vec::new();
            for lane in 0..lanes {
                let trial = before + (shard_idx * lanes + lane) as u64;
                let stream = |purpose| SEED.stream(purpose, trial, 0, 0);
                let task = self.tasks.sample(&mut stream(Purpose::Task));
                let dynamics = stream(Purpose::Environment);
                environment.assign(lane, &task, dynamics).unwrap();
                rngs.push(stream(Purpose::Policy));
            }
            let zero = environment.observation_space().zero();
            let mut rollout = Rollout::new(n_steps, lanes, zero, 0);
            let mut policy = self.agent.policy(lanes);
            collect(&mut environment, &mut policy, &mut rngs, &mut rollout).unwrap();
            steps::<OBSERVED, ACTIONS>(&rollout, self.n_joint())
        };
        (0..shards).map(shard).collect()
    }

    /// Iterates, and checks everything the agent tells against the reference.
    fn check_iteration(&mut self, first_of_two: bool) -> Rl2Iteration {
        let (net, config) = (self.net(), self.config.clone());
        let mut shards = self.replay();
        let theta = widen(&self.agent.state().parameters);
        let old_scale = scale(&self.agent);

        for steps in &mut shards {
            let outputs = net.forward(&theta, steps);
            let log_prob = outputs.iter().zip(&steps.action);
            let log_prob: Vec<f64> = log_prob.map(|(o, a)| o.log_prob[*a]).collect();
            assert_close(&steps.behavior_log_prob, &log_prob, 1e-5);
            let at = steps.trial_steps();
            let value = outputs.iter().zip(&at);
            let value = value.map(|(o, t)| old_scale.0[*t] + old_scale.1 * o.value);
            assert_close(&steps.value, &value.collect::<Vec<_>>(), 1e-5);

            let (discount, decay) = (f64::from(config.discount), f64::from(config.trace_decay));
            steps.advantage = steps.advantages(discount, decay);
            let targets = steps.advantage.iter().zip(&steps.value);
            steps.value_target = targets.map(|(a, v)| a + v).collect();
        }
        let all =
            |f: fn(&Steps) -> &Vec<f64>| shards.iter().flat_map(f).copied().collect::<Vec<_>>();
        let (advantage, target) = (all(|s| &s.advantage), all(|s| &s.value_target));
        let at: Vec<usize> = shards.iter().flat_map(Steps::trial_steps).collect();
        let by_step = |numbers: &[f64]| {
            let numbers_at = |t: usize| {
                let own = numbers.iter().zip(&at).filter(move |(_, at)| **at == t);
                own.map(|(x, _)| *x).collect::<Vec<f64>>()
            };
            let steps = (0..self.trial.1).map(numbers_at);
            let moments: Vec<_> = steps.map(|own| (moments(&own), own.len() as f64)).collect();
            let squares = moments
                .iter()
                .map(|((_, std), n)| std * std * n)
                .sum::<f64>();
            let mean: Vec<f64> = moments.iter().map(|((mean, _), _)| *mean).collect();
            (mean, (squares / numbers.len() as f64).sqrt())
        };
        let explained = 1.0 - (by_step(&advantage).1 / by_step(&target).1).powi(2);
        let reward = all(|s| &s.reward).iter().sum::<f64>() / config.n_lanes as f64;
        let log_prob = all(|s| &s.behavior_log_prob);
        let entropy = -moments(&log_prob).0;

        let share = if first_of_two { 1.0 } else { 0.05 };
        let blend = |old: f64, new: f64| old + share * (new - old);
        let (mean, std) = by_step(&target);
        let mean = old_scale.0.iter().zip(mean);
        let new_scale: (Vec<f64>, f64) = (
            mean.map(|(old, new)| blend(*old, new)).collect(),
            blend(old_scale.1, std),
        );
        let (mean, std) = moments(&advantage);
        for steps in &mut shards {
            steps
                .advantage
                .iter_mut()
                .for_each(|a| *a = (*a - mean) / std);
            let at = steps.trial_steps();
            for (g, t) in steps.value_target.iter_mut().zip(at) {
                *g = (*g - new_scale.0[t]) / new_scale.1;
            }
        }

        // Each epoch is one step over all shards: what the agent had after the first is what an
        // agent of one epoch ends with.
        let left = 1.0 - self.agent.state().iteration as f64 / config.n_iterations as f64;
        let weights = (
            config.clip_range,
            config.value_weight,
            left * config.entropy_weight,
        );
        let loss = |theta: &[f64]| {
            shards
                .iter()
                .map(|s| net.loss(theta, s, weights))
                .sum::<f64>()
                / shards.len() as f64
        };
        let mean_before = numbers(self.agent.state(), ["adam", "mean"]);
        let mut single = Rl2Config {
            n_epochs: 1,
            ..config.clone()
        };
        single.n_minibatches = 1;
        let mut single = Self::new(single, self.tasks.clone(), self.environment, self.trial);
        single.agent.restore(self.agent.state().clone()).unwrap();
        let once = single.agent.iterate().unwrap();
        let twice = self.agent.iterate().unwrap();

        let theta_once = widen(&single.agent.state().parameters);
        let mean_once = numbers(single.agent.state(), ["adam", "mean"]);
        let mean_twice = numbers(self.agent.state(), ["adam", "mean"]);
        let gradient = |after: &[f64], before: &[f64]| -> Vec<f64> {
            let pairs = after.iter().zip(before);
            pairs
                .map(|(after, before)| (after - 0.9 * before) / 0.1)
                .collect()
        };
        assert_close(&[once.loss], &[loss(&theta)], 1e-5);
        let first = gradient(&mean_once, &mean_before);
        assert_close(&first, &central_difference(loss, &theta), 2e-5);
        assert_close(&[2.0 * twice.loss - once.loss], &[loss(&theta_once)], 1e-5);
        let second = gradient(&mean_twice, &mean_once);
        assert_close(&second, &central_difference(loss, &theta_once), 2e-5);
        let norm = first.iter().map(|g| g * g).sum::<f64>().sqrt();
        assert_close(&[once.gradient_norm], &[norm], 1e-5);

        assert_close(&[twice.total_reward], &[reward], 1e-9);
        assert_close(&[twice.entropy], &[entropy], 1e-9);
        assert_close(&[twice.explained_variance], &[explained], 1e-4);
        let got = scale(&self.agent);
        assert_close(&got.0, &new_scale.0, 1e-5);
        assert_close(&[got.1], &[new_scale.1], 1e-5);

        // Otherwise clipping, resets and endings would not have been tested.
        let ratio = |steps: &Steps| {
            let outputs = net.forward(&theta_once, steps);
            let clipped = |row: usize| {
                let log_prob = outputs[row].log_prob[steps.action[row]];
                let ratio = (log_prob - steps.behavior_log_prob[row]).exp();
                (ratio - 1.0).abs() > config.clip_range
            };
            (0..outputs.len()).any(clipped)
        };
        assert!(shards.iter().any(ratio), "no ratio was clipped");
        let reset = |steps: &Steps| steps.first[steps.n_lanes..].contains(&true);
        assert!(shards.iter().any(reset), "no memory was reset on the way");
        twice
    }
}

fn steps<const OBSERVED: usize, const ACTIONS: usize>(
    rollout: &Rollout<metarl_core::TrialObservation<[f32; OBSERVED], usize>, usize>,
    n_joint: usize,
) -> Steps {
    let input = rollout.observation.iter().map(|seen| {
        let mut row = widen(&seen.observation);
        let done = |a| seen.previous.is_some_and(|before| before.action == a);
        row.extend((0..ACTIONS).map(|a| f64::from(u8::from(done(a)))));
        row.push(seen.previous.map_or(0.0, |before| before.reward.into()));
        row.push(f64::from(u8::from(seen.episode_start)));
        let joint = |i: usize| match seen.previous {
            Some(before) if before.action == i / OBSERVED => {
                before.observation[i % OBSERVED].into()
            }
            _ => 0.0,
        };
        row.extend((0..n_joint).map(joint));
        row
    });
    let endings = rollout.terminated.iter().zip(&rollout.truncated);
    Steps {
        n_lanes: rollout.n_lanes(),
        input: input.collect(),
        first: rollout.first.clone(),
        action: rollout.action.clone(),
        behavior_log_prob: widen(&rollout.log_prob),
        reward: widen(&rollout.reward),
        value: widen(&rollout.value),
        next_value: widen(&rollout.next_value),
        ended: endings.map(|(x, y)| *x || *y).collect(),
        ..Steps::default()
    }
}

/// Mean at each step and deviation of the units the critic predicts in.
fn scale<E, T, const OBSERVED: usize, const ACTIONS: usize>(
    agent: &Rl2<E, T, TestDevice, ACTIONS>,
) -> (Vec<f64>, f64)
where
    E: Environment<ObservationSpace = Continuous<OBSERVED>, ActionSpace = Discrete<ACTIONS>> + Sync,
    T: TaskDistribution<Task = E::Task>,
{
    let of = |name| numbers(agent.state(), ["value_scale", name]);
    (of("mean"), of("std")[0])
}

/// Two epochs of one step each, long enough to leave the clipping interval.
fn two_steps() -> Rl2Config {
    Rl2Config {
        hidden: 3,
        n_lanes: 6,
        lanes_per_shard: 2,
        n_iterations: 5,
        n_epochs: 2,
        n_minibatches: 1,
        learning_rate: 0.3,
        final_learning_rate: 0.3,
        clip_range: 0.1,
        entropy_weight: 0.2,
        max_gradient_norm: 1e9,
        ..Rl2Config::default()
    }
}

#[test]
fn an_iteration_on_bandits_is_the_equations() {
    // Trials of three pulls in rollouts of eight: memories are emptied twice, and the last trial is
    // cut and bootstrapped.
    let tasks = BernoulliBandits { n_arms: 3 };
    let environment = BernoulliBandit::<3>::new;
    let mut case = Case::<_, _, 3>::new(two_steps(), tasks, environment, (3, 8));
    case.check_iteration(true);
    case.check_iteration(false);
}

#[test]
fn an_iteration_with_a_readout_and_joint_inputs_is_the_equations() {
    let config = Rl2Config {
        n_lanes: 4,
        readout: 2,
        joint_input: true,
        learning_rate: 0.1,
        final_learning_rate: 0.1,
        ..two_steps()
    };
    let mut case = Case::<_, _, 2>::new(config, CartPoles::default(), CartPole::new, (2, 80));
    case.check_iteration(true);
}

#[test]
fn an_iteration_on_cart_poles_is_the_equations() {
    let config = Rl2Config {
        n_lanes: 4,
        ..two_steps()
    };
    let mut case = Case::<_, _, 2>::new(config, CartPoles::default(), CartPole::new, (2, 80));
    case.check_iteration(true);
}
