"""Steps of a neural dictionary made of faiss and Python: look up 50 neighbors, weigh, write, evict.

An index that is read from end to end; its rows are overwritten in place, which is kinder than faiss's own
removal, that moves all rows behind. The order of use is an OrderedDict, exact matches are found in a dict.
"""

from collections import OrderedDict

import faiss
import numpy as np

import rounds

CAPACITY, DIMENSION, N_NEIGHBORS, N_LATENT, N_UNITS = 500_000, 64, 50, 4, 64
ALPHA, DELTA = 0.1, 1e-3


def embeddings(rng, surface, n):
    """Keys near a surface of four dimensions, as those of a network are."""
    inward = surface.standard_normal((N_LATENT, N_UNITS), np.float32)
    bias = 0.5 * surface.standard_normal(N_UNITS, np.float32)
    outward = surface.standard_normal((N_UNITS, DIMENSION), np.float32) / np.sqrt(N_UNITS)
    keys = np.tanh(rng.standard_normal((n, N_LATENT), np.float32) @ inward + bias) @ outward
    return (keys + 0.01 * rng.standard_normal((n, DIMENSION), np.float32)).astype(np.float32)


def make(_):
    faiss.omp_set_num_threads(1)
    rng = np.random.default_rng(1)
    keys = embeddings(rng, np.random.default_rng(0), CAPACITY)
    fresh = embeddings(rng, np.random.default_rng(0), 20_000)
    index = faiss.IndexFlatL2(DIMENSION)
    index.add(keys)
    rows = faiss.rev_swig_ptr(index.get_xb(), CAPACITY * DIMENSION).reshape(CAPACITY, DIMENSION)
    values = rng.standard_normal(CAPACITY).astype(np.float32)
    slot_of = {key.tobytes(): slot for slot, key in enumerate(keys)}
    order = OrderedDict.fromkeys(range(CAPACITY))
    turn = 0

    def step():
        nonlocal turn
        query, key = fresh[turn % len(fresh)], fresh[(turn + 1) % len(fresh)]
        turn += 2
        squared, slots = index.search(query[None], N_NEIGHBORS)
        weights = 1 / (squared[0] + DELTA)
        output = weights @ values[slots[0]] / weights.sum()
        for slot in slots[0][::-1].tolist():
            order.move_to_end(slot)
        name = key.tobytes()
        slot = slot_of.get(name)
        if slot is not None:
            values[slot] += ALPHA * (output - values[slot])
        else:
            slot, _ = order.popitem(last=False)
            del slot_of[rows[slot].tobytes()]
            rows[slot] = key
            values[slot] = output
            slot_of[name] = slot
            order[slot] = None
        return 1

    return step


rounds.serve([(1, make)])
