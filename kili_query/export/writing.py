"""`write`: write labels and their assets to files that other programs read."""

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

from kili_query.datasets import Dataset
from kili_query.export.archive import MANIFEST, README, manifest, opened_archive, opened_file, readme
from kili_query.export.context import Export
from kili_query.export.cutting import ffmpeg_program
from kili_query.export.errors import NotCompatibleOptions
from kili_query.export.format import Format
from kili_query.export.formats import format_named
from kili_query.export.joining import Joined, joined
from kili_query.export.layers import with_layers
from kili_query.export.media import Fetch, LocalOrHttp, MediaStage, OfDataset
from kili_query.export.naming import Names, Reservation, safe_path
from kili_query.export.options import SUBMITTED, AnnotationModifier, Layout, OnError, Options
from kili_query.export.project import Project, ProjectSource
from kili_query.export.run import Run
from kili_query.export.scratch import scratch_folder
from kili_query.export.summary import ExportSummary
from kili_query.extras import load
from kili_query.output_files import Replacement, WriteError, check_path, refuse_caches, refuse_inputs, replaced
from kili_query.protocol import ExportType
from kili_query.query import Query, parse, validate
from kili_query.scanning import LabelSource, Problem
from kili_query.scanning.sources import only_dataset, with_datasets
from kili_query.targets.closures import Matcher

if TYPE_CHECKING:
    from tqdm import tqdm

T = TypeVar("T")

_RESERVED = (
    README,
    MANIFEST,
    "assets",
    "classes.txt",
    "data",
    "data.json",
    "data.yaml",
    "images",
    "labels",
    "labels.json",
)


