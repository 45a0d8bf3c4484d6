//! Batched environments and task distributions for meta-reinforcement learning, with classical baselines and exact optima. No tensors.
