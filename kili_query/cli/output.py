"""Where a command writes: standard output, or a file that is there only when it is complete."""

import codecs
import json
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from io import TextIOWrapper
from typing import Annotated, Literal, TextIO, TypeAlias

import typer
from attrs import frozen

from kili_query.diagnostics import Code, Diagnostic, Severity
from kili_query.diagnostics.layout import display_width, escape_unprintable, printable
from kili_query.diagnostics.render import (
    ansi,
    as_json,
    render_json,
    render_line,
    render_sarif,
    render_text,
    wants_color,
)
from kili_query.errors import ArgumentError
from kili_query.output_files import Replacement, check_suffix, compressed, refuse_inputs, replaced

DiagnosticFormat: TypeAlias = Literal["text", "line", "json", "jsonl", "sarif"]
FormatOption: TypeAlias = Annotated[
    DiagnosticFormat,
    typer.Option("--format", help="Text with carets goes to standard error, the others to standard output."),
]
STDOUT = "-"
_NARROWEST_COLUMN = 6
QUERY_NAME = "query"
"""What messages call a query that stands on the command line."""
QUOTE_IT = "a query of several words needs quotes around all of it"
_QUIET: ContextVar[bool] = ContextVar("quiet", default=False)


def is_quiet() -> bool:
    """Whether ``--quiet`` was given."""
    return _QUIET.get()


@contextmanager
def quietly(*, is_wanted: bool) -> Iterator[None]:
    """Leave reports, notes and warnings out; errors are printed all the same."""
    token = _QUIET.set(is_wanted)
    try:
        yield
    finally:
        _QUIET.reset(token)


def paint(role: str, text: str, stream: TextIO) -> str:
    """The text in the colour of its role, where the stream wants colours."""
    return ansi(role, text) if wants_color(stream) else text


def to_json(value: object, stream: TextIO) -> str:
    """One line of JSON, in characters that the stream can write and a terminal does not act on.

    What is escaped means the same in JSON.
    """
    is_utf8 = codecs.lookup(stream.encoding or "ascii").name == "utf-8"
    return escape_unprintable(json.dumps(value, ensure_ascii=not is_utf8))


def print_json(value: object) -> None:
    """One JSON value on standard output, laid out for reading."""
    print(escape_unprintable(json.dumps(value, indent=2)))


def print_lines(text: str) -> None:
    """Print lines on standard output, without what a terminal would act on."""
    print(_lines(text))


def tell(message: str) -> None:
    """Print a report or a note on standard error, unless ``--quiet`` is given."""
    if not is_quiet():
        _print_on_stderr(_lines(message))


def tell_warning(message: str) -> None:
    """Print a warning on standard error, unless ``--quiet`` is given."""
    if not is_quiet():
        _print_on_stderr(f"{paint('warning', 'warning', sys.stderr)}: {printable(message)}")


def tell_error(message: str) -> None:
    """Print an error on standard error."""
    _print_on_stderr(f"{paint('error', 'error', sys.stderr)}: {_lines(message)}")


def terminal_width(stream: TextIO) -> int | None:
    """Return the number of columns of the terminal that shows a stream, or None if none does."""
    if not stream.isatty():
        return None
    return shutil.get_terminal_size(os.get_terminal_size(stream.fileno())).columns or 80


def diagnostics_text(found: Iterable[Diagnostic], stream: TextIO) -> str:
    """Render diagnostics with their carets for a stream, in its colours and its width."""
    return render_text(found, color=wants_color(stream), width=terminal_width(stream))


def tell_diagnostics(found: Iterable[Diagnostic]) -> None:
    """Print diagnostics, with their carets, on standard error; with ``--quiet``, only errors."""
    shown = [one for one in found if one.severity is Severity.ERROR or not is_quiet()]
    if text := diagnostics_text(shown, sys.stderr):
        _print_on_stderr(text)
    if any(map(_is_cut_by_shell, shown)):
        tell("note: without quotes around the whole query, the shell takes `<` and `>` for itself")


def choose_format(asked: DiagnosticFormat, *, is_json: bool, is_jsonl: bool) -> DiagnosticFormat:
    """Return the format that ``--format``, ``--json`` and ``--jsonl`` ask for together."""
    options: list[tuple[bool, DiagnosticFormat]] = [(is_json, "json"), (is_jsonl, "jsonl")]
    wanted = {name for is_given, name in options if is_given} | ({asked} - {"text"})
    if len(wanted) > 1:
        raise typer.BadParameter(f"not with --format {asked}", param_hint=f"'--{'json' if is_json else 'jsonl'}'")
    return wanted.pop() if wanted else "text"


def _is_cut_by_shell(found: Diagnostic) -> bool:
    """Whether a query of the command line ends at its count, as it does where `>= 3` named a file for the shell."""
    text = found.source.text.rstrip().lower()
    return found.code is Code.UNEXPECTED_END and found.source.name == QUERY_NAME and text.endswith(".count")


def print_diagnostics(found: Iterable[Diagnostic], wanted: DiagnosticFormat) -> None:
    """Print diagnostics: text on standard error, the formats for programs on standard output."""
    match wanted:
        case "text":
            tell_diagnostics(found)
        case "line":
            sys.stdout.writelines(f"{render_line(one)}\n" for one in found)
        case "json":
            print(render_json(list(found)))
        case "jsonl":
            sys.stdout.writelines(f"{to_json(as_json(one), sys.stdout)}\n" for one in found)
        case "sarif":
            print(render_sarif(list(found)))


