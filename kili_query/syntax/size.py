"""How much a query says once its sugar is lowered: a set compares its whole sum with every range.

What is merged later counts once: the ends of a range of one counter. Of a sum, each is a comparison of its own.
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
    """How many terms a predicate compares once it is lowered, those in brackets included.

    Args:
        tree: as written.
        width: of how many terms the counter of a term is the sum.

    >>> from kili_query.syntax import parse_tree
    >>> lowered_size(parse_tree("J.A.count + J.B.count IN {1, 3..5}"))
    8
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
            return 2 * len(ranges) * _of_terms(tree, width)
        case _:
            assert_never(tree)


def _of_terms(leaf: Predicate, width: Callable[[Term], int]) -> int:
    return sum(width(term) * _depth(term, width) for term in terms_of(leaf))


def _depth(term: Term, width: Callable[[Term], int]) -> int:
    return 1 + lowered_size(term.condition, width) if isinstance(term, Filtered) else 1
