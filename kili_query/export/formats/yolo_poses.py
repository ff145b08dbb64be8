"""Poses as lines of YOLO: a box and its keypoints, for datasets of other tools.

class x_center y_center width height x1 y1 v1 x2 y2 v2 …

All lines of a dataset have the same number of keypoints. A point that is not labeled is ``0 0 0``, and an object
without a pose has no other.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from attrs import define, field

from kili_query.errors import MalformedLabelError
from kili_query.export.asset import Asset, ExportedLabel, WritableAnnotation
from kili_query.export.context import Export
from kili_query.export.formats.drawn import edges_of, on_image
from kili_query.export.formats.rings import Edges
from kili_query.labels.geometry import Box, Pose, Region
from kili_query.labels.structure import Frame
from kili_query.ontology import Job

PoseRow: TypeAlias = tuple[str, tuple[float, ...]]
"""The category of an object, and the numbers of its line."""

_VISIBLE = 2
_NOT_LABELED = (0, 0, 0)


@define
class _Posed:
    """The annotations of one object: those with one `mid` and one category."""

    first: WritableAnnotation
    edges: list[Edges] = field(factory=list)
    points: dict[str, tuple[float, float, float]] = field(factory=dict)


def n_keypoints(jobs: Sequence[Job]) -> int:
    """Return how many keypoints the lines of a dataset have; 0 if none of its categories names any.

    >>> n_keypoints([Job("OBJECTS", "OBJECT_DETECTION", tools=("rectangle",))])
    0
    """
    posed = [job for job in jobs if "pose" in job.tools]
    return max((len(one.points) for job in posed for one in job.categories.values()), default=0)


def pose_rows(
    export: Export, asset: Asset, label: ExportedLabel, frame: Frame, job: Job, total: int
) -> Iterator[PoseRow]:
    """Yield a line for each object of a job; what cannot be written is reported, or fatal, depending on the options.

    Args:
        export: the running export.
        asset: the asset of the label.
        label: the label.
        frame: one of its frames.
        job: one of the jobs that the format can hold.
        total: how many keypoints a line has.
    """
    found: dict[object, _Posed] = {}
    for number, annotation in enumerate(export.annotations(asset, label, frame, job=job)):
        if not isinstance(annotation.shape, Box | Region | Pose):
            export.leave_out(annotation)
            continue
        key = number if annotation.mid is None else (annotation.mid, annotation.category)
        for fault in _add(found.setdefault(key, _Posed(annotation)), annotation, job):
            export.reject(fault, asset.external_id, label.name)
    for one in found.values():
        if not one.edges and not one.points:
            continue  # its only shape was reported
        left, top, right, bottom = _box(one)
        if left < right and top < bottom:
            codes = [point.code for point in job.categories[one.first.category].points]
            rest = [number for code in codes for number in one.points.get(code, _NOT_LABELED)]
            rest += [0] * (3 * total - len(rest))
            yield one.first.category, ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top, *rest)
        else:
            export.leave_out(one.first)  # one point, or several in a line, and nobody drew a box


def _add(posed: _Posed, annotation: WritableAnnotation, job: Job) -> Iterator[MalformedLabelError]:
    """Add an annotation to its object, and yield what is wrong with it."""
    shape = annotation.shape
    if isinstance(shape, Box | Region):
        try:
            posed.edges += edges_of([on_image(annotation, shape)])
        except MalformedLabelError as error:
            yield error
        return
    assert isinstance(shape, Pose)
    known = {one.code for one in job.categories[annotation.category].points}
    visible = _visibility(annotation.raw)
    for number, keypoint in enumerate(shape.points):
        (x, y), code = keypoint.point, keypoint.code
        if code in known and 0 <= x <= 1 and 0 <= y <= 1:
            posed.points[code] = (x, y, visible.get(code, _VISIBLE))
        else:
            why = "lies outside the image" if code in known else "is none of its category"
            yield MalformedLabelError(f"the point `{code}` {why}", f"{annotation.path}.points[{number}]")


def _visibility(pose: Mapping[str, object]) -> dict[str, float]:
    """Return how visible the points are for which it is known, by their codes."""
    found: dict[str, float] = {}
    points = pose.get("points")
    for one in points if isinstance(points, list) else ():
        match one:
            case {"code": str(code), "source": {"visibility": int(value) | float(value)}}:
                found[code] = value
    return found


def _box(posed: _Posed) -> Edges:
    """Return the box around an object: that of its shapes, or else of its points."""
    if posed.edges:
        lefts, tops, rights, bottoms = zip(*posed.edges, strict=True)
        return min(lefts), min(tops), max(rights), max(bottoms)
    xs = [x for x, _, _ in posed.points.values()]
    ys = [y for _, y, _ in posed.points.values()]
    return min(xs), min(ys), max(xs), max(ys)
