"""From the bytes of a file to the text in it: detects formats by their first bytes, decompresses gzip and zstd."""

import zlib
from collections.abc import Iterator

from kili_query.extras import load
from kili_query.scanning.byte_reader import CHUNK_BYTES, ByteReader

GZIP = zlib.MAX_WBITS + 16
DEFLATE = -zlib.MAX_WBITS

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_REFUSED = {
    b"\xff\xfe": "is UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "is UTF-16 text: save it as UTF-8",
    b"BZh": "is compressed with bzip2: unpack it first",
    b"\xfd7zXZ": "is compressed with xz: unpack it first",
    b"7z\xbc\xaf": "is a 7z archive: unpack it first",
    b"PAR1": "is a Parquet file, not JSON",
    b"\x89PNG": "is a PNG image, not JSON",
    b"\xff\xd8\xff": "is a JPEG image, not JSON",
    b"GIF8": "is a GIF image, not JSON",
    b"II*\0": "is a TIFF image, not JSON",
    b"MM\0*": "is a TIFF image, not JSON",
    b"RIFF": "is a WebP image or another RIFF file, not JSON",
    b"%PDF-": "is a PDF, not JSON",
    b"SQLite format 3\0": "is an SQLite database, not JSON",
    b"PK\x03\x04": "is a zip archive inside another file: unpack it first",
    b"\x7fELF": "is a program, not JSON",
}
# a call returns all that its input decompresses to, and 4 bytes may hold 128 KiB: small bites keep memory bounded
_ZSTD_BITE_BYTES = 2048
_TAR = slice(257, 262)  # of the first header
_MOVIE = b"ftyp"  # in MP4, MOV, HEIC and AVIF files, after the size of the first box


def is_zip(reader: ByteReader) -> bool:
    """Whether a zip archive, even an empty one, comes next."""
    return reader.peek(4) in (b"PK\x03\x04", b"PK\x05\x06")


def is_packed(reader: ByteReader) -> bool:
    """Whether compressed data comes next."""
    return _is_gzip(reader) or _is_zstd(reader)


def _is_gzip(reader: ByteReader) -> bool:
    return reader.peek(2) == b"\x1f\x8b"


def _is_zstd(reader: ByteReader) -> bool:
    magic = reader.peek(4)  # of data, or of a skippable frame
    return magic == b"\x28\xb5\x2f\xfd" or (magic[1:] == b"\x2a\x4d\x18" and magic[0] >> 4 == 5)


def unpack(reader: ByteReader) -> ByteReader:
    """Return the text that a reader holds, decompressed, without a byte order mark."""
    text = ByteReader(reader.name, _decompress(reader))
    if text.peek(3) == BYTE_ORDER_MARK:
        text.take(3)
    for start, what in _REFUSED.items():
        if text.peek(len(start)) == start:
            raise text.fault(what)
    may_be_tar = bool(text.peek(1).strip(b"{[ \t\r\n"))  # of JSON no more is awaited, because it may come line by line
    if may_be_tar and text.peek(_TAR.stop)[_TAR] == b"ustar":
        raise text.fault("is a tar archive: unpack it first")
    if text.peek(8)[4:] == _MOVIE:
        raise text.fault("is a video or an HEIC or AVIF image, not JSON")
    return text


def _decompress(reader: ByteReader) -> Iterator[bytes]:
    if _is_gzip(reader):
        return _gunzip(reader)
    if _is_zstd(reader):
        return _unzstd(reader)
    return reader.chunks()


def _gunzip(reader: ByteReader) -> Iterator[bytes]:
    """Decompress all members of a gzip file; zeros may pad its end."""
    while _is_gzip(reader):
        yield from inflate(reader, GZIP)
    for rest in reader.chunks():
        if rest.strip(b"\0"):
            raise reader.fault("holds other bytes after the end of its gzip data")


def inflate(reader: ByteReader, window: int) -> Iterator[bytes]:
    """Decompress one deflate stream, in pieces of bounded size whatever it grows to, and leave what follows it.

    Raises:
        SourceError: the stream ends early or is damaged; what came before has been given.
    """
    stream = zlib.decompressobj(window)
    while not stream.eof:
        data = stream.unconsumed_tail or reader.chunk()
        if not data:
            raise reader.fault("is truncated: its compressed data ends early")
        try:
            piece = stream.decompress(data, CHUNK_BYTES)
        except zlib.error as error:
            raise reader.fault(f"is damaged: {str(error).rpartition(': ')[2]}") from error
        if piece:
            yield piece
    reader.push_back(stream.unused_data)


def _unzstd(reader: ByteReader) -> Iterator[bytes]:
    """Decompress all frames of a zstd file, in pieces."""
    zstandard = load("zstandard", "reading zstd", "zstd")
    while bite := reader.take(_ZSTD_BITE_BYTES):
        frame = zstandard.ZstdDecompressor().decompressobj()
        while True:
            try:
                yield frame.decompress(bite)
            except zstandard.ZstdError as error:
                raise reader.fault(f"is damaged: {error}") from error
            if frame.eof:
                reader.push_back(frame.unused_data)
                break
            if not (bite := reader.take(_ZSTD_BITE_BYTES)):
                raise reader.fault("is truncated: its compressed data ends early")
