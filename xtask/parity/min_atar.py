"""Plays MinAtar's games; one JSON line an episode, with every number that was drawn.

The package's source of random numbers is replaced by one that writes them down, so that the episodes
can be played again. Two players: one acts at random; the other knows what it wants and looks into copies
of the game before it acts, so that it lives to see what random play does not: new walls and waves, divers
brought to the surface, games that have become hard. Last, the returns of many episodes of random play
with the package's own numbers.

A board is one number a channel, in hexadecimal: bit 10 row + column is a cell.
"""

import copy
import json
import sys

import numpy as np
from minatar import Environment

GAMES = ["breakout", "asterix", "freeway", "seaquest", "space_invaders"]
EPISODES = {"freeway": 1000}
NOTHING, LEFT, UP, RIGHT, DOWN, FIRE = range(6)


class Draws:
    """Numbers drawn, and written down: a unit as it is, a choice as [n, value]."""

    def __init__(self, seed):
        self.source = np.random.RandomState(seed)
        self.log = []

    def rand(self, *shape):
        drawn = self.source.rand(*shape)
        self.log.extend(np.ravel(drawn).tolist())
        return drawn

    def randint(self, low, high=None, size=None):
        low, high = (0, low) if high is None else (low, high)
        drawn = self.source.randint(low, high, size)
        self.log.extend([int(high - low), int(x - low)] for x in np.ravel(drawn))
        return drawn

    def __deepcopy__(self, _):
        copied = Draws(0)
        copied.source.set_state(self.source.get_state())
        return copied


def acts_at_random(_name, _environment, rng):
    return int(rng.integers(6))


def looks_ahead(name, environment, rng):
    """The first action it would like after which it may live on for a while; against the last aliens of
    a wave, which are fast, what is worth most.
    """
    state = environment.state()
    if name == "space_invaders" and state[:, :, 1].sum() <= 3:
        worth = [sum(outlook(environment, a, rng, 12) for _ in range(2)) for a in range(6)]
        return int(np.argmax(worth + 1e-3 * rng.random(6)))
    actions = [*wishes(name, state, rng), *rng.permutation(6)]
    for action in actions:
        if any(outlook(environment, action, rng, 6) >= 0.0 for _ in range(3)):
            return int(action)
    return int(actions[0])


def outlook(environment, action, rng, n_steps):
    """Rewards of an action and of random ones after it, minus what dying costs."""
    copied, worth = copy.deepcopy(environment), 0.0
    for step in range(n_steps):
        reward, over = copied.act(int(action))
        worth += float(reward) * 0.98**step
        if over:
            return worth - 20.0 * 0.9**step
        action = rng.integers(6)
    return worth


def wishes(name, state, rng):
    """What a player would do about what it sees, if nothing else happened."""
    cells = [np.argwhere(state[:, :, channel]) for channel in range(state.shape[2])]
    at = cells[0][0]
    if name == "breakout":
        ball, was = cells[1][0], cells[2][0]
        return towards(at, [at[0], np.clip(ball[1] + (ball[1] - was[1]), 0, 9)])
    if name == "asterix":
        return [a for treasure in nearest(at, cells[3]) for a in towards(at, treasure)]
    if name == "freeway":
        return [UP]
    if name == "space_invaders":
        return [FIRE, rng.choice([LEFT, RIGHT])]
    n_divers, oxygen = len(cells[8]), len(cells[7])
    if n_divers == 6 or (n_divers > 0 and oxygen < 3):
        return [UP]
    if len(cells[5]) + len(cells[6]) > 0 and rng.random() < 0.2:
        return [FIRE]
    return [a for diver in nearest(at, cells[9]) for a in towards(at, diver)]


def nearest(at, cells):
    return sorted(cells, key=lambda cell: np.abs(cell - at).sum())[:1]


def towards(at, to):
    actions = []
    if at[0] != to[0]:
        actions.append(UP if to[0] < at[0] else DOWN)
    if at[1] != to[1]:
        actions.append(LEFT if to[1] < at[1] else RIGHT)
    return actions or [NOTHING]


WEIGHT = 1 << np.arange(100, dtype=object)


def board(environment):
    cells = environment.state().reshape(100, -1)
    return [format(sum(WEIGHT[cells[:, channel]]), "x") for channel in range(cells.shape[1])]


def play(name, player, n_steps, ramps=True):
    """Episodes one after the other: the first action of one may stick to the last of the one before."""
    environment = Environment(name, sticky_action_prob=0.1, difficulty_ramping=ramps)
    draws = environment.random = environment.env.random = Draws(7)
    rng = np.random.default_rng(7)
    while n_steps > 0:
        environment.reset()
        first, steps, over = board(environment), [], False
        while not over and n_steps > 0:
            action = player(name, environment, rng)
            reward, over = environment.act(action)
            steps.append({
                "action": action,
                "board": board(environment),
                "reward": float(reward),
                "terminated": bool(over),
            })
            n_steps -= 1
        write({
            "game": name,
            "player": player.__name__,
            "ramps": ramps,
            "draws": draws.log,
            "first": first,
            "steps": steps,
        })
        draws.log = []


def returns(name):
    environment = Environment(name)
    environment.seed(7)
    rng = np.random.default_rng(7)
    earned = []
    for _ in range(EPISODES.get(name, 3000)):
        environment.reset()
        total, over = 0.0, False
        while not over:
            reward, over = environment.act(int(rng.integers(6)))
            total += float(reward)
        earned.append(total)
    write({"game": name, "returns": earned})


def write(line):
    json.dump(line, sys.stdout, separators=(",", ":"))
    print()


for name in GAMES:
    play(name, acts_at_random, 12_000)
    play(name, looks_ahead, 4_000)
    play(name, looks_ahead, 1_500, ramps=False)
    returns(name)
