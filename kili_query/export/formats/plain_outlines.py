"""The fast way for what nearly all annotations are: one ring, on an image that nobody turned, and nothing wrong.

Whatever else there is, `plain_outlines` gives up on the whole job response, so that `Export.annotations` may check it,
tell of it and clip it. What both take, they take alike.
"""

from collections.abc import Container
from typing import NamedTuple, TypedDict, cast

__all__ = ["Outline", "plain_outlines"]

_OTHER_GEOMETRY = frozenset({"points", "polyline", "point"})
_NUMBERS = frozenset({int, float})
_BOX_CORNERS = 4
_LEAST_CORNERS = {"rectangle": _BOX_CORNERS, "polygon": 3, "semantic": 3}


class _Vertex(TypedDict):
    x: float
    y: float


class _Ring(TypedDict):
    normalizedVertices: list[_Vertex]


class _Category(TypedDict):
    name: str


class _Annotation(TypedDict):
    type: str
    categories: list[_Category]
    boundingPoly: list[_Ring]


class _Response(TypedDict):
    annotations: object


class Outline(NamedTuple):
    """An annotation of one ring, which lies on the image.

    Attributes:
        category: one of its job.
        is_box: whether it is a rectangle.
        xs: of the corners, in fractions of the width.
        ys: of the corners, in fractions of the height.
    """

    category: str
    is_box: bool
    xs: list[float]
    ys: list[float]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        xs, ys = self.xs, self.ys
        # what `min` and `max` give, in a quarter of the time: of equals the first, 0 or 0.0
        return sorted(xs)[0], sorted(ys)[0], sorted(xs, reverse=True)[0], sorted(ys, reverse=True)[0]


def plain_outlines(payload: object, categories: Container[str]) -> list[Outline] | None:
    """The annotations of a job response; None when there is any that has to be looked at more closely.

    >>> corners = [{"x": 0, "y": 1}, {"x": 0, "y": 0}, {"x": 1, "y": 0}]
    >>> flag = {"type": "polygon", "categories": [{"name": "FLAG"}], "boundingPoly": [{"normalizedVertices": corners}]}
    >>> plain_outlines({"annotations": [flag]}, {"FLAG"})
    [Outline(category='FLAG', is_box=False, xs=[0, 0, 1], ys=[1, 0, 0])]
    >>> plain_outlines({"annotations": [flag, {}]}, {"FLAG"}) is None
    True
    """
    found = []
    try:
        annotations = cast("_Response", payload)["annotations"]
        if not isinstance(annotations, list):
            return None
        for annotation in annotations:
            if (outline := _outline(annotation, categories)) is None:
                return None
            found.append(outline)
    except (TypeError, LookupError, ValueError):  # it has another shape: whoever checks it says which
        return None
    return found


def _outline(annotation: _Annotation, categories: Container[str]) -> Outline | None:
    (ring,) = annotation["boundingPoly"]
    (category,) = annotation["categories"]
    kind, name, corners = annotation["type"], category["name"], ring["normalizedVertices"]
    xs = [x for corner in corners if 0 <= (x := corner["x"]) <= 1 and type(x) in _NUMBERS]
    ys = [y for corner in corners if 0 <= (y := corner["y"]) <= 1 and type(y) in _NUMBERS]
    count, is_box = len(corners), kind == "rectangle"
    is_plain = (
        len(xs) == len(ys) == count >= _LEAST_CORNERS[kind]
        and not (is_box and count > _BOX_CORNERS)
        and name in categories
        and _OTHER_GEOMETRY.isdisjoint(annotation)
    )
    return Outline(name, is_box, xs, ys) if is_plain else None
