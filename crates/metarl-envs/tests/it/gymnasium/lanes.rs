//! One Python environment a lane.

use metarl_core::{Environment, Seed, Split, StepBatch, TaskDistribution};
use metarl_envs::CartPolePhysics;
use metarl_envs::gymnasium::{GymnasiumTask, GymnasiumTasks, Recipe};
use metarl_envs::reference::{NumpyRng, Reference};
use metarl_testkit::conformance::{self, check_distribution};
use rand::Rng as _;
use serde_json::json;

use super::{CartPole, Counter, assign, counter, gymnasium, stream};

#[test]
fn cart_pole_keeps_the_contract() {
    if !gymnasium() {
        return;
    }
    let make = |n| CartPole::new(&Recipe::new("CartPole-v1"), n).unwrap();
    let usual = GymnasiumTask::default();
    let sparse = GymnasiumTask::default().with("sutton_barto_reward", true);
    let short = GymnasiumTask::default().with("max_episode_steps", 7);
    conformance::check(make, &[usual, sparse, short], Seed::new(3), 60).unwrap();
}

#[test]
fn cart_pole_has_the_bits_of_the_native_reference() {
    if !gymnasium() {
        return;
    }
    let mut lanes = CartPole::new(&Recipe::new("CartPole-v1"), 3).unwrap();
    assign(&mut lanes, &GymnasiumTask::default());
    let mut step = StepBatch::new(3, [0.0; 4]);
    lanes.reset(&mut step.observation).unwrap();
    // What the bridge promises: the lane's stream gives one seed of 31 bits.
    let seed = |lane| u64::from(stream(lane).next_u32() >> 1);
    let mut natives: Vec<_> = (0..3)
        .map(|lane| {
            let mut native = Reference::<CartPolePhysics<f64>>::new(&Default::default()).unwrap();
            assert_eq!(native.reset(seed(lane)), step.observation[lane]);
            Some(native)
        })
        .collect();
    let mut n_ended = 0;
    for t in 0..200 {
        let action = [t % 2, (t / 2) % 2, usize::from(t % 3 == 0)];
        lanes.step(&action, &mut step).unwrap();
        for (lane, native) in natives.iter_mut().enumerate() {
            let Some(playing) = native else { continue };
            let expected = playing.step(&action[lane]).unwrap();
            assert_eq!(expected.observation, step.successor[lane]);
            assert_eq!(expected.terminated, step.terminated[lane]);
            assert_eq!(expected.reward as f32, step.reward[lane]);
            if expected.terminated {
                // The next episode goes on with the generator that the seed made.
                let mut numpy = NumpyRng::new(seed(lane));
                let draws: Vec<f32> = (0..8).map(|_| numpy.uniform(-0.05, 0.05) as f32).collect();
                assert_eq!(step.observation[lane], draws[4..]);
                *native = None;
                n_ended += 1;
            }
        }
    }
    assert_eq!(n_ended, 3);
}

#[test]
fn termination_and_truncation_are_told_apart() {
    if !gymnasium() {
        return;
    }
    let tasks = [
        GymnasiumTask::default().with("terminates", 3),
        GymnasiumTask::default().with("truncates", 4),
        // Gymnasium's own time limit, around it.
        GymnasiumTask::default().with("max_episode_steps", 2),
        // Where the process ended, nothing was left to cut.
        GymnasiumTask::default()
            .with("terminates", 5)
            .with("truncates", 5),
    ];
    let mut lanes = Counter::new(&counter(), 4).unwrap();
    for (lane, task) in tasks.iter().enumerate() {
        lanes.assign(lane, task, stream(lane)).unwrap();
    }
    let mut step = StepBatch::new(4, [0.0; 6]);
    lanes.reset(&mut step.observation).unwrap();
    let (ends, mut clock, mut opening) = ([3, 4, 2, 5], [0; 4], step.observation.clone());
    for _ in 0..20 {
        lanes.step(&[0, 1, 2, 0], &mut step).unwrap();
        for lane in 0..4 {
            clock[lane] += 1;
            let ended = clock[lane] == ends[lane];
            let action = [5.0, 6.0, 7.0, 5.0][lane];
            let [first, ..] = opening[lane];
            let reached = [first, clock[lane] as f32, action, 0.0, 1.0, 0.0];
            assert_eq!(step.successor[lane], reached);
            assert_eq!(step.reward[lane], clock[lane] as f32);
            assert_eq!(step.terminated[lane], ended && (lane == 0 || lane == 3));
            assert_eq!(step.truncated[lane], ended && (lane == 1 || lane == 2));
            if ended {
                clock[lane] = 0;
                let [first, rest @ ..] = step.observation[lane];
                assert!((1.0..100.0).contains(&first));
                assert_eq!(rest, [0.0, 0.0, 0.0, 1.0, 0.0]);
                opening[lane] = step.observation[lane];
            } else {
                assert_eq!(step.observation[lane], reached);
            }
        }
    }
}

