"""Parts of JSON documents that are decoded when they are needed."""

import json
from typing import Any

import msgspec


def why_not_json(error: ValueError | RecursionError) -> str:
    """Return what is wrong with a text, after "it is", from the error that decoding it raised.

    >>> why_not_json(RecursionError())
    'nested too deep to be read'
    """
    if isinstance(error, RecursionError):
        return "nested too deep to be read"
    return f"not JSON, or truncated: {error!s:.200}"


def value_of(raw: msgspec.Raw) -> Any:
    """Return the value of a part of a document that was found to be JSON.

    >>> value_of(msgspec.Raw(b"[1, 1e999]"))
    [1, inf]
    """
    try:
        return msgspec.json.decode(raw)
    except msgspec.ValidationError:  # a number that no float can hold, which Python reads all the same
        return json.loads(bytes(raw))
