"""Interval sets against sets of numbers."""

import random
from itertools import product

import pytest

from kili_query.ast import MAX_COUNT, CompareOp, Counter
from kili_query.logic.intervals import COUNTS, EMPTY, FULL, IntervalSet, intersection, union
from kili_query.logic.literals import write
from kili_query.logic.passes import merge_counters
from kili_query.syntax import parse_tree, print_tree
from tests.each import for_each

SMALL = (0, 12)


def random_set(rng: random.Random) -> IntervalSet:
    lows = [rng.randint(0, 12) for _ in range(rng.randint(0, 4))]
    return IntervalSet.of((low, min(12, low + rng.randint(-1, 3))) for low in lows)


def numbers(one: IntervalSet) -> set[int]:
    return {number for number in range(-3, 16) if number in one}


def test_operations_are_those_of_sets() -> None:
    rng = random.Random(1)
    for _ in range(2000):
        one, other = random_set(rng), random_set(rng)
        first, second = numbers(one), numbers(other)
        assert numbers(one | other) == first | second == numbers(union([one, other]))
        assert numbers(one & other) == first & second == numbers(intersection([one, other]))
        assert numbers(one.complement(SMALL)) == set(range(13)) - first
        assert (one <= other) == (first <= second)
        assert one.isdisjoint(other) == first.isdisjoint(second)
        assert one.is_empty == (not first)
        assert all(sample in one for sample in one.samples())
        assert one.is_empty or one.smallest == min(first)
        divisor = rng.choice((-3, -2, -1, 1, 2, 3))
        scaled = one.scaled(divisor)
        assert {number for number in range(-20, 20) if number in scaled} == {
            number for number in range(-20, 20) if number * divisor in first
        }


def test_an_intersection_of_many_is_that_of_sets() -> None:
    rng = random.Random(3)
    for _ in range(500):
        sets = [random_set(rng).complement(SMALL) for _ in range(rng.randint(1, 12))]
        found = intersection(sets)
        assert numbers(found) == set.intersection(*map(numbers, sets))
        assert found == IntervalSet.of(found.intervals)
    assert intersection([FULL] * 20) == FULL
    assert intersection([*[FULL] * 20, EMPTY]) == EMPTY


def test_intervals_neither_overlap_nor_touch() -> None:
    rng = random.Random(2)
    for _ in range(500):
        for one in (random_set(rng) | random_set(rng), random_set(rng).complement(SMALL)):
            ends = [end for interval in one.intervals for end in interval]
            assert all(low <= high for low, high in one.intervals)
            assert all(high + 1 < low for high, low in zip(ends[1::2], ends[2::2], strict=False))


@for_each(product(CompareOp, [-(10**40), -1, 0, 1, MAX_COUNT, MAX_COUNT + 1, 10**40]))
def test_bounds_of_any_size_are_read(case: tuple[CompareOp, int]) -> None:
    op, bound = case
    found = IntervalSet.comparing(op, bound)
    compare = {"==": int.__eq__, ">=": int.__ge__, "<=": int.__le__, ">": int.__gt__, "<": int.__lt__}[op.value]
    for number in (0, 1, 2, MAX_COUNT - 1, MAX_COUNT):
        assert (number in found) == compare(number, bound)


def test_ends_of_the_range() -> None:
    assert FULL.is_full
    assert not EMPTY.is_full
    assert FULL.complement() == EMPTY
    assert EMPTY.complement() == FULL
    assert IntervalSet.of([(3, 2)]) == EMPTY
    with pytest.raises(ValueError, match="no smallest"):
        _ = EMPTY.smallest


@pytest.mark.parametrize(
    ("intervals", "text"),
    [
        ([(2, 2)], "J.A.count == 2"),
        ([(0, 4)], "J.A.count < 5"),
        ([(0, 0)], "J.A.count < 1"),
        ([(1, MAX_COUNT)], "J.A.count > 0"),
        ([(MAX_COUNT, MAX_COUNT)], "J.A.count > 2147483646"),
        ([(3, 7)], "J.A.count > 2 AND J.A.count < 8"),
        ([(0, 4), (6, MAX_COUNT)], "J.A.count < 5 OR J.A.count > 5"),
        ([(1, 1), (3, 4)], "J.A.count == 1 OR J.A.count > 2 AND J.A.count < 5"),
        ([COUNTS], "TRUE"),
        ([], "FALSE"),
    ],
)
def test_a_set_is_written_as_short_as_can_be(intervals: list[tuple[int, int]], text: str) -> None:
    values = IntervalSet.of(intervals)
    assert print_tree(write(Counter("J", "A"), values)) == text
    if text not in ("TRUE", "FALSE"):
        assert print_tree(merge_counters(parse_tree(text))) == text
