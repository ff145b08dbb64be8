"""``kili-query export``: labels in the format that another program reads."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import typer

from kili_query.cache_folder import is_cache
from kili_query.cli import FINE, NEGATIVE, CommandError
from kili_query.cli.arguments import JsonOption, LabelsArgument, OnMalformed, OntologyOfLabelsOption, ProjectSynonym
from kili_query.cli.caches import readable
from kili_query.cli.completion import complete_format
from kili_query.cli.datasets import STDIN, dataset_of_ontology
from kili_query.cli.guard import with_option_names
from kili_query.cli.inputs import file_beside, find_ontology, load_ontology, load_query
from kili_query.cli.mistakes import refuse_unreadable
from kili_query.cli.output import (
    STDOUT,
    check_output,
    is_quiet,
    opened_bytes,
    print_json,
    refuse_json_on_stdout,
    refuse_terminal,
    report_on,
    tell,
)
from kili_query.export import FORMATS, ExportSummary, NotCompatibleOptions, format_named, write
from kili_query.export.format import Format
from kili_query.export.options import SUBMITTED, Layout
from kili_query.export.project import Project, ProjectSource
from kili_query.output_files import COMPRESSED, check_compression, compressed
from kili_query.protocol import ExportType, LabelType
from kili_query.scanning import judge_labels

_SUFFIXES = {"jsonl": (".jsonl", ".ndjson"), "parquet": (".parquet",)}
"""Of the formats that are one file, and not JSON."""
_COORDINATES = {"own": None, "fractions": True, "pixels": False}


def export(
    labels: LabelsArgument,
    fmt: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help=f"One of {', '.join(FORMATS)}.",
            autocompletion=complete_format,
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The file to write, once it is complete; - is standard output."
        ),
    ],
    ontology: OntologyOfLabelsOption = None,
    project: ProjectSynonym = None,
    assets: Annotated[
        str | None,
        typer.Option("--assets", metavar="FILE", help="Assets file; needed if labels do not carry asset data."),
    ] = None,
    where: Annotated[str | None, typer.Option("--where", metavar="QUERY", help="Only labels that match.")] = None,
    layout: Annotated[
        Literal["split", "merged"] | None,
        typer.Option(
            "--layout",
            help="One folder per job, or all jobs together. [default: split, where there is both; merged for"
            " datasets of other tools]",
        ),
    ] = None,
    single_file: Annotated[bool, typer.Option("--single-file", help="Write all labels to one file.")] = False,
    with_assets: Annotated[bool, typer.Option("--with-assets", help="Add the media to the archive.")] = False,
    cut_videos: Annotated[
        bool, typer.Option("--cut-videos", help="Add the frames of videos too, cut by ffmpeg.")
    ] = False,
    normalized: Annotated[
        Literal["own", "fractions", "pixels"],
        typer.Option("--normalized", help="Coordinates: the format's own, fractions of the image, or pixels."),
    ] = "own",
    export_type: Annotated[
        ExportType,
        typer.Option(
            "--export-type",
            help="The latest label of each asset, the latest of each author in the last step of the workflow or in each"
            " step, or all.",
        ),
    ] = "latest",
    label_types: Annotated[
        list[LabelType] | None,
        typer.Option(
            "--label-type",
            metavar="TYPE",
            help="Only labels of this type, such as DEFAULT; repeat it for several. [default: DEFAULT and REVIEW]",
        ),
    ] = None,
    no_sent_back: Annotated[
        bool, typer.Option("--no-sent-back", help="Leave out labels that were sent back to the queue.")
    ] = False,
    on_malformed: OnMalformed = "skip",
    media_root: Annotated[
        str | None, typer.Option("--media-root", metavar="DIR", help="The folder of local media.")
    ] = None,
    media_cache: Annotated[
        str | None,
        typer.Option(
            "--media-cache",
            metavar="DIR",
            help="A folder that keeps downloads, so that an interrupted export continues.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Write labels in the format of another program.

    A summary goes to standard output. The same input gives the same bytes. Exit status: 0 when a label was written,
    1 when none was left to write (no asset has one, or --where left all out; a file that was there before stays as it
    was), 2 when nothing was read or could be written, for a bad query, bad input or bad usage.

    \b
    kili-query export labels.ndjson --assets assets.ndjson --ontology project.json --format coco -o coco.zip
    kili-query export export.zip --ontology project.json --format jsonl -o night.jsonl --where SCENE.NIGHT
    """
    refuse_json_on_stdout(output, as_json=as_json)
    known = format_named(fmt)
    written = (f"a zip of {fmt}", (".zip",)) if known.is_archive else (fmt, _SUFFIXES.get(fmt, (".json", ".jsonl")))
    if known.is_archive or fmt == "parquet":
        refuse_terminal(output)
        check_output(output, *written)
    else:
        check_output(output, written[0], (*written[1], *COMPRESSED))
    if not output:
        raise typer.BadParameter("name a file, or - for standard output", param_hint="'--output'")
    if layout is not None and not known.has_layouts:
        raise NotCompatibleOptions(f"the format `{fmt}` has one layout: leave out `--layout`")
    ontology = find_ontology(ontology if project is None else project, labels)
    project_of_all = load_ontology(None, labels) if ontology is None else _project(ontology)
    if project_of_all is None:
        if STDIN not in labels:  # a person may still be about to type
            _refuse_unreadable(labels)
        raise typer.BadParameter("an export needs the project: give its file", param_hint="'--ontology'")
    query = None if where is None else load_query(where, load_ontology(ontology, labels))
    sources = readable(labels)
    export_to = partial(
        write,
        sources,
        assets,
        project_of_all,
        fmt=fmt,
        layout=layout or _layout(known, project_of_all),
        single_file=single_file,
        with_assets=with_assets,
        cut_videos=cut_videos,
        normalized_coordinates=_COORDINATES[normalized],
        where=query,
        on_error=on_malformed,
        export_type=export_type,
        label_types=label_types or SUBMITTED,
        include_sent_back_labels=not no_sent_back,
        media_root=media_root,
        media_cache=media_cache,
        disable_tqdm=is_quiet() or not sys.stderr.isatty(),
    )
    summary = _export(export_to, output, [*labels, assets, ontology])
    if summary.is_of_nothing and not summary.skipped:
        raise CommandError(f"no label was read: {output} was not written")
    if as_json:
        print_json(summary.to_dict())
    else:
        report = tell if summary.is_of_nothing else report_on(output)
        report(with_option_names(str(summary)))
    if assets is None and summary.skipped and (beside := file_beside(labels, "assets.ndjson")) is not None:
        tell(f"note: {beside} is beside the labels: `--assets {beside}` reads it")
    if summary.is_of_nothing:
        raise CommandError("no label could be written")
    return FINE if summary.labels else NEGATIVE


