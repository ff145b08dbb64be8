"""The format ``coco``: images, categories and annotations in one JSON file, or in one file per job.

A box or a region without holes is written as polygons, one for each part. A region with holes is a run-length mask
(``{"size": [height, width], "counts": [...]}``), because COCO polygons cannot have holes. It is still one object:
``iscrowd`` is always 0, because readers skip objects with 1.

Ids are numbers in the order of writing: categories and annotations from 1, images from 0. A category has the same id
in both layouts, and an image has the same id in every file.
"""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import IO, NamedTuple, TypeAlias

from msgspec import to_builtins

from kili_query.errors import MalformedLabelError
from kili_query.export.asset import Asset, ExportedLabel, WritableAnnotation
from kili_query.export.class_names import class_names
from kili_query.export.context import Export
from kili_query.export.format import Entry, Format
from kili_query.export.formats.drawn import drawn_of
from kili_query.export.formats.json_text import encode_finite
from kili_query.export.formats.kili import dump
from kili_query.export.formats.rings import Drawn
from kili_query.export.formats.segmentation import CocoAnnotation, segmented, whole
from kili_query.export.scratch import GatheredText
from kili_query.labels.geometry import Size
from kili_query.labels.structure import Frame
from kili_query.ontology import Job

_TOOLS = frozenset({"rectangle", "polygon", "semantic"})
_FOLDER = "data"
_LICENSE = {"id": 0, "name": "unknown", "url": ""}
_CHUNK_BYTES = 1 << 20
_BATCH = 256  # objects that are measured together, which is faster than one by one

Row: TypeAlias = dict[str, object]


class _Rows:
    """The items of a JSON list, on disk."""

    def __init__(self, path: Path) -> None:
        self._text = GatheredText(path)
        self.count = 0

    def add(self, rows: Sequence[object]) -> None:
        if rows:
            self._text.write(("," if self.count else "") + encode_finite(rows)[1:-1].decode())
            self.count += len(rows)

    def copy_to(self, target: IO[bytes]) -> None:
        path = self._text.finish()
        if path is not None:
            with path.open("rb") as file:
                shutil.copyfileobj(file, target, _CHUNK_BYTES)


class _Placed(NamedTuple):
    """The shapes of a job on an image, with the names of asset and label for messages."""

    objects: list[Drawn]
    job: Job
    image_id: int
    image: Row
    size: Size
    asset: str
    label: str


