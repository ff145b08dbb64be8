"""The context of a writer: the project, the options, and one place to report problems."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from attrs import field, frozen

from kili_query.errors import KiliQueryError, LabelError, MalformedLabelError
from kili_query.export.asset import Asset, ExportedLabel, WritableAnnotation
from kili_query.export.decoding import answers_in_text
from kili_query.export.errors import NotExportableLabelError
from kili_query.export.options import Options
from kili_query.export.project import Project
from kili_query.export.summary import ExportSummary, Skipped
from kili_query.labels.geometry import shape_of, unrotated
from kili_query.labels.structure import Frame, annotations_of, first_category
from kili_query.ontology import Job
from kili_query.ontology.job import METADATA_JOBS


@frozen
class Export:
    """A running export.

    Attributes:
        project: the project of the labels.
        options: the checked options.
        jobs: the jobs that the format can hold, in the order of the interface.
        summary: counts so far.
        folders: a safe and unique folder for each job, for the layout ``split``.
        scratch: a temporary folder.
        is_json: whether labels and assets were read as JSON, so that JSON can hold all their values, except infinity,
            which is how ``1e999`` is read.
        spools: closes the temporary files, even after a failure.
    """

    project: Project
    options: Options
    jobs: tuple[Job, ...]
    summary: ExportSummary
    folders: Mapping[str, str] = field(repr=False)
    scratch: Path = field(repr=False)
    is_json: bool = False
    spools: ExitStack = field(factory=ExitStack, repr=False)

    def spool(self) -> IO[bytes]:
        """Open a temporary file for large data; rewind it and pass it in an `Entry`."""
        return self.spools.enter_context(tempfile.TemporaryFile(dir=self.scratch))

    def annotations(
        self, asset: Asset, label: ExportedLabel, frame: Frame, *, job: Job | None = None
    ) -> list[WritableAnnotation]:
        """Yield the annotations of a label that can be written, in order, for all jobs of the format or one job.

        An annotation without a category of its job or without valid geometry is reported and left out, or fatal,
        depending on the options.
        """
        return [
            found
            for one in (self.jobs if job is None else (job,))
            for found in self._annotations_of(asset, label, frame, one)
        ]

    def leave_out(self, annotation: WritableAnnotation) -> None:
        """Count an annotation that the format cannot hold."""
        self.summary.unsupported[annotation.type or type(annotation.shape).__name__.lower()] += 1

    def note_lost(self, asset: str, label: ExportedLabel) -> None:
        """Count the answers of a label that are not written.

        These are answers to jobs that the format cannot hold or the interface does not have, and shapes without a
        frame.
        """
        written = {job.name for job in self.jobs}
        for frame in (*label.frames, *label.beside_frames):
            for job in frame.jobs:
                if job in written or job in METADATA_JOBS or not (answers := _answers(frame.jobs, job)):
                    continue
                if job in self.project.ontology.jobs:
                    self.summary.unfitting[job] += answers
                    continue
                reason = f"the interface has no job `{job}`"
                self.summary.note_retired(job, answers, Skipped(reason, asset, label.name, f"{frame.path}.{job}"))
        for part in label.beside_frames:
            for one in self.jobs:
                if _answers(part.jobs, one.name):
                    reason = f"the shapes of `{one.name}` do not belong to a frame"
                    self.summary.note(Skipped(reason, asset, label.name, f"{part.path}.{one.name}"))

    def reject(self, error: KiliQueryError, asset: str = "", label: str = "") -> None:
        """Report a problem and leave the item out, or stop, depending on the options.

        Args:
            error: the problem.
            asset: the external id of its asset.
            label: the name of its label; empty if it concerns the whole asset.

        Raises:
            KiliQueryError: an error of the same kind, whose message names asset and label.
        """
        is_label = isinstance(error, LabelError)
        path = error.path if isinstance(error, LabelError) else ""
        problem = Skipped(error.message if isinstance(error, LabelError) else str(error), asset, label, path)
        if self.options.on_error == "skip":
            self.summary.note(problem)
        elif is_label:
            raise NotExportableLabelError(str(Skipped(problem.reason, asset, label)), path) from error
        else:
            raise type(error)(str(problem)) from error

    def _annotations_of(
        self, asset: Asset, label: ExportedLabel, frame: Frame, job: Job
    ) -> Iterator[WritableAnnotation]:
        path = f"{frame.path}.{job.name}"
        try:
            listed = annotations_of(frame.jobs.get(job.name), path)
        except MalformedLabelError as error:
            self.reject(error, asset.external_id, label.name)
            return
        for index, raw in enumerate(listed):
            if raw == {}:
                continue
            try:
                yield _annotation(raw, job, label, f"{path}.annotations[{index}]")
            except MalformedLabelError as error:
                self.reject(error, asset.external_id, label.name)


def _answers(jobs: Mapping[str, object], job: str) -> int:
    """Count the answers of a job response: its annotations, or one answer."""
    if (counted := answers_in_text(jobs, job)) is not None:
        return counted
    try:
        payload = jobs.get(job)
    except MalformedLabelError:  # nested too deeply to be decoded
        return 1
    if isinstance(payload, Mapping) and "annotations" in payload:
        listed = payload["annotations"]
        return len(listed) if isinstance(listed, list | tuple) else int(listed is not None)
    return int(bool(payload))


def _annotation(raw: object, job: Job, label: ExportedLabel, path: str) -> WritableAnnotation:
    category = first_category(raw, path)
    assert isinstance(raw, Mapping)  # it has a category
    if category not in job.categories:
        message = f"the job `{job.name}` has no category `{category}`"
        raise MalformedLabelError(message, f"{path}.categories[0].name")
    shape = shape_of(raw, path)
    if shape is None:
        raise MalformedLabelError("an annotation without geometry", path)
    mid = raw.get("mid")
    return WritableAnnotation(
        job.name,
        category,
        str(raw.get("type") or ""),
        unrotated(shape, label.rotation_degrees),
        None if mid is None else str(mid),
        raw,
        path,
    )
