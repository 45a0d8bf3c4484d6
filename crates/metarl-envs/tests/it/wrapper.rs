//! Wrappers: what each changes, and that truncation stays right through all of them.

use metarl_core::{
    Continuous, Discrete, Element, Environment, Error, Lanes, Outcome, Process, Purpose, Rng, Seed,
    Space, Split, StepBatch, TaskDistribution, check_range,
};
use metarl_envs::{
    ActionRepeat, CartPolePhysics, CartPoleTask, CartPoles, ClassicControl, ClipAction,
    DynamicsSwitch, FrameStack, Pendulum, PendulumPhysics, PendulumTask, RewardDelay, RewardNoise,
    Stack, StickyAction, SwitchTask, SwitchTasks, TimeLimit,
};
use metarl_testkit::conformance::{self, Violation, check_distribution};
use proptest::prelude::*;

fn stream() -> Rng {
    Seed::new(7).stream(Purpose::Environment, 0, 0, 0)
}

/// Counts up by its task; step `s` earns `s`, terminates at `end` and is truncated after `limit`.
#[derive(Debug, Clone, Copy)]
struct Counter {
    end: u32,
    limit: u32,
}

impl Process for Counter {
    type Task = u32;
    type Model = u32;
    /// Sum, and steps.
    type State = (u32, u32);
    type ObservationSpace = Continuous<1>;
    type ActionSpace = Discrete<3>;

    const NAME: &'static str = "counter";

    fn observation_space(&self) -> Continuous<1> {
        Continuous::UNBOUNDED
    }

    fn action_space(&self) -> Discrete<3> {
        Discrete
    }

    fn max_steps(&self) -> Option<u32> {
        Some(self.limit)
    }

    fn model(&self, task: &u32) -> Result<u32, Error> {
        check_range("task", "below 1000", task, *task < 1000)?;
        Ok(*task)
    }

    fn start(&self, _: &u32, _: &mut Rng) -> (u32, u32) {
        (0, 0)
    }

    fn observe(&self, _: &u32, (sum, _): &(u32, u32)) -> [f32; 1] {
        [*sum as f32]
    }

    fn advance(
        &self,
        by: &u32,
        (sum, n_steps): &mut (u32, u32),
        action: &usize,
        _: &mut Rng,
    ) -> Outcome {
        *sum += by + 100 * *action as u32;
        *n_steps += 1;
        Outcome {
            reward: *n_steps as f32,
            terminated: *n_steps == self.end,
        }
    }
}

/// A number of steps of one lane.
fn play<P: Process>(
    process: P,
    task: &P::Task,
    actions: &[Element<P::ActionSpace>],
) -> Vec<StepBatch<Element<P::ObservationSpace>>> {
    let mut lanes = Lanes::of(process, 1);
    lanes.assign(0, task, stream()).unwrap();
    let mut step = StepBatch::new(1, lanes.observation_space().zero());
    lanes.reset(&mut step.observation).unwrap();
    let steps = actions.iter().map(|action| {
        lanes.step(&[*action], &mut step).unwrap();
        step.clone()
    });
    steps.collect()
}

fn rewards<O>(steps: &[StepBatch<O>]) -> Vec<f32> {
    steps.iter().map(|step| step.reward[0]).collect()
}

/// Steps at which episodes ended, from 1, and whether they were truncated.
fn ends<O: Copy>(steps: &[StepBatch<O>]) -> Vec<(usize, bool)> {
    let ended = steps.iter().enumerate().filter(|(_, step)| step.ended(0));
    ended.map(|(t, step)| (t + 1, step.truncated[0])).collect()
}

#[test]
fn the_earlier_limit_truncates() {
    let counter = Counter { end: 9, limit: 6 };
    let limited = |max_steps| TimeLimit {
        process: counter,
        max_steps,
    };
    assert_eq!(ends(&play(limited(4), &1, &[0; 9])), [(4, true), (8, true)]);
    assert_eq!(ends(&play(limited(8), &1, &[0; 9])), [(6, true)]);
    let ended = play(limited(4), &1, &[0; 4]);
    assert_eq!(
        (ended[3].successor[0], ended[3].observation[0]),
        ([4.0], [0.0])
    );
}

/// Seven steps in threes are three, three and one.
#[test]
fn repeated_actions_add_rewards_up_and_keep_the_limit_to_the_step() {
    let repeated = |end, limit| ActionRepeat {
        process: Counter { end, limit },
        times: 3,
    };
    let steps = play(repeated(99, 7), &1, &[0; 4]);
    assert_eq!(rewards(&steps), [6.0, 15.0, 7.0, 6.0]);
    assert_eq!(ends(&steps), [(3, true)]);
    assert_eq!(steps[2].successor[0], [7.0]);
    let steps = play(repeated(5, 7), &1, &[0; 3]);
    assert_eq!(rewards(&steps), [6.0, 9.0, 6.0]);
    assert_eq!(ends(&steps), [(2, false)]);
}

