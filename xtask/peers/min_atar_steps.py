"""Random actions in a MinAtar game: act, look at the board, start anew where an episode ends."""

import sys

import numpy as np
from minatar import Environment

import rounds

STEPS = 1000


def make(_):
    environment = Environment(sys.argv[1])
    environment.seed(0)
    environment.reset()
    rng = np.random.default_rng(0)

    def run():
        for action in rng.integers(6, size=STEPS).tolist():
            _, over = environment.act(action)
            environment.state()
            if over:
                environment.reset()
        return STEPS

    return run


rounds.serve([(1, make)])
