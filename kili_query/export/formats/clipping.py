"""Clip shapes to the image, because readers reject a whole file for one coordinate outside.

All coordinates are fractions of width and height. Shapes inside the image keep their exact numbers. Needs shapely,
which the extra ``export`` installs.
"""

from collections.abc import Callable, Iterator

import shapely

from kili_query.export.formats.extents import extents, filled
from kili_query.export.formats.rings import LEAST_AREA, Numbers
from kili_query.labels.geometry import Part, Point, Ring

_LEAST_CORNERS = 3


def clipped_part(part: Part) -> Iterator[Part]:
    """Yield the parts of an area that are on the image; none if no area is left.

    >>> fork = ((1.5, 0), (1.5, 1), (0.5, 1), (0.5, 0.75), (1.25, 0.75), (1.25, 0.25), (0.5, 0.25), (0.5, 0))
    >>> for one in clipped_part(Part(tuple(Point(*xy) for xy in fork))):
    ...     print(sorted(tuple(corner) for corner in one.outer))
    [(0.5, 0.0), (0.5, 0.25), (1.0, 0.0), (1.0, 0.25)]
    [(0.5, 0.75), (0.5, 1.0), (1.0, 0.75), (1.0, 1.0)]
    """
    outer = clipped_ring(part.outer)
    if outer is None:
        return
    clipped = Part(outer, tuple(filter(None, map(clipped_ring, part.holes))))
    [extent] = extents([[_numbers(clipped)]])
    if extent.area <= LEAST_AREA:
        return
    if extent.is_plain or clipped == part:
        yield clipped
        return
    yield from _pieces(clipped)


def _numbers(part: Part) -> list[Numbers]:
    return [[number for corner in ring for number in corner] for ring in part.rings]


def _pieces(part: Part) -> Iterator[Part]:
    """Yield the separate pieces of a clipped part, which are otherwise joined by lines along the edge."""
    drawn = shapely.MultiPolygon([shapely.Polygon(part.outer, part.holes)])
    for polygon in filled(drawn).geoms:
        if polygon.area > LEAST_AREA:
            outer, *holes = [_ring(line) for line in (polygon.exterior, *polygon.interiors)]
            yield Part(outer, tuple(holes))


def _ring(line: shapely.LinearRing) -> Ring:
    return tuple(Point(x, y) for x, y in line.coords[:-1])


def clipped_ring(ring: Ring) -> Ring | None:
    """Return the area of a ring that is on the image; None if no area is left.

    Note:
        This is the Sutherland-Hodgman algorithm, which clips at one edge of the image after another. Separate pieces
        remain one ring, joined along the edge.

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