#[test]
fn a_stuck_action_is_done_again_but_not_across_episodes() {
    let sticky = |probability| StickyAction {
        process: Counter { end: 3, limit: 9 },
        probability,
    };
    let sums = |probability| -> Vec<f32> {
        let steps = play(sticky(probability), &0, &[1, 0, 2, 2, 0, 0]);
        steps.iter().map(|step| step.successor[0][0]).collect()
    };
    assert_eq!(sums(0.0), [100.0, 100.0, 300.0, 200.0, 200.0, 200.0]);
    assert_eq!(sums(1.0), [100.0, 200.0, 300.0, 200.0, 400.0, 600.0]);
    // Where the chosen action alternates, the done one differs from it if it sticks while the last one
    // was done as chosen, or does not stick... after one that was not: a share of p / (1 + p).
    let n = 20_000;
    let actions: Vec<usize> = (0..n).map(|t| t % 2).collect();
    let steps = play(
        StickyAction {
            process: Counter {
                end: 0,
                limit: u32::MAX,
            },
            probability: 0.25,
        },
        &0,
        &actions,
    );
    let sums: Vec<f32> = steps.iter().map(|step| step.successor[0][0]).collect();
    let done = sums.windows(2).map(|pair| (pair[1] - pair[0]) / 100.0);
    let differ = done
        .zip(&actions[1..])
        .filter(|(done, chosen)| *done != **chosen as f32);
    let share = differ.count() as f64 / n as f64;
    assert!((share - 0.2).abs() < 0.01, "{share}");
}

#[test]
fn delayed_rewards_are_all_paid() {
    let delayed = |end, limit| RewardDelay {
        process: Counter { end, limit },
        steps: 2,
    };
    let steps = play(delayed(5, 9), &0, &[0; 6]);
    assert_eq!(rewards(&steps), [0.0, 0.0, 1.0, 2.0, 12.0, 0.0]);
    assert_eq!(ends(&steps), [(5, false)]);
    let steps = play(delayed(9, 4), &0, &[0; 5]);
    assert_eq!(rewards(&steps), [0.0, 0.0, 1.0, 9.0, 0.0]);
    assert_eq!(ends(&steps), [(4, true)]);
}

#[test]
fn noise_has_the_deviation_it_says() {
    let noisy = RewardNoise {
        process: Counter { end: 0, limit: 1 },
        deviation: 0.5,
    };
    let got = rewards(&play(noisy, &0, &[0; 20_000]));
    let mean = got.iter().sum::<f32>() / 20_000.0;
    let variance = got.iter().map(|r| (r - mean).powi(2)).sum::<f32>() / 20_000.0;
    assert!((mean - 1.0).abs() < 0.015, "{mean}");
    assert!((variance.sqrt() - 0.5).abs() < 0.01, "{variance}");
}

#[test]
fn frames_are_the_last_ones_of_the_episode_oldest_first() {
    let stacked = FrameStack::<_, 3> {
        process: Counter { end: 99, limit: 4 },
    };
    let steps = play(stacked, &1, &[0; 5]);
    let shown: Vec<_> = steps
        .iter()
        .map(|step| step.observation[0].map(|[x]| x))
        .collect();
    let nothing = [0.0; 3];
    assert_eq!(
        shown,
        [
            [0.0, 0.0, 1.0],
            [0.0, 1.0, 2.0],
            [1.0, 2.0, 3.0],
            nothing,
            [0.0, 0.0, 1.0]
        ]
    );
    assert_eq!(steps[3].successor[0], [[2.0], [3.0], [4.0]]);
    let mut encoded = [0.0; 3];
    Stack::<Continuous<1>, 3>::encode(&[[1.0], [2.0], [3.0]], &mut encoded);
    assert_eq!(encoded, [1.0, 2.0, 3.0]);
}

#[test]
fn another_task_takes_over_in_every_episode() {
    let task = SwitchTask {
        before: 1,
        after: 10,
        at: 2,
    };
    let switched = DynamicsSwitch {
        process: Counter { end: 4, limit: 9 },
    };
    let steps = play(switched, &task, &[0; 6]);
    let reached: Vec<f32> = steps.iter().map(|step| step.successor[0][0]).collect();
    assert_eq!(reached, [1.0, 2.0, 12.0, 22.0, 1.0, 2.0]);
    let bad = SwitchTask {
        after: 5000,
        ..task
    };
    let refused = Lanes::of(switched, 1)
        .assign(0, &bad, stream())
        .unwrap_err();
    assert_eq!(refused.to_string(), "task must be below 1000, got 5000");
}

#[test]
fn both_tasks_of_a_switch_are_drawn_and_so_is_the_step() {
    let tasks = SwitchTasks {
        tasks: CartPoles::REGULAR,
        earliest: 3,
        span: 2,
    };
    let mut seen = [false; 3];
    for index in 0..100 {
        let task = tasks.frozen(Split::Test, index);
        assert_ne!(task.before, task.after);
        seen[task.at as usize - 3] = true;
    }
    assert_eq!(seen, [true; 3]);
    check_distribution(&tasks, 20).unwrap();
}

