"""Rows of numbers as text, a line for each, as `print` would write them."""

from collections.abc import Callable, Sequence
from functools import cache

from kili_query._extras import has_extra

__all__ = ["number_lines"]

_SPACED = bytes.maketrans(b",", b" ")


def number_lines(rows: Sequence[Sequence[float]]) -> str:
    """The lines of finite numbers.

    >>> print(number_lines([(3, 0.5, 1e-7), (0, 0.0, 1)]), end="")
    3 0.5 1e-07
    0 0.0 1
    """
    encode = _encoder()
    if encode is not None and rows:
        data = encode(rows)  # as JSON, for that is how numbers are written fastest
        if b"e" not in data and b"0.0000" not in data:  # elsewhere msgspec writes 0.00001 for 1e-05, 1e-7 for 1e-07
            return data[2:-2].replace(b"],[", b"\n").translate(_SPACED).decode() + "\n"
    return "".join(f"{' '.join(map(str, row))}\n" for row in rows)


@cache
def _encoder() -> Callable[[object], bytes] | None:
    if not has_extra("fast"):
        return None
    from msgspec.json import encode

    return encode
