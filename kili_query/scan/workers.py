"""A large file of lines, shared by processes: each judges the lines of a piece; their verdicts are given in order.

The process that asks takes part, so that nothing waits while the others start. These are plain processes of their own,
that import this module and nothing of the caller's: neither do they run its main module again, nor inherit its threads.
"""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import NamedTuple

from kili_query.errors import SourceError
from kili_query.scan.places import Problem
from kili_query.scan.reader import ByteReader
from kili_query.scan.split import JsonText, line_texts
from kili_query.scan.verdicts import Judge, Match, Misses, Verdict
from kili_query.targets.closures import Matcher

__all__ = ["LinesReader", "serve"]

_PIECE_BYTES = 1024 * 1024
_AHEAD = 3  # pieces that a process has to do, so that it need not wait for the next
_WINDOW = 16  # pieces that may be done while an earlier one is not; it bounds the memory
_PROGRAM = "import sys; sys.path[:] = {path!r}; from kili_query.scan.workers import serve; serve({handle})"


class _Piece(NamedTuple):
    """The lines that begin in a part of a file."""

    path: str
    start: int
    end: int


class _Done(NamedTuple):
    """A piece that was judged.

    Attributes:
        verdicts: with places as if the piece were a file.
        lines: how many lines it has.
        failure: why the file could not be read.
    """

    verdicts: list[Verdict]
    lines: int
    failure: SourceError | None = None


class LinesReader:
    """Judges files of lines with processes that start when the first is read, and end when reading does.

    Args:
        matches: the compiled query.
        judge: the same, as this process uses it.
        at: the field of a label that holds its content.
        is_fast: whether msgspec may be used.
        workers: how many processes, this one included.
    """

    def __init__(self, matches: Matcher, judge: Judge, at: str, *, is_fast: bool, workers: int) -> None:
        self._setup = (matches, at, is_fast)
        self._judge = judge
        self._workers = workers

    def __call__(self, path: str, start: int, size: int, tally: Callable[[int], None], /) -> Iterator[Verdict]:
        """The verdicts on all lines, in order; see `kili_query.scan.sources.ReadLines`."""
        pieces = [_Piece(path, at, min(at + _PIECE_BYTES, size)) for at in range(start, size, _PIECE_BYTES)]
        tally(start)
        line = 1
        with ExitStack() as stack:
            others = [stack.enter_context(_Process(self._setup)) for _ in range(self._workers - 1)]
            for piece, done in zip(pieces, _in_order(pieces, self._judge, others), strict=True):
                for verdict in done.verdicts:
                    yield self._judge.decoded(_moved(verdict, line - 1))
                if done.failure is not None:
                    raise done.failure
                line += done.lines
                tally(piece.end - piece.start)
