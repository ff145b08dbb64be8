"""The objects in the annotations of a job, for formats with outlines."""

from collections.abc import Iterable

from attrs import evolve

from kili_query.export.asset import WritableAnnotation
from kili_query.labels.geometry import Box, Point, Region, Ring, parts


def objects(annotations: Iterable[WritableAnnotation]) -> list[WritableAnnotation]:
    """Merge annotations that are parts of one object, at the position of the first part.

    The parts of a ``semantic`` object are annotations of the same job and category that share a ``mid``.
    """
    found: dict[object, list[WritableAnnotation]] = {}
    for index, one in enumerate(annotations):
        is_part = one.type == "semantic" and one.mid is not None and isinstance(one.shape, Region)
        key = (one.job, one.category, one.mid) if is_part else index
        if key in found:
            found[key].append(one)
        else:
            found[key] = [one]
    return [members[0] if len(members) == 1 else _joined(members) for members in found.values()]


def _joined(members: list[WritableAnnotation]) -> WritableAnnotation:
    return evolve(members[0], shape=Region(tuple(part for one in members for part in parts(one.shape))))


def uncrossed(box: Box) -> Ring:
    """Return the corners of a rectangle in order around it, because some labels list them row by row.

    >>> crossed = Box((Point(0, 0), Point(0, 1), Point(2, 0), Point(2, 1)))
    >>> [tuple(corner) for corner in uncrossed(crossed)]
    [(0, 0), (0, 1), (2, 1), (2, 0)]
    """
    a, b, c, d = box.corners
    for corners in ((a, b, c, d), (a, b, d, c), (a, c, b, d)):
        first, second, third, fourth = corners
        if not _meet(first, second, third, fourth) and not _meet(second, third, fourth, first):
            return corners
    return box.corners


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether two lines share a point."""
    return _turn(a, b, c) * _turn(a, b, d) <= 0 and _turn(c, d, a) * _turn(c, d, b) <= 0


def _turn(a: Point, b: Point, c: Point) -> float:
    """Return on which side of the line from ``a`` to ``b`` a point is, by the sign."""
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