def _layout(fmt: Format, project: ProjectSource) -> Layout:
    """Return the layout if no option names it: objects of datasets are in one job, which needs no folder of its own."""
    is_of_dataset = Project.read(project).ontology.dataset_format is not None
    return min(fmt.layouts) if is_of_dataset else max(fmt.layouts)


def _refuse_unreadable(labels: Sequence[str]) -> None:
    """Say first why sources cannot be read at all: the project would not help."""
    judged = judge_labels(readable(labels), lambda _: True)
    if next(iter(judged), None) is None:
        refuse_unreadable(judged.report)


def _project(path: str) -> ProjectSource:
    """Return what an export needs to know of the project: of a cache or a dataset, as far as they know it."""
    dataset = dataset_of_ontology(path)
    if dataset is not None:
        return dataset.project
    return load_ontology(path) or path if is_cache(path) else path


def _export(export_to: Callable[..., ExportSummary], output: str, inputs: Sequence[str | None]) -> ExportSummary:
    """Write an export to a file; by way of a temporary one to standard output, or to a file that is compressed."""
    if output != STDOUT and not output.lower().endswith(COMPRESSED):
        return export_to(to=output)
    check_compression(output)
    with TemporaryDirectory() as folder:
        made = Path(folder, "export")
        summary = export_to(to=made)
        if made.exists():
            with opened_bytes(output, inputs) as new, compressed(new.file, output) as file, made.open("rb") as written:
                copyfileobj(written, file)
    summary.path = Path(output)
    return summary
