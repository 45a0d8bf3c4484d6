"""The Python side of the bridge: what is easier said here than through an interface."""

import functools
import json

import gymnasium
import numpy
from gymnasium import spaces
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv


def make(name, keywords, wrappers):
    """One environment; keyword arguments and wrappers come as JSON."""
    environment = gymnasium.make(name, **json.loads(keywords))
    for wrapper in _wrappers(wrappers):
        environment = wrapper(environment)
    return environment


def _wrappers(wrappers):
    named = json.loads(wrappers)
    return [functools.partial(getattr(gymnasium.wrappers, name), **keywords) for name, keywords in named]


def set_task(environment, task):
    environment.get_wrapper_attr("set_task")(json.loads(task))


def make_vec(name, n_lanes, mode, keywords, wrappers):
    """Lanes that start anew within the step that ended them, where the environment has a way to."""
    keywords, wrappers = json.loads(keywords), _wrappers(wrappers)
    make = functools.partial(gymnasium.make_vec, name, num_envs=n_lanes, vectorization_mode=mode)
    if mode != "vector_entry_point":
        autoreset = {"autoreset_mode": AutoresetMode.SAME_STEP}
        return make(vector_kwargs=autoreset, wrappers=wrappers, **keywords)
    try:
        environment = make(wrappers=wrappers, **({"autoreset_mode": AutoresetMode.SAME_STEP} | keywords))
    except TypeError as error:
        if "autoreset_mode" not in str(error):
            raise
        environment = make(wrappers=wrappers, **keywords)
    if type(environment) is CartPoleVectorEnv:
        environment.__class__ = SameStepCartPole
    return environment


class SameStepCartPole(CartPoleVectorEnv):
    """Gymnasium's CartPole in NumPy, with the reset it would do at the next step done at once."""

    metadata = CartPoleVectorEnv.metadata | {"autoreset_mode": AutoresetMode.SAME_STEP}

    def step(self, action):
        observation, reward, terminated, truncated, info = super().step(action)
        (ended,) = self.prev_done.nonzero()
        if ended.size > 0:
            opening = self.np_random.uniform(self.low, self.high, size=(4, ended.size))
            self.state[:, ended] = opening
            self.steps[ended] = 0
            self.prev_done = numpy.zeros(self.num_envs, dtype=numpy.bool_)
            info["final_obs"], observation = observation, observation.copy("K")
            observation[ended] = opening.T
        return observation, reward, terminated, truncated, info


def autoreset(environment):
    """The mode's name, and whether single lanes can be reset."""
    mode = environment.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
    mode = mode if isinstance(mode, AutoresetMode) else AutoresetMode(mode)
    masked = mode is AutoresetMode.DISABLED or isinstance(environment.unwrapped, (SyncVectorEnv, AsyncVectorEnv))
    return mode.name, masked


def reset(environment, seeds):
    """All lanes, each from its own seed where the environment takes as many."""
    if isinstance(environment.unwrapped, (SyncVectorEnv, AsyncVectorEnv)):
        return environment.reset(seed=seeds)[0]
    if hasattr(environment.unwrapped, "ale"):
        return environment.reset(seed=numpy.array(seeds, dtype=numpy.int64))[0]
    return environment.reset(seed=seeds[0])[0]


def restart(environment, ended):
    """The lanes that ended, all others left alone."""
    mask = numpy.array(ended, dtype=numpy.bool_)
    return environment.reset(options=None if mask.all() else {"reset_mask": mask})[0]


def describe(space):
    """Kind, shape, type, smallest and largest lower bound, the same of upper bounds, start and number."""
    if isinstance(space, spaces.Box):
        low, high = (bound.astype(numpy.float64) for bound in (space.low, space.high))
        return _described("box", space, _span(low), _span(high))
    if isinstance(space, spaces.MultiBinary):
        return _described("bits", space, (0.0, 0.0), (1.0, 1.0))
    if isinstance(space, spaces.MultiDiscrete):
        return _described("indices", space, _span(space.start), _span(space.start + space.nvec - 1))
    if isinstance(space, spaces.Discrete):
        return ("index", [], space.dtype.name, (0.0, 0.0), (0.0, 0.0), int(space.start), int(space.n))
    return ("other", [], "", (0.0, 0.0), (0.0, 0.0), 0, 0)


def _described(kind, space, low, high):
    return (kind, list(space.shape), space.dtype.name, low, high, 0, int(numpy.prod(space.shape, dtype=int)))


def _span(bounds):
    return (float(bounds.min()), float(bounds.max())) if bounds.size > 0 else (0.0, 0.0)


@functools.cache
def _benchmark(name, environment, seed):
    import metaworld

    arguments = () if environment is None else (environment,)
    return getattr(metaworld, name)(*arguments, seed=seed)


class MetaWorld(gymnasium.Env):
    """A part of a Meta-World benchmark whose task is a number."""

    def __init__(self, benchmark, split, environment=None, seed=0):
        benchmark = _benchmark(benchmark, environment, seed)
        self._classes = getattr(benchmark, f"{split}_classes")
        self._tasks = getattr(benchmark, f"{split}_tasks")
        self._environments = {}
        self._played = None
        self.set_task(0)
        self.action_space = self._played.action_space
        self.observation_space = spaces.Box(-numpy.inf, numpy.inf, self._played.observation_space.shape, numpy.float64)

    def set_task(self, index):
        if not 0 <= index < len(self._tasks):
            raise ValueError(f"there are {len(self._tasks)} tasks, and none has the number {index}")
        task = self._tasks[index]
        if task.env_name not in self._environments:
            self._environments[task.env_name] = self._classes[task.env_name]()
        self._played = self._environments[task.env_name]
        self._played.set_task(task)

    def reset(self, *, seed=None, options=None):
        return self._played.reset(seed=seed, options=options)

    def step(self, action):
        return self._played.step(action)

    def close(self):
        for environment in self._environments.values():
            environment.close()


gymnasium.register(id="metarl/MetaWorld-v0", entry_point=MetaWorld)
