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
STEPS = {"random": 12_000, "looks ahead": 6_000}
EPISODES = {"freeway": 300}
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
    """The first action it would like after which it can live on for a while."""
    actions = [*wishes(name, environment.state(), rng), *rng.permutation(6)]
    for action in actions:
        if any(survives(environment, int(action), rng) for _ in range(3)):
            return int(action)
    return int(actions[0])


def survives(environment, action, rng, n_steps=6):
    copied = copy.deepcopy(environment)
    for _ in range(n_steps):
        _, over = copied.act(action)
        if over:
            return False
        action = int(rng.integers(6))
    return True


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


def play(name, player, ramps):
    """The first episode follows from nothing; each later one from the last action before it."""
    environment = Environment(name, sticky_action_prob=0.1, difficulty_ramping=ramps)
    draws = environment.random = environment.env.random = Draws(7)
    act = {"random": acts_at_random, "looks ahead": looks_ahead}[player]
    rng = np.random.default_rng(7)
    n_left = STEPS[player]
    while n_left > 0:
        environment.reset()
        first, steps, over = board(environment), [], False
        while not over and n_left > 0:
            action = act(name, environment, rng)
            reward, over = environment.act(action)
            steps.append({
                "action": action,
                "board": board(environment),
                "reward": float(reward),
                "terminated": bool(over),
            })
            n_left -= 1
        write({
            "game": name,
            "player": player,
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


if __name__ == "__main__":
    if len(sys.argv) > 1:
        GAMES = sys.argv[1:2]
    for name in GAMES:
        if len(sys.argv) > 2:
            play(name, sys.argv[2], True)
        else:
            play(name, "random", True)
            play(name, "looks ahead", True)
            play(name, "looks ahead", False)
            returns(name)
