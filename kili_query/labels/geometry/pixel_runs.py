"""Pixels of a region as run lengths, in the convention of COCO: column after column, starting with those outside.

A pixel belongs to a region when its centre does, by the even-odd rule within a ring; holes are taken out, and parts
are joined. A centre on an edge, to a billionth of a pixel, belongs to the area below the edge, or to the area on its
right when the edge is upright. So areas that share an edge have no pixel in common and leave none out between them.

The COCO tools follow another rule for polygons, which may differ by a pixel along the outline, and so does
`normalized_vertices_to_mask`, which includes the border as the official client does. Needs numpy, from the extra
``masks``.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kili_query.labels.geometry.shapes import Ring, Shape, Size, parts

_Floats: TypeAlias = NDArray[np.float64]
_Indices: TypeAlias = NDArray[np.int64]

_NEAR_PX = 1e-9  # closer to an edge, a centre is on it: scaling fractions to pixels is not more exact
_BLOCK = 1 << 22  # numbers in memory at a time


def run_lengths(shape: Shape, size: Size) -> list[int]:
    """Return the pixels that a shape covers, as the lengths of runs outside and inside by turns.

    Args:
        shape: in pixels; what lies outside the image is cut off.
        size: of the image.

    Returns:
        The lengths, column after column; their sum is width times height, and the sum of every second one the area.

    >>> from kili_query.labels.geometry.shapes import Box, Point
    >>> run_lengths(Box((Point(1, 1), Point(3, 1), Point(3, 2), Point(1, 2))), Size(4, 3))
    [4, 1, 2, 1, 4]
    """
    found = [[_array(ring) for ring in part.rings] for part in parts(shape)]
    changes = np.concatenate([np.zeros(0, np.int64), *_changes(found, size)])
    positions, counts = np.unique(changes, return_counts=True)  # where a run ends and the next starts, nothing changes
    pixel_count = size.width_px * size.height_px
    inner = positions[(counts % 2 == 1) & (positions < pixel_count)]
    return [int(length) for length in np.diff(inner, prepend=0, append=pixel_count)]


def _changes(found: list[list[_Floats]], size: Size) -> Iterator[_Indices]:
    """Yield where runs start and end, counted in pixels column after column, some columns at a time."""
    rings = [ring for part in found for ring in part]
    if not rings:
        return
    ends = [_first(ring[:, 0], size.width_px) for ring in rings]
    first, end = min(one.min() for one in ends), max(one.max() for one in ends)
    width = max(1, _BLOCK // (len(rings) * sum(map(len, rings))))
    for left in range(first, end, width):
        yield _of_columns(found, range(left, min(left + width, end)), size.height_px)


def _of_columns(found: list[list[_Floats]], columns: range, height_px: int) -> _Indices:
    crossings = [_crossings(ring, columns, height_px) for part in found for ring in part]
    if len(crossings) == 1:
        return crossings[0]  # each crossing goes in or out; `run_lengths` leaves out where as many do both
    ring = np.repeat(np.arange(len(crossings)), [len(one) for one in crossings])
    position = np.concatenate(crossings)
    order = np.argsort(position, kind="stable")
    position = position[order]
    crossed = np.zeros((len(position), len(crossings)), np.uint8)
    crossed[np.arange(len(position)), ring[order]] = 1
    within = np.cumsum(crossed, axis=0, dtype=np.uint8) & 1 == 1  # each ring, after each crossing
    inside, number = np.zeros(len(position), np.bool_), 0
    for part in found:
        outer, holes = within[:, number], within[:, number + 1 : number + len(part)]
        inside |= outer & ~holes.any(axis=1)
        number += len(part)
    is_last = np.diff(position, append=-1) != 0
    position, inside = position[is_last], inside[is_last]
    changes: _Indices = position[np.diff(inside, prepend=False)]
    return changes


def _array(ring: Ring) -> _Floats:
    return np.array(ring, np.float64)


def _crossings(ring: _Floats, columns: range, height_px: int) -> _Indices:
    """Return where the middles of columns cross a ring, as the number of the first pixel that is not before."""
    a, b = ring, np.roll(ring, -1, axis=0)
    is_leftward = a[:, 0] > b[:, 0]
    left, right = np.where(is_leftward[:, None], b, a), np.where(is_leftward[:, None], a, b)
    first = np.clip(_first(left[:, 0], columns.stop), columns.start, columns.stop)
    counts = np.clip(_first(right[:, 0], columns.stop), columns.start, columns.stop) - first
    edge = np.repeat(np.arange(len(ring)), counts)
    column = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts - first, counts)
    (ax, ay), (bx, by) = left[edge].T, right[edge].T
    share = np.clip((column + 0.5 - ax) / (bx - ax), 0, 1)  # from left to right, so that neighbours agree
    row = _first(ay + share * (by - ay), height_px)
    return np.asarray(column * height_px + row, np.int64)


def _first(positions: _Floats, end: int) -> _Indices:
    """Return the first pixel whose centre is not before a position."""
    return np.clip(np.ceil(positions - (0.5 + _NEAR_PX)), 0, end).astype(np.int64)


def compress_counts(counts: Iterable[int]) -> str:
    """Return run lengths as the COCO tools pack them in text: differences to the last but one, six bits a character.

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
