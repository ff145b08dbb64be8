"""The server target: predicates as text of the core language, the only thing that is ever sent to a server."""

from typing import assert_never

from kili_query.ast import (
    MAX_COUNT,
    And,
    CompareOp,
    Comparison,
    Constant,
    Counter,
    Linear,
    Or,
    Predicate,
    Sugar,
    without_constants,
)
from kili_query.errors import NotExpressible
from kili_query.syntax import lower
from kili_query.targets.base import CORE, require


def print_core(tree: Predicate) -> str:
    """The exact core text of a predicate.

    >>> from kili_query.syntax import parse_tree
    >>> print_core(parse_tree("NOT J.A.count IN {0, 2..3} AND J.B"))
    '(J.A.count == 1 OR J.A.count >= 4) AND J.B.count > 0'

    Raises:
        NotExpressible: part of it is more than the core language can say, or it is TRUE or FALSE.
    """
    match without_constants(lower(tree)):
        case Constant(value):
            raise NotExpressible(f"the query is {'always' if value else 'never'} true: there is nothing to ask")
        case settled:
            require(settled, CORE, "the server")
            return _print(settled)


def _print(tree: Predicate) -> str:
    match tree:
        case Comparison(counter, op, bound):
            assert isinstance(counter, Counter)  # other terms were refused
            return f"{counter.job}.{counter.category}.count {_print_bound(op, bound)}"
        case And(operands):
            return " AND ".join(f"({_print(one)})" if isinstance(one, Or) else _print(one) for one in operands)
        case Or(operands):
            return " OR ".join(map(_print, operands))
        case Linear() | Constant() | Sugar():
            raise AssertionError(f"not lowered, not settled or not checked: {tree}")
        case _:
            assert_never(tree)


def _print_bound(op: CompareOp, bound: int) -> str:
    """Operator and plain integer; a bound below 0 is said with 0."""
    if bound >= 0:
        return f"{op.value} {min(bound, MAX_COUNT + 1)}"
    return ">= 0" if op in (CompareOp.GT, CompareOp.GE) else "< 0"
