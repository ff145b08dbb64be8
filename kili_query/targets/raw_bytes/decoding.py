"""JSON texts on which msgspec and the standard library agree."""

import json
import re
import sys

import msgspec

__all__ = ["decode", "is_sound"]

_SAMPLES = 32


def is_sound(data: bytes) -> bool:
    """Whether what msgspec accepts, parts that it passes over included, the standard library accepts too.

    Beyond that it is the stricter of the two, but it neither decodes the strings that it passes over, nor counts the
    digits of numbers.
    """
    return (data.isascii() or _is_utf8(data)) and not has_long_number(data)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def has_long_number(text: bytes | str) -> bool:
    """Whether there may be a number of more digits than Python reads; wrong only in being too careful."""
    most_digits = sys.get_int_max_str_digits() or sys.int_info.default_max_str_digits
    if len(text) <= most_digits:
        return False
    samples = text[:: most_digits // (_SAMPLES + 1)]  # a long number has that many samples in a row, and more
    return bool(_DIGIT_BYTES.search(samples) if isinstance(samples, bytes) else _DIGITS.search(samples))


_DIGITS = re.compile(rf"[0-9]{{{_SAMPLES}}}")
_DIGIT_BYTES = re.compile(_DIGITS.pattern.encode())


def decode(data: bytes) -> object:
    """The JSON value, as `json.loads` gives it, in a third of the time.

    Raises:
        ValueError, RecursionError: those of `json.loads`.

    >>> decode(b'{"a": [1, NaN]}')
    {'a': [1, nan]}
    """
    if is_sound(data):
        try:
            return msgspec.json.decode(data)
        except (msgspec.MsgspecError, RecursionError):  # the standard library reads more, or says what is wrong
            pass
    return json.loads(data)
