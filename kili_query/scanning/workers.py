"""A large file of lines, split across processes: each judges the lines of a chunk; judgements come in order.

The process that asks takes part, so nothing waits while the others start. Those are new interpreters, which import this
module and nothing of the caller's: a fork would copy locks that other threads hold.
"""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from io import FileIO
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import NamedTuple, Self, TypeAlias

from kili_query.errors import SourceError
from kili_query.scanning.judging import Engine, Judge, Judged, Judgement, Misses, Undecoded
from kili_query.scanning.places import Place, Problem
from kili_query.scanning.reader import CHUNK_BYTES, ByteReader
from kili_query.scanning.split import JsonText, line_texts

_FILE_CHUNK_BYTES = 1024 * 1024
_REST_BYTES = 16 * 1024  # to read at a time, of a line that goes on beyond its chunk
_AHEAD = 3  # chunks that a process has to do, so that it need not wait for the next
_WINDOW = 16  # chunks that may be done while an earlier one is not; it bounds the memory
_PROGRAM = "import sys; sys.path[:] = {path!r}; from kili_query.scanning.workers import serve; serve({handle})"


class FileChunk(NamedTuple):
    """The lines that begin in a part of a file."""

    path: str
    start: int
    end: int
    is_first: bool


class ByteRange(NamedTuple):
    """Where the text of a matching label stands, so that it is read again, which is cheaper than sending it.

    Attributes:
        place: where it stands, for people.
        start: where it begins in the file, in bytes.
        size: of the text, in bytes.
    """

    place: Place
    start: int
    size: int


Found: TypeAlias = Undecoded[bool] | ByteRange


class Done(NamedTuple):
    """A chunk that was judged.

    Attributes:
        judgements: with the places that they would have if the chunk were a file.
        lines: how many lines it has.
        failure: why the file could not be read.
    """

    judgements: Sequence[Found]
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
        lines = 0
        with ExitStack() as stack:
            file = stack.enter_context(open_again(path))
            others = [stack.enter_context(_Process(self._setup)) for _ in range(min(self._others, len(starts) - 1))]
            chunks = (FileChunk(path, at, min(at + _FILE_CHUNK_BYTES, end), at == start) for at in starts)
            tally(start)
            for chunk, done in _in_order(chunks, self._judge, others):
                for found in done.judgements:
                    judgement = read_range(found, file) if isinstance(found, ByteRange) else found
                    yield self._judge.decoded(_moved(judgement, lines))
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
    chunks: Iterator[FileChunk], judge: Judge[bool], others: Sequence["_Process"]
) -> Iterator[tuple[FileChunk, Done]]:
    """Give each chunk to whoever is idle, and return them in order."""
    begun: deque[FileChunk] = deque()
    left: deque[FileChunk] = deque()  # by a process that ended early
    done: dict[FileChunk, Done] = {}

    def take() -> FileChunk | None:
        if left:
            return left.popleft()
        chunk = next(chunks, None) if len(begun) < _WINDOW else None
        if chunk is not None:
            begun.append(chunk)
        return chunk

    while True:
        for other in others:
            done.update(other.receive())
            left.extend(other.take_back())
            while other.is_idle and (chunk := take()) is not None:
                other.send(chunk)
        if begun and begun[0] in done:
            head = begun.popleft()
            yield head, done.pop(head)
        elif (chunk := take()) is not None:
            done[chunk] = judge_chunk(chunk, judge)
        elif begun:
            wait([other.connection for other in others if other.has_work])
        else:
            return


