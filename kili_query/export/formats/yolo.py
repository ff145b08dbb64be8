"""The formats ``yolo_v4``, ``yolo_v5``, ``yolo_v7``, ``yolo_v8``: a text file for each image, a line for each object.

Classes are numbered from 0 in the order of the interface, per job (``split``) or over all jobs (``merged``). The
versions differ only in the file that names the classes.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from attrs import frozen

from kili_query.export.asset import Asset, ExportedLabel
from kili_query.export.class_names import class_names
from kili_query.export.context import Export
from kili_query.export.format import Entry, Format
from kili_query.export.formats.drawn import drawn_of, plain_boxes, plain_rings
from kili_query.export.formats.json_text import number_lines
from kili_query.export.formats.outline import Outline
from kili_query.export.formats.remote_assets import RemoteAssets
from kili_query.export.formats.rings import Edges
from kili_query.export.formats.video_meta import VideoMeta
from kili_query.export.formats.yolo_poses import n_keypoints, pose_rows
from kili_query.export.formats.yolo_text import (
    lines_of,
    lines_of_boxes,
    lines_of_rings,
    one_line,
    yaml_plain,
    yaml_quoted,
)
from kili_query.export.naming import without_image_extension
from kili_query.labels.structure import Frame
from kili_query.ontology import Job

_TOOLS = frozenset({"rectangle", "polygon", "semantic"})


_YAML = "data.yaml"
_SPLITS = "train: images\nval: images\n"
"""Where trainers look for images, without which they refuse a ``data.yaml``. The labels are in ``labels`` beside it."""


def _classes_txt(names: Sequence[str]) -> str:
    return "".join(f"{number} {one_line(name)}\n" for number, name in enumerate(names))


def _names_by_number(names: Sequence[str]) -> str:
    listed = [f"  {number}: {yaml_plain(name)}\n" for number, name in enumerate(names)]
    return "".join(["names:\n", *listed]) if listed else "names: {}\n"


def _names_in_a_list(names: Sequence[str]) -> str:
    return f"nc: {len(names)}\nnames: [{', '.join(map(yaml_quoted, names))}]\n"


@frozen
class _Version:
    """A YOLO version: the file that names the classes, and its syntax."""

    file: str
    text: Callable[[Sequence[str]], str]


@frozen
class _DataSet:
    """Labels with the same classes: those of one job, or of all jobs.

    Attributes:
        folder: their folder in the archive, empty or with a slash at the end.
        jobs: their jobs.
        numbers: class numbers by job and category.
        names: class names.
        keypoints: how many each line has; 0 where lines are boxes or outlines.
        videos: the label files of each video.
    """

    folder: str
    jobs: tuple[Job, ...]
    numbers: dict[str, dict[str, int]]
    names: list[str]
    videos: VideoMeta
    keypoints: int = 0


def _merged(export: Export, *, has_poses: bool) -> _DataSet:
    return _data_set(export, "", export.jobs, is_merged=True, has_poses=has_poses)


def _of_one_job(export: Export, job: Job, *, has_poses: bool) -> _DataSet:
    return _data_set(export, f"{export.folders[job.name]}/", (job,), is_merged=False, has_poses=has_poses)


def _data_set(export: Export, folder: str, jobs: tuple[Job, ...], *, is_merged: bool, has_poses: bool) -> _DataSet:
    names = class_names(export.project, jobs, with_job=is_merged)
    numbers: dict[str, dict[str, int]] = {job.name: {} for job in jobs}
    for number, (job_name, category) in enumerate(names):
        numbers[job_name][category] = number
    scratch = export.scratch / f"videos of {export.jobs.index(jobs[0])}"
    return _DataSet(
        folder,
        jobs,
        numbers,
        list(names.values()),
        VideoMeta(f"{folder}video_meta.json", scratch),
        n_keypoints(jobs) if has_poses else 0,
    )


def _shape_of_poses(within: _DataSet) -> str:
    """Return what ``data.yaml`` says of keypoints: how many a line has, and their names by class."""
    if not within.keypoints:
        return ""
    lines = [f"kpt_shape: [{within.keypoints}, 3]\n", "kpt_names:\n"]
    for job in within.jobs:
        for key, category in job.categories.items():
            if category.points:
                codes = ", ".join(yaml_quoted(one.name or one.code) for one in category.points)
                lines.append(f"  {within.numbers[job.name][key]}: [{codes}]\n")
    return "".join(lines)


class _YoloWriter:
    """Writes label files for each asset, and at the end the files that name classes, images and frames."""

    def __init__(self, export: Export, version: _Version) -> None:
        self._export = export
        self._version = version
        is_merged = export.options.layout == "merged"
        is_dataset = export.project.ontology.dataset_format is not None
        has_poses = is_dataset and version.file == _YAML
        if is_merged:
            self._sets = [_merged(export, has_poses=has_poses)]
        else:
            self._sets = [_of_one_job(export, job, has_poses=has_poses) for job in export.jobs]
        self._has_splits = is_dataset and is_merged and version.file == _YAML
        self._remote = None if export.options.with_assets else RemoteAssets(export)

    def asset(self, asset: Asset) -> Iterable[Entry]:
        entries: list[Entry] = []
        for label in asset.labels:
            files: dict[str, int | None] = {}
            of_video: list[list[str]] = [[] for _ in self._sets]
            for frame in label.frames:
                for one, frames in zip(self._sets, of_video, strict=True):
                    text = self._text(one, asset, label, frame)
                    if text or frame.number is None:
                        stem = asset.file_stem(label, frame)
                        entries.append(Entry(f"{one.folder}labels/{stem}.txt", text))
                        files[f"{stem}.txt"] = frame.number
                        frames.append(stem)
            self._note(asset, label, files, of_video)
        return entries

    def close(self) -> Iterable[Entry]:
        for one in self._sets:
            text = self._version.text(one.names) + _shape_of_poses(one) + (_SPLITS if self._has_splits else "")
            yield Entry(one.folder + self._version.file, text.encode())
            yield from one.videos.entries()
        if self._remote is not None:
            yield from self._remote.entries()

    def _note(
        self, asset: Asset, label: ExportedLabel, files: dict[str, int | None], of_video: list[list[str]]
    ) -> None:
        """Record a label for the files at the end."""
        if self._remote is not None:
            self._remote.add(asset, [(number, file) for file, number in files.items()])
        if not label.frames or label.frames[0].number is not None:
            for one, frames in zip(self._sets, of_video, strict=True):
                one.videos.add(asset.name + label.ending, frames)

    def _text(self, within: _DataSet, asset: Asset, label: ExportedLabel, frame: Frame) -> bytes:
        """Return the content of a label file."""
        if within.keypoints:
            return number_lines(
                [
                    (within.numbers[job.name][category], *numbers)
                    for job in within.jobs
                    for category, numbers in pose_rows(self._export, asset, label, frame, job, within.keypoints)
                ]
            )
        boxes = self._boxes(within, label, frame)
        if boxes is not None:
            return lines_of_boxes(boxes)
        rings = self._rings(within, label, frame)
        if rings is not None and not all(one.type == "rectangle" for _, one in rings):
            return lines_of_rings([(number, one.outer) for number, one in rings])
        return lines_of(
            [
                (within.numbers[job.name][one.category], one)
                for job in within.jobs
                for one in drawn_of(self._export, asset, label, frame, job)
            ]
        )

    def _boxes(self, within: _DataSet, label: ExportedLabel, frame: Frame) -> list[tuple[int, Edges]] | None:
        """Return the boxes of a label file if it has only upright rectangles."""
        found: list[tuple[int, Edges]] = []
        for job in within.jobs:
            boxes = plain_boxes(label, frame, job)
            if boxes is None:
                return None
            numbers = within.numbers[job.name]
            found += [(numbers[category], edges) for category, edges in boxes]
        return found

    def _rings(self, within: _DataSet, label: ExportedLabel, frame: Frame) -> list[tuple[int, Outline]] | None:
        """Return the annotations of a label file if all of them are ordinary."""
        found: list[tuple[int, Outline]] = []
        for job in within.jobs:
            outlines = plain_rings(label, frame, job)
            if outlines is None:
                return None
            numbers = within.numbers[job.name]
            found += [(numbers[one.category], one) for one in outlines]
        return found


def _fits(job: Job) -> bool:
    return job.ml_task == "OBJECT_DETECTION" and _TOOLS.issuperset(job.tools)


def _format(name: str, file: str, text: Callable[[Sequence[str]], str]) -> Format:
    return Format(
        name=name,
        open=partial(_YoloWriter, version=_Version(file, text)),
        suffix=".txt",
        stem=without_image_extension,
        input_types=frozenset({"IMAGE", "VIDEO"}),
        fits=_fits,
        tools=_TOOLS | {"pose"} if file == _YAML else _TOOLS,
        normalized=frozenset({None, True}),
        has_only_shapes=True,
    )


YOLO_V4 = _format("yolo_v4", "classes.txt", _classes_txt)
YOLO_V5 = _format("yolo_v5", _YAML, _names_by_number)
YOLO_V7 = _format("yolo_v7", _YAML, _names_in_a_list)
YOLO_V8 = _format("yolo_v8", _YAML, _names_in_a_list)
