//! Algorithms for finite-horizon tabular Markov decision processes.
//!
//! Each plans once an episode, by backward induction over the horizon and without a discount, then
//! acts greedily on its plan:
//!
//! | algorithm | plans in | explores by |
//! |---|---|---|
//! | [`Uniform`] | nothing | acting at random |
//! | [`Oracle`] | the true process | no need to |
//! | [`EpsilonGreedy`] | the posterior mean | a random action now and then; none with ε = 0 |
//! | [`Psrl`] | one process drawn from the posterior | the draw |
//! | [`Opsrl`] | several draws, the largest value of each pair | the draws and their maximum |
//! | [`Beb`] | the posterior mean with a reward bonus | the bonus |
//! | [`Ucrl2`] | the best process within confidence bounds | the bounds |
//!
//! What an algorithm believes before it sees a task is its [`Prior`], and it decides more than the
//! algorithm does. Total reward after 10, 25, 50, 75 and 100 episodes on
//! [`RandomTabular::RL2`](crate::RandomTabular::RL2), beside what the RL² paper printed (1000 tasks,
//! so a standard error of 0.9 at n = 10 and 8 at n = 100):
//!
//! | algorithm | 10 | 25 | 50 | 75 | 100 | the paper |
//! |---|---|---|---|---|---|---|
//! | [`Uniform`] | 100.1 | 249.9 | 499.7 | 749.8 | 999.9 | 100.1 250.2 499.7 749.9 999.4 |
//! | [`Oracle`] | 218.5 | 545.9 | 1091.8 | 1638.1 | 2184.3 | |
//! | [`Psrl`], [`Prior::ZERO_MEAN`] | 138.3 | 409.0 | 903.3 | 1416.6 | 1938.2 | 138.1 408.8 904.4 1417.1 1939.5 |
//! | [`Psrl`], [`Prior::TRUE`] | 134.0 | 404.1 | 902.6 | 1419.7 | 1944.4 | |
//! | [`Opsrl`], 20 draws, [`Prior::ZERO_MEAN`] | 144.6 | 426.9 | 932.7 | 1454.1 | 1980.0 | 144.1 425.2 930.7 1449.2 1973.9 |
//! | [`Ucrl2`], c = 0.3 | 147.6 | 425.1 | 919.8 | 1426.8 | 1938.3 | 146.6 424.1 918.9 1427.6 1942.1 |
//! | [`Beb`], β = 26, [`Prior::ZERO_MEAN`] | 149.7 | 425.1 | 912.0 | 1412.9 | 1922.5 | 150.2 427.8 917.8 1422.6 1935.1 |
//! | [`EpsilonGreedy`], ε = 0.1, [`Prior::NEAR_FLAT`] | 134.7 | 380.3 | 826.7 | 1297.2 | 1781.4 | 132.8 377.3 823.3 1293.9 1778.2 |
//! | greedy, [`Prior::NEAR_FLAT`] | 136.0 | 371.9 | 775.0 | 1181.2 | 1588.9 | 134.8 368.8 769.3 1172.9 1578.5 |
//! | greedy, [`Prior::ZERO_MEAN`] | 137.9 | 368.1 | 758.2 | 1151.1 | 1545.2 | |
//! | greedy, [`Prior::TRUE`] | 155.0 | 434.0 | 912.7 | 1396.1 | 1881.2 | |
//! | [`Beb`], β = 10, [`Prior::TRUE`] | 156.4 | 446.7 | 954.4 | 1472.4 | 1994.9 | |
//! | greedy, prior mean 1.75 | 156.2 | 453.2 | 967.8 | 1488.1 | 2010.2 | |
//! | RL² | | | | | | 156.2 445.7 936.1 1428.8 1913.7 |
//!
//! These are means over 10 000 tasks (1000 for OPSRL) of seed 0, with standard errors of 0.3, 0.6,
//! 1.2, 1.8 and 2.4 (OPSRL 0.8 to 7.4), by the example `tabular_baselines`. β, c and the mean of
//! 1.75 were chosen on other tasks.
//!
//! The true prior alone lifts the greedy baseline from 1589 to 1881 at n = 100; expecting a reward
//! of 1.75 instead of 1 lifts it to 2010, above every agent of the paper from n = 25 on.
//!
//! # Examples
//!
//! ```
//! use metarl_core::Seed;
//! use metarl_envs::RandomTabular;
//! use metarl_envs::baseline::tabular::{Prior, Psrl, TabularEvaluation, Uniform};
//!
//! let evaluation = TabularEvaluation {
//!     n_episodes: vec![10],
//!     n_tasks: 50,
//!     n_threads: 1,
//!     seed: Seed::new(0),
//! };
//! let floor = evaluation.run(&RandomTabular::RL2, |_| Ok(Uniform))?;
//! let psrl = evaluation.run(&RandomTabular::RL2, |task| {
//!     Ok(Psrl::new(Prior::TRUE, task.horizon))
//! })?;
//! assert!(psrl[0].mean > floor[0].mean);
//! # Ok::<(), metarl_core::Error>(())
//! ```

mod algorithm;
mod evaluation;
mod greedy;
mod optimism;
mod plan;
mod policy;
mod posterior;
mod posterior_sampling;
mod reference;

pub use algorithm::TabularAlgorithm;
pub use evaluation::TabularEvaluation;
pub use greedy::EpsilonGreedy;
pub use optimism::{Beb, Ucrl2};
pub use plan::{Model, Plan};
pub use policy::BaselinePolicy;
pub use posterior::{Posterior, Prior};
pub use posterior_sampling::{Opsrl, Psrl};
pub use reference::{Oracle, Uniform};