class _CocoWriter:
    """Writes images and annotations to temporary files, and combines them at the end."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._is_merged = export.options.layout == "merged"
        self._is_modified = export.options.annotation_modifier is not None
        self._waiting: list[_Placed] = []
        self._number_waiting = 0
        pairs = [(job.name, key) for job in export.jobs for key in job.categories]
        self._category_ids = {pair: number for number, pair in enumerate(pairs, 1)}
        self._paths = {
            job.name: "labels.json" if self._is_merged else f"{export.folders[job.name]}/labels.json"
            for job in export.jobs
        }
        self._images = _Rows(export.scratch / "images")
        self._annotations = {
            path: _Rows(export.scratch / f"annotations{number}")
            for number, path in enumerate(dict.fromkeys(self._paths.values()))
        }

    def asset(self, asset: Asset) -> Iterable[Entry]:
        size = asset.required_size()
        media = {one.frame: one.path for one in asset.media}
        name = asset.external_id
        images: list[Row] = []
        placed: list[_Placed] = []
        for label in asset.labels:
            for frame in label.frames:
                found = [(job, one) for job in self._export.jobs if (one := self._objects(asset, label, frame, job))]
                path = _image_path(asset, frame, media)
                if path is not None:
                    number = self._images.count + len(images)
                    image = self._image(number, path, size, label)
                    images.append(image)
                    placed += [_Placed(objects, job, number, image, size, name, label.name) for job, objects in found]
                elif found:
                    error = MalformedLabelError("the archive does not have this frame of the video", frame.path)
                    self._export.reject(error, name, label.name)
        self._images.add(images)
        self._waiting += placed
        self._number_waiting += sum(len(one.objects) for one in placed)
        if self._number_waiting >= _BATCH or self._is_modified:  # so that the caller's function is called in order
            self._draw()
        return ()

    def close(self) -> Iterable[Entry]:
        self._draw()
        whole = self._export.scratch / "labels.json"
        for path, annotations in self._annotations.items():
            head = {"info": self._info(), "licenses": [_LICENSE], "categories": self._categories(path)}
            with whole.open("wb") as file:
                file.write(dump(head)[:-1].encode() + b', "images": [')
                self._images.copy_to(file)
                file.write(b'], "annotations": [')
                annotations.copy_to(file)
                file.write(b"]}")
            yield Entry(path, whole)

    def _info(self) -> Row:
        date = self._export.options.exported_at
        return {
            **({} if date is None else {"year": date.year}),
            "version": "1.0",
            "description": f"{self._export.project.title} - Exported by kili-query",
            "contributor": "Kili Technology",
            "url": "https://kili-technology.com",
            **({} if date is None else {"date_created": date.isoformat()}),
        }

    def _categories(self, path: str) -> list[Row]:
        jobs = [job for job in self._export.jobs if self._paths[job.name] == path]
        names = class_names(self._export.project, jobs, with_job=self._is_merged)
        ids = self._category_ids
        return [{"id": ids[pair], "name": name, "supercategory": pair[0]} for pair, name in names.items()]

    def _image(self, number: int, path: str, size: Size, label: ExportedLabel) -> Row:
        return {
            "id": number,
            "license": _LICENSE["id"],
            "file_name": path,
            "height": size.height_px,
            "width": size.width_px,
            "date_captured": None,
            **({"label": label.name} if label.ending else {}),
        }

    def _objects(self, asset: Asset, label: ExportedLabel, frame: Frame, job: Job) -> list[Drawn]:
        """Return the shapes of a job."""
        return whole(drawn_of(self._export, asset, label, frame, job, with_annotations=self._is_modified))

    def _draw(self) -> None:
        """Write the waiting annotations to their files."""
        waiting, self._waiting, self._number_waiting = self._waiting, [], 0
        rows: dict[str, list[object]] = {path: [] for path in self._annotations}
        segments = segmented([(one, placed.size) for placed in waiting for one in placed.objects])
        for placed in waiting:
            path = self._paths[placed.job.name]
            of_file, before = rows[path], self._annotations[path].count + 1
            for drawn, segment in zip(placed.objects, segments, strict=False):  # the next job continues it
                try:
                    of_file.append(self._row(before + len(of_file), placed, drawn, segment))
                except MalformedLabelError as error:
                    self._export.reject(error, placed.asset, placed.label)
        for path, of_file in rows.items():
            self._annotations[path].add(of_file)

    def _row(self, number: int, placed: _Placed, drawn: Drawn, segment: CocoAnnotation | None) -> object:
        """Return an annotation.

        Raises:
            MalformedLabelError: the mask is empty, or the caller's function does not return an annotation.
        """
        if segment is None:
            raise MalformedLabelError("the mask covers the centre of no pixel", drawn.path)
        segment.id, segment.image_id = number, placed.image_id
        segment.category_id = self._category_ids[placed.job.name, drawn.category]
        if drawn.annotation is None or not self._is_modified:
            return segment
        return self._modified(to_builtins(segment), placed.image, drawn.annotation)

    def _modified(self, row: Row, image: Row, annotation: WritableAnnotation) -> Row:
        """Apply the caller's function to an annotation.

        Raises:
            MalformedLabelError: the function fails, or does not return an annotation.
        """
        modify = self._export.options.annotation_modifier
        if modify is None:
            return row
        try:
            changed: object = modify(deepcopy(row), dict(image), deepcopy(dict(annotation.raw)))
        except Exception as error:
            message = f"`annotation_modifier` failed: {type(error).__name__}: {error}"
            raise MalformedLabelError(message, annotation.path) from error
        if not isinstance(changed, Mapping):
            message = f"`annotation_modifier` must return the annotation, not {type(changed).__name__}"
            raise MalformedLabelError(message, annotation.path)
        try:
            dump(dict(changed))
        except MalformedLabelError as error:
            message = f"what `annotation_modifier` returned {error.message}"
            raise MalformedLabelError(message, annotation.path) from error
        return dict(changed)


def _image_path(asset: Asset, frame: Frame, media: Mapping[int | None, str]) -> str | None:
    """Return the image's path in the archive, even without media; None if the archive has frames but not this one."""
    if frame.number in media:
        return media[frame.number]
    if any(number is not None for number in media):
        return None
    if frame.number is None:
        return f"{_FOLDER}/{asset.name}"
    return f"{_FOLDER}/{asset.frame_name(frame.number)}.jpg"


def _fits(job: Job) -> bool:
    return job.ml_task == "OBJECT_DETECTION" and not _TOOLS.isdisjoint(job.tools)


COCO = Format(
    name="coco",
    open=_CocoWriter,
    media_folder=_FOLDER,
    input_types=frozenset({"IMAGE", "VIDEO"}),
    fits=_fits,
    tools=_TOOLS,
    has_single_file=True,
    normalized=frozenset({None, False}),
    has_only_shapes=True,
    has_modifier=True,
)
