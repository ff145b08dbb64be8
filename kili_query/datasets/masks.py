"""Masks of other tools as outlines. Needs numpy and OpenCV, from the extra ``masks``.

An outline runs along the edges of pixels, so that drawing it again gives the same pixels.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from kili_query.errors import MalformedLabelError

Rings: TypeAlias = list[list[tuple[float, float]]]
"""The outline of a part, then its holes, in pixels."""

Picture: TypeAlias = NDArray[np.uint32]
"""The numbers of segments in each pixel, of shape ``(height, width)``."""

MAX_PIXELS = 1 << 28
"""The most pixels of the box around a mask: they are in memory at once."""


class PixelMask(NamedTuple):
    """The pixels in the box around a mask.

    Attributes:
        pixels: of shape ``(height, width)``, not 0 inside.
        left: the column of the box in the image.
        top: its row.
    """

    pixels: NDArray[np.uint8]
    left: int = 0
    top: int = 0


def mask_of_runs(counts: Sequence[int], height_px: int) -> PixelMask:
    """Return the mask of run lengths, column after column, outside and inside by turns.

    Raises:
        MalformedLabelError: it is too large.

    >>> mask_of_runs([4, 1, 2, 1, 4], 3)
    PixelMask(pixels=array([[1, 1]], dtype=uint8), left=1, top=1)
    """
    ends = np.cumsum(np.asarray(counts, np.int64))
    starts, stops = ends[:-1:2], ends[1::2]
    is_there = stops > starts
    starts, stops = starts[: len(stops)][is_there], stops[is_there]
    if not len(starts):
        return PixelMask(np.zeros((0, 0), np.uint8))
    first, last = int(starts[0]) // height_px, int(stops[-1] - 1) // height_px
    count = (last - first + 1) * height_px
    if count > MAX_PIXELS:
        raise MalformedLabelError(f"the mask has more than {MAX_PIXELS} pixels")
    changes = np.zeros(count + 1, np.int8)
    np.add.at(changes, starts - first * height_px, 1)
    np.add.at(changes, stops - first * height_px, -1)
    pixels = np.cumsum(changes[:-1], dtype=np.int8).astype(np.uint8).reshape(-1, height_px).T
    rows = np.flatnonzero(pixels.any(axis=1))
    return PixelMask(np.ascontiguousarray(pixels[rows[0] : rows[-1] + 1]), first, int(rows[0]))


def mask_of_rows(counts: Sequence[int], box: tuple[int, int, int, int]) -> PixelMask:
    """Return the mask of run lengths inside a box, row after row, outside and inside by turns.

    Args:
        counts: the lengths.
        box: its column and row in the image, its width and its height.

    Raises:
        MalformedLabelError: they do not fit the box, or it is too large.

    >>> mask_of_rows([1, 2, 1], (5, 6, 2, 2)).pixels.tolist()
    [[0, 1], [1, 0]]
    """
    left, top, width, height = box
    if width < 0 or height < 0 or width * height > MAX_PIXELS:
        raise MalformedLabelError(f"a mask of {width} by {height} pixels: at most {MAX_PIXELS} pixels can be read")
    if min(counts, default=0) < 0 or sum(counts) != width * height:
        raise MalformedLabelError(f"the run lengths do not fit a box of {width} by {height} pixels")
    values = np.arange(len(counts), dtype=np.int64) % 2
    return PixelMask(np.repeat(values, counts).astype(np.uint8).reshape(height, width), left, top)


def unpack_counts(packed: str) -> list[int]:
    """Return run lengths that the COCO tools packed in text; the inverse of `compress_counts`.

    Raises:
        ValueError: the text has other characters, or ends too early.

    >>> unpack_counts("41202")
    [4, 1, 2, 1, 4]
    """
    counts: list[int] = []
    value = shift = 0
    for character in packed:
        bits = ord(character) - 48
        if not 0 <= bits < 0x40:
            raise ValueError(f"`{character}` is not a character of packed run lengths")
        value |= (bits & 0x1F) << shift
        shift += 5
        if not bits & 0x20:
            value -= (1 << shift) if bits & 0x10 else 0
            counts.append(value + counts[-2] if len(counts) > 2 else value)
            value = shift = 0
    if shift:
        raise ValueError("the packed run lengths are truncated")
    return counts


def outlines(mask: PixelMask) -> list[Rings]:
    """Return the parts of a mask, each with its outline and holes, along the edges of its pixels.

    >>> outlines(PixelMask(np.array([[1, 1], [1, 0]], np.uint8), left=10))
    [[[(10, 0), (10, 2), (11, 2), (11, 1), (12, 1), (12, 0)]]]
    """
    if not mask.pixels.size:
        return []
    # Each pixel is doubled: then the first of two stands for its left or upper edge, and the second for the other.
    doubled = (mask.pixels != 0).astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    found, tree = cv2.findContours(doubled, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    parts: dict[int, Rings] = {}
    for number, (contour, (*_, parent)) in enumerate(zip(found, tree[0] if len(found) else (), strict=True)):
        ring = _ring(contour[:, 0], mask)
        if parent < 0:
            parts.setdefault(number, []).insert(0, ring)
        else:
            parts.setdefault(int(parent), []).append(ring)
    return list(parts.values())


def outlines_of_segment(picture: Picture, number: int) -> list[Rings]:
    """Return the parts of the segment with a number."""
    return outlines(PixelMask((picture == number).astype(np.uint8)))


def numbers_of_picture(data: bytes) -> Picture | None:
    """Return the numbers that the colours of a panoptic mask stand for: red + 256 green + 65536 blue.

    Args:
        data: the file of the picture.

    Returns:
        The numbers; None if it is not a picture.
    """
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if picture is None:
        return None
    blue, green, red = (picture[:, :, channel].astype(np.uint32) for channel in range(3))
    numbers: Picture = red + green * 256 + blue * 65536
    return numbers


def _ring(contour: NDArray[Any], mask: PixelMask) -> list[tuple[float, float]]:
    """Return the corners of a contour of doubled pixels."""
    edges = (contour + 1) // 2
    edges = edges[(edges != np.roll(edges, 1, axis=0)).any(axis=1)]
    before, after = np.roll(edges, 1, axis=0), np.roll(edges, -1, axis=0)
    is_straight = ((before == edges) & (edges == after)).any(axis=1)
    corners = edges[~is_straight] + (mask.left, mask.top)
    return [(int(x), int(y)) for x, y in corners]
