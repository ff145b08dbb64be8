"""Decompression of answers, piece by piece, up to a limit."""

import zlib

from attrs import define, field

ACCEPTED = "gzip, deflate"
"""The compressions that servers may use: those that can be inflated up to a limit."""

_GZIP = 16 + zlib.MAX_WBITS
_MAGIC = b"\x1f\x8b"


class AnswerTooLarge(Exception):  # noqa: N818 - it is caught where answers are read
    """A body is larger than allowed."""


@define
class Inflater:
    """Decompresses a body.

    Args:
        coding: the ``Content-Encoding``.
        most_bytes: the limit of its size, compressed and decompressed.

    >>> from gzip import compress
    >>> inflater = Inflater("gzip", 1000)
    >>> inflater.feed(compress(b"label")) + inflater.end()
    b'label'
    """

    coding: str
    most_bytes: int
    _sent: int = field(default=0, init=False)
    _given: int = field(default=0, init=False)
    _inflating: "zlib._Decompress | None" = field(default=None, init=False)

    def feed(self, piece: bytes) -> bytes:
        """Inflate a piece.

        Raises:
            AnswerTooLarge: the body is larger than allowed.
            zlib.error: it cannot be inflated.
        """
        self._sent += len(piece)
        if self._sent > self.most_bytes:
            raise AnswerTooLarge
        if self.coding in ("", "identity"):
            return piece
        whole = bytearray()
        while piece:
            if self._inflating is None:
                if not self._begins(piece):
                    break  # padding behind the last member
                self._inflating = zlib.decompressobj(self._bits(piece))
            room = self.most_bytes - self._given
            inflated = self._inflating.decompress(piece, room + 1)
            whole += inflated
            self._given += len(inflated)
            if self._given > self.most_bytes:
                raise AnswerTooLarge
            piece = self._inflating.unused_data
            if self._inflating.eof:
                self._inflating = None
            else:
                break
        return bytes(whole)

    def end(self) -> bytes:
        """Return the rest, once everything was fed.

        Raises:
            zlib.error: the body ends early.
        """
        if self._inflating is None:
            return b""
        rest = self._inflating.flush()
        if not self._inflating.eof:
            raise zlib.error("the compressed body ends early")
        return rest

    def _begins(self, piece: bytes) -> bool:
        return self._given == 0 or (self.coding != "deflate" and piece.startswith(_MAGIC))

    def _bits(self, piece: bytes) -> int:
        match self.coding:
            case "gzip" | "x-gzip":
                return _GZIP
            case "deflate":  # some servers send it without the frame that the word means
                return zlib.MAX_WBITS if piece[0] & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS
            case other:
                raise zlib.error(f"the answer is compressed in a way that was not asked for: `{other:.40}`")
