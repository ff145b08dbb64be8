"""JSON texts on which msgspec and the standard library agree."""

import json
import re
import sys

import msgspec


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


def has_long_number(data: bytes) -> bool:
    """Whether there are more digits in a row than Python reads as a number."""
    most_digits = sys.get_int_max_str_digits() or sys.int_info.default_max_str_digits
    if len(data) <= most_digits:
        return False
    samples = data[:: most_digits // (_SAMPLES + 1)]  # a long number has that many in a row; hardly anything else has
    if _SAMPLED_NUMBER not in samples.translate(_DIGITS_ALIKE):
        return False
    return re.search(rb"(?<![0-9])[0-9]{%d}" % (most_digits + 1), data) is not None


_SAMPLES = 16
_SAMPLED_NUMBER = b"0" * _SAMPLES
_DIGITS_ALIKE = bytes.maketrans(b"123456789", b"000000000")


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
