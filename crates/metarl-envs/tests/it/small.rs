//! Rooms, bits, barcodes and falling balls: what is best, what is not allowed, the contract.

use metarl_core::{
    Element, Environment, Lanes, Process, Purpose, Rng, Seed, Space, Split, StepBatch,
    TaskDistribution,
};
use metarl_envs::{
    Arm, BarcodeBandit, BarcodeProcess, BarcodeTask, BarcodeTasks, BitFlipping, BitFlippingTask,
    BitGoal, Catch, CatchProcess, CatchTask, CatchTasks, DarkRoom, DarkRoomProcess, DarkRoomTask,
    DarkRooms, GridNavi, GridNaviProcess, GridNaviTask, GridNaviTasks, Move, RandomWalk,
    RandomWalkProcess, RandomWalkTask, SignalAndNoise, SignalAndNoiseProcess, SignalAndNoiseTask,
    TMaze, TMazeProcess, TMazeTask, TMazes, random_walk_value, signal_and_noise_value,
};
use metarl_testkit::conformance::{self, Violation, check_distribution};
use proptest::prelude::*;

fn stream(episode: u64) -> Rng {
    Seed::new(7).stream(Purpose::Environment, 0, 0, episode)
}

/// Returns of this many episodes of a task, one after the other.
fn returns<P: Process + Default>(
    task: &P::Task,
    n_episodes: usize,
    mut policy: impl FnMut(&Element<P::ObservationSpace>) -> Element<P::ActionSpace>,
) -> Vec<f64> {
    let mut lanes = Lanes::<P>::new(1);
    lanes.assign(0, task, stream(0)).unwrap();
    let mut step = StepBatch::new(1, lanes.observation_space().zero());
    lanes.reset(&mut step.observation).unwrap();
    let mut returns = vec![0.0];
    while returns.len() <= n_episodes {
        let action = policy(&step.observation[0]);
        lanes.step(&[action], &mut step).unwrap();
        *returns.last_mut().unwrap() += f64::from(step.reward[0]);
        if step.ended(0) {
            returns.push(0.0);
        }
    }
    returns.truncate(n_episodes);
    returns
}

fn cell(observation: &[f32; 2]) -> [u8; 2] {
    observation.map(|x| x as u8)
}

#[test]
fn knowing_the_goal_of_grid_navi_earns_11_07() {
    let goals = (0..5_u8).flat_map(|x| (0..5_u8).map(move |y| [x, y]));
    let goals: Vec<_> = goals.filter(|goal| goal.iter().any(|c| *c > 1)).collect();
    assert_eq!(goals.len(), 21);
    let of = |goal: [u8; 2]| {
        let task = GridNaviTask { goal };
        returns::<GridNaviProcess>(&task, 1, |at| Move::towards(cell(at), goal))[0]
    };
    let total: f64 = goals.into_iter().map(of).sum();
    assert!((total / 21.0 - (16.1 - 1.1 * 96.0 / 21.0)).abs() < 1e-5);
    // 14 steps at −0.1 where one never goes.
    let task = GridNaviTask { goal: [4, 4] };
    let stays = returns::<GridNaviProcess>(&task, 1, |_| 0)[0];
    assert!((stays + 1.5).abs() < 1e-6);
}

#[test]
fn knowing_the_goal_of_a_dark_room_earns_91_99() {
    let goals = (0..10_u8).flat_map(|x| (0..10_u8).map(move |y| [x, y]));
    let of = |goal: [u8; 2]| {
        let task = DarkRoomTask { goal };
        returns::<DarkRoomProcess>(&task, 1, |at| Move::towards(cell(at), goal))[0]
    };
    let total: f64 = goals.map(of).sum();
    assert!((total / 100.0 - 91.99).abs() < 1e-9, "{}", total / 100.0);
}

