//! Whole iterations, learning included, in environment steps per second.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dfdx::prelude::Cpu;
use metarl_agents::{MamlConfig, MamlRl, Rl2, Rl2Config, Trainer};
use metarl_core::Seed;
use metarl_envs::{BernoulliBandit, BernoulliBandits, PointNavigation, SquareGoals};

const SEED: Seed = Seed::new(1);

fn rl2(criterion: &mut Criterion) {
    let config = Rl2Config {
        n_lanes: 512,
        hidden: 64,
        ..Rl2Config::default()
    };
    let (tasks, environment) = (BernoulliBandits { n_arms: 5 }, BernoulliBandit::<5>::new);
    let trial = (100, 100);
    let agent = Rl2::<_, _, _, 5>::new(config, tasks, environment, trial, SEED, Cpu::default());
    let mut agent = agent.expect("a valid configuration");
    let mut group = criterion.benchmark_group("rl2");
    group
        .throughput(Throughput::Elements(512 * 100))
        .sample_size(10);
    group.bench_function("bandit-5, 512 lanes, 100 pulls, hidden 64", |bencher| {
        bencher.iter(|| agent.iterate().expect("a finite iteration"));
    });
    group.finish();
}

fn maml(criterion: &mut Criterion) {
    let config = MamlConfig {
        meta_batch_size: 4,
        ..MamlConfig::default()
    };
    let env_steps = 4 * 2 * config.n_episodes as u64 * 100;
    let environment = PointNavigation::new;
    let agent = MamlRl::new(config, SquareGoals, environment, 100, SEED, Cpu::default());
    let mut agent = agent.expect("a valid configuration");
    let mut group = criterion.benchmark_group("maml-trpo");
    group
        .throughput(Throughput::Elements(env_steps))
        .sample_size(10);
    group.bench_function(
        "navigation, 4 tasks, 20 episodes, hidden 100 × 100",
        |bencher| {
            bencher.iter(|| agent.iterate().expect("a finite iteration"));
        },
    );
    group.finish();
}

criterion_group!(benches, rl2, maml);
criterion_main!(benches);
