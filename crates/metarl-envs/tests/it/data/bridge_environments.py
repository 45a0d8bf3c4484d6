"""Environments of known numbers, for the tests of the bridge."""

import threading

import gymnasium
import numpy
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

BOXES = {
    "float32": spaces.Box(-2000.0, 2000.0, (2, 3), numpy.float32),
    "float64": spaces.Box(numpy.array([[-1, -2, -3], [-4, -5, -6]]) * 1e4, 1e5, (2, 3), numpy.float64),
    "uint8": spaces.Box(0, 255, (2, 3), numpy.uint8),
    "int16": spaces.Box(-300, 300, (2, 3), numpy.int16),
    "bits": spaces.MultiBinary((2, 3)),
    "indices": spaces.MultiDiscrete([100, 200, 300, 400, 500, 600], start=[1, 0, 0, 0, 0, 0]),
    "index": spaces.Discrete(600, start=-50),
    "text": spaces.Text(3),
}


THREAD = threading.local()


class Counter(gymnasium.Env):
    """Shows [[opening, steps, action], [task, scale, 0]], the opening drawn from [1, 100)."""

    action_space = spaces.Discrete(3, start=5)

    def __init__(self, shows="float64", scale=1, terminates=None, truncates=None, fails=None, lies=None):
        self.observation_space = BOXES[shows]
        self.shows, self.scale, self.fails, self.lies = shows, scale, fails, lies
        self.terminates, self.truncates = terminates, truncates
        self.task = 0

    def set_task(self, task):
        if task["offset"] < 0:
            raise ValueError("no task is below zero")
        self.task = task["offset"]

    def observe(self, action):
        if self.shows == "index":
            return numpy.int64(self.n_steps - 50)
        if self.shows == "bits":
            numbers = numpy.array([[1, 0, self.n_steps % 2], [0, 0, 1]], numpy.int8)
        else:
            numbers = numpy.array([[self.opening, self.n_steps, action], [self.task, self.scale, 0]])
        if self.lies == self.n_steps:
            numbers = numbers[:1]
        # By columns in memory, as a transposed array is.
        return numpy.asfortranarray(numbers, dtype=self.observation_space.dtype)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        THREAD.has_reset = True
        self.opening, self.n_steps = self.np_random.integers(1, 100), 0
        return self.observe(0), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        assert hasattr(THREAD, "has_reset"), "another thread than that of the reset"
        if self.n_steps == self.fails:
            raise RuntimeError("the motor\nis on fire")
        self.n_steps += 1
        terminated = self.n_steps == self.terminates
        return self.observe(action), self.scale * self.n_steps, terminated, self.n_steps == self.truncates, {}


class Mover(gymnasium.Env):
    """Shows the action it was given, and how it was given."""

    observation_space = spaces.Box(-numpy.inf, numpy.inf, (5,), numpy.float64)

    def __init__(self, low=-1.0, high=1.0, dtype="float32", shape=(2, 2)):
        low, high = (numpy.broadcast_to(bound, shape).astype(dtype) for bound in (low, high))
        self.action_space = spaces.Box(low, high, dtype=dtype)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return numpy.zeros(5), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        return numpy.append(action.ravel(), action.itemsize), 0.0, False, False, {}


class CounterVector(VectorEnv):
    """Counts steps in every lane; lane i terminates after 2 + i steps, and all are cut after four."""

    single_observation_space = spaces.Box(0.0, 1000.0, (2,), numpy.float32)
    single_action_space = spaces.Discrete(3, start=5)

    def __init__(self, num_envs, mode, **keywords):
        self.num_envs = num_envs
        self.metadata = {"autoreset_mode": AutoresetMode[mode]}
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.n_steps = numpy.zeros(num_envs, numpy.int64)
        self.n_episodes = numpy.zeros(num_envs, numpy.int64)

    def observe(self):
        return numpy.stack([self.n_episodes, self.n_steps], axis=1).astype(numpy.float32)

    def reset(self, *, seed=None, options=None):
        mask = (options or {}).get("reset_mask", numpy.ones(self.num_envs, bool))
        self.n_episodes = numpy.where(mask, 0 if seed is not None else self.n_episodes + 1, self.n_episodes)
        self.n_steps = numpy.where(mask, 0, self.n_steps)
        return self.observe(), {}

    def step(self, actions):
        assert self.action_space.contains(actions), actions
        self.n_steps = self.n_steps + 1
        terminated = self.n_steps == 2 + numpy.arange(self.num_envs)
        truncated = self.n_steps == 4
        reached, info = self.observe(), {}
        if self.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP and (terminated | truncated).any():
            info["final_obs"] = reached
            reached, _ = self.reset(options={"reset_mask": terminated | truncated})
        return reached, self.n_steps.astype(numpy.int32), terminated, truncated, info


gymnasium.register(id="Counter-v0", entry_point=Counter, vector_entry_point=CounterVector)
gymnasium.register(id="Mover-v0", entry_point=Mover)
