"""A piece of a file of lines, and the verdicts on the lines that begin in it."""

import os
from collections.abc import Iterator, Sequence
from io import FileIO
from typing import NamedTuple

from kili_query.errors import SourceError
from kili_query.scanning.places import Place
from kili_query.scanning.reader import CHUNK_BYTES, ByteReader
from kili_query.scanning.split import JsonText, line_texts
from kili_query.scanning.verdicts import Judge, Misses, Undecoded

__all__ = ["Done", "Piece", "Span", "judge_piece", "open_again", "read_span", "without_texts"]

_REST_BYTES = 16 * 1024  # to read at a time, of a line that goes on beyond its piece


class Piece(NamedTuple):
    """The lines that begin in a part of a file."""

    path: str
    start: int
    end: int
    is_first: bool


class Span(NamedTuple):
    """The text of a label that matches, to be read again: that takes less than to send it.

    Attributes:
        place: where it stands, for people.
        start: where it begins in the file, in bytes.
        size: of the text, in bytes.
    """

    place: Place
    start: int
    size: int


class Done(NamedTuple):
    """A piece that was judged.

    Attributes:
        verdicts: with the places that they would have if the piece were a file.
        lines: how many lines it has.
        failure: why the file could not be read.
    """

    verdicts: Sequence[Undecoded | Span]
    lines: int
    failure: SourceError | None = None


def judge_piece(piece: Piece, judge: Judge) -> Done:
    """The verdicts on the lines of a piece."""
    text = _Text(piece)
    verdicts: list[Undecoded] = []
    failure = None
    try:
        verdicts.extend(_together(judge.undecoded(text.lines())))
    except OSError as error:
        failure = SourceError(f"{piece.path}: {error.strerror or error}")
    in_file = [one._replace(start=text.start + one.start) if isinstance(one, JsonText) else one for one in verdicts]
    return Done(in_file, text.n_lines, failure)


def _together(verdicts: Iterator[Undecoded]) -> Iterator[Undecoded]:
    """The same, but for misses in a row, of which one is made."""
    misses = 0
    for verdict in verdicts:
        if isinstance(verdict, Misses):
            misses += verdict.number
            continue
        if misses:
            yield Misses(misses)
            misses = 0
        yield verdict
    if misses:
        yield Misses(misses)


class _Text:
    """The lines that begin in a piece, the last of them to its end.

    Attributes:
        start: where the first of them begins in the file, in bytes.
        n_lines: how many there are, once all were read.
    """

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self.start = piece.start
        self.n_lines = 0

    def lines(self) -> Iterator[JsonText]:
        """Those that are not blank."""
        self.n_lines = yield from line_texts(ByteReader(self._piece.path, self._chunks()), 1)

    def _chunks(self) -> Iterator[bytes]:
        piece = self._piece
        with open(piece.path, "rb", buffering=0) as file:
            at = file.seek(piece.start - (not piece.is_first))
            is_inside = piece.is_first
            while chunk := file.read(min(CHUNK_BYTES, piece.end - at) if at < piece.end else _REST_BYTES):
                begin = 0
                if not is_inside:  # the line that goes on from the piece before is not of this one
                    begin = chunk.find(b"\n", 0, max(piece.end - 1 - at, 0)) + 1
                    is_inside = begin > 0
                    self.start = at + begin
                is_past = at + len(chunk) >= piece.end
                end = chunk.find(b"\n", max(piece.end - 1 - at, 0)) + 1 if is_past else 0
                at += len(chunk)
                if is_inside:
                    yield chunk[begin:end] if end else chunk[begin:]
                if end or (is_past and not is_inside):
                    return


def without_texts(done: Done) -> Done:
    """The same, to be sent to another process."""
    return done._replace(
        verdicts=[
            Span(verdict.place, verdict.start, len(verdict.data)) if isinstance(verdict, JsonText) else verdict
            for verdict in done.verdicts
        ]
    )


def open_again(path: str) -> FileIO:
    """The file, for `read_span`.

    Raises:
        SourceError: it is there no more.
    """
    try:
        return open(path, "rb", buffering=0)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}") from error


def read_span(span: Span, file: FileIO) -> JsonText:
    """The text as it stands in the file.

    Raises:
        SourceError: it cannot be read any more.
    """
    try:
        data = os.pread(file.fileno(), span.size, span.start)
    except OSError as error:
        raise SourceError(f"{file.name}: {error.strerror or error}") from error
    if len(data) < span.size:
        raise SourceError(f"{file.name}: it became shorter while it was read")
    return JsonText(data, span.place)