#[test]
fn a_sign_in_a_t_maze_is_worth_remembering() {
    let task = |prize, sign| TMazeTask {
        length: 3,
        prize,
        sign,
    };
    for (prize, arm) in [(Arm::Up, 0), (Arm::Down, 2)] {
        let mut remembered = 0;
        let follow = |seen: &usize| match seen {
            0 | 1 => {
                remembered = 2 * seen;
                1
            }
            2 => 1,
            _ => remembered,
        };
        assert_eq!(
            returns::<TMazeProcess>(&task(prize, true), 2, follow),
            [4.0, 4.0]
        );
        let choose = |arm: usize| move |seen: &usize| if *seen == 3 { arm } else { 1 };
        assert_eq!(
            returns::<TMazeProcess>(&task(prize, false), 1, choose(arm)),
            [4.0]
        );
        let wrong = returns::<TMazeProcess>(&task(prize, false), 1, choose(2 - arm))[0];
        assert!((wrong + 0.1).abs() < 1e-6);
    }
    // Two hundred times into the wall.
    let stuck = returns::<TMazeProcess>(&task(Arm::Up, false), 1, |_| 0)[0];
    assert!((stuck + 20.0).abs() < 1e-4);
}

#[test]
fn flipping_the_bits_that_differ_earns_1_minus_their_number() {
    let n_differ = |seen: &metarl_envs::BitsAndGoal<8>| {
        let pairs = seen.bits.iter().zip(&seen.goal);
        pairs.filter(|(bit, goal)| bit != goal).count()
    };
    let mut lanes = BitFlipping::<8>::new(1);
    lanes.assign(0, &BitFlippingTask, stream(0)).unwrap();
    let mut step = StepBatch::new(1, BitGoal::<8>.zero());
    lanes.reset(&mut step.observation).unwrap();
    let mut n_easy = 0;
    for _ in 0..1000 {
        let d = n_differ(&step.observation[0]);
        n_easy += usize::from(d == 0);
        let mut earned = 0.0;
        loop {
            let seen = step.observation[0];
            let differs = (0..8).find(|i| seen.bits[*i] != seen.goal[*i]);
            lanes.step(&[differs.unwrap_or(0)], &mut step).unwrap();
            earned += step.reward[0];
            if step.ended(0) {
                break;
            }
        }
        assert!(step.terminated[0] && n_differ(&step.successor[0]) == 0);
        // Bits that agree from the start are flipped away and back.
        let want = if d == 0 { -1.0 } else { 1.0 - d as f32 };
        assert_eq!(earned, want, "{d} bits differ");
    }
    assert!(n_easy > 0, "one in 256 episodes starts at its goal");
    let mut encoded = [0.5; 4];
    let mut pair = BitGoal::<2>.zero();
    pair.goal[1] = true;
    BitGoal::encode(&pair, &mut encoded);
    assert_eq!(encoded, [0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn a_barcode_names_the_arm_that_pays() {
    let task = BarcodeTasks.frozen(Split::Train, 0);
    let arm = |seen: &[f32; 10]| {
        let code = seen.map(|x| x > 0.5);
        let context = task.barcode.iter().position(|c| *c == code).unwrap();
        task.good_arm[context]
    };
    let knows = returns::<BarcodeProcess>(&task, 2000, arm);
    let mean = |returns: &[f64]| returns.iter().sum::<f64>() / returns.len() as f64;
    // The standard error of 2000 episodes is 0.021.
    assert!((mean(&knows) - 9.0).abs() < 0.08, "{}", mean(&knows));
    let one = returns::<BarcodeProcess>(&task, 2000, |_| 4);
    assert!((mean(&one) - 1.8).abs() < 0.2, "{}", mean(&one));
}

#[test]
fn every_bandit_of_an_epoch_comes_ten_times() {
    let task = BarcodeTasks.frozen(Split::Train, 1);
    let mut seen = Vec::new();
    returns::<BarcodeProcess>(&task, 200, |code| {
        seen.push(
            task.barcode
                .iter()
                .position(|c| c.map(f32::from_bool) == *code)
                .unwrap(),
        );
        0
    });
    for epoch in seen.chunks(1000) {
        for context in 0..10 {
            assert_eq!(epoch.iter().filter(|c| **c == context).count(), 100);
        }
    }
    assert_ne!(seen[..1000], seen[1000..], "in another order");
}

trait FromBool {
    fn from_bool(bit: bool) -> Self;
}

impl FromBool for f32 {
    fn from_bool(bit: bool) -> Self {
        Self::from(u8::from(bit))
    }
}

#[test]
fn a_ball_is_caught_by_who_follows_it() {
    let follow = |mirrored: bool| {
        move |board: &[f32; 50]| {
            let column = |rows: std::ops::Range<usize>| {
                let start = rows.start * 5;
                board[start..rows.end * 5]
                    .iter()
                    .position(|x| *x == 1.0)
                    .unwrap()
                    % 5
            };
            let (ball, paddle) = (column(0..9), column(9..10));
            let action = 1 + usize::from(ball > paddle) - usize::from(ball < paddle);
            if mirrored { 2 - action } else { action }
        }
    };
    for mirrored in [false, true] {
        let task = CatchTask { mirrored };
        assert_eq!(
            returns::<CatchProcess>(&task, 20, follow(mirrored)),
            [1.0; 20]
        );
        let against = returns::<CatchProcess>(&task, 20, follow(!mirrored));
        assert!(
            against.iter().filter(|r| **r < 0.0).count() > 10,
            "{against:?}"
        );
    }
}

/// The mean return is the value of the start.
#[test]
fn chains_are_worth_what_they_say() {
    let walks = returns::<RandomWalkProcess<5>>(&RandomWalkTask, 20_000, |_| 0);
    let mean = walks.iter().sum::<f64>() / walks.len() as f64;
    // Three standard errors of a fair coin are 0.011.
    assert!((mean - random_walk_value(2, 5)).abs() < 0.011, "{mean}");
    assert_eq!(
        [0, 4].map(|i| random_walk_value(i, 5)),
        [1.0 / 6.0, 5.0 / 6.0]
    );

    let chains = returns::<SignalAndNoiseProcess>(&SignalAndNoiseTask, 20_000, |_| 0);
    let n = chains.len() as f64;
    let mean = chains.iter().sum::<f64>() / n;
    let variance = chains.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / n;
    assert!((mean - signal_and_noise_value(0)).abs() < 0.05, "{mean}");
    assert!(
        (variance - 5.0).abs() < 0.2,
        "five rewards are noise: {variance}"
    );
    assert!((signal_and_noise_value(0) - 0.5).abs() < 1e-12);
    assert!((signal_and_noise_value(9) - 0.1).abs() < 1e-12);
}

#[test]
fn small_environments_keep_the_contract() -> Result<(), Violation> {
    let seed = Seed::new(1);
    let goals = [[4, 4], [0, 2]].map(|goal| GridNaviTask { goal });
    conformance::check(GridNavi::new, &goals, seed, 40)?;
    let goals = [[9, 9], [0, 0]].map(|goal| DarkRoomTask { goal });
    conformance::check(DarkRoom::new, &goals, seed, 220)?;
    let mazes = [true, false].map(|sign| TMazeTask {
        length: 2,
        prize: Arm::Down,
        sign,
    });
    conformance::check(TMaze::new, &mazes, seed, 450)?;
    conformance::check(BitFlipping::<6>::new, &[BitFlippingTask], seed, 60)?;
    let epochs = [0, 1].map(|i| BarcodeTasks.frozen(Split::Test, i));
    conformance::check(BarcodeBandit::new, &epochs, seed, 60)?;
    let games = [true, false].map(|mirrored| CatchTask { mirrored });
    conformance::check(Catch::new, &games, seed, 60)?;
    conformance::check(RandomWalk::<5>::new, &[RandomWalkTask], seed, 60)?;
    conformance::check(SignalAndNoise::new, &[SignalAndNoiseTask], seed, 60)?;
    check_distribution(&GridNaviTasks, 20)?;
    check_distribution(&DarkRooms, 20)?;
    check_distribution(
        &TMazes {
            length: 5,
            sign: true,
        },
        20,
    )?;
    check_distribution(&BarcodeTasks, 20)?;
    check_distribution(&CatchTasks::Either, 20)
}

#[test]
fn what_is_not_allowed_is_named() {
    let refused = |result: Result<(), metarl_core::Error>| result.unwrap_err().to_string();
    let task = GridNaviTask { goal: [5, 0] };
    let message = refused(GridNavi::new(1).assign(0, &task, stream(0)));
    assert_eq!(message, "goal must be a cell of the 5 × 5, got [5, 0]");
    let task = DarkRoomTask { goal: [0, 10] };
    let message = refused(DarkRoom::new(1).assign(0, &task, stream(0)));
    assert_eq!(message, "goal must be a cell of the 10 × 10, got [0, 10]");
    let task = TMazeTask {
        length: 0,
        prize: Arm::Up,
        sign: false,
    };
    let message = refused(TMaze::new(1).assign(0, &task, stream(0)));
    assert_eq!(message, "length must be between 1 and 100, got 0");
    let good = BarcodeTasks.frozen(Split::Train, 0);
    let mut alike = good.clone();
    alike.barcode[3] = alike.barcode[0];
    let message = refused(BarcodeBandit::new(1).assign(0, &alike, stream(0)));
    assert_eq!(message, "barcode must be no two alike, got two alike");
    let outside = BarcodeTask {
        good_arm: [10; 10],
        ..good
    };
    let message = refused(BarcodeBandit::new(1).assign(0, &outside, stream(0)));
    assert!(
        message.starts_with("good_arm must be each one of 0 … 9"),
        "{message}"
    );
}

#[test]
fn value_stability() {
    let goals = [0, 1, 2].map(|i| GridNaviTasks.frozen(Split::Test, i).goal);
    assert_eq!(goals, [[0, 4], [0, 3], [3, 2]]);
    let goals = [0, 1, 2].map(|i| DarkRooms.frozen(Split::Test, i).goal);
    assert_eq!(goals, [[1, 9], [0, 6], [6, 5]]);
    assert_eq!(
        BarcodeTasks.frozen(Split::Test, 0).good_arm,
        [1, 3, 2, 0, 8, 6, 5, 9, 7, 4]
    );
}

proptest! {
    #[test]
    fn goals_are_where_they_say(seed in any::<u64>()) {
        let mut rng = Seed::new(seed).stream(Purpose::Task, 0, 0, 0);
        let goal = GridNaviTasks.sample(&mut rng).goal;
        prop_assert!(goal.iter().all(|c| *c < 5) && goal.iter().any(|c| *c > 1));
        let epoch = BarcodeTasks.sample(&mut rng);
        let mut arms = epoch.good_arm;
        arms.sort_unstable();
        prop_assert_eq!(arms, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    /// Walls stop, and a step leads to a cell next to the last one.
    #[test]
    fn walkers_stay_in_their_room(actions in prop::collection::vec(0_usize..5, 1..60)) {
        let mut lanes = DarkRoom::new(1);
        lanes.assign(0, &DarkRoomTask { goal: [3, 3] }, stream(0)).unwrap();
        let mut step = StepBatch::new(1, [0.0; 2]);
        lanes.reset(&mut step.observation).unwrap();
        for action in actions {
            let [x, y] = step.observation[0];
            lanes.step(&[action], &mut step).unwrap();
            let [to_x, to_y] = step.observation[0];
            prop_assert!((0.0..10.0).contains(&to_x) && (0.0..10.0).contains(&to_y));
            prop_assert!((to_x - x).abs() + (to_y - y).abs() <= 1.0);
            prop_assert_eq!(step.reward[0] == 1.0, [to_x, to_y] == [3.0, 3.0]);
        }
    }
}
