//! The walker in each physics engine: the contract, literal values, and a gait that walks.

use metarl_core::{Lanes, Process, Purpose, Rng, Seed, Split, TaskDistribution};
use metarl_envs::walker::{BipedalWalkers, Engine, Gait, Walker, WalkerProcess, WalkerTask};
use metarl_testkit::conformance::{self, Violation};

fn stream(seed: u64) -> Rng {
    Seed::new(seed).stream(Purpose::Environment, 0, 0, 0)
}

fn keeps_the_contract<E: Engine>() -> Result<(), Violation> {
    let tasks = [
        WalkerTask::default(),
        BipedalWalkers::Poet.frozen(Split::Train, 3),
        BipedalWalkers::Cppn.frozen(Split::Train, 0),
        WalkerTask::Hardcore,
    ];
    // Cut early, so that episodes end both ways.
    let make = |n_lanes| Lanes::of(WalkerProcess::<E>::new(60), n_lanes);
    conformance::check(make, &tasks, Seed::new(1), 200)
}

/// How an episode of the gait ended: the part of the way, the return, and whether it fell.
fn walk<E: Engine>(task: &WalkerTask, seed: u64) -> (f32, f64, bool) {
    let process = WalkerProcess::<E>::default();
    let mut walker = process.start(task, &mut stream(seed));
    let mut gait = Gait::default();
    let mut earned = 0.0;
    for _ in 0..process.max_steps {
        let action = gait.act(walker.observation());
        let step = walker.step(&action);
        earned += step.reward;
        if step.terminated {
            return (walker.progress(), earned, step.reward == -100.0);
        }
    }
    (walker.progress(), earned, false)
}

fn walks_to_the_end<E: Engine>() {
    for seed in 0..10 {
        let (progress, earned, fell) = walk::<E>(&WalkerTask::default(), seed);
        assert!(
            progress > 0.9 && !fell,
            "seed {seed}: {progress} of the way"
        );
        assert!(earned > 250.0, "seed {seed} earned {earned}");
    }
    let rough = BipedalWalkers::Rough.frozen(Split::Train, 0);
    let mean = (0..10).map(|seed| walk::<E>(&rough, seed).0).sum::<f32>() / 10.0;
    assert!(mean > 0.75, "{mean} of a rough way");
}

/// Without torque it sinks to its knees and its hull hits the ground.
fn falls_without_torque<E: Engine>() {
    let terrain = WalkerTask::default().terrain(&mut stream(0));
    let mut walker = Walker::<E>::new(terrain, 5.0);
    let fall = (0..200)
        .map(|_| walker.step(&[0.0; 4]))
        .find(|step| step.terminated);
    assert_eq!(fall.map(|step| step.reward), Some(-100.0));
}

/// Sums over the first steps of the gait on hardcore ground, to the last bit: a step on which machines or
/// compilers disagreed would be as far away as can be a second later.
fn is_stable<E: Engine>(want: [f64; 2]) {
    let process = WalkerProcess::<E>::default();
    let mut walker = process.start(&WalkerTask::Hardcore, &mut stream(4));
    let mut gait = Gait::default();
    let mut sums = [0.0; 2];
    for _ in 0..60 {
        let action = gait.act(walker.observation());
        sums[0] += walker.step(&action).reward;
        sums[1] += walker
            .observation()
            .iter()
            .map(|x| f64::from(*x))
            .sum::<f64>();
    }
    assert_eq!(sums, want, "{}", E::NAME);
}

#[cfg(feature = "terrain")]
mod rapier {
    use metarl_envs::walker::RapierEngine;

    #[test]
    fn keeps_the_contract() -> Result<(), super::Violation> {
        super::keeps_the_contract::<RapierEngine>()
    }

    #[test]
    fn walks_to_the_end() {
        super::walks_to_the_end::<RapierEngine>();
    }

    #[test]
    fn falls_without_torque() {
        super::falls_without_torque::<RapierEngine>();
    }

    #[test]
    fn value_stability() {
        super::is_stable::<RapierEngine>([0.025_318_944_005_062_398, 470.453_217_027_427_57]);
    }
}

#[cfg(feature = "box2d")]
mod box2d {
    use metarl_envs::reference::bipedal_walker_course;
    use metarl_envs::walker::{Box2dEngine, Walker};

    #[test]
    fn keeps_the_contract() -> Result<(), super::Violation> {
        super::keeps_the_contract::<Box2dEngine>()
    }

    #[test]
    fn walks_to_the_end() {
        super::walks_to_the_end::<Box2dEngine>();
    }

    #[test]
    fn falls_without_torque() {
        super::falls_without_torque::<Box2dEngine>();
    }

    #[test]
    fn value_stability() {
        super::is_stable::<Box2dEngine>([-0.056_473_629_824_194_724, 482.163_838_255_123_5]);
    }

    /// What `gymnasium.make("BipedalWalker-v3").reset(seed=42)` gives, and its hardcore variant.
    #[test]
    fn starts_as_in_gymnasium() {
        let walker = |hardcore| {
            let (terrain, push) = bipedal_walker_course(42, hardcore);
            *Walker::<Box2dEngine>::new(terrain, push).observation()
        };
        let (normal, hardcore) = (walker(false), walker(true));
        assert_eq!(
            normal[..8],
            [
                0.002_747_360_8,
                -2.023_507_8e-5,
                0.001_574_084_5,
                -0.015_999_865,
                0.091_873_005,
                -0.002_077_256_3,
                0.860_318_8,
                0.002_937_721_8,
            ]
        );
        assert_eq!(
            hardcore[14..18],
            [0.440_813_93, 0.445_820_03, 0.461_422_68, 0.489_550_08]
        );
    }

    /// Our own rays, those of the other engine, end where Box2D's do.
    #[test]
    fn rays_are_those_of_box2d() {
        use super::{Engine, Gait, Process, WalkerProcess, WalkerTask, stream};
        let process = WalkerProcess::<Box2dEngine>::default();
        let (mut n_rays, mut n_apart) = (0, 0);
        for seed in 0..20 {
            let mut walker = process.start(&WalkerTask::Hardcore, &mut stream(seed));
            let mut gait = Gait::default();
            for _ in 0..200 {
                let action = gait.act(walker.observation());
                if walker.step(&action).terminated {
                    break;
                }
                let from = walker.engine().hull().position;
                for turn in 0..16 {
                    let (sine, cosine) = (0.4 * turn as f32).sin_cos();
                    let to = [from[0] + 5.0 * sine, from[1] - 5.0 * cosine];
                    let want = walker.engine().free_fraction(walker.terrain(), from, to);
                    let got = walker.terrain().free_fraction(from, to);
                    n_rays += 1;
                    n_apart += u32::from((got - want).abs() > 1e-4);
                }
            }
        }
        // A ray may graze a corner that the other misses.
        assert!(
            n_rays > 10_000 && n_apart < n_rays / 1000,
            "{n_apart} of {n_rays}"
        );
    }
}
