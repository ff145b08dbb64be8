"""The lines of YOLO: a class and numbers, which are fractions of the image.

class x_center y_center width height        a rectangle
class x1 y1 x2 y2 x3 y3 …                   an outline

A file has lines of one kind: readers take a file for boxes or for outlines as a whole.
"""

from collections.abc import Iterator, Sequence

from kili_query.export.formats.drawn import Drawn, bounds_of
from kili_query.export.formats.number_lines import number_lines

__all__ = ["lines_of"]


def lines_of(drawn: Sequence[tuple[int, Drawn]]) -> str:
    """Return the lines of a file: boxes where all are rectangles, else outlines, without holes, one for each part.

    Args:
        drawn: the class of each and what it draws.

    >>> boat = Drawn("BOAT", True, [[[0.25, 1, 0.25, 0, 0.75, 0, 0.75, 1]]], "")
    >>> kite = Drawn("KITE", False, [[[0, 1, 0, 0, 1, 0]]], "")
    >>> print(lines_of([(3, boat)]), lines_of([(3, boat), (4, kite)]), sep="")
    3 0.5 0.5 0.5 1
    3 0.25 1 0.25 0 0.75 0 0.75 1
    4 0 1 0 0 1 0
    <BLANKLINE>
    """
    if all(one.is_box for _, one in drawn):
        return number_lines(list(_boxes(drawn)))
    return number_lines([(number, *outer) for number, one in drawn for outer, *_ in one.parts])


def _boxes(drawn: Sequence[tuple[int, Drawn]]) -> Iterator[tuple[float, ...]]:
    bounds = bounds_of([one for _, one in drawn])
    for (number, _), (left, top, right, bottom) in zip(drawn, bounds, strict=True):
        yield number, (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
