"""Category searches in the cells of a notebook."""

import ast
import re
from collections.abc import Iterator

from attrs import evolve

from kili_query.lint.found import Found, Placement, Search, Unreadable
from kili_query.lint.in_json import JsonScalar, place_scalar, read_json, scalars
from kili_query.lint.in_python import find_in_python
from kili_query.source import Source, Span

__all__ = ["find_in_notebook"]


def find_in_notebook(source: Source) -> Iterator[Found]:
    """The searches in the cells of Python; a place is one in its cell, and cells of all kinds count from 1.

    >>> text = '{"cells": [{"cell_type": "code", "source": ["%ls\\\\n", "f(category_search=\\\\"J.A\\\\")"]}]}'
    >>> [search] = find_in_notebook(Source(text, "nb.ipynb"))
    >>> search.text, search.place.source.name, search.place.source.position(search.place.whole.start).line
    ('J.A', 'nb.ipynb:cell 1', 2)
    """
    value = read_json(source)
    if isinstance(value, Unreadable):
        yield value
        return
    cells = value.get("cells") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(cells, list):
        yield Unreadable(source.name, "not a notebook: no list of `cells`")
        return
    if not _is_python(value):
        return
    pieces: dict[int, list[JsonScalar]] = {}
    for scalar in scalars(source.text):
        match scalar:
            case JsonScalar(path=("cells", int(index), "source", *_), value=str()):
                pieces.setdefault(index, []).append(scalar)
    for index, listed in pieces.items():
        cell = cells[index]
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            yield from _find_in_cell(_place_cell(listed, source, index + 1))


def _is_python(notebook: dict[str, object]) -> bool:
    metadata = notebook.get("metadata")
    if isinstance(metadata, dict):
        for key, field in (("kernelspec", "language"), ("language_info", "name")):
            about = metadata.get(key)
            language = about.get(field) if isinstance(about, dict) else None
            if isinstance(language, str):
                return language.lower() in ("python", "ipython")
    return True


def _place_cell(pieces: list[JsonScalar], source: Source, number: int) -> tuple[Source, Placement]:
    """The text of a cell, which stands in one piece or in one for each line, and its place in the file."""
    placed = [place_scalar(piece, source) for piece in pieces]
    text = "".join(piece.value or "" for piece in pieces)
    starts = [start for one in placed for start in one.starts]
    ends = [end for one in placed for end in one.ends]
    whole = Span(pieces[0].span.start, pieces[-1].span.end)
    if len(starts) != len(text):
        starts, ends = [], []  # not all of it could be placed
    return Source(text, f"{source.name}:cell {number}"), Placement(source, starts, ends, whole)


def _find_in_cell(cell_and_place: tuple[Source, Placement]) -> Iterator[Found]:
    cell, place = cell_and_place
    program = _without_magic(cell.text)
    if program is None:
        return
    for found in find_in_python(evolve(cell, text=program)):
        match found:
            case Search(text, within):
                yield Search(text, evolve(within, source=cell), place)
            case _:
                yield found


_PYTHON_MAGIC = re.compile(r"%%(?:time|timeit|capture|prun)\b")
_PYTHON_BEHIND = re.compile(r"^([ \t]*)(%(?:time|timeit|prun)[ \t]+)(?=[^-\s])", re.MULTILINE)
_MAGIC_LINE = re.compile(r"^(?P<kept>[ \t]*(?:[\w, \t]+=[ \t]*)?)(?:[%!?][^\n]*|[\w.]+\?{1,2}[ \t]*$)", re.MULTILINE)


def _without_magic(text: str) -> str | None:
    """The Python of a cell, the commands of the notebook blotted out in their length; None where it is none."""
    first, _, _ = text.partition("\n")
    if first.startswith("%%"):
        if _PYTHON_MAGIC.match(first) is None:
            return None
        text = " " * len(first) + text[len(first) :]
    try:
        ast.parse(text)  # first as it is: a line of a long string may look like a command
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        text = _PYTHON_BEHIND.sub(lambda found: found[1] + "0".ljust(len(found[2]) - 1) + ";", text)
        return _MAGIC_LINE.sub(lambda found: found["kept"] + "0".ljust(len(found[0]) - len(found["kept"])), text)
    return text
