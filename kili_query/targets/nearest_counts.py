"""The counts nearest to those of a label that meet a predicate.

A best-first search. A state allows each counter a set of numbers; each counter takes the one nearest to what was found,
and the sum of the distances is the least that any label in the state can cost. What then does not hold yet is branched
over: an OR into its operands, a sum into the counters one of which must move by its share.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from heapq import heappop, heappush
from itertools import count as count_up
from operator import itemgetter
from typing import TypeAlias

from attrs import define, field, frozen

from kili_query.ast import (
    MAX_COUNT,
    Addend,
    And,
    CompareOp,
    Comparison,
    Constant,
    Counter,
    Or,
    Predicate,
    Term,
    counters,
    terms,
)
from kili_query.logic import Example, IntervalSet
from kili_query.logic.evaluate import holds
from kili_query.logic.literals import pure_literal
from kili_query.ontology.job import METADATA_JOBS

MAX_WORK = 100_000
"""How many leaves and numbers a search may look at; past it a change need not be the smallest."""

Counts: TypeAlias = Mapping[Term, int]


@frozen
class _Sum:
    """A sum of counters that must be one of some numbers."""

    addends: tuple[Addend, ...]
    values: IntervalSet


Pending: TypeAlias = "tuple[Pending, Or | _Sum] | None"
"""Conditions beside the domains, the newest first; states that branch from one share them."""


@define
class _State:
    """The demands so far: the numbers allowed for each counter, and other conditions."""

    domains: dict[Counter, IntervalSet] = field(factory=dict)
    pending: Pending = None
    cost: int = 0
    depth: int = 0

    def branch(self) -> "_State":
        return _State(dict(self.domains), self.pending, self.cost, self.depth + 1)


class NearestCounts:
    """Searches for the smallest change of one label's counts."""

    def __init__(self, tree: Predicate, counts: Counts) -> None:
        self.tree = tree
        self.found = {counter: counts.get(counter, 0) for counter in dict.fromkeys(counters(tree))}
        self.sizes: dict[int, int] = {}
        self.work = 0
        self.is_complete = True
        self.best: dict[Term, int] | None = None
        self.best_cost = 0

    def run(self) -> dict[Term, int] | None:
        """The counts nearest to those found that meet the tree, as far as the work allows; None for none."""
        start, order = _State(), count_up()
        if not all(self.demand(start, one) for one in (*self.metadata(), self.tree)):
            return None
        queue: list[tuple[int, int, int, _State]] = [(start.cost, 0, 0, start)]
        while queue:
            bound, _, _, state = heappop(queue)
            if self.best is not None and self.best_cost <= bound:
                return self.best
            if self.work > MAX_WORK:
                break
            nearest = self.nearest(state)
            lacking = self.lacking(state.pending, nearest)
            if lacking is None:
                return nearest
            if isinstance(lacking, _Sum):
                least = state.cost + self.least_move(lacking, state, nearest)
                self.try_single_moves(lacking, nearest, least)
                if least > bound:
                    heappush(queue, (least, -state.depth, next(order), state))
                    continue
            for child in self.branches(lacking, state, nearest):
                heappush(queue, (child.cost, -child.depth, next(order), child))
        self.is_complete = self.work <= MAX_WORK
        return self.best

    def metadata(self) -> Iterator[Predicate]:
        """Metadata is never counted."""
        for counter in self.found:
            if counter.job in METADATA_JOBS:
                yield Comparison(counter, CompareOp.EQ, 0)

    def demand(self, state: _State, tree: Predicate) -> bool:
        """Add what must hold to a state; False when that cannot be."""
        self.work += 1
        literal = pure_literal(tree)
        if literal is not None:
            form, values = literal
            if isinstance(form, Counter):
                return self.narrow(state, form, values)
            assert isinstance(form, tuple)  # other terms were taken out
            state.pending = (state.pending, _Sum(form, values))
            return 0 in values if not form else not values.is_empty
        match tree:
            case Constant(value):
                return value
            case And(operands):
                return all(self.demand(state, operand) for operand in operands)
            case Or(operands):
                state.pending = (state.pending, tree)
                return bool(operands)
            case _:
                raise AssertionError(f"not lowered: {tree}")

    def narrow(self, state: _State, counter: Counter, values: IntervalSet) -> bool:
        before = state.domains.get(counter)
        values = values if before is None else before & values
        if values.is_empty:
            return False
        number = self.found[counter]
        state.cost += abs(_nearest(values, number) - number)
        state.cost -= 0 if before is None else abs(_nearest(before, number) - number)
        state.domains[counter] = values
        return True

    def nearest(self, state: _State) -> dict[Term, int]:
        """The counts that a state allows and that are nearest to those found."""
        self.work += len(self.found)
        domains = state.domains
        return {one: _nearest(domains[one], here) if one in domains else here for one, here in self.found.items()}

    def lacking(self, pending: Pending, counts: Counts) -> Or | _Sum | None:
        """Something that counts do not meet."""
        while pending is not None:
            pending, item = pending
            if isinstance(item, _Sum):
                self.work += len(item.addends)
                if _total(item.addends, counts) not in item.values:
                    return item
            else:
                self.work += self.size(item)
                if not holds(item, counts):
                    return item
        return None

    def size(self, tree: Predicate) -> int:
        """Count the terms, once for each tree, because trees live as long as the search."""
        if id(tree) not in self.sizes:
            self.sizes[id(tree)] = 1 + sum(1 for _ in terms(tree))
        return self.sizes[id(tree)]

    def branches(self, lacking: Or | _Sum, state: _State, nearest: Counts) -> Iterator[_State]:
        """States that together allow all that meets what is lacking."""
        if isinstance(lacking, Or):
            demands: Iterator[Predicate] = iter(lacking.operands)
        else:
            demands = (move for distance in _distances(lacking, nearest) for move in _moves(lacking, distance, nearest))
        for demanded in demands:
            child = state.branch()
            self.work += 1 + len(child.domains)
            if self.work > MAX_WORK:
                return
            if self.demand(child, demanded):
                yield child

    def least_move(self, lacking: _Sum, state: _State, nearest: Counts) -> int:
        """The least that it costs to bring a sum to one of its values.

        A step costs one; but a counter whose domain has a gap where it was found may come
        nearer by going on, as far as it is away and as far again.
        """
        heaviest = max(abs(addend.coefficient) for addend in lacking.addends)
        crossing = 2 * sum(abs(nearest[one.counter] - self.number(one.counter)) for one in lacking.addends)
        moves = [-(-abs(distance) // heaviest) for distance in _distances(lacking, nearest)]
        return max(0, min(moves) - (crossing if _has_gaps(state, lacking) else 0))

    def number(self, term: Term) -> int:
        assert isinstance(term, Counter)
        return self.found[term]

    def try_single_moves(self, lacking: _Sum, nearest: dict[Term, int], least: int) -> None:
        """Keep the best of the solutions in which one counter alone brings the sum to its values."""
        for distance in _distances(lacking, nearest):
            for addend in lacking.addends:
                self.work += self.size(self.tree) + len(nearest)
                if self.work > MAX_WORK or (self.best is not None and self.best_cost <= least):
                    return
                steps = -(-abs(distance) // abs(addend.coefficient))
                number = nearest[addend.counter] + (steps if (distance > 0) == (addend.coefficient > 0) else -steps)
                if 0 <= number <= MAX_COUNT:
                    self.keep({**nearest, addend.counter: number})

    def keep(self, counts: dict[Term, int]) -> None:
        """Keep counts that meet everything, when they are the best so far."""
        cost = sum(abs(counts[counter] - number) for counter, number in self.found.items())
        if (self.best is None or cost < self.best_cost) and self.is_solution(counts):
            self.best, self.best_cost = counts, cost

    def is_solution(self, counts: Counts) -> bool:
        return holds(self.tree, counts) and all(holds(one, counts) for one in self.metadata())

    def refined(self, example: Example) -> dict[Term, int]:
        """The counts of an example, with what need not change as it was found."""
        counts: dict[Term, int] = {one: example.counts.get((one.job, one.category), 0) for one in self.found}
        for counter, number in self.found.items():
            self.work += self.size(self.tree) + len(counts)
            if self.work < 2 * MAX_WORK and self.is_solution({**counts, counter: number}):
                counts[counter] = number
        return counts


def _nearest(values: IntervalSet, number: int) -> int:
    """The number of a set, which is not empty, that is nearest; of two the lower."""
    after = bisect_left(values.intervals, number, key=itemgetter(1))
    ends = (min(max(number, low), high) for low, high in values.intervals[max(0, after - 1) : after + 1])
    return min(ends, key=lambda end: abs(end - number))


def _total(addends: tuple[Addend, ...], counts: Counts) -> int:
    return sum(addend.coefficient * counts[addend.counter] for addend in addends)


def _distances(lacking: _Sum, counts: Counts) -> list[int]:
    """How far a sum is from the next of its values above, and below."""
    total = _total(lacking.addends, counts)
    above = [low - total for low, _ in lacking.values.intervals if low > total]
    below = [high - total for _, high in lacking.values.intervals if high < total]
    return [*above[:1], *below[-1:]]


def _moves(lacking: _Sum, distance: int, counts: Counts) -> Iterator[Predicate]:
    """For a sum to go a distance, one of its counters at least must go its share."""
    for addend in lacking.addends:
        share = -(-abs(distance) // (len(lacking.addends) * abs(addend.coefficient)))
        goes_up = (distance > 0) == (addend.coefficient > 0)
        number = counts[addend.counter] + (share if goes_up else -share)
        if 0 <= number <= MAX_COUNT:
            yield Comparison(addend.counter, CompareOp.GE if goes_up else CompareOp.LE, number)


def _has_gaps(state: _State, lacking: _Sum) -> bool:
    domains = (state.domains.get(addend.counter) for addend in lacking.addends if isinstance(addend.counter, Counter))
    return any(values is not None and len(values.intervals) > 1 for values in domains)
