"""Measure how much work a query is once its sugar is lowered: a set compares its whole sum with every range.

The ranges of one counter are merged later, so each counts once. A range of a sum is two comparisons, and a sum takes
about twice as long to compare as a counter.
"""

from collections.abc import Callable
from typing import assert_never

from kili_query.ast import (
    And,
    Comparison,
    Constant,
    Counter,
    Exists,
    Filtered,
    Linear,
    Membership,
    Not,
    Or,
    Predicate,
    Relation,
    Sum,
    Summand,
    Term,
    operands,
    terms_of,
)


def lowered_size(tree: Predicate, width: Callable[[Term], int] = lambda _: 1) -> int:
    """Return how many comparisons of one counter are as much work as a predicate, including conditions in brackets.

    Args:
        tree: as written.
        width: how many counters a term sums.

    >>> from kili_query.syntax import parse_tree
    >>> lowered_size(parse_tree("J.A.count + J.B.count IN {1, 3..5}"))
    16
    """
    match tree:
        case And() | Or() | Not():
            return sum(lowered_size(operand, width) for operand in operands(tree))
        case Constant():
            return 0
        case Comparison() | Exists() | Linear():
            return _of_terms(tree, width)
        case Relation(sums):
            return 2 * _of_terms(tree, width) if len(sums) > 2 else _of_terms(tree, width)
        case Membership(Sum((Summand(Counter()),)), ranges):
            return len(ranges)
        case Membership(_, ranges):
            return 4 * len(ranges) * _of_terms(tree, width)
        case _:
            assert_never(tree)


def _of_terms(leaf: Predicate, width: Callable[[Term], int]) -> int:
    return sum(width(term) * _depth(term, width) for term in terms_of(leaf))


def _depth(term: Term, width: Callable[[Term], int]) -> int:
    return 1 + lowered_size(term.condition, width) if isinstance(term, Filtered) else 1
