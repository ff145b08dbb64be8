"""Bounds of single terms, derived from the conditions beside them and the sums that contain them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, assert_never

from kili_query.ast import (
    MAX_COUNT,
    Addend,
    CompareOp,
    Comparison,
    Constant,
    Filtered,
    Linear,
    Predicate,
    Term,
    comparison,
    disjunction,
)
from kili_query.logic.literals import pure_literal

Bounds: TypeAlias = Mapping[Term, tuple[int, int]]
"""The minimum and maximum of each term, ends included; without an entry, 0 … `MAX_COUNT`."""

TRUE = Constant(True)


def lower_bound(leaf: Comparison) -> int:
    """Return the smallest count that satisfies a comparison; more than `MAX_COUNT` if none does."""
    match leaf.op:
        case CompareOp.EQ | CompareOp.GE:
            return max(leaf.bound, 0)
        case CompareOp.GT:
            return max(leaf.bound + 1, 0)
        case CompareOp.LT | CompareOp.LE:
            return 0
        case _:
            assert_never(leaf.op)


def upper_bound(leaf: Comparison) -> int:
    """Return the largest count that satisfies a comparison; less than 0 if none does."""
    match leaf.op:
        case CompareOp.EQ | CompareOp.LE:
            return min(leaf.bound, MAX_COUNT)
        case CompareOp.LT:
            return min(leaf.bound - 1, MAX_COUNT)
        case CompareOp.GE | CompareOp.GT:
            return MAX_COUNT
        case _:
            assert_never(leaf.op)


def narrow(operands: Iterable[Predicate], known: Bounds) -> Bounds:
    """Add the bounds that the operands of an AND imply for single terms to the known ones."""
    narrowed = dict(known)
    sums: list[Linear] = []
    for operand in operands:
        if isinstance(operand, Linear):
            sums.append(operand)
        elif (literal := pure_literal(operand)) is not None:
            term, values = literal
            if not isinstance(term, tuple) and not values.is_empty:
                _tighten(narrowed, term, values.intervals[0][0], values.intervals[-1][1])
    for one in sums:
        for leaf in tuple(_bounds_from_sum(one, narrowed)):
            if isinstance(leaf, Comparison):
                _tighten(narrowed, leaf.counter, lower_bound(leaf), upper_bound(leaf))
    return narrowed


def _tighten(bounds: dict[Term, tuple[int, int]], term: Term, low: int, high: int) -> None:
    before = bounds.get(term, (0, MAX_COUNT))
    bounds[term] = (max(before[0], low), min(before[1], high))
    if isinstance(term, Filtered):  # the filtered objects are a subset of all objects
        _tighten(bounds, term.counter, low, MAX_COUNT)


def implied_by_sum(tree: Linear, bounds: Bounds) -> Iterator[Predicate]:
    """Yield what a sum implies for its single counters.

    ``A + B >= 5`` implies that one of the two is 3 or more (pigeonhole); ``A + B <= 5`` that each is 5 or less.
    """
    yield from _bounds_from_sum(tree, bounds)
    low, high = limits(tree)
    if low is not None:
        yield _pigeonhole(tree.addends, low, bounds)
    if high is not None:
        yield _pigeonhole(negated(tree.addends), -high, bounds)


def _bounds_from_sum(tree: Linear, bounds: Bounds) -> Iterator[Predicate]:
    low, high = limits(tree)
    if low is not None:
        yield from _bounds_of_each(negated(tree.addends), -low, bounds)
    if high is not None:
        yield from _bounds_of_each(tree.addends, high, bounds)


def limits(tree: Linear) -> tuple[int | None, int | None]:
    """Return the minimum and maximum that a sum may have, ends included; None for no limit."""
    match tree.op:
        case CompareOp.EQ:
            return tree.bound, tree.bound
        case CompareOp.GE:
            return tree.bound, None
        case CompareOp.GT:
            return tree.bound + 1, None
        case CompareOp.LE:
            return None, tree.bound
        case CompareOp.LT:
            return None, tree.bound - 1
        case _:
            assert_never(tree.op)


def negated(addends: Iterable[Addend]) -> list[Addend]:
    """Return the addends with the opposite sign."""
    return [Addend(-addend.coefficient, addend.counter) for addend in addends]


def extent(term: Term, bounds: Bounds) -> tuple[int, int]:
    """Return the minimum and maximum of a term; filtered objects are at most as many as all objects."""
    low, high = bounds.get(term, (0, MAX_COUNT))
    if isinstance(term, Filtered):
        high = min(high, extent(term.counter, bounds)[1])
    return low, high


def _least(addend: Addend, bounds: Bounds) -> int:
    low, high = extent(addend.counter, bounds)
    return addend.coefficient * (low if addend.coefficient > 0 else high)


def _bounds_of_each(addends: Sequence[Addend], at_most: int, bounds: Bounds) -> Iterator[Predicate]:
    """Yield, from ``sum <= at_most``, the bound of each term when all others are as small as possible."""
    least = [_least(addend, bounds) for addend in addends]
    total = sum(least)
    for addend, own in zip(addends, least, strict=True):
        room = at_most - (total - own)
        if addend.coefficient > 0:
            yield _clip(addend.counter, CompareOp.LE, room // addend.coefficient)
        else:
            yield _clip(addend.counter, CompareOp.GE, -(room // -addend.coefficient))


def _clip(term: Term, op: CompareOp, bound: int) -> Predicate:
    """Return a comparison, or TRUE if every count, or practically every count, satisfies it."""
    if (op is CompareOp.LE and bound > MAX_COUNT // 2) or (op is CompareOp.GE and bound <= 0):
        return TRUE
    return comparison(term, op, bound)


def _pigeonhole(addends: Sequence[Addend], at_least: int, bounds: Bounds) -> Predicate:
    """Return, from ``sum >= at_least``, that one of the positive counters must reach its share of what is missing.

    All counters are assumed to have their minimum. Those that cannot reach an equal share are assumed to have their
    maximum, which leaves more to the others.
    """
    needed = at_least - sum(addend.coefficient * extent(addend.counter, bounds)[0] for addend in addends)
    rooms = [(one, _room(one.counter, bounds)) for one in addends if one.coefficient > 0]
    sharing = len(rooms)
    for addend, room in sorted(rooms, key=_reach):
        if addend.coefficient * room * sharing >= needed:
            break
        needed -= addend.coefficient * room
        sharing -= 1
    if needed <= 0:
        return TRUE
    able = [(addend, room) for addend, room in rooms if addend.coefficient * room * sharing >= needed]
    steps = [-(-needed // (sharing * addend.coefficient)) for addend, _ in able]
    slack = needed - 1 - sum(addend.coefficient * (step - 1) for (addend, _), step in zip(able, steps, strict=True))
    wanted: list[Predicate] = []
    for (addend, room), step in zip(able, steps, strict=True):
        further = addend.coefficient <= slack and step < room  # if all others are one short, this one must go further
        slack -= addend.coefficient if further else 0
        wanted.append(_clip(addend.counter, CompareOp.GE, extent(addend.counter, bounds)[0] + step + further))
    return disjunction(wanted)


def _room(term: Term, bounds: Bounds) -> int:
    low, high = extent(term, bounds)
    return high - low


def _reach(one: tuple[Addend, int]) -> int:
    return one[0].coefficient * one[1]
