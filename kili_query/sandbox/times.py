"""Times as the service writes them: UTC, with milliseconds and ``Z``, so that their texts sort as they do."""

import re
from datetime import UTC, date, datetime, timedelta

__all__ = ["later_than", "now", "read_moment", "read_time"]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def now() -> str:
    """This moment."""
    return _write(datetime.now(UTC))


def later_than(time: str | None) -> str:
    """This moment, or one millisecond after a time that is not before it.

    >>> later_than("2999-12-31T23:59:59.999Z")
    '3000-01-01T00:00:00.000Z'
    """
    present = now()
    if time is None or time < present:
        return present
    return _write(datetime.fromisoformat(time) + timedelta(milliseconds=1))


def read_time(text: str) -> str:
    """A time in any form of ISO 8601; one without a zone is of UTC.

    >>> read_time("2024-02-01 10:30:00+01:00")
    '2024-02-01T09:30:00.000Z'

    Raises:
        ValueError: it is no time.
    """
    time = datetime.fromisoformat(text)
    return _write(time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC))


def read_moment(text: str) -> str:
    """A day, which stands for all of its times and is the beginning of their texts, or a time.

    >>> read_moment("2024-02-01"), read_moment("2024-02-01T09:30:00Z")
    ('2024-02-01', '2024-02-01T09:30:00.000Z')

    Raises:
        ValueError: it is neither.
    """
    return date.fromisoformat(text).isoformat() if _DAY.fullmatch(text) else read_time(text)


def _write(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
