"""From text to the JSON texts of its records: one a line, the elements of an array, or values over many lines."""

import re
from collections.abc import Generator, Iterator
from itertools import chain
from typing import NamedTuple

from kili_query.places import Place, Problem, ProblemKind
from kili_query.scanning.byte_reader import ByteReader


class JsonText(NamedTuple):
    """Text that should be one JSON value, not yet decoded.

    Attributes:
        data: the text.
        place: where it stands, for people.
    """

    data: bytes
    place: Place


def json_texts(text: ByteReader) -> Iterator[JsonText | Problem]:
    """Return the JSON texts of a file, in order, holding no more than a chunk and the longest of them.

    An opening ``[`` starts an array; an object that goes on over lines makes the file one of such objects; anything
    else is read line by line. Between values white space is passed over, and so are commas outside of lines; in an
    array, a comma that is missing or one too many is a problem of its own.
    """
    first_line = 1 + _skip_blank(text)
    if text.peek(1) == b"[":
        text.take(1)
        yield from _split_values(text, first_line, in_array=True)
    elif _starts_object_over_lines(text):
        yield from _split_values(text, first_line, in_array=False)
    else:
        yield from line_texts(text, first_line)


def holds_lines(text: ByteReader) -> bool:
    """Whether a text is read line by line; it is not to be used after this."""
    _skip_blank(text)
    return text.peek(1) != b"[" and not _starts_object_over_lines(text)


def line_texts(text: ByteReader, first_line: int) -> Generator[JsonText, None, int]:
    """Yield the lines that are not blank, and return how many ended; ``first_line`` is the number of the first."""
    number = first_line
    for number, line in enumerate(_lines(text.chunks()), first_line):
        if line and not line.isspace():
            yield JsonText(line, Place(text.name, number))
    return number - first_line


def _skip_blank(text: ByteReader) -> int:
    """Pass over white space at the start; how many lines that was."""
    lines = 0
    for chunk in text.chunks():
        rest = chunk.lstrip()
        lines += chunk.count(b"\n", 0, len(chunk) - len(rest))
        if rest:
            text.push_back(rest)
            break
    return lines


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    parts: list[bytes] = []
    for chunk in chunks:
        first, *more = chunk.split(b"\n")
        parts.append(first)
        if more:
            yield b"".join(parts)
            parts = [more.pop()]
            yield from more
    yield b"".join(parts)


def _starts_object_over_lines(text: ByteReader) -> bool:
    """Whether the first line leaves an object open and the next goes on with it.

    A line cut short looks alike, but then the next one starts a new object. Where a line ends inside a string it was
    cut, for no JSON string holds a line break.
    """
    if text.peek(1) != b"{":
        return False
    first = _take_line(text)
    is_open = first.endswith(b"\n") and _is_left_open(first)
    if is_open:
        first += b"\n" * _skip_blank(text)
        is_open = text.peek(1) not in (b"{", b"")
    text.push_back(first)
    return is_open


def _is_left_open(line: bytes) -> bool:
    position, depth = _find_end(line, 0)
    return depth > 0 and position == len(line)


def _take_line(text: ByteReader) -> bytes:
    parts = []
    for chunk in text.chunks():
        line, end, rest = chunk.partition(b"\n")
        parts.append(line + end)
        if end:
            text.push_back(rest)
            break
    return b"".join(parts)


_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_PLAIN = rb'[^"{}\[\]]++'
# an innermost object or list, which spares the loop below the points of polygons
_FLAT = rb"[{\[](?:" + _PLAIN + rb"|" + _STRING + rb")*+[}\]]"
_UNEVENTFUL = re.compile(rb"(?:" + _PLAIN + rb"|" + _STRING + rb"|" + _FLAT + rb")*+", re.DOTALL)
_WHOLE_STRING = re.compile(_STRING, re.DOTALL)
_SCALAR = re.compile(rb'[^\s,"{}\[\]]*+')
_BETWEEN = re.compile(rb"[\s,]*+")


def _after(pattern: re.Pattern[bytes], data: bytes | bytearray, start: int) -> int:
    found = pattern.match(data, start)
    return found.end() if found else start


