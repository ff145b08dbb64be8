"""JSON text as the standard library writes it, byte for byte; faster where msgspec is installed."""

import json
import re
from collections.abc import Callable, Sequence
from functools import cache

from kili_query._extras import has_extra

__all__ = ["encode_finite", "encode_sorted", "number_lines", "spread"]

_ON_ONE_LINE = 0  # to msgspec
_EXPONENT = re.compile(rb"e[-\d]")
_SMALL = tuple(before + b"0.0000" for before in (b"[", b",", b":", b"-"))


def spread(text: str, indent: int) -> str:
    """The same JSON with each value on a line of its own.

    >>> print(spread('{"a": [1.0, []]}', 2))
    {
      "a": [
        1.0,
        []
      ]
    }
    """
    return _writers()[0](text, indent)


def encode_finite(value: object) -> str:
    """The text of a value whose numbers are all finite.

    >>> encode_finite({"é": [1, 0.5, 1e-7]})
    '{"\\\\u00e9": [1, 0.5, 1e-07]}'
    """
    return _writers()[1](value)


def encode_sorted(value: object, indent: int, *, nulls: int) -> str | None:
    """The text of a value, its keys sorted and each value on a line of its own; None where only the standard library
    can tell it.

    Args:
        value: of the types that JSON has.
        indent: spaces of a level.
        nulls: how many nulls the value holds. With any other number in the text, a number of the value is not finite.

    >>> encode_sorted(float("inf"), 4, nulls=0) is None
    True
    """
    return _writers()[2](value, indent, nulls)


def _encode_never(value: object, indent: int, nulls: int) -> None:
    return None


def _spread_slowly(text: str, indent: int) -> str:
    return json.dumps(json.loads(text), indent=indent)


@cache
def _writers() -> tuple[Callable[[str, int], str], Callable[[object], str], Callable[[object, int, int], str | None]]:
    if not has_extra("fast"):
        return _spread_slowly, json.dumps, _encode_never
    from msgspec import MsgspecError
    from msgspec.json import Encoder
    from msgspec.json import format as lay_out

    encode, encode_in_order = Encoder().encode, Encoder(order="sorted").encode

    def spread_fast(text: str, indent: int) -> str:
        try:
            return lay_out(text, indent=indent)
        except (MsgspecError, RecursionError):  # it takes no lone surrogates
            return _spread_slowly(text, indent)

    def encode_fast(value: object) -> str:
        try:
            data = encode(value)
        except (MsgspecError, TypeError, ValueError, RecursionError):  # as above; the standard library says what it is
            return json.dumps(value)
        return lay_out(data, indent=_ON_ONE_LINE).decode("ascii") if _is_usual(data) else json.dumps(value)

    def encode_sorted_fast(value: object, indent: int, nulls: int) -> str | None:
        try:
            data = encode_in_order(value)
        except (MsgspecError, TypeError, ValueError, RecursionError):
            return None
        if data.count(b"null") != nulls or not _is_usual(data):
            return None
        return lay_out(data, indent=indent).decode("ascii")

    return spread_fast, encode_fast, encode_sorted_fast


def _is_usual(data: bytes) -> bool:
    """Whether the standard library writes the same: msgspec writes 0.00001 for 1e-05, 1e-7 for 1e-07, é as it is."""
    if not data.isascii() or b"\x7f" in data or (b"0.0000" in data and any(small in data for small in _SMALL)):
        return False
    return not _EXPONENT.search(data)


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
