"""What of a shape lies on its image: readers refuse a whole file for one coordinate outside.

All coordinates are fractions of width and height. What lies inside is given back as it is, number for number.
"""

from collections.abc import Callable

from kili_query.labels.geometry import Bounds, Point, Ring

__all__ = ["clipped_box", "clipped_ring"]

_LEAST_CORNERS = 3


def clipped_box(box: Bounds) -> Bounds | None:
    """The part of a box that lies on the image; None when none does.

    >>> clipped_box(Bounds(-0.1, 0.2, 0.5, 1.5)), clipped_box(Bounds(1.1, 0, 1.2, 1))
    (Bounds(left=0, top=0.2, right=0.5, bottom=1), None)
    """
    left, top, right, bottom = box
    if left >= 0 and top >= 0 and right <= 1 and bottom <= 1:
        return box
    if right < 0 or bottom < 0 or left > 1 or top > 1:
        return None
    return Bounds(max(left, 0), max(top, 0), min(right, 1), min(bottom, 1))


def clipped_ring(ring: Ring) -> Ring | None:
    """The part of the area in a ring that lies on the image; None when none does.

    Note:
        By Sutherland and Hodgman, one edge of the image after another. What falls apart in several parts stays one
        ring, whose parts hang together along the edge.

    >>> clipped_ring((Point(0.5, 0.5), Point(1.5, 0.5), Point(0.5, 1)))
    (Point(x=0.5, y=0.5), Point(x=1.0, y=0.5), Point(x=1.0, y=0.75), Point(x=0.5, y=1))
    """
    if all(0 <= x <= 1 and 0 <= y <= 1 for x, y in ring):
        return ring
    for inside, crossing in _EDGES:
        ring = _cut(ring, inside, crossing)
    return ring if len(ring) >= _LEAST_CORNERS else None


def _cut(ring: Ring, inside: Callable[[Point], bool], crossing: Callable[[Point, Point], Point]) -> Ring:
    kept: list[Point] = []
    for before, point in zip((*ring[-1:], *ring[:-1]), ring, strict=True):
        if inside(before) != inside(point):
            kept.append(crossing(before, point))
        if inside(point):
            kept.append(point)
    return tuple(kept)


def _at_x(x: float) -> Callable[[Point, Point], Point]:
    return lambda a, b: Point(x, a.y + (x - a.x) / (b.x - a.x) * (b.y - a.y))


def _at_y(y: float) -> Callable[[Point, Point], Point]:
    return lambda a, b: Point(a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x), y)


_EDGES: tuple[tuple[Callable[[Point], bool], Callable[[Point, Point], Point]], ...] = (
    (lambda point: point.x >= 0, _at_x(0.0)),
    (lambda point: point.x <= 1, _at_x(1.0)),
    (lambda point: point.y >= 0, _at_y(0.0)),
    (lambda point: point.y <= 1, _at_y(1.0)),
)
