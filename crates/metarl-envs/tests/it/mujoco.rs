//! Walking robots: what Gymnasium says, what tasks change, what is refused.
//!
//! They need the simulator: `cargo xtask setup mujoco`.

use std::process::Command;
use std::sync::Arc;

use metarl_core::{
    Continuous, Environment, Error, Lanes, Process, Purpose, Rng, Seed, Space, Split, StepBatch,
    TaskDistribution,
};
use metarl_envs::mujoco::{
    Ant, AntObjective, AntRobot, AntTask, Ants, Ground, HalfCheetah, HalfCheetahGoal,
    HalfCheetahRobot, HalfCheetahTask, Heading, HopperRobot, HumanoidRobot, HumanoidTask, Leg,
    Locomotion, Model, MujocoError, Pier, Robot, ScaledDynamics, Scene, Simulation, Slopes,
    Walker2dRobot,
};

fn stream(lane: u64) -> Rng {
    Seed::new(7).stream(Purpose::Environment, 0, lane, 0)
}

fn scene<R: Robot<O, A>, const O: usize, const A: usize>(task: &R::Task) -> Scene<R> {
    Locomotion::<R, O, A>::default().model(task).unwrap()
}

/// Sum of rewards, weighted sum of the last observation and whether it ended, after 20 steps of fixed
/// actions from the model's first state.
fn played<R: Robot<O, A>, const O: usize, const A: usize>(task: &R::Task) -> (f64, f64, bool) {
    let scene = scene::<R, O, A>(task);
    let mut simulation = Simulation::new(Arc::clone(&scene.model));
    simulation.forward();
    let (mut earned, mut terminated) = (0.0, false);
    for t in 0..20 {
        let level = |i: usize| ((7 * t + 3 * i) % 11) as f32 - 5.0;
        let action: [f32; A] = std::array::from_fn(|i| level(i) / 5.0 * R::BODY.max_action);
        let judgment = scene.step(&mut simulation, &action.map(f64::from));
        earned += judgment.reward;
        terminated = judgment.terminated;
    }
    let seen = scene.robot.observe(&simulation);
    let weighted = seen.iter().enumerate().map(|(i, x)| (i + 1) as f64 * x);
    (earned, weighted.sum(), terminated)
}

/// The literals are of Gymnasium 1.4.0 with MuJoCo 3.17.0, in Python. Another C library may round a
/// sine the other way, which contacts magnify, hence 1e-6; `cargo xtask parity` holds 1e-12.
#[test]
fn robots_move_and_are_paid_as_in_gymnasium() {
    let usual = ScaledDynamics::default();
    let got = [
        played::<HalfCheetahRobot, 17, 6>(&HalfCheetahTask::default()),
        played::<AntRobot, 105, 8>(&AntTask::default()),
        played::<Walker2dRobot, 17, 6>(&usual),
        played::<HopperRobot, 11, 3>(&usual),
        played::<HumanoidRobot, 348, 17>(&HumanoidTask::default()),
    ];
    let want = [
        (-3.226_079_289_700_045, 163.459_437_980_307_43, false),
        (-20.675_243_232_509_775, -125.449_360_692_044_76, false),
        (9.980_607_641_657_535, -134.009_429_652_603_47, false),
        (17.245_716_061_169_94, -14.059_718_440_436_168, false),
        (100.049_927_361_763_24, 239_092.625_696_543_4, false),
    ];
    for (got, want) in got.iter().zip(want) {
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs().max(1.0);
        let same = near(got.0, want.0) && near(got.1, want.1) && got.2 == want.2;
        assert!(same, "{got:?} is not {want:?}");
    }
}

/// Rewards of ten steps of the same random actions from the same start.
fn rewards<P: Process + Default>(task: &P::Task) -> Vec<f64>
where
    P::ActionSpace: Space,
{
    let mut lanes = Lanes::<P>::new(1);
    lanes.assign(0, task, stream(0)).unwrap();
    let mut step = StepBatch::new(1, lanes.observation_space().zero());
    lanes.reset(&mut step.observation).unwrap();
    let mut rng = stream(1);
    let space = lanes.action_space();
    let mut rewards = Vec::new();
    for _ in 0..10 {
        lanes.step(&[space.sample(&mut rng)], &mut step).unwrap();
        rewards.push(f64::from(step.reward[0]));
    }
    rewards
}

fn effort() -> Vec<f64> {
    let (space, mut rng) = (
        Continuous::<6> {
            low: -1.0,
            high: 1.0,
        },
        stream(1),
    );
    let squares = |a: [f32; 6]| a.iter().map(|x| f64::from(x * x)).sum();
    (0..10).map(|_| squares(space.sample(&mut rng))).collect()
}

