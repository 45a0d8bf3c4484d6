"""Look-ups of our neighbors beside those of other crates, over dimensions, sizes and data: a table.

Run it where `cargo xtask bench --peers --only neighbors` has built both sides. Arguments choose among the
works by their names, such as gauss-8x; all of them take about an hour.
"""

import os
import subprocess
import sys

PEERS = ["kiddo5", "kiddo6", "kdtree", "gemm-single"]
N_ROUNDS = 3

OURS = os.path.join(os.environ.get("CARGO_TARGET_DIR", "target"), "release/examples/neighbors")
THEIRS = "target/peers/neighbors-peers/release/neighbors-peers"


def start(*command):
    """A worker, when it is ready."""
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert worker.stdout.readline(), command
    return worker


def rate(worker):
    worker.stdin.write("\n")
    worker.stdin.flush()
    return float(worker.stdout.readline())


def median(numbers):
    return sorted(numbers)[len(numbers) // 2]


def compare(work):
    # Ours first, for it writes the data that all read.
    workers = [start(OURS, work)]
    workers += [start(THEIRS, peer, work) for peer in PEERS]
    rounds = [[rate(worker) for worker in workers] for _ in range(N_ROUNDS)]
    for worker in workers:
        worker.kill()
        worker.wait()
    # Of neighbors in time, with the fastest of the others.
    ratio = median([ours / max(others) for ours, *others in rounds])
    return [median(rates) for rates in zip(*rounds)], ratio


def main():
    works = [
        f"neighbors-{data}-{dimension}x{n_keys}k-k{k}"
        for data in ["manif", "gauss"]
        for dimension in [8, 16, 32, 64, 128]
        for n_keys in [10, 100, 500]
        for k in [11, 50]
    ]
    print("| work | ours |", " | ".join(PEERS), "| by the best |")
    print("|---" * (len(PEERS) + 3) + "|")
    for work in works:
        if all(word in work for word in sys.argv[1:]):
            rates, ratio = compare(work)
            print(f"| {work} |", " | ".join(f"{r:.0f}" for r in rates), f"| {ratio:.1f} |", flush=True)


main()
