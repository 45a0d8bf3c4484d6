"""Plays Gymnasium's classic control under random actions; one JSON line an episode.

Actions of Pendulum are doubles: for single-precision ones Gymnasium computes the torque's terms in
single precision. Those of MountainCarContinuous are single, as its action space says.
"""

import json
import sys

import gymnasium
import numpy as np

STEPS = 10_000
PRECISION = {"MountainCarContinuous-v0": np.float32, "Pendulum-v1": np.float64}


def draw(space, rng):
    if isinstance(space, gymnasium.spaces.Discrete):
        return int(rng.integers(space.n))
    return float(np.float32(rng.uniform(space.low[0], space.high[0])))


def play(name):
    environment = gymnasium.make(name)
    rng = np.random.default_rng(7)
    seed = steps = 0
    while steps < STEPS:
        first, _ = environment.reset(seed=seed)
        episode = []
        over = False
        while not over:
            action = draw(environment.action_space, rng)
            precision = PRECISION.get(name)
            given = action if precision is None else np.array([action], dtype=precision)
            observation, reward, terminated, truncated, _ = environment.step(given)
            over = terminated or truncated
            episode.append({
                "action": action,
                "observation": [float(x) for x in observation],
                "reward": float(reward),
                "terminated": bool(terminated),
                "truncated": bool(truncated),
            })
        json.dump({
            "environment": name,
            "seed": seed,
            "first": [float(x) for x in first],
            "steps": episode,
        }, sys.stdout)
        print()
        seed += 1
        steps += len(episode)


for name in [
    "CartPole-v1",
    "MountainCar-v0",
    "MountainCarContinuous-v0",
    "Pendulum-v1",
    "Acrobot-v1",
]:
    play(name)
