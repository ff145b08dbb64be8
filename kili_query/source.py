"""Text that a person wrote, and places in it."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from attrs import field, frozen


class Span(NamedTuple):
    """A half-open range of offsets in a text, counted in code points.

    >>> Span(8, 13).end
    13
    """

    start: int
    end: int

    def cover(self, other: "Span") -> "Span":
        """The smallest span that holds both; `NOWHERE` adds nothing."""
        if self == NOWHERE:
            return other
        if other == NOWHERE:
            return self
        return Span(min(self.start, other.start), max(self.end, other.end))


NOWHERE = Span(-1, -1)
"""The span of what nobody wrote: a node built in Python or by a pass."""


def utf16_length(text: str) -> int:
    """The number of UTF-16 code units of a text: how JavaScript and many editors count.

    >>> utf16_length("a🚗")
    3
    """
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_offsets(text: str) -> Sequence[int]:
    """The offset in UTF-16 code units of each code point of a text, and of its end.

    >>> list(utf16_offsets("a🚗b"))
    [0, 1, 3, 4]
    """
    if text.isascii():
        return range(len(text) + 1)
    return [0, *accumulate(1 + (char > "\uffff") for char in text)]


def code_points(text: str, units: int, measure: Callable[[str], int] = utf16_length) -> int:
    """The number of code points in so many units of a text; all of it, where it is shorter.

    Args:
        text: the text.
        units: the number of units.
        measure: returns the number of units of a text.

    >>> code_points("a🚗b", 3), code_points("a🚗b", 2)
    (2, 1)
    """
    if text.isascii():
        return max(0, min(units, len(text)))
    passed = 0
    for number, char in enumerate(text):
        passed += measure(char)
        if passed > units:
            return number
    return len(text)


class Position(NamedTuple):
    """A line and a column, both counted from 1."""

    line: int
    column: int


def _line_starts(source: "Source") -> tuple[int, ...]:
    starts = [0]
    starts.extend(offset + 1 for offset, char in enumerate(source.text) if char == "\n")
    return tuple(starts)


@frozen
class Source:
    r"""A text and the name that messages call it by.

    >>> Source("A.B.count > 0\nAND oops").position(18)
    Position(line=2, column=5)
    """

    text: str
    name: str = "query"
    first_line: int = 1
    _starts: list[tuple[int, ...]] = field(factory=list, init=False, eq=False, repr=False)

    def position(self, offset: int) -> Position:
        """Line and column of an offset in code points; offsets past the end are at the end."""
        starts = self.line_starts
        offset = max(0, min(offset, len(self.text)))
        index = bisect_right(starts, offset) - 1
        return Position(index + self.first_line, offset - starts[index] + 1)

    def line(self, number: int) -> str:
        """The text of a line, numbered as in `position`, without its line end."""
        starts = self.line_starts
        index = number - self.first_line
        end = starts[index + 1] - 1 if index + 1 < len(starts) else len(self.text)
        return self.text[starts[index] : end].rstrip("\r")

    @property
    def line_starts(self) -> tuple[int, ...]:
        """The offset at which each line starts, found once, when a message first wants it."""
        if not self._starts:
            self._starts.append(_line_starts(self))
        return self._starts[0]
