"""Timing of peers in turn, so that what else the machine does meets them all alike."""

import time
from collections.abc import Callable, Mapping

__all__ = ["best_times_s"]


def best_times_s(peers: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The shortest time that each peer took, in seconds.

    Every other round goes backwards, so that no peer always finds the caches as one and the same other left them.
    """
    best = dict.fromkeys(peers, float("inf"))
    for number in range(rounds):
        in_turn = list(peers.items())
        for name, run in in_turn if number % 2 == 0 else reversed(in_turn):
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    return best
