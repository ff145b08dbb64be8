"""A large file of lines, shared by processes: each judges the lines of a piece; their verdicts are given in order.

The process that asks takes part, so that nothing waits while the others start. Where it has no other threads these are
copies of it. Elsewhere they are plain processes of their own, that import this module and nothing of the caller's.
"""

import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Self

from kili_query.scanning.pieces import Done, Piece, Span, judge_piece, open_again, read_span, without_texts
from kili_query.scanning.places import Place, Problem
from kili_query.scanning.processes import Fork, Running, can_fork, run_program
from kili_query.scanning.split import JsonText
from kili_query.scanning.verdicts import Judge, Undecoded, Verdict
from kili_query.targets.closures import Matcher

__all__ = ["LinesReader", "serve"]

_PIECE_BYTES = 1024 * 1024
_AHEAD = 3  # pieces that a process has to do, so that it need not wait for the next
_WINDOW = 16  # pieces that may be done while an earlier one is not; it bounds the memory
_PROGRAM = "import sys; sys.path[:] = {path!r}; from kili_query.scanning.workers import serve; serve({handle})"


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
            file = stack.enter_context(open_again(path))
            others = [stack.enter_context(self._start()) for _ in range(min(self._others, len(starts) - 1))]
            pieces = (Piece(path, at, min(at + _PIECE_BYTES, end), at == start) for at in starts)
            tally(start)
            for piece, done in _in_order(pieces, self._judge, others):
                for verdict in done.verdicts:
                    found = read_span(verdict, file) if isinstance(verdict, Span) else verdict
                    yield self._judge.decoded(_moved(found, line - 1))
                if done.failure is not None:
                    raise done.failure
                line += done.lines
                tally(piece.end - piece.start)

    def _start(self) -> "_Process":
        connection, theirs = Pipe()
        with theirs:
            if can_fork():
                return _Process(connection, Fork(lambda: _serve(theirs, self._judge), theirs.fileno()))
            program = _PROGRAM.format(path=sys.path, handle=theirs.fileno())
            process = _Process(connection, run_program(program, theirs.fileno()))
        process.set_up(self._setup)
        return process


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


def _in_order(pieces: Iterator[Piece], judge: Judge, others: Sequence["_Process"]) -> Iterator[tuple[Piece, Done]]:
    """The pieces, judged by whoever has nothing else to do."""
    begun: deque[Piece] = deque()
    left: deque[Piece] = deque()  # by a process that ended early
    done: dict[Piece, Done] = {}

    def take() -> Piece | None:
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
            done[piece] = judge_piece(piece, judge)
        elif begun:
            wait([other.connection for other in others if other.has_work])
        else:
            return


class _Process:
    """Another process that judges pieces; a context manager, in which it runs."""

    def __init__(self, connection: Connection, process: Running) -> None:
        self.connection = connection
        self._process = process
        self._pending: deque[Piece] = deque()
        self._is_up = False
        self._is_down = False

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

    def set_up(self, setup: tuple[Matcher, str, bool]) -> None:
        """Tell it how to judge."""
        self._try(lambda: self.connection.send(setup))

    def send(self, piece: Piece) -> None:
        """Have it judge a piece."""
        self._pending.append(piece)
        self._try(lambda: self.connection.send(piece))

    def receive(self) -> Iterator[tuple[Piece, Done]]:
        """What it has judged by now."""
        while not self._is_down and self._try(self.connection.poll):
            given = self._try(self.connection.recv)
            if isinstance(given, Done):
                yield self._pending.popleft(), given
            self._is_up = True

    def take_back(self) -> Iterator[Piece]:
        """What it will never judge, for it ended early."""
        while self._is_down and self._pending:
            yield self._pending.popleft()

    def _try(self, do: Callable[[], object]) -> object:
        try:
            return do()
        except (OSError, EOFError):
            self._is_down = True
            return None


def serve(handle: int) -> None:
    """Judge pieces for another process, until it goes away; it first tells how to."""
    with Connection(handle) as connection:
        try:
            matches, at, is_fast = connection.recv()
        except (EOFError, OSError):
            return
        _serve(connection, Judge(matches, at, is_fast=is_fast))


def _serve(connection: Connection, judge: Judge) -> None:
    try:
        connection.send(None)  # ready
        while True:
            connection.send(without_texts(judge_piece(connection.recv(), judge)))
    except (EOFError, OSError):
        return
