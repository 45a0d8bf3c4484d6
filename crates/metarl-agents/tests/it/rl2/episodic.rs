//! An agent that recalls: what comes back, when, and to whom.

use dfdx::prelude::Cpu;
use metarl_agents::{Core, Error, Rl2, Rl2Config, Trainer};
use metarl_core::{DecisionBatch, Policy, PreviousStep, Purpose, Seed, TrialObservation};
use metarl_envs::{BarcodeBandit, BarcodeTasks, BernoulliBandit, BernoulliBandits};
use metarl_testkit::gradient::assert_close;

use super::tiny;
use crate::support::{on_threads, through_json, widen};

type Agent = Rl2<BarcodeBandit, BarcodeTasks, Cpu, 10>;
type Seen = TrialObservation<[f32; 10], usize>;

const HIDDEN: usize = 4;
/// Observation, action, reward and flag.
const INPUTS: usize = 22;

fn config(core: Core) -> Rl2Config {
    Rl2Config {
        core,
        hidden: HIDDEN,
        n_trials: 5,
        ..tiny()
    }
}

fn agent(core: Core, parameters: impl Fn(usize) -> f32) -> Agent {
    with_parameters(fresh(config(core)), parameters)
}

fn with_parameters(mut agent: Agent, parameters: impl Fn(usize) -> f32) -> Agent {
    let mut state = agent.state().clone();
    let all = state.parameters.iter_mut().enumerate();
    all.for_each(|(i, theta)| *theta = parameters(i));
    agent.restore(state).unwrap();
    agent
}

fn fresh(config: Rl2Config) -> Agent {
    let (trial, seed) = ((1, 10), Seed::new(3));
    Rl2::new(
        config,
        BarcodeTasks,
        BarcodeBandit::new,
        trial,
        seed,
        Cpu::default(),
    )
    .unwrap()
}

/// Numbers that look like nothing in particular.
fn some(i: usize) -> f32 {
    (i as f32 * 12.9898).sin()
}

fn code(number: usize) -> [f32; 10] {
    std::array::from_fn(|bit| ((number >> bit) & 1) as f32)
}

/// The steps of a trial under a barcode; rewards depend on `salt`.
fn trial(number: usize, n_steps: usize, salt: usize) -> Vec<(Seen, bool)> {
    let observation = code(number);
    let step = |t: usize| {
        let previous = (t > 0).then(|| PreviousStep {
            observation,
            action: (t + salt) % 10,
            reward: ((t * salt) % 3) as f32,
        });
        let seen = TrialObservation {
            observation,
            previous,
            episode_start: t == 0,
        };
        (seen, t == 0)
    };
    (0..n_steps).map(step).collect()
}

/// The values an agent sees in trials of one lane, one after another.
fn values(agent: &Agent, steps: &[(Seen, bool)]) -> Vec<f64> {
    let mut policy = agent.policy(1);
    let mut rngs = [Seed::new(1).stream(Purpose::Policy, 0, 0, 0)];
    let mut decision = DecisionBatch::new(1, 0);
    let value = |(seen, first): &(Seen, bool)| {
        policy
            .act(&[*seen], &[*first], &mut rngs, &mut decision)
            .unwrap();
        f64::from(decision.value[0])
    };
    steps.iter().map(value).collect()
}

/// Parameters of the network in double precision, by their place in the layout.
struct Reference {
    theta: Vec<f64>,
}

impl Reference {
    fn of(agent: &Agent) -> Self {
        Self {
            theta: widen(&agent.state().parameters),
        }
    }

    /// `(h', c')` by the equations.
    fn step(&self, x: &[f64], m: &[f64], h: &[f64], c: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let width = 5 * HIDDEN;
        let (wi, rest) = self.theta.split_at(INPUTS * width);
        let (wh, rest) = rest.split_at(HIDDEN * width);
        let gate = |g: usize, k: usize| {
            let column = g * HIDDEN + k;
            let dot = |x: &[f64], w: &[f64]| -> f64 {
                x.iter()
                    .enumerate()
                    .map(|(i, x)| x * w[i * width + column])
                    .sum()
            };
            dot(x, wi) + dot(h, wh) + rest[column]
        };
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let cells: Vec<f64> = (0..HIDDEN)
            .map(|k| {
                let written = sigmoid(gate(0, k)) * gate(2, k).tanh();
                sigmoid(gate(1, k)) * c[k] + written + sigmoid(gate(4, k)) * m[k]
            })
            .collect();
        let states = (0..HIDDEN).map(|k| sigmoid(gate(3, k)) * cells[k].tanh());
        (states.collect(), cells)
    }

