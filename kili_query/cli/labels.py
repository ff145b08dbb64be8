"""``kili-query labels``: labels that a server holds, listed or counted."""

from typing import TYPE_CHECKING, Annotated

import typer

from kili_query.cli import FINE, NEGATIVE
from kili_query.cli.arguments import JsonLinesOption, JsonOption, OutputOption, ProfileOption
from kili_query.cli.connection import EndpointOption, ProjectArgument, connected, load_profile
from kili_query.cli.inputs import load_query
from kili_query.cli.output import opened, tell, tell_diagnostics
from kili_query.cli.rows import (
    FieldsOption,
    IdsOption,
    RowLayout,
    choose_layout,
    count_cells,
    field_cells,
    field_names,
    write_rows,
)
from kili_query.counting import CountPolicy
from kili_query.diagnostics.layout import counted
from kili_query.ontology import Ontology
from kili_query.planning import ServerProfile
from kili_query.protocol import LabelType
from kili_query.query import Query

if TYPE_CHECKING:
    from kili_query.client import KiliClient


_FIELDS = ("id", "labelOf.externalId", "author.email", "labelType", "createdAt")

WhereOption = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="QUERY",
        help="Only labels that match; - reads the query from standard input, @FILE from a file.",
    ),
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


def labels(
    project: ProjectArgument,
    where: WhereOption = None,
    fields: FieldsOption = None,
    ids: IdsOption = False,
    first: Annotated[
        int | None, typer.Option("--first", "-n", metavar="N", min=0, help="Print at most N labels.")
    ] = None,
    skip: Annotated[int, typer.Option("--skip", metavar="N", min=0, help="Leave out the first N labels.")] = 0,
    label_type: TypeOption = None,
    count: Annotated[bool, typer.Option("--count", help="Print only how many there are.")] = False,
    output: OutputOption = None,
    endpoint: EndpointOption = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
    as_jsonl: JsonLinesOption = False,
) -> int:
    """List or count the labels of a project, oldest first.

    On a terminal, a table with the counts that the query names; in a pipe or a file, NDJSON. The key comes from
    KILI_API_KEY or the config file; no option takes it, because other users can see options. What the server cannot
    judge of a query is judged here, with a note on standard error.
    Exit status: 0 when there is a label, 1 when there is none, 2 for a bad query, bad usage or a server that fails.

    \b
    kili-query labels PROJECT --where 'OBJECTS.PERSON.count >= 3' --type REVIEW
    kili-query labels PROJECT --fields id,jsonResponse | kili-query match SCENE.NIGHT -
    """
    if count and (first is not None or skip):
        raise typer.BadParameter("not with --count, which counts all", param_hint="'--first' / '--skip'")
    if ids and fields is not None:
        raise typer.BadParameter("not with --ids", param_hint="'--fields'")
    layout = choose_layout(
        output, as_json=as_json, as_jsonl=as_jsonl, ids=ids, otherwise=RowLayout.TEXT if count else None
    )
    trusted = load_profile(profile)
    names = ("id",) if ids else field_names(fields, _FIELDS)
    ontologies: dict[str, Ontology] = {}
    with opened(output, []) as out, connected("labels", endpoint, profile=trusted, ontologies=ontologies) as client:
        search = None if where is None else load_search(client, project, where, trusted, ontologies)
        if count:
            number = client.count_labels(project, type_in=label_type, category_search=search)
            _refuse_unknown(client, project, number)
            out.stream.write(f"{number}\n" if layout is RowLayout.TEXT else f'{{"count": {number}}}\n')
            return FINE if number else NEGATIVE
        cells = field_cells(names)
        if search is not None and fields is None and layout is RowLayout.TABLE:
            cells |= count_cells(search, ontologies[project], CountPolicy(), lambda label: label.get("jsonResponse"))
            names = (*names, "jsonResponse")
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
        number = write_rows(found, layout, out.stream, cells, is_default=fields is None)
        _refuse_unknown(client, project, number)
    tell(counted(number, "label"))
    return FINE if number else NEGATIVE


def _refuse_unknown(client: "KiliClient", project: str, number: int) -> None:
    """Fail if the project does not exist. The server would return an empty list and a count of 0."""
    if not number:
        client.project(project, fields=("id",))


def load_search(
    client: "KiliClient", project: str, where: str, profile: ServerProfile, ontologies: dict[str, Ontology]
) -> Query:
    """Return the query of an option, checked against the project; print warnings, and what is evaluated here.

    Raises:
        QueryError: it is not a query, or the project has no such job or category.
        ServiceError: the project cannot be fetched.
    """
    ontology = Ontology.from_json_interface(client.project(project, fields=("jsonInterface", "inputType")))
    ontologies[project] = ontology  # the client need not ask again
    query = load_query(where, ontology)
    tell_diagnostics(query.plan(ontology, profile=profile).diagnostics)
    return query
