"""Random actions in Gymnasium's vector environments, the fastest way to make them."""

import contextlib
import sys

import gymnasium

import rounds

# What the robots' models are warned of is known, and would be written to a file.
with contextlib.suppress(ImportError):
    import mujoco

    mujoco.set_mju_user_warning(lambda message: None)


def maker(mode):
    def make(n_lanes):
        environments = gymnasium.make_vec(sys.argv[1], num_envs=n_lanes, vectorization_mode=mode)
        environments.reset(seed=0)
        space = environments.action_space

        def run():
            environments.step(space.sample())
            return 1

        return run

    return make


def single(_):
    """One environment without the vector's bookkeeping."""
    environment = gymnasium.make(sys.argv[1])
    environment.reset(seed=0)
    space = environment.action_space

    def run():
        _, _, terminated, truncated, _ = environment.step(space.sample())
        if terminated or truncated:
            environment.reset()
        return 1

    return run


specification = gymnasium.spec(sys.argv[1])
candidates = [(1, single)] + [(n, maker("sync")) for n in (1, 16, 128)]
if specification.vector_entry_point is not None:
    candidates = [(n, maker("vector_entry_point")) for n in (1024, 4096, 16384)]
rounds.serve(candidates)
