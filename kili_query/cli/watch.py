"""``kili-query watch``: the labels of a project, as they are created or changed."""

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from kili_query.cli import FINE
from kili_query.cli.arguments import JsonLinesOption, JsonOption, at_most
from kili_query.cli.connection import EndpointOption, ProjectArgument
from kili_query.cli.inputs import load_query
from kili_query.cli.labels import WhereOption
from kili_query.cli.output import tell, tell_warning
from kili_query.cli.rows import RowLayout, choose_layout, write_rows
from kili_query.counting import count
from kili_query.diagnostics.layout import printable
from kili_query.errors import LabelError, UnknownContentError
from kili_query.extras import load
from kili_query.ontology import Ontology

if TYPE_CHECKING:
    from kili_query.client import KiliClient
    from kili_query.client.subscription import Notice


_SHOWN_COUNTERS = 6


def watch(
    project: ProjectArgument,
    where: WhereOption = None,
    first: Annotated[int | None, typer.Option("--first", "-n", min=1, metavar="N", help="Exit after N labels.")] = None,
    endpoint: EndpointOption = None,
    protocol: Annotated[
        Literal["any", "graphql-ws", "graphql-transport-ws", "events"],
        typer.Option(
            "--protocol",
            help="The websocket protocol, or events for the change feed; with any, the service chooses the protocol, "
            "and the feed is read where websockets are blocked.",
        ),
    ] = "any",
    poll_every: Annotated[
        float,
        typer.Option("--poll-every", min=0.1, max=86400, metavar="SECONDS", help="How often to read the change feed."),
    ] = 5,
    give_up_after: Annotated[
        float,
        typer.Option(
            "--give-up-after",
            min=0,
            metavar="SECONDS",
            help="Give up when the service has been unreachable for so long.",
        ),
    ] = 600,
    as_json: JsonOption = False,
    as_jsonl: JsonLinesOption = False,
) -> int:
    """Print the labels of a project as they are created or changed.

    The key comes from KILI_API_KEY or the config file; no option takes it, because other users can see options. Each
    line has the time, type, author, label, asset, and what the label holds; with --jsonl, the label as JSON. A lost
    connection is opened again; that, and labels that cannot be read, is reported on standard error. Where websockets
    are blocked, the change feed is read instead; it does not report drafts. Ctrl-C ends it.
    Exit status: 0 after the last label of --first, 130 after Ctrl-C, 2 for a bad query, bad usage or a server that
    fails.

    \b
    kili-query watch PROJECT
    kili-query watch PROJECT --where 'OBJECTS.PERSON.count >= 3' --jsonl >> crowds.ndjson
    """
    layout = choose_layout(None, as_json=as_json, as_jsonl=as_jsonl, otherwise=RowLayout.TEXT)
    client_type: type[KiliClient] = load("kili_query.client", "`kili-query watch`", "client").KiliClient
    with client_type(api_endpoint=endpoint, disable_tqdm=True) as client:
        ontology = Ontology.from_json_interface(client.project(project, ("jsonInterface", "inputType")))
        query = None if where is None else load_query(where, ontology)
        with client.label_created_or_updated(
            project,
            where=query,
            protocol=None if protocol == "any" else protocol,
            on_malformed="skip",
            unreachable_s=give_up_after,
            poll_s=poll_every,
            on_notice=_tell,
        ) as labels:
            rows = at_most(_announced(labels, project), first)
            if layout is not RowLayout.TEXT:
                write_rows(rows, layout, sys.stdout, {}, is_flushed=True)
            for label in rows:
                print(_line(label, ontology), flush=True)
    return FINE


def _announced(labels: Iterable[dict[str, Any]], project: str) -> Iterator[dict[str, Any]]:
    """Yield labels. It tells that they are watched when the first is asked for: Ctrl-C then leaves a whole document."""
    tell(f"watching `{project}`, Ctrl-C ends it")
    yield from labels


def _tell(notice: "Notice") -> None:
    tell_warning(str(notice))


def _line(label: dict[str, object], ontology: Ontology) -> str:
    author = label.get("author")
    email = author.get("email") if isinstance(author, dict) else None
    named = (label.get("createdAt"), label.get("labelType"), email, label.get("id"), label.get("assetId"))
    words = ["-" if value is None else printable(str(value)) for value in named]
    return "  ".join([*words, printable(_summary(label.get("jsonResponse"), ontology))])


def _summary(content: object, ontology: Ontology) -> str:
    """Return the counts of a label, the categories with the most objects first."""
    try:
        counts = count(content, ontology=ontology)
    except UnknownContentError:
        return "content unknown"
    except LabelError as error:
        return f"cannot be counted: {error}"
    most = sorted(counts.items(), key=lambda item: -item[1])
    shown = [f"{job}.{category}={number}" for (job, category), number in most[:_SHOWN_COUNTERS]]
    more = [f"… and {len(most) - _SHOWN_COUNTERS} more"] if len(most) > _SHOWN_COUNTERS else []
    return " ".join([*shown, *more]) or "empty"
