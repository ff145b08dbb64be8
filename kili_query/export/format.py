"""Formats: a declaration of what is supported, and a writer that turns assets into files."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, NamedTuple, Protocol, TypeAlias

from attrs import field, frozen

from kili_query.export.asset import Asset
from kili_query.export.context import Export
from kili_query.export.errors import NoCompatibleJobError, NotCompatibleInputType, NotCompatibleOptions
from kili_query.export.options import Layout, Options
from kili_query.export.project import Project
from kili_query.ontology import Job

Data: TypeAlias = bytes | Path | IO[bytes]
"""The bytes themselves, or a file with them: its path, or an open file at its start."""


class Entry(NamedTuple):
    """One file of an archive. In a single-file format, a piece of the file; the path is then ignored."""

    path: str
    data: Data


class FormatWriter(Protocol):
    """Writes one export."""

    def asset(self, asset: Asset) -> Iterable[Entry]:
        """Return the files of one asset.

        If it raises `NotExportableAssetError`, `NotCompatibleOptions` or `MalformedLabelError`, this asset is left out
        and none of its files is written. A writer must therefore record an asset last, after everything that can fail.
        """

    def close(self) -> Iterable[Entry]:
        """Return the files that need all assets, after the last."""


@frozen(kw_only=True)
class Format:
    """A format: what it supports, and its writer.

    Attributes:
        name: its name.
        open: returns the writer of one export.
        is_archive: whether it is a zip; otherwise it is one file, made of the writer's data in order.
        suffix: the suffix of label files.
        stem: turns a safe name into the start of the names of its label files.
        media_folder: the folder for media.
        input_types: the supported types of project; None for all.
        fits: whether it can hold a job; None for all jobs, and then a project does not need one.
        tools: those of the objects that it writes, if it writes only objects. A dataset of another tool has all its
            objects in one job, so this job fits if it has one of them; its other objects are left out and counted.
        layouts: the supported layouts.
        has_layouts: whether the layout makes a difference; if not, the command rejects the option.
        has_single_file: whether it supports ``single_file``.
        normalized: the supported values of ``normalized_coordinates``.
        has_modifier: whether it supports ``annotation_modifier``.
        has_geotiffs: whether it supports images labeled in degrees.
        has_pixels: whether it supports all other images.
        needs_assets: whether it reads the media, so that ``with_assets`` must be set.
        has_all_jobs: whether it writes labels whole, including jobs that the interface does not have.
        has_only_shapes: whether it writes contents, names, URLs and sizes, and nothing else of labels and assets;
            exports from a server then do not fetch authors, metadata and the like.
        label_fields: the fields of labels that it writes in addition to those of every export.
    """

    name: str
    open: Callable[[Export], FormatWriter]
    is_archive: bool = True
    suffix: str = ".json"
    stem: Callable[[str], str] = field(default=str)
    media_folder: str = "images"
    input_types: frozenset[str] | None = None
    fits: Callable[[Job], bool] | None = None
    tools: frozenset[str] = frozenset()
    layouts: frozenset[Layout] = frozenset({"split", "merged"})
    has_layouts: bool = True
    has_single_file: bool = False
    normalized: frozenset[bool | None] = frozenset({None, True, False})
    has_modifier: bool = False
    has_geotiffs: bool = False
    has_pixels: bool = True
    needs_assets: bool = False
    has_all_jobs: bool = False
    has_only_shapes: bool = False
    label_fields: tuple[str, ...] = ()

    def needs_layers(self, project: Project, options: Options) -> bool:
        """Whether the export must find out in which coordinates each asset is labeled."""
        takes_all = self.has_geotiffs and self.has_pixels and options.normalized_coordinates is not False
        return project.input_type == "IMAGE" and not takes_all

    def check_options(self, options: Options) -> None:
        """Reject options that the format does not support.

        Raises:
            NotCompatibleOptions: an option is not supported.
        """
        for is_refused, reason in (
            (options.layout not in self.layouts, f"the layout `{options.layout}`: use `{min(self.layouts)}`"),
            (options.single_file and not self.has_single_file, "a single file (`single_file`)"),
            (
                options.normalized_coordinates not in self.normalized,
                f"`normalized_coordinates={options.normalized_coordinates}`",
            ),
            (options.annotation_modifier is not None and not self.has_modifier, "an `annotation_modifier`"),
            (
                options.with_assets and not (self.is_archive or self.needs_assets),
                "media (`with_assets`): it is one file",
            ),
        ):
            if is_refused:
                raise NotCompatibleOptions(f"the format `{self.name}` does not take {reason}")

    def check_media(self, options: Options) -> None:
        """Require media if the format reads them. Call this after `jobs_of`, whose errors are more important.

        Raises:
            NotCompatibleOptions: the format needs ``with_assets``.
        """
        if self.needs_assets and not options.with_assets:
            raise NotCompatibleOptions(
                f"the format `{self.name}` does not take assets without their media: set `with_assets`"
            )

    def jobs_of(self, project: Project) -> tuple[Job, ...]:
        """Return the jobs of a project that the format can hold, in order.

        Raises:
            NotCompatibleInputType: the format does not support the project's input type.
            NoCompatibleJobError: the format can hold none of the project's jobs.
        """
        if self.input_types is not None and project.input_type not in self.input_types:
            kinds = ", ".join(sorted(self.input_types))
            kind = f"of type {project.input_type}" if project.input_type else "without an `inputType`"
            raise NotCompatibleInputType(
                f"the format `{self.name}` is for projects of type {kinds}, not for those {kind}"
            )
        jobs = tuple(job for job in project.jobs if self._holds(job, project))
        if self.fits is not None and not jobs:
            tools = [f"`{job.name}` ({', '.join(job.tools) or job.ml_task})" for job in project.jobs]
            of_project = f": it has {', '.join(tools)}" if tools else ""
            raise NoCompatibleJobError(f"the format `{self.name}` can hold no job of the project{of_project}")
        return jobs

    def _holds(self, job: Job, project: Project) -> bool:
        if self.tools and project.ontology.dataset_format is not None:
            return job.ml_task == "OBJECT_DETECTION" and not self.tools.isdisjoint(job.tools)
        return self.fits is None or self.fits(job)
