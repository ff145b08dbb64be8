"""The findings in files: searches, places that may hold one but cannot be read, and files that cannot be read."""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import TypeAlias

from attrs import frozen

from kili_query.source import Position, Source, Span

NAMES = frozenset({"category_search", "label_category_search"})
"""The names of keyword arguments, keys and variables that hold a search."""

PRAGMA = r"#[ \t]*kili-query[ \t]*(?=#|\r?$)"
"""The comment that marks a text as a search, as a regular expression; another comment may follow."""

PARSED_LENGTH = 2_000_000
"""Longest Python or YAML that is parsed, in code points: its tree takes more than a hundred times the memory."""

_MENTION = re.compile("|".join([*sorted(NAMES, key=len, reverse=True), PRAGMA]), re.MULTILINE)

Unit: TypeAlias = tuple[str, int, int]
"""A character of a text, and the start and end of what spells it in the source."""


@frozen
class Placement:
    """Where each character of a text stands in a source, in code points.

    Attributes:
        source: the file, or the cell of a notebook.
        starts, ends: of what spells each character; both empty where that is not known.
        whole: where the text stands, its quotes included.
        unwritable: the characters that may have to be spelled differently there.
    """

    source: Source
    starts: Sequence[int]
    ends: Sequence[int]
    whole: Span
    unwritable: frozenset[str] = frozenset("\"'\\\n")

    def span(self, span: Span) -> Span:
        """The span in the source of a span of the text."""
        if not self.starts:
            return self.whole
        start = self.starts[span.start] if span.start < len(self.starts) else self.ends[-1]
        return Span(start, self.ends[min(span.end, len(self.ends)) - 1] if span.end > span.start else start)

    def inverse(self, offset: int) -> int | None:
        """The place in the text of an offset in the source; None if the text does not reach to it.

        Behind the last character is the end of the text.
        """
        at = bisect_right(self.starts, offset) - 1
        if at < 0:
            return None
        if offset < self.ends[at]:
            return at
        return at + 1 if at + 1 < len(self.starts) or offset == self.ends[at] else None

    def spells(self, span: Span) -> bool:
        """Whether each character of a span stands in the source as itself, one after the other."""
        placed = self.span(span)
        return bool(self.starts) and placed.end - placed.start == span.end - span.start


@frozen
class FoundSearch:
    """A category search.

    Attributes:
        text: the query.
        place: where it stands, for people to read: of a notebook, in its cell.
        cell: where the text of that cell stands in the file, or None.
    """

    text: str
    place: Placement
    cell: Placement | None = None

    def inverse(self, offset: int) -> int | None:
        r"""The place in the query of an offset in the file; None if it is not in the query.

        >>> from kili_query.lint.in_json import find_in_json
        >>> [search] = find_in_json(Source('{"category_search": "J.\\u0041"}'))
        >>> [search.inverse(offset) for offset in (20, 21, 24, 29, 30)]
        [None, 0, 2, 3, None]
        """
        inner = offset if self.cell is None else self.cell.inverse(offset)
        if inner is None:
            return None
        if self.text:
            return self.place.inverse(inner)
        start, end = self.place.whole
        return 0 if start < inner < end or start == inner == end else None


@frozen
class SkippedPlace:
    """A place that should hold a search, but does not hold plain text."""

    source: Source
    start: int
    reason: str

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}: skipped: {self.reason}"


@frozen
class Unreadable:
    """A file, or a cell of a notebook, that could not be read."""

    name: str
    reason: str
    position: Position | None = None

    def __str__(self) -> str:
        where = "" if self.position is None else f":{self.position.line}:{self.position.column}"
        return f"{self.name}{where}: {self.reason}"


LintItem: TypeAlias = FoundSearch | SkippedPlace | Unreadable

_BLANK = frozenset(" \t\r\n\x85\u2028\u2029")


def mentions_search(text: str) -> bool:
    """Whether a text may hold a search: it has one of the names, or the comment that marks one.

    >>> mentions_search("%time f(category_search=x)"), mentions_search("!pip install kili-query")
    (True, False)
    """
    return _MENTION.search(text) is not None


def place_text(text: str, units: Iterable[Unit], source: Source, whole: Span) -> Placement:
    """Place a text by the units that spell it.

    Blanks may differ, because YAML folds them: one that is not spelled stands right after what is before it.

    A text that is far longer than a query may be stands as a whole.

    >>> units = [("a", 1, 2), ('"', 2, 4), ("b", 7, 8)]
    >>> list(place_text('a" b', units, Source(''), Span(1, 8)).starts)
    [1, 2, 4, 7]
    """
    nowhere = Placement(source, (), (), whole)
    if len(text) > PARSED_LENGTH:
        return nowhere
    starts, ends = array("Q"), array("Q")
    following = chain(units, repeat(_NO_UNIT))
    unit, end = next(following), whole.start
    for char in text:
        if char not in _BLANK:
            unit = _solid(unit, following)
        if unit[0] == char or (char in _BLANK and unit[0] in _BLANK):
            _, start, end = unit
            unit = next(following)
        elif char in _BLANK:
            start = end
        else:
            return nowhere
        starts.append(start)
        ends.append(end)
    return Placement(source, starts, ends, whole) if _solid(unit, following) is _NO_UNIT else nowhere


_NO_UNIT: Unit = ("", 0, 0)


def _solid(unit: Unit, following: Iterator[Unit]) -> Unit:
    while unit[0] in _BLANK:
        unit = next(following)
    return unit
