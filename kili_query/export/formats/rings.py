"""Shapes as lists of numbers, and their extents. Heavy imports are lazy: most files need none of them.

There are many at a time, and nothing in them refers back: with ``gc=False`` the garbage collector does not visit them.
"""

from collections.abc import Sequence
from typing import TypeAlias, cast

from msgspec import Struct

from kili_query._extras import load
from kili_query.export.asset import WritableAnnotation
from kili_query.labels.geometry import Bounds

LEAST_AREA = 1e-15
"""Of the image: less is nothing but the error of sums. On an image of 100,000 by 100,000 pixels it is 0.00001 pixel."""

Numbers: TypeAlias = list[float]
"""The corners of a ring: x and y of each."""

Edges: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom."""

Parts: TypeAlias = Sequence[Sequence[Numbers]]
"""Of each part of a shape its outline, then its holes."""

NUMBERS_OF_BOX = 8


class Drawn(Struct, gc=False):
    """An annotation on its image.

    Attributes:
        category: its first category.
        is_box: whether it is a rectangle.
        parts: its rings, in fractions of the width and the height of the image, from 0 to 1; a rectangle has one.
        path: where it stands in the label, as a JSON path.
        group: what the parts of one object share that are annotations of their own; None for a whole object.
        annotation: where it comes from; None when it was read by the fast way.
        upright: its edges; None unless it is a rectangle whose sides are level and plumb, as most are.
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
        bounds: the smallest upright box around it; not numbers when it fills nothing.
        area: how much it fills.
        is_plain: its rings neither cross nor touch themselves or each other along a line, and its holes are inside.
    """

    bounds: Bounds
    area: float
    is_plain: bool


def upright(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float) -> Edges | None:
    """Return the edges of a box, given by its corners; None where its sides are not level and plumb, or it is nothing.

    >>> upright(0.25, 1, 0.25, 0, 0.75, 0, 0.75, 1), upright(0, 0, 1, 0, 1, 1, 0, 0.5), upright(0, 0, 1, 0, 1, 0, 0, 0)
    ((0.25, 0, 0.75, 1), None, None)
    """
    if not ((ax == bx and by == cy and cx == dx and dy == ay) or (ay == by and bx == cx and cy == dy and dx == ax)):
        return None
    left, right = (ax, cx) if ax <= cx else (cx, ax)
    top, bottom = (ay, cy) if ay <= cy else (cy, ay)
    return (left, top, right, bottom) if (right - left) * (bottom - top) > LEAST_AREA else None


def extents(shapes: Sequence[Parts]) -> list[Extent]:
    """Return what each shape fills, in order.

    >>> extents([[[[0, 0, 4, 0, 0, 4]]]])[0].area
    8.0
    """
    if not shapes:
        return []
    measuring = load("kili_query.export.formats.extents", "the area of an outline", "export")
    return cast(list[Extent], measuring.extents(shapes))
