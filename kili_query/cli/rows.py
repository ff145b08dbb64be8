"""Rows of labels or counts: a table for people, NDJSON or one JSON document for programs, or ids alone."""

import json
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import Enum
from itertools import chain, islice
from typing import Annotated, TextIO, TypeAlias

import typer
from attrs import define, field

from kili_query.ast import CompareOp, Comparison
from kili_query.ast.walk import terms
from kili_query.cli.output import check_output, fitted, padded, print_json, tell, terminal_width, to_json
from kili_query.counting import CountPolicy
from kili_query.diagnostics.layout import display_width, printable
from kili_query.errors import LabelError
from kili_query.near_names import nearest
from kili_query.ontology import Ontology
from kili_query.output_files import COMPRESSED
from kili_query.query import Query, query_of
from kili_query.syntax import print_counter
from kili_query.targets.explain import Explanation
from kili_query.wording import shortened

Row: TypeAlias = Mapping[str, object]
Cell: TypeAlias = Callable[[Row], object]

FieldsOption = Annotated[
    list[str] | None,
    typer.Option("--fields", metavar="NAMES", help="The fields of each label, separated by commas: id,author.email"),
]
IdsOption = Annotated[bool, typer.Option("--ids", help="Print only the ids of the labels, one per line.")]

_MEASURED_ROWS = 100
_WIDEST_CELL = 60
_MOST_COUNTERS = 6
_NOTHING = "-"


class RowLayout(Enum):
    """How rows are written: what it is called, and the suffixes of files that promise it."""

    TABLE = ("a table", (".txt",))
    LINES = ("NDJSON", (".ndjson", ".jsonl"))
    DOCUMENT = ("JSON", (".json",))
    IDS = ("ids", (".txt",))
    TEXT = ("text", (".txt",))
    """The text that a command prints for people instead of rows, in pipes too."""


def choose_layout(
    output: str | None,
    *,
    as_json: bool,
    as_jsonl: bool,
    ids: bool = False,
    otherwise: RowLayout | None = None,
) -> RowLayout:
    """Choose a layout by the options, else by the suffix of the file, else a table on a terminal and NDJSON elsewhere.

    Args:
        output: the file; None or ``-`` for standard output.
        as_json: ``--json``.
        as_jsonl: ``--jsonl``.
        ids: ``--ids``.
        otherwise: what is written unless options ask for JSON, if it is not rows.
    """
    asked = {"--json": as_json, "--jsonl": as_jsonl, "--ids": ids}
    given = [name for name, is_given in asked.items() if is_given]
    if len(given) > 1:
        raise typer.BadParameter("choose one of them", param_hint=" / ".join(f"'{name}'" for name in given))
    if given:
        layout = {"--json": RowLayout.DOCUMENT, "--jsonl": RowLayout.LINES, "--ids": RowLayout.IDS}[given[0]]
    elif otherwise is not None:
        layout = otherwise
    elif output is None or output == "-":
        layout = RowLayout.TABLE if sys.stdout.isatty() else RowLayout.LINES
    else:
        layout = _layout_of_suffix(output)
    name, suffixes = layout.value
    check_output(output, name, (*suffixes, *COMPRESSED))
    return layout


def _layout_of_suffix(path: str) -> RowLayout:
    stem, suffix = os.path.splitext(path.lower())
    suffix = os.path.splitext(stem)[1] if suffix in COMPRESSED else suffix
    return {".json": RowLayout.DOCUMENT, ".txt": RowLayout.TABLE}.get(suffix, RowLayout.LINES)


