//! Reinforcement-learning losses over metarl-autodiff: policy gradient, PPO, TRPO surrogate, KL, entropy, value, behavior cloning.
