"""Near names."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kili_query.near_names import distance, nearest

words = st.text("abC_ ", max_size=7)


def slow_distance(left: str, right: str) -> int:
    """The same by the definition."""
    if not left or not right:
        return len(left) + len(right)
    found = min(
        slow_distance(left[1:], right) + 1,
        slow_distance(left, right[1:]) + 1,
        slow_distance(left[1:], right[1:]) + (left[0] != right[0]),
    )
    if len(left) > 1 < len(right) and left[:2] == right[1::-1]:
        found = min(found, slow_distance(left[2:], right[2:]) + 1)
    return found


@settings(max_examples=300)
@given(st.text("abc", max_size=5), st.text("abc", max_size=5), st.integers(0, 5))
def test_the_distance_is_exact_up_to_its_limit(left: str, right: str, limit: int) -> None:
    exact = slow_distance(left, right)
    found = distance(left, right, limit)
    assert found == exact if exact <= limit else found > limit


@given(words, st.lists(words, max_size=5))
def test_the_nearest_is_one_of_the_candidates(name: str, candidates: list[str]) -> None:
    found = nearest(name, candidates)
    assert found is None or found in candidates


def test_short_names_are_not_near_each_other() -> None:
    assert nearest("A", ["B"]) is None
    assert nearest("CA", ["DOG", "CAR"]) == "CAR"
    assert nearest("x" * 10_000, ["CAR"]) is None
