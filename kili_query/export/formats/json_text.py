"""JSON text as the standard library writes it, byte for byte; faster where msgspec is installed."""

import json
import re
from collections.abc import Callable
from functools import cache

from kili_query._extras import has_extra

__all__ = ["encode_finite", "spread"]

_ON_ONE_LINE = 0  # to msgspec
_EXPONENT = re.compile(rb"e[-\d]")


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


def _spread_slowly(text: str, indent: int) -> str:
    return json.dumps(json.loads(text), indent=indent)


@cache
def _writers() -> tuple[Callable[[str, int], str], Callable[[object], str]]:
    if not has_extra("fast"):
        return _spread_slowly, json.dumps
    from msgspec import MsgspecError
    from msgspec.json import Encoder
    from msgspec.json import format as lay_out

    encode = Encoder().encode

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
        if not data.isascii() or b"\x7f" in data or b"0.0000" in data or _EXPONENT.search(data):
            return json.dumps(value)  # msgspec writes 0.00001 for 1e-05, 1e-7 for 1e-07, and é as it is
        return lay_out(data, indent=_ON_ONE_LINE).decode("ascii")

    return spread_fast, encode_fast
