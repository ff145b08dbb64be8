"""Around every command: report failures and warnings in its own words, never as a traceback."""

import inspect
import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Annotated, TextIO

import typer

from kili_query.cli import BAD, BROKEN_PIPE, INTERRUPTED, TERMINATED
from kili_query.cli.datasets import complete_dataset_format, notes_of_datasets, reading_as
from kili_query.cli.output import quietly, tell, tell_diagnostics, tell_error, tell_warning
from kili_query.errors import AuthenticationFailed, DataError, KiliQueryError, OntologyError, QueryError
from kili_query.output_files import NO_ROOM

_OPTIONS = {
    "api_endpoint": "--endpoint",
    "api_key": "KILI_API_KEY",
    "assets=…": "--assets",
    "category_search": "--where",
    "cut_videos": "--cut-videos",
    "fmt": "--format",
    "into": "--into",
    "media_cache": "--media-cache",
    "media_root": "--media-root",
    "normalized_coordinates": "--normalized",
    "normalized_coordinates=False": "--normalized pixels",
    "normalized_coordinates=True": "--normalized fractions",
    "on_malformed": "--on-malformed",
    "on_malformed='skip'": "--on-malformed skip",
    "project_id": "PROJECT",
    "restart=True": "--restart",
    "single_file": "--single-file",
    "size": "--size",
    "type_in": "--type",
    "unreachable_s": "--give-up-after",
    "verify": "KILI_VERIFY",
    "with_assets": "--with-assets",
}
"""The option or the environment variable of each Python argument that messages name."""
_READ_OF = frozenset({"labels", "ontology"})
"""The parameters of commands that may be datasets."""
_ARGUMENT = re.compile(f"`({'|'.join(map(re.escape, _OPTIONS))})`")
_KEY_ADVICE = (
    "the key comes from the environment variable `KILI_API_KEY`, or from `api_key` in `kili-sdk-config.json`: "
    "export KILI_API_KEY=… with a key of this service"
)
"""The advice on a key that is missing or refused. There is no option for it, because other users can see those."""
_FROM = inspect.Parameter(
    "from_format",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FORMAT",
            help="The format of a dataset of another tool, such as coco. [default: what it looks like]",
            autocompletion=complete_dataset_format,
        ),
    ],
)
_QUIET = inspect.Parameter(
    "quiet",
    inspect.Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[bool, typer.Option("--quiet", "-q", help="Print no reports and notes, only errors.")],
)


def with_option_names(text: str) -> str:
    """Return the text with each Python argument replaced by the option or variable that it is here.

    >>> with_option_names("`cut_videos` needs the media in the export: set `with_assets` too")
    '`--cut-videos` needs the media in the export: set `--with-assets` too'
    """
    return _ARGUMENT.sub(lambda found: f"`{_OPTIONS[found[1]]}`", text)


def guarded(command: Callable[..., int]) -> Callable[..., None]:
    """Wrap a command, which returns its exit status, as typer calls it.

    Every command takes ``--quiet``, and those that read labels or an ontology take ``--from``.
    """

    @wraps(command)
    def run(*args: object, quiet: bool, from_format: str | None = None, **kwargs: object) -> None:
        with _ended_by_sigterm(), _warnings_told(), quietly(is_wanted=quiet), reading_as(from_format):
            status = settle(partial(command, *args, **kwargs))
            if status != BAD:
                for note in notes_of_datasets():
                    tell(note)
        raise typer.Exit(status)

    signature = inspect.signature(command)
    is_reader = not _READ_OF.isdisjoint(signature.parameters)
    parameters = [*signature.parameters.values(), *([_FROM] if is_reader else []), _QUIET]
    vars(run)["__signature__"] = signature.replace(parameters=parameters)  # what `inspect.signature` looks for
    return run


@contextmanager
def _warnings_told() -> Iterator[None]:
    """Write warnings of the library to standard error without the place in the code."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        tell_warning(with_option_names(str(message)))

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM close all open files, as Ctrl-C does.

    A program that runs the command in another thread handles signals itself.
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
    """Return the exit status of a command, whatever happens in it."""
    try:
        status = _attempt(command)
        sys.stdout.flush()  # here, where its failure can be reported, not when the interpreter exits
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
        tell_error(f"{with_option_names(str(error))}\n  {_KEY_ADVICE}")
    except KiliQueryError as error:
        tell_error(with_option_names(str(error)))
    except RecursionError:
        tell_error("something in the input is nested too deep to be read")
    return BAD


def _complain_of_system(error: OSError) -> None:
    """Report a failure of the system, which may lie in standard output or even standard error."""
    # errors about files name them, so an error about a full disk without a name is about standard output
    unnamed = "standard output" if error.errno in NO_ROOM else None
    named = error.filename if isinstance(error.filename, str) else unnamed
    try:
        sys.stdout.flush()
    except OSError:
        _discard(sys.stdout)
    try:
        tell_error(": ".join(filter(None, (named, error.strerror or str(error)))))
    except OSError:  # the exit status still says it
        _discard(sys.stderr)


def _discard_output() -> None:
    for stream in (sys.stdout, sys.stderr):
        _discard(stream)


def _discard(stream: TextIO) -> None:
    """Send what is still buffered to the null device; otherwise the interpreter fails to write it at exit."""
    try:
        number = stream.fileno()
    except OSError:  # a buffer of a program that calls the command
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
