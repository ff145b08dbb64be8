"""Truth tables of predicates, as the bits of one integer: thousands of counts are compared by one operation."""

from functools import cache

from kili_query.ast import And, Comparison, Constant, Counter, Linear, Or, Predicate, Sugar, Term
from kili_query.logic.evaluate import holds
from kili_query.syntax.lower import lower
from tests.logic.generate import assignments

__all__ = ["everywhere", "truths"]


@cache
def everywhere(counters: tuple[Counter, ...], highest: int) -> int:
    """The table of what is true of all counts up to the highest."""
    return (1 << (highest + 1) ** len(counters)) - 1


def truths(tree: Predicate, counters: tuple[Counter, ...], highest: int) -> int:
    """The table of a predicate: a bit for each of ``assignments(counters, highest)``, set where they meet it."""
    match tree:
        case Constant(value):
            return everywhere(counters, highest) if value else 0
        case And(operands):
            table = everywhere(counters, highest)
            for operand in operands:
                table &= truths(operand, counters, highest)
            return table
        case Or(operands):
            table = 0
            for operand in operands:
                table |= truths(operand, counters, highest)
            return table
        case Sugar():
            return truths(lower(tree), counters, highest)
        case _:
            return _truths_of_leaf(tree, counters, highest)


@cache
def _truths_of_leaf(leaf: Comparison | Linear, counters: tuple[Counter, ...], highest: int) -> int:
    return int("".join("01"[holds(leaf, row)] for row in _rows(counters, highest)), 2)


@cache
def _rows(counters: tuple[Counter, ...], highest: int) -> list[dict[Term, int]]:
    """All counts, the last bit first."""
    return list(assignments(counters, highest))[::-1]
