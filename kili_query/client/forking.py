"""Reset of threads, locks and connections in a forked process.

A forked process has a copy of each lock, which may be locked, but none of the threads that would release it. What it
sent over a connection of its parent would be mixed with what the parent sends.
"""

import os
from collections.abc import Callable
from types import MethodType
from typing import Any, Final
from weakref import WeakKeyDictionary

_RESETS: Final[list[Callable[[], object]]] = []
_RESETS_OF: Final[WeakKeyDictionary[object, Callable[[Any], object]]] = WeakKeyDictionary()
"""The resets of objects, while these exist. A `weakref.WeakMethod` may fail when the interpreter ends."""


def when_forked(reset: Callable[[], object]) -> None:
    """Call a function in each process that is forked from this one; a method only while its object exists.

    Note:
        A reset must keep what it replaces: collecting a pool or a queue may wait for a lock that nobody releases.
    """
    if isinstance(reset, MethodType):
        _RESETS_OF[reset.__self__] = reset.__func__
    else:
        _RESETS.append(reset)


def _reset_all() -> None:
    for reset in _RESETS:
        reset()
    for owner, reset_owner in list(_RESETS_OF.items()):
        reset_owner(owner)


if hasattr(os, "register_at_fork"):  # nothing is forked on Windows
    os.register_at_fork(after_in_child=_reset_all)
