"""``kili-query events``: what happened to a project, from the change feed of its server."""

from typing import Annotated

import typer

from kili_query.cli import FINE, NEGATIVE, CommandError
from kili_query.cli.arguments import JsonLinesOption, JsonOption, OutputOption, at_most
from kili_query.cli.connection import EndpointOption, ProjectArgument, connected
from kili_query.cli.output import opened, tell
from kili_query.cli.rows import choose_layout, field_cells, write_rows
from kili_query.errors import FeedUnavailable

_COLUMNS = ("id", "createdAt", "event", "payload.externalId", "payload.assetId", "payload.labelId", "userId")


def events(
    project: ProjectArgument,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="ID", help="Only events after the one with this id."),
    ] = None,
    event: Annotated[
        str | None, typer.Option("--event", metavar="NAME", help="Only events of this name: label.workflow.edited")
    ] = None,
    newest: Annotated[bool, typer.Option("--newest", help="List the newest first.")] = False,
    first: Annotated[
        int | None, typer.Option("--first", "-n", metavar="N", min=0, help="Print at most N events.")
    ] = None,
    ids: Annotated[bool, typer.Option("--ids", help="Print only the ids of the events, one per line.")] = False,
    output: OutputOption = None,
    endpoint: EndpointOption = None,
    as_json: JsonOption = False,
    as_jsonl: JsonLinesOption = False,
) -> int:
    """List what happened to a project, from its change feed.

    On a terminal, a table; in a pipe or a file, NDJSON, oldest first. To continue later, give the id of the last event
    to --since. Deleted labels and drafts raise no event. The key comes from KILI_API_KEY or the config file; no option
    takes it, because other users can see options.
    Exit status: 0 when there is an event, 1 when there is none, 2 for bad usage, a server that fails or an account
    without a change feed.

    \b
    kili-query events PROJECT --newest -n 1 --ids
    kili-query events PROJECT --since event-000000000042 --jsonl >> events.ndjson
    """
    if since == "":
        raise typer.BadParameter("must be the id of an event", param_hint="'--since'")
    if event is not None and (not event or "*" in event):
        raise typer.BadParameter("must be one whole name, such as label.workflow.edited", param_hint="'--event'")
    layout = choose_layout(output, as_json=as_json, as_jsonl=as_jsonl, ids=ids)
    with opened(output, []) as out, connected("events", endpoint) as client:
        found = client.events(project, from_event_id=since, event=event, order="desc" if newest else "asc")
        try:
            number = write_rows(
                at_most(found, first), layout, out.stream, field_cells(_COLUMNS), is_default=True, key="events"
            )
        except FeedUnavailable as error:
            raise CommandError(
                "this account has no change feed: `kili-query labels` lists the labels as they are now, "
                "`kili-query watch` prints those to come"
            ) from error
    tell(f"{number} event{'' if number == 1 else 's'}")
    return FINE if number else NEGATIVE
