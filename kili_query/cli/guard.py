"""Around every command: failures are told on standard error, none as a traceback, and become an exit status."""

import errno
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import ParamSpec, TextIO

import typer

from kili_query.cli.exit_status import BAD, BROKEN_PIPE, INTERRUPTED, TERMINATED
from kili_query.cli.option_names import KEY_ADVICE, with_option_names
from kili_query.cli.output import tell_diagnostics, tell_error
from kili_query.cli.warned import warnings_told
from kili_query.errors import AuthenticationFailed, DataError, KiliQueryError, OntologyError, QueryError

__all__ = ["guarded", "settle"]

P = ParamSpec("P")

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def guarded(command: Callable[P, int]) -> Callable[P, None]:
    """The command, which returns its exit status, as typer calls it."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with _ended_by_sigterm(), warnings_told():
            status = settle(partial(command, *args, **kwargs))
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


def settle(command: Callable[[], int]) -> int:
    """The exit status of a command, whatever happens in it."""
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
        _complain_of_system(error)
        return BAD
    return status


def _attempt(command: Callable[[], int]) -> int:
    try:
        return command()
    except QueryError as error:
        tell_diagnostics(error.diagnostics)
    except (DataError, OntologyError) as error:  # whose backticks quote labels and projects
        tell_error(str(error))
    except AuthenticationFailed as error:
        tell_error(f"{with_option_names(str(error))}\n  {KEY_ADVICE}")
    except KiliQueryError as error:
        tell_error(with_option_names(str(error)))
    except RecursionError:
        tell_error("something in the input is nested too deeply to be read")
    return BAD


def _complain_of_system(error: OSError) -> None:
    """Tell a failure of the system, which standard output or even standard error may be the cause of."""
    # what writes a file names it, so without a name it was standard output that there was no room for
    unnamed = "standard output" if error.errno in _NO_ROOM else None
    named = error.filename if isinstance(error.filename, str) else unnamed
    try:
        sys.stdout.flush()
    except OSError:
        _discard(sys.stdout)
    try:
        tell_error(": ".join(filter(None, (named, error.strerror or str(error)))))
    except OSError:  # nobody can be told, and the exit status says it too
        _discard(sys.stderr)


def _discard_output() -> None:
    for stream in (sys.stdout, sys.stderr):
        _discard(stream)


def _discard(stream: TextIO) -> None:
    """Let what is still buffered go nowhere: the interpreter would fail to write it when it ends."""
    try:
        number = stream.fileno()
    except OSError:  # a buffer of a program that runs the command within itself
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
