"""Which ids were seen, in little memory: a set of the ids of a million rows takes 100 MiB or more."""

from collections import defaultdict
from hashlib import blake2b

from attrs import define, field

_AS_THEY_ARE = 50_000
"""Number of ids that are kept as they are, which is faster; most lists are shorter."""
_DIGEST, _BUCKET = 16, 2
"""Number of bytes of a digest, and of its beginning that chooses a bucket."""
_REST = _DIGEST - _BUCKET


@define
class SeenIds:
    """A set of ids that can be added to: the latest as they are, the others as digests of 128 bits.

    In a list of a million, two ids have the same digest with a probability below 1e-26.

    >>> seen = SeenIds()
    >>> seen.add("a"), seen.add("b"), seen.add("a")
    (True, True, False)
    """

    _latest: set[str] = field(factory=set)
    _digests: dict[bytes, bytearray] = field(factory=lambda: defaultdict(bytearray))

    def add(self, new: str) -> bool:
        """Add an id, and return whether it is new."""
        if new in self._latest or (self._digests and self._has_digest(_digest(new))):
            return False
        self._latest.add(new)
        if len(self._latest) == _AS_THEY_ARE:
            for digest in map(_digest, self._latest):
                self._digests[digest[:_BUCKET]] += digest[_BUCKET:]
            self._latest.clear()
        return True

    def _has_digest(self, digest: bytes) -> bool:
        bucket = self._digests.get(digest[:_BUCKET], b"")
        place = bucket.find(digest[_BUCKET:])
        while place > 0 and place % _REST:  # found across the border of two digests
            place = bucket.find(digest[_BUCKET:], place + 1)
        return place >= 0


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()
