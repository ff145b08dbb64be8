"""Random values that are made of many choices, of which hypothesis draws all at once."""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

__all__ = ["TAPES", "Tape"]

T = TypeVar("T")

_LONGEST = 192


class Tape:
    """Choices read from bytes; once these end, each choice is the first of what there is to choose from.

    A strategy that draws its parts one by one takes twenty times as long. What hypothesis makes small are the bytes:
    a failing example consists of the first choices wherever these fail too. So the first choice must be a simple one.
    """

    def __init__(self, data: bytes) -> None:
        self._bytes = iter(data)

    def pick(self, values: Sequence[T]) -> T:
        return values[next(self._bytes, 0) % len(values)]

    def number(self, least: int, most: int) -> int:
        return self.pick(range(least, most + 1))

    def is_so(self) -> bool:
        return self.pick((False, True))

    def is_often(self) -> bool:
        """Three times in four."""
        return self.pick((False, True, True, True))

    def some(self, values: Sequence[T], most: int) -> list[T]:
        """One value or more in any order, none of them twice."""
        left = list(values)
        return [left.pop(self.pick(range(len(left)))) for _ in range(self.number(1, min(most, len(left))))]


TAPES = st.binary(min_size=_LONGEST, max_size=_LONGEST).map(Tape)
