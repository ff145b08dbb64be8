"""JSON texts inside the protocol: a label's content, a project's interface, an asset's metadata."""

import json
from collections.abc import Callable
from functools import cache
from typing import NoReturn

from kili_query.errors import ArgumentError, MalformedLabelError
from kili_query.extras import has_extra


def encode_json(value: object, *, name: str = "json_response") -> str:
    """The JSON text of a value.

    >>> encode_json({"JOB": {"text": "déjà"}})
    '{"JOB": {"text": "d\\\\u00e9j\\\\u00e0"}}'

    Args:
        name: what the value is, for the error.

    Raises:
        ArgumentError: JSON cannot say it: a set, a date, NaN or an infinity.
    """
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError(f"`{name}` is not JSON: {_reason(error)}") from error


def decode_json(text: str, *, name: str = "jsonResponse") -> object:
    """The value of a JSON text.

    >>> decode_json('{"JOB": {}}')
    {'JOB': {}}

    Args:
        name: what the text is, for the error.

    Raises:
        MalformedLabelError: it is not JSON.
    """
    try:
        return read_json(text)
    except ValueError as error:
        raise MalformedLabelError(f"`{name}` is not JSON: {error}") from error


def read_json(text: str | bytes) -> object:
    """Read JSON, without the constants that Python adds to it.

    Raises:
        ValueError: it is not JSON, or nested too deeply.

    >>> read_json("NaN")
    Traceback (most recent call last):
    ValueError: NaN is not a JSON number
    """
    try:
        value: object = _DECODER.decode(text) if isinstance(text, str) else json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError(_reason(error)) from None
    return value


def decode_body(body: bytes) -> object:
    """The JSON value of a text in bytes, with msgspec where it is installed.

    What msgspec refuses, the standard library has the last word on, so that both installations read the same.

    Raises:
        ValueError: it is not JSON.
    """
    return _decoder()(body)


@cache
def _decoder() -> Callable[[bytes], object]:
    if not has_extra("fast"):
        return read_json
    from msgspec import MsgspecError
    from msgspec.json import decode

    def decode_fast(body: bytes) -> object:
        try:
            return decode(body)
        except (MsgspecError, ValueError, RecursionError):
            return read_json(body)

    return decode_fast


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


_DECODER = json.JSONDecoder(parse_constant=_refuse)  # which `json.loads` would make for each text
