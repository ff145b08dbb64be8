"""Which ids were seen, in little memory: a set of the ids of a million rows takes 100 MiB or more."""

from collections import defaultdict
from hashlib import blake2b

from attrs import define, field

_AS_THEY_ARE = 25_000
"""Number of ids that are kept as they are, which is faster; most lists are shorter."""
_DIGEST, _CHOOSING = 12, 2
"""Number of bytes of a digest, and of its beginning that chooses a bucket."""
_REST = _DIGEST - _CHOOSING
_BUCKETS = 4_096
"""Number of buckets: each has a cost in memory, and is searched from its beginning."""


@define
class SeenIds:
    """A set of ids that can be added to: the latest as they are, the others as digests of 92 bits.

    In a list of a million, two ids have the same digest with a probability of 1e-16.

    >>> seen = SeenIds()
    >>> seen.add("a"), seen.add("b"), seen.add("a"), "c" in seen
    (True, True, False, False)
    """

    _latest: set[str] = field(factory=set)
    _buckets: dict[int, bytearray] = field(factory=lambda: defaultdict(bytearray))

    def add(self, new: str) -> bool:
        """Add an id, and return whether it is new."""
        if new in self:
            return False
        self._latest.add(new)
        if len(self._latest) == _AS_THEY_ARE:
            for digest in map(_digest, self._latest):
                self._buckets[_bucket(digest)] += digest[_CHOOSING:]
            self._latest.clear()
        return True

    def __contains__(self, one: str) -> bool:
        return one in self._latest or bool(self._buckets and self._has_digest(_digest(one)))

    def _has_digest(self, digest: bytes) -> bool:
        bucket, rest = self._buckets.get(_bucket(digest), b""), digest[_CHOOSING:]
        place = bucket.find(rest)
        while place > 0 and place % _REST:  # found across the border of two digests
            place = bucket.find(rest, place + 1)
        return place >= 0


def _bucket(digest: bytes) -> int:
    return int.from_bytes(digest[:_CHOOSING]) % _BUCKETS


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()