#[test]
fn a_task_is_what_make_or_set_task_is_called_with() {
    if !gymnasium() {
        return;
    }
    let mut lanes = Counter::new(&counter().with("scale", 2), 3).unwrap();
    let tasks = [
        GymnasiumTask::default(),
        GymnasiumTask::default().with("scale", 9),
        GymnasiumTask::default().set(json!({"offset": 40})),
    ];
    for (lane, task) in tasks.iter().enumerate() {
        lanes.assign(lane, task, stream(lane)).unwrap();
    }
    let mut observation = vec![[0.0; 6]; 3];
    lanes.reset(&mut observation).unwrap();
    let seen: Vec<_> = observation.iter().map(|o| [o[3], o[4]]).collect();
    assert_eq!(seen, [[0.0, 2.0], [0.0, 9.0], [40.0, 2.0]]);

    // A lane without a new task keeps the one it has; the others change at the reset.
    lanes.assign(0, &tasks[2], stream(0)).unwrap();
    lanes.assign(2, &tasks[1], stream(2)).unwrap();
    lanes.reset(&mut observation).unwrap();
    let seen: Vec<_> = observation.iter().map(|o| [o[3], o[4]]).collect();
    assert_eq!(seen, [[40.0, 2.0], [0.0, 9.0], [0.0, 9.0]]);
}

#[test]
fn a_list_of_tasks_is_a_distribution() {
    let of = |range: std::ops::Range<i32>| {
        let task = |i| {
            GymnasiumTask::default()
                .with("terminates", i)
                .set(json!({"offset": i}))
        };
        range.map(task).collect::<Vec<_>>()
    };
    let tasks = GymnasiumTasks::new("counter/short@1", of(2..6), of(6..9)).unwrap();
    check_distribution(&tasks, 10).unwrap();
    assert_eq!(tasks.frozen(Split::Test, 4), of(6..9)[1]);

    let refused = GymnasiumTasks::new("counter/short@1", of(2..6), vec![]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the number of tasks must be at least 1, got 0"
    );
    if gymnasium() {
        let make = |n| Counter::new(&counter(), n).unwrap();
        // What one task set must not be left to the next.
        let unset = GymnasiumTask::default().with("terminates", 4);
        let tasks = [vec![unset], of(4..7)].concat();
        conformance::check(make, &tasks, Seed::new(5), 40).unwrap();
    }
}

/// Extension modules of Python hang otherwise, MuJoCo's for one; a test is a thread of its own, as a
/// worker of a training is.
#[test]
fn a_thread_is_the_same_to_python_from_call_to_call() {
    if !gymnasium() {
        return;
    }
    let played = std::thread::spawn(|| {
        let mut lanes = Counter::new(&counter(), 1).unwrap();
        assign(&mut lanes, &GymnasiumTask::default());
        let mut step = StepBatch::new(1, [0.0; 6]);
        lanes.reset(&mut step.observation).unwrap();
        lanes.step(&[0], &mut step)
    });
    assert_eq!(played.join().unwrap(), Ok(()));
}

#[test]
fn value_stability() {
    if !gymnasium() {
        return;
    }
    let mut lanes = CartPole::new(&Recipe::new("CartPole-v1"), 2).unwrap();
    assign(&mut lanes, &GymnasiumTask::default());
    let mut step = StepBatch::new(2, [0.0; 4]);
    lanes.reset(&mut step.observation).unwrap();
    let mut sum = 0.0;
    for t in 0..40 {
        lanes.step(&[t % 2, 1], &mut step).unwrap();
        sum += step
            .observation
            .as_flattened()
            .iter()
            .map(|x| f64::from(*x))
            .sum::<f64>();
    }
    assert_eq!(sum, -33.802280587056885);
}