/// From Gymnasium's `v − 0.1 ‖u‖²` follow the other rewards.
#[test]
fn a_goal_changes_what_a_cheetah_is_paid() {
    let of =
        |goal| rewards::<Locomotion<HalfCheetahRobot, 17, 6>>(&HalfCheetahTask::with_goal(goal));
    let run = of(HalfCheetahGoal::Run);
    let forward = of(HalfCheetahGoal::Direction(Heading::Forward));
    let backward = of(HalfCheetahGoal::Direction(Heading::Backward));
    let velocity = of(HalfCheetahGoal::Velocity(0.4));
    for (t, effort) in effort().into_iter().enumerate() {
        let v = run[t] + 0.1 * effort;
        for (got, want) in [
            (forward[t], v - 0.05 * effort),
            (backward[t], -v - 0.05 * effort),
            (velocity[t], -(v - 0.4).abs() - 0.05 * effort),
        ] {
            assert!((got - want).abs() < 1e-5, "step {t}: {got} is not {want}");
        }
    }
}

/// The bits of 20 steps under these actions.
fn run<R: Robot<O, A>, const O: usize, const A: usize>(
    task: &R::Task,
    action: impl Fn(usize) -> [f64; A],
) -> Vec<f64> {
    let scene = scene::<R, O, A>(task);
    let mut simulation = Simulation::new(Arc::clone(&scene.model));
    simulation.forward();
    for t in 0..20 {
        scene.step(&mut simulation, &action(t));
    }
    simulation.positions().to_vec()
}

#[test]
fn a_disabled_joint_and_a_crippled_leg_do_not_obey() {
    let push = |wave: f64| move |t: usize| [0.3; 6].map(|x| x * (t as f64 * wave).cos());
    let cheetah = |joint: Option<u8>, of_joint: f64| {
        let task = HalfCheetahTask {
            disabled_joint: joint,
            ..HalfCheetahTask::default()
        };
        run::<HalfCheetahRobot, 17, 6>(&task, |t| {
            let mut action = push(0.5)(t);
            action[4] = of_joint;
            action
        })
    };
    assert_eq!(cheetah(Some(4), 1.0), cheetah(Some(4), -1.0));
    assert_eq!(cheetah(Some(4), 1.0), cheetah(None, 0.0));
    assert_ne!(cheetah(None, 1.0), cheetah(None, -1.0));

    let legs = [
        (Leg::BackRight, 0),
        (Leg::FrontLeft, 2),
        (Leg::FrontRight, 4),
        (Leg::BackLeft, 6),
    ];
    for (leg, hip) in legs {
        let ant = |crippled, of_leg: f64| {
            let task = AntTask {
                objective: AntObjective::Progress,
                crippled,
            };
            run::<AntRobot, 105, 8>(&task, |t| {
                let mut action = [0.3 * (t as f64 * 0.5).cos(); 8];
                action[hip..hip + 2].fill(of_leg);
                action
            })
        };
        assert_eq!(ant(Some(leg), 1.0), ant(Some(leg), -1.0), "{leg:?}");
        assert_ne!(ant(Some(leg), 0.0), ant(None, 0.0), "{leg:?} is whole");
    }
}

/// Height of a cheetah that lies still at x = 6 m.
fn rest(ground: Ground, lift: f64) -> (f64, Simulation) {
    let task = HalfCheetahTask {
        ground,
        ..HalfCheetahTask::default()
    };
    let scene = scene::<HalfCheetahRobot, 17, 6>(&task);
    let mut simulation = Simulation::new(Arc::clone(&scene.model));
    simulation.positions_mut()[0] = 6.0;
    simulation.positions_mut()[1] = lift;
    simulation.forward();
    simulation.step(&[0.0; 6], 400);
    (simulation.positions()[1], simulation)
}

#[test]
fn the_ground_carries_a_cheetah_at_its_height() {
    let up = |rise| {
        Ground::Slopes(Slopes {
            start: 1.0,
            length: 2.0,
            rise: [rise, 0.0, 0.0, 0.0, 0.0, 0.0],
        })
    };
    let (flat, _) = rest(Ground::Flat, 0.0);
    for rise in [1.0, 0.0, -0.5] {
        let (high, _) = rest(up(rise), rise);
        assert!(
            (high - flat - rise).abs() < 0.02,
            "{high} on {rise}, {flat} on the plane"
        );
    }
    let (_, pier) = rest(Ground::Pier(Pier { damping: [5.0; 8] }), 0.0);
    let blocks = &pier.positions()[9..];
    // It lies on the third, at 4 m, and on its neighbor.
    assert_eq!(blocks.len(), 8);
    assert!(blocks[2] < blocks[6] && blocks[2] < blocks[0], "{blocks:?}");
}

