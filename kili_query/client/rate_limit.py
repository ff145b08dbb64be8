"""The rate limit: the number of calls that a process sends in a minute."""

import threading
from collections import deque
from functools import cache
from hashlib import sha256

from kili_query.client.forking import when_forked
from kili_query.client.request import CALLS_PER_MINUTE
from kili_query.client.retries import Clock
from kili_query.errors import ArgumentError

_WINDOW_S = 60.0


class RateLimit:
    """Limits the calls in any sixty seconds, in the order in which they were requested.

    The service counts over a rolling minute. A token bucket would let twice as many through in its first minute, so the
    limit remembers when its last calls were sent, and a call takes the first moment that keeps the rule. It takes the
    moment under a lock and waits outside it: no call polls, and none overtakes another.

    >>> moments = iter([0.0, 1.0, 2.0])
    >>> waits = []
    >>> limit = RateLimit(2, Clock(monotonic_s=lambda: next(moments), sleep=waits.append))
    >>> limit.acquire(); limit.acquire(); limit.acquire()
    >>> waits
    [58.0]
    """

    def __init__(self, calls_per_minute: int, clock: Clock | None = None) -> None:
        if calls_per_minute < 1:
            raise ArgumentError(f"`calls_per_minute` must be a number above 0, or None, not `{calls_per_minute}`")
        self._clock = clock or Clock()
        self._lock = threading.Lock()
        self._last: deque[float] = deque(maxlen=calls_per_minute)

    def acquire(self) -> None:
        """Wait until one more call may be sent."""
        with self._lock:
            now = self._clock.monotonic_s()
            is_full = len(self._last) == self._last.maxlen
            moment = max(now, self._last[0] + _WINDOW_S) if is_full else now
            self._last.append(moment)
        if moment > now:
            self._clock.sleep(moment - now)


def fewest_minutes(calls: int, calls_per_minute: int = CALLS_PER_MINUTE) -> int:
    """Return how many whole minutes a `RateLimit` holds back the last of some calls, if no other calls are sent.

    The first calls are sent at once, so that this is the shortest time, of a service that answers at once.

    >>> fewest_minutes(500), fewest_minutes(501)
    (0, 1)
    """
    return max(calls - 1, 0) // calls_per_minute


def shared_rate_limit(endpoint: str, api_key: str, calls_per_minute: int) -> RateLimit:
    """Return the limit that all clients of one key and endpoint share in this process.

    A forked process starts its own count. Between processes, the 429 of the service decides who waits.
    """
    return _limit_of(endpoint, sha256(api_key.encode()).hexdigest(), calls_per_minute)


@cache
def _limit_of(endpoint: str, key_digest: str, calls_per_minute: int) -> RateLimit:
    # the only global state: two clients that each keep to the limit would exceed it together
    return RateLimit(calls_per_minute)


when_forked(_limit_of.cache_clear)