#[test]
fn clipped_actions_are_those_at_the_bounds() {
    let clipped = ClipAction {
        process: ClassicControl::<PendulumPhysics<f32>>::default(),
    };
    let task = PendulumTask::default();
    let bounds = play(clipped, &task, &[[2.0], [-2.0], [0.5]]);
    assert_eq!(play(clipped, &task, &[[9.0], [-1e30], [0.5]]), bounds);
    let mut lanes = Lanes::of(clipped, 1);
    lanes.assign(0, &task, stream()).unwrap();
    let mut step = StepBatch::new(1, [0.0; 3]);
    lanes.reset(&mut step.observation).unwrap();
    let refused = lanes.step(&[[f32::NAN]], &mut step);
    assert!(matches!(refused, Err(Error::InvalidAction { .. })));
    let mut plain = Pendulum::new(1);
    plain.assign(0, &task, stream()).unwrap();
    plain.reset(&mut step.observation).unwrap();
    assert!(matches!(
        plain.step(&[[9.0]], &mut step),
        Err(Error::InvalidAction { .. })
    ));
}

#[test]
fn wrappers_out_of_range_are_named() {
    let counter = Counter { end: 1, limit: 1 };
    fn refused<P: Process<Task = u32>>(process: P) -> String {
        let mut lanes = Lanes::of(process, 1);
        lanes.assign(0, &0, stream()).unwrap_err().to_string()
    }
    let sticky = |probability| StickyAction {
        process: counter,
        probability,
    };
    assert_eq!(
        refused(sticky(1.5)),
        "probability must be in [0, 1], got 1.5"
    );
    assert_eq!(
        refused(sticky(f64::NAN)),
        "probability must be in [0, 1], got NaN"
    );
    let noise = RewardNoise {
        process: counter,
        deviation: -1.0,
    };
    assert_eq!(
        refused(noise),
        "deviation must be at least 0 and finite, got -1"
    );
    let repeat = ActionRepeat {
        process: counter,
        times: 0,
    };
    assert_eq!(refused(repeat), "times must be at least 1, got 0");
    let limit = TimeLimit {
        process: counter,
        max_steps: 0,
    };
    assert_eq!(refused(limit), "max_steps must be at least 1, got 0");
}

/// All of them at once are still an environment.
#[test]
fn wrappers_keep_the_contract_of_an_environment() -> Result<(), Violation> {
    let make = |n_lanes| {
        let process = DynamicsSwitch {
            process: ClassicControl::<CartPolePhysics<f32>>::default(),
        };
        let process = StickyAction {
            process,
            probability: 0.25,
        };
        let process = ActionRepeat { process, times: 2 };
        let process = RewardDelay { process, steps: 3 };
        let process = RewardNoise {
            process,
            deviation: 0.1,
        };
        let process = TimeLimit {
            process,
            max_steps: 11,
        };
        Lanes::of(FrameStack::<_, 4> { process }, n_lanes)
    };
    let usual = CartPoleTask::default();
    let heavy = CartPoleTask { mass: 0.9, ..usual };
    let tasks = [(usual, heavy, 5), (heavy, usual, 0)].map(|(before, after, at)| SwitchTask {
        before,
        after,
        at,
    });
    conformance::check(make, &tasks, Seed::new(1), 60)
}

proptest! {
    /// Where episodes end, and how, does not depend on what a wrapper does to rewards, actions and
    /// observations; and a repeated action ends them where the process does.
    #[test]
    fn truncation_stays_truncation(end in 1_u32..12, limit in 1_u32..12, times in 1_u32..5) {
        let process = Counter { end, limit };
        let actions = [0; 40];
        let plain = ends(&play(process, &1, &actions));
        prop_assert_eq!(&ends(&play(StickyAction { process, probability: 0.5 }, &1, &actions)), &plain);
        prop_assert_eq!(&ends(&play(RewardNoise { process, deviation: 1.0 }, &1, &actions)), &plain);
        prop_assert_eq!(&ends(&play(RewardDelay { process, steps: 3 }, &1, &actions)), &plain);
        prop_assert_eq!(&ends(&play(FrameStack::<_, 2> { process }, &1, &actions)), &plain);
        let (length, truncated) = plain[0];
        let repeated = ends(&play(ActionRepeat { process, times }, &1, &actions));
        prop_assert_eq!(repeated[0], (length.div_ceil(times as usize), truncated));
        let limited = ends(&play(TimeLimit { process, max_steps: 5 }, &1, &actions));
        let expected = if length <= 5 { (length, truncated) } else { (5, true) };
        // A terminal step at the limit terminates.
        prop_assert_eq!(limited[0], expected);
    }

    #[test]
    fn a_delay_changes_no_return(end in 1_u32..12, limit in 1_u32..12, steps in 0_usize..15) {
        let process = Counter { end, limit };
        let length = end.min(limit) as usize;
        let sum = |rewards: Vec<f32>| rewards.iter().sum::<f32>();
        let delayed = rewards(&play(RewardDelay { process, steps }, &1, &vec![0; length]));
        prop_assert_eq!(sum(delayed), sum(rewards(&play(process, &1, &vec![0; length]))));
    }
}
