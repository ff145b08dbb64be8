"""The names of count columns: one for each counter, the same in frames, SQL tables and clusters."""

import re
from functools import lru_cache

from kili_query.ast import Counter, NamePattern, Pattern

FAULT = "fault"
"""The column that is null where the content is known, and else says ``unknown`` or ``malformed``."""

# A slash joins job and category, a percent sign starts an escape. What is no text in an engine, a null character or a
# lone surrogate, is escaped as well, by the bytes of its UTF-8; so is a line feed at the end, which regular expressions
# that look for a column would pass over.
_ESCAPED = re.compile(r"[%/\x00\ud800-\udfff]|\n\Z")
_ESCAPE = re.compile(r"((?:%[0-9A-F]{2})+)")


def column_name(job: str, category: str) -> str:
    """The column of a counter; no two counters share one.

    >>> column_name("OBJECTS", "CAR"), column_name("a/b", "100%")
    ('OBJECTS/CAR', 'a%2Fb/100%25')
    """
    return f"{_escape(job)}/{_escape(category)}"


@lru_cache(maxsize=10_000)
def counter_of(column: str) -> Counter | None:
    """The counter of a column; None for a column that holds no counts.

    >>> counter_of("a%2Fb/100%25"), counter_of("createdAt")
    (Counter(job='a/b', category='100%'), None)
    """
    job, slash, category = column.partition("/")
    if not slash:
        return None
    try:
        counter = Counter(_unescape(job), _unescape(category))
    except UnicodeDecodeError:
        return None
    return counter if column_name(counter.job, counter.category) == column else None


def column_pattern(pattern: Pattern) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The literal pieces of the columns that a pattern matches: of the job, and of the category."""
    return _escaped_pieces(pattern.job), _escaped_pieces(pattern.category)


def _escaped_pieces(name: NamePattern) -> tuple[str, ...]:
    return tuple(map(_escape, name.pieces))


def _escape(name: str) -> str:
    return _ESCAPED.sub(_escape_one, name)


def _escape_one(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))


def _unescape(text: str) -> str:
    return _ESCAPE.sub(_unescape_run, text)


def _unescape_run(found: re.Match[str]) -> str:
    return bytes.fromhex(found[1].replace("%", "")).decode("utf-8", "surrogatepass")
