"""Values as the sandbox keeps them, its texts and its times, and the refusal of those that it cannot keep."""

import re
from datetime import UTC, date, datetime, timedelta

from graphql import GraphQLError

from kili_query.protocol import read_instant


class Refused(GraphQLError):  # noqa: N818 - it is an answer, not a failure of the sandbox
    """A request that is understood and refused; the message is written for whoever made it."""


def error_answer(message: str) -> dict[str, object]:
    """Return the GraphQL answer that reports an error. The official client of 26 fails without ``extensions``."""
    return {"errors": [{"message": message, "extensions": {}}]}


def is_text(value: str) -> bool:
    """Whether a database can hold the text: it has no zero character and no lone surrogate.

    >>> is_text("déjà"), is_text("\\ud800")
    (True, False)
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


# Times are written as the service writes them, in UTC with milliseconds and ``Z``, so that their texts sort as they do.

_YEAR_OR_MONTH = re.compile(r"\d{4}(-\d{2})?")


def now() -> str:
    """The present moment."""
    return _write(datetime.now(UTC))


def later_than(time: str | None) -> str:
    """The present moment, or one millisecond after ``time`` if that is not in the past. The last of all times stays.

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
    """Read a time in any form that `read_instant` knows.

    >>> read_time("2024-02-01 10:30:00+01:00")
    '2024-02-01T09:30:00.000Z'

    Raises:
        ValueError: the value is not a time.
    """
    return _write(read_instant(value))


def read_moment(text: str) -> str:
    """Read a time; or a day, month or year, which gives the beginning that the texts of all its times share.

    >>> read_moment("2024-02-01"), read_moment("2024-02-01T09:30:00Z")
    ('2024-02-01', '2024-02-01T09:30:00.000Z')

    Raises:
        ValueError: the text is neither.
    """
    if _YEAR_OR_MONTH.fullmatch(text):
        return read_time(text)[: len(text)]
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return read_time(text)


def _write(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
