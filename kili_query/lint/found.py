"""What is found in files: searches, what may be one but cannot be read, and files that cannot."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from attrs import frozen

from kili_query.source import Position, Source, Span

__all__ = ["NAMES", "PRAGMA", "Found", "Placement", "Search", "Skipped", "Unit", "Unreadable", "place_text"]

NAMES = frozenset({"category_search", "label_category_search"})
"""What a keyword argument, a key or a variable is called that holds a search."""

PRAGMA = r"#[ \t]*kili-query[ \t]*(?=#|$)"
"""The comment that marks a text as a search, as a regular expression; another comment may follow."""

Unit: TypeAlias = tuple[str, int, int]
"""A character of a text, and the start and end of what spells it in the source."""


@frozen
class Placement:
    """Where each character of a text stands in a source, in code points.

    Attributes:
        source: the file, or the cell of a notebook.
        starts, ends: of what spells each character; both empty where that is not known.
        whole: where the text stands, its quotes included.
    """

    source: Source
    starts: Sequence[int]
    ends: Sequence[int]
    whole: Span

    def span(self, span: Span) -> Span:
        """The span in the source of a span of the text."""
        if not self.starts:
            return self.whole
        start = self.starts[span.start] if span.start < len(self.starts) else self.ends[-1]
        return Span(start, self.ends[min(span.end, len(self.ends)) - 1] if span.end > span.start else start)

    def spells(self, span: Span) -> bool:
        """Whether each character of a span stands in the source as itself, one after the other."""
        placed = self.span(span)
        return bool(self.starts) and placed.end - placed.start == span.end - span.start


@frozen
class Search:
    """A category search.

    Attributes:
        text: the query.
        place: where it stands, for people to read: of a notebook, in its cell.
        cell: where the text of that cell stands in the file, or None.
    """

    text: str
    place: Placement
    cell: Placement | None = None


@frozen
class Skipped:
    """What should hold a search, but is no plain text."""

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


Found: TypeAlias = Search | Skipped | Unreadable

_BLANK = " \t\n"


def place_text(text: str, units: Iterable[Unit], source: Source, whole: Span) -> Placement:
    """Place a text by the units that spell it.

    Blanks are not compared, for YAML folds them: one that is not found stands after what is before it.

    >>> units = [("a", 1, 2), ('"', 2, 4), ("b", 7, 8)]
    >>> place_text('a" b', units, Source(''), Span(1, 8)).starts
    [1, 2, 4, 7]
    """
    solid = [unit for unit in units if unit[0] not in _BLANK]
    if [char for char, _, _ in solid] != [char for char in text if char not in _BLANK]:
        return Placement(source, (), (), whole)
    starts: list[int] = []
    ends: list[int] = []
    following = iter(solid)
    limits = iter([start for _, start, _ in solid] + [whole.end])
    end, limit = whole.start, next(limits)
    for char in text:
        if char in _BLANK:
            start, end = end, min(end + 1, limit)
        else:
            _, start, end = next(following)
            limit = next(limits)
        starts.append(start)
        ends.append(end)
    return Placement(source, starts, ends, whole)
