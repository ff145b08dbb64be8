"""Run lengths as Label Studio packs the pixels of a brush, in the format of `@thi.ng/rle-pack`.

A stream of bits: how many values there are (32), the bits of a value less one (5), and four lengths of counts less one
(4 each). Then for each run: whether one value is repeated (1), which of the four lengths its count has (2), the count
less one, and the value, or that many values. The values are the bytes of an image, four for each pixel; the last one
says how opaque the pixel is.
"""

from collections.abc import Sequence

import numpy as np
from attrs import define
from numpy.typing import NDArray

from kili_query.errors import MalformedLabelError

MAX_PIXELS = 1 << 28
"""The most pixels of an image with a brush: they are in memory at once."""

_CHANNELS = 4
_BYTE_BITS = 8


@define
class _Bits:
    """Reads a stream of bits."""

    data: bytes
    position: int = 0

    def read(self, count: int) -> int:
        end = self.position + count
        if end > len(self.data) * _BYTE_BITS:
            raise MalformedLabelError("the run lengths of a brush are truncated")
        first, last = self.position // _BYTE_BITS, -(-end // _BYTE_BITS)
        self.position = end
        found = int.from_bytes(self.data[first:last], "big") >> (last * _BYTE_BITS - end)
        return found & ((1 << count) - 1)


def brush_pixels(packed: Sequence[int], width_px: int, height_px: int) -> NDArray[np.uint8]:
    """Return how opaque each pixel is, of shape ``(height_px, width_px)``.

    Raises:
        MalformedLabelError: these are not run lengths of this kind, or the image has another size.
    """
    try:
        bits = _Bits(bytes(packed))
    except (TypeError, ValueError) as error:
        raise MalformedLabelError("the run lengths of a brush must be bytes, from 0 to 255") from error
    count = bits.read(32)
    if count != width_px * height_px * _CHANNELS or width_px * height_px > MAX_PIXELS:
        raise MalformedLabelError(
            f"the brush has {count} values, which do not fit an image of {width_px} by {height_px} pixels"
        )
    value_bits = bits.read(5) + 1
    count_bits = [bits.read(4) + 1 for _ in range(4)]
    values = np.zeros(count, np.uint8)
    start = 0
    while start < count:
        is_repeated = bits.read(1)
        end = start + 1 + bits.read(count_bits[bits.read(2)])
        if end > count:
            raise MalformedLabelError("the run lengths of a brush go beyond the image")
        if is_repeated:
            values[start:end] = bits.read(value_bits) & 0xFF
        else:
            values[start:end] = [bits.read(value_bits) & 0xFF for _ in range(start, end)]
        start = end
    opaque: NDArray[np.uint8] = values.reshape(height_px, width_px, _CHANNELS)[..., -1]
    return opaque
