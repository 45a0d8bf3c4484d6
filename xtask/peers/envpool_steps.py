"""Random actions in EnvPool's environments, which are C++, many at a time on one thread."""

import sys

import envpool
import numpy as np

import rounds


def make(n_lanes):
    environments = envpool.make_gymnasium(sys.argv[1], num_envs=n_lanes, num_threads=1, seed=0)
    environments.reset()
    space = environments.action_space
    rng = np.random.default_rng(0)

    def actions():
        if hasattr(space, "n"):
            return rng.integers(space.n, size=n_lanes)
        return rng.uniform(space.low, space.high, (n_lanes, *space.shape)).astype(space.dtype)

    def run():
        environments.step(actions())
        return 1

    return run


rounds.serve([(n, make) for n in (8, 64, 512, 4096)])
