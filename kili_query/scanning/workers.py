"""A large file of lines, shared by processes: each judges the lines of a piece; their verdicts are given in order.

The process that asks takes part, so that nothing waits while the others start. These are plain processes of their own,
that import this module and nothing of the caller's: neither do they run its main module again, nor inherit its threads.
"""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import NamedTuple, Self

from kili_query.errors import SourceError
from kili_query.scanning.places import Place, Problem
from kili_query.scanning.reader import CHUNK_BYTES, ByteReader
from kili_query.scanning.split import JsonText, line_texts
from kili_query.scanning.verdicts import Judge, Misses, Undecoded, Verdict
from kili_query.targets.closures import Matcher

__all__ = ["LinesReader", "serve"]

_PIECE_BYTES = 1024 * 1024
_AHEAD = 3  # pieces that a process has to do, so that it need not wait for the next
_WINDOW = 16  # pieces that may be done while an earlier one is not; it bounds the memory
_PROGRAM = "import sys; sys.path[:] = {path!r}; from kili_query.scanning.workers import serve; serve({handle})"


class _Piece(NamedTuple):
    """The lines that begin in a part of a file."""

    path: str
    start: int
    end: int
    is_first: bool


class _Done(NamedTuple):
    """A piece that was judged.

    Attributes:
        verdicts: with the places that they would have if the piece were a file.
        lines: how many lines it has.
        failure: why the file could not be read.
    """

    verdicts: list[Undecoded]
    lines: int
    failure: SourceError | None = None


class LinesReader:
    """Judges files of lines, by processes that start when a file is begun, and end with it.

    Args:
        matches: the compiled query.
        at: the field of a label that holds its content.
        is_fast: whether msgspec may be used.
        workers: how many processes, this one included.
    """

    def __init__(self, matches: Matcher, at: str, *, is_fast: bool, workers: int) -> None:
        self._setup = (matches, at, is_fast)
        self._judge = Judge(matches, at, is_fast=is_fast)
        self._others = workers - 1 if os.name == "posix" and sys.executable else 0

    def __call__(self, path: str, start: int, end: int, tally: Callable[[int], None], /) -> Generator[Verdict]:
        """The verdicts on all lines, in order; see `kili_query.scanning.sources.ReadLines`."""
        starts = range(start, end, _PIECE_BYTES)
        line = 1
        with ExitStack() as stack:
            others = [stack.enter_context(_Process(self._setup)) for _ in range(min(self._others, len(starts) - 1))]
            pieces = (_Piece(path, at, min(at + _PIECE_BYTES, end), at == start) for at in starts)
            tally(start)
            for piece, done in _in_order(pieces, self._judge, others):
                for verdict in done.verdicts:
                    yield self._judge.decoded(_moved(verdict, line - 1))
                if done.failure is not None:
                    raise done.failure
                line += done.lines
                tally(piece.end - piece.start)


def _moved(verdict: Undecoded, lines: int) -> Undecoded:
    """The verdict with its place that many lines further on."""
    match verdict:
        case Problem(place=place):
            return verdict._replace(place=_further(place, lines))
        case JsonText(place=place):
            return verdict._replace(place=_further(place, lines))
        case _:
            return verdict


def _further(place: Place, lines: int) -> Place:
    return place._replace(line=(place.line or 0) + lines)


def _in_order(pieces: Iterator[_Piece], judge: Judge, others: Sequence["_Process"]) -> Iterator[tuple[_Piece, _Done]]:
    """The pieces, judged by whoever has nothing else to do."""
    begun: deque[_Piece] = deque()
    left: deque[_Piece] = deque()  # by a process that ended early
    done: dict[_Piece, _Done] = {}

    def take() -> _Piece | None:
        if left:
            return left.popleft()
        piece = next(pieces, None) if len(begun) < _WINDOW else None
        if piece is not None:
            begun.append(piece)
        return piece

    while True:
        for other in others:
            done.update(other.receive())
            left.extend(other.take_back())
            while other.is_idle and (piece := take()) is not None:
                other.send(piece)
        if begun and begun[0] in done:
            head = begun.popleft()
            yield head, done.pop(head)
        elif (piece := take()) is not None:
            done[piece] = _judge_piece(piece, judge)
        elif begun:
            wait([other.connection for other in others if other.has_work])
        else:
            return


