"""Plays Gymnasium's BipedalWalker: with the heuristic that comes with it, and under random actions. One
JSON line an episode.

Every episode has an environment of its own: one that is used again numbers its bodies otherwise, so the
solver takes contacts in another order. Actions are numbers of single precision given as doubles: for
single-precision ones Gymnasium computes the torques' cost in single precision.
"""

import json
import sys

import gymnasium
import numpy as np
from gymnasium.envs.box2d.bipedal_walker import BipedalWalkerHeuristics

HEURISTIC_SEEDS = range(5)
RANDOM_SEEDS = range(5, 8)


def play(name, seed, policy, kind):
    environment = gymnasium.make(name)
    first, _ = environment.reset(seed=seed)
    observation = first
    episode = []
    over = False
    while not over:
        action = np.clip(np.asarray(policy(observation), dtype=np.float32), -1, 1)
        observation, reward, terminated, truncated, _ = environment.step(action.astype(np.float64))
        over = terminated or truncated
        episode.append({
            "action": [float(x) for x in action],
            "observation": [float(x) for x in observation],
            "reward": float(reward),
            "terminated": bool(terminated),
        })
    json.dump({
        "environment": name,
        "policy": kind,
        "seed": seed,
        "first": [float(x) for x in first],
        "steps": episode,
    }, sys.stdout)
    print()
    environment.close()


def at_random(seed):
    rng = np.random.default_rng(seed)
    return lambda _: rng.uniform(-1, 1, 4)


for name in ["BipedalWalker-v3", "BipedalWalkerHardcore-v3"]:
    for seed in HEURISTIC_SEEDS:
        play(name, seed, BipedalWalkerHeuristics().step_heuristic, "its heuristic")
    for seed in RANDOM_SEEDS:
        play(name, seed, at_random(seed), "random actions")
