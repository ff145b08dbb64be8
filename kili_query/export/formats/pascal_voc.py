"""The format ``pascal_voc``: an XML file for each image or frame, with an upright box in pixels for each object.

Pixels refer to the stored image. They count from 0 and are rounded half to even. A box has at least one pixel.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from xml.sax.saxutils import escape

from kili_query.errors import MalformedLabelError
from kili_query.export.asset import Asset, ExportedLabel, WritableAnnotation
from kili_query.export.class_names import class_names
from kili_query.export.context import Export
from kili_query.export.format import Entry, Format
from kili_query.export.formats.drawn import drawn_of, edges_of, plain_boxes
from kili_query.export.formats.rings import Drawn, Edges
from kili_query.export.formats.segmentation import whole
from kili_query.export.naming import without_image_extension
from kili_query.labels.geometry import Size
from kili_query.labels.structure import Frame
from kili_query.ontology import Job

_FOLDER = "images"
_NOT_IN_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_HEAD = """\
<?xml version="1.0" ?>
<annotation>
   <folder/>
   <filename>{filename}</filename>
   {path}
   <source>
      <database>Kili Technology</database>
   </source>
   <size>
      <width>{width_px}</width>
      <height>{height_px}</height>
      <depth>3</depth>
   </size>
   <segmented/>
"""

_OBJECT = """\
   <object>
      <name>{name}</name>
      <job_name>{job}</job_name>
      <pose>Unspecified</pose>
      <truncated>0</truncated>
      <difficult>0</difficult>
      <occluded>0</occluded>
"""

_BOX = """\
      <bndbox>
         <xmin>{left_px}</xmin>
         <xmax>{right_px}</xmax>
         <ymin>{top_px}</ymin>
         <ymax>{bottom_px}</ymax>
      </bndbox>
   </object>
"""

_END = "</annotation>\n\n"


def _text(value: str) -> str:
    r"""Escape text for XML; characters that XML cannot hold, such as control characters, are escaped as in Python.

    >>> print(_text("a < b & c\x01"))
    a &lt; b &amp; c\x01
    """
    seen = _NOT_IN_XML.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), value)
    return escape(seen)


class _VocWriter:
    """Writes one XML file after another."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._objects = {
            pair: _OBJECT.format(name=_text(name), job=_text(pair[0]))
            for pair, name in class_names(export.project, export.jobs).items()
        }

    def asset(self, asset: Asset) -> Iterable[Entry]:
        size = asset.required_size()
        return [
            Entry(f"labels/{asset.file_stem(label, frame)}.xml", self._xml(asset, label, frame, size).encode())
            for label in asset.labels
            for frame in label.frames
        ]

    def close(self) -> Iterable[Entry]:
        return ()

    def _xml(self, asset: Asset, label: ExportedLabel, frame: Frame, size: Size) -> str:
        media = asset.media_path(frame.number)
        name = asset.name if frame.number is None else asset.frame_name(frame.number)
        head = _HEAD.format(
            filename=_text(name if media is None else media.removeprefix(f"{_FOLDER}/")),
            path="<path/>" if media is None else f"<path>{_text(media)}</path>",
            width_px=size.width_px,
            height_px=size.height_px,
        )
        objects = [self._of_job(job, asset, label, frame, size) for job in self._export.jobs if job.name in frame.jobs]
        return "".join([head, *objects, _END])

    def _of_job(self, job: Job, asset: Asset, label: ExportedLabel, frame: Frame, size: Size) -> str:
        boxes = plain_boxes(label, frame, job)
        if boxes is None:
            drawn = whole(drawn_of(self._export, asset, label, frame, job))
            boxes = [
                (category, edges)
                for one, edges in zip(drawn, edges_of(drawn), strict=True)
                for category in self._categories(one, job, asset, label)
            ]
        return "".join([self._objects[job.name, category] + _box(edges, size) for category, edges in boxes])

    def _categories(self, drawn: Drawn, job: Job, asset: Asset, label: ExportedLabel) -> list[str]:
        """Return the categories of an annotation, each of which becomes a separate object."""
        if drawn.annotation is None:
            return [drawn.category]
        try:
            return list(_categories(drawn.annotation, job))
        except MalformedLabelError as error:
            self._export.reject(error, asset.external_id, label.name)
            return []


def _categories(annotation: WritableAnnotation, job: Job) -> Iterator[str]:
    yield annotation.category
    listed = annotation.raw["categories"]
    for index, one in enumerate(listed[1:] if isinstance(listed, list | tuple) else (), 1):
        name = one.get("name") if isinstance(one, Mapping) else None
        if not isinstance(name, str) or name not in job.categories:
            where = f"{annotation.path}.categories[{index}].name"
            raise MalformedLabelError(f"the job `{job.name}` has no category `{name}`", where)
        yield name


def _box(edges: Edges, size: Size) -> str:
    left, top, right, bottom = edges
    left_px, right_px = _edges(left, right, size.width_px)
    top_px, bottom_px = _edges(top, bottom, size.height_px)
    return _BOX.format(left_px=left_px, right_px=right_px, top_px=top_px, bottom_px=bottom_px)


def _edges(start: float, end: float, length_px: int) -> tuple[int, int]:
    """Return both edges rounded; if they are equal, those of the pixel in which the box starts.

    >>> _edges(0.1, 0.5, 200), _edges(0.25, 0.2515, 200), _edges(0.9999, 1, 200)
    ((20, 100), (50, 51), (199, 200))
    """
    start_px, end_px = round(start * length_px), round(end * length_px)
    if start_px < end_px:
        return start_px, end_px
    start_px = min(int(start * length_px), length_px - 1)
    return start_px, start_px + 1


def _fits(job: Job) -> bool:
    return job.ml_task == "OBJECT_DETECTION" and "rectangle" in job.tools


PASCAL_VOC = Format(
    name="pascal_voc",
    open=_VocWriter,
    suffix=".xml",
    media_folder=_FOLDER,
    stem=without_image_extension,
    input_types=frozenset({"IMAGE", "VIDEO"}),
    fits=_fits,
    tools=frozenset({"rectangle", "polygon", "semantic"}),
    layouts=frozenset({"merged"}),
    normalized=frozenset({None, False}),
    has_only_shapes=True,
)