class _Process:
    """Another process that judges pieces; a context manager, in which it runs."""

    def __init__(self, setup: tuple[Matcher, str, bool]) -> None:
        self.connection, theirs = Pipe()
        program = _PROGRAM.format(path=sys.path, handle=theirs.fileno())
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - a program of ours
                [sys.executable, "-c", program],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # so that Ctrl-C comes to this process alone, which then ends the other
            )
        self._pending: deque[_Piece] = deque()
        self._is_up = False
        self._is_down = False
        self._try(lambda: self.connection.send(setup))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()
        self._process.kill()
        self._process.wait()

    @property
    def is_idle(self) -> bool:
        """Whether it should be given more to do."""
        return self._is_up and not self._is_down and len(self._pending) < _AHEAD

    @property
    def has_work(self) -> bool:
        """Whether something will come from it."""
        return bool(self._pending) and not self._is_down

    def send(self, piece: _Piece) -> None:
        """Have it judge a piece."""
        self._pending.append(piece)
        self._try(lambda: self.connection.send(piece))

    def receive(self) -> Iterator[tuple[_Piece, _Done]]:
        """What it has judged by now."""
        while not self._is_down and self._try(self.connection.poll):
            given = self._try(self.connection.recv)
            if isinstance(given, _Done):
                yield self._pending.popleft(), given
            self._is_up = True

    def take_back(self) -> Iterator[_Piece]:
        """What it will never judge, for it ended early."""
        while self._is_down and self._pending:
            yield self._pending.popleft()

    def _try(self, do: Callable[[], object]) -> object:
        try:
            return do()
        except (OSError, EOFError):
            self._is_down = True
            return None


def _judge_piece(piece: _Piece, judge: Judge) -> _Done:
    verdicts: list[Undecoded] = []
    lines = misses = 0

    def counted(chunks: Iterator[bytes]) -> Iterator[bytes]:
        nonlocal lines
        for chunk in chunks:
            lines += chunk.count(b"\n")
            yield chunk

    failure = None
    try:
        for verdict in judge.undecoded(line_texts(ByteReader(piece.path, counted(_chunks(piece))), 1)):
            if isinstance(verdict, Misses):
                misses += verdict.number
                continue
            if misses:
                verdicts.append(Misses(misses))
                misses = 0
            verdicts.append(verdict)
    except OSError as error:
        failure = SourceError(f"{piece.path}: {error.strerror or error}")
    if misses:
        verdicts.append(Misses(misses))
    return _Done(verdicts, lines, failure)


def _chunks(piece: _Piece) -> Iterator[bytes]:
    """The lines that begin in a piece, the last of them to its end."""
    with open(piece.path, "rb", buffering=0) as file:
        at = file.seek(piece.start - (not piece.is_first))
        is_inside = piece.is_first
        while chunk := file.read(CHUNK_BYTES):
            begin = 0
            if not is_inside:  # the line that goes on from the piece before is not of this one
                begin = chunk.find(b"\n", 0, max(piece.end - 1 - at, 0)) + 1
                is_inside = begin > 0
            is_past = at + len(chunk) >= piece.end
            end = chunk.find(b"\n", max(piece.end - 1 - at, 0)) + 1 if is_past else 0
            at += len(chunk)
            if is_inside:
                yield chunk[begin:end] if end else chunk[begin:]
            if end or (is_past and not is_inside):
                return


def serve(handle: int) -> None:
    """Judge pieces for another process, until it goes away."""
    with Connection(handle) as connection:
        try:
            matches, at, is_fast = connection.recv()
            judge = Judge(matches, at, is_fast=is_fast)
            connection.send(None)  # ready
            while True:
                connection.send(_judge_piece(connection.recv(), judge))
        except (EOFError, OSError):
            return
