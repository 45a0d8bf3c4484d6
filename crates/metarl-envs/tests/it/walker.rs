//! Tasks of a walker and their mutations, and what it sees and earns: no physics engine is needed.

use metarl_core::{Error, Purpose, Rng, Seed, Split, TaskDistribution};
use metarl_envs::walker::{
    Activation, BipedalWalkers, Cppn, CppnConnection, CppnNode, Engine, HullMotion, JointMotion,
    Motor, Pose, Stairs, Terrain, TerrainEncoding, TerrainFeature, Walker, WalkerProcess,
    WalkerTask,
};
use metarl_testkit::conformance::{Violation, check_distribution};
use proptest::prelude::*;

/// Height of the level ground.
const LEVEL: f32 = 40.0 / 12.0;

const ALL: [BipedalWalkers; 5] = [
    BipedalWalkers::Flat,
    BipedalWalkers::Rough,
    BipedalWalkers::Hardcore,
    BipedalWalkers::Poet,
    BipedalWalkers::Cppn,
];

fn stream(seed: u64) -> Rng {
    Seed::new(seed).stream(Purpose::Environment, 0, 0, 0)
}

fn course(encoding: TerrainEncoding, seed: u64) -> Terrain {
    WalkerTask::Encoding(encoding).terrain(&mut stream(seed))
}

proptest! {
    #[test]
    fn mutations_stay_within_the_table(seed in 0..10_000_u64, n in 0..300_usize) {
        let mut rng = stream(seed);
        let mut encoding = TerrainEncoding::default();
        for _ in 0..n {
            let child = encoding.mutate(&TerrainFeature::ALL, &mut rng);
            prop_assert!(child.check().is_ok(), "{:?}", child);
            prop_assert!((child.roughness - encoding.roughness).abs() < 0.6501);
            for (old, new, change) in [
                (encoding.gap_width, child.gap_width, 0.4),
                (encoding.stump_height, child.stump_height, 0.2),
                (encoding.stairs.map(|s| s.height), child.stairs.map(|s| s.height), 0.2),
            ] {
                let (Some(old), Some(new)) = (old, new) else { continue };
                prop_assert_ne!(old, new, "a mutation changes something");
                for (old, new) in old.iter().zip(new) {
                    let steps = (new - old) / change;
                    prop_assert!((steps - steps.round()).abs() < 1e-9 && steps.abs() < 1.1);
                    prop_assert_eq!((new * 10.0).round() / 10.0, new);
                }
            }
            encoding = child;
        }
    }

    #[test]
    fn networks_stay_networks(seed in 0..10_000_u64, n in 1..60_usize) {
        let mut rng = stream(seed);
        let mut cppn = Cppn::first(&mut rng);
        for _ in 0..n {
            let child = cppn.mutate(&mut rng);
            prop_assert!(child.check().is_ok(), "{:?}", child);
            prop_assert_ne!(&child, &cppn);
            let heights = (0..200).map(|i| child.height(f64::from(i) / 100.0 - 1.0));
            let first = child.height(-1.0);
            let rise = heights.map(|y| (y - first).abs()).fold(0.0, f64::max);
            prop_assert!(rise > 0.0);
            if child.nodes.last().is_some_and(|out| out.activation == Activation::Identity) {
                prop_assert!((0.25 - 1e-9..=16.0 + 1e-9).contains(&rise), "rises by {}", rise);
            }
            cppn = child;
        }
    }
}

#[test]
fn a_first_mutation_is_that_of_the_table() {
    for seed in 0..50 {
        let child = TerrainEncoding::default().mutate(&TerrainFeature::ALL, &mut stream(seed));
        assert!((0.0..=0.6).contains(&child.roughness));
        assert_eq!(child.gap_width, Some([0.0, 0.8]));
        assert_eq!(child.stump_height, Some([0.0, 0.4]));
        let stairs = Stairs {
            height: [0.0, 0.4],
            steps: 1,
        };
        assert_eq!(child.stairs, Some(stairs));
        let only = TerrainEncoding::default().mutate(&[TerrainFeature::Gap], &mut stream(seed));
        assert_eq!(
            (only.roughness, only.stump_height, only.stairs),
            (0.0, None, None)
        );
    }
}

