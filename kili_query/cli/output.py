"""Where a command writes: standard output, or a file that is there only when it is complete."""

import codecs
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

from kili_query.cli.failure import CommandError
from kili_query.diagnostics.layout import display_width, printable
from kili_query.diagnostics.render import ansi, wants_color
from kili_query.scanning import Report

__all__ = ["opened", "paint", "print_json", "table", "tell_report", "to_json"]


def paint(role: str, text: str, stream: TextIO) -> str:
    """The text in the colour of its role, where the stream wants colours."""
    return ansi(role, text) if wants_color(stream) else text


def to_json(value: object, stream: TextIO) -> str:
    """One line of JSON, in characters that the stream can write.

    Lone surrogates stay in it: our streams replace them by escapes, which in JSON mean the same.
    """
    is_utf8 = codecs.lookup(stream.encoding or "ascii").name == "utf-8"
    return json.dumps(value, ensure_ascii=not is_utf8)


def print_json(value: object) -> None:
    """One JSON value on standard output, laid out for reading."""
    print(json.dumps(value, indent=2))


def tell_report(report: Report, heading: str) -> None:
    """What came of a scan, with its problems, on standard error."""
    lines = [heading, *str(report).split("\n")[1:]]
    print("\n".join(map(printable, lines)), file=sys.stderr)


def table(titles: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """Columns under titles, wide enough for what they hold; numbers stand at the right.

    >>> print(table(["job", "labels"], [["OBJECTS", 12], ["猫", 3]]))
    job      labels
    OBJECTS      12
    猫            3
    """
    cells = [[printable(title) for title in titles]]
    body = list(rows)
    cells += [[printable(str(value)) for value in row] for row in body]
    widths = [max(map(display_width, column)) for column in zip(*cells, strict=True)]
    is_number = [bool(body) and isinstance(value, int) for value in (body[0] if body else titles)]
    return "\n".join(
        "  ".join(
            " " * (width - display_width(cell)) + cell if right else cell + " " * (width - display_width(cell))
            for cell, width, right in zip(row, widths, is_number, strict=True)
        ).rstrip()
        for row in cells
    )


@contextmanager
def opened(path: str | None, inputs: Iterable[str]) -> Iterator[TextIO]:
    """Standard output, or the file: written beside it, and renamed once everything went well.

    Args:
        path: None or ``-`` for standard output.
        inputs: what is read meanwhile, files and folders; none of it may be written over.

    Raises:
        CommandError: the file cannot be written, or is one of the inputs, or lies in one.
    """
    if path is None or path == "-":
        yield sys.stdout
        return
    _refuse_input(path, inputs)
    target = os.path.realpath(path)  # of a link, what it points to is replaced
    if os.path.exists(target) and not os.path.isfile(target):  # a device or a pipe is written to, not replaced
        with _open(path, target, "w") as stream:
            yield stream
        return
    part = os.path.join(os.path.dirname(target), f".{os.path.basename(target)}.{os.getpid()}.part")
    stream = _open(path, part, "x")
    try:
        with stream:
            if os.path.exists(target):
                shutil.copymode(target, part)
            yield stream
        os.replace(part, target)
    finally:
        Path(part).unlink(missing_ok=True)


def _open(path: str, real_path: str, mode: Literal["w", "x"]) -> TextIO:
    try:
        return open(real_path, mode, encoding="utf-8", errors="backslashreplace", newline="\n")
    except (OSError, ValueError) as error:
        raise CommandError(f"cannot write `{path}`: {getattr(error, 'strerror', None) or error}") from error


def _refuse_input(path: str, inputs: Iterable[str]) -> None:
    target = Path(path).resolve()
    for given in inputs:
        source = Path(given).resolve()
        if target.is_relative_to(source) or (source.exists() and target.exists() and source.samefile(target)):
            raise CommandError(f"cannot write `{path}`: it belongs to what is read")
