//! Whole iterations, learning included, for `cargo xtask bench --peers`.
//!
//! ```text
//! iterations maml          MAML-TRPO on 2-D navigation: 20 tasks × 20 episodes × 100 steps,
//!                          100 × 100 hidden units; iterations a second
//! iterations rl2           RL² on five-armed bandits: 512 trials of 10 pulls, a GRU of 64 units,
//!                          four steps of PPO on the whole batch; pulls a second
//! iterations rl2-lstm      the same with an LSTM
//! ```

use std::error::Error;
use std::io;

use dfdx::prelude::Cpu;
use metarl_agents::{Core, MamlConfig, MamlRl, Rl2, Rl2Config, Trainer};
use metarl_core::Seed;
use metarl_envs::{BernoulliBandit, BernoulliBandits, PointNavigation, SquareGoals};
use metarl_testkit::rounds;

const SEED: Seed = Seed::new(1);
const N_LANES: usize = 512;
const N_PULLS: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let streams = (io::stdin().lock(), io::stdout().lock());
    match name.as_str() {
        "maml" => {
            let config = MamlConfig::default();
            let device = Cpu::default();
            let mut agent =
                MamlRl::new(config, SquareGoals, PointNavigation::new, 100, SEED, device)?;
            rounds::serve(streams.0, streams.1, || agent.iterate().map(|_| 1))
        }
        "rl2" | "rl2-lstm" => {
            let core = if name == "rl2" { Core::Gru } else { Core::Lstm };
            let config = Rl2Config {
                core,
                n_lanes: N_LANES,
                hidden: 64,
                n_epochs: 4,
                n_minibatches: 1,
                ..Rl2Config::default()
            };
            let mut agent = Rl2::<_, _, _, 5>::new(
                config,
                BernoulliBandits { n_arms: 5 },
                BernoulliBandit::<5>::new,
                (10, N_PULLS),
                SEED,
                Cpu::default(),
            )?;
            rounds::serve(streams.0, streams.1, || {
                agent.iterate().map(|_| N_LANES * N_PULLS)
            })
        }
        _ => Err(format!("no work `{name}`").into()),
    }
}