#[test]
fn physics_are_scaled_part_by_part() {
    let mut task = ScaledDynamics {
        body_mass: vec![1.0; 8],
        ..ScaledDynamics::default()
    };
    task.body_mass[3] = 2.5;
    let usual = scene::<Walker2dRobot, 17, 6>(&ScaledDynamics::default());
    let heavy = scene::<Walker2dRobot, 17, 6>(&task);
    let pairs = heavy.model.body_mass().iter().zip(usual.model.body_mass());
    for (body, (heavy, usual)) in pairs.enumerate() {
        let factor = if body == 3 { 2.5 } else { 1.0 };
        assert_eq!(*heavy, factor * usual, "body {body}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |result: Result<(), Error>| match result {
        Err(Error::OutOfRange { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    let cheetah = |change: fn(&mut HalfCheetahTask)| {
        let mut task = HalfCheetahTask::default();
        change(&mut task);
        refused(HalfCheetah::new(1).assign(0, &task, stream(0)))
    };
    assert_eq!(
        cheetah(|task| task.disabled_joint = Some(6)),
        "disabled_joint"
    );
    let nan = |task: &mut HalfCheetahTask| task.goal = HalfCheetahGoal::Velocity(f64::NAN);
    assert_eq!(cheetah(nan), "velocity");
    assert_eq!(
        cheetah(|task| task.ground = Ground::Pier(Pier { damping: [-1.0; 8] })),
        "damping"
    );
    let steep = |task: &mut HalfCheetahTask| {
        task.ground = Ground::Slopes(Slopes {
            rise: [f64::INFINITY; 6],
            ..Slopes::HILL
        });
    };
    assert_eq!(cheetah(steep), "rise");
    let task = AntTask {
        objective: AntObjective::Direction(f64::INFINITY),
        crippled: None,
    };
    assert_eq!(
        refused(Ant::new(1).assign(0, &task, stream(0))),
        "direction"
    );
    let short = ScaledDynamics {
        friction: vec![1.0; 3],
        ..ScaledDynamics::default()
    };
    let error = Lanes::<Locomotion<HopperRobot, 11, 3>>::new(1)
        .assign(0, &short, stream(0))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "friction must be a factor for each part, or nothing, got 3 of them"
    );
}

#[test]
fn a_broken_model_is_an_error() {
    for (mjcf, says) in [
        ("", "XML"),
        ("<mujoco", "XML"),
        ("<a/>", "Unrecognized"),
        ("<mujoco><worldbody><geom/></worldbody></mujoco>", "size"),
        (
            "<mujoco><worldbody><body><freejoint/></body></worldbody></mujoco>",
            "mass",
        ),
        ("<mujoco>\0</mujoco>", "nul"),
        (
            r#"<mujoco><size memory="1000"/></mujoco>"#,
            "memory must be at least",
        ),
    ] {
        match Model::from_mjcf(mjcf) {
            Err(MujocoError::InvalidModel(what)) => assert!(what.contains(says), "{what}"),
            other => panic!("{mjcf:?} gave {other:?}"),
        }
    }
}

#[test]
fn a_simulation_that_diverges_ends_its_episode() {
    let scene = scene::<HopperRobot, 11, 3>(&ScaledDynamics::default());
    let mut simulation = Simulation::new(Arc::clone(&scene.model));
    simulation.velocities_mut()[1] = f64::NAN;
    let judgment = scene.step(&mut simulation, &[0.0; 3]);
    assert!(judgment.terminated && judgment.reward == 0.0);
    assert!(
        scene
            .robot
            .observe(&simulation)
            .iter()
            .all(|x| x.is_finite())
    );
    simulation.reset();
    assert!(!scene.step(&mut simulation, &[0.0; 3]).terminated);
}

/// Run by the next test in a process of its own, in which there is no simulator.
#[test]
#[ignore = "only as a part of the test that follows"]
fn child_without_a_simulator() {
    let error = HalfCheetah::new(1)
        .assign(0, &HalfCheetahTask::default(), stream(0))
        .unwrap_err();
    let says = error.to_string();
    assert!(says.contains("cargo xtask setup mujoco"), "{says}");
    assert!(says.contains("/nowhere/libmujoco.so"), "{says}");
}

#[test]
fn a_missing_simulator_is_an_error_that_says_how_to_get_it() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "mujoco::child_without_a_simulator", "--ignored"])
        .env("MUJOCO_LIBRARY", "/nowhere/libmujoco.so")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

/// Two threads at once, each with lanes on the same models, give the bits of one.
#[test]
fn threads_do_not_touch_each_other() {
    let tasks: Vec<AntTask> = (0..4)
        .map(|i| Ants::Direction.frozen(Split::Train, i))
        .collect();
    let all = |tasks: &[AntTask]| {
        let ants = tasks.iter().map(rewards::<Locomotion<AntRobot, 105, 8>>);
        ants.collect::<Vec<_>>()
    };
    let alone = all(&tasks);
    let together = std::thread::scope(|scope| {
        let threads = [0, 1].map(|_| scope.spawn(|| all(&tasks)));
        threads.map(|thread| thread.join().unwrap())
    });
    assert!(together.iter().all(|rewards| *rewards == alone));
}
