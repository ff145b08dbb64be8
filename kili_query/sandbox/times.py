"""Times as the service writes them: UTC, with milliseconds and ``Z``, so that their texts sort as they do."""

import re
from datetime import UTC, date, datetime, timedelta

from kili_query.protocol import read_instant

__all__ = ["later_than", "now", "read_moment", "read_time"]

_PERIOD = re.compile(r"\d{4}(-\d{2})?")


def now() -> str:
    """This moment."""
    return _write(datetime.now(UTC))


def later_than(time: str | None) -> str:
    """This moment, or one millisecond after a time that is not before it; after the last of all times, that again.

    >>> later_than("2999-12-31T23:59:59.999Z"), later_than("9999-12-31T23:59:59.999Z")
    ('3000-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z')
    """
    present = now()
    if time is None or time < present:
        return present
    try:
        return _write(datetime.fromisoformat(time) + timedelta(milliseconds=1))
    except OverflowError:
        return time


def read_time(value: object) -> str:
    """A time in any form that `read_instant` knows.

    >>> read_time("2024-02-01 10:30:00+01:00")
    '2024-02-01T09:30:00.000Z'

    Raises:
        ValueError: it is no time.
    """
    return _write(read_instant(value))


def read_moment(text: str) -> str:
    """A day, month or year, which stands for all of its times and is the beginning of their texts, or a time.

    >>> read_moment("2024-02-01"), read_moment("2024-02-01T09:30:00Z")
    ('2024-02-01', '2024-02-01T09:30:00.000Z')

    Raises:
        ValueError: it is neither.
    """
    if _PERIOD.fullmatch(text):
        return read_time(text)[: len(text)]
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return read_time(text)


def _write(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
