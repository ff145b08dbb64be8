"""The name that a person probably meant, by edit distance."""

from collections.abc import Iterable

_MAX_DISTANCE = 4


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate with the least distance, the first of several; None when none is near.

    >>> nearest("BICYLCE", ["CAR", "MOTORCYCLE", "BICYCLE"]), nearest("A", ["B"])
    ('BICYCLE', None)
    """
    folded = fold(name)
    best, least = None, _MAX_DISTANCE + 1
    for candidate in candidates:
        limit = min(max(len(name), len(candidate)) // 3, least - 1)
        found = distance(folded, fold(candidate), limit)
        if found <= limit:
            best, least = candidate, found
    return best


def distance(left: str, right: str, limit: int) -> int:
    """How many insertions, deletions, replacements and swaps of neighbours part two words; past the limit,
    some number above it.

    >>> distance("CAR", "CRA", 3), distance("CAR", "CART", 3), distance("CAR", "TRUCK", 1) > 1
    (1, 1, True)
    """
    far = limit + 1
    if abs(len(left) - len(right)) > limit:
        return far
    before: list[int] = []
    last = [min(column, far) for column in range(len(right) + 1)]
    for row, char in enumerate(left, start=1):
        low, high = max(1, row - limit), min(len(right), row + limit)  # all cells beside this band are too far
        current = [far] * (len(right) + 1)
        current[0] = min(row, far)
        for column in range(low, high + 1):
            other = right[column - 1]
            cost = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (char != other))
            if row > 1 < column and char == right[column - 2] and left[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            current[column] = cost
        if min(current) > limit and min(last) > limit:  # a swap reaches back two rows
            return far
        before, last = last, current
    return last[-1]


def fold(name: str) -> str:
    return name.casefold().replace(" ", "_").replace("-", "_")