/// `sin 5(0.5 + 2 · 0.1) + 3 · 0.1`, by hand.
#[test]
fn a_network_is_computed_node_by_node() {
    let node = |activation, bias| CppnNode {
        activation,
        bias,
        response: 1.0,
    };
    let connection = |from, to, weight, enabled| CppnConnection {
        from,
        to,
        weight,
        enabled,
    };
    let mut cppn = Cppn {
        nodes: vec![node(Activation::Sine, 0.5), node(Activation::Identity, 0.0)],
        connections: vec![
            connection(0, 1, 2.0, true),
            connection(1, 2, 1.0, true),
            connection(0, 2, 3.0, true),
            connection(0, 2, 100.0, false),
        ],
    };
    let want = 3.5_f64.sin() + 0.3;
    assert!((cppn.height(0.1) - want).abs() < 1e-12);

    // The ground starts level and goes on from where the network is then.
    let terrain = WalkerTask::Cppn(cppn.clone()).terrain(&mut stream(0));
    let position = |i: f64| (i - 100.0) / 100.0;
    let rise = cppn.height(position(150.0)) - cppn.height(position(21.0));
    assert!((f64::from(terrain.ground()[150][1] - LEVEL) - rise).abs() < 1e-5);
    assert!(terrain.ground()[..22].iter().all(|[_, y]| *y == LEVEL));

    cppn.connections[0].from = 2;
    let message = cppn.check().unwrap_err().to_string();
    let want = "a connection must be from a place to a later one, got 2 to 1";
    assert_eq!(message, want);
}

#[test]
fn what_is_out_of_range_is_named() {
    let flat = TerrainEncoding::default;
    let message = |task: TerrainEncoding| task.check().unwrap_err().to_string();
    let roughness = f64::NAN;
    assert_eq!(
        message(TerrainEncoding {
            roughness,
            ..flat()
        }),
        "roughness must be in [0, 10], got NaN"
    );
    let gap_width = Some([2.0, 1.0]);
    assert_eq!(
        message(TerrainEncoding {
            gap_width,
            ..flat()
        }),
        "gap_width must be two bounds in order, in [0, 10], got [2, 1]"
    );
    let stump_height = Some([0.0, 5.2]);
    assert_eq!(
        message(TerrainEncoding {
            stump_height,
            ..flat()
        }),
        "stump_height must be two bounds in order, in [0, 5], got [0, 5.2]"
    );
    let stairs = Some(Stairs {
        height: [0.0, 1.0],
        steps: 10,
    });
    let wrong = WalkerTask::Encoding(TerrainEncoding { stairs, ..flat() });
    assert!(matches!(
        wrong.check(),
        Err(Error::OutOfRange {
            name: "stairs.steps",
            ..
        })
    ));
}

