"""Garbage collection while a list of labels is made, or labels are exported.

Decoded labels have no cycles, and all of them are kept: a collection finds nothing, but looks through all objects.
With the usual threshold collections take longer than the decoding, so they are rare until the list is complete.
An export frees its labels as it goes, without any collection.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from attrs import define, field

from kili_query.client.forking import when_forked

_RARELY = 20_000_000
"""New objects between two collections, about 80,000 labels; cycles of other threads are still collected."""


@define(eq=False)
class _Collections:
    """The threshold of the process, which several threads may raise at the same time."""

    _lock: Lock = field(factory=Lock)
    _wanted_by: int = 0
    _usual: tuple[int, int, int] = (0, 0, 0)

    def make_rare(self) -> None:
        with self._lock:
            if self._wanted_by == 0:
                self._usual = gc.get_threshold()
                if 0 < self._usual[0] < _RARELY:  # 0 switches collections off
                    gc.set_threshold(_RARELY, *self._usual[1:])
            self._wanted_by += 1

    def make_usual(self) -> None:
        with self._lock:
            if self._wanted_by == 0:
                return  # it was raised before the process was forked
            self._wanted_by -= 1
            if self._wanted_by == 0:
                _call_old()
                gc.set_threshold(*self._usual)

    def forget(self) -> None:
        """Reset it in a forked process, which does not have the threads that raised it."""
        self._lock = Lock()
        if self._wanted_by:
            self._wanted_by = 0
            gc.set_threshold(*self._usual)


def _call_old() -> None:
    """Move all objects to the oldest generation; otherwise the next collection, which is near, looks through them."""
    if gc.get_freeze_count() == 0:  # otherwise the program keeps some frozen
        gc.freeze()
        gc.unfreeze()


_COLLECTIONS = _Collections()
when_forked(_COLLECTIONS.forget)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Make collections of this process rare until the block ends.

    >>> usual = gc.get_threshold()
    >>> with rare_collections():
    ...     gc.get_threshold()[0]
    20000000
    >>> gc.get_threshold() == usual
    True
    """
    _COLLECTIONS.make_rare()
    try:
        yield
    finally:
        _COLLECTIONS.make_usual()
