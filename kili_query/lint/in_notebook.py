"""Category searches in the cells of a notebook."""

from array import array
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from attrs import evolve, frozen

from kili_query.lint.derived import plain_line_ends, without_carriage_returns
from kili_query.lint.in_cell import find_in_cell
from kili_query.lint.in_json import JsonScalar, Path, place_scalar, read_json, scalars
from kili_query.lint.in_python import find_in_python
from kili_query.lint.searches import PARSED_LENGTH, FoundSearch, LintItem, Placement, Unreadable, mentions_search
from kili_query.source import Source, Span

_Object: TypeAlias = dict[str, object]

CELL_SUFFIX = ".ipynb#cell"
"""Says that a text is one cell, as editors show it, not the JSON of a notebook."""


def find_in_notebook(source: Source) -> Iterator[LintItem]:
    """The searches in the cells of Python; a place is one in its cell, and cells of all kinds count from 1.

    Cells that mention no search are not read.

    >>> text = '{"cells": [{"cell_type": "code", "source": ["%ls\\\\n", "f(category_search=\\\\"J.A\\\\")"]}]}'
    >>> [search] = find_in_notebook(Source(text, "nb.ipynb"))
    >>> search.text, search.place.source.name, search.place.source.position(search.place.whole.start).line
    ('J.A', 'nb.ipynb:cell 1', 2)
    """
    value = read_json(source)
    if isinstance(value, Unreadable):
        yield value
        return
    cells = _cells(value)
    if cells is None:
        yield Unreadable(source.name, "not a notebook: no list of `cells`")
        return
    wanted = {cell.path: cell for cell in cells if cell.is_python and mentions_search(cell.text)}
    if not wanted or not _is_python(value):
        return
    pieces: dict[Path, list[JsonScalar]] = {}

    def is_wanted(path: Sequence[str | int]) -> bool:
        return len(path) <= _DEEPEST and (tuple(path) in wanted or tuple(path[:-1]) in wanted)

    for scalar in scalars(source.text, is_wanted):
        if scalar.value is not None:
            pieces.setdefault(scalar.path if scalar.path in wanted else scalar.path[:-1], []).append(scalar)
    for path, cell in wanted.items():
        yield from _read_cell(cell, pieces[path], source)


_DEEPEST = len(("worksheets", 0, "cells", 0, "input", 0))


@frozen
class _Cell:
    """A cell of code.

    Attributes:
        number: counted from 1, over cells of all kinds.
        path: where the JSON has its text: in one piece, or in one for each line.
        text: what is typed in it.
        is_python: whether it is code, and in Python as far as it says.
    """

    number: int
    path: Path
    text: str
    is_python: bool


def _cells(notebook: object) -> list[_Cell] | None:
    """The cells of a notebook; before version 4 of the format they stood in worksheets."""
    if not isinstance(notebook, dict):
        return None
    sheets: list[tuple[Path, object]] = [(("cells",), notebook.get("cells"))]
    worksheets = notebook.get("worksheets")
    if isinstance(worksheets, list):
        sheets += [
            (("worksheets", index, "cells"), sheet.get("cells"))
            for index, sheet in enumerate(worksheets)
            if isinstance(sheet, dict)
        ]
    listed = [
        ((*path, index), cell) for path, cells in sheets if isinstance(cells, list) for index, cell in enumerate(cells)
    ]
    if not any(isinstance(cells, list) for _, cells in sheets) and worksheets != []:
        return None
    return [_cell(number, path, cell) for number, (path, cell) in enumerate(listed, 1)]


def _cell(number: int, path: Path, cell: object) -> _Cell:
    if not isinstance(cell, dict):
        return _Cell(number, path, "", is_python=False)
    key = "source" if "source" in cell else "input"
    lines = cell.get(key)
    pieces = lines if isinstance(lines, list) else [lines]
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    is_python = cell.get("cell_type") == "code" and _names_python(cell.get("language"))
    return _Cell(number, (*path, key), text, is_python)


def _is_python(notebook: object) -> bool:
    metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
    if isinstance(metadata, dict):
        for key, field in (("kernelspec", "language"), ("language_info", "name")):
            about = metadata.get(key)
            language = about.get(field) if isinstance(about, dict) else None
            if isinstance(language, str):
                return _names_python(language)
    return True


def _names_python(language: object) -> bool:
    return not isinstance(language, str) or language.lower() in ("python", "ipython")


def _read_cell(cell: _Cell, pieces: list[JsonScalar], source: Source) -> Iterator[LintItem]:
    name = f"{source.name}:cell {cell.number}"
    if "".join(piece.value or "" for piece in pieces) != cell.text:
        yield Unreadable(name, "its text stands in the notebook twice")
        return
    if len(cell.text) > PARSED_LENGTH:
        yield Unreadable(name, f"longer than {PARSED_LENGTH} characters")
        return
    place: Placement | None = None
    for found in find_in_cell_of_notebook(Source(plain_line_ends(cell.text), name)):
        if isinstance(found, FoundSearch):
            place = place or _place_cell(pieces, source)
            yield evolve(found, cell=place)
        else:
            yield found


def find_in_cell_of_notebook(cell: Source) -> Iterator[LintItem]:
    """The searches in the text of one cell of Python."""
    plain = without_carriage_returns(cell)
    return map(plain.place, _find_in_text(plain.source))


def _place_cell(pieces: list[JsonScalar], source: Source) -> Placement:
    """Where each character of a cell stands in the file."""
    placed = [place_scalar(piece, source) for piece in pieces]
    starts, ends = array("Q"), array("Q")
    for one in placed:
        starts.extend(one.starts)
        ends.extend(one.ends)
    return Placement(source, starts, ends, Span(pieces[0].span.start, pieces[-1].span.end))


def _find_in_text(cell: Source) -> Iterator[LintItem]:
    """The searches of a cell, which is read as it stands if it is Python: a text in it may look like a command."""
    as_it_stands = list(find_in_python(cell))
    if not any(isinstance(found, Unreadable) for found in as_it_stands):
        yield from as_it_stands
        return
    yield from find_in_cell(cell, find_in_python)
