"""Steps a second of Gymnasium in pure Python, for the example beside it: a line in, a rate out.

Rates are per second of processor time."""

import importlib.util
import pathlib
import sys
import time

import gymnasium


def bridge():
    """The Python side of the bridge, for a vector that starts anew within the step."""
    path = pathlib.Path(__file__).parents[1] / "src/gymnasium/bridge.py"
    specification = importlib.util.spec_from_file_location("metarl_bridge", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


kind, name = sys.argv[1:3]
n_lanes, seconds, n_actions = int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])

if kind == "make":
    environments = [gymnasium.make(name) for _ in range(n_lanes)]
    for lane, environment in enumerate(environments):
        environment.reset(seed=lane)
    space = environments[0].action_space
    actions = [[int(space.sample()) for _ in range(n_lanes)] for _ in range(n_actions)]

    def step(action):
        for environment, one in zip(environments, action):
            observation, reward, terminated, truncated, info = environment.step(one)
            if terminated or truncated:
                observation, info = environment.reset()

else:
    if kind == "same":
        environments = bridge().make_vec(name, n_lanes, "vector_entry_point", "{}", "[]")
    else:
        environments = gymnasium.make_vec(name, num_envs=n_lanes)
    environments.reset(seed=1)
    actions = [environments.action_space.sample() for _ in range(n_actions)]
    step = environments.step

for _ in sys.stdin:
    start, before, n_steps = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - start < seconds:
        step(actions[n_steps % n_actions])
        n_steps += 1
    print(n_steps * n_lanes / (time.process_time() - before), flush=True)
