"""Moments in the forms in which services and files write them, read as instants, so that they compare as such."""

import math
import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FEWEST_DIGITS = 9
_REDUCED = re.compile(r"\d{4}(-\d\d)?")
"""A year or a month, which is its beginning."""
_MOST_OF_REDUCED = len("2024-02")
_LEAST_MILLISECONDS = 10**11
"""A number from here on counts milliseconds: as seconds it would be a time after the year 5000."""


def read_instant(value: object) -> datetime:
    """Read a time as an instant, in UTC.

    Args:
        value: ISO 8601 in any form, where a time without a zone is in UTC; or a number, or the digits of one, of
            seconds or milliseconds since 1970.

    Raises:
        ValueError: the value is not a time, or is a time before the year 1 or after the year 9999.

    >>> read_instant("2024-02-01 10:30:00+02:00").isoformat()
    '2024-02-01T08:30:00+00:00'
    >>> read_instant(1706776200500) > read_instant("2024-02-01T08:30:00Z")
    True
    """
    try:
        return _of_text(value) if isinstance(value, str) else _since_1970(value)
    except OverflowError as error:
        raise ValueError(f"the time is out of range: {value!r:.40}") from error


def _of_text(text: str) -> datetime:
    if text.isascii() and text.isdigit() and len(text) >= _FEWEST_DIGITS:
        return _since_1970(float(text))
    if len(text) <= _MOST_OF_REDUCED and _REDUCED.fullmatch(text):
        text = f"{text}-01-01"[:10]
    time = datetime.fromisoformat(text.upper())
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _since_1970(value: object) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"not a time: {value!r:.40}")
    if abs(value) >= _LEAST_MILLISECONDS:
        return _EPOCH + timedelta(milliseconds=value)
    return _EPOCH + timedelta(seconds=value)
