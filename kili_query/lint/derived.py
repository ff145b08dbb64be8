"""A text made from another one, so that what is found in it can be placed where the other one has it."""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable

from attrs import evolve, frozen

from kili_query.lint.searches import FoundSearch, LintItem, Placement, SkippedPlace, Unreadable
from kili_query.source import Position, Source, Span


@frozen
class Derived:
    """A text made of pieces of another one.

    Attributes:
        source: the text, under the name of the one it comes from.
        origin: the text it comes from.
        starts: the offset at which each piece starts, in the new text.
        origins: the offset at which each piece starts, in the original.
    """

    source: Source
    origin: Source
    starts: tuple[int, ...]
    origins: tuple[int, ...]

    def original(self, offset: int) -> int:
        """The offset in the original of a character of the new text."""
        piece = bisect_right(self.starts, offset) - 1
        return min(self.origins[piece] + offset - self.starts[piece], len(self.origin.text))

    def place(self, found: LintItem) -> LintItem:
        """Return the findings in the new text, at their places in the original."""
        match found:
            case FoundSearch(place=place):
                return evolve(found, place=self._placement(place))
            case SkippedPlace(start=start):
                return evolve(found, source=self.origin, start=self.original(start))
            case Unreadable(position=Position(line, column)):
                starts = self.source.line_starts
                offset = self.original(starts[min(line, len(starts)) - 1] + column - 1)
                return evolve(found, position=self.origin.position(offset))
            case _:
                return found

    def _placement(self, place: Placement) -> Placement:
        return Placement(
            self.origin,
            array("Q", map(self.original, place.starts)),
            array("Q", map(self._end, place.ends)),
            Span(self.original(place.whole.start), self._end(place.whole.end)),
        )

    def _end(self, offset: int) -> int:
        """Behind the character before: what was left out after it does not belong to it."""
        return self.original(offset - 1) + 1 if offset else self.original(0)


def derive(origin: Source, pieces: Iterable[Span | str]) -> Derived:
    """Join spans of a text and texts of one's own, which stand where the span before them ends.

    >>> derived = derive(Source("%time f(x)"), [Span(6, 7), "0"])
    >>> derived.source.text, derived.original(0), derived.original(1)
    ('f0', 6, 7)
    """
    texts: list[str] = []
    starts, origins = [0], [0]
    length = 0
    for piece in pieces:
        text = piece if isinstance(piece, str) else origin.text[slice(*piece)]
        if not text:
            continue
        behind = origins[-1] + length - starts[-1]
        starts.append(length)
        origins.append(behind if isinstance(piece, str) else piece.start)
        texts.append(text)
        length += len(text)
    return Derived(evolve(origin, text="".join(texts)), origin, tuple(starts), tuple(origins))


def without_carriage_returns(origin: Source) -> Derived:
    r"""The text with ``\n`` at each end of a line.

    >>> without_carriage_returns(Source("a\r\nb")).source.text
    'a\nb'
    """
    returns = [found.start() for found in re.finditer(r"\r(?=\n)", origin.text)]
    starts = [0, *(at + 1 for at in returns)]
    return derive(origin, map(Span, starts, [*returns, len(origin.text)]))


def plain_line_ends(text: str) -> str:
    r"""The text with ``\n`` for the line ends of old Macs; each character keeps its place.

    >>> plain_line_ends("a\rb\r\nc")
    'a\nb\r\nc'
    """
    return re.sub(r"\r(?!\n)", "\n", text)
