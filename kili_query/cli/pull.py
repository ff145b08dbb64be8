"""``kili-query pull``: all labels of a project, in a file or a label cache."""

import json
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from kili_query.cli import FINE, NEGATIVE
from kili_query.cli.arguments import JsonOption, OnMalformed, ProfileOption
from kili_query.cli.caches import opened_cache, print_summary
from kili_query.cli.connection import EndpointOption, ProjectArgument, connected, load_profile
from kili_query.cli.labels import TypeOption, WhereOption, load_search
from kili_query.cli.output import check_output, is_quiet, opened, print_json, tell
from kili_query.cli.rows import FieldsOption, field_names
from kili_query.diagnostics.layout import counted, printable
from kili_query.ontology import Ontology
from kili_query.output_files import OF_NDJSON

if TYPE_CHECKING:
    from kili_query.client import Download


def pull(
    project: ProjectArgument,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file, which appears once it is complete; .gz and .zst compress it.",
        ),
    ] = None,
    cache: Annotated[
        str | None,
        typer.Option("--cache", metavar="FOLDER", help="Fill a label cache instead, or bring it up to date."),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read everything again for the cache, and say what the quick way missed.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing in the cache, and say what would change.")
    ] = False,
    where: WhereOption = None,
    fields: FieldsOption = None,
    label_type: TypeOption = None,
    project_file: Annotated[
        str | None,
        typer.Option("--project-file", metavar="FILE", help="Write the project too, as --ontology reads it."),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Discard what an interrupted download has fetched.")
    ] = False,
    on_malformed: OnMalformed = "skip",
    endpoint: EndpointOption = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> int:
    """Download the labels of a project, to a file or a cache.

    A file gets NDJSON, oldest first. A cache gets everything the first time and then only what changed; every command
    that takes files of labels takes its folder. An interrupted download keeps what it has, and the same command
    continues from there.
    Exit status: 0 when there is a label, 1 when there is none, 2 for a bad query, bad usage or a server that fails.

    \b
    kili-query pull PROJECT -o labels.ndjson --project-file project.json
    kili-query pull PROJECT --cache labels-cache
    kili-query pull PROJECT -o crowds.ndjson.gz --where 'OBJECTS.PERSON.count >= 3'
    """
    if cache is not None:
        of_files = {
            "--output": output,
            "--where": where,
            "--fields": fields,
            "--type": label_type,
            "--project-file": project_file,
            "--restart": restart or None,
        }
        for name, value in of_files.items():
            if value is not None:
                raise typer.BadParameter("not with --cache, which keeps all labels", param_hint=f"'{name}'")
        return _sync(project, cache, endpoint, profile, on_malformed, verify, dry_run, as_json)
    for name, is_given in (("--verify", verify), ("--dry-run", dry_run)):
        if is_given:
            raise typer.BadParameter("only with --cache", param_hint=f"'{name}'")
    if output is None:
        raise typer.BadParameter("name a file, or a folder with --cache", param_hint="'--output'")
    if output == "-":
        raise typer.BadParameter("a download goes to a file; `labels --json` prints", param_hint="'--output'")
    check_output(output, "NDJSON", OF_NDJSON)
    check_output(project_file, "a project, as JSON", (".json",), "--project-file")
    if project_file is not None and os.path.realpath(project_file) == os.path.realpath(output):
        raise typer.BadParameter("the labels go there: name another file", param_hint="'--project-file'")
    trusted = load_profile(profile)
    ontologies: dict[str, Ontology] = {}
    skips = on_malformed == "skip"
    with connected("pull", endpoint, profile=trusted, ontologies=ontologies, skips_malformed=skips) as client:
        from kili_query.client.client import DOWNLOAD_FIELDS  # here, because without the extra it cannot be imported

        found = client.project(project)  # fails if there is none
        if project_file is not None:
            _write_project(found, project_file)
        search = None if where is None else load_search(client, project, where, trusted, ontologies)
        try:
            download = client.download_labels(
                project,
                output,
                fields=field_names(fields, DOWNLOAD_FIELDS),
                category_search=search,
                type_in=label_type,
                restart=restart,
                disable_tqdm=is_quiet() or not sys.stderr.isatty(),
            )
        except BaseException as error:
            for note in getattr(error, "__notes__", ()):
                tell(note)
            raise
    _report(download, as_json=as_json)
    return FINE if download.labels else NEGATIVE


def _sync(
    project: str,
    folder: str,
    endpoint: str | None,
    profile: str | None,
    on_malformed: str,
    is_verified: bool,
    is_dry: bool,
    as_json: bool,
) -> int:
    """Bring a cache up to date, and print what changed."""
    cache = opened_cache(folder)
    skips = on_malformed == "skip"
    with connected("pull", endpoint, profile=load_profile(profile), skips_malformed=skips) as client:
        is_hidden = is_quiet() or not sys.stderr.isatty()
        summary = cache.sync(client, project, verify=is_verified, dry_run=is_dry, disable_tqdm=is_hidden)
    print_summary(summary, folder, as_json=as_json, is_dry=is_dry)
    return FINE if summary.total or (is_dry and summary.new) else NEGATIVE


def _write_project(project: Mapping[str, object], path: str) -> None:
    with opened(path, []) as out:
        out.stream.write(json.dumps(project, indent=1) + "\n")


def _report(download: "Download", *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "file": download.path,
                "labels": download.labels,
                "kept": download.kept,
                "left_out": list(download.left_out),
            }
        )
        return
    earlier = f", {download.kept} of them fetched before" if download.kept else ""
    print(f"{counted(download.labels, 'label')} in {printable(download.path)}{earlier}")
