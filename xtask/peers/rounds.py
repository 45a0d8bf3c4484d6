"""The protocol of `cargo xtask bench --peers`: a line in, a measured rate out, until the input ends."""

import json
import sys
import time

SECONDS = 0.5


def rate(step, n_lanes, seconds=SECONDS):
    """Lane-steps a second of `step()`, which takes a number of steps and says how many."""
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        done += step()
    return done * n_lanes / (time.perf_counter() - start)


def serve(candidates):
    """`candidates` are pairs of a number of lanes and a function; of several the fastest one is kept."""
    measured = []
    for n_lanes, make in candidates:
        step = make(n_lanes)
        step()
        measured.append((rate(step, n_lanes, 0.3) if len(candidates) > 1 else 0, n_lanes, step))
    _, n_lanes, step = max(measured, key=lambda entry: entry[0])
    print(json.dumps({"lanes": n_lanes}), flush=True)
    for _ in sys.stdin:
        print(rate(step, n_lanes), flush=True)
