"""Places in a text as the protocol counts them: lines from 0, and units of the encoding that the client chose."""

from collections.abc import Callable, Mapping

from attrs import frozen
from lsprotocol import types

from kili_query.source import Source, Span, code_points, utf16_length

_UNITS: Mapping[str, Callable[[str], int]] = {
    types.PositionEncodingKind.Utf8.value: lambda text: len(text.encode("utf-8", "surrogatepass")),
    types.PositionEncodingKind.Utf16.value: utf16_length,
    types.PositionEncodingKind.Utf32.value: len,
}


@frozen
class Positions:
    r"""Converts offsets of a text, in code points, and places of the protocol into each other.

    pygls has such a converter too, but it ends lines at characters that end no line in the protocol, such as a form
    feed.

    >>> places = Positions(Source('x = "🚗"\r\ny'))
    >>> end = places.position(7)
    >>> (end.line, end.character), places.offset(end), places.offset(types.Position(0, 99))
    ((0, 8), 7, 7)
    """

    source: Source
    encoding: str = types.PositionEncodingKind.Utf16.value

    def position(self, offset: int) -> types.Position:
        """The place of an offset."""
        line, column = self.source.position(offset)
        before = self.source.line(line)[: column - 1]
        return types.Position(line - 1, len(before) if before.isascii() else _UNITS[self.encoding](before))

    def range(self, span: Span) -> types.Range:
        """The places where a span starts and ends."""
        return types.Range(self.position(span.start), self.position(span.end))

    def offset(self, position: types.Position) -> int:
        """The offset of a place; one beyond the end of its line is there."""
        starts = self.source.line_starts
        if position.line >= len(starts):
            return len(self.source.text)
        line = self.source.line(position.line + 1)
        return starts[position.line] + code_points(line, position.character, _UNITS[self.encoding])

    def span(self, found: types.Range) -> Span:
        """The offsets where a range starts and ends."""
        return Span(self.offset(found.start), self.offset(found.end))
