"""Look-ups a second of packages that find nearest neighbors, among the keys that our worker wrote.

Arguments: the package, and the work as our worker calls it, such as neighbors-manif-64x100k-k50.
"""

import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402, for the variables must be there first

from rounds import SECONDS  # noqa: E402

FOLDER = "target/peers/neighbors"
N_QUERIES = 2000
BATCH = 32


def rows(data, dimension, n_rows, what):
    path = f"{FOLDER}/{data}-{dimension}x{n_rows}-{what}.f32"
    return np.fromfile(path, dtype="<f4").reshape(n_rows, dimension)


def numpy_search(keys):
    """Distances by a matrix product, of which the smallest are selected."""
    squares = (keys * keys).sum(axis=1)

    def nearest(queries, k):
        distances = squares - 2 * (queries @ keys.T)
        part = np.argpartition(distances, k - 1, axis=1)[:, :k]
        order = np.take_along_axis(distances, part, axis=1).argsort(axis=1)
        return np.take_along_axis(part, order, axis=1)

    return nearest


def faiss_search(keys):
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatL2(keys.shape[1])
    index.add(keys)
    return lambda queries, k: index.search(queries, k)[1]


def sklearn_search(keys):
    from sklearn.neighbors import KDTree

    tree = KDTree(keys)
    return lambda queries, k: tree.query(queries, k)[1]


SEARCHES = {"numpy": numpy_search, "faiss": faiss_search, "sklearn": sklearn_search}


def main():
    package, work = sys.argv[1:]
    data, size, k, *option = work.removeprefix("neighbors-").split("-")
    data = "manif4" if data == "manif" else data
    dimension, n_keys = size.split("x")
    dimension, n_keys = int(dimension), 1000 * int(n_keys.removesuffix("k"))
    k, batch = int(k.removeprefix("k")), BATCH if option == ["batch"] else 1
    nearest = SEARCHES[package](rows(data, dimension, n_keys, "keys"))
    queries = rows(data, dimension, N_QUERIES, "queries")
    assert nearest(queries[:batch], k).shape == (batch, k)
    print("ready", flush=True)
    turn = 0
    for _ in sys.stdin:
        n_done, start = 0, time.perf_counter()
        while time.perf_counter() - start < SECONDS:
            turn = (turn + batch) % (N_QUERIES - batch)
            nearest(queries[turn : turn + batch], k)
            n_done += batch
        print(n_done / (time.perf_counter() - start), flush=True)


main()
