"""``kili-query serve``: a server of one project, on this machine, that clients of the platform can talk to."""

import json
import shlex
import sys
from contextlib import closing
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated

import typer

from kili_query.cli import FINE, CommandError
from kili_query.cli.arguments import JsonOption, ProjectSynonym
from kili_query.cli.inputs import find_ontology
from kili_query.cli.output import tell_warning, to_json
from kili_query.diagnostics.layout import printable
from kili_query.extras import load

if TYPE_CHECKING:
    from kili_query.page.server import PageServer
    from kili_query.sandbox import Sandbox
    from kili_query.sandbox.faults import Fault
    from kili_query.sandbox.misbehaviour import Misbehaviour


_FEATURE, _EXTRA = "`kili-query serve`", "sandbox"


def serve(
    ontology: Annotated[
        str | None,
        typer.Option(
            "--ontology",
            metavar="PATH",
            help="The project, as JSON, or a folder with all three files. "
            "[default: KILI_ONTOLOGY, else project.json beside the labels]",
        ),
    ] = None,
    project: ProjectSynonym = None,
    labels: Annotated[
        str | None, typer.Option("--labels", metavar="FILE", help="Its labels: NDJSON or a raw export.")
    ] = None,
    assets: Annotated[
        str | None, typer.Option("--assets", metavar="FILE", help="Its assets, including those without labels.")
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port to listen on; 0 chooses a free one.")
    ] = 0,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="FILE", help="Keep the project and what is written to it in this file."),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option("--api-key", metavar="KEY", help="The key that clients must send; a new one by default."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="FAULT", help="Fail on purpose: 503, 429=2s*3, drop-after:appendManyLabels"),
    ] = None,
    misbehave: Annotated[
        list[str] | None,
        typer.Option("--misbehave", metavar="NAME", help="Count differently on purpose: misses-absent, counts-frames"),
    ] = None,
    no_feed: Annotated[
        bool, typer.Option("--no-feed", help="Leave out the change feed, as accounts without one do.")
    ] = False,
    no_websockets: Annotated[
        bool, typer.Option("--no-websockets", help="Refuse websockets, as some networks do.")
    ] = False,
    allow_fault_header: Annotated[
        bool, typer.Option("--allow-fault-header", help="Let requests ask for faults, with the header X-Sandbox-Fault.")
    ] = False,
    page: Annotated[
        bool, typer.Option("--page", help="Serve a page to look at the labels of the files too, at another port.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Serve a project on this machine, to clients of the platform.

    Prints what clients need once it is ready, and ends with Ctrl-C. Exit status: 130 after Ctrl-C, 2 for bad input
    or bad usage.

    \b
    kili-query serve --ontology project.json --labels labels.ndjson --port 8000
    kili-query serve --ontology project.json --labels labels.ndjson --fault 'delay=50ms*'
    kili-query serve --ontology folder --database kept.db
    kili-query serve --ontology project.json --labels labels.ndjson --page
    """
    _check_key(api_key)
    ontology = ontology if project is None else project
    if ontology is None and labels is not None:  # without labels, the database may hold everything
        ontology = find_ontology(None, [labels])
    faults, misbehaves = _read_faults(fault or []), _read_misbehaviours(misbehave or [])
    sandbox: type[Sandbox] = load("kili_query.sandbox", _FEATURE, _EXTRA).Sandbox
    with closing(
        sandbox(
            project=ontology,
            labels=labels,
            assets=assets,
            api_key=api_key,
            database=database,
            host=host,
            port=port,
            faults=faults,
            misbehaves=misbehaves,
            has_feed=not no_feed,
            has_websockets=not no_websockets,
            allow_fault_header=allow_fault_header,
        )
    ) as box:
        warn_of_strangers(host)
        shown = _page_of(ontology, labels, assets, host) if page else None
        print(_line(box, shown) if as_json else _announcement(box, shown), flush=True)
        if shown is None:
            box.serve_forever()
        else:
            box.start()
            with closing(shown):
                shown.serve_forever()
    return FINE


def _page_of(ontology: str | None, labels: str | None, assets: str | None, host: str) -> "PageServer":
    """Return a server that shows the sandbox's files on the page.

    Raises:
        CommandError: no file of labels was named.
    """
    from kili_query.cli.open import source_of

    page_server: type[PageServer] = load("kili_query.page.server", "`kili-query serve --page`", "page").PageServer
    find_files = load("kili_query.sandbox.importing", _FEATURE, _EXTRA).find_files
    files = None if ontology is None else find_files(ontology, labels, assets)
    if files is None or files.labels is None:
        raise CommandError("`--page` shows the labels of files: name them with `--labels`")
    project = load("kili_query.sandbox.importing", _FEATURE, _EXTRA).project_file(ontology)
    named = None if files.assets is None else str(files.assets)
    return page_server(source_of(str(files.labels), str(project), named), host=host)


def _check_key(api_key: str | None) -> None:
    """Refuse a key that no header can carry as it is."""
    if api_key is not None and not (api_key and api_key.isascii() and api_key.isprintable() and " " not in api_key):
        raise typer.BadParameter("a key must consist of visible ASCII characters", param_hint="'--api-key'")


def _read_faults(texts: list[str]) -> list["Fault"]:
    fault: type[Fault] = load("kili_query.sandbox.faults", _FEATURE, _EXTRA).Fault
    return [fault.parse(text) for text in texts]


def _read_misbehaviours(names: list[str]) -> list["Misbehaviour"]:
    known: type[Misbehaviour] = load("kili_query.sandbox.misbehaviour", _FEATURE, _EXTRA).Misbehaviour
    for name in names:
        if name not in tuple(known):
            raise CommandError(f"`{name}` is not a misbehaviour: write one of {', '.join(known)}")
    return [known(name) for name in names]


def warn_of_strangers(host: str) -> None:
    """Warn where other machines may ask too, because the address is not one of this machine alone."""
    try:
        is_own = ip_address(host).is_loopback
    except ValueError:
        is_own = host.lower() == "localhost"
    if not is_own:
        tell_warning(f"listening on {host}: other machines can reach this server")


def _announcement(box: "Sandbox", page: "PageServer | None") -> str:
    query = f'{{ data: countLabels(where: {{project: {{id: "{box.project_id}"}}}}) }}'
    curl = [
        f"curl {shlex.quote(box.endpoint)}",
        f"-H {shlex.quote(f'Authorization: X-API-Key: {box.api_key}')}",
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(json.dumps({'query': query}))}",
    ]
    shown = "" if page is None else f"page        {page.link}\n"
    return f"""\
{shown}endpoint    {box.endpoint}
API key     {box.api_key}
project id  {printable(box.project_id)}

export KILI_API_ENDPOINT={shlex.quote(box.endpoint)} KILI_API_KEY={shlex.quote(box.api_key)}
{" ".join(curl)}

Ctrl-C ends it."""


def _line(box: "Sandbox", page: "PageServer | None") -> str:
    found = {"endpoint": box.endpoint, "api_key": box.api_key, "project_id": box.project_id}
    return to_json(found if page is None else {**found, "page": page.link}, sys.stdout)
