"""Share a large file of lines among processes: each judges the lines of a chunk, and judgements come in order.

The calling process takes part, so nothing waits while the others start. Those are new interpreters, which import this
module and nothing of the caller's: a fork would copy locks that other threads hold.
"""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import NamedTuple, Self

from kili_query.errors import SourceError
from kili_query.places import Problem
from kili_query.scanning.byte_reader import CHUNK_BYTES, ByteReader
from kili_query.scanning.judging import Judge, Judged, Judgement, Misses, Undecoded
from kili_query.scanning.objects import Engine
from kili_query.scanning.split import JsonText, line_texts

_FILE_CHUNK_BYTES = 1024 * 1024
_AHEAD = 3  # chunks that a process has to do, so that it need not wait for the next
_WINDOW = 16  # chunks that may be done while an earlier one is not; it bounds the memory
_PROGRAM = "import sys; sys.path[:] = {path!r}; from kili_query.scanning.workers import serve; serve({handle})"


class FileChunk(NamedTuple):
    """The lines that begin in a part of a file."""

    path: str
    start: int
    end: int
    is_first: bool


class Done(NamedTuple):
    """A chunk that was judged.

    Attributes:
        judgements: with the places that they would have if the chunk were a file.
        lines: how many lines it has.
        failure: why the file could not be read.
    """

    judgements: Sequence[Undecoded[bool]]
    lines: int
    failure: SourceError | None = None


class LinesReader:
    """Judges files of lines in processes that start when a file is begun, and end with it.

    Args:
        engine: the compiled query.
        at: the field of a label that holds its content.
        workers: how many processes, this one included.
    """

    def __init__(self, engine: Engine, at: str, *, workers: int) -> None:
        self._setup = (engine, at)
        self._judge = Judge.of_query(engine, at)
        self._others = workers - 1 if os.name == "posix" and sys.executable else 0

    def __call__(self, path: str, start: int, end: int, tally: Callable[[int], None], /) -> Generator[Judgement[bool]]:
        """Judge all lines, in order; see `kili_query.scanning.sources.ReadLines`."""
        starts = range(start, end, _FILE_CHUNK_BYTES)
        chunks = deque(FileChunk(path, at, min(at + _FILE_CHUNK_BYTES, end), at == start) for at in starts)
        lines = 0
        with ExitStack() as stack:
            others = [
                stack.enter_context(_Process(self._setup, self._judge))
                for _ in range(min(self._others, len(chunks) - 1))
            ]
            tally(start)
            for chunk, done in _in_order(chunks, self._judge, others):
                for found in done.judgements:
                    yield self._judge.decoded(_moved(found, lines))
                if done.failure is not None:
                    raise done.failure
                lines += done.lines
                tally(chunk.end - chunk.start)


def _moved(found: Undecoded[bool], lines: int) -> Undecoded[bool]:
    """Move the place of a judgement that many lines further on."""
    if not isinstance(found, Problem | JsonText):
        return found
    return found._replace(place=found.place._replace(line=(found.place.line or 0) + lines))


def _in_order(
    chunks: deque[FileChunk], judge: Judge[bool], others: Sequence["_Process"]
) -> Iterator[tuple[FileChunk, Done]]:
    """Give each chunk to a process that is idle, and return them in order."""
    begun: deque[FileChunk] = deque()
    done: dict[FileChunk, Done] = {}

    def take() -> FileChunk | None:
        if not chunks or len(begun) == _WINDOW:
            return None
        begun.append(chunks.popleft())
        return begun[-1]

    while chunks or begun:
        for other in others:
            done.update(other.receive())
            while other.is_idle and (chunk := take()) is not None:
                other.send(chunk)
        if begun and begun[0] in done:
            head = begun.popleft()
            yield head, done.pop(head)
        elif (chunk := take()) is not None:
            done[chunk] = judge_chunk(chunk, judge)
        else:
            wait([other.connection for other in others if other.pending])


class _Process:
    """Another process that judges chunks; a context manager, in which it runs.

    Attributes:
        pending: the chunks that it has not judged yet.
    """

    def __init__(self, setup: tuple[Engine, str], judge: Judge[bool]) -> None:
        self.connection, theirs = Pipe()
        with theirs:
            program = _PROGRAM.format(path=sys.path, handle=theirs.fileno())
            self._process = subprocess.Popen(  # noqa: S603 - a program of ours
                [sys.executable, "-c", program],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # so that Ctrl-C comes to this process alone, which then ends the other
            )
        self.pending: deque[FileChunk] = deque()
        self._judge = judge
        self._is_running = False
        self._send(setup)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()
        self._process.kill()
        self._process.wait()

    @property
    def is_idle(self) -> bool:
        """Whether it should get more to do."""
        return self._is_running and len(self.pending) < _AHEAD

    def send(self, chunk: FileChunk) -> None:
        """Have it judge a chunk."""
        self.pending.append(chunk)
        self._send(chunk)

    def _send(self, message: object) -> None:
        with suppress(OSError):  # it has ended, which `receive` notices
            self.connection.send(message)

    def receive(self) -> Iterator[tuple[FileChunk, Done]]:
        """Return what it has judged by now; what it left when it ended early is judged here."""
        try:
            while self.connection.poll():
                received = self.connection.recv()
                self._is_running = True
                if received is not None:
                    yield self.pending.popleft(), received
        except (OSError, EOFError):
            self._is_running = False
            while self.pending:
                chunk = self.pending.popleft()
                yield chunk, judge_chunk(chunk, self._judge)


def serve(handle: int) -> None:
    """Judge chunks for another process, which first sends the query, until it goes away."""
    with Connection(handle) as connection, suppress(EOFError, OSError):
        judge = Judge.of_query(*connection.recv())
        connection.send(None)  # ready
        while True:
            connection.send(judge_chunk(connection.recv(), judge))


def judge_chunk(chunk: FileChunk, judge: Judge[bool]) -> Done:
    """Judge the lines of a chunk."""
    lines = 0

    def texts() -> Iterator[JsonText]:
        nonlocal lines
        lines = yield from line_texts(ByteReader(chunk.path, _lines_of(chunk)), 1)

    found: list[Undecoded[bool]] = []
    try:
        found.extend(_together(judge.undecoded(texts())))
    except OSError as error:
        return Done(found, lines, SourceError.of(chunk.path, error))
    return Done(found, lines)


def _lines_of(chunk: FileChunk) -> Iterator[bytes]:
    """Read the lines that begin in a chunk, the last of them to its end, in pieces."""
    with open(chunk.path, "rb") as file:
        start = file.seek(chunk.start)
        if not chunk.is_first:  # the line that goes on from the chunk before is not of this one
            start = file.seek(start - 1)
            start += len(file.readline(chunk.end - start))
        piece = b"\n"
        for at in range(start, chunk.end, CHUNK_BYTES):
            piece = file.read(min(CHUNK_BYTES, chunk.end - at))
            yield piece
        if not piece.endswith(b"\n"):
            yield file.readline()


def _together(judgements: Iterator[Undecoded[bool]]) -> Iterator[Undecoded[bool]]:
    """Join misses in a row."""
    misses = 0
    for one in judgements:
        if isinstance(one, Misses):
            misses += one.number
        elif isinstance(one, Judged) and not one.verdict:
            misses += 1
        else:
            if misses:
                yield Misses(misses)
                misses = 0
            yield one
    if misses:
        yield Misses(misses)
