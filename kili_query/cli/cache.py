"""``kili-query cache``: a label cache filled from files, or what it holds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kili_query.cache_folder import is_cache
from kili_query.cli import FINE, CommandError
from kili_query.cli.arguments import JsonOption
from kili_query.cli.caches import opened_cache, print_summary, readable
from kili_query.cli.inputs import find_ontology, load_ontology
from kili_query.cli.mistakes import taken_for
from kili_query.cli.output import print_json, tell
from kili_query.diagnostics.layout import counted, printable
from kili_query.errors import SourceError
from kili_query.scanning import Problem, ProblemKind

if TYPE_CHECKING:
    from kili_query.cache import LabelCache

_SHOWN = 5
_MEGABYTE = 1_000_000


def cache(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", show_default=False, help="The folder of the cache.")],
    labels: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[LABELS]...",
            show_default=False,
            help="Files of labels or raw exports to add; - is standard input.",
        ),
    ] = None,
    ontology: Annotated[
        str | None,
        typer.Option(
            "--ontology",
            metavar="FILE",
            help="The project, or its jsonInterface alone, as JSON; `none` keeps that of the cache. "
            "[default: KILI_ONTOLOGY, else project.json beside the labels]",
        ),
    ] = None,
    assets: Annotated[
        str | None, typer.Option("--assets", metavar="FILE", help="The assets of labels that do not carry asset data.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Fill a label cache from files, or say what it holds.

    A label replaces the one with its id. Without LABELS, print what the cache holds and its versions. `kili-query pull
    --cache` fills a cache from a server.
    Exit status: 0 when it was filled or shown, 2 for bad input, bad usage or a folder that is not a cache.

    \b
    kili-query cache labels-cache labels.ndjson --ontology project.json
    kili-query cache labels-cache
    """
    if labels:
        _fill(opened_cache(folder), labels, ontology, assets, as_json=as_json)
        return FINE
    for name, value in (("--ontology", ontology), ("--assets", assets)):
        if value is not None:
            raise typer.BadParameter("only with LABELS", param_hint=f"'{name}'")
    cache = opened_cache(folder)
    if not is_cache(folder):
        raise CommandError(f"`{folder}` is not a label cache: name files of labels after it, and it becomes one")
    _show(cache, as_json=as_json)
    return FINE


def _fill(cache: "LabelCache", labels: list[str], ontology: str | None, assets: str | None, *, as_json: bool) -> None:
    if (other := next(filter(is_cache, labels), None)) is not None:
        raise CommandError(f"`{other}` is a label cache itself: name the files that filled it")
    problems: list[Problem] = []
    loaded = load_ontology(find_ontology(ontology, labels), labels)
    try:
        summary = cache.load(readable(labels), assets, ontology=loaded, problems=problems, dataset_ontology=False)
    except SourceError as error:
        if not problems:
            raise
        name = problems[0].place.file
        reasons = [one.reason for one in problems if one.place.file == name]
        raise CommandError(taken_for(name, reasons, reads_contents=False)) from error
    left_out = [one for one in problems if one.fault is not ProblemKind.MALFORMED]
    print_summary(summary, str(cache.folder), as_json=as_json)
    _tell_problems(f"left out: {counted(len(left_out), 'record')} that could not be read", left_out)
    kept = [one for one in problems if one.fault is ProblemKind.MALFORMED]
    _tell_problems(f"not kept as they are: {counted(len(kept), 'field')} of labels", kept)


def _tell_problems(what: str, problems: list[Problem]) -> None:
    if problems:
        shown = [f"  {one}" for one in problems[:_SHOWN]]
        more = [f"  … and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        tell("\n".join([what, *shown, *more]))


def _show(cache: "LabelCache", *, as_json: bool) -> None:
    state, versions, ontology = cache.state, cache.versions, cache.ontology
    number = cache.count_labels() if state.is_complete else None
    size_bytes = sum(one.stat().st_size for one in Path(cache.folder).rglob("*") if one.is_file())
    if as_json:
        listed = [{"number": v.number, "written": v.written.isoformat(), "summary": v.summary} for v in versions]
        print_json(
            {
                "cache": str(cache.folder),
                "project": state.project_id,
                "labels": number,
                "bytes": size_bytes,
                "jobs": None if ontology is None else list(ontology.jobs),
                "synced_at": state.synced_at,
                "versions": listed,
            }
        )
        return
    source = "files" if state.project_id is None else f"the project {printable(state.project_id)}"
    held = "a first reading that was not finished" if number is None else counted(number, "label")
    size = f"{size_bytes / 1e6:,.1f} MB" if size_bytes >= _MEGABYTE else f"{size_bytes / 1e3:,.0f} kB"
    print(f"{printable(str(cache.folder))}: {held} of {source}, {size}")
    print("no ontology" if ontology is None else f"ontology: {counted(len(ontology.jobs), 'job')}")
    for one in versions:
        print(f"version {one.number}  {one.written:%Y-%m-%d %H:%M:%S} UTC  {one.summary}".rstrip())
