//! Agents that act on learned action values: deep Q-networks and episodic control.
//!
//! They share how they act and how they are judged ([`ValueBased`]) and differ in what they learn
//! from a step ([`ValueLearner`]).

mod config;
mod dqn;
mod learner;
mod mfec;
mod nec;
mod network;
mod policy;
mod replay;
mod stored;
mod trainer;

pub use config::{Exploration, ValueBasedConfig};
pub use dqn::{Dqn, DqnConfig, DqnState};
pub use learner::{Learned, ValueLearner};
pub use mfec::{Mfec, MfecConfig, MfecState};
pub use nec::{Nec, NecConfig, NecState};
pub use network::DenseStack;
pub(crate) use network::DenseStackParameters;
pub use policy::EpsilonGreedy;
pub use replay::ReplayConfig;
pub use trainer::{Milestone, ValueBased, ValueBasedIteration, ValueBasedState};
