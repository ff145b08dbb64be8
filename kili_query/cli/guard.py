"""Around every command: failures are told on standard error, none as a traceback, and become an exit status."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import ParamSpec

import typer

from kili_query.cli.exit_status import BAD, BROKEN_PIPE, INTERRUPTED, TERMINATED
from kili_query.cli.output import paint
from kili_query.diagnostics.layout import printable
from kili_query.diagnostics.render import render_text, wants_color
from kili_query.errors import KiliQueryError, QueryError

__all__ = ["guarded"]

P = ParamSpec("P")


def guarded(command: Callable[P, int]) -> Callable[P, None]:
    """The command, which returns its exit status, as typer calls it."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with _ended_by_sigterm():
            status = _settle(partial(command, *args, **kwargs))
        raise typer.Exit(status)

    return run


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let a request to end close all that is open, as Ctrl-C does. Where a program runs the command in a thread of its
    own, that is for the program to do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: object) -> None:
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _settle(command: Callable[[], int]) -> int:
    try:
        status = _attempt(command)
        sys.stdout.flush()  # here, where its failure can be told, and not when the interpreter ends
    except KeyboardInterrupt:
        _discard_output()
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return BROKEN_PIPE
    except OSError as error:
        _complain(": ".join(filter(None, (error.filename, error.strerror or str(error)))))
        _discard_output()
        return BAD
    return status


def _attempt(command: Callable[[], int]) -> int:
    try:
        return command()
    except QueryError as error:
        print(render_text(error.diagnostics, color=wants_color(sys.stderr)), file=sys.stderr)
    except KiliQueryError as error:
        _complain(str(error))
    return BAD


def _complain(message: str) -> None:
    lines = "\n".join(map(printable, message.split("\n")))
    print(paint("error", "error", sys.stderr) + f": {lines}", file=sys.stderr)


def _discard_output() -> None:
    """Let what is still buffered go nowhere: the interpreter would fail to write it when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
