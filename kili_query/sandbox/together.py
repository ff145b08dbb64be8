"""Values that are asked for one by one and read many at a time."""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from attrs import define, field

_Value = TypeVar("_Value")


@define
class Together(Generic[_Value]):
    """Values by number. The first that is asked for is read with all of its list, which are asked for next.

    Each value that was read is returned once and then read again, so that every answer is paid for by a reading.

    Args:
        read: reads the values of some numbers.

    >>> squares = Together(lambda numbers: print("reads", numbers) or {number: number**2 for number in numbers})
    >>> squares.expect([1, 2])
    >>> squares.find(2), squares.find(1), squares.find(1)
    reads [1, 2]
    reads [1]
    (4, 1, 1)
    """

    _read: Callable[[list[object]], Mapping[object, _Value]]
    _lists: dict[object, list[object]] = field(factory=dict, init=False)
    _unused: dict[object, _Value | None] = field(factory=dict, init=False)

    def expect(self, numbers: Iterable[object]) -> None:
        """Take note of a list of numbers: whoever asks for one of them asks for all."""
        listed = list(dict.fromkeys(numbers))
        self._lists.update(dict.fromkeys(listed, listed))

    def find(self, number: object) -> _Value | None:
        """Return the value of a number; None if there is none."""
        if number not in self._unused:
            listed = self._lists.get(number, [number])
            for one in listed:
                self._lists.pop(one, None)
            self._unused |= {**dict.fromkeys(listed), **self._read(listed)}
        return self._unused.pop(number)

    def forget(self) -> None:
        """Forget all values and lists."""
        self._lists.clear()
        self._unused.clear()
