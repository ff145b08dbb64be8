"""Reset of threads, locks and connections in a forked process.

A forked process has a copy of each lock, which may be locked, but none of the threads that would release it. What it
sent over a connection of its parent would be mixed with what the parent sends.
"""

import os
from collections.abc import Callable
from inspect import ismethod
from typing import Final
from weakref import WeakMethod

_RESETS: Final[set[Callable[[], Callable[[], object] | None]]] = set()


def when_forked(reset: Callable[[], object]) -> None:
    """Call a function in each process that is forked from this one; a method only while its object exists.

    Note:
        A reset must keep what it replaces: collecting a pool or a queue may wait for a lock that nobody releases.
    """
    _RESETS.add(WeakMethod(reset, _RESETS.discard) if ismethod(reset) else lambda: reset)


def _reset_all() -> None:
    for found in list(_RESETS):
        if (reset := found()) is not None:
            reset()


if hasattr(os, "register_at_fork"):  # nothing is forked on Windows
    os.register_at_fork(after_in_child=_reset_all)