def write(
    labels: LabelSource | None,
    assets: LabelSource | None,
    project: "ProjectSource | None" = None,
    *,
    fmt: str,
    to: str | os.PathLike[str],
    layout: Layout = "split",
    single_file: bool = False,
    with_assets: bool = False,
    cut_videos: bool = False,
    normalized_coordinates: bool | None = None,
    annotation_modifier: AnnotationModifier | None = None,
    where: str | Query | None = None,
    on_error: OnError = "raise",
    export_type: ExportType = "latest",
    label_types: Iterable[str] = SUBMITTED,
    include_sent_back_labels: bool = True,
    exported_at: datetime | None = None,
    fetch: Fetch | None = None,
    media_root: str | os.PathLike[str] | None = None,
    media_cache: str | os.PathLike[str] | None = None,
    disable_tqdm: bool | None = None,
) -> ExportSummary:
    """Write labels in a format, with the layout of the official client.

    All options are checked before anything is read. Assets are written in their order, and memory does not grow with
    their number. The same input gives the same bytes. The file appears only when it is complete: after a failure, or
    if there is no label to write, an existing file stays unchanged.

    Args:
        labels: anything that `kili_query.scanning` reads: paths or labels, or assets with their labels. None if
            ``assets`` hold the labels.
        assets: the same for assets, which labels name by ``id`` or ``externalId``. None if labels carry their asset.
        project: a project as a mapping, a JSON file of one, or an ontology; by default that of the dataset of another
            tool, if ``labels`` are one.
        fmt: the name of the format, one of `FORMATS`.
        to: the file to write; for an existing folder, ``<project id>.zip`` in it. Missing parent folders are created.
        layout: ``"split"`` for a folder per job, ``"merged"`` for all jobs together, if the format supports it.
        single_file: write all labels to one file, if the format supports it.
        with_assets: add media to the archive.
        cut_videos: also add the frames of videos, cut by the program ffmpeg.
        normalized_coordinates: None for the format's default, True for fractions, False for pixels, if supported.
        annotation_modifier: for COCO, see `AnnotationModifier`.
        where: a query; labels that do not match are left out.
        on_error: ``"raise"`` stops at the first asset, label or annotation that cannot be written; ``"skip"`` leaves it
            out, and the summary lists it.
        export_type: ``"latest"`` for the latest label of each asset, ``"latest_from_last_step"`` for the latest of each
            author in the last step of the workflow, ``"latest_from_all_steps"`` for those of each step, ``"normal"``
            for all. If an asset holds `latestLabels`, the first two export all of these.
        label_types: the types of label to export; labels without a type are always exported.
        include_sent_back_labels: whether labels that were sent back to the queue are exported; False leaves them out.
        exported_at: the date in ``README.kili.txt``; none by default.
        fetch: gets media files; by default local files and ``http``.
        media_root: the folder of local media; by default the folder of the assets file, or the working folder.
        media_cache: a folder for downloads, so that an interrupted export does not repeat them.
        disable_tqdm: True for no progress bar; None shows one if standard error is a terminal.

    Returns:
        Counts of what was written and what was left out.

    Raises:
        NotCompatibleOptions: the format or the project does not support an option, or the file cannot be written.
        NotCompatibleInputType: the format does not support the project's input type.
        NoCompatibleJobError: the format can hold no job of the project.
        OntologyError: the project cannot be read.
        QueryError: the query is wrong.
        SourceError: labels or assets cannot be read.
        NotExportableAssetError, NotExportableLabelError, DownloadError: with ``on_error="raise"``.
        MissingExtraError: a package is not installed.

    >>> import tempfile, zipfile
    >>> project = {"id": "p", "inputType": "IMAGE", "jsonInterface": {"jobs": {}}}
    >>> label = {"id": "l", "assetId": "a", "jsonResponse": {}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     summary = write([label], [{"id": "a", "externalId": "a.png"}], project, fmt="kili", to=f"{folder}/all.zip")
    ...     zipfile.ZipFile(summary.path).namelist()
    ['README.kili.txt', 'labels/a.png.json']
    """
    options = Options(
        layout=layout,
        single_file=single_file,
        with_assets=with_assets,
        cut_videos=cut_videos,
        normalized_coordinates=normalized_coordinates,
        annotation_modifier=annotation_modifier,
        on_error=on_error,
        export_type=export_type,
        label_types=(label_types,) if isinstance(label_types, str) else tuple(label_types),
        include_sent_back_labels=include_sent_back_labels,
        exported_at=exported_at,
    )
    chosen = format_named(fmt)
    chosen.check_options(options)
    if labels is None and assets is None:
        raise NotCompatibleOptions("nothing to export: give `labels`, or `assets` that hold them")
    labels = None if labels is None else with_datasets(labels)
    query = parse(where) if isinstance(where, str) else where
    check_path("to", to)
    for name, folder in (("media_root", media_root), ("media_cache", media_cache)):
        if folder is not None:
            check_path(name, folder, of="a folder")
    plan = _Plan.of(chosen, options, _project_of(labels, project), Path(to), query, is_json=_is_json([labels, assets]))
    ffmpeg = ffmpeg_program() if cut_videos and plan.project.is_video else None
    if os.fspath(to).endswith(("/", os.sep)) and not Path(to).is_dir():
        raise NotCompatibleOptions(f"`{os.fspath(to)}` names a folder that does not exist: create it, or name a file")
    if media_root is not None and not Path(media_root).is_dir():
        raise NotCompatibleOptions(f"`media_root` is not a folder: `{os.fspath(media_root)}`")
    with ExitStack() as stack:
        stack.enter_context(_write_errors_told())
        refuse_inputs(plan.target, _paths_in([labels, assets, project]))
        if media_cache is not None:
            refuse_caches(media_cache)
        scratch = stack.enter_context(scratch_folder())
        run = plan.run(scratch)
        stack.enter_context(run.export.spools)
        root = Path(media_root) if media_root is not None else _folder_of(assets if assets is not None else labels)
        found: Fetch = LocalOrHttp(root, None if media_cache is None else Path(media_cache)) if fetch is None else fetch
        if (dataset := only_dataset(labels)) is not None and media_root is None:
            found = OfDataset(dataset.files, found)
        bar = None if disable_tqdm is True else stack.enter_context(_bar(disable_tqdm))
        items: Iterator[Joined | Problem] = stack.enter_context(
            closing(joined(labels, assets, options, scratch, None if bar is None else partial(_show_read, bar)))
        )
        if chosen.needs_layers(plan.project, options):
            pool = ThreadPoolExecutor()
            stack.callback(pool.shutdown, cancel_futures=True)
            items = with_layers(items, found, scratch / "layers", pool)
        media = None
        if with_assets:
            media = MediaStage(found, scratch / "media", is_video=plan.project.is_video, ffmpeg=ffmpeg)
            stack.enter_context(media)
        new: Replacement = stack.enter_context(replaced(plan.target, makes_folders=True))
        sink = stack.enter_context(opened_archive(new.file) if chosen.is_archive else opened_file(new.file))
        if chosen.is_archive:
            sink.add(readme(plan.project, options, chosen.name))
        run.write(items if bar is None else _counted(items, bar), media, sink)
        if chosen.is_archive and (entry := manifest(run.renamed, run.export.folders)) is not None:
            sink.add(entry)
        summary = run.export.summary
        is_from_a_server = fetch is not None  # which may rightly have nothing to export
        if not summary.labels and (plan.target.exists() or (summary.is_of_nothing and not is_from_a_server)):
            new.abandon()
            run.export.summary.is_kept = True
    return run.export.summary


