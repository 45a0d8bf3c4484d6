//! Agents that learn to learn: RL² and MAML-RL.
