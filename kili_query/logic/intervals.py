"""Interval sets: what a condition on one integer allows, as sorted intervals that neither overlap nor touch."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import reduce
from typing import TypeAlias, assert_never

from attrs import frozen

from kili_query.ast import MAX_COUNT, CompareOp

Interval: TypeAlias = tuple[int, int]
"""The lowest and the highest number, both included."""

COUNTS: Interval = (0, MAX_COUNT)
"""The range of a counter."""

MANY = 8
"""From so many sets on, one by one would take longer than all in one go."""


@frozen
class IntervalSet:
    """A set of integers. Bounds may have any size; what is beyond the range of a counter is cut off on building.

    >>> IntervalSet.of([(7, 9), (2, 4), (5, 5)])
    IntervalSet(intervals=((2, 5), (7, 9)))
    """

    intervals: tuple[Interval, ...]

    @classmethod
    def of(cls, intervals: Iterable[Interval]) -> "IntervalSet":
        """The union of any intervals; those that end before they start are empty."""
        united: list[Interval] = []
        for low, high in sorted(interval for interval in intervals if interval[0] <= interval[1]):
            if united and low <= united[-1][1] + 1:
                united[-1] = (united[-1][0], max(united[-1][1], high))
            else:
                united.append((low, high))
        return cls(tuple(united))

    @classmethod
    def comparing(cls, op: CompareOp, bound: int, within: Interval = COUNTS) -> "IntervalSet":
        """The numbers of a range that a comparison allows.

        >>> IntervalSet.comparing(CompareOp.LT, 3), IntervalSet.comparing(CompareOp.GT, 10**30)
        (IntervalSet(intervals=((0, 2),)), IntervalSet(intervals=()))
        """
        low, high = within
        match op:
            case CompareOp.EQ:
                low, high = max(low, bound), min(high, bound)
            case CompareOp.GE:
                low = max(low, bound)
            case CompareOp.GT:
                low = max(low, bound + 1)
            case CompareOp.LE:
                high = min(high, bound)
            case CompareOp.LT:
                high = min(high, bound - 1)
            case _:
                assert_never(op)
        return cls(((low, high),)) if low <= high else EMPTY

    @property
    def is_empty(self) -> bool:
        """Whether no number is in the set."""
        return not self.intervals

    @property
    def is_full(self) -> bool:
        """Whether every count is in the set."""
        return self.covers(COUNTS)

    def covers(self, interval: Interval) -> bool:
        """Whether all numbers of an interval are in the set."""
        at = bisect_left(self.intervals, interval[1], key=_high)
        return at < len(self.intervals) and self.intervals[at][0] <= interval[0]

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.covers((number, number))

    def __or__(self, other: "IntervalSet") -> "IntervalSet":
        return IntervalSet.of((*self.intervals, *other.intervals))

    def __and__(self, other: "IntervalSet") -> "IntervalSet":
        return IntervalSet(tuple(_overlaps(self.intervals, other.intervals)))

    def __le__(self, other: "IntervalSet") -> bool:
        """Whether it is a subset.

        >>> IntervalSet.of([(6, 9)]) <= IntervalSet.of([(4, 20)])
        True
        """
        if len(self.intervals) <= len(other.intervals):
            return all(map(other.covers, self.intervals))
        gaps = _gaps(other.intervals, (self.intervals[0][0], self.intervals[-1][1]))
        return not any(_meets(self.intervals, gap) for gap in gaps)

    def isdisjoint(self, other: "IntervalSet") -> bool:
        """Whether no number is in both."""
        few, many = sorted((self.intervals, other.intervals), key=len)
        return not any(_meets(many, interval) for interval in few)

    def complement(self, within: Interval = COUNTS) -> "IntervalSet":
        """The numbers of a range that are not in the set.

        >>> IntervalSet.of([(5, 5)]).complement()
        IntervalSet(intervals=((0, 4), (6, 2147483647)))
        """
        return IntervalSet(tuple(_gaps(self.intervals, within)))

    def scaled(self, divisor: int) -> "IntervalSet":
        """The integers whose product with ``divisor``, which is not 0, is in the set.

        >>> IntervalSet.of([(3, 8)]).scaled(2), IntervalSet.of([(3, 8)]).scaled(-1)
        (IntervalSet(intervals=((2, 4),)), IntervalSet(intervals=((-8, -3),)))
        """
        if divisor < 0:
            return IntervalSet.of((-high, -low) for low, high in self.intervals).scaled(-divisor)
        return IntervalSet.of((-(-low // divisor), high // divisor) for low, high in self.intervals)

    @property
    def smallest(self) -> int:
        """The smallest number.

        Raises:
            ValueError: the set is empty.
        """
        if not self.intervals:
            raise ValueError("an empty set has no smallest number")
        return self.intervals[0][0]

    def samples(self) -> Iterator[int]:
        """The numbers at which something may change: the ends of each interval, ascending.

        >>> list(IntervalSet.of([(0, 0), (3, 8)]).samples())
        [0, 3, 8]
        """
        for low, high in self.intervals:
            yield low
            if high != low:
                yield high


EMPTY = IntervalSet(())
FULL = IntervalSet((COUNTS,))


def union(sets: Iterable[IntervalSet]) -> IntervalSet:
    """All numbers of some sets, in one go."""
    return IntervalSet.of(interval for one in sets for interval in one.intervals)


def intersection(sets: Iterable[IntervalSet]) -> IntervalSet:
    """The numbers that are in each of some sets, of which there is one at least; in one go too where they are many."""
    several = list(sets)
    if len(several) < MANY:
        return reduce(IntervalSet.__and__, several)
    if not all(one.intervals for one in several):
        return EMPTY
    within = min(one.intervals[0][0] for one in several), max(one.intervals[-1][1] for one in several)
    return union(one.complement(within) for one in several).complement(within)


def _high(interval: Interval) -> int:
    return interval[1]


def _meets(intervals: tuple[Interval, ...], interval: Interval) -> bool:
    """Whether one of some sorted intervals has a number of another."""
    at = bisect_left(intervals, interval[0], key=_high)
    return at < len(intervals) and intervals[at][0] <= interval[1]


def _gaps(intervals: tuple[Interval, ...], within: Interval) -> Iterator[Interval]:
    """Yield the gaps that sorted intervals leave in a range."""
    start, end = within
    for low, high in intervals:
        if start < low and start <= end:
            yield start, min(low - 1, end)
        start = max(start, high + 1)
    if start <= end:
        yield start, end


def _overlaps(left: tuple[Interval, ...], right: tuple[Interval, ...]) -> Iterator[Interval]:
    one, other = 0, 0
    while one < len(left) and other < len(right):
        low = max(left[one][0], right[other][0])
        high = min(left[one][1], right[other][1])
        if low <= high:
            yield low, high
        if left[one][1] < right[other][1]:
            one += 1
        else:
            other += 1