def _lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))


def _print_on_stderr(text: str) -> None:
    """Print a text after everything that is on standard output by now, so that both read in order on one screen."""
    sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)


def table(titles: Sequence[str], rows: Iterable[Sequence[str | int]], width: int | None = None) -> str:
    """Columns under titles, wide enough for what they hold; numbers stand at the right.

    Args:
        titles: of the columns.
        rows: texts and numbers.
        width: of the terminal, in cells; the widest columns of texts are cut until lines fit.

    >>> print(table(["job", "labels"], [["OBJECTS", 12], ["猫", 3]]))
    job      labels
    OBJECTS      12
    猫            3
    """
    cells = [[printable(title) for title in titles]]
    body = list(rows)
    cells += [[printable(str(value)) for value in row] for row in body]
    is_number = [bool(body) and isinstance(value, int) for value in (body[0] if body else titles)]
    widths = [max(map(display_width, column)) for column in zip(*cells, strict=True)]
    widths = fitted(widths, width, [column for column, is_fixed in enumerate(is_number) if not is_fixed])
    return "\n".join(
        "  ".join(
            " " * (size - display_width(cell)) + cell if right else padded(cell, size)
            for cell, size, right in zip(row, widths, is_number, strict=True)
        ).rstrip()
        for row in cells
    )


def fitted(widths: Sequence[int], width: int | None, columns: Sequence[int]) -> list[int]:
    """Return the widths of columns such that lines fit a terminal, if they can.

    Args:
        widths: what they hold, in cells.
        width: of the terminal; None for any.
        columns: which of them may be cut: the widest ones first, the first one last.

    >>> fitted([9, 20, 12], 34, [0, 1]), fitted([9, 20, 12], 30, [0, 1])
    ([9, 9, 12], [8, 6, 12])
    """
    sizes = list(widths)
    while width is not None and sum(sizes) + 2 * len(sizes) - 2 > width:
        wide = [column for column in columns if sizes[column] > _NARROWEST_COLUMN]
        if not wide:
            break
        sizes[max([column for column in wide if column != columns[0]] or wide, key=sizes.__getitem__)] -= 1
    return sizes


def padded(text: str, width: int) -> str:
    """Fill a text with spaces, or cut it, so that it takes so many cells.

    >>> padded("text", 6), padded("long text", 6)
    ('text  ', 'long …')
    """
    if display_width(text) > width:
        while display_width(text) >= width:
            text = text[:-1]
        text += "…"
    return text + " " * (width - display_width(text))


@frozen
class Output:
    """Where the result of a command goes.

    Attributes:
        stream: to write to.
        abandon: keeps an existing file; call it if there is no result.
    """

    stream: TextIO
    abandon: Callable[[], None] = lambda: None


@contextmanager
def opened(path: str | None, inputs: Iterable[str | None]) -> Iterator[Output]:
    """Standard output, or a file that appears once everything went well; its suffix may ask to compress it.

    Args:
        path: None or ``-`` for standard output.
        inputs: the files and folders that are read meanwhile; none of them may be overwritten.

    Raises:
        WriteError: the file cannot be written, is one of the inputs, or lies in one.
        MissingExtraError: the suffix asks for a compression that is not installed.
    """
    if path is None or path == STDOUT:
        yield Output(sys.stdout)
        return
    with opened_bytes(path, inputs) as new, compressed(new.file, path) as file:
        text = TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="\n")
        try:
            yield Output(text, new.abandon)
            text.flush()
        finally:
            text.detach()


@contextmanager
def opened_bytes(path: str, inputs: Iterable[str | None]) -> Iterator[Replacement]:
    """Open standard output, or a file that appears once everything went well, for bytes; see `opened`.

    Folders above the file that do not exist are made.
    """
    if path == STDOUT:
        sys.stdout.flush()
        yield Replacement(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    refuse_inputs(path, (given for given in inputs if given is not None), or_in_them=True)
    with replaced(path, makes_folders=True, takes_devices=True) as new:
        yield new


def check_output(path: str | None, written: str, suffixes: Collection[str], option: str = "--output") -> None:
    """Refuse a file whose suffix promises another format than the one that is written; see `check_suffix`."""
    try:
        check_suffix(path or "-", written, suffixes)
    except ArgumentError as error:
        raise typer.BadParameter(str(error), param_hint=f"'{option}'") from error


def refuse_terminal(output: str) -> None:
    """Refuse to write bytes to a terminal."""
    if output == STDOUT and sys.stdout.isatty():
        raise typer.BadParameter("a terminal cannot show this: name a file, or use a pipe", param_hint="'--output'")


def refuse_json_on_stdout(output: str | None, *, as_json: bool) -> None:
    """Refuse to write a report as JSON where the result goes."""
    if output == STDOUT and as_json:
        raise typer.BadParameter("standard output takes the result: leave out --output -", param_hint="'--json'")


def report_on(output: str | None) -> Callable[[str], None]:
    """Return what prints a report: on standard output, unless the result goes there."""
    return tell if output == STDOUT else print_lines
