//! What a walker sees and earns, with an engine that is carried by hand.

use metarl_core::{Purpose, Rng, Seed};
use metarl_envs::walker::{
    Engine, HullMotion, JointMotion, Motor, Pose, Terrain, TerrainEncoding, Walker, WalkerProcess,
    WalkerTask,
};

/// Height of the level ground.
const LEVEL: f32 = 40.0 / 12.0;

fn stream(seed: u64) -> Rng {
    Seed::new(seed).stream(Purpose::Environment, 0, 0, 0)
}

fn course(encoding: TerrainEncoding, seed: u64) -> Terrain {
    WalkerTask::Encoding(encoding).terrain(&mut stream(seed))
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
