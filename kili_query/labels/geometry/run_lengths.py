"""Pixels of a region as run lengths, in the convention of COCO: column after column, beginning with those outside.

A pixel belongs to a region when its centre does, by the even-odd rule within a ring; holes are taken out, and parts
joined. The rule of the COCO tools for polygons, which knows no holes, may differ by a pixel along the outline.
"""

from collections.abc import Iterable, Iterator
from math import ceil
from typing import TypeAlias

from kili_query.labels.geometry.shapes import Part, Ring, Shape, Size, parts

__all__ = ["compress_counts", "run_lengths"]

Spans: TypeAlias = list[tuple[int, int]]
"""Rows, from and up to, that do not overlap, in order."""


def run_lengths(shape: Shape, size: Size) -> list[int]:
    """The pixels that a shape covers, as the lengths of runs outside and inside by turns.

    Args:
        shape: in pixels; what lies outside the image is cut off.
        size: of the image.

    Returns:
        The lengths, column after column; their sum is width times height, and the sum of every second one the area.

    >>> from kili_query.labels.geometry.shapes import Box, Point
    >>> run_lengths(Box((Point(1, 1), Point(3, 1), Point(3, 2), Point(1, 2))), Size(4, 3))
    [4, 1, 2, 1, 4]
    """
    columns = [_part_columns(part, size) for part in parts(shape)]
    counts = [0]
    is_inside = False
    for column in range(size.width_px):
        row = 0
        for top, bottom in _union([span for one in columns for span in one.get(column, ())]):
            for length, inside in ((top - row, False), (bottom - top, True)):
                is_inside = _extend(counts, length, inside, is_inside)
            row = bottom
        is_inside = _extend(counts, size.height_px - row, False, is_inside)
    return counts


def _extend(counts: list[int], length: int, inside: bool, is_inside: bool) -> bool:
    """Lengthen the last run, or begin another."""
    if length == 0:
        return is_inside
    if inside == is_inside:
        counts[-1] += length
    else:
        counts.append(length)
    return inside


def _part_columns(part: Part, size: Size) -> dict[int, Spans]:
    """The rows that a part covers, by column."""
    columns = _ring_columns(part.outer, size)
    for hole in part.holes:
        for column, spans in _ring_columns(hole, size).items():
            if column in columns:
                columns[column] = list(_without(columns[column], spans))
    return columns


def _ring_columns(ring: Ring, size: Size) -> dict[int, Spans]:
    """The rows within a ring, by column: between each two crossings of a column's middle."""
    crossings: dict[int, list[float]] = {}
    for a, b in zip(ring, (*ring[1:], ring[0]), strict=True):
        left, right = (a, b) if a.x <= b.x else (b, a)
        for column in range(_first(left.x, size.width_px), _first(right.x, size.width_px)):
            share = (column + 0.5 - left.x) / (right.x - left.x)
            crossings.setdefault(column, []).append(left.y + share * (right.y - left.y))
    return {column: _union(_pairs(sorted(rows), size.height_px)) for column, rows in crossings.items()}


def _pairs(rows: list[float], height_px: int) -> Iterator[tuple[int, int]]:
    for top, bottom in zip(rows[::2], rows[1::2], strict=True):
        yield _first(top, height_px), _first(bottom, height_px)


def _first(position: float, end: int) -> int:
    """The first pixel whose centre is not before a position."""
    return min(max(ceil(position - 0.5), 0), end)


def _union(spans: Iterable[tuple[int, int]]) -> Spans:
    joined: Spans = []
    for top, bottom in sorted(spans):
        if top == bottom:
            continue
        if joined and top <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], bottom)
        else:
            joined.append((top, bottom))
    return joined


def _without(spans: Spans, taken: Spans) -> Iterator[tuple[int, int]]:
    for top, bottom in spans:
        start = top
        for hole_top, hole_bottom in taken:
            if hole_bottom <= start or hole_top >= bottom:
                continue
            if hole_top > start:
                yield start, hole_top
            start = max(start, hole_bottom)
        if start < bottom:
            yield start, bottom


def compress_counts(counts: Iterable[int]) -> str:
    """Run lengths as the COCO tools pack them in text: differences to the last but one, six bits a character.

    >>> compress_counts([4, 1, 2, 1, 4])
    '41202'
    """
    packed = []
    listed = list(counts)
    for index, count in enumerate(listed):
        value = count - listed[index - 2] if index > 2 else count
        has_more = True
        while has_more:
            bits = value & 0x1F
            value >>= 5
            has_more = value != (-1 if bits & 0x10 else 0)
            packed.append(chr(bits + (0x20 if has_more else 0) + 48))
    return "".join(packed)
