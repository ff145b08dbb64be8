"""Events: written labels, passed on to subscriptions."""

import asyncio
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Generic, TypeVar

from attrs import define, field

_T = TypeVar("_T")


@define
class Events:
    """Numbers of labels, given on to every listener in the order in which they were written.

    A listener that is slow misses nothing: what it has not taken waits, at a few bytes for each label.
    """

    _listeners: "dict[asyncio.Queue[int], asyncio.AbstractEventLoop]" = field(factory=dict)
    _lock: Lock = field(factory=Lock)

    @property
    def listener_count(self) -> int:
        """How many are listening."""
        with self._lock:
            return len(self._listeners)

    def publish(self, numbers: Iterable[int]) -> None:
        """Tell all listeners; from any thread, after what is told has been committed."""
        told = list(numbers)
        with self._lock:
            for queue, loop in self._listeners.items():
                for number in told:
                    loop.call_soon_threadsafe(queue.put_nowait, number)

    def join(self) -> "asyncio.Queue[int]":
        """A queue of all that is published from now on, until one leaves with it."""
        queue: asyncio.Queue[int] = asyncio.Queue()
        with self._lock:
            self._listeners[queue] = asyncio.get_running_loop()
        return queue

    def leave(self, queue: "asyncio.Queue[int]") -> None:
        """Tell this one no more."""
        with self._lock:
            self._listeners.pop(queue, None)


class Listener(Generic[_T]):
    """The events of one listener; not a generator, because one that never began could not be closed.

    Args:
        events: where the queue is from.
        queue: what is published.
        load: gives what a number stands for, or None when it is gone by now, and is passed over.
    """

    def __init__(self, events: Events, queue: "asyncio.Queue[int]", load: Callable[[int], _T | None]) -> None:
        self._events, self._queue, self._load = events, queue, load

    def __aiter__(self) -> "Listener[_T]":
        return self

    async def __anext__(self) -> _T:
        while True:
            loaded = self._load(await self._queue.get())
            if loaded is not None:
                return loaded

    async def aclose(self) -> None:
        """Listen no more."""
        self._events.leave(self._queue)
