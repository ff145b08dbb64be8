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

from kili_query.labels.geometry.shapes import Part, Ring, Shape, Size, parts

__all__ = ["compress_counts", "run_lengths"]

_Floats: TypeAlias = NDArray[np.float64]
_Indices: TypeAlias = NDArray[np.int64]
_Pixels: TypeAlias = NDArray[np.bool_]

_NEAR_PX = 1e-9  # closer to an edge, a centre is on it: scaling fractions to pixels is not more exact
_BLOCK = 1 << 22  # pixels, or crossings of edges and columns, in memory at a time


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
    changes, is_inside = [np.zeros(1, np.int64)], False
    for start, pixels in _blocks(parts(shape), size):
        flat = pixels.ravel()
        changes.append(start + np.flatnonzero(np.diff(flat, prepend=is_inside)))
        is_inside = bool(flat[-1])
    pixel_count = size.width_px * size.height_px
    return [int(length) for length in np.diff(np.concatenate(changes), append=pixel_count)]


def _blocks(found: tuple[Part, ...], size: Size) -> Iterator[tuple[int, _Pixels]]:
    """Yield the pixels of some columns at a time, with the number of pixels before them."""
    corners = [
        (np.array(part.outer, np.float64), [np.array(hole, np.float64) for hole in part.holes]) for part in found
    ]
    if not corners:
        return
    first = min(_first(outer[:, 0], size.width_px).min() for outer, _ in corners)
    end = max(_first(outer[:, 0], size.width_px).max() for outer, _ in corners)
    height_px = size.height_px
    edges = sum(len(ring) for part in found for ring in part.rings)
    width = max(1, _BLOCK // max(height_px, edges))
    for left in range(first, end + 1, width):  # one column beyond the last, where the last run ends
        columns = range(left, min(left + width, size.width_px))
        if not columns:
            return
        pixels = np.zeros((len(columns), height_px), np.bool_)
        for outer, holes in corners:
            inside = _within(outer, columns, height_px)
            for hole in holes:
                inside &= ~_within(hole, columns, height_px)
            pixels |= inside
        yield left * height_px, pixels


def _array(ring: Ring) -> _Floats:
    return np.array(ring, np.float64)


def _within(ring: _Floats, columns: range, height_px: int) -> _Pixels:
    """Return which pixels are within a ring: those with an odd number of edges above them or on them."""
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
    shape = len(columns), height_px + 1  # the last row takes crossings below the image
    crossings = np.bincount((column - columns.start) * shape[1] + row, minlength=shape[0] * shape[1])
    return (np.cumsum(crossings.reshape(shape)[:, :-1], axis=1) & 1).astype(np.bool_)


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
