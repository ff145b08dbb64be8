"""Shapes as lists of numbers, and their extents. Heavy imports are lazy: most files need none of them.

There are many of them without reference cycles, so ``gc=False`` saves the garbage collector the work.
"""

from collections.abc import Sequence
from typing import TypeAlias, cast

from msgspec import Struct

from kili_query.export.asset import WritableAnnotation
from kili_query.extras import load
from kili_query.labels.geometry import BoundingBox

LEAST_AREA = 1e-15
"""Fraction of the image; less is a rounding error. It is 0.00001 pixel on an image of 100,000 by 100,000 pixels."""

Numbers: TypeAlias = list[float]
"""The corners of a ring: x and y of each."""

Edges: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom."""

Parts: TypeAlias = Sequence[Sequence[Numbers]]
"""For each part of a shape, its outline and then its holes."""

NUMBERS_OF_BOX = 8


class Drawn(Struct, gc=False):
    """An annotation on its image.

    Attributes:
        category: its first category.
        is_box: whether it is a rectangle.
        parts: its rings, in fractions of the width and the height of the image, from 0 to 1; a rectangle has one.
        path: its JSON path in the label.
        group: shared by annotations that are parts of one object; None for a whole object.
        annotation: its source; None if it was read by the fast path.
        upright: its edges; None unless it is a rectangle with horizontal and vertical sides, as most are.
    """

    category: str
    is_box: bool
    parts: Parts
    path: str
    group: str | None = None
    annotation: WritableAnnotation | None = None
    upright: Edges | None = None


class Extent(Struct, gc=False):
    """The box and the area of the part of the plane that a shape fills.

    Attributes:
        bounds: the smallest upright box around it; NaN if it has no area.
        area: its area.
        is_plain: whether its rings neither cross nor touch along a line, and its holes are inside.
    """

    bounds: BoundingBox
    area: float
    is_plain: bool


def upright(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float) -> Edges | None:
    """Return the edges of a box from its corners; None if it is not upright or has no area.

    >>> upright(0.25, 1, 0.25, 0, 0.75, 0, 0.75, 1), upright(0, 0, 1, 0, 1, 1, 0, 0.5), upright(0, 0, 1, 0, 1, 0, 0, 0)
    ((0.25, 0, 0.75, 1), None, None)
    """
    if not ((ax == bx and by == cy and cx == dx and dy == ay) or (ay == by and bx == cx and cy == dy and dx == ax)):
        return None
    left, right = (ax, cx) if ax <= cx else (cx, ax)
    top, bottom = (ay, cy) if ay <= cy else (cy, ay)
    return (left, top, right, bottom) if (right - left) * (bottom - top) > LEAST_AREA else None


def extents(shapes: Sequence[Parts]) -> list[Extent]:
    """Return the extent of each shape, in order.

    >>> extents([[[[0, 0, 4, 0, 0, 4]]]])[0].area
    8.0
    """
    if not shapes:
        return []
    measuring = load("kili_query.export.formats.extents", "the area of an outline", "export")
    return cast(list[Extent], measuring.extents(shapes))