    fn value(&self, h: &[f64]) -> f64 {
        let policy = 5 * HIDDEN * (INPUTS + HIDDEN + 1) + HIDDEN * 10 + 10;
        let (weight, bias) = self.theta[policy..].split_at(HIDDEN);
        h.iter().zip(weight).map(|(h, w)| h * w).sum::<f64>() + bias[0]
    }

    /// The value of every step, with a list for a memory: the state is that of the nearest barcode, if
    /// it is near enough.
    fn values(&self, steps: &[(Seen, bool)], recall_distance: f64) -> Vec<f64> {
        let zero = vec![0.0; HIDDEN];
        let mut memory: Vec<([f32; 10], Vec<f64>)> = Vec::new();
        let (mut h, mut c, mut m) = (zero.clone(), zero.clone(), zero.clone());
        let mut context = None;
        let mut values = Vec::new();
        for (seen, first) in steps {
            if *first {
                if let Some(ended) = context.replace(seen.observation) {
                    memory.retain(|(key, _)| *key != ended);
                    memory.push((ended, c.clone()));
                }
                let distance = |key: &[f32; 10]| {
                    let bits = key.iter().zip(&seen.observation);
                    bits.filter(|(a, b)| a != b).count()
                };
                let nearest = memory.iter().min_by_key(|(key, _)| distance(key));
                // Of two bits that differ the distance is √2.
                let near = |(key, _): &&_| (distance(key) as f64).sqrt() <= recall_distance;
                let nearest = nearest.filter(near);
                m = nearest.map_or_else(
                    || zero.clone(),
                    |(_, cell)| cell.iter().map(|c| c.tanh()).collect(),
                );
                (h, c) = (zero.clone(), zero.clone());
            }
            let mut x: Vec<f64> = widen(&seen.observation);
            x.resize(INPUTS, 0.0);
            if let Some(previous) = &seen.previous {
                x[10 + previous.action] = 1.0;
                x[20] = f64::from(previous.reward);
            }
            x[21] = f64::from(u8::from(seen.episode_start));
            (h, c) = self.step(&x, &m, &h, &c);
            values.push(self.value(&h));
        }
        values
    }
}

#[test]
fn an_epoch_is_the_equations_with_a_list_for_a_memory() {
    // Barcodes at different distances from one another, two of which come back.
    let epoch = [
        (0b1, 3, 1),
        (0b11111, 4, 2),
        (0b1, 2, 5),
        (0b10111, 3, 4),
        (0b11111, 3, 7),
    ];
    let steps: Vec<_> = epoch
        .iter()
        .flat_map(|(n, len, salt)| trial(*n, *len, *salt))
        .collect();
    let mut all = Vec::new();
    for recall_distance in [0.0, 1.1, 9.0] {
        let mut config = config(Core::EpisodicLstm);
        config.recall_distance = recall_distance;
        let agent = with_parameters(fresh(config), some);
        let values = values(&agent, &steps);
        let expected = Reference::of(&agent).values(&steps, recall_distance.into());
        assert_close(&values, &expected, 1e-5);
        all.push(values);
    }
    assert!(
        all[0] != all[1] && all[1] != all[2],
        "each distance recalls other trials"
    );
}

#[test]
fn only_an_agent_that_recalls_knows_a_context_again() {
    for (core, recalls) in [
        (Core::Gru, false),
        (Core::Lstm, false),
        (Core::EpisodicLstm, true),
    ] {
        let agent = agent(core, some);
        let again: Vec<_> = [trial(5, 4, 1), trial(5, 4, 1)].concat();
        let values = values(&agent, &again);
        assert_eq!(values[..4] != values[4..], recalls, "{core:?}");
    }
}

#[test]
fn with_the_gate_closed_it_is_a_long_short_term_memory() {
    let width = 5 * HIDDEN;
    let bias = (INPUTS + HIDDEN) * width..(INPUTS + HIDDEN + 1) * width;
    let closed = move |i: usize| {
        if i < bias.end && i % width >= 4 * HIDDEN {
            // Far to the left of where a sigmoid is anything but 0.
            if bias.contains(&i) { -1e4 } else { 0.0 }
        } else {
            some(i)
        }
    };
    // The same parameters without the columns of the fifth gate.
    let n = (INPUTS + HIDDEN + 1) * width;
    let kept: Vec<usize> = (0..n).filter(|i| i % width < 4 * HIDDEN).collect();
    let without = |i: usize| match kept.get(i) {
        Some(from) => some(*from),
        None => some(n + i - kept.len()),
    };
    let steps: Vec<_> = [trial(5, 4, 1), trial(9, 4, 3), trial(5, 4, 1)].concat();
    let plain = values(&agent(Core::Lstm, without), &steps);
    let episodic = values(&agent(Core::EpisodicLstm, closed), &steps);
    assert_close(&episodic, &plain, 1e-6);
}

