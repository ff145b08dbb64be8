"""Clauses: a lowered tree as flat constraints on variables that each hold one of a few cells.

A counter is a variable; its range is cut at the bounds that the tree compares it with, and all numbers between two
cuts, a *cell*, are alike to every comparison. A set of cells is a bit mask. A nested AND, and a comparison of a sum,
get a variable of two cells, no and yes. As negation stands at the leaves alone, only "yes" has to say what it means.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from attrs import frozen

from kili_query.ast import And, Comparison, Constant, Linear, Or, Predicate, Term
from kili_query.logic.intervals import COUNTS, IntervalSet
from kili_query.logic.literals import Form, leaves, read_leaf

Clause: TypeAlias = tuple[tuple[int, int], ...]
"""Pairs of a variable and the mask of the cells that satisfy the clause; each variable once."""

NO, YES = 1, 2
"""The masks of a variable of two cells."""


@frozen
class SumConstraint:
    """A weighted sum of counters in a range, wherever its variable says yes.

    Attributes:
        switch: the variable.
        weights: pairs of a variable and its coefficient.
        low: the least that the sum may be.
        high: the greatest.
    """

    switch: int
    weights: tuple[tuple[int, int], ...]
    low: int
    high: int


@frozen
class Constraints:
    """The conditions that an assignment of cells must satisfy.

    Attributes:
        terms: the counters; variable ``i`` is the ``i``-th of them, all other variables come after.
        lows: for each variable of a counter, the least number of each cell.
        highs: the greatest.
        domains: for each variable, the mask of the cells that it may hold.
        clauses: each must be satisfied by one of its variables.
        sums: see `SumConstraint`.
        is_refuted: whether a contradiction was seen while posing.
        size: how many parts it has.
    """

    terms: tuple[Term, ...]
    lows: tuple[tuple[int, ...], ...]
    highs: tuple[tuple[int, ...], ...]
    domains: tuple[int, ...]
    clauses: tuple[Clause, ...]
    sums: tuple[SumConstraint, ...]
    is_refuted: bool = False
    size: int = 0


def pose(trees: Iterable[Predicate]) -> Constraints:
    """The problem of meeting several lowered trees at once."""
    return _Posing(tuple(trees)).pose()


class _Posing:
    """One problem in the making."""

    def __init__(self, trees: tuple[Predicate, ...]) -> None:
        self.trees = trees
        self.read: dict[Predicate, tuple[Form, IntervalSet]] = {}
        cuts: dict[Term, set[int]] = {}
        for tree in trees:
            for leaf in leaves(tree):
                if isinstance(leaf, Comparison | Linear) and leaf not in self.read:
                    form, values = self.read[leaf] = read_leaf(leaf)
                    if isinstance(form, tuple):
                        for addend in form:
                            cuts.setdefault(addend.counter, set())
                    else:
                        ends = (end for low, high in values.intervals for end in (low, high + 1))
                        cuts.setdefault(form, set()).update(ends)
        self.variable = {term: index for index, term in enumerate(cuts)}
        self.lows = tuple(_starts(found) for found in cuts.values())
        self.domains = [(1 << len(starts)) - 1 for starts in self.lows]
        self.masks: dict[Predicate, tuple[int, int]] = {}
        self.switches: dict[tuple[Form, IntervalSet], int] = {}
        self.sums: list[SumConstraint] = []
        self.clauses: list[Clause] = []
        self.is_refuted = False

    def pose(self) -> Constraints:
        stack: list[tuple[int | None, Predicate]] = [(None, tree) for tree in reversed(self.trees)]
        while stack:
            guard, node = stack.pop()
            match node:
                case And(operands):
                    stack.extend((guard, operand) for operand in reversed(operands))
                case Constant(True):
                    pass
                case _:
                    literals = self.alternatives(node, stack)
                    if literals is not None:
                        self.add(literals if guard is None else [(guard, NO), *literals])
        highs = tuple((*(start - 1 for start in starts[1:]), COUNTS[1]) for starts in self.lows)
        size = len(self.read) + sum(map(len, self.clauses)) + sum(len(one.weights) for one in self.sums)
        return Constraints(
            tuple(self.variable),
            self.lows,
            highs,
            tuple(self.domains),
            tuple(self.clauses),
            tuple(self.sums),
            self.is_refuted,
            size,
        )

    def alternatives(self, node: Predicate, later: list[tuple[int | None, Predicate]]) -> list[tuple[int, int]] | None:
        """The literals of which one must hold; None when nothing is asked."""
        found: list[tuple[int, int]] = []
        stack = [node]
        while stack:
            part = stack.pop()
            match part:
                case Or(operands):
                    stack.extend(reversed(operands))
                case And(()) | Constant(True):
                    return None
                case And():
                    switch = self.new_switch()
                    later.append((switch, part))
                    found.append((switch, YES))
                case Comparison() | Linear():
                    found.append(self.literal(part))
                case Constant(False):
                    pass
                case _:
                    raise TypeError(f"a tree with sugar: {part}")
        return found

    def literal(self, leaf: Comparison | Linear) -> tuple[int, int]:
        known = self.masks.get(leaf)
        if known is None:
            form, values = self.read[leaf]
            if isinstance(form, tuple):
                known = self.switch_of(form, values), YES
            else:
                index = self.variable[form]
                known = index, _mask(self.lows[index], values)
            self.masks[leaf] = known
        return known

    def switch_of(self, form: Form, values: IntervalSet) -> int:
        switch = self.switches.get((form, values))
        if switch is None:
            switch = self.switches[form, values] = self.new_switch()
            if values.is_empty:
                self.domains[switch] = NO
            else:
                assert isinstance(form, tuple)
                ((low, high),) = values.intervals
                weights = tuple((self.variable[addend.counter], addend.coefficient) for addend in form)
                self.sums.append(SumConstraint(switch, weights, low, high))
        return switch

    def new_switch(self) -> int:
        self.domains.append(NO | YES)
        return len(self.domains) - 1

    def add(self, literals: list[tuple[int, int]]) -> None:
        """A clause in which each variable stands once; one literal narrows its variable at once."""
        masks: dict[int, int] = {}
        for variable, mask in literals:
            masks[variable] = masks.get(variable, 0) | mask
        useful = tuple((variable, mask) for variable, mask in masks.items() if mask & self.domains[variable])
        if any(self.domains[variable] & ~mask == 0 for variable, mask in useful):
            return
        if len(useful) > 1:
            self.clauses.append(useful)
        elif useful:
            self.domains[useful[0][0]] &= useful[0][1]
        else:
            self.is_refuted = True


def _starts(cuts: set[int]) -> tuple[int, ...]:
    inner: Iterator[int] = (cut for cut in cuts if COUNTS[0] < cut <= COUNTS[1])
    return (COUNTS[0], *sorted(inner))


def _mask(starts: tuple[int, ...], values: IntervalSet) -> int:
    """The cells that lie in a set; its ends are cuts, so none lies there in part."""
    mask = 0
    for low, high in values.intervals:
        first, end = bisect_left(starts, low), bisect_right(starts, high)
        mask |= (1 << end) - (1 << first)
    return mask
