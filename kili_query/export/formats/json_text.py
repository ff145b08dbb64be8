"""JSON text in ASCII, and lines of numbers, written with msgspec: Python reads the same numbers back from it."""

import json
from collections.abc import Sequence

from msgspec import MsgspecError
from msgspec.json import Encoder
from msgspec.json import format as lay_out

_ENCODER = Encoder()
_encode, _encode_in_order = _ENCODER.encode, Encoder(order="sorted").encode
_REFUSED = (MsgspecError, TypeError, ValueError, RecursionError)  # such as lone surrogates, and Python's own types
_SPACED = bytes.maketrans(b",", b" ")
_AROUND_NUMBERS = b'[]{}"xy:'


def spread(text: str, indent: int) -> str:
    """Indent JSON so that each value has its own line.

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
    """Encode a value whose numbers are all finite; without spaces if msgspec can encode it.

    >>> encode_finite({"a": [1, 0.5, 1e-7]}), encode_finite({"é": 1})
    (b'{"a":[1,0.5,1e-7]}', b'{"\\\\u00e9": 1}')
    """
    try:
        data = _encode(value)
    except _REFUSED:
        return json.dumps(value).encode()  # its error says what is wrong
    return data if data.isascii() else json.dumps(value).encode()


def encode_sorted(value: object, indent: int, *, nulls: int) -> bytes | None:
    """Encode a value with sorted keys and each value on its own line; None if only the standard library can do it.

    Args:
        value: a value of JSON types.
        indent: number of spaces per level.
        nulls: number of nulls in the value. If the text has more, a number of the value was not finite.

    >>> encode_sorted(float("inf"), 4, nulls=0) is None
    True
    """
    try:
        data = _encode_in_order(value)
    except _REFUSED:
        return None
    return lay_out(data, indent=indent) if data.isascii() and data.count(b"null") == nulls else None


def number_lines(rows: Sequence[Sequence[object]]) -> bytes:
    """Write rows of finite numbers, and of lists and structs of these with the fields ``x`` and ``y``, as lines.

    >>> print(number_lines([(3, 0.5, 1e-7), (0, 0.0, [1, 2])]).decode(), end="")
    3 0.5 1e-7
    0 0.0 1 2
    """
    return _ENCODER.encode_lines(rows).translate(_SPACED, delete=_AROUND_NUMBERS)