#[test]
fn lanes_do_not_share_their_memories() {
    let agent = agent(Core::EpisodicLstm, some);
    let lanes = [
        [trial(5, 3, 1), trial(5, 3, 2), trial(6, 3, 3)].concat(),
        [trial(6, 3, 4), trial(5, 3, 5), trial(6, 3, 6)].concat(),
    ];
    let mut policy = agent.policy(2);
    let mut rngs = [0, 1].map(|lane| Seed::new(1).stream(Purpose::Policy, 0, lane, 0));
    let mut decision = DecisionBatch::new(2, 0);
    let alone = [0, 1].map(|lane| values(&agent, &lanes[lane]));
    for t in 0..9 {
        let [(a, first), (b, _)] = [lanes[0][t], lanes[1][t]];
        policy
            .act(&[a, b], &[first; 2], &mut rngs, &mut decision)
            .unwrap();
        let expected = [alone[0][t], alone[1][t]];
        assert_close(&widen(&decision.value), &expected, 1e-6);
    }
}

#[test]
fn every_epoch_begins_with_an_empty_memory() {
    let agent = agent(Core::EpisodicLstm, some);
    let steps = [trial(5, 4, 1), trial(5, 4, 2)].concat();
    assert_eq!(values(&agent, &steps), values(&agent, &steps));
    // Nothing is known in a first trial, whatever was played before by another policy.
    assert_eq!(values(&agent, &steps)[..4], values(&agent, &trial(5, 4, 1)));
}

#[test]
fn the_loss_sees_what_was_recalled_when_it_was_acted_on() {
    // With steps too small to be seen, the policy that learns is the one that acted: every ratio is 1,
    // and the surrogate is the mean of the normalized advantages, which is 0. The critic has no weight.
    let mut agent = fresh(Rl2Config {
        learning_rate: 1e-12,
        entropy_weight: 0.0,
        value_weight: 0.0,
        ..config(Core::EpisodicLstm)
    });
    let mut state = agent.state().clone();
    let all = state.parameters.iter_mut().enumerate();
    all.for_each(|(i, theta)| *theta = 3.0 * some(i));
    agent.restore(state).unwrap();
    let done = agent.iterate().unwrap();
    assert!(done.loss.abs() < 1e-5, "{}", done.loss);
}

fn trained(n_threads: usize, n_iterations: usize) -> Agent {
    on_threads(n_threads, || {
        let mut agent = fresh(config(Core::EpisodicLstm));
        for _ in 0..n_iterations {
            agent.iterate().unwrap();
        }
        agent
    })
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let (one, three) = (trained(1, 2), trained(3, 2));
    assert_eq!(one.state(), three.state());
    let epochs = |agent: &Agent| agent.evaluate_epochs(BarcodeBandit::new, 6, Seed::new(2));
    assert_eq!(
        epochs(&one).unwrap(),
        on_threads(3, || epochs(&three).unwrap())
    );
}

#[test]
fn a_run_that_was_kept_and_resumed_ends_in_the_same_bits() {
    let mut whole = trained(1, 1);
    let kept = through_json(whole.state());
    let mut resumed = fresh(config(Core::EpisodicLstm));
    resumed.restore(kept).unwrap();
    for _ in 0..2 {
        assert_eq!(resumed.iterate().unwrap(), whole.iterate().unwrap());
    }
    assert_eq!(resumed.state(), whole.state());
}

#[test]
fn an_epoch_has_all_its_trials() {
    let epochs =
        fresh(config(Core::EpisodicLstm)).evaluate_epochs(BarcodeBandit::new, 7, Seed::new(2));
    let epochs = epochs.unwrap();
    assert_eq!(epochs.len(), 7);
    for epoch in &epochs {
        assert_eq!(epoch.len(), 5);
        assert!(
            epoch
                .iter()
                .all(|trial| (0.0..=10.0).contains(&trial.total_reward))
        );
    }
    assert_ne!(epochs[0], epochs[1]);
}

#[test]
fn an_environment_without_a_context_is_refused() {
    let (tasks, trial) = (BernoulliBandits { n_arms: 2 }, (3, 3));
    let (config, seed) = (config(Core::EpisodicLstm), Seed::new(0));
    let made = Rl2::<_, _, _, 2>::new(
        config,
        tasks,
        BernoulliBandit::<2>::new,
        trial,
        seed,
        Cpu::default(),
    );
    assert!(matches!(made, Err(Error::Memory(_))), "{:?}", made.err());
}
