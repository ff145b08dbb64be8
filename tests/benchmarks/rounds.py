"""Timing of peers in turn, so that what else the machine does meets them all alike."""

import time
from collections.abc import Callable, Mapping

__all__ = ["best_times_s"]


def best_times_s(peers: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The shortest time that each peer took, in seconds."""
    best = dict.fromkeys(peers, float("inf"))
    for _ in range(rounds):
        for name, run in peers.items():
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    return best
