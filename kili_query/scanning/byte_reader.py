"""Bytes from anywhere, in chunks, with the look ahead that telling formats apart needs."""

from collections.abc import Callable, Iterator
from io import SEEK_CUR, BufferedReader
from typing import Protocol

from kili_query.errors import SourceError

CHUNK_BYTES = 256 * 1024


class ReadableFile(Protocol):
    """A file object, binary or text."""

    def read(self, size: int, /) -> bytes | str | None:
        """Return at most ``size`` bytes or characters, and nothing at the end."""


class ByteReader:
    """Chunks of bytes with a push-back.

    Attributes:
        name: of the file or stream, for messages.
    """

    def __init__(self, name: str, chunks: Iterator[bytes], seek: Callable[[int], None] | None = None) -> None:
        self.name = name
        self._chunks = chunks
        self._seek = seek
        self._ahead = b""
        self._position = 0  # where in `_ahead` reading stands

    def chunk(self) -> bytes:
        """Return whatever comes next; empty only at the end."""
        self._fill()
        rest = self._ahead[self._position :] if self._position else self._ahead
        self._ahead, self._position = b"", 0
        return rest

    def chunks(self) -> Iterator[bytes]:
        """Return everything that is left."""
        while chunk := self.chunk():
            yield chunk

    def push_back(self, data: bytes) -> None:
        """Put bytes in front of what comes next."""
        self._ahead, self._position = data + self._ahead[self._position :], 0

    def take(self, size: int) -> bytes:
        """Return exactly ``size`` bytes, fewer only at the end."""
        pieces = []
        while size > 0 and self._fill():
            piece = self._ahead[self._position : self._position + size]
            self._position += len(piece)
            size -= len(piece)
            pieces.append(piece)
        return b"".join(pieces)

    def peek(self, size: int) -> bytes:
        """Return what ``take`` would return, without taking it."""
        data = self.take(size)
        if self._position >= len(data):
            self._position -= len(data)
        else:
            self.push_back(data)
        return data

    def skip(self, size: int) -> None:
        """Leave out ``size`` bytes, without reading them where the file can seek."""
        inside = min(size, len(self._ahead) - self._position)
        self._position += inside
        size -= inside
        if self._seek is not None and size:
            self._seek(size)
            return
        while size and (piece := self.take(min(size, CHUNK_BYTES))):
            size -= len(piece)

    def _fill(self) -> bool:
        """Have something ahead, unless this is the end."""
        while self._position == len(self._ahead):
            try:
                self._ahead, self._position = next(self._chunks), 0
            except StopIteration:
                return False
        return True

    def fault(self, what: str) -> SourceError:
        """Return the error to raise when the bytes cannot be read any further; ``what`` begins with a verb."""
        return SourceError(f"`{self.name}` {what}")


def file_reader(name: str, file: ReadableFile, tally: Callable[[int], None]) -> ByteReader:
    """Read an open file from where it stands.

    Args:
        name: for messages.
        file: binary, or text, which is read as its UTF-8 bytes.
        tally: told the size of each piece that is read or left out, in bytes.
    """
    return ByteReader(name, _chunks_of(name, file, tally), _seek_in(file, tally))


def _seek_in(file: ReadableFile, tally: Callable[[int], None]) -> Callable[[int], None] | None:
    if not isinstance(file, BufferedReader) or not file.seekable():  # others may count, or claim, otherwise
        return None

    def seek(size: int) -> None:
        file.seek(size, SEEK_CUR)
        tally(size)

    return seek


def _chunks_of(name: str, file: ReadableFile, tally: Callable[[int], None]) -> Iterator[bytes]:
    # `read1` hands over what a pipe holds by now, where `read` would wait for a full chunk
    read: Callable[[int], bytes | str | None] = getattr(file, "read1", file.read)
    while True:
        try:
            data = read(CHUNK_BYTES)
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise SourceError.of(name, error) from error
        if not data:
            return
        # a lone surrogate becomes invalid UTF-8, and is reported where it stands
        chunk = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        tally(len(chunk))
        yield chunk
