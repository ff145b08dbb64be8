"""``kili-query labels``: labels that a server holds, listed or counted."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from kili_query.cli.arguments import JsonOption, OutputOption
from kili_query.cli.connection import EndpointOption, ProfileOption, ProjectArgument, connected, load_profile
from kili_query.cli.exit_status import FINE, NEGATIVE
from kili_query.cli.inputs import load_query
from kili_query.cli.output import opened, tell, tell_diagnostics, to_json
from kili_query.cli.packing import PACKED, check_suffix
from kili_query.diagnostics.layout import display_width, printable
from kili_query.ontology import Ontology
from kili_query.planning import ServerProfile
from kili_query.protocol import LabelType
from kili_query.query import Query

if TYPE_CHECKING:
    from kili_query.client import KiliClient


_FIELDS = ("id", "labelType", "createdAt", "author.email", "labelOf.externalId")
_MEASURED_ROWS = 100
_WIDEST_CELL = 60

WhereOption = Annotated[
    str | None,
    typer.Option("--where", metavar="QUERY", help="Only labels that match; - reads the query from standard input."),
]
TypeOption = Annotated[
    list[LabelType] | None,
    typer.Option(
        "--type",
        metavar="TYPE",
        case_sensitive=False,
        help=f"Only labels of this type ({', '.join(LabelType)}); may be given several times.",
    ),
]
FieldsOption = Annotated[
    list[str] | None,
    typer.Option("--fields", metavar="NAMES", help="What is told of each label, with commas between: id,author.email"),
]


def labels(
    project: ProjectArgument,
    where: WhereOption = None,
    fields: FieldsOption = None,
    first: Annotated[int | None, typer.Option("--first", "-n", metavar="N", min=0, help="So many at most.")] = None,
    skip: Annotated[int, typer.Option("--skip", metavar="N", min=0, help="Leave out so many at the beginning.")] = 0,
    label_type: TypeOption = None,
    count: Annotated[bool, typer.Option("--count", help="Print only how many there are.")] = False,
    output: OutputOption = None,
    endpoint: EndpointOption = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> int:
    """List or count the labels of a project, oldest first.

    The key is that of KILI_API_KEY, or of the config file; it is no option, for others can see those. What the server
    cannot judge of a query is judged here, which standard error tells.
    Exit status: 0 when there is a label, 1 when there is none, 2 for a bad query, bad usage or a server that fails.

    \b
    kili-query labels PROJECT --where 'OBJECTS.PERSON.count >= 3' --type REVIEW
    kili-query labels PROJECT --fields id,jsonResponse --json | kili-query match SCENE.NIGHT -
    """
    if count and (first is not None or skip):
        raise typer.BadParameter("not with --count, which counts all", param_hint="'--first' / '--skip'")
    check_suffix(output, *_written(as_json=as_json, is_counted=count))
    trusted = load_profile(profile)
    names = field_names(fields, _FIELDS)
    ontologies: dict[str, Ontology] = {}
    with opened(output, []) as out, connected("labels", endpoint, profile=trusted, ontologies=ontologies) as client:
        search = None if where is None else load_search(client, project, where, trusted, ontologies)
        if count:
            number = client.count_labels(project, type_in=label_type, category_search=search)
            _refuse_unknown(client, project, number)
            out.stream.write(f'{{"count": {number}}}\n' if as_json else f"{number}\n")
            return FINE if number else NEGATIVE
        found = client.labels(
            project,
            type_in=label_type,
            category_search=search,
            fields=names,
            first=first,
            skip=skip,
            disable_tqdm=True,
            as_generator=True,
        )
        number = _write(_lines(found, names, out.stream, as_json=as_json), out.stream)
        _refuse_unknown(client, project, number)
    tell(f"{number} label{'' if number == 1 else 's'}")
    return FINE if number else NEGATIVE


def _written(*, as_json: bool, is_counted: bool) -> tuple[str, tuple[str, ...]]:
    """What is written, and the suffixes that promise it."""
    if not as_json:
        return "a number" if is_counted else "a table; with --json, NDJSON", (".txt", *PACKED)
    return ("JSON", (".json", *PACKED)) if is_counted else ("NDJSON", (".ndjson", ".jsonl", ".json", *PACKED))


def field_names(options: Iterable[str] | None, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """The names in options that hold several, with commas between; where there is no option, others.

    >>> field_names(["id, author.email", "labelType"], ("id",))
    ('id', 'author.email', 'labelType')
    """
    if not options:
        return otherwise
    names = dict.fromkeys(name for option in options for part in option.split(",") if (name := part.strip()))
    if not names:
        raise typer.BadParameter("names no field", param_hint="'--fields'")
    return tuple(names)


def load_search(
    client: "KiliClient", project: str, where: str, profile: ServerProfile, ontologies: dict[str, Ontology]
) -> Query:
    """The query of an option, checked against the project; warnings, and what is evaluated here, go to standard error.

    Raises:
        QueryError: it is no query, or the project has no such job or category.
        ServiceError: the project cannot be had.
    """
    ontology = Ontology.from_json_interface(client.project(project, fields=("jsonInterface", "inputType")))
    ontologies[project] = ontology  # the client need not ask again
    query = load_query(where, ontology)
    tell_diagnostics(query.plan(ontology, profile=profile).diagnostics)
    return query


def _refuse_unknown(client: "KiliClient", project: str, number: int) -> None:
    """Of a project that there is not, lists are empty and counts 0: the project itself says that it is not there."""
    if not number:
        client.project(project, fields=("id",))


def _lines(
    rows: Iterator[dict[str, object]], names: Sequence[str], out: TextIO, *, as_json: bool
) -> Iterator[tuple[str, bool]]:
    if as_json:
        return ((to_json(row, out), True) for row in rows)
    return label_table(rows, names)


def label_table(rows: Iterator[dict[str, object]], names: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """The lines of a table, and whether each is a label; it has no line where there is none.

    Columns are as wide as the first labels need, so that the others need not be waited for.
    """
    measured = [[_cell(row, name) for name in names] for row in islice(rows, _MEASURED_ROWS)]
    if not measured:
        return
    titles = [printable(name) for name in names]
    widths = [max(map(display_width, column)) for column in zip(titles, *measured, strict=True)]
    for number, cells in enumerate(chain([titles], measured, ([_cell(row, name) for name in names] for row in rows))):
        padded = (cell + " " * (width - display_width(cell)) for cell, width in zip(cells, widths, strict=True))
        yield "  ".join(padded).rstrip(), number > 0


def _cell(row: dict[str, object], name: str) -> str:
    value: object = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        return "-"
    text = printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _WIDEST_CELL else text[: _WIDEST_CELL - 1] + "…"


def _write(lines: Iterable[tuple[str, bool]], out: TextIO) -> int:
    """How many labels were written."""
    number = 0
    for line, is_label in lines:
        out.write(line + "\n")
        number += is_label
    return number
