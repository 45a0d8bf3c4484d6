//! Bandit algorithms and the exact optima they fall short of.
//!
//! | algorithm | how it chooses | to be tuned |
//! |---|---|---|
//! | [`UniformArm`] | uniformly | |
//! | [`Greedy`] | largest posterior mean | |
//! | [`EpsilonGreedy`] | as greedy, sometimes uniformly | ε |
//! | [`Ucb1`] | posterior mean and a bonus | c |
//! | [`ThompsonSampling`] | one draw from each posterior | |
//! | [`OptimisticThompsonSampling`] | the likeliest of N draws from the posterior | N |
//! | [`FiniteHorizonGittins`] | index for the pulls that remain | |
//! | [`WhittleIndex`] | closed-form approximation of the discounted index | γ |
//!
//! All of them but [`UniformArm`] assume arms that pay 1 or 0 and start from a posterior of
//! Beta(1, 1), which is the truth for [`BernoulliBandits`](crate::BernoulliBandits). A reward above
//! ½ counts as a success. Of arms that look equally good the first is chosen.
//!
//! # Examples
//!
//! ```
//! use metarl_core::Seed;
//! use metarl_envs::BernoulliBandits;
//! use metarl_envs::baseline::bandit::{Greedy, IndexPolicy, evaluate, optimum};
//!
//! let mut greedy = IndexPolicy::new(Greedy, 5)?;
//! let played = evaluate(&mut greedy, &BernoulliBandits { n_arms: 5 }, 10, 1000, Seed::new(1))?;
//! let exact = optimum::bernoulli(5, 10)?;
//! assert!((exact - 6.66).abs() < 1e-3);
//! assert!(played.total_reward.mean < exact);
//! # Ok::<(), metarl_core::Error>(())
//! ```

mod algorithm;
mod evaluate;
mod gittins;
mod index;
mod policy;
mod posterior;
mod thompson;
mod tuned;

pub mod optimum;

pub use algorithm::{BanditAlgorithm, EpsilonGreedy, UniformArm};
pub use evaluate::{Evaluation, evaluate};
pub use gittins::{FiniteHorizonGittins, WhittleIndex};
pub use index::{Greedy, IndexPolicy, IndexRule, Ucb1};
pub use policy::BaselinePolicy;
pub use posterior::BetaPosterior;
pub use thompson::{OptimisticThompsonSampling, ThompsonSampling};
pub use tuned::{Tuned, best_of};
