"""Zip archives, read front to back.

The standard library needs the directory at a zip's end, hence the whole file, and keeps an object for each entry. The
headers between the entries say as much: so a pipe can be read, a truncated archive gives its good part, and memory does
not grow with the number of entries.
"""

import struct
import zlib
from collections.abc import Callable, Iterator

from attrs import frozen

from kili_query.scanning.byte_reader import CHUNK_BYTES, ByteReader
from kili_query.scanning.decompression import DEFLATE, inflate

_ENTRY, _DIRECTORY, _END, _DESCRIPTOR = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x07\x08"
_HEADER = struct.Struct("<2xHH4xLLLHH")  # what stands between an entry's signature and its name
_MAX_COMMENT_BYTES = 0xFFFF + 22
_STORED, _DEFLATED = 0, 8
_IN_WIDE_FIELD = 0xFFFFFFFF
_CUT = "is truncated: the archive ends early"


@frozen
class _Header:
    name: str
    is_encrypted: bool
    is_size_later: bool  # sizes and checksum follow the data
    method: int
    checksum: int
    size_bytes: int  # of the data as it stands in the archive


def zip_entries(reader: ByteReader, is_wanted: Callable[[str], bool]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Return the names and data of the wanted entries, in the order of the archive.

    The data of an entry must be read before the next entry is asked for; what was not read is passed over.

    Raises:
        SourceError: the archive is truncated, damaged or encrypted; the entries before have been given.
    """
    while (signature := reader.take(4)) == _ENTRY:
        header = _read_header(reader)
        if is_wanted(header.name):
            data = _data(reader, header)
            yield header.name, data
            for _ in data:
                pass
        elif header.is_size_later:
            for _ in _data(reader, header):
                pass
        else:
            reader.skip(header.size_bytes)
    if len(signature) < 4:
        raise reader.fault(_CUT)
    if signature not in (_DIRECTORY, _END, b"PK\x06\x06"):
        raise reader.fault("is damaged: no entry starts where one should")
    _expect_end(reader, signature)


def _expect_end(reader: ByteReader, tail: bytes) -> None:
    for chunk in reader.chunks():
        tail = (tail + chunk)[-_MAX_COMMENT_BYTES:]
    if _END not in tail:
        raise reader.fault("is truncated: its directory ends early")


def _read_header(reader: ByteReader) -> _Header:
    raw = _take(reader, _HEADER.size)
    flags, method, checksum, size_bytes, full_bytes, name_bytes, extra_bytes = _HEADER.unpack(raw)
    name = _take(reader, name_bytes).decode("utf-8" if flags & 0x800 else "cp437", "replace")
    extra = _take(reader, extra_bytes)
    if size_bytes == _IN_WIDE_FIELD:
        size_bytes = _wide_size(extra, skip_bytes=8 if full_bytes == _IN_WIDE_FIELD else 0, default=size_bytes)
    return _Header(name, bool(flags & 1), bool(flags & 8), method, checksum, size_bytes)


def _wide_size(extra: bytes, *, skip_bytes: int, default: int) -> int:
    """Return the size in the archive from the field of large archives (id 1), where it follows the full size."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        if kind == 1 and length >= skip_bytes + 8:
            return int.from_bytes(extra[4 + skip_bytes : 12 + skip_bytes], "little")
        extra = extra[4 + length :]
    return default


def _take(reader: ByteReader, size: int) -> bytes:
    data = reader.take(size)
    if len(data) < size:
        raise reader.fault(_CUT)
    return data


def _data(reader: ByteReader, header: _Header) -> Iterator[bytes]:
    checksum = full_bytes = 0
    for piece in _raw_data(reader, header):
        checksum = zlib.crc32(piece, checksum)
        full_bytes += len(piece)
        yield piece
    expected = _take_descriptor(reader, checksum, full_bytes) if header.is_size_later else header.checksum
    if checksum != expected:
        raise reader.fault(f"is damaged: the checksum of `{header.name}` is wrong")


def _raw_data(reader: ByteReader, header: _Header) -> Iterator[bytes]:
    if header.is_encrypted:
        raise reader.fault(f"holds `{header.name}` encrypted: unpack it first")
    if header.method == _DEFLATED and header.is_size_later:
        yield from inflate(reader, DEFLATE)
    elif header.method == _DEFLATED:
        yield from inflate(ByteReader(reader.name, _stored(reader, header.size_bytes)), DEFLATE)
    elif header.method == _STORED and not header.is_size_later:
        yield from _stored(reader, header.size_bytes)
    else:
        how = "without its size" if header.method == _STORED else f"by method {header.method}"
        raise reader.fault(f"holds `{header.name}` {how}, which cannot be read as a stream: unpack it first")


def _stored(reader: ByteReader, size: int) -> Iterator[bytes]:
    while size > 0:
        piece = reader.take(min(size, CHUNK_BYTES))
        if not piece:
            raise reader.fault(_CUT)
        size -= len(piece)
        yield piece


def _take_descriptor(reader: ByteReader, checksum: int, full_bytes: int) -> int:
    """Pass over the fields behind an entry whose size was not known before.

    Their signature is optional and their sizes are narrow or wide, which only the values themselves show.
    """
    ahead = reader.peek(24)
    for signature in (_DESCRIPTOR, b""):
        for width, pattern in ((8, "<LQQ"), (4, "<LLL")):
            size = len(signature) + 4 + 2 * width
            if len(ahead) < size or not ahead.startswith(signature):
                continue
            found, _, found_bytes = struct.unpack_from(pattern, ahead, len(signature))
            if (found, found_bytes) == (checksum, full_bytes):
                reader.take(size)
                return checksum
    raise reader.fault("is truncated or damaged: an entry does not end as it should")
