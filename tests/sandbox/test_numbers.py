"""Sets of numbers, against sets."""

from hypothesis import given
from hypothesis import strategies as st

from kili_query.sandbox.numbers import Numbers

SETS = st.sets(st.integers(0, 5000), max_size=40)


@given(SETS, SETS)
def test_as_sets(one: set[int], other: set[int]) -> None:
    assert Numbers.of(one) & Numbers.of(other) == Numbers.of(one & other)
    assert Numbers.of(one) | Numbers.of(other) == Numbers.of(sorted(one | other, reverse=True))
    assert len(Numbers.of(one)) == len(one)


@given(SETS, st.integers(0, 50), st.integers(-1, 50))
def test_pages(numbers: set[int], skip: int, first: int) -> None:
    assert Numbers.of(numbers).page(skip, first) == sorted(numbers)[skip : skip + max(first, 0)]