def field_names(options: Iterable[str] | None, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """Return the comma-separated names in options, or the fallback without any option.

    >>> field_names(["id, author.email", "labelType"], ("id",))
    ('id', 'author.email', 'labelType')
    """
    if not options:
        return otherwise
    names = dict.fromkeys(name for option in options for part in option.split(",") if (name := part.strip()))
    if not names:
        raise typer.BadParameter("names no field", param_hint="'--fields'")
    for name in names:
        if "" in name.split("."):
            raise typer.BadParameter(f"`{printable(name)}` is not the name of a field", param_hint="'--fields'")
    return tuple(names)


def picked(row: Row, names: Collection[str]) -> dict[str, object]:
    """Return a label with the named fields alone.

    >>> picked({"id": "a", "author": {"id": "b", "email": "c"}}, ["id", "author.email"])
    {'id': 'a', 'author': {'email': 'c'}}
    >>> picked({"id": "a", "author": {"id": "b"}}, ["author.id", "author", "id.number", "id"])  # parts of others
    {'author': {'id': 'b'}, 'id': 'a'}
    """
    found: dict[str, object] = {}
    wanted = set(names)
    for name in names:
        *parents, last = name.split(".")
        if any(".".join(parents[:depth]) in wanted for depth in range(1, len(parents) + 1)):
            continue  # it comes with the whole of what it is a part of
        inner = found
        for parent in parents:
            inner = inner.setdefault(parent, {})  # type: ignore[assignment]  # a dictionary that this loop made
        inner[last] = _value(row, name)
    return found


def _value(row: Row, name: str) -> object:
    value: object = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


@define
class UnseenFields:
    """The fields that were asked for and that no row has had so far: a slip in a name would look like empty fields."""

    names: list[str]
    _near: dict[str, str] = field(factory=dict, init=False)

    def look_in(self, row: Row) -> None:
        """Forget the fields that a row has."""
        if self.names:
            self.names = [name for name in self.names if not self._is_in(row, name)]

    def _is_in(self, row: Row, name: str) -> bool:
        value: object = row
        for part in name.split("."):
            if value is None:
                return True  # what is null here may hold the rest in another row
            if not isinstance(value, Mapping) or part not in value:
                known = value if isinstance(value, Mapping) else ()
                if (near := nearest(part, map(str, known))) is not None:
                    self._near.setdefault(name, near)
                return False
            value = value[part]
        return True

    def tell(self) -> None:
        """Print a note on each field that no row had."""
        for name in self.names:
            hint = f": did you mean `{self._near[name]}`?" if name in self._near else ""
            tell(f"note: no matching label has a field `{name}`{hint}")


def names_of(label: Row) -> set[str]:
    """Return what a person may call a label: its id, and the id and external id of its asset."""
    named = ("id", "labelOf.externalId", "labelOf.id", "assetId", "externalId")
    return {value for value in (_value(label, name) for name in named) if isinstance(value, str)}


def field_cells(names: Iterable[str]) -> dict[str, Cell]:
    """Return the columns of a table that show fields."""
    return {name: lambda row, name=name: _value(row, name) for name in names}  # type: ignore[misc]


def count_cells(query: Query, ontology: Ontology | None, policy: CountPolicy, content: Cell) -> dict[str, Cell]:
    """Return a column for each counter that the query names, as it is written: a pattern is one column.

    Args:
        query: as written, not bound.
        ontology: what names are resolved with.
        policy: how objects are counted.
        content: gets the content of a label.
    """
    cells: dict[str, Cell] = {}
    for term in islice(dict.fromkeys(terms(query.tree)), _MOST_COUNTERS):
        always = query_of(Comparison(term, CompareOp.GE, 0))  # true of every label, so that nothing is left uncounted
        matcher = always.compile(ontology=ontology, policy=policy)

        def count(row: Row, explain: Callable[[object], Explanation] = matcher.explain) -> object:
            try:
                return sum(number for _, number in explain(content(row)).found)
            except LabelError:
                return None

        cells[print_counter(term).removesuffix(".count")] = count
    return cells


def write_rows(
    rows: Iterable[Row],
    layout: RowLayout,
    out: TextIO,
    cells: Mapping[str, Cell],
    *,
    is_default: bool = False,
    is_flushed: bool = False,
    key: str = "labels",
    tail: Callable[[], Mapping[str, object]] = dict,
) -> int:
    """Write rows as they come, and return how many there were.

    Args:
        rows: labels or counts.
        layout: how.
        out: where.
        cells: the columns of a table, by their titles.
        is_default: nobody asked for these columns: those without a value are left out.
        is_flushed: each row is visible as soon as it is written.
        key: the name of the list of rows in a JSON document.
        tail: what else a document holds; asked when all rows are written.
    """
    number = 0
    if is_flushed:
        rows = _flushing(rows, out)
    if layout is RowLayout.TABLE:
        for line in table_lines(rows, cells, terminal_width(out), is_default=is_default):
            out.write(line + "\n")
            number += 1
        return max(0, number - 1)
    if layout is RowLayout.DOCUMENT:
        return _write_document(rows, out, key, tail)
    for row in rows:
        number += 1
        out.write((to_json(row, out) if layout is RowLayout.LINES else printable(str(row.get("id", "-")))) + "\n")
    return number


def _flushing(rows: Iterable[Row], out: TextIO) -> Iterator[Row]:
    """Yield rows, and flush each when the next one is asked for."""
    for row in rows:
        yield row
        out.flush()


def print_rows(
    rows: Iterable[Row], layout: RowLayout, key: str, tail: Mapping[str, object], text: Callable[[], str]
) -> None:
    """Print a few rows that are known at once on standard output; for people, a text."""
    if layout is RowLayout.DOCUMENT:
        print_json({**tail, key: list(rows)})
    elif layout is RowLayout.LINES:
        write_rows(rows, layout, sys.stdout, {})
    else:
        print(text())


def _write_document(rows: Iterable[Row], out: TextIO, key: str, tail: Callable[[], Mapping[str, object]]) -> int:
    """Write one JSON object as it comes, because there may be many rows; what is known last is written last."""
    number = 0

    def finish() -> None:
        out.write("\n]" if number else f'{{"{key}": []')
        out.write("".join(f", {json.dumps(name)}: {to_json(value, out)}" for name, value in tail().items()) + "}\n")

    try:
        for row in rows:  # on several lines, so that readers of labels do not take the document for NDJSON
            text = (",\n" if number else f'{{\n"{key}": [\n') + to_json(row, out)
            number += 1  # before it is written: a signal that arrives meanwhile finds it counted
            out.write(text)
    except KeyboardInterrupt:  # this is how a watch ends
        finish()
        out.flush()  # here, because output that is still buffered after an interruption is discarded
        raise
    finish()
    return number


def table_lines(
    rows: Iterable[Row], cells: Mapping[str, Cell], width: int | None = None, *, is_default: bool = False
) -> Iterator[str]:
    """Yield the titles and the rows of a table, or nothing without rows.

    Columns are as wide as the first rows need, so that the others need not be waited for.

    Args:
        rows: labels or counts.
        cells: the columns, by their titles.
        width: of the terminal, in characters; the widest columns are cut until lines fit, the first one last.
        is_default: columns without a value in the first rows are left out.
    """
    read = iter(rows)
    first = list(islice(read, _MEASURED_ROWS))
    if not first:
        return
    columns = [(printable(title), [_shown(cell(row)) for row in first], cell) for title, cell in cells.items()]
    columns = [one for one in columns if not is_default or set(one[1]) != {_NOTHING}]
    needed = [max(map(display_width, [title, *shown])) for title, shown, _ in columns]
    widths = fitted(needed, width, range(len(columns)))
    titles = [title for title, _, _ in columns]
    measured = zip(*(shown for _, shown, _ in columns), strict=True)
    for line in chain([titles], measured, ([_shown(cell(row)) for _, _, cell in columns] for row in read)):
        yield "  ".join(padded(cell, size) for cell, size in zip(line, widths, strict=True)).rstrip()


def _shown(value: object) -> str:
    if value is None:
        return _NOTHING
    text = printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return shortened(text, _WIDEST_CELL)
