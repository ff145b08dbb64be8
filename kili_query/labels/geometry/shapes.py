"""Shapes of annotations, as values: boxes, regions with holes and parts, lines, markers, poses.

Coordinates are those of the annotation: fractions of width and height from the top left, 0 to 1, unless a function says
otherwise; `scaled` makes pixels of them. Nothing is rounded or clamped.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias, assert_never

from attrs import field, frozen


class Point(NamedTuple):
    """A position: ``x`` to the right, ``y`` down."""

    x: float
    y: float


Ring: TypeAlias = tuple[Point, ...]
"""The corners of a closed line, in order; the first is not repeated at the end."""


class Size(NamedTuple):
    """The size of an asset, in pixels."""

    width_px: int
    height_px: int


class BoundingBox(NamedTuple):
    """The smallest upright box around a shape."""

    left: float
    top: float
    right: float
    bottom: float


@frozen
class Box:
    """A rectangle, which may be turned: its four corners, in the order given."""

    corners: Ring


@frozen
class Part:
    """An area within one outline, without its holes."""

    outer: Ring
    holes: tuple[Ring, ...] = ()

    @property
    def rings(self) -> tuple[Ring, ...]:
        """The outline, then the holes."""
        return (self.outer, *self.holes)


@frozen
class Region:
    """A polygon or a mask: one part or several, each with its holes."""

    parts: tuple[Part, ...]


@frozen
class Line:
    """An open line; a vector is one too."""

    points: Ring


@frozen
class Marker:
    """A single point."""

    point: Point


@frozen
class Keypoint:
    """A point of a pose, known by its code."""

    code: str
    point: Point


@frozen
class Pose:
    """The points of a pose that were set."""

    points: tuple[Keypoint, ...] = field()


Shape: TypeAlias = Box | Region | Line | Marker | Pose


def mapped(shape: Shape, move: Callable[[Point], Point]) -> Shape:
    """Move each point of a shape.

    >>> mapped(Marker(Point(1, 2)), lambda point: Point(point.y, point.x))
    Marker(point=Point(x=2, y=1))
    """

    def ring(given: Ring) -> Ring:
        return tuple(map(move, given))

    match shape:
        case Box(corners):
            return Box(ring(corners))
        case Region(found):
            return Region(tuple(Part(ring(part.outer), tuple(map(ring, part.holes))) for part in found))
        case Line(line):
            return Line(ring(line))
        case Marker(point):
            return Marker(move(point))
        case Pose(pose):
            return Pose(tuple(Keypoint(one.code, move(one.point)) for one in pose))
        case _:
            assert_never(shape)


def scaled(shape: Shape, size: Size) -> Shape:
    """Convert fractions of an image to its pixels, neither rounded nor clamped.

    >>> scaled(Marker(Point(0.5, 0.25)), Size(200, 100))
    Marker(point=Point(x=100.0, y=25.0))
    """
    return mapped(shape, lambda point: Point(point.x * size.width_px, point.y * size.height_px))


_UNROTATED: dict[int, Callable[[Point], Point]] = {
    0: lambda point: point,
    90: lambda point: Point(point.y, 1 - point.x),
    180: lambda point: Point(1 - point.x, 1 - point.y),
    270: lambda point: Point(1 - point.y, point.x),
}


def unrotated(shape: Shape, rotation_degrees: int) -> Shape:
    """Convert fractions of an image as it was shown, turned, to fractions of the image itself.

    Args:
        shape: in fractions.
        rotation_degrees: how far the image was turned clockwise: 0, 90, 180 or 270.

    Raises:
        ValueError: it is another angle.

    >>> unrotated(Marker(Point(0.25, 0.125)), 90)
    Marker(point=Point(x=0.125, y=0.75))
    """
    if rotation_degrees not in _UNROTATED:
        raise ValueError(f"an image can be turned by 0, 90, 180 or 270 degrees, not by {rotation_degrees}")
    return shape if rotation_degrees == 0 else mapped(shape, _UNROTATED[rotation_degrees])


def points(shape: Shape) -> Iterator[Point]:
    """Return all points of a shape, those of holes too."""
    match shape:
        case Box(corners):
            yield from corners
        case Region(found):
            for part in found:
                for ring in part.rings:
                    yield from ring
        case Line(line):
            yield from line
        case Marker(point):
            yield point
        case Pose(pose):
            yield from (one.point for one in pose)
        case _:
            assert_never(shape)


def bounds(shape: Shape) -> BoundingBox:
    """Return the smallest upright box around a shape, in its own unit.

    >>> bounds(Line((Point(1, 5), Point(3, 2))))
    BoundingBox(left=1, top=2, right=3, bottom=5)
    """
    xs, ys = zip(*points(shape), strict=True)
    return BoundingBox(min(xs), min(ys), max(xs), max(ys))


def parts(shape: Shape) -> tuple[Part, ...]:
    """Return the areas that a shape covers; none for lines and points."""
    match shape:
        case Box(corners):
            return (Part(corners),)
        case Region(found):
            return found
        case Line() | Marker() | Pose():
            return ()
        case _:
            assert_never(shape)


def ring_area(ring: Ring) -> float:
    """Return the area within a ring, signed: positive when it runs clockwise on the screen, where ``y`` points down.

    >>> ring_area((Point(0, 0), Point(2, 0), Point(2, 3), Point(0, 3)))
    6.0
    """
    twice = sum(a.x * b.y - b.x * a.y for a, b in zip(ring, (*ring[1:], ring[0]), strict=True))
    return twice / 2


def area(shape: Shape) -> float:
    """Return the area that a shape covers, holes taken out, in squares of its unit.

    Note:
        Rings are taken as drawn: one that crosses itself, a hole outside its outline and parts that overlap give what
        the sum gives. `run_lengths` counts pixels instead.

    >>> hole = (Point(1, 1), Point(2, 1), Point(2, 2), Point(1, 2))
    >>> area(Region((Part((Point(0, 0), Point(4, 0), Point(4, 4), Point(0, 4)), (hole,)),)))
    15.0
    """
    return sum(abs(ring_area(part.outer)) - sum(abs(ring_area(hole)) for hole in part.holes) for part in parts(shape))
