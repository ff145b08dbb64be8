"""The threads of a client: a bounded number of daemons, made anew in a forked process."""

import weakref
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import ParamSpec, TypeAlias, TypeVar

from kili_query.client.forking import when_forked

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")
_Task: TypeAlias = tuple["Future[object]", Callable[[], object]]


class Threads(Executor):
    """Runs calls in a bounded number of threads, in the order in which they were submitted.

    A process that ends waits for the executor of the standard library, so Ctrl-C would last until answers arrive that
    nobody wants any more. In a forked process that executor waits for threads that only the parent has.

    Calls submitted after `shutdown` are cancelled.

    >>> with Threads(2, "doctest") as threads:
    ...     [future.result() for future in [threads.submit(pow, 2, power) for power in range(4)]]
    [1, 2, 4, 8]
    """

    def __init__(self, at_most: int, name: str) -> None:
        self._at_most = at_most
        self._name = name
        self._is_shut_down = False
        self._of_parents: list[_Crew] = []
        self._crew = self._hired()
        when_forked(self._begin_anew)

    def _hired(self) -> "_Crew":
        crew = _Crew(self._at_most, self._name)
        weakref.finalize(self, crew.dismiss)
        return crew

    def _begin_anew(self) -> None:
        self._of_parents.append(self._crew)
        self._crew = self._hired()

    def submit(
        self, fn: Callable[_Parameters, _Result], /, *args: _Parameters.args, **kwargs: _Parameters.kwargs
    ) -> "Future[_Result]":
        """Run a call as soon as a thread is free."""
        future: Future[_Result] = Future()
        if self._is_shut_down:
            future.cancel()
            future.set_running_or_notify_cancel()
            return future
        self._crew.add((future, lambda: fn(*args, **kwargs)))  # type: ignore[arg-type]  # a future of what the call gives
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more calls.

        Args:
            wait: wait for the running calls.
            cancel_futures: cancel the calls that have not started.
        """
        self._is_shut_down = True
        if cancel_futures:
            self._crew.cancel()
        self._crew.dismiss()
        if wait:
            self._crew.join()


class _Crew:
    """The threads of one process. Holds no reference to its executor, so an unused executor can be collected."""

    def __init__(self, at_most: int, name: str) -> None:
        self._at_most = at_most
        self._name = name
        self._lock = Lock()
        self._threads: list[Thread] = []
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()

    def add(self, task: _Task) -> None:
        self._tasks.put(task)
        with self._lock:
            if len(self._threads) < self._at_most:
                name = f"{self._name}_{len(self._threads)}"
                self._threads.append(Thread(target=_work, args=(self._tasks,), name=name, daemon=True))
                self._threads[-1].start()

    def cancel(self) -> None:
        while True:
            try:
                task = self._tasks.get_nowait()
            except Empty:
                return
            if task is not None:
                task[0].cancel()
                task[0].set_running_or_notify_cancel()

    def dismiss(self) -> None:
        for _ in range(self._at_most):
            self._tasks.put(None)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


def _work(tasks: "SimpleQueue[_Task | None]") -> None:
    while (task := tasks.get()) is not None:
        future, call = task
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)
        del task, future, call  # otherwise a waiting thread keeps its last task alive
