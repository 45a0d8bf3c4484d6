//! Meta-World and Atari, played for real where they are installed.

use metarl_core::{Environment, Space, Split, StepBatch, TaskDistribution};
use metarl_envs::gymnasium::{Atari, GymnasiumTask, MetaWorld};
use metarl_testkit::conformance::check_distribution;

use super::{assign, gymnasium, present, stream};

#[test]
fn meta_world_tasks_are_numbered() {
    for (benchmark, n_train, n_test) in [
        (MetaWorld::Ml1("reach-v3".to_owned()), 50, 50),
        (MetaWorld::Ml10, 500, 250),
        (MetaWorld::Ml45, 2250, 250),
    ] {
        check_distribution(&benchmark, 10).unwrap();
        assert_eq!(benchmark.n_tasks(Split::Train), n_train);
        assert_eq!(benchmark.n_tasks(Split::Test), n_test);
        let last = benchmark.frozen(Split::Test, n_test - 1);
        assert_eq!(last.set_task, Some((n_test - 1).into()));
        assert_eq!(
            benchmark.frozen(Split::Test, n_test),
            benchmark.frozen(Split::Test, 0)
        );
    }
}

/// Two training goals, a test goal, and the first again: goals are hidden, and rewards tell them
/// apart. An episode is cut after 500 steps.
#[test]
fn meta_world_reach() {
    if !gymnasium() {
        return;
    }
    let reach = MetaWorld::Ml1("reach-v3".to_owned());
    let lanes = reach.lanes(4);
    if !present(&lanes) {
        return;
    }
    let mut lanes = lanes.unwrap();
    let goals = [
        (Split::Train, 0),
        (Split::Train, 1),
        (Split::Test, 0),
        (Split::Train, 0),
    ];
    for (lane, (split, index)) in goals.into_iter().enumerate() {
        lanes
            .assign(lane, &reach.frozen(split, index), stream(lane))
            .unwrap();
    }
    let mut step = StepBatch::new(4, [0.0; 39]);
    lanes.reset(&mut step.observation).unwrap();
    let mut returns = [0.0; 4];
    for t in 1..=501 {
        lanes.step(&[[0.3, 0.1, 0.2, 0.0]; 4], &mut step).unwrap();
        assert_eq!(
            (&step.terminated, &step.truncated),
            (&vec![false; 4], &vec![t == 500; 4])
        );
        for (sum, reward) in returns.iter_mut().zip(&step.reward) {
            assert!((0.0..=10.0).contains(reward));
            *sum += f64::from(*reward);
        }
        for observation in &step.observation {
            assert_eq!(observation[36..], [0.0; 3]);
        }
    }
    assert_eq!(returns[0], returns[3]);
    assert!(returns[0] != returns[1] && returns[1] != returns[2] && returns[0] != returns[2]);
}

#[test]
fn breakout() {
    if !gymnasium() {
        return;
    }
    let games = Atari::<4>::game("Breakout", 2);
    if !present(&games) {
        return;
    }
    let mut games = games.unwrap();
    let space = games.observation_space();
    assert_eq!((space.low, space.high), (0.0, 255.0));
    let short = GymnasiumTask::default().with("max_num_frames_per_episode", 400);
    let mut run = || {
        assign(&mut games, &short);
        let mut step = StepBatch::new(2, space.zero());
        games.reset(&mut step.observation).unwrap();
        assert!(step.observation[0].iter().any(|pixel| *pixel > 0.0));
        let mut seen = vec![];
        for t in 0..150 {
            games.step(&[t % 4, 2], &mut step).unwrap();
            assert!(step.successor.iter().all(|frames| space.contains(frames)));
            for lane in 0..2 {
                let differ = step.observation[lane] != step.successor[lane];
                assert_eq!(differ, step.ended(lane));
            }
            let sum = step
                .observation
                .as_flattened()
                .iter()
                .map(|x| f64::from(*x))
                .sum::<f64>();
            seen.push((sum, step.truncated.clone()));
        }
        seen
    };
    let seen = run();
    assert!(seen.iter().any(|(_, truncated)| truncated.contains(&true)));
    assert_eq!(seen, run());
}

#[test]
fn breakout_has_four_actions() {
    if !gymnasium() || !present(&Atari::<4>::game("Breakout", 1)) {
        return;
    }
    let refused = Atari::<18>::game("Breakout", 1).unwrap_err().to_string();
    assert!(
        refused.contains("Discrete(4), not Discrete<18>"),
        "{refused}"
    );
    let unknown = Atari::<4>::game("Breakfast", 1).unwrap_err().to_string();
    assert!(unknown.contains("Breakfast"), "{unknown}");
}