def _find_end(data: bytes | bytearray, start: int) -> tuple[int, int]:
    """Find the end of a value.

    Returns:
        Where the value ends, and 0; where the bytes run out before, how many brackets are open (1 in a lone string or
        number), and where that was seen: at the end of the bytes, or at the quote of a string that does not end.
    """
    if data[start] not in b"{[":
        is_string = data[start] == ord('"')
        end = _after(_WHOLE_STRING, data, start) if is_string else max(_after(_SCALAR, data, start), start + 1)
        return end, int(end == (start if is_string else len(data)))
    position, depth = start + 1, 1
    while depth:
        position = _after(_UNEVENTFUL, data, position)
        if position == len(data) or data[position] == ord('"'):
            break
        depth += 1 if data[position] in b"{[" else -1
        position += 1
    return position, depth


class _Values:
    """The values of a text that comes in pieces; holds one piece and what is begun.

    Attributes:
        line: the line where the value begins that was not yet given.
        commas: how many stand before that value, or before the end of the array.
        is_closed: whether the end of the array has come.
    """

    def __init__(self, line: int, *, in_array: bool) -> None:
        self.line = line
        self.commas = 0
        self.is_closed = False
        self._in_array = in_array
        self._held = bytearray()
        self._start = 0
        self._wanted = 0  # bytes before the next search: twice as many each time, which bounds the work

    def extend(self, piece: bytes) -> None:
        """Hold more of the text, and no longer what was given; an empty piece is the end of the text."""
        del self._held[: self._start]
        self._start = 0
        self._held += piece
        if not piece:
            self._wanted = 0

    def next_value(self) -> bytes | None:
        """Return the next value, if it is held to its end."""
        gap_end = _after(_BETWEEN, self._held, self._start)
        self.commas += self._held.count(b",", self._start, gap_end)
        self._advance(gap_end)
        first = self._held[self._start : self._start + 1]
        self.is_closed = self._in_array and first == b"]"
        self._start += self.is_closed
        if not first or self.is_closed:
            return None
        held = len(self._held) - self._start
        if held < self._wanted:
            return None
        end, depth = _find_end(self._held, self._start)
        if depth:
            self._wanted = 2 * held
            return None
        return bytes(self._held[self._start : end])

    def advance(self, size: int) -> None:
        """Be done with a value."""
        self._wanted = 0
        self.commas = 0
        self._advance(self._start + size)

    def rest(self) -> bytes:
        """Return what is held and was not returned."""
        return bytes(self._held[self._start :])

    def _advance(self, position: int) -> None:
        self.line += self._held.count(b"\n", self._start, position)
        self._start = position


def _split_values(text: ByteReader, line: int, *, in_array: bool) -> Iterator[JsonText | Problem]:
    """Return values in order; brackets are counted, so that a broken value ends where its brackets close."""
    values = _Values(line, in_array=in_array)
    index = 0
    for chunk in chain(text.chunks(), (b"",)):
        values.extend(chunk)
        while (value := values.next_value()) is not None:
            place = Place(text.name, values.line, f"[{index}]" if in_array else "")
            if in_array and values.commas != bool(index):
                yield Problem(place, ProblemKind.BROKEN, _wrong_commas(values.commas, index))
            yield JsonText(value, place)
            values.advance(len(value))
            index += 1
        if values.is_closed:
            break
    text.push_back(values.rest())
    place = Place(text.name, values.line, f"[{index}]" if in_array else "")
    if values.is_closed:
        if values.commas:
            yield Problem(place, ProblemKind.BROKEN, "a comma before the end of the array")
        yield from _expect_nothing(text, values.line)
    elif rest := text.chunk():
        yield JsonText(rest, place)  # cut short, or a number at the very end
    elif in_array:
        yield Problem(place, ProblemKind.BROKEN, "the array is not closed")


def _wrong_commas(found: int, index: int) -> str:
    if not found:
        return "no comma before this element of the array"
    return f"{found} commas before this element of the array" if index else "a comma before the first element"


def _expect_nothing(text: ByteReader, line: int) -> Iterator[Problem]:
    line += _skip_blank(text)
    if text.peek(1):
        yield Problem(Place(text.name, line), ProblemKind.BROKEN, "text after the end of the array")
