"""Shapes of annotations, from the numbers of other tools. Nothing is rounded or clamped.

A function takes positions and lengths in one unit, and the size of the image in that unit.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from kili_query.errors import MalformedLabelError
from kili_query.ontology.decode import kind_of

Shape: TypeAlias = dict[str, Any]
"""The fields of an annotation that say where it is, with its ``type``."""

Position: TypeAlias = tuple[float, float]

_ELLIPSE_CORNERS = 64  # the area of such a polygon is 0.2 % smaller
_LONGEST_NUMBER = 40

LONGEST_PX = 10**9
"""No image has a longer side; such a number is not its size, and perhaps one that no float holds."""


def number(value: object, path: str) -> float:
    """Return a number of a label; texts are read, as in XML.

    Raises:
        MalformedLabelError: it is not a finite number.
    """
    try:
        found = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        found = None
    if found is None or not math.isfinite(found):
        shown = f"`{value!s:.{_LONGEST_NUMBER}}`" if isinstance(value, str | int | float) else kind_of(value)
        raise MalformedLabelError(f"must be a finite number, not {shown}", path)
    return found


def rectangle(left: float, top: float, right: float, bottom: float, size: Position = (1, 1)) -> Shape:
    """Return an upright box.

    >>> rectangle(0, 10, 5, 20, (10, 20))["boundingPoly"][0]["normalizedVertices"][0]
    {'x': 0.0, 'y': 1.0}
    """
    return _area("rectangle", [(left, bottom), (left, top), (right, top), (right, bottom)], size)


def turned_rectangle(
    left: float, top: float, right: float, bottom: float, degrees: float, pivot: Position, size: Position
) -> Shape:
    """Return a box that was turned clockwise around a point of it.

    >>> turned = turned_rectangle(0, 0, 4, 2, 90, (0, 0), (1, 1))["boundingPoly"][0]["normalizedVertices"]
    >>> [(round(one["x"]), round(one["y"])) for one in turned]
    [(-2, 0), (0, 0), (0, 4), (-2, 4)]
    """
    corners = [(left, bottom), (left, top), (right, top), (right, bottom)]
    return _area("polygon", _turned(corners, degrees, pivot), size)


def ellipse(center: Position, radius_x: float, radius_y: float, degrees: float, size: Position) -> Shape:
    """Return the polygon of an ellipse that was turned clockwise around its center."""
    angles = [2 * math.pi * step / _ELLIPSE_CORNERS for step in range(_ELLIPSE_CORNERS)]
    around = [(center[0] + radius_x * math.cos(one), center[1] + radius_y * math.sin(one)) for one in angles]
    return _area("polygon", _turned(around, degrees, center) if degrees else around, size)


def polygon(points: Iterable[Position], size: Position = (1, 1)) -> Shape:
    """Return a polygon."""
    return _area("polygon", points, size)


def polyline(points: Iterable[Position], size: Position = (1, 1)) -> Shape:
    """Return an open line."""
    return {"type": "polyline", "polyline": [_vertex(point, size) for point in points]}


def marker(point: Position, size: Position = (1, 1)) -> Shape:
    """Return a point."""
    return {"type": "marker", "point": _vertex(point, size)}


def pose_point(code: str, mid: str, point: Position, size: Position) -> Shape:
    """Return a point of a pose."""
    return {"code": code, "mid": mid, **marker(point, size), "children": {}}


def semantic(parts: Sequence[Sequence[Sequence[Position]]], size: Position) -> Shape:
    """Return the outlines of a mask: of each part the outer one, then the holes."""
    nested = [[_ring(ring, size) for ring in part] for part in parts]
    return {"type": "semantic", "boundingPoly": nested[0] if len(nested) == 1 else nested}


def hull(points: Sequence[Position]) -> list[Position]:
    """Return the corners of the smallest convex area around some points.

    >>> hull([(0, 0), (2, 0), (1, 1), (2, 2), (0, 2)])
    [(0, 0), (2, 0), (2, 2), (0, 2)]
    """
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return ordered
    return _half_hull(ordered) + _half_hull(ordered[::-1])


def _half_hull(ordered: Sequence[Position]) -> list[Position]:
    found: list[Position] = []
    for point in ordered:
        while len(found) > 1 and _turn(found[-2], found[-1], point) <= 0:
            found.pop()
        found.append(point)
    return found[:-1]


def _turn(a: Position, b: Position, c: Position) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _turned(points: Iterable[Position], degrees: float, pivot: Position) -> list[Position]:
    angle = math.radians(degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    moved = ((x - pivot[0], y - pivot[1]) for x, y in points)
    return [(pivot[0] + x * cosine - y * sine, pivot[1] + x * sine + y * cosine) for x, y in moved]


def _area(kind: str, points: Iterable[Position], size: Position) -> Shape:
    return {"type": kind, "boundingPoly": [_ring(points, size)]}


def _ring(points: Iterable[Position], size: Position) -> Mapping[str, Any]:
    return {"normalizedVertices": [_vertex(point, size) for point in points]}


def _vertex(point: Position, size: Position) -> dict[str, float]:
    return {"x": point[0] / size[0], "y": point[1] / size[1]}
