"""JSON text in ASCII, and lines of numbers, written with msgspec: Python reads the same numbers back from it."""

import json
from collections.abc import Sequence

from msgspec import MsgspecError
from msgspec.json import Encoder
from msgspec.json import format as lay_out

_encode, _encode_in_order = Encoder().encode, Encoder(order="sorted").encode
_REFUSED = (MsgspecError, TypeError, ValueError, RecursionError)  # such as lone surrogates, and Python's own types
_SPACED = bytes.maketrans(b",", b" ")


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
    try:
        return lay_out(text, indent=indent)
    except _REFUSED:
        return json.dumps(json.loads(text), indent=indent)


def encode_finite(value: object) -> bytes:
    """The text of a value whose numbers are all finite, without spaces where msgspec can write it.

    >>> encode_finite({"a": [1, 0.5, 1e-7]}), encode_finite({"é": 1})
    (b'{"a":[1,0.5,1e-7]}', b'{"\\\\u00e9": 1}')
    """
    try:
        data = _encode(value)
    except _REFUSED:
        return json.dumps(value).encode()  # which says what is wrong
    return data if data.isascii() else json.dumps(value).encode()


def encode_sorted(value: object, indent: int, *, nulls: int) -> bytes | None:
    """The text of a value, its keys sorted and each value on a line of its own; None where only the standard library
    can tell it.

    Args:
        value: of the types that JSON has.
        indent: spaces of a level.
        nulls: how many nulls the value holds. With any other number in the text, a number of the value is not finite.

    >>> encode_sorted(float("inf"), 4, nulls=0) is None
    True
    """
    try:
        data = _encode_in_order(value)
    except _REFUSED:
        return None
    return lay_out(data, indent=indent) if data.isascii() and data.count(b"null") == nulls else None


def number_lines(rows: Sequence[Sequence[float]]) -> bytes:
    """The lines of finite numbers.

    >>> print(number_lines([(3, 0.5, 1e-7), (0, 0.0, 1)]).decode(), end="")
    3 0.5 1e-7
    0 0.0 1
    """
    return _encode(rows)[2:-2].replace(b"],[", b"\n").translate(_SPACED) + b"\n" if rows else b""
