"""Other processes: a copy of this one where that is safe, for it is there at once; a new interpreter elsewhere."""

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, Protocol

__all__ = ["Fork", "Running", "can_fork", "run_program"]


class Running(Protocol):
    """A process that was started."""

    def poll(self) -> int | None:
        """How it ended; None while it runs."""

    def kill(self) -> None:
        """End it, if it has not ended."""

    def wait(self) -> int:
        """Wait for its end."""


def run_program(text: str, handle: int) -> Running:
    """Start a new interpreter, which keeps a file handle of this process."""
    return subprocess.Popen(  # noqa: S603 - a program of ours
        [sys.executable, "-c", text],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(handle,),
        start_new_session=True,  # so that Ctrl-C comes to this process alone, which then ends the other
    )


def can_fork() -> bool:
    """Whether this process may be copied.

    A copy holds the locks of other threads, those of libraries too, and nobody who would release them. So there must be
    no other, which Linux alone can tell.
    """
    try:
        return len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False


class Fork:
    """A copy of this process that does one thing.

    The caller's state is there, but nothing happens to it: files are not flushed and nothing is finalized.

    Args:
        do: what the copy does; then it ends.
        handle: the one file that it keeps open, beside the standard ones.
    """

    def __init__(self, do: Callable[[], object], handle: int) -> None:
        self._status: int | None = None
        self._pid = os.fork()
        if self._pid == 0:
            _do_alone(do, handle)

    def poll(self) -> int | None:
        return self._wait(os.WNOHANG)

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self._pid, signal.SIGKILL)

    def wait(self) -> int:
        status = self._wait(0)
        assert status is not None
        return status

    def _wait(self, options: int) -> int | None:
        if self._status is None:
            try:
                pid, status = os.waitpid(self._pid, options)
            except ChildProcessError:  # the caller has the system forget children
                pid = status = self._pid
            self._status = status if pid else None
        return self._status


def _do_alone(do: Callable[[], object], handle: int) -> NoReturn:
    try:
        gc.freeze()  # what the caller has left behind is not for the copy to finalize
        os.setsid()  # see `run_program`
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        for other in {int(name) for name in os.listdir("/proc/self/fd")} - {0, 1, 2, handle}:
            with suppress(OSError):  # the one that listed them
                os.close(other)
        do()
    finally:
        os._exit(0)
