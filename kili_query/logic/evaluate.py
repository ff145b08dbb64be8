"""Evaluation: whether given counts meet a predicate."""

from collections.abc import Mapping
from typing import assert_never

from kili_query.ast import COMPARE, And, Comparison, Constant, Linear, Or, Predicate, Sugar, Term
from kili_query.syntax.lower import lower


def holds(tree: Predicate, counts: Mapping[Term, int]) -> bool:
    """Whether counts meet a predicate; terms that are not there count 0.

    >>> from kili_query.syntax import parse_tree
    >>> from kili_query.ast import Sugar, Counter
    >>> holds(parse_tree("J.A.count + J.B.count > 2 AND NOT J.C"), {Counter("J", "A"): 3})
    True
    """
    match tree:
        case Comparison(counter, op, bound):
            return COMPARE[op](counts.get(counter, 0), bound)
        case Linear(addends, op, bound):
            total = sum(addend.coefficient * counts.get(addend.counter, 0) for addend in addends)
            return COMPARE[op](total, bound)
        case And(operands):
            return all(holds(operand, counts) for operand in operands)
        case Or(operands):
            return any(holds(operand, counts) for operand in operands)
        case Constant(value):
            return value
        case Sugar():
            return holds(lower(tree), counts)
        case _:
            assert_never(tree)