#[test]
fn tasks_are_written_and_read() {
    for tasks in ALL {
        for index in 0..10 {
            let task = tasks.frozen(Split::Test, index);
            let json = serde_json::to_string(&task).unwrap();
            assert_eq!(
                serde_json::from_str::<WalkerTask>(&json).unwrap(),
                task,
                "{json}"
            );
        }
    }
    let level: WalkerTask = serde_json::from_str(r#"{"encoding":{"roughness":0}}"#).unwrap();
    assert_eq!(level, WalkerTask::default());
}

#[test]
fn distributions_keep_the_contract() -> Result<(), Violation> {
    let names = ALL.map(|tasks| tasks.name());
    let want = ["flat", "rough", "hardcore", "poet", "cppn"];
    assert_eq!(names, want.map(|name| format!("bipedal-walker/{name}@1")));
    for tasks in ALL {
        check_distribution(&tasks, 20)?;
        for index in 0..20 {
            let task = tasks.frozen(Split::Train, index);
            assert_eq!(task.check(), Ok(()));
            assert_eq!(task.terrain(&mut stream(index)).ground().len(), 200);
        }
    }
    Ok(())
}

/// Literal values of courses: a change of any draw shows here.
#[test]
fn value_stability() {
    let sums = ALL.map(|tasks| {
        let terrain = tasks.frozen(Split::Test, 1).terrain(&mut stream(5));
        let heights = terrain.ground().iter().map(|[_, y]| f64::from(*y));
        let tops = terrain
            .blocks()
            .iter()
            .map(|block| f64::from(block.high[1]));
        [heights.sum::<f64>(), tops.sum()]
    });
    let want: [[f64; 2]; 5] = [
        [666.666_651, 0.0],
        [672.503_602, 0.0],
        [724.431_200, 129.227_481],
        [639.730_273, 80.435_536],
        [741.995_545, 0.0],
    ];
    for ((got, want), tasks) in sums.iter().zip(want).zip(ALL) {
        let near = got
            .iter()
            .zip(want)
            .all(|(got, want)| (got - want).abs() < 1e-3);
        assert!(near, "{}: {sums:?} is no longer {want:?}", tasks.name());
    }
}

/// An engine whose hull is carried by hand: it shows what the rules make of a motion.
struct Puppet {
    x: f32,
    motors: Vec<[Motor; 4]>,
}

impl Engine for Puppet {
    const NAME: &'static str = "puppet";

    fn build(_: &Terrain, push: f32) -> Self {
        Self {
            x: push,
            motors: Vec::new(),
        }
    }

    fn step(&mut self, motors: [Motor; 4]) {
        self.x += motors[0].speed;
        self.motors.push(motors);
    }

    fn hull(&self) -> HullMotion {
        HullMotion {
            position: [self.x, 6.0],
            velocity: [5.0, -5.0],
            angle: -self.x / 100.0,
            angular_velocity: 2.5,
        }
    }

    fn joints(&self) -> [JointMotion; 4] {
        [0.1, 0.2, 0.3, 0.4].map(|angle| JointMotion { angle, speed: 3.0 })
    }

    fn ground_contacts(&self) -> [bool; 2] {
        [false, true]
    }

    fn has_fallen(&self) -> bool {
        self.motors
            .last()
            .is_some_and(|motors| motors[3].torque == 80.0)
    }

    fn poses(&self) -> [Pose; 5] {
        let pose = Pose {
            position: [self.x, 6.0],
            angle: 0.0,
        };
        [pose; 5]
    }
}

#[test]
fn observations_and_rewards_are_those_of_the_table() {
    let terrain = course(TerrainEncoding::default(), 0);
    let mut walker = Walker::<Puppet>::new(terrain, 10.0);
    let step = walker.step(&[0.25, -0.5, 0.0, -3.0e-9]);
    // Four units forward, 0.04 rad more of leaning, 0.75 of torque.
    let want = 4.0 * 13.0 / 3.0 - 5.0 * 0.04 - 0.75 * 0.028;
    assert!(
        (step.reward - want).abs() < 1e-5 && !step.terminated,
        "{step:?}"
    );
    let motors = walker.engine().motors[1];
    assert_eq!(motors.map(|motor| motor.speed), [4.0, -6.0, 0.0, -6.0]);
    assert_eq!(motors.map(|motor| motor.torque)[..3], [20.0, 40.0, 0.0]);

    let seen = walker.observation();
    let want = [
        -0.14, 0.1, 0.6, -0.4, 0.1, 0.75, 1.2, 0.5, 0.0, 0.3, 0.75, 1.4, 0.5, 1.0,
    ];
    for (seen, want) in seen.iter().zip(want) {
        assert!((seen - want).abs() < 1e-6, "{seen} is not {want}");
    }
    for (i, seen) in seen[14..].iter().enumerate() {
        let down = f64::from(6.0 - LEVEL) / (0.15 * i as f64).cos();
        let want = (down / (16.0 / 3.0)).min(1.0);
        assert!(
            (f64::from(*seen) - want).abs() < 1e-5,
            "ray {i}: {seen} is not {want}"
        );
    }

    let step = walker.step(&[0.0, 0.0, 0.0, 1.0]);
    assert_eq!((step.reward, step.terminated), (-100.0, true), "it fell");
    let mut walker = Walker::<Puppet>::new(walker.terrain().clone(), 1.0);
    let step = walker.step(&[-1.0, 0.0, 0.0, 0.0]);
    assert_eq!((step.reward, step.terminated), (-100.0, true), "it left");
    let mut walker = Walker::<Puppet>::new(walker.terrain().clone(), 88.0);
    let step = walker.step(&[1.0, 0.0, 0.0, 0.0]);
    assert!(step.reward > 15.0 && step.terminated, "it arrived");
    assert!(walker.progress() > 1.0);
}

#[test]
fn a_picture_has_the_ground_and_five_parts() {
    let stumps = TerrainEncoding {
        stump_height: Some([1.0, 1.0]),
        ..TerrainEncoding::default()
    };
    let terrain = course(stumps, 0);
    let n_blocks = terrain.blocks().len();
    let walker = Walker::<Puppet>::new(terrain, 10.0);
    let shapes = walker.shapes();
    assert_eq!(shapes.len(), 199 + n_blocks + 5);
    // The hull is between the legs, and around its origin.
    let hull = &shapes[shapes.len() - 3].polygon;
    assert_eq!(hull.len(), 5);
    let xs = hull.iter().map(|[x, _]| x - 10.0);
    let [left, right] = [xs.clone().fold(0.0, f32::min), xs.fold(0.0, f32::max)];
    assert!((left + 1.0).abs() < 1e-5 && (right - 34.0 / 30.0).abs() < 1e-5);
}

#[test]
fn an_engine_is_asked_for_a_random_push() {
    let process = WalkerProcess::<Puppet>::default();
    let task = WalkerTask::default();
    let starts = (0..100).map(|seed| {
        let walker = metarl_core::Process::start(&process, &task, &mut stream(seed));
        walker.engine().x
    });
    let starts: Vec<f32> = starts.collect();
    assert!(starts.iter().all(|x| x.abs() <= 5.0));
    assert!(starts.iter().any(|x| *x < -2.5) && starts.iter().any(|x| *x > 2.5));
}
