"""What the annotations of a job draw, one object after another, for formats that hold outlines."""

from collections.abc import Iterable
from itertools import combinations, pairwise

from attrs import evolve

from kili_query.export.asset import Annotation
from kili_query.labels.geometry import Box, Part, Point, Region, Ring, Shape, bounds, parts

__all__ = ["are_apart", "is_simple", "objects", "uncrossed"]


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

    >>> crossed = Box((Point(0, 0), Point(0, 1), Point(2, 0), Point(2, 1)))
    >>> [tuple(corner) for corner in uncrossed(crossed)]
    [(0, 0), (0, 1), (2, 1), (2, 0)]
    """
    a, b, c, d = box.corners
    for corners in ((a, b, c, d), (a, b, d, c), (a, c, b, d)):
        if is_simple(corners):
            return corners
    return box.corners


def is_simple(ring: Ring) -> bool:
    """Whether no two sides of a ring meet but at the corner between them.

    >>> is_simple((Point(0, 0), Point(2, 0), Point(2, 2), Point(0, 2)))
    True
    >>> is_simple((Point(0, 0), Point(2, 2), Point(2, 0), Point(0, 2)))
    False

    Note:
        Sides are compared with those alone that they overlap from left to right: about linear for what people draw.
    """
    corners = [a for a, b in pairwise((*ring, ring[0])) if a != b]
    sides = sorted((min(a, b), max(a, b), index) for index, (a, b) in enumerate(pairwise((*corners, *corners[:1]))))
    near: list[tuple[Point, Point, int]] = []
    for side in sides:
        near = [other for other in near if other[1].x >= side[0].x]
        for other in near:
            are_neighbours = abs(side[2] - other[2]) in (1, len(corners) - 1)
            if not are_neighbours and _meet(side[0], side[1], other[0], other[1]):
                return False
        near.append(side)
    return True


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether two lines, which overlap from left to right, share a point."""
    if max(a.y, b.y) < min(c.y, d.y) or max(c.y, d.y) < min(a.y, b.y):
        return False
    return _turn(a, b, c) * _turn(a, b, d) <= 0 and _turn(c, d, a) * _turn(c, d, b) <= 0


def _turn(a: Point, b: Point, c: Point) -> float:
    """Which side of the line from ``a`` to ``b`` a point is on, by the sign."""
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)


def are_apart(shape: Shape) -> bool:
    """Whether the upright boxes around the parts of a shape share no area."""
    boxes = [bounds(Region((Part(part.outer),))) for part in parts(shape)]
    return all(
        one.right <= two.left or two.right <= one.left or one.bottom <= two.top or two.bottom <= one.top
        for one, two in combinations(boxes, 2)
    )