def _project_of(labels: LabelSource | None, project: "ProjectSource | None") -> Project:
    if project is not None:
        return Project.read(project)
    dataset = only_dataset(labels)
    if dataset is None:
        raise NotCompatibleOptions("give `project`: labels do not say which jobs and categories there are")
    return Project.read(dataset.project)


@contextmanager
def _write_errors_told() -> Iterator[None]:
    try:
        yield
    except WriteError as error:
        raise NotCompatibleOptions(str(error)) from error


@frozen
class _Plan:
    """A checked export: everything that can be checked before labels are read has been."""

    format: Format
    options: Options
    project: Project
    target: Path
    matcher: Matcher | None
    is_json: bool

    @classmethod
    def of(
        cls, chosen: Format, options: Options, project: Project, to: Path, query: Query | None, *, is_json: bool
    ) -> "_Plan":
        chosen.jobs_of(project)
        chosen.check_media(options)
        if options.with_assets and project.has_data_connection:
            raise NotCompatibleOptions(
                "assets of a project with a data connection cannot be exported: no `with_assets`"
            )
        matcher = None if query is None else validate(query, project.ontology).compile(ontology=project.ontology)
        is_folder = to.is_dir()
        if is_folder and not chosen.is_archive:
            raise NotCompatibleOptions(f"`{to}` is a folder: name the file to write")
        name = f"{safe_path(project.id or 'export').replace('/', '_')}.zip"
        return cls(chosen, options, project, to / name if is_folder else to, matcher, is_json)

    def run(self, scratch: Path) -> Run:
        jobs = self.format.jobs_of(self.project)
        folders = _folders([job.name for job in jobs])
        summary = ExportSummary(self.target, self.format.name)
        export = Export(self.project, self.options, jobs, summary, folders, scratch, self.is_json)
        return Run(self.format, self.format.open(export), export, self.matcher)


def _folders(jobs: Iterable[str]) -> dict[str, str]:
    """Return a safe and unique folder for each job."""
    names = Names()

    def needs(name: str) -> list[Reservation]:
        return [Reservation("", name)]

    for name in _RESERVED:
        names.claim(name, needs)
    return {job: names.claim(safe_path(job).replace("/", "_"), needs) for job in jobs}


def _is_json(source: object) -> bool:
    """Whether a source is JSON rather than Python objects."""
    if isinstance(source, list | tuple):
        return all(map(_is_json, source))
    return source is None or isinstance(source, FromJson | str | os.PathLike)


def _folder_of(source: object) -> Path:
    """Return the folder that a source lies in."""
    if isinstance(source, Dataset):
        return _folder_of(source.files.path)
    if isinstance(source, list | tuple) and len(source) == 1:
        return _folder_of(source[0])
    if isinstance(source, str | os.PathLike) and source != "-":
        path = Path(source)
        return path if path.is_dir() else path.parent
    return Path()


def _paths_in(source: object) -> Iterator[str | os.PathLike[str]]:
    if isinstance(source, list | tuple):
        for one in source:
            yield from _paths_in(one)
    elif isinstance(source, Dataset):
        yield source.files.path
    elif isinstance(source, str | os.PathLike):
        yield source


def _bar(disable: bool | None) -> "tqdm[None]":
    """Return a bar on standard error that counts assets."""
    made: tqdm[None] = load("tqdm", "a progress bar", "export").tqdm(desc="exporting", unit=" assets", disable=disable)
    return made


def _counted(items: Iterable[T], bar: "tqdm[None]") -> Iterator[T]:
    for item in items:
        yield item
        bar.update()


def _show_read(bar: "tqdm[None]", done_bytes: int, total_bytes: int | None) -> None:
    """Show how much was read: labels that name their assets are all read before the first asset is written."""
    of = "" if total_bytes is None else f" of {total_bytes / 1e6:.0f}"
    bar.set_postfix_str(f"{done_bytes / 1e6:.0f}{of} MB read", refresh=False)
    bar.update(0)


class FromJson(Iterator[Mapping[str, object]]):
    """Items that were decoded from JSON, which some formats can write faster than arbitrary Python objects.

    >>> list(FromJson(iter([{"id": "a"}])))
    [{'id': 'a'}]
    """

    def __init__(self, items: Iterator[Mapping[str, object]]) -> None:
        self._items = items

    def __next__(self) -> Mapping[str, object]:
        return next(self._items)
