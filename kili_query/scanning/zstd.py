"""Zstandard, for those who installed the extra ``zstd``."""

from collections.abc import Iterator

import zstandard

from kili_query.scanning.reader import ByteReader

__all__ = ["decompress"]

# each call gives all that its input decompresses to, and 4 bytes may stand for 128 KiB: small bites keep memory bounded
_BITE_BYTES = 2048


def decompress(reader: ByteReader) -> Iterator[bytes]:
    """All frames of a zstd file, in pieces.

    Raises:
        SourceError: the data ends early or is damaged; what came before has been given.
    """
    while bite := reader.take(_BITE_BYTES):
        frame = zstandard.ZstdDecompressor().decompressobj()
        while True:
            try:
                yield frame.decompress(bite)
            except zstandard.ZstdError as error:
                raise reader.fault(f"is damaged: {error}") from error
            if frame.eof:
                reader.push_back(frame.unused_data)
                break
            if not (bite := reader.take(_BITE_BYTES)):
                raise reader.fault("is truncated: its compressed data ends early")
