"""What tests of subscriptions share: a clock that hardly waits, and a way to read without waiting for ever."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from kili_query.client.retries import Clock
from kili_query.client.subscription import Subscription

__all__ = ["QUICK", "TIMEOUT_S", "take", "watchdog"]

TIMEOUT_S = 30.0

QUICK = Clock(between=lambda low, high: min(high, 0.01))
"""Pauses of a hundredth of a second at most."""


@contextmanager
def watchdog(subscription: Subscription) -> Iterator[None]:
    """Closes a subscription that lets a test wait too long, so that the test fails instead."""
    timer = threading.Timer(TIMEOUT_S, subscription.close)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def take(subscription: Subscription, number: int) -> list[dict[str, object]]:
    """The next labels; fewer where the subscription ends."""
    with watchdog(subscription):
        return list(islice(subscription, number))
