"""Sets of numbers of labels or assets, as the bits of one integer: quick to combine, to count and to cut pages from."""

from collections.abc import Iterable

from attrs import frozen

__all__ = ["Numbers"]

_PIECE_BITS = 1024
_PIECE = (1 << _PIECE_BITS) - 1
_DIGITS = bytes.maketrans(b"\0\1", b"01")


@frozen
class Numbers:
    """A set of numbers from 0, in ascending order.

    >>> even, small = Numbers.of([0, 2, 4, 6]), Numbers.of([1, 2, 3, 4])
    >>> (even & small).page(0, 10), (even | small).page(1, 3), len(even)
    ([2, 4], [1, 2, 3], 4)
    """

    bits: int = 0

    @classmethod
    def of(cls, numbers: Iterable[int]) -> "Numbers":
        """The set of these numbers, in any order."""
        flags = bytearray()
        for number in numbers:
            if number >= len(flags):
                flags.extend(bytes(number + 1))  # at least twice as long, so that this is seldom
            flags[number] = 1
        return cls(int(flags[::-1].translate(_DIGITS) or b"0", 2))

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __and__(self, other: "Numbers") -> "Numbers":
        return Numbers(self.bits & other.bits)

    def __or__(self, other: "Numbers") -> "Numbers":
        return Numbers(self.bits | other.bits)

    def page(self, skip: int, first: int) -> list[int]:
        """Some of the numbers, after as many as are skipped."""
        if first <= 0 or skip >= len(self):
            return []
        start = self._place_after(skip)
        rest, numbers = self.bits >> start, list[int]()
        while rest and len(numbers) < first:
            digits = f"{rest & _PIECE:b}"[::-1]  # in pieces, for each step with an integer copies all of it
            numbers += [start + place for place, digit in enumerate(digits) if digit == "1"]
            start, rest = start + _PIECE_BITS, rest >> _PIECE_BITS
        return numbers[:first]

    def _place_after(self, skip: int) -> int:
        """The highest place that has no more than so many bits below."""
        low, high = 0, self.bits.bit_length()
        while low < high:
            middle = (low + high + 1) // 2
            if (self.bits & ((1 << middle) - 1)).bit_count() <= skip:
                low = middle
            else:
                high = middle - 1
        return low
