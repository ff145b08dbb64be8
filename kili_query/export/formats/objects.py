"""What the annotations of a job draw, one object after another, for formats that hold outlines."""

from collections.abc import Iterable

import shapely
from attrs import evolve

from kili_query.export.asset import Annotation
from kili_query.labels.geometry import Box, Region, Ring, parts

__all__ = ["objects", "uncrossed"]


def objects(annotations: Iterable[Annotation]) -> list[Annotation]:
    """The annotations, with those that are parts of one object as one, where its first part stands.

    The parts of a ``semantic`` object are annotations of one job and category that share a ``mid``.
    """
    found: dict[object, list[Annotation]] = {}
    for index, one in enumerate(annotations):
        is_part = one.type == "semantic" and one.mid is not None and isinstance(one.shape, Region)
        key = (one.job, one.category, one.mid) if is_part else index
        if key in found:
            found[key].append(one)
        else:
            found[key] = [one]
    return [members[0] if len(members) == 1 else _joined(members) for members in found.values()]


def _joined(members: list[Annotation]) -> Annotation:
    return evolve(members[0], shape=Region(tuple(part for one in members for part in parts(one.shape))))


def uncrossed(box: Box) -> Ring:
    """The corners of a rectangle, one beside the next: some labels give them row by row.

    >>> from kili_query.labels.geometry import Point
    >>> crossed = Box((Point(0, 0), Point(0, 1), Point(2, 0), Point(2, 1)))
    >>> [tuple(corner) for corner in uncrossed(crossed)]
    [(0, 0), (0, 1), (2, 1), (2, 0)]
    """
    a, b, c, d = box.corners
    for corners in ((a, b, c, d), (a, b, d, c), (a, c, b, d)):
        if shapely.is_valid(shapely.Polygon(corners)):
            return corners
    return box.corners
