"""``kili-query mcp``: queries on some files for an agent."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from kili_query.cli import FINE
from kili_query.cli.datasets import chosen_format
from kili_query.cli.inputs import find_ontology, load_ontology
from kili_query.cli.output import print_json, tell
from kili_query.diagnostics.layout import counted
from kili_query.errors import SourceError
from kili_query.extras import load

if TYPE_CHECKING:
    from kili_query.mcp import ServedFiles


def mcp(
    labels: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="LABELS",
            show_default=False,
            help="Files of labels, raw exports, label caches and datasets that the agent may ask about; "
            "nothing else is read.",
        ),
    ] = None,
    ontology: Annotated[
        str | None,
        typer.Option(
            "--ontology",
            metavar="FILE",
            help="The project, or its jsonInterface alone, as JSON; `none` for none. "
            "[default: KILI_ONTOLOGY, else that of each label cache or dataset, or project.json beside the labels]",
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0.1, max=3600, help="How long one call may take.")
    ] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print the files and tools as JSON, and exit.")] = False,
) -> int:
    """Serve queries on files to an agent, by the Model Context Protocol.

    The agent starts this command and talks to it over standard input and output. It can check, explain and complete
    queries, count and list the labels that match, and read the ontology; it cannot change anything. Exit status: 0
    when the agent has closed the connection, 130 after Ctrl-C, 2 for bad input or bad usage.

    \b
    kili-query mcp labels.ndjson --ontology project.json
    kili-query mcp labels.ndjson --json
    """
    given = list(dict.fromkeys(labels or []))
    for path in given:
        _refuse_missing(path)
    server = load("kili_query.mcp.server", "`kili-query mcp`", "mcp")
    files = _served(given, ontology)
    if as_json:
        print_json(server.description(files))
        return FINE
    tell(f"serving {counted(len(given), 'file')} to one client, on standard input and output")
    server.run_on_stdio(files, limit_s=timeout)
    return FINE


def _refuse_missing(path: str) -> None:
    try:
        os.stat(path)
    except (OSError, ValueError) as error:  # ValueError: a zero byte
        raise SourceError.of(path, error) from error


def _served(labels: list[str], option: str | None) -> "ServedFiles":
    """Return the files by name, each with its ontology, which must be readable now."""
    shared = find_ontology(option)
    is_shared = shared is not None or option is not None
    ontologies = {path: shared if is_shared else find_ontology(None, [path]) for path in labels}
    for found in dict.fromkeys([shared, *ontologies.values()]):
        load_ontology(found)
    files: ServedFiles = load("kili_query.mcp.files", "`kili-query mcp`", "mcp").ServedFiles.of(
        ontologies, shared, chosen_format()
    )
    return files
