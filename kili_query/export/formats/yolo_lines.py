"""The lines of YOLO: a class and numbers, which are fractions of the image.

class x_center y_center width height        a rectangle
class x1 y1 x2 y2 x3 y3 …                   a polygon, or one part of a mask
"""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import TYPE_CHECKING

from kili_query.errors import MalformedLabelError
from kili_query.export.asset import Annotation
from kili_query.export.formats.clipping import clipped_box, clipped_ring
from kili_query.export.formats.number_lines import number_lines
from kili_query.labels.geometry import Box, Region, bounds

if TYPE_CHECKING:
    from kili_query.export.formats.outline import Outline

__all__ = ["lines_of", "plain_lines"]


def plain_lines(outlines: "Iterable[Outline]", numbers: Mapping[str, int]) -> str:
    """The lines of outlines that lie on the image.

    Args:
        outlines: of one job.
        numbers: the class of each category.

    >>> from kili_query.export.formats.outline import read_outlines
    >>> corners = [{"x": 0.25, "y": 1}, {"x": 0.25, "y": 0}, {"x": 0.75, "y": 0}, {"x": 0.75, "y": 1}]
    >>> ring = {"normalizedVertices": corners}
    >>> boat = {"type": "rectangle", "categories": [{"name": "BOAT"}], "boundingPoly": [ring]}
    >>> print(plain_lines(read_outlines({"J": {"annotations": [boat]}}, "J"), {"BOAT": 3}), end="")
    3 0.5 0.5 0.5 1
    """
    return number_lines(
        [(numbers[one.category], *(_of_box(one.bounds) if one.is_box else one.numbers)) for one in outlines]
    )


def lines_of(number: int, annotation: Annotation) -> str | None:
    """The lines of an annotation: of a region one for each of its parts, without holes; None for what has no area.

    Raises:
        MalformedLabelError: it lies outside the image.
    """
    match annotation.shape:
        case Box() as box:
            within = clipped_box(bounds(box))
            text = "" if within is None else _line(number, _of_box(within))
        case Region(parts):
            rings = [clipped_ring(part.outer) for part in parts]
            text = "".join(_line(number, chain.from_iterable(ring)) for ring in rings if ring is not None)
        case _:
            return None
    if not text:
        raise MalformedLabelError(f"the {annotation.type or 'region'} lies outside the image", annotation.path)
    return text


def _of_box(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def _line(number: int, numbers: Iterable[float]) -> str:
    return f"{' '.join(map(str, (number, *numbers)))}\n"
