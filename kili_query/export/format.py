"""Formats: rules that are data, and a writer that turns assets into the files of an archive."""

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
"""The bytes themselves, or a file of them: by its path, or open, at its start."""


class Entry(NamedTuple):
    """One file of an archive; in a format that is one file, a piece of it, and the path says nothing."""

    path: str
    data: Data


class Writer(Protocol):
    """Writes one export."""

    def asset(self, asset: Asset) -> Iterable[Entry]:
        """Return the files of one asset.

        What it raises (`NotExportableAssetError`, `NotCompatibleOptions`, `MalformedLabelError`) concerns this asset
        alone, which is then left out: none of its files is written. A writer that remembers assets therefore does so
        last, when nothing can fail any more.
        """

    def close(self) -> Iterable[Entry]:
        """Return the files that need all assets, after the last."""


@frozen(kw_only=True)
class Format:
    """A format: what it takes, and how it is written.

    Attributes:
        name: what callers say.
        open: gives the writer of one export.
        is_archive: whether it is a zip; else it is one file, of all the data that the writer gives, in order.
        suffix: what label files have behind their stem.
        stem: from a safe name to what the names of its label files begin with.
        media_folder: where media go.
        input_types: the projects that it takes; None for all.
        fits: the jobs that it can hold; None for all, and then a project needs none.
        layouts: those it can have.
        has_layouts: whether the layout makes a difference; else Python takes the default, and the command none.
        has_single_file: whether it takes ``single_file``.
        normalized: the values of ``normalized_coordinates`` that it takes.
        has_modifier: whether it takes ``annotation_modifier``.
        has_geotiffs: whether it takes images in coordinates of the earth.
        has_pixels: whether it takes images in any other.
        needs_assets: whether it reads the media itself, and ``with_assets`` has to be set.
        has_all_jobs: whether labels are written whole, jobs that the interface does not have included.
        label_fields: the fields of labels that it writes besides those that every export has.
    """

    name: str
    open: Callable[[Export], Writer]
    is_archive: bool = True
    suffix: str = ".json"
    stem: Callable[[str], str] = field(default=str)
    media_folder: str = "images"
    input_types: frozenset[str] | None = None
    fits: Callable[[Job], bool] | None = None
    layouts: frozenset[Layout] = frozenset({"split", "merged"})
    has_layouts: bool = True
    has_single_file: bool = False
    normalized: frozenset[bool | None] = frozenset({None, True, False})
    has_modifier: bool = False
    has_geotiffs: bool = False
    has_pixels: bool = True
    needs_assets: bool = False
    has_all_jobs: bool = False
    label_fields: tuple[str, ...] = ()

    def needs_layers(self, project: Project, options: Options) -> bool:
        """Whether it has to be known of each asset in which coordinates it is labeled."""
        takes_all = self.has_geotiffs and self.has_pixels and options.normalized_coordinates is not False
        return project.input_type == "IMAGE" and not takes_all

    def check_options(self, options: Options) -> None:
        """Refuse options that the format does not take.

        Raises:
            NotCompatibleOptions: there is one.
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
        """Refuse to go without the media that the format reads; once it is known that it takes the project at all.

        Raises:
            NotCompatibleOptions: they are needed, and not asked for.
        """
        if self.needs_assets and not options.with_assets:
            raise NotCompatibleOptions(
                f"the format `{self.name}` does not take assets without their media: set `with_assets`"
            )

    def jobs_of(self, project: Project) -> tuple[Job, ...]:
        """Return the jobs of a project that the format can hold, in order.

        Raises:
            NotCompatibleInputType: it takes no such project.
            NoCompatibleJobError: there is none, and it needs one.
        """
        if self.input_types is not None and project.input_type not in self.input_types:
            kinds = ", ".join(sorted(self.input_types))
            kind = f"of type {project.input_type}" if project.input_type else "that do not tell their `inputType`"
            raise NotCompatibleInputType(
                f"the format `{self.name}` is for projects of type {kinds}, not for those {kind}"
            )
        jobs = tuple(job for job in project.jobs if self.fits is None or self.fits(job))
        if self.fits is not None and not jobs:
            tools = [f"`{job.name}` ({', '.join(job.tools) or job.ml_task})" for job in project.jobs]
            of_project = f": it has {', '.join(tools)}" if tools else ""
            raise NoCompatibleJobError(f"no job of the project can be held by the format `{self.name}`{of_project}")
        return jobs
