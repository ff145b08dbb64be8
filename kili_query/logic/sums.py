"""Sums of counters: integers in ranges that meet linear constraints, within a budget."""

from collections.abc import Iterable, Sequence
from math import gcd
from typing import TypeAlias

from attrs import frozen

from kili_query.logic.intervals import Interval

MAX_SPLITS = 300
MAX_ROUNDS = 20
MAX_VISITS = 20_000
MAX_VISITS_PER_ROW = 60
MAX_ROWS = 400
"""How often a range is split, how often bounds are tightened in a row, how many rows all that may read, beside so many
for each row, and how many rows elimination may hold."""

Values: TypeAlias = dict[int, int]
Ranges: TypeAlias = dict[int, Interval]


@frozen
class WeightedSum:
    """A weighted sum that must reach a bound.

    Attributes:
        weights: pairs of a variable and its coefficient, which is not 0.
        bound: the least that the sum may be.
    """

    weights: tuple[tuple[int, int], ...]
    bound: int


def rows_of(weights: tuple[tuple[int, int], ...], low: int, high: int) -> tuple[WeightedSum, WeightedSum]:
    """A sum in a range, as two rows."""
    return WeightedSum(weights, low), WeightedSum(tuple((variable, -weight) for variable, weight in weights), -high)


def solve_sums(rows: Iterable[WeightedSum], ranges: Ranges) -> tuple[Values | bool | None, int]:
    """Find integers in their ranges that meet all rows, small ones first.

    Returns:
        The value of each variable; False when there are none, which is then proven; None when neither is known. And how
        many rows were read on the way.
    """
    asking = [row for row in rows if _least(row, ranges) < row.bound]
    stack, visits = [ranges], 0
    for _ in range(MAX_SPLITS):
        if not stack:
            return False, visits
        if visits > MAX_VISITS + MAX_VISITS_PER_ROW * len(asking):
            break
        current = dict(stack.pop())
        is_left, rounds = _tighten(asking, current)
        visits += rounds * len(asking)
        if not is_left:
            continue
        values = {variable: low for variable, (low, _) in current.items()}
        lacking = next((row for row in asking if _value(row, values) < row.bound), None)
        if lacking is None:
            return values, visits
        stack.extend(_split(lacking, current, values))
    return _unless_eliminated(asking, ranges), visits


def _least(row: WeightedSum, ranges: Ranges) -> int:
    return sum(weight * ranges[variable][weight < 0] for variable, weight in row.weights)


def _unless_eliminated(rows: Sequence[WeightedSum], ranges: Ranges) -> bool | None:
    return False if _eliminate(rows, ranges) else None


def _value(row: WeightedSum, values: Values) -> int:
    return sum(weight * values[variable] for variable, weight in row.weights)


def _split(row: WeightedSum, ranges: Ranges, values: Values) -> Iterable[Ranges]:
    """Two parts of the ranges, the one that helps a lacking row last, so that it is tried first."""
    lack = row.bound - _value(row, values)
    best, best_gain = None, (0, 0)
    for variable, weight in row.weights:
        low, high = ranges[variable]
        gain = min(weight * (high - low), lack), weight
        if gain[0] > 0 and gain > best_gain:
            best, best_gain = (variable, weight), gain
    if best is None:
        return ()  # no variable can be raised, so the row cannot hold
    variable, weight = best
    low, high = ranges[variable]
    enough = min(high, low + -(-lack // weight))
    return {**ranges, variable: (low, enough - 1)}, {**ranges, variable: (enough, high)}


def _tighten(rows: Sequence[WeightedSum], ranges: Ranges) -> tuple[bool, int]:
    """Narrow the ranges to what each row leaves; return whether anything is left, and how many rounds it took.

    Every other round goes backwards, so that a chain such as ``A < B < C`` takes few rounds in either direction.
    """
    for done in range(MAX_ROUNDS):
        changed = False
        for row in rows if done % 2 == 0 else reversed(rows):
            spare = -row.bound  # by how much the row exceeds its bound at most
            for variable, weight in row.weights:
                spare += weight * ranges[variable][weight > 0]
            if spare < 0:
                return False, done + 1
            for variable, weight in row.weights:
                low, high = ranges[variable]
                if abs(weight) * (high - low) <= spare:
                    continue
                ranges[variable] = (high - spare // weight, high) if weight > 0 else (low, low + spare // -weight)
                changed = True
        if not changed:
            return True, done + 1
    return True, MAX_ROUNDS


def _eliminate(rows: Sequence[WeightedSum], ranges: Ranges) -> bool:
    """Whether adding up rows, variable by variable, ends in a contradiction (Fourier and Motzkin)."""
    current: set[tuple[frozenset[tuple[int, int]], int]] = set()
    for row in rows:
        current.add(_reduced(dict(row.weights), row.bound))
    for variable, (low, high) in ranges.items():
        current.add(_reduced({variable: 1}, low))
        current.add(_reduced({variable: -1}, -high))
    left = set(ranges)
    while left:
        if any(not weights and bound > 0 for weights, bound in current):
            return True
        signs: dict[int, list[int]] = {variable: [0, 0] for variable in left}
        for weights, _ in current:
            for variable, weight in weights:
                signs[variable][weight > 0] += 1
        chosen = min(left, key=lambda variable: (signs[variable][0] * signs[variable][1], variable))
        if signs[chosen][0] * signs[chosen][1] > MAX_ROWS:
            return False
        current = _without(chosen, current)
        left.discard(chosen)
        if len(current) > MAX_ROWS:
            return False
    return any(not weights and bound > 0 for weights, bound in current)


def _without(
    variable: int, rows: set[tuple[frozenset[tuple[int, int]], int]]
) -> set[tuple[frozenset[tuple[int, int]], int]]:
    kept = set()
    positive: list[tuple[dict[int, int], int, int]] = []
    negative: list[tuple[dict[int, int], int, int]] = []
    for weights, bound in rows:
        known = dict(weights)
        weight = known.get(variable, 0)
        if weight == 0:
            kept.add((weights, bound))
        else:
            (positive if weight > 0 else negative).append((known, bound, abs(weight)))
    for one, one_bound, one_weight in positive:
        for other, other_bound, other_weight in negative:
            total = {name: weight * other_weight for name, weight in one.items()}
            for name, weight in other.items():
                total[name] = total.get(name, 0) + weight * one_weight
            kept.add(_reduced(total, one_bound * other_weight + other_bound * one_weight))
    return kept


def _reduced(weights: dict[int, int], bound: int) -> tuple[frozenset[tuple[int, int]], int]:
    """Divide a row by its common factor; round its bound up, because sums of integers are integers."""
    weights = {variable: weight for variable, weight in weights.items() if weight}
    factor = gcd(*weights.values()) if weights else 1
    return frozenset((variable, weight // factor) for variable, weight in weights.items()), -(-bound // factor)
