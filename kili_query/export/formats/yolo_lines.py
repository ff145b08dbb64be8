"""The lines of YOLO: a class and numbers, which are fractions of the image.

class x_center y_center width height        a rectangle
class x1 y1 x2 y2 x3 y3 …                   a polygon, or one part of a mask
"""

from collections.abc import Iterable

from kili_query.errors import MalformedLabelError
from kili_query.export.asset import Annotation
from kili_query.export.formats.clipping import clipped_box, clipped_ring
from kili_query.export.formats.plain_outlines import Outline
from kili_query.labels.geometry import Box, Region, bounds

__all__ = ["lines_of", "plain_line"]


def plain_line(number: int, outline: Outline) -> str:
    """The line of an outline that lies on the image.

    >>> plain_line(3, Outline("BOAT", True, [0.25, 0.25, 0.75, 0.75], [1, 0, 0, 1]))
    '3 0.5 0.5 0.5 1\\n'
    """
    if outline.is_box:
        return _box_line(number, outline.bounds)
    return _ring_line(number, zip(outline.xs, outline.ys, strict=True))


def lines_of(number: int, annotation: Annotation) -> str | None:
    """The lines of an annotation: of a region one for each of its parts, without holes; None for what has no area.

    Raises:
        MalformedLabelError: it lies outside the image.
    """
    match annotation.shape:
        case Box() as box:
            within = clipped_box(bounds(box))
            text = "" if within is None else _box_line(number, within)
        case Region(parts):
            rings = [clipped_ring(part.outer) for part in parts]
            text = "".join(_ring_line(number, ring) for ring in rings if ring is not None)
        case _:
            return None
    if not text:
        raise MalformedLabelError(f"the {annotation.type or 'region'} lies outside the image", annotation.path)
    return text


def _box_line(number: int, box: tuple[float, float, float, float]) -> str:
    left, top, right, bottom = box
    return f"{number} {(left + right) / 2} {(top + bottom) / 2} {right - left} {bottom - top}\n"


def _ring_line(number: int, ring: Iterable[tuple[float, float]]) -> str:
    return f"{number} {' '.join([f'{x} {y}' for x, y in ring])}\n"