class _Process:
    """Another process that judges chunks; a context manager, in which it runs."""

    def __init__(self, setup: tuple[Engine, str]) -> None:
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
        self._pending: deque[FileChunk] = deque()
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
        """Whether it should get more to do."""
        return self._is_up and not self._is_down and len(self._pending) < _AHEAD

    @property
    def has_work(self) -> bool:
        """Whether something will come from it."""
        return bool(self._pending) and not self._is_down

    def send(self, chunk: FileChunk) -> None:
        """Have it judge a chunk."""
        self._pending.append(chunk)
        self._try(lambda: self.connection.send(chunk))

    def receive(self) -> Iterator[tuple[FileChunk, Done]]:
        """Return what it has judged by now."""
        while not self._is_down and self._try(self.connection.poll):
            received = self._try(self.connection.recv)
            if isinstance(received, Done):
                yield self._pending.popleft(), received
            self._is_up = True

    def take_back(self) -> Iterator[FileChunk]:
        """Return what it will never judge, because it ended early."""
        while self._is_down and self._pending:
            yield self._pending.popleft()

    def _try(self, do: Callable[[], object]) -> object:
        try:
            return do()
        except (OSError, EOFError):
            self._is_down = True
            return None


def serve(handle: int) -> None:
    """Judge chunks for another process, which first sends the query, until it goes away."""
    with Connection(handle) as connection:
        try:
            judge = Judge.of_query(*connection.recv())
            connection.send(None)  # ready
            while True:
                connection.send(without_texts(judge_chunk(connection.recv(), judge)))
        except (EOFError, OSError):
            return


def judge_chunk(chunk: FileChunk, judge: Judge[bool]) -> Done:
    """Judge the lines of a chunk."""
    text = _Text(chunk)
    found: list[Found] = []
    failure = None
    try:
        found.extend(_together(judge.undecoded(text.lines())))
    except OSError as error:
        failure = SourceError(f"{chunk.path}: {error.strerror or error}")
    in_file = [one._replace(start=text.start + one.start) if isinstance(one, JsonText) else one for one in found]
    return Done(in_file, text.n_lines, failure)


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


class _Text:
    """The lines that begin in a chunk, the last of them to its end.

    Attributes:
        start: where the first of them begins in the file, in bytes.
        n_lines: how many there are, once all were read.
    """

    def __init__(self, chunk: FileChunk) -> None:
        self._chunk = chunk
        self.start = chunk.start
        self.n_lines = 0

    def lines(self) -> Iterator[JsonText]:
        """Return those that are not blank."""
        self.n_lines = yield from line_texts(ByteReader(self._chunk.path, self._bytes()), 1)

    def _bytes(self) -> Iterator[bytes]:
        chunk = self._chunk
        with open(chunk.path, "rb", buffering=0) as file:
            at = file.seek(chunk.start - (not chunk.is_first))
            is_inside = chunk.is_first
            while data := file.read(min(CHUNK_BYTES, chunk.end - at) if at < chunk.end else _REST_BYTES):
                begin = 0
                if not is_inside:  # the line that goes on from the chunk before is not of this one
                    begin = data.find(b"\n", 0, max(chunk.end - 1 - at, 0)) + 1
                    is_inside = begin > 0
                    self.start = at + begin
                is_past = at + len(data) >= chunk.end
                end = data.find(b"\n", max(chunk.end - 1 - at, 0)) + 1 if is_past else 0
                at += len(data)
                if is_inside:
                    yield data[begin:end] if end else data[begin:]
                if end or (is_past and not is_inside):
                    return


def without_texts(done: Done) -> Done:
    """Replace texts by their byte ranges, to be sent to another process."""
    return done._replace(
        judgements=[
            ByteRange(one.place, one.start, len(one.data)) if isinstance(one, JsonText) else one
            for one in done.judgements
        ]
    )


def open_again(path: str) -> FileIO:
    """Open the file for `read_range`.

    Raises:
        SourceError: it no longer exists.
    """
    try:
        return open(path, "rb", buffering=0)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}") from error


def read_range(found: ByteRange, file: FileIO) -> JsonText:
    """Read the text as it stands in the file.

    Raises:
        SourceError: it can no longer be read.
    """
    try:
        data = os.pread(file.fileno(), found.size, found.start)
    except OSError as error:
        raise SourceError(f"{file.name}: {error.strerror or error}") from error
    if len(data) < found.size:
        raise SourceError(f"{file.name}: it became shorter while it was read")
    return JsonText(data, found.place)
